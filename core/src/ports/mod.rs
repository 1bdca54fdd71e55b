//! Every way to the outside: one small trait per file, implemented by adapters, never by core.
//!
//! ```text
//! app       unlock ─────► UnlockDevice ─► Transport ─► HidReports | ApduChannel     Ticks, Cancel, Progress, Entropy, PinPolicy
//! help desk helpdesk ───► Directory, Licence, CallerVerifier, Limits, AuditLog, Clock, Notifier, ResponseSigner
//! firmware  authenticator ► UnlockStore, ClientPin, UserPresence, Entropy, MonotonicCounter
//! ```
//!
//! Every call is made on the thread that called into the library; time belongs to whoever
//! implements [`Ticks`] (monotonic) or `Clock` (wall clock).

mod apdu_channel;
mod cancel;
mod client_pin;
mod entropy;
mod hid_reports;
mod monotonic_counter;
mod pin_policy;
mod progress;
mod ticks;
mod transport;
mod unlock_device;
mod unlock_store;
mod user_presence;

pub use apdu_channel::ApduChannel;
pub use cancel::{Cancel, NeverCancel};
pub use client_pin::{ClientPin, PinState};
pub use entropy::{Entropy, EntropyError};
pub use hid_reports::HidReports;
pub use monotonic_counter::MonotonicCounter;
pub use pin_policy::{PinError, PinPolicy};
pub use progress::{NoProgress, Progress, ProgressEvent};
#[cfg(feature = "std")]
pub use ticks::SystemTicks;
pub use ticks::Ticks;
pub use transport::{Call, Interface, Transport, TransportError};
pub use unlock_device::UnlockDevice;
pub use unlock_store::{StoreError, UnlockCommit, UnlockStore};
pub use user_presence::{Presence, UserPresence};
