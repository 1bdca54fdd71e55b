//! The checks that a request gathers: caller and challenge. The second operator's is in `approvals`.

use super::HelpDesk;
use crate::challenge::Challenge;
use crate::error::{ErrorCode, HasCode};
use crate::helpdesk::audit::{AuditEntry, AuditEvent};
use crate::helpdesk::challenge_check::{self, counter_of};
use crate::helpdesk::{DeskError, OperatorSession, Privilege, RequestId, VerificationTask};
use crate::ports::CallerVerifier;

impl HelpDesk {
    /// Has the caller verified, for this request only. An approval given before is void.
    ///
    /// # Errors
    /// [`DeskError::Caller`] when it was not them; [`ErrorCode::CallerMethod`] when the method does
    /// not count for this user; [`ErrorCode::RequestUnknown`], [`ErrorCode::RequestExpired`],
    /// [`ErrorCode::RequestUsed`]; as [`HelpDesk::search`].
    pub fn verify_caller(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        verifier: &mut dyn CallerVerifier,
    ) -> Result<(), DeskError> {
        let context = self.in_request(AuditEvent::CallerVerified, session, id);
        let result = self.try_verify_caller(session, id, verifier, &context);
        self.recorded(context, result)
    }

    fn try_verify_caller(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        verifier: &mut dyn CallerVerifier,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        let request = self.own_request(session, id)?;
        let (user, device) = (request.user.clone(), request.device);
        let user = self.ports.directory.user(&user)?.ok_or(ErrorCode::UserUnknown)?;
        let class = user.class;
        let task = VerificationTask::new(id, user, device, session.operator().clone(), now);
        let caller = verifier.verify(task)?;
        let fits = {
            let request = self.own_request(session, id)?;
            caller.request == id && caller.user == request.user && caller.device == request.device
        };
        if !fits {
            return Err(ErrorCode::CallerUnverified.into());
        }
        if !self.policy.accepts(class, caller.method, caller.vouched) {
            return Err(ErrorCode::CallerMethod.into());
        }
        let changed = self.append(AuditEntry {
            method: Some(caller.method.number()),
            vouched: Some(caller.vouched.number()),
            evidence: Some(caller.evidence),
            ..context.clone()
        })?;
        let request = self.own_request(session, id)?;
        request.basis = *changed.hash();
        request.caller = Some(caller);
        request.approval = None;
        Ok(())
    }

    /// Enters the Device Challenge as it was typed; the registry's suite says how it is read. For a
    /// field that offers corrections see [`code::Entry`](crate::code::Entry) and
    /// [`HelpDesk::enter_read_challenge`].
    ///
    /// # Errors
    /// [`DeskError::Challenge`] when it is none; as [`HelpDesk::enter_read_challenge`].
    pub fn enter_challenge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        text: &str,
    ) -> Result<(), DeskError> {
        let context = self.in_request(AuditEvent::ChallengeAccepted, session, id);
        let read = self.read_challenge(session, id, text);
        let challenge = self.recorded(context, read)?;
        self.enter_read_challenge(session, id, &challenge)
    }

    fn read_challenge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        text: &str,
    ) -> Result<Challenge, DeskError> {
        self.in_service(session, Privilege::Unlock)?;
        let request = self.own_request(session, id)?;
        let (user, device) = (request.user.clone(), request.device);
        let suite = self.device_in_use(&user, &device)?.keys.suite();
        Ok(Challenge::parse(suite, text)?)
    }

    /// Enters a Device Challenge that was read already. A counter or a challenge that does not fit raises an alarm. An
    /// approval given before is void.
    ///
    /// # Errors
    /// [`ErrorCode::ChallengeSuite`], [`ErrorCode::ChallengeSlot`], [`ErrorCode::ChallengeElsewhere`],
    /// [`ErrorCode::CounterWentBack`], [`ErrorCode::CounterMoved`]; as [`HelpDesk::verify_caller`].
    pub fn enter_read_challenge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        challenge: &Challenge,
    ) -> Result<(), DeskError> {
        let context = AuditEntry {
            challenge: Some(challenge.as_bytes().to_vec()),
            counter: counter_of(challenge),
            ..self.in_request(AuditEvent::ChallengeAccepted, session, id)
        };
        let result = self.try_enter_challenge(session, id, challenge, &context);
        if let Err(error) = &result {
            self.raise_alarm(error.code(), &context)?;
        }
        self.recorded(context, result)
    }

    fn try_enter_challenge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        challenge: &Challenge,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        self.in_service(session, Privilege::Unlock)?;
        let request = self.own_request(session, id)?;
        let (user, device) = (request.user.clone(), request.device);
        let device = self.device_in_use(&user, &device)?;
        challenge_check::check(&self.state, &device, challenge)?;
        let changed = self.append(AuditEntry {
            suite: Some(device.keys.suite().number()),
            slot: Some(device.slot),
            ..context.clone()
        })?;
        let request = self.own_request(session, id)?;
        request.basis = *changed.hash();
        request.challenge = Some(*challenge);
        request.approval = None;
        Ok(())
    }

    /// Raises an alarm unless the same one stands.
    pub(super) fn raise_alarm(&mut self, code: ErrorCode, context: &AuditEntry) -> Result<(), DeskError> {
        let alarming = [
            ErrorCode::ChallengeElsewhere,
            ErrorCode::CounterWentBack,
            ErrorCode::CounterMoved,
        ];
        let Some(device) = context.device.filter(|_| alarming.contains(&code)) else {
            return Ok(());
        };
        let stands = self
            .state
            .alarms()
            .any(|alarm| alarm.code == code && alarm.device == device && alarm.counter == context.counter);
        if !stands {
            self.append(AuditEntry {
                event: AuditEvent::AlarmRaised,
                error: Some(code.number()),
                ..context.clone()
            })?;
        }
        Ok(())
    }
}
