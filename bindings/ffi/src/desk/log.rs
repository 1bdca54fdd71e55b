//! Notices, and the audit log: read, signed, proved, verified.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::SignedNote;
use fido_unlock::desk::{self, ShownEntry};

use super::checkpoint::{self, HostNoteSigner};
use super::{CheckpointSigner, HelpDesk, OperatorSession, SignedCheckpoint};
use crate::UnlockError;

/// How far the log reaches.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LogState {
    /// The log's id, 16 bytes.
    pub log_id: Vec<u8>,
    /// Entries.
    pub entries: u64,
    /// The root of the tree over them, 32 bytes.
    pub root: Vec<u8>,
}

impl From<&desk::LogState> for LogState {
    fn from(state: &desk::LogState) -> Self {
        Self {
            log_id: state.log_id.0.to_vec(),
            entries: state.size,
            root: state.root.0.to_vec(),
        }
    }
}

/// A log that is whole, and rows that are as the desk wrote them.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AuditSummary {
    /// How far it reaches.
    pub state: LogState,
    /// How many entries the newest checkpoint covers; what is behind it could be rewritten unseen by whoever
    /// has the desk's keys.
    pub covered: u64,
    /// How many rows there are.
    pub rows: u64,
}

/// An entry of the audit log, with what is known beside it (docs/protocol/audit.md).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AuditEntry {
    /// Its place, from 0.
    pub sequence: u64,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// What, by the event's name: "CodeMade".
    pub event: String,
    /// By whom, where the name is still known.
    pub operator: Option<String>,
    /// Who approved, or whom it is about.
    pub second_operator: Option<String>,
    /// The user's id, where it is still known.
    pub user: Option<String>,
    /// The device.
    pub device_id: Option<String>,
    /// The request.
    pub request: Option<String>,
    /// The number of a row of the error table.
    pub error: Option<u16>,
    /// The alarm that is raised or acknowledged.
    pub alarm: Option<u64>,
    /// How many.
    pub count: Option<u32>,
    /// The text, where it was not erased.
    pub text: Option<String>,
    /// All of it: the canonical bytes, which are a leaf of the log's tree.
    pub bytes: Vec<u8>,
}

impl From<ShownEntry> for AuditEntry {
    fn from(shown: ShownEntry) -> Self {
        let entry = &shown.entry;
        Self {
            sequence: entry.sequence,
            at: entry.at.0,
            event: entry.event.name().into(),
            operator: shown.operator,
            second_operator: shown.second_operator,
            user: shown.user,
            device_id: entry.device().map(|device| device.to_code()),
            request: entry.request.map(|request| request.to_string()),
            error: entry.error,
            alarm: entry.alarm,
            count: entry.count,
            text: shown.text,
            bytes: entry.to_bytes(),
        }
    }
}

#[uniffi::export]
impl HelpDesk {
    /// Sends the next notice of the outbox, at least once, and says whether it did: call it until it says no,
    /// after each call and from time to time. One that could not be sent is recorded and tried again later.
    pub fn send_notice(&self) -> Result<bool, UnlockError> {
        self.run(desk::Desk::send_notice)
    }

    /// Entries from place `from` on, at most `count`, with names and texts. That they were read is recorded.
    pub fn audit_entries(
        &self,
        session: Arc<OperatorSession>,
        from: u64,
        count: u32,
    ) -> Result<Vec<AuditEntry>, UnlockError> {
        let entries = self.run(|desk| desk.audit_entries(&session.0, from, count))?;
        Ok(entries.into_iter().map(Into::into).collect())
    }

    /// The canonical bytes of an entry.
    pub fn entry_bytes(&self, index: u64) -> Result<Vec<u8>, UnlockError> {
        self.run(|desk| desk.entry_bytes(index))
    }

    /// The name of the log in its checkpoints' first line.
    pub fn origin(&self) -> Result<String, UnlockError> {
        Ok(self.run(desk::Desk::origin)?.to_string())
    }

    /// How far the log reaches.
    pub fn log_state(&self) -> Result<LogState, UnlockError> {
        Ok((&self.run(desk::Desk::log_state)?).into())
    }

    /// Verifies the whole log and that each of `checkpoints` is a beginning of it: number 705 where it was cut
    /// off or rewritten. `keys`: lines of the keys that sign checkpoints; both may be empty. Then verifies every
    /// row: number 713 where somebody changed, added or took out one; its text names the first twenty by table
    /// and key. Other desks over the database go on meanwhile; calls on this one wait.
    pub fn verify_audit(
        &self,
        checkpoints: Vec<String>,
        keys: Vec<String>,
    ) -> Result<AuditSummary, UnlockError> {
        let keys = checkpoint::keys(&keys)?;
        let read = |note: &String| checkpoint::read(note, &keys).map(|(head, _)| head);
        let heads: Vec<_> = checkpoints.iter().map(read).collect::<Result<_, _>>()?;
        let report = self.run(|desk| desk.verify_audit(&heads))?;
        Ok(AuditSummary {
            state: (&report.state).into(),
            covered: report.covered,
            rows: report.rows,
        })
    }

    /// Signs a checkpoint over all entries up to now. Keep it where the log's administrator cannot write.
    /// That it was made is recorded. `signer` is called on this thread.
    pub fn checkpoint(
        &self,
        session: Arc<OperatorSession>,
        signer: Arc<dyn CheckpointSigner>,
    ) -> Result<SignedCheckpoint, UnlockError> {
        let mut signer = HostNoteSigner::open(signer)?;
        let note = self.run(|desk| desk.checkpoint(&session.0, &mut signer))?;
        Ok(signer.checked(&note).ok_or(ErrorCode::SignerFailed)?)
    }

    /// The proof that entry `index` is in the log as a checkpoint has it (C2SP tlog-proof).
    pub fn prove(&self, index: u64, checkpoint: String) -> Result<String, UnlockError> {
        let note = SignedNote::parse(&checkpoint).map_err(|_| ErrorCode::AuditCheckpoint)?;
        Ok(self.run(|desk| desk.prove(index, &note))?.to_text())
    }

    /// The hashes, 32 bytes each, that lead from the root of the log's first `old` entries to that of its
    /// first `new` ones (RFC 9162, section 2.1.4).
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Vec<u8>>, UnlockError> {
        let hashes = self.run(|desk| desk.prove_consistency(old, new))?;
        Ok(hashes.iter().map(|hash| hash.0.to_vec()).collect())
    }
}
