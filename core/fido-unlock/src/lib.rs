#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[doc(inline)]
pub use fido_unlock_protocol::*;

#[cfg(feature = "desk")]
#[doc(inline)]
pub use fido_unlock_desk as desk;
#[cfg(feature = "device")]
#[doc(inline)]
pub use fido_unlock_device as device;
#[cfg(feature = "host")]
#[doc(inline)]
pub use fido_unlock_host as host;
