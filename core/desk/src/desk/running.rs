//! What runs beside the calls: notices, the log's checkpoints, proofs and verification.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use fido_unlock_protocol::error::ErrorCode;

use super::verify::{self, VerifyProgress, broken};
use super::{Desk, head_of};
use crate::decide::notice::{self, Unsent};
use crate::decide::who;
use crate::log::{
    NoteSigner, Origin, ProofFile, SignedNote, TreeHash, TreeHead, consistency_proof, inclusion_proof,
    sign_note, verify_consistency,
};
use crate::ports::{DeskView, Notice};
use crate::record::{DeskEntry, DeskEvent, LogId};
use crate::step::{Head, StoredNodes};
use crate::{DeskError, OperatorSession, Privilege};

/// How far the log reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// Which.
    pub log_id: LogId,
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: TreeHash,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// How far the log reaches.
    pub state: LogState,
    /// How many entries the given checkpoints cover.
    pub covered: u64,
    /// How many rows there are.
    pub rows: u64,
}

impl LogState {
    pub(super) fn of(head: &Head) -> Self {
        Self {
            log_id: head.log_id,
            size: head.range.size(),
            root: head.range.root(),
        }
    }
}

impl Desk {
    /// Sends the next notice of the outbox, at least once. Gives whether there was one; a desk that serves calls this
    /// until there is none, and again after each call.
    ///
    /// # Errors
    /// Clock; a store's error. That it could not be sent is recorded, and it is tried again later.
    pub fn send_notice(&mut self) -> Result<bool, DeskError> {
        let Some(due) = self.step(DeskEvent::NoticeSent, |step| notice::next(step))? else {
            return Ok(false);
        };
        let failure = match &due.user {
            None => Some(None),
            Some(user) => {
                let notice = Notice {
                    kind: due.kind,
                    user,
                    device: due.device,
                    request: due.request,
                    channel: due.channel.as_ref(),
                    operator: &due.operator,
                    at: due.at,
                    message_id: due.message_id,
                };
                let sent = self.parts.notifier.notify(&notice);
                sent.err().map(|error| Some(error.detail))
            }
        };
        let number = due.number;
        self.step(DeskEvent::NoticeSent, |step| {
            let unsent = failure.as_ref().map(|why| match why {
                Some(why) => Unsent::Failed(why),
                None => Unsent::Nobody,
            });
            notice::sent(step, number, unsent)
        })?;
        Ok(!matches!(failure, Some(Some(_))))
    }

    /// The name of the log in its checkpoints: `fido-unlock/` and its id in hexadecimal digits.
    ///
    /// # Errors
    /// As [`Desk::log_state`].
    pub fn origin(&mut self) -> Result<Origin, DeskError> {
        Ok(self.log_state()?.log_id.origin())
    }

    /// How far the log reaches.
    ///
    /// # Errors
    /// A store's error.
    pub fn log_state(&mut self) -> Result<LogState, DeskError> {
        self.looking(|_, state| Ok(state.clone()))
    }

    /// Reads the store as it stands, and holds nobody up.
    pub(super) fn looking<T>(
        &mut self,
        look: impl FnOnce(&dyn DeskView, &LogState) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let view = self.parts.store.view()?;
        let head = head_of(&*view, &self.parts.seal_key, self.seen.as_ref())?;
        let found = look(&*view, &LogState::of(&head))?;
        drop(view);
        self.saw(&head);
        Ok(found)
    }

    /// Signs a checkpoint over all entries up to now, the one that says so included. Keep it where the log's
    /// administrator cannot write.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Audit`]; [`DeskError::Signer`]; clock; a store's error.
    pub fn checkpoint(
        &mut self,
        session: &OperatorSession,
        signer: &mut dyn NoteSigner,
    ) -> Result<SignedNote, DeskError> {
        let place = self.step(DeskEvent::CheckpointMade, |step| {
            who::privileged(step, session, Privilege::Audit)?;
            let entry = step.entry(DeskEvent::CheckpointMade);
            step.record(entry);
            Ok(step.head().range.size())
        })?;
        let head = self.looking(|view, state| tree_head(view, state, place))?;
        Ok(sign_note(head.to_text(), signer)?)
    }

    /// What the checkpoint was signed over whose entry ([`DeskEvent::CheckpointMade`]) is at `place`. Signed again, it is
    /// the same checkpoint.
    ///
    /// # Errors
    /// [`ErrorCode::EntryUnknown`] where no such entry is there; [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Audit`]; clock; a store's error.
    pub fn checkpoint_head(&mut self, session: &OperatorSession, place: u64) -> Result<TreeHead, DeskError> {
        self.step(DeskEvent::LogRead, |step| {
            who::privileged(step, session, Privilege::Audit).map(drop)
        })?;
        self.looking(|view, state| {
            let bytes = view.entries(place, 1)?.pop();
            let entry = bytes.and_then(|bytes| DeskEntry::from_bytes(&bytes).ok());
            let made = entry.is_some_and(|entry| entry.event == DeskEvent::CheckpointMade);
            if !made || place >= state.size {
                return Err(ErrorCode::EntryUnknown.into());
            }
            tree_head(view, state, place)
        })
    }

