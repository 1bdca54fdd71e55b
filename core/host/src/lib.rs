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

pub mod framing;
pub mod ports;
#[cfg(feature = "testing")]
pub mod testing;

mod block_pin;
mod device;
mod devices;
mod diagnose;
mod enroll;
mod error;
mod hand_over;
mod new_pin;
mod pin_policy;
mod pin_token;
mod prove;
mod refusal;
mod session;
mod stack;
mod trace;

pub use block_pin::{BlockError, BlockProgress, ConfirmedBlock, block_pin};
pub use device::CtapUnlockDevice;
pub use devices::{DeviceEvent, DeviceWatch, Devices, FoundDevice, FoundRoute, Listing, Opened};
pub use diagnose::{Condition, Diagnosis, diagnose};
pub use enroll::{
    EnrollError, EnrollPlan, PlannedKey, ProbeError, ProbePassed, RotateError, enroll, probe, rotate_issuer,
};
pub use error::{ClientPinError, CommandError, DeviceError, OpenError, UnlockError};
pub use hand_over::force_pin_change;
pub use new_pin::{NewPin, PinRules, confirm_pin};
pub use pin_policy::DefaultPinPolicy;
pub use pin_token::{TokenScope, agree, client_pin, get_pin_token};
pub use prove::{ProbeWithError, RotateWithError, RotationPlan, probe_with, rotate_with};
pub use refusal::{ClientPinRefusal, DeviceRefusal, EnrollRefusal, RotateRefusal, SessionRefusal};
pub use session::{Outcome, Session, SessionError};
