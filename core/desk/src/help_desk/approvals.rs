//! A second operator's approval of a request, given here or in another system.

use fido_unlock_protocol::error::ErrorCode;

use super::HelpDesk;
use crate::audit::{AuditEntry, AuditEvent};
use crate::ports::{ApprovalError, Approver};
use crate::{Approval, ApprovalTask, BegunApproval, DeskError, OperatorSession, Privilege, RequestId};

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
        // Whatever another system says to an earlier ask comes too late.
        request.asks = request.asks.wrapping_add(1);
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
    /// challenge must be there, so that it is seen what is approved. Each answer is recorded: ask when
    /// there is one, not in a loop. An approval given before is void. The desk waits for
    /// `approver`; one that serves others meanwhile takes the two steps apart:
    /// [`HelpDesk::begin_approval`] and [`HelpDesk::finish_approval`].
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
        let (begun, task) = self.begin_approval(session, id)?;
        let answer = approver.ask(task);
        self.finish_approval(begun, answer)
    }

    /// The first step of [`HelpDesk::ask_approval`]: checks all that must hold before anybody is asked,
    /// and voids an approval given before. The task is for an [`Approver`]; its answer goes with the
    /// other value to [`HelpDesk::finish_approval`].
    ///
    /// # Errors
    /// [`ErrorCode::CallerUnverified`]; [`ErrorCode::WrongState`] without a challenge; as
    /// [`HelpDesk::begin_verification`].
    pub fn begin_approval(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<(BegunApproval, ApprovalTask), DeskError> {
        let context = self.in_request(AuditEvent::Approved, session, id);
        let result = self.approval_task(session, id);
        let (ask, task) = self.recorded(context.clone(), result)?;
        let begun = BegunApproval {
            session: session.clone(),
            request: id,
            basis: task.basis,
            ask,
            context,
        };
        Ok((begun, task))
    }

    /// The second step of [`HelpDesk::ask_approval`]: takes the system's answer where the request still
    /// is as it was and nobody has asked again, and records it.
    ///
    /// # Errors
    /// [`ApprovalError::Elsewhere`] when the request has changed or a later ask has begun; as
    /// [`HelpDesk::ask_approval`].
    pub fn finish_approval(
        &mut self,
        mut begun: BegunApproval,
        answer: Result<Approval, ApprovalError>,
    ) -> Result<(), DeskError> {
        let result = self.try_finish_approval(&mut begun, answer);
        self.recorded(begun.context, result)
    }

    fn try_finish_approval(
        &mut self,
        begun: &mut BegunApproval,
        answer: Result<Approval, ApprovalError>,
    ) -> Result<(), DeskError> {
        let mut approval = answer?;
        begun.context.second_operator = Some(approval.operator.clone());
        if approval.basis != begun.basis {
            return Err(ApprovalError::Elsewhere.into());
        }
        let second = self
            .ports
            .operators
            .operator(&approval.operator)?
            .ok_or(ApprovalError::UnknownOperator)?;
        let (session, id) = (&begun.session, begun.request);
        if second.id == *session.operator() {
            return Err(ErrorCode::ApprovalSelf.into());
        }
        if !second.may(Privilege::Unlock) {
            return Err(ErrorCode::ApproverPrivilege.into());
        }
        approval.operator = second.id;
        approval.at = self.in_service(session, Privilege::Unlock)?;
        // The answer may have taken longer than the request lives, or stands as it did.
        let request = self.own_request(session, id)?;
        if request.basis != begun.basis || request.asks != begun.ask {
            return Err(ApprovalError::Elsewhere.into());
        }
        self.append(AuditEntry {
            operator: Some(approval.operator.clone()),
            second_operator: None,
            evidence: approval.evidence,
            ..begun.context.clone()
        })?;
        self.own_request(session, id)?.approval = Some(approval);
        Ok(())
    }

    /// What is to be asked, and the number of the ask.
    fn approval_task(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<(u64, ApprovalTask), DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        let lifetime = self.policy.request_seconds;
        let request = self.own_request(session, id)?;
        let caller = request.caller.as_ref().ok_or(ErrorCode::CallerUnverified)?;
        let (method, vouched) = (caller.method, caller.vouched);
        let challenge = request.challenge.ok_or(ErrorCode::WrongState)?;
        let (basis, device, reason) = (request.basis, request.device, request.reason.clone());
        let expires_at = request.opened_at.plus_seconds(lifetime);
        let user = request.user.clone();
        let user = self.ports.directory.user(&user)?.ok_or(ErrorCode::UserUnknown)?;
        // Nothing fails from here on: what was approved is void once there is an ask.
        let request = self.own_request(session, id)?;
        request.approval = None;
        request.asks = request.asks.wrapping_add(1);
        let ask = request.asks;
        let task = ApprovalTask {
            basis,
            request: id,
            user,
            device,
            operator: session.operator().clone(),
            reason,
            challenge,
            method,
            vouched,
            expires_at,
            now,
        };
        Ok((ask, task))
    }
}
