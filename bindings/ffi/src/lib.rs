//! fido-unlock for C#, Kotlin and Swift: one UniFFI definition over core and the adapters.
//!
//! What holds throughout:
//!
//! - A PIN, Response Code or other secret is passed as a `String` by value, which is wiped here, or as
//!   `&[u8]`, which stays in the host's memory and is the host's to wipe; never inside a record, never as
//!   `Vec<u8>`.
//! - Every method of a trait that a host implements returns a `Result`. What a host throws without
//!   having declared it comes back as [`UnlockError`] with number 803 and a fixed text.
//! - Calls block. Callbacks run on the thread that made the call.
//! - An object that works with a device serves one call at a time; a second one, also from within a
//!   callback, is refused with number 802. A help desk lets other threads wait, up to five
//!   seconds, and refuses a callback.
//!
//! Which module uses which, on the user's side; each module uses only those below it:
//!
//! ```text
//! hardware   session   enroll
//!          device                   the exported object
//!   probe    backend                CTAP, or what the host speaks to
//!       unlock_device   pipe        what a host implements
//!     call    pin    types    error
//! ```

#![deny(missing_docs)]

mod backend;
mod call;
mod code;
// A desk is opened over a database in a file, or over the tests' one in memory: with neither there is
// none, and its types stay so that one generated file fits every build.
#[cfg_attr(
    not(any(feature = "files", feature = "mock")),
    expect(dead_code, reason = "no desk can be opened")
)]
mod desk;
mod device;
mod device_state;
mod enroll;
mod error;
mod hardware;
mod issuer;
mod issuer_list;
mod issuer_prover;
#[cfg(feature = "mock")]
mod mock;
mod pin;
mod pipe;
mod probe;
mod session;
mod types;
mod unlock_device;

pub use call::{CancelHandle, DeviceCall, HostError, ProgressEvent, ProgressListener};
pub use code::{CodeField, qr_text, spoken_code};
pub use desk::{
    AcceptedMethod, Announcement, Approval, ApprovalTask, Approver, ApproverError, AuditEntry, AuditSummary,
    CallerCheck, CallerTask, CallerVerifier, ChannelKind, Checkpoint, CheckpointSigner, CodeDelivery,
    CodeOutcome, DeskAlarm, DeskChannel, DeskFound, DeskLicence, DeskOperator, DeskPrivilege, DeskRequest,
    DeskRole, DeskRules, DeskSigner, DeskUser, DeviceSlot, HelpDesk, IssuerInfo, IssuerKeyEvent, LimitRule,
    LimitRules, LogState, NewDevice, NoticeKind, OpenCode, OperatorSession, OwnerNotice, OwnerNotifier,
    PendingClass, PendingOperator, PendingRules, RegisteredDevice, RequestPlace, ResponseSigner,
    SignedCheckpoint, SigningError, SigningTask, VerificationMethod, checkpoint_signer, default_desk_rules,
    read_checkpoint,
};
#[cfg(feature = "files")]
pub use desk::{DeskKeys, KeyFolder, backup_desk};
pub use device::{BlockOutcome, Device};
pub use device_state::{Condition, DeviceInfo, Diagnosis};
pub use enroll::Enrollment;
pub use error::{ErrorRow, UnlockError, WrongGroup, error_table};
pub use hardware::{
    DeviceChange, DeviceKind, DeviceListing, DeviceWatch, FoundDevice, FoundRoute, list_devices,
};
pub use issuer::IssuerKey;
pub use issuer_list::{IssuerList, read_issuer_list};
pub use issuer_prover::{IssuerProver, ProbeTask, RotationPlan, RotationRole, RotationTask};
#[cfg(feature = "mock")]
pub use mock::{
    MockAssertion, MockDatabase, MockKey, MockPasskey, MockRelyingParty, MockServer, MockTouch, MockWire,
    mock_check_signer, mock_echo, mock_exchange, mock_licence, mock_looking, mock_nothing, mock_panic,
    mock_reset, mock_respond, mock_set_pin, mock_try_pin, mock_vendor_key,
};
pub use pin::{PinChecker, PinOptions, PinPolicy, PinRefusalError, PinRules};
pub use pipe::{ApduChannel, HidReports, PipeError};
pub use probe::{BlockConsent, ProbePassed, ProbeResponder};
pub use session::{UnlockOutcome, UnlockSession};
pub use types::{EnrolledDevice, Interface, SlotInfo, Suite};
pub use unlock_device::{
    KeyAgreement, PendingChallenge, PinProtocol, UnlockDevice, UnlockDeviceError, UnlockInfo, UnlockRequest,
};

uniffi::setup_scaffolding!();

/// The version of this library, as in its package.
#[uniffi::export]
#[must_use]
pub fn library_version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
