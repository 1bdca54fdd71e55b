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
pub use fido_unlock_host::ports::{Call, Cancel, Progress, ProgressEvent, SystemTicks};
#[doc(no_inline)]
pub use fido_unlock_host::{
    Condition, DefaultPinPolicy, Devices, NewPin, OpenError, Session, UnlockError, confirm_pin,
};
#[doc(no_inline)]
pub use fido_unlock_protocol::{ErrorCode, HasCode, Pin, ResponseCode};
#[cfg(feature = "hid")]
pub use sources::hid_source;
#[cfg(feature = "pcsc")]
pub use sources::pcsc_source;
pub use sources::{NotBuilt, SystemDevices, sources, udev_rule};
#[doc(no_inline)]
pub use zeroize::Zeroizing;

/// What a program that unlocks needs, for `use fido_unlock_system::prelude::*`.
pub mod prelude {
    #[cfg(feature = "ctrl-c")]
    pub use crate::CtrlC;
    #[doc(no_inline)]
    pub use crate::{
        Call, DefaultPinPolicy, Devices, HasCode, NewPin, Pin, ProgressEvent, ResponseCode, Session,
        SystemDevices, SystemEntropy, Zeroizing, confirm_pin,
    };
}
