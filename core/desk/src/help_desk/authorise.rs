//! From a checked request to a code, in the order of the design: caller, challenge, reason, channel,
//! approval, limits, record, signer, record, code.

use alloc::string::String;

use fido_unlock_protocol::ResponseCode;
use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::HelpDesk;
use super::request::Request;
use crate::audit::{AuditEntry, AuditEvent};
use crate::ports::{LimitRequest, Notice, NoticeKind};
use crate::{
    Authorised, Channel, DeskError, LimitKind, LimitOutcome, OperatorSession, Privilege, RegisteredDevice,
    RequestId, SealedCode, UnixTime, User, UserClass, challenge_check,
};

/// How the code reaches the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is shown to the operator, who reads it out.
    Show,
    /// It is sent to this channel of the user ([`Channel::id`]); the operator never sees it.
    Channel(String),
}

/// A code that was given out.
///
/// ```compile_fail,E0277
/// fn print(given: &fido_unlock_desk::GivenCode) { println!("{given:?}"); }
/// ```
pub enum GivenCode {
    /// For the operator to read out.
    Shown(ResponseCode),
    /// Sent to a channel.
    Sent {
        /// Its id.
        channel: String,
    },
}

impl HelpDesk {
    /// Makes the Response Code of a request, once.
    ///
    /// # Errors
    /// Besides those of [`HelpDesk::verify_caller`] and [`HelpDesk::enter_challenge`]:
    /// [`ErrorCode::CallerUnverified`], [`ErrorCode::WrongState`] without a challenge,
    /// [`ErrorCode::ReasonMissing`], [`ErrorCode::ChannelUnusable`], [`ErrorCode::ApprovalMissing`],
    /// [`ErrorCode::LimitDevice`], [`ErrorCode::LimitOperator`], [`ErrorCode::LimitIssuer`],
    /// [`DeskError::Signer`], [`DeskError::Delivery`]. After the last two the request is used up.
    pub fn authorise(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        delivery: &Delivery,
    ) -> Result<GivenCode, DeskError> {
        let context = self.in_request(AuditEvent::Authorised, session, id);
        let challenge = self.requests.get(&id).and_then(|request| request.challenge);
        let result = self.try_authorise(session, id, delivery, &context);
        if let (Err(error), Some(challenge)) = (&result, challenge) {
            let context = AuditEntry {
                challenge: Some(challenge.as_bytes().to_vec()),
                counter: challenge_check::counter_of(&challenge),
                ..context.clone()
            };
            self.raise_alarm(error.code(), &context)?;
        }
        self.recorded(context, result)
    }

    fn try_authorise(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        delivery: &Delivery,
        context: &AuditEntry,
    ) -> Result<GivenCode, DeskError> {
        let now = self.in_service(session, Privilege::Unlock)?;
        let request = self.own_request(session, id)?;
        let (user, device) = (request.user.clone(), request.device);
        let user = self.ports.directory.user(&user)?.ok_or(ErrorCode::UserUnknown)?;
        let device = self.device_in_use(&user.id, &device)?;
        let authorised = self.join(session, id, &user, &device, delivery, now)?;
        let entry = AuditEntry {
            challenge: Some(authorised.challenge.as_bytes().to_vec()),
            counter: challenge_check::counter_of(&authorised.challenge),
            issuer: device.keys.issuer().map(|_| device.keys.issuer_hash()),
            suite: Some(device.keys.suite().number()),
            slot: Some(device.slot),
            method: Some(authorised.caller.method.number()),
            vouched: Some(authorised.caller.vouched.number()),
            evidence: Some(authorised.caller.evidence),
            second_operator: authorised
                .approval
                .as_ref()
                .map(|approval| approval.operator.clone()),
            ..context.clone()
        }
        .detail(&authorised.reason);
        self.append(entry)?;
        let code = self.ports.signer.respond(&authorised)?;
        let sealed = SealedCode::seal(id, code);
        let made = AuditEntry {
            event: AuditEvent::CodeMade,
            code_sha256: Some(sealed.sha256()),
            ..context.clone()
        };
        let receipt = self.append(made)?;
        let code = sealed.open(&receipt).ok_or(ErrorCode::AuditBroken)?;
        let given = self.give(&user, code, delivery, context)?;
        self.tell_owner(NoticeKind::CodeGiven, &user, id, session, context, now)?;
        Ok(given)
    }

