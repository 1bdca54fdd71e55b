#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod authenticator;
pub mod flash;
pub mod state;

pub use authenticator::{SoftAuthenticator, Touch, TouchHandle};
pub use state::{Storage, Store};
