//! The audit log: append-only, hash-chained entries with signed checkpoints. The bytes are fixed in
//! docs/protocol/audit-1.md.
//!
//! Core makes the entries and checks them; an [`AuditLog`](crate::ports::AuditLog) keeps their bytes.

mod chain;
mod checkpoint;
mod entry;
mod event;
mod fault;
mod verify;

pub(crate) use chain::Chain;
pub use chain::{PendingEntry, Receipt};
pub use checkpoint::{
    Checkpoint, CheckpointError, CheckpointKey, SignedCheckpoint, SoftwareCheckpointSigner,
};
pub use entry::{AuditEntry, EntryError, LogId};
pub use event::AuditEvent;
pub use fault::AuditFault;
pub use verify::{AuditReport, read_all, verify};