    /// The proof that entry `index` is in the log as a checkpoint has it.
    ///
    /// # Errors
    /// [`ErrorCode::AuditCheckpoint`] where the checkpoint is not of this log as it stands; [`ErrorCode::EntryUnknown`]
    /// where it has no such entry; a store's error.
    pub fn prove(&mut self, index: u64, checkpoint: &SignedNote) -> Result<ProofFile, DeskError> {
        let hashes = self.looking(|txn, state| {
            let head = of_this_log(txn, state, checkpoint)?;
            let nodes = StoredNodes::new(txn, state.size);
            let proof = inclusion_proof(&nodes, head.size, index)?;
            Ok(proof.ok_or(ErrorCode::EntryUnknown)?)
        })?;
        Ok(ProofFile {
            index,
            hashes,
            checkpoint: checkpoint.clone(),
        })
    }

    /// The hashes that lead from the root of the log's first `old` entries to that of its first `new` ones.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] where the log has not so many; a store's error.
    pub fn prove_consistency(&mut self, old: u64, new: u64) -> Result<Vec<TreeHash>, DeskError> {
        self.looking(|txn, state| {
            let nodes = StoredNodes::new(txn, state.size);
            if new > state.size {
                return Err(ErrorCode::InvalidArgument.into());
            }
            Ok(consistency_proof(&nodes, old, new)?.ok_or(ErrorCode::InvalidArgument)?)
        })
    }

    /// An entry's canonical bytes.
    ///
    /// # Errors
    /// [`ErrorCode::EntryUnknown`] where the log has no such entry; a store's error.
    pub fn entry_bytes(&mut self, index: u64) -> Result<Vec<u8>, DeskError> {
        self.looking(|txn, _| Ok(txn.entries(index, 1)?.pop().ok_or(ErrorCode::EntryUnknown)?))
    }

    /// Verifies the whole log: each entry's form, place, time and log id, the tree over them, the full tiles, and that
    /// each of `checkpoints`, which the caller has verified, is a beginning of it under the id that it had then. Then
    /// every row: that it is the one that the desk wrote last, is where it belongs in lists and search, and that none is
    /// missing.
    ///
    /// Other desks over the store go on meanwhile, and nothing is recorded.
    ///
    /// # Errors
    /// [`StorageError::AuditBroken`](crate::ports::StorageError::AuditBroken), the first fault of the log;
    /// [`ErrorCode::AuditCheckpoint`]; [`DeskError::Rows`], which names each row that is wrong; a store's error.
    pub fn verify_audit(&mut self, checkpoints: &[TreeHead]) -> Result<LogReport, DeskError> {
        self.verify_audit_watched(checkpoints, &mut |_| ControlFlow::Continue(()))
    }

    /// The same, and tells `watch` from time to time how far it has come, which may end it.
    ///
    /// # Errors
    /// [`ErrorCode::Cancelled`] where `watch` has ended it; as [`Desk::verify_audit`].
    pub fn verify_audit_watched(
        &mut self,
        checkpoints: &[TreeHead],
        watch: &mut dyn FnMut(VerifyProgress) -> ControlFlow<()>,
    ) -> Result<LogReport, DeskError> {
        let view = self.parts.store.view()?;
        let head = head_of(&*view, &self.parts.seal_key, self.seen.as_ref())?;
        verify::whole(&*view, &head, checkpoints, watch)
    }
}

/// The tree head of a checkpoint, whose root is that of the log's first entries.
pub(super) fn of_this_log(
    txn: &dyn DeskView,
    state: &LogState,
    checkpoint: &SignedNote,
) -> Result<TreeHead, DeskError> {
    let other = ErrorCode::AuditCheckpoint;
    let head = TreeHead::parse(checkpoint.unverified_text()).map_err(|_| other)?;
    if head.size > state.size || head.origin != log_at(txn, head.size)?.origin() {
        return Err(other.into());
    }
    let nodes = StoredNodes::new(txn, state.size);
    let root = crate::log::subtree(&nodes, 0, head.size)?;
    if root == head.root {
        Ok(head)
    } else {
        Err(other.into())
    }
}

/// The head that the log had when it ended with the entry at `place`: a beginning of the log as the desk has sealed it.
fn tree_head(view: &dyn DeskView, state: &LogState, place: u64) -> Result<TreeHead, DeskError> {
    let size = place.saturating_add(1);
    let nodes = StoredNodes::new(view, state.size);
    let root = crate::log::subtree(&nodes, 0, size)?;
    let proof = consistency_proof(&nodes, size, state.size)?.unwrap_or_default();
    verify_consistency((size, &root), (state.size, &state.root), &proof).map_err(|_| broken(place))?;
    Ok(TreeHead {
        origin: log_at(view, size)?.origin(),
        size,
        root,
    })
}

/// The log id of the first `size` entries: that of the last one of them.
fn log_at(txn: &dyn DeskView, size: u64) -> Result<LogId, DeskError> {
    let place = size.saturating_sub(1);
    let bytes = txn.entries(place, 1)?.pop().ok_or_else(|| broken(place))?;
    Ok(DeskEntry::from_bytes(&bytes).map_err(|_| broken(place))?.log_id)
}
