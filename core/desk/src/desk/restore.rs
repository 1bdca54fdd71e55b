//! A backup that takes the database's place.

use fido_unlock_protocol::error::ErrorCode;

use super::{Behind, CLOCK_TOLERANCE, Desk, DeskParts, head_of};
use crate::decide::{clock, restore, sign_in};
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
    /// [`Privilege::Administer`](crate::Privilege::Administer); [`ErrorCode::ReasonMissing`] without a note;
    /// [`DeskError::ClockWentBack`] when the backup's last entry is later than this computer's clock: where that is right,
    /// [`Desk::restore_and_accept_clock`]; a store's error. The anchor is then as it was. An error of the anchor's own means that the log goes on and the anchor
    /// does not know it: restore again.
    pub fn restore(
        parts: DeskParts,
        operator: &OperatorId,
        password: &str,
        note: &str,
    ) -> Result<Self, DeskError> {
        Self::restored(parts, operator, password, note, Behind::Refused)
    }

    /// The same for a backup that a clock too far ahead has written: goes on with this computer's clock, as
    /// [`Desk::accept_clock`] does, with an entry of its own. Neither could be done without the other, since an anchor keeps
    /// a desk over the backup from being opened. Where the clock is not behind the backup, it is [`Desk::restore`].
    ///
    /// # Errors
    /// As [`Desk::restore`].
    pub fn restore_and_accept_clock(
        parts: DeskParts,
        operator: &OperatorId,
        password: &str,
        note: &str,
    ) -> Result<Self, DeskError> {
        Self::restored(parts, operator, password, note, Behind::Accepted)
    }

    fn restored(
        mut parts: DeskParts,
        operator: &OperatorId,
        password: &str,
        note: &str,
        behind: Behind,
    ) -> Result<Self, DeskError> {
        // What fails must not make the anchor believe the backup.
        let anchor = parts.anchor.take();
        let mut desk = Self::over(parts);
        let txn = desk.parts.store.begin()?;
        let head = head_of(&*txn, &desk.parts.seal_key, None)?;
        txn.end()?;
        desk.saw(&head);
        let event = DeskEvent::LogRestored;
        let claimed = desk.step_at(event, behind, |step, _| sign_in::begin(step, operator))?;
        let hash = claimed.hash.as_deref();
        if !desk.parts.passwords.verify(&opaque(password), hash)? {
            let number = claimed.number;
            desk.step_at(event, behind, |step, _| sign_in::refused(step, number, 1))?;
            return Err(ErrorCode::OperatorUnknown.into());
        }
        desk.step_at(event, behind, |step, _| restore::restore(step, &claimed, note))?;
        if behind == Behind::Accepted {
            // An entry of its own, since time goes back with no other.
            desk.step_at(DeskEvent::ClockAccepted, behind, |step, now| {
                if step.head().at.seconds_since(now) > CLOCK_TOLERANCE {
                    clock::accept(step, &claimed, now, note)?;
                }
                Ok(())
            })?;
        }
        desk.parts.anchor = anchor;
        desk.keep_anchor()?;
        Ok(desk)
    }
}
