#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "ctrl-c")]
mod ctrl_c;
mod entropy;
mod sources;

#[cfg(feature = "ctrl-c")]
pub use ctrl_c::{CtrlC, CtrlCError};
pub use entropy::SystemEntropy;
#[doc(no_inline)]
pub use fido_unlock_host::ports::{Call, SystemTicks};
#[doc(no_inline)]
pub use fido_unlock_host::{DefaultPinPolicy, Devices, NewPin, Session, confirm_pin};
#[doc(no_inline)]
pub use fido_unlock_protocol::{Pin, ResponseCode};
#[cfg(feature = "hid")]
pub use sources::hid_source;
#[cfg(feature = "pcsc")]
pub use sources::pcsc_source;
pub use sources::{NotBuilt, SystemDevices, sources, udev_rule};

/// What a program that unlocks wants, for `use fido_unlock_system::prelude::*`.
pub mod prelude {
    #[cfg(feature = "ctrl-c")]
    pub use crate::CtrlC;
    #[doc(no_inline)]
    pub use crate::{
        Call, DefaultPinPolicy, Devices, NewPin, Pin, ResponseCode, Session, SystemDevices, SystemEntropy,
        confirm_pin,
    };
}
