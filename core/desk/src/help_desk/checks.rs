//! The checks that a request gathers: caller and challenge. The second operator's is in `approvals`.

use fido_unlock_protocol::Challenge;
use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::HelpDesk;
use crate::audit::{AuditEntry, AuditEvent};
use crate::challenge_check::{self, counter_of};
use crate::ports::{CallerError, CallerVerifier};
use crate::{
    BegunVerification, DeskError, OperatorSession, Privilege, RequestId, VerificationTask, VerifiedCaller,
};

impl HelpDesk {
    /// Has the caller verified, for this request only. An approval given before is void. The desk waits
    /// for `verifier`; one that serves others meanwhile takes the two steps apart:
    /// [`HelpDesk::begin_verification`] and [`HelpDesk::finish_verification`].
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
        let (begun, task) = self.begin_verification(session, id)?;
        let answer = verifier.verify(task);
        self.finish_verification(begun, answer)
    }

    /// The first step of [`HelpDesk::verify_caller`]: checks all that must hold before anybody is asked.
    /// The task is for a [`CallerVerifier`]; its answer goes with the other value to
    /// [`HelpDesk::finish_verification`].
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`], [`ErrorCode::RequestExpired`], [`ErrorCode::RequestUsed`]; as
    /// [`HelpDesk::search`].
    pub fn begin_verification(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<(BegunVerification, VerificationTask), DeskError> {
        let context = self.in_request(AuditEvent::CallerVerified, session, id);
        let result = self.verification_task(session, id);
        let (basis, task) = self.recorded(context.clone(), result)?;
        let begun = BegunVerification {
            session: session.clone(),
            request: id,
            basis,
            context,
        };
        Ok((begun, task))
    }

    fn verification_task(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<([u8; 32], VerificationTask), DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        let request = self.own_request(session, id)?;
        let (basis, user, device) = (request.basis, request.user.clone(), request.device);
        let user = self.ports.directory.user(&user)?.ok_or(ErrorCode::UserUnknown)?;
        let task = VerificationTask::new(id, user, device, session.operator().clone(), now);
        Ok((basis, task))
    }

    /// The second step of [`HelpDesk::verify_caller`]: takes the verifier's answer where the request
    /// still is as it was, and records it. Another reason, caller or challenge in between makes it
    /// an answer for what is no longer there.
    ///
    /// # Errors
    /// [`ErrorCode::CallerUnverified`] when the request has changed; as [`HelpDesk::verify_caller`].
    pub fn finish_verification(
        &mut self,
        begun: BegunVerification,
        answer: Result<VerifiedCaller, CallerError>,
    ) -> Result<(), DeskError> {
        let result = self.try_finish_verification(&begun, answer);
        self.recorded(begun.context, result)
    }

    fn try_finish_verification(
        &mut self,
        begun: &BegunVerification,
        answer: Result<VerifiedCaller, CallerError>,
    ) -> Result<(), DeskError> {
        let (session, id) = (&begun.session, begun.request);
        let caller = answer?;
        self.in_service(session, Privilege::Unlock)?;
        let request = self.own_request(session, id)?;
        let fits = caller.request == id
            && caller.user == request.user
            && caller.device == request.device
            && begun.basis == request.basis;
        if !fits {
            return Err(ErrorCode::CallerUnverified.into());
        }
        let user = self
            .ports
            .directory
            .user(&caller.user)?
            .ok_or(ErrorCode::UserUnknown)?;
        if !self.policy.accepts(user.class, caller.method, caller.vouched) {
            return Err(ErrorCode::CallerMethod.into());
        }
        let changed = self.append(AuditEntry {
            method: Some(caller.method.number()),
            vouched: Some(caller.vouched.number()),
            evidence: Some(caller.evidence),
            ..begun.context.clone()
        })?;
        let request = self.own_request(session, id)?;
        request.basis = *changed.hash();
        request.caller = Some(caller);
        request.approval = None;
        Ok(())
    }

    /// Enters the Device Challenge as it was typed; the registry's suite says how it is read. For a
    /// field that offers corrections see [`code::Entry`](fido_unlock_protocol::code::Entry) and
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
