#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod code;
pub mod ctap2;
pub mod error;
#[cfg(feature = "note")]
pub mod note;
pub mod pin_protocol;
pub mod ports;
pub mod secret;
pub mod suite;
#[cfg(feature = "alloc")]
pub mod text;

mod challenge;
#[cfg(feature = "primitives")]
mod curve;
mod device_id;
#[cfg(feature = "note")]
mod issuer_list;
mod response;
mod shown;
mod time;

pub use challenge::{AesChallenge, CHALLENGE_VERSION, Challenge, ChallengeNonce, DeviceChallenge};
pub use ctap2::device_unlock::Interface;
pub use device_id::DeviceId;
pub use error::{ErrorCode, Family, HasCode};
#[cfg(feature = "note")]
pub use issuer_list::{IssuerInfo, IssuerList, IssuerListError};
#[cfg(feature = "alloc")]
pub use secret::Pin;
pub use secret::{AdminKey, ResponseCode, SharedSecret};
#[cfg(feature = "alloc")]
pub use shown::DisplayText;
pub use shown::Shown;
pub use suite::{Purpose, Suite};
pub use time::UnixTime;
