//! What the help desk needs from outside: one small trait per file, implemented by adapters.
//!
//! ```text
//! HelpDesk ───────► Clock, Licence, Operators, Directory, CallerVerifier, Approver, Limits, AuditLog,
//!                   ResponseSigner, Notifier, CodeDelivery, CheckpointSigner
//! SoftwareSigner ─► AdminKeyStore
//! ```
//!
//! Every call is made on the thread that called into the library; wall clock time belongs to whoever
//! implements [`Clock`].

mod admin_key_store;
mod anchor;
mod approver;
mod audit_log;
mod caller_verifier;
mod checkpoint_signer;
mod clock;
mod desk_store;
mod directory;
mod licence;
mod limits;
mod notifier;
mod operators;
mod passwords;
mod response_signer;
mod signer;
mod storage;

pub use admin_key_store::AdminKeyStore;
pub use anchor::Anchor;
pub use approver::{ApprovalError, Approver};
pub use audit_log::AuditLog;
pub use caller_verifier::{CallerError, CallerVerifier};
pub use checkpoint_signer::CheckpointSigner;
pub use clock::Clock;
pub use desk_store::{
    Batch, CommitError, Derived, DeskStore, DeskTransaction, FullTile, List, Listed, ListedKey, NewEntry,
    RowChange, Table,
};
pub use directory::Directory;
pub use fido_unlock_protocol::ports::{Entropy, EntropyError, IssuerProver, ProverError};
pub use licence::{Licence, LicenceTerms};
pub use limits::{LimitRequest, Limits};
pub use notifier::{CodeDelivery, DeliveryError, Notice, NoticeKind, Notifier};
pub use operators::Operators;
pub use passwords::{PasswordError, Passwords};
pub use response_signer::{IssuerInfo, ResponseSigner, SignerError};
pub use signer::Signer;
pub use storage::StorageError;