    /// Takes caller, approval and challenge out of the request, counts the code, and joins them.
    fn join(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        user: &User,
        device: &RegisteredDevice,
        delivery: &Delivery,
        now: UnixTime,
    ) -> Result<Authorised, DeskError> {
        self.judge(session, id, user, device)?;
        self.channel(user, delivery, now)?;
        let approved = self.approved(session, id, user)?;
        let outcome = self.ports.limits.take(&LimitRequest {
            device: device.id,
            operator: session.operator(),
            issuer: device.keys.issuer_hash(),
            now,
            rules: &self.policy.limits,
            approved,
        })?;
        match outcome {
            LimitOutcome::Taken => {}
            LimitOutcome::ApprovalWanted(_) => return Err(ErrorCode::ApprovalMissing.into()),
            LimitOutcome::Exceeded(LimitKind::Device) => return Err(ErrorCode::LimitDevice.into()),
            LimitOutcome::Exceeded(LimitKind::Operator) => return Err(ErrorCode::LimitOperator.into()),
            LimitOutcome::Exceeded(LimitKind::Issuer) => return Err(ErrorCode::LimitIssuer.into()),
        }
        let Request {
            user,
            operator,
            reason,
            caller: Some(caller),
            challenge: Some(challenge),
            approval,
            ..
        } = self.requests.remove(&id).ok_or(ErrorCode::RequestUnknown)?
        else {
            return Err(ErrorCode::WrongState.into());
        };
        Ok(Authorised {
            request: id,
            user,
            device: device.id,
            operator,
            slot: device.slot,
            keys: device.keys,
            challenge,
            caller,
            approval,
            reason,
            at: now,
        })
    }

    /// Caller, challenge and reason, by the rules and the registry as they are now.
    fn judge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        user: &User,
        device: &RegisteredDevice,
    ) -> Result<(), DeskError> {
        let request = self.own_request(session, id)?;
        let caller = request.caller.as_ref().ok_or(ErrorCode::CallerUnverified)?;
        let (method, vouched) = (caller.method, caller.vouched);
        let reason_missing = request.reason.is_empty();
        let challenge = request.challenge;
        if !self.policy.accepts(user.class, method, vouched) {
            return Err(ErrorCode::CallerMethod.into());
        }
        challenge_check::check(&self.state, device, &challenge.ok_or(ErrorCode::WrongState)?)?;
        if self.policy.reason_wanted && reason_missing {
            return Err(ErrorCode::ReasonMissing.into());
        }
        Ok(())
    }

    /// Whether a second operator has approved; an error where one must.
    fn approved(&mut self, session: &OperatorSession, id: RequestId, user: &User) -> Result<bool, DeskError> {
        let approver = self
            .own_request(session, id)?
            .approval
            .as_ref()
            .map(|approval| approval.operator.clone());
        let Some(approver) = approver else {
            return if user.class == UserClass::Privileged {
                Err(ErrorCode::ApprovalMissing.into())
            } else {
                Ok(false)
            };
        };
        // Their privilege may have been taken away since.
        let still = self.ports.operators.operator(&approver)?;
        if still.is_some_and(|operator| operator.may(Privilege::Unlock)) {
            Ok(true)
        } else {
            Err(ErrorCode::ApprovalMissing.into())
        }
    }

    /// The channel that was asked for, when a code may be sent to it.
    fn channel<'u>(
        &self,
        user: &'u User,
        delivery: &Delivery,
        now: UnixTime,
    ) -> Result<Option<&'u Channel>, DeskError> {
        let Delivery::Channel(wanted) = delivery else {
            return Ok(None);
        };
        let rested =
            |channel: &&Channel| now.seconds_since(channel.changed_at) >= self.policy.channel_rest_seconds;
        let channel = user
            .channels
            .iter()
            .find(|channel| channel.id == *wanted)
            .filter(rested);
        match channel {
            Some(channel) if self.ports.delivery.is_some() => Ok(Some(channel)),
            _ => Err(ErrorCode::ChannelUnusable.into()),
        }
    }

    fn give(
        &mut self,
        user: &User,
        code: ResponseCode,
        delivery: &Delivery,
        context: &AuditEntry,
    ) -> Result<GivenCode, DeskError> {
        let Delivery::Channel(wanted) = delivery else {
            return Ok(GivenCode::Shown(code));
        };
        let channel = user.channels.iter().find(|channel| channel.id == *wanted);
        let (Some(channel), Some(sender)) = (channel, &mut self.ports.delivery) else {
            return Err(ErrorCode::ChannelUnusable.into());
        };
        sender.send(channel, &code)?;
        let sent = AuditEntry {
            event: AuditEvent::CodeSent,
            ..context.clone()
        };
        self.append(sent.detail(wanted))?;
        Ok(GivenCode::Sent {
            channel: wanted.clone(),
        })
    }

    /// Tells the owner; that it failed is recorded and does not hold up the call.
    pub(super) fn tell_owner(
        &mut self,
        kind: NoticeKind,
        user: &User,
        request: RequestId,
        session: &OperatorSession,
        context: &AuditEntry,
        now: UnixTime,
    ) -> Result<(), DeskError> {
        let Some(device) = context.device else {
            return Ok(());
        };
        let notice = Notice {
            kind,
            user,
            device,
            request,
            operator: session.operator(),
            at: now,
            message_id: [0; 16],
        };
        if let Err(error) = self.ports.notifier.notify(&notice) {
            let failed = AuditEntry {
                event: AuditEvent::NoticeFailed,
                ..context.clone()
            };
            self.append(failed.detail(&error.detail))?;
        }
        Ok(())
    }
}
