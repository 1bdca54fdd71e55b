#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod authenticator;
pub mod desk;
pub mod flash;
pub mod framing;
pub mod platform;
pub mod serve;
pub mod state;
mod ticks;

pub use authenticator::{SoftAuthenticator, Touch, TouchHandle};
pub use state::{Storage, Store};
pub use ticks::TestTicks;
