//! The operator's side, over ports that the host implements, or over the file adapters.

mod accounts;
mod administer;
mod approver;
mod audit_log;
mod builder;
mod checkpoint;
mod directory;
#[cfg(feature = "files")]
mod folder;
mod help_desk;
mod limits;
mod policy;
mod ports;
mod signer;
mod storage;
mod types;

pub(crate) use signer::{NotMade, decode_made, make_code};
#[cfg(feature = "mock")]
pub(crate) use {
    accounts::HostOperators, audit_log::HostAuditLog, directory::HostDirectory, limits::HostLimits,
};

pub use accounts::{Clock, DeskOperator, DeskPrivilege, DeskRole, Licence, LicenceTerms, Operators};
pub use approver::{Approval, ApprovalTask, Approver, ApproverError};
pub use audit_log::AuditLog;
pub use builder::DeskBuilder;
pub use checkpoint::{CheckpointSigner, CheckpointTask, SignedCheckpoint, read_checkpoint};
pub use directory::Directory;
#[cfg(feature = "files")]
pub use folder::DeskFolder;
pub use help_desk::{HelpDesk, OperatorSession};
pub use limits::{
    LimitBook, LimitKind, LimitOutcome, LimitRecord, LimitRequest, LimitRule, LimitRules, Limits,
};
pub use policy::{AcceptedMethod, DeskPolicy, default_desk_policy};
pub use ports::{
    CallerCheck, CallerTask, CallerVerifier, CodeDelivery, NoticeKind, OwnerNotice, OwnerNotifier,
    VerificationMethod,
};
pub use signer::{IssuerInfo, ResponseSigner, SigningError, SigningTask};
pub use storage::StorageError;
pub use types::{
    AuditSummary, ChannelKind, DeskAlarm, DeskChannel, DeskFound, DeskRequest, DeskUser, OpenCode,
    RegisteredDevice,
};
