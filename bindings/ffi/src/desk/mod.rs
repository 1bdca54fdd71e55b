//! The operator's side, over the file adapters.

mod folder;
mod help_desk;
mod ports;
mod types;

pub use folder::{AuditSummary, DeskFolder, DeskRole};
pub use help_desk::{HelpDesk, OperatorSession};
pub use ports::{
    CallerCheck, CallerTask, CallerVerifier, NoticeKind, OwnerNotice, OwnerNotifier, VerificationMethod,
};
pub use types::{ChannelKind, DeskChannel, DeskFound, DeskRequest, DeskUser, OpenCode, RegisteredDevice};
