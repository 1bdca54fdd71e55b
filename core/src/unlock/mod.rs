//! The user's side: detect, diagnose, show the challenge, unlock.

mod error;

pub use error::DeviceError;
