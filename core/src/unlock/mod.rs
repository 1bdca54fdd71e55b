//! The user's side: find the device, diagnose, show the challenge, judge the new PIN, unlock.
//!
//! [`Session`] holds what was shown to the person and survives a restart; everything else is asked
//! of the device again. Blocking calls over [`UnlockDevice`](crate::ports::UnlockDevice); no clock
//! and no random source but those of the caller.

mod block_pin;
mod device;
mod devices;
mod diagnose;
mod enroll;
mod error;
mod new_pin;
mod pin_policy;
mod pin_token;
mod prove;
mod session;

pub use block_pin::{BlockProgress, ConfirmedBlock, block_pin};
pub use device::CtapUnlockDevice;
pub use devices::{DeviceEvent, DeviceWatch, Devices, FoundDevice, FoundRoute, Listing, Opened};
pub use diagnose::{Condition, Diagnosis, diagnose};
pub use enroll::{EnrollPlan, PlannedKey, ProbePassed, enroll, probe, rotate_issuer};
pub use error::{DeviceError, UnlockError};
pub use new_pin::{NewPin, PinRules};
pub use pin_policy::DefaultPinPolicy;
pub use pin_token::{TokenScope, agree, client_pin, get_pin_token};
pub use prove::{ProveError, RotationPlan, probe_with, rotate_with};
pub use session::{Outcome, Session, SessionError};
