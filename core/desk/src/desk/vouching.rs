//! Managers who vouch for callers.

use alloc::vec::Vec;

use super::Desk;
use crate::decide::{lookup, managers, vouch, who};
use crate::record::DeskEvent;
use crate::{
    DeskError, ManagerAnswer, ManagerQuestion, NewManager, OperatorSession, Pending, RequestId, UserId,
};
#[cfg(doc)]
use fido_unlock_protocol::error::ErrorCode;

impl Desk {
    /// Names the managers of users, in one transaction, all or none. Another manager rests, and until that is over nobody
    /// is; that nobody is holds at once. What was asked for already stays as it was asked for.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`](crate::Privilege::Administer);
    /// [`ErrorCode::UserUnknown`]; [`ErrorCode::InvalidArgument`] where a user would be their own manager; clock; a store's
    /// error.
    pub fn put_managers(
        &mut self,
        session: &OperatorSession,
        managers: &[(UserId, NewManager)],
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ManagerChanged, |step| {
            managers::put(step, session, managers)
        })
    }

    /// A second Administrator lets another manager of a user hold at once, as it was shown
    /// ([`KnownUser::manager_rests`](crate::KnownUser::manager_rests)). `reason`: what made it urgent.
    ///
    /// # Errors
    /// As [`Desk::approve_operator`] and [`Desk::put_managers`].
    pub fn approve_manager(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
        shown: &Pending<Option<UserId>>,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChangeApproved, |step| {
            managers::settle(step, session, user, shown, reason)
        })
    }

    /// Asks the manager of a request's user whether it is the user who calls; they are told by a notice. Asked again before
    /// they have answered, nothing changes.
    ///
    /// # Errors
    /// [`ErrorCode::CallerMethod`] where nobody is the user's manager, or a manager's word does not count for this user;
    /// [`ErrorCode::ReasonMissing`] where the rules want one, since the manager is shown it; [`ErrorCode::WrongState`] when
    /// the caller is verified already; as [`Desk::verify_caller`].
    pub fn ask_manager(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.step(DeskEvent::ManagerAsked, |step| vouch::ask(step, session, id))
    }

    /// The user as whom the session's account vouches for others; `None` where it is an operator's.
    ///
    /// # Errors
    /// As [`Desk::may`].
    pub fn vouches_as(&mut self, session: &OperatorSession) -> Result<Option<UserId>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            let grants = who::signed_in(step, session)?.grants;
            lookup::vouches_as(step, &grants)
        })
    }

    /// The questions to the session's manager that wait, the oldest call first.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] where the account is no manager's; as [`Desk::may`].
    pub fn manager_questions(
        &mut self,
        session: &OperatorSession,
    ) -> Result<Vec<ManagerQuestion>, DeskError> {
        self.step(DeskEvent::Searched, |step| vouch::questions(step, session))
    }

    /// One question to the session's manager, also when it was answered.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`] where they are not asked in this request; as [`Desk::manager_questions`].
    pub fn manager_question(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<ManagerQuestion, DeskError> {
        self.step(DeskEvent::Searched, |step| vouch::question(step, session, id))
    }

    /// The manager answers. [`ManagerAnswer::Yes`] verifies the caller, for this request as it was shown;
    /// [`ManagerAnswer::No`] ends the request and raises an alarm. `seen`: the question's
    /// [`basis`](ManagerQuestion::basis).
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`] where they are not asked in this request; [`ErrorCode::RequestExpired`];
    /// [`ErrorCode::RequestUsed`] when it has ended or they have answered; [`ErrorCode::PrivilegeMissing`] where they are
    /// the user's manager no more; [`ErrorCode::ApprovalSelf`] where it is they who call, or they have another part in the
    /// call, or a password rests that somebody else gave them; [`ErrorCode::CallerMethod`];
    /// [`ErrorCode::ApprovalElsewhere`] where the request is not as they saw it; licence; as [`Desk::may`].
    pub fn answer_as_manager(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        seen: &[u8; 32],
        answer: ManagerAnswer,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::CallerVerified, |step| {
            vouch::answer(step, session, id, seen, answer)
        })
    }
}
