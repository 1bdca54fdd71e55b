#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod authenticator;
pub mod code;
pub mod ctap2;
pub mod error;
pub mod framing;
pub mod helpdesk;
pub mod pin_protocol;
pub mod ports;
pub mod secret;
pub mod suite;
#[cfg(feature = "testing")]
pub mod testing;
pub mod unlock;

mod challenge;
mod curve;
mod device_id;
mod response;
mod trace;

pub use challenge::{AesChallenge, Challenge, DeviceChallenge};
pub use device_id::DeviceId;
pub use error::{ErrorCode, Family, HasCode};
pub use secret::{AdminKey, Pin, ResponseCode, SharedSecret};
pub use suite::{Purpose, Suite};
