//! Done, abandoned, acknowledged.

use fido_unlock_protocol::error::ErrorCode;

use super::{HelpDesk, about};
use crate::audit::{AuditEntry, AuditEvent};
use crate::ports::NoticeKind;
use crate::{CodeOutcome, DeskError, OperatorSession, Privilege, RequestId};

impl HelpDesk {
    /// Records that the user has unlocked the device. Also after a restart, and by another operator.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`] when no code was made for it; [`ErrorCode::RequestUsed`] when it
    /// is done already; [`ErrorCode::PrivilegeMissing`]; clock; a store's error.
    pub fn done(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.close(session, id, AuditEvent::Done)
    }

    /// Records that the unlock was given up. The code may still be good and stays on the list of
    /// open codes.
    ///
    /// # Errors
    /// As [`HelpDesk::done`]; [`ErrorCode::RequestUsed`] also when it was given up before.
    pub fn abandon(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.close(session, id, AuditEvent::Abandoned)
    }

    fn close(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        event: AuditEvent,
    ) -> Result<(), DeskError> {
        let given = self.state.given(id);
        let (user, device) = (given.map(|given| &given.user), given.map(|given| &given.device));
        let context = about(event, session.operator(), Some(id), user, device);
        let result = self.try_close(session, id, &context);
        self.recorded(context, result)
    }

    fn try_close(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let now = self.privileged(session, Privilege::Unlock)?;
        let done = context.event == AuditEvent::Done;
        let given = self
            .state
            .given(id)
            .filter(|given| given.made)
            .ok_or(ErrorCode::RequestUnknown)?;
        let over = given.outcome == CodeOutcome::Done || (given.outcome == CodeOutcome::Abandoned && !done);
        if over {
            return Err(ErrorCode::RequestUsed.into());
        }
        let user = given.user.clone();
        // The unlock has raised the device's counter by one.
        let counter = given
            .counter
            .filter(|_| done)
            .map(|counter| counter.wrapping_add(1));
        self.append(AuditEntry {
            counter,
            ..context.clone()
        })?;
        let (kind, user) = (
            if done {
                NoticeKind::Done
            } else {
                NoticeKind::Abandoned
            },
            self.ports.directory.user(&user)?,
        );
        match user {
            Some(user) => self.tell_owner(kind, &user, id, session, context, now),
            None => Ok(()),
        }
    }

    /// An Administrator acknowledges an alarm: the desk then goes on with the counter that raised
    /// it. `note`: what was found out.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`];
    /// [`ErrorCode::RequestUnknown`] when there is no such alarm; [`ErrorCode::ReasonMissing`]
    /// without a note; clock; a store's error.
    pub fn acknowledge(
        &mut self,
        session: &OperatorSession,
        alarm: u64,
        note: &str,
    ) -> Result<(), DeskError> {
        let device = self.state.alarm(alarm).map(|alarm| &alarm.device);
        let context = AuditEntry {
            alarm: Some(alarm),
            ..about(
                AuditEvent::AlarmAcknowledged,
                session.operator(),
                None,
                None,
                device,
            )
        }
        .detail(note);
        let result = self.try_acknowledge(session, alarm, note, &context);
        self.recorded(context, result)
    }

    fn try_acknowledge(
        &mut self,
        session: &OperatorSession,
        alarm: u64,
        note: &str,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        self.privileged(session, Privilege::Administer)?;
        self.state.alarm(alarm).ok_or(ErrorCode::RequestUnknown)?;
        if note.trim().is_empty() {
            return Err(ErrorCode::ReasonMissing.into());
        }
        self.append(context.clone())?;
        Ok(())
    }
}
