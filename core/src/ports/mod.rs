//! Every way to the outside: one small trait per file, implemented by adapters, never by core.
//!
//! ```text
//! app       unlock ─────► UnlockDevice ─► Transport ─► HidReports | ApduChannel     Ticks, Cancel, Progress, Entropy, PinPolicy
//!           unlock::Devices ─► DeviceSource ─► Transport
//!           unlock::probe_with, rotate_with ─► IssuerProver
//! help desk helpdesk ───► Clock, Licence, Operators, Directory, CallerVerifier, Approver, Limits, AuditLog, ResponseSigner, Notifier, CodeDelivery, CheckpointSigner
//!           SoftwareSigner ─► AdminKeyStore
//! firmware  authenticator ► UnlockStore, ClientPin, UserPresence, Entropy, MonotonicCounter
//! ```
//!
//! Every call is made on the thread that called into the library; time belongs to whoever
//! implements [`Ticks`] (monotonic) or [`Clock`] (wall clock).

mod admin_key_store;
mod apdu_channel;
mod approver;
mod audit_log;
mod caller_verifier;
mod cancel;
mod checkpoint_signer;
mod client_pin;
mod clock;
mod device_source;
mod directory;
mod entropy;
mod hid_reports;
mod issuer_prover;
mod licence;
mod limits;
mod monotonic_counter;
mod notifier;
mod operators;
mod pin_policy;
mod progress;
mod response_signer;
mod storage;
mod ticks;
mod transport;
mod unlock_device;
mod unlock_store;
mod user_presence;

pub use admin_key_store::AdminKeyStore;
pub use apdu_channel::ApduChannel;
pub use approver::{ApprovalError, Approver};
pub use audit_log::AuditLog;
pub use caller_verifier::{CallerError, CallerVerifier};
pub use cancel::{Cancel, NeverCancel};
pub use checkpoint_signer::CheckpointSigner;
pub use client_pin::{ClientPin, PinState};
pub use clock::Clock;
pub use device_source::{DeviceSource, HidRoute, Route, RouteChange, RouteKind};
pub use directory::Directory;
pub use entropy::{Entropy, EntropyError};
pub use hid_reports::HidReports;
pub use issuer_prover::IssuerProver;
pub use licence::{Licence, LicenceTerms};
pub use limits::{LimitRequest, Limits};
pub use monotonic_counter::MonotonicCounter;
pub use notifier::{CodeDelivery, DeliveryError, Notice, NoticeKind, Notifier};
pub use operators::Operators;
pub use pin_policy::{PinError, PinPolicy};
pub use progress::{NoProgress, Progress, ProgressEvent};
pub use response_signer::{IssuerInfo, ResponseSigner, SignerError};
pub use storage::StorageError;
#[cfg(feature = "std")]
pub use ticks::SystemTicks;
pub use ticks::Ticks;
pub use transport::{Call, Interface, Transport, TransportError};
pub use unlock_device::UnlockDevice;
pub use unlock_store::{StoreError, UnlockCommit, UnlockStore};
pub use user_presence::{Presence, UserPresence};
