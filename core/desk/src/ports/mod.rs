//! What the help desk needs from outside: one small trait per file, implemented by adapters.
//!
//! ```text
//! Desk ───────────► DeskStore, Clock, Entropy, Signer, Passwords, Passkeys, Notifier, CodeDelivery, Anchor,
//!                   CallerVerifier, Approver
//! SoftwareSigner ─► AdminKeyStore
//! ```
//!
//! Every call is made on the thread that called into the library; wall clock time belongs to whoever
//! implements [`Clock`].

mod admin_key_store;
mod anchor;
mod approver;
mod caller_verifier;
mod clock;
mod desk_store;
mod notifier;
mod passkeys;
mod passwords;
mod signer;
mod storage;

pub use admin_key_store::AdminKeyStore;
pub use anchor::Anchor;
pub use approver::{ApprovalError, Approver};
pub use caller_verifier::{CallerError, CallerVerifier};
pub use clock::Clock;
pub use desk_store::{
    Batch, CommitError, Derived, DeskStore, DeskTransaction, DeskView, EntryColumns, EntryKey, FullTile,
    KeptEntry, KeptRow, List, Listed, ListedKey, NewEntry, RowChange, Table,
};
pub use fido_unlock_protocol::ports::{Entropy, EntropyError, IssuerProver, ProverError};
pub use notifier::{CodeDelivery, DeliveryError, Notice, NoticeKind, Notifier};
pub use passkeys::{MadePasskey, PasskeyAsk, PasskeyError, PasskeyOwner, Passkeys};
pub use passwords::{PasswordError, Passwords};
pub use signer::{IssuerInfo, Signer, SignerError};
pub use storage::StorageError;
