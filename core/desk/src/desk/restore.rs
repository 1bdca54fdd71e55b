//! A backup that takes the database's place.

use fido_unlock_protocol::error::ErrorCode;

use super::{Desk, DeskParts, head_of};
use crate::decide::{restore, sign_in};
use crate::record::DeskEvent;
use crate::typed_text::opaque;
use crate::{DeskError, OperatorId};

impl Desk {
    /// Opens a desk whose database was set back to a backup, which [`Desk::open`] refuses where an anchor knows better.
    /// The log goes on at its place, under a new id, with an entry that names its head as the backup has it. What was
    /// written after the backup is lost: sessions, requests and approvals end, rests begin again; of each device the next
    /// counter is taken as it comes, and the first code needs a second operator's approval, since codes and answered
    /// challenges may be missing. The anchor is written anew. Another process over the same store must be started again.
    ///
    /// `operator`: an Administrator as the backup knows them; `note`: what had happened.
    ///
    /// # Errors
    /// [`StorageError::Read`](crate::ports::StorageError::Read) when there is no desk in the store;
    /// [`StorageError::Tampered`](crate::ports::StorageError::Tampered) when its head is not under this key;
    /// [`ErrorCode::OperatorUnknown`]; [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Administer`](crate::Privilege::Administer); [`ErrorCode::ReasonMissing`] without a note; clock; a
    /// store's error. The anchor is then as it was. An error of the anchor's own means that the log goes on and the anchor
    /// does not know it: restore again.
    pub fn restore(
        mut parts: DeskParts,
        operator: &OperatorId,
        password: &str,
        note: &str,
    ) -> Result<Self, DeskError> {
        // What fails must not make the anchor believe the backup.
        let anchor = parts.anchor.take();
        let mut desk = Self::over(parts);
        let txn = desk.parts.store.begin()?;
        let head = head_of(&*txn, &desk.parts.seal_key, None)?;
        txn.end()?;
        desk.saw(&head);
        let event = DeskEvent::LogRestored;
        let claimed = desk.step(event, |step| sign_in::begin(step, operator))?;
        let hash = claimed.hash.as_deref();
        if !desk.parts.passwords.verify(&opaque(password), hash)? {
            let number = claimed.number;
            desk.step(event, |step| sign_in::refused(step, number, 1))?;
            return Err(ErrorCode::OperatorUnknown.into());
        }
        desk.step(event, |step| restore::restore(step, &claimed, note))?;
        desk.parts.anchor = anchor;
        if let (Some(anchor), Some(seen)) = (&mut desk.parts.anchor, &desk.seen) {
            anchor.save(seen)?;
            desk.anchored = seen.range.size();
        }
        Ok(desk)
    }
}
