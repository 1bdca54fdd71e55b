//! The operator's side. A host brings signer, verifier, approver, notices and delivery; the store is a database in a
//! file, with no code of the host's.

mod approver;
mod calls;
mod checkpoint;
mod devices;
#[cfg(feature = "files")]
mod folder;
mod help_desk;
#[cfg(feature = "files")]
mod keys;
mod log;
mod people;
mod ports;
mod rules;
mod signer;
mod types;

#[cfg(feature = "mock")]
pub(crate) use help_desk::{Ground, HostPorts};
#[cfg(feature = "mock")]
pub(crate) use signer::HostSigner;
pub(crate) use signer::{NotMade, decode_made};

pub use approver::{Approval, ApprovalTask, Approver, ApproverError};
pub use checkpoint::{Checkpoint, CheckpointSigner, SignedCheckpoint, checkpoint_signer, read_checkpoint};
pub use devices::{DeskLicence, DeviceSlot, IssuerKeyEvent, NewDevice};
#[cfg(feature = "files")]
pub use folder::{KeyFolder, backup_desk};
pub use help_desk::{HelpDesk, OperatorSession};
#[cfg(feature = "files")]
pub use keys::DeskKeys;
pub use log::{AuditEntry, AuditSummary, LogState};
pub use people::{DeskOperator, DeskPrivilege, DeskRole, PendingClass, PendingOperator, PendingRules};
pub use ports::{
    CallerCheck, CallerTask, CallerVerifier, CodeDelivery, NoticeKind, OwnerNotice, OwnerNotifier,
    VerificationMethod,
};
pub use rules::{AcceptedMethod, DeskRules, LimitRule, LimitRules, default_desk_rules};
pub use signer::{DeskSigner, IssuerInfo, ResponseSigner, SigningError, SigningTask};
pub use types::{
    Announcement, ChannelKind, CodeOutcome, DeskAlarm, DeskChannel, DeskFound, DeskRequest, DeskUser,
    OpenCode, RegisteredDevice, RequestPlace,
};
