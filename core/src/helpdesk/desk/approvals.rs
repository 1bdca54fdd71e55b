//! A second operator's approval of a request, given here or in another system.

use super::HelpDesk;
use crate::error::ErrorCode;
use crate::helpdesk::audit::{AuditEntry, AuditEvent};
use crate::helpdesk::{Approval, ApprovalTask, DeskError, OperatorSession, Privilege, RequestId, UnixTime};
use crate::ports::{ApprovalError, Approver};

impl HelpDesk {
    /// A second operator, who has signed in here, approves. Caller and challenge must be there, so that it is seen what is
    /// approved.
    ///
    /// # Errors
    /// [`ErrorCode::ApprovalSelf`]; [`ErrorCode::CallerUnverified`]; [`ErrorCode::WrongState`] without
    /// a challenge; as [`HelpDesk::verify_caller`].
    pub fn approve(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        let context = self.in_request(AuditEvent::Approved, session, id);
        let result = self.try_approve(session, id, &context);
        self.recorded(context, result)
    }

    fn try_approve(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        let request = self.live_request(id)?;
        if request.operator == *session.operator() {
            return Err(ErrorCode::ApprovalSelf.into());
        }
        if request.caller.is_none() {
            return Err(ErrorCode::CallerUnverified.into());
        }
        if request.challenge.is_none() {
            return Err(ErrorCode::WrongState.into());
        }
        self.append(context.clone())?;
        let request = self.live_request(id)?;
        request.approval = Some(Approval {
            basis: request.basis,
            operator: session.operator().clone(),
            evidence: None,
            at: now,
        });
        Ok(())
    }

    /// Asks the system in which second operators approve. Whoever approved there must be an operator
    /// of this desk, another one than the session's, and have [`Privilege::Unlock`]. Caller and
    /// challenge must be there, so that it is seen what is approved. Each ask is recorded: ask when
    /// there is an answer, not in a loop. An approval given before is void.
    ///
    /// # Errors
    /// [`DeskError::Approval`]; [`ErrorCode::ApprovalSelf`]; [`ErrorCode::ApproverPrivilege`];
    /// [`ErrorCode::CallerUnverified`]; [`ErrorCode::WrongState`] without a challenge; as
    /// [`HelpDesk::verify_caller`].
    pub fn ask_approval(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        approver: &mut dyn Approver,
    ) -> Result<(), DeskError> {
        let mut context = self.in_request(AuditEvent::Approved, session, id);
        let result = self.try_ask_approval(session, id, approver, &mut context);
        self.recorded(context, result)
    }

    fn try_ask_approval(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        approver: &mut dyn Approver,
        context: &mut AuditEntry,
    ) -> Result<(), DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        let task = self.approval_task(session, id, now)?;
        let basis = *task.basis();
        let mut approval = approver.ask(task)?;
        context.second_operator = Some(approval.operator.clone());
        if approval.basis != basis {
            return Err(ApprovalError::Elsewhere.into());
        }
        let second = self
            .ports
            .operators
            .operator(&approval.operator)?
            .ok_or(ApprovalError::UnknownOperator)?;
        if second.id == *session.operator() {
            return Err(ErrorCode::ApprovalSelf.into());
        }
        if !second.may(Privilege::Unlock) {
            return Err(ErrorCode::ApproverPrivilege.into());
        }
        approval.operator = second.id;
        // The answer may have taken longer than the request lives.
        approval.at = self.now()?;
        self.own_request(session, id)?;
        self.append(AuditEntry {
            operator: Some(approval.operator.clone()),
            second_operator: None,
            evidence: approval.evidence,
            ..context.clone()
        })?;
        self.own_request(session, id)?.approval = Some(approval);
        Ok(())
    }

    fn approval_task(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        now: UnixTime,
    ) -> Result<ApprovalTask, DeskError> {
        let lifetime = self.policy.request_seconds;
        let request = self.own_request(session, id)?;
        let caller = request.caller.as_ref().ok_or(ErrorCode::CallerUnverified)?;
        let (method, vouched) = (caller.method, caller.vouched);
        let challenge = request.challenge.ok_or(ErrorCode::WrongState)?;
        let (basis, device, reason) = (request.basis, request.device, request.reason.clone());
        let expires_at = request.opened_at.plus_seconds(lifetime);
        request.approval = None;
        let user = request.user.clone();
        Ok(ApprovalTask {
            basis,
            request: id,
            user: self.ports.directory.user(&user)?.ok_or(ErrorCode::UserUnknown)?,
            device,
            operator: session.operator().clone(),
            reason,
            challenge,
            method,
            vouched,
            expires_at,
            now,
        })
    }
}
