//! What the user's side needs from outside: one small trait per file, implemented by adapters.
//!
//! ```text
//! Session, diagnose ─► UnlockDevice ─► Transport ─► HidReports | ApduChannel
//! Devices ───────────► DeviceSource ─► Transport
//! every call ────────► Ticks, Cancel, Progress;   NewPin ─► PinPolicy;   cryptography ─► Entropy
//! probe_with, rotate_with ─► IssuerProver
//! ```
//!
//! Every call is made on the thread that called into the library; time belongs to whoever implements
//! [`Ticks`].

mod apdu_channel;
mod call;
mod cancel;
mod device_source;
mod hid_reports;
mod pin_policy;
mod progress;
mod ticks;
mod transport;
mod unlock_device;

pub use apdu_channel::ApduChannel;
pub use call::Call;
pub use cancel::{Cancel, NeverCancel};
pub use device_source::{DeviceSource, HidRoute, Route, RouteChange, RouteKind};
pub use fido_unlock_protocol::Interface;
pub use fido_unlock_protocol::ports::{Entropy, EntropyError, IssuerProver, ProverError};
pub use hid_reports::HidReports;
pub use pin_policy::{PinError, PinPolicy};
pub use progress::{NoProgress, Progress, ProgressEvent};
#[cfg(feature = "std")]
pub use ticks::SystemTicks;
pub use ticks::Ticks;
pub use transport::{Transport, TransportError};
pub use unlock_device::UnlockDevice;
