//! Contract of [`AuditLog`].

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{ContractError, ensure};
use crate::UnixTime;
use crate::audit::{AuditEntry, AuditEvent, Chain, verify};
use crate::ports::{AuditLog, StorageError};

/// `open` opens the same log, empty at first; the one before is dropped by then.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn audit_log(
    mut open: impl FnMut() -> Result<Box<dyn AuditLog + Send>, StorageError>,
) -> Result<(), ContractError> {
    let mut log = open()?;
    let log_id = log.log_id();
    ensure(log.count() == 0, "a new log is empty")?;
    ensure(log.entry(0)?.is_none(), "there is no entry past the end")?;
    let mut chain = Chain::empty(log_id);
    let mut written = Vec::new();
    for detail in ["", "a line\nbreak, \"quotes\" and é", "third"] {
        let entry = AuditEntry::of(AuditEvent::Searched).detail(detail);
        let receipt = chain.append(&mut *log, entry, UnixTime(1_790_000_000))?;
        ensure(*receipt.hash() == chain.head, "the receipt is that of the entry")?;
        written.push(receipt.entry().to_bytes());
    }
    let mut log = {
        drop(log);
        open()?
    };
    ensure(log.log_id() == log_id, "the log id stays")?;
    ensure(log.count() == 3, "what had a receipt is there after a restart")?;
    for (sequence, bytes) in (0..).zip(&written) {
        ensure(
            log.entry(sequence)?.as_ref() == Some(bytes),
            "bytes come back as they were",
        )?;
    }
    ensure(log.entry(3)?.is_none(), "there is no entry past the end")?;
    ensure(!log.recovered(), "a whole log is not recovered")?;

    let mut stale = Chain::empty(log_id);
    let refused = stale
        .append(&mut *log, AuditEntry::of(AuditEvent::Searched), UnixTime(1))
        .is_err();
    ensure(refused && log.count() == 3, "an entry is taken only in its place")?;
    chain.append(
        &mut *log,
        AuditEntry::of(AuditEvent::Searched),
        UnixTime(1_790_000_000),
    )?;
    ensure(log.count() == 4, "the log goes on after a refusal")?;
    ensure(verify(&*log, &[], None).is_ok(), "the log verifies")
}
