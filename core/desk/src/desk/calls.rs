//! The call: search, request, checks, code, end.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::{Challenge, DeviceId};

use super::Desk;
use crate::decide::{alarm, approval, authorise, call, challenge, close, lookup, report, verification};
use crate::ports::{ApprovalError, Approver, CallerError, CallerVerifier};
use crate::record::DeskEvent;
use crate::{
    Approval, ApprovalTask, CallView, Delivery, DeskAlarm, DeskError, DeviceView, Found, GivenCode, OpenCode,
    OperatorSession, RequestId, UnixTime, UserId, VerificationTask, VerifiedCaller,
};

/// The longest key by which a program calls a request, in bytes.
const LONGEST_KEY: usize = 255;

/// A verification that has begun: [`Desk::finish_verification`] takes it with the verifier's answer. Let go without one,
/// nothing is recorded.
#[derive(Clone, Debug)]
#[must_use]
pub struct BegunCheck {
    session: OperatorSession,
    request: RequestId,
    revision: u32,
}

/// An ask that has begun: [`Desk::finish_approval`] takes it with the answer.
#[derive(Clone, Debug)]
#[must_use]
pub struct BegunAsk {
    session: OperatorSession,
    request: RequestId,
    ask: u32,
}

impl Desk {
    /// Users by any part of id, name, address or Device ID, the closest first; at most 50. Recorded with the text.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`](crate::Privilege::Unlock) and
    /// [`Privilege::ManageDevices`](crate::Privilege::ManageDevices); clock; a store's error.
    pub fn search(&mut self, session: &OperatorSession, text: &str) -> Result<Vec<Found>, DeskError> {
        self.step(DeskEvent::Searched, |step| lookup::search(step, session, text))
    }

    /// The same while the text is being typed: what is then chosen is recorded, not each letter.
    ///
    /// # Errors
    /// As [`Desk::search`].
    pub fn suggest(&mut self, session: &OperatorSession, text: &str) -> Result<Vec<Found>, DeskError> {
        self.step(DeskEvent::Searched, |step| lookup::suggest(step, session, text))
    }

    /// A device and its owner.
    ///
    /// # Errors
    /// As [`Desk::search`]; [`ErrorCode::DeviceUnknown`].
    pub fn find_device(&mut self, session: &OperatorSession, device: &DeviceId) -> Result<Found, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            lookup::find_device(step, session, device)
        })
    }

    /// A device as whoever manages devices sees it, also one whose owner was erased. Recorded.
    ///
    /// # Errors
    /// As [`Desk::search`]; [`ErrorCode::DeviceUnknown`].
    pub fn device(&mut self, session: &OperatorSession, device: &DeviceId) -> Result<DeviceView, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            lookup::device_view(step, session, device)
        })
    }

    /// A user and all their devices.
    ///
    /// # Errors
    /// As [`Desk::search`]; [`ErrorCode::UserUnknown`].
    pub fn find_user(&mut self, session: &OperatorSession, user: &UserId) -> Result<Found, DeskError> {
        self.step(DeskEvent::Searched, |step| lookup::find_user(step, session, user))
    }

    /// Opens a request for a user's device. `reason`: reason or ticket, may be empty and come later with
    /// [`Desk::set_reason`].
    ///
    /// # Errors
    /// Licence, clock, [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`](crate::Privilege::Unlock), a store's
    /// error; [`ErrorCode::DeskNotOpen`], [`ErrorCode::UserUnknown`], [`ErrorCode::DeviceUnknown`],
    /// [`ErrorCode::DeviceRetired`], [`ErrorCode::DeviceNotUsers`].
    pub fn open_request(
        &mut self,
        session: &OperatorSession,
        user: &UserId,
        device: &DeviceId,
        reason: &str,
    ) -> Result<CallView, DeskError> {
        self.step(DeskEvent::RequestOpened, |step| {
            let id = call::open(step, session, None, user, device, reason)?;
            call::show(step, session, id)
        })
    }

    /// The same for a program that may have to ask again, since an answer was lost. `key`: by what it calls this request, 1
    /// to 255 bytes, such as a random number; the operator's request of that key is opened once, and shown as it stands
    /// from then on.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for another key, or where the request of this one is for another user or device; as
    /// [`Desk::open_request`].
    pub fn open_request_once(
        &mut self,
        session: &OperatorSession,
        key: &str,
        user: &UserId,
        device: &DeviceId,
        reason: &str,
    ) -> Result<CallView, DeskError> {
        self.step(DeskEvent::RequestOpened, |step| {
            if !(1..=LONGEST_KEY).contains(&key.len()) {
                return Err(ErrorCode::InvalidArgument.into());
            }
            let id = call::open(step, session, Some(key), user, device, reason)?;
            call::show(step, session, id)
        })
    }

    /// A request as it stands.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`]; as [`Desk::open_codes`].
    pub fn request(&mut self, session: &OperatorSession, id: RequestId) -> Result<CallView, DeskError> {
        self.step(DeskEvent::Searched, |step| call::show(step, session, id))
    }

    /// A page of requests that are not ended, oldest first. `after`: when the last one of the page before was opened, and
    /// its id.
    ///
    /// # Errors
    /// As [`Desk::open_codes`].
    pub fn open_requests(
        &mut self,
        session: &OperatorSession,
        after: Option<(UnixTime, RequestId)>,
        limit: u32,
    ) -> Result<Vec<CallView>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            call::open_requests(step, session, after, limit)
        })
    }

    /// Gives a request another reason. This voids an earlier approval.
    ///
    /// # Errors
    /// As [`Desk::verify_caller`].
    pub fn set_reason(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        reason: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ReasonChanged, |step| {
            call::set_reason(step, session, id, reason)
        })
    }

    /// Notes the number that the caller calls from, so that one that calls as many people is seen
    /// ([`Desk::figures`]). `number`: 2 to 20 digits, with `+` or `00` before them for another country, and spaces and the
    /// signs between them as people write them; it is kept without those. The log has its hash alone; the number is erased
    /// with the user.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] where it is no number; as [`Desk::verify_caller`].
    pub fn set_caller_number(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        number: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::CallerNumberNoted, |step| {
            call::set_caller_number(step, session, id, number)
        })
    }

    /// Says which way the code will go, before a second operator approves it. This voids an earlier approval.
    ///
    /// # Errors
    /// As [`Desk::verify_caller`].
    pub fn set_delivery(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        delivery: &Delivery,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::DeliveryChanged, |step| {
            call::set_delivery(step, session, id, channel(delivery))
        })
    }

    /// Goes on with another operator's request. Verification and approval are void.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] when it is this operator's already; as [`Desk::verify_caller`].
    pub fn take_over(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.step(DeskEvent::TakenOver, |step| call::take_over(step, session, id))
    }

    /// Has the caller verified, for this request only. An approval given before is void. The desk waits for `verifier`;
    /// one that serves others meanwhile takes the two steps apart: [`Desk::begin_verification`] and
    /// [`Desk::finish_verification`].
    ///
    /// # Errors
    /// [`DeskError::Caller`] when it was not them; [`ErrorCode::CallerMethod`] when the method does not count for this
    /// user; [`ErrorCode::RequestUnknown`], [`ErrorCode::RequestExpired`], [`ErrorCode::RequestUsed`]; as
    /// [`Desk::search`].
    pub fn verify_caller(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        verifier: &mut dyn CallerVerifier,
    ) -> Result<(), DeskError> {
        let (begun, task) = self.begin_verification(session, id)?;
        let answer = verifier.verify(task);
        self.finish_verification(&begun, &answer)
    }

    /// The first step of [`Desk::verify_caller`]: checks all that must hold before anybody is asked. The task is for a
    /// [`CallerVerifier`]; its answer goes with the other value to [`Desk::finish_verification`].
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`], [`ErrorCode::RequestExpired`], [`ErrorCode::RequestUsed`]; as [`Desk::search`].
    pub fn begin_verification(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<(BegunCheck, VerificationTask), DeskError> {
        let (revision, task) = self.step(DeskEvent::CallerVerified, |step| {
            verification::begin(step, session, id)
        })?;
        let begun = BegunCheck {
            session: session.clone(),
            request: id,
            revision,
        };
        Ok((begun, task))
    }

    /// The second step of [`Desk::verify_caller`]: takes the verifier's answer where the request still is as it was, and
    /// records it. Another reason, caller or challenge in between makes it an answer for what is no longer there.
    ///
    /// # Errors
    /// [`ErrorCode::CallerUnverified`] when the request has changed; as [`Desk::verify_caller`].
    pub fn finish_verification(
        &mut self,
        begun: &BegunCheck,
        answer: &Result<VerifiedCaller, CallerError>,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::CallerVerified, |step| {
            verification::finish(step, &begun.session, begun.request, begun.revision, answer)
        })
    }

    /// Enters the Device Challenge as it was typed; the registry's suite says how it is read. For a field that offers
    /// corrections see [`code::Entry`](fido_unlock_protocol::code::Entry) and [`Desk::enter_read_challenge`].
    ///
    /// # Errors
    /// [`DeskError::Challenge`] when it is none; as [`Desk::enter_read_challenge`].
    pub fn enter_challenge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        text: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChallengeAccepted, |step| {
            let suite = challenge::suite(step, session, id)?;
            let read = Challenge::parse(suite, text)?;
            challenge::enter(step, session, id, &read)
        })
    }

    /// Enters a Device Challenge that was read already. A counter or a challenge that does not fit raises an alarm. An
    /// approval given before is void.
    ///
    /// # Errors
    /// [`ErrorCode::ChallengeSuite`], [`ErrorCode::ChallengeSlot`], [`ErrorCode::ChallengeElsewhere`],
    /// [`ErrorCode::CounterWentBack`], [`ErrorCode::CounterMoved`]; as [`Desk::verify_caller`].
    pub fn enter_read_challenge(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        challenge: &Challenge,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::ChallengeAccepted, |step| {
            challenge::enter(step, session, id, challenge)
        })
    }

    /// A second operator, who has signed in here, approves. Caller and challenge must be there, so that it is seen what
    /// is approved.
    ///
    /// # Errors
    /// [`ErrorCode::ApprovalSelf`]; [`ErrorCode::CallerUnverified`]; [`ErrorCode::WrongState`] without a challenge; as
    /// [`Desk::verify_caller`].
    pub fn approve(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.step(DeskEvent::Approved, |step| {
            approval::approve(step, session, id, None)
        })
    }

    /// The same for the request as it was shown, by [`CallView::revision`]: what has changed since is not approved.
    ///
    /// # Errors
    /// [`ErrorCode::ApprovalElsewhere`] where it has changed; as [`Desk::approve`].
    pub fn approve_shown(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        revision: u32,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::Approved, |step| {
            approval::approve(step, session, id, Some(revision))
        })
    }

    /// Asks the system in which second operators approve. Whoever approved there must be an operator of this desk,
    /// another one than the session's, and may answer callers. An approval given before is void. The desk waits for
    /// `approver`; one that serves others meanwhile takes the two steps apart: [`Desk::begin_approval`] and
    /// [`Desk::finish_approval`].
    ///
    /// # Errors
    /// [`DeskError::Approval`]; [`ErrorCode::ApprovalSelf`]; [`ErrorCode::ApproverPrivilege`];
    /// [`ErrorCode::CallerUnverified`]; [`ErrorCode::WrongState`] without a challenge; as [`Desk::verify_caller`].
    pub fn ask_approval(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        approver: &mut dyn Approver,
    ) -> Result<(), DeskError> {
        let (begun, task) = self.begin_approval(session, id)?;
        let answer = approver.ask(task);
        self.finish_approval(&begun, &answer)
    }

    /// The first step of [`Desk::ask_approval`]: checks all that must hold before anybody is asked, and voids an
    /// approval given before.
    ///
    /// # Errors
    /// [`ErrorCode::CallerUnverified`]; [`ErrorCode::WrongState`] without a challenge; as [`Desk::begin_verification`].
    pub fn begin_approval(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
    ) -> Result<(BegunAsk, ApprovalTask), DeskError> {
        let (ask, task) = self.step(DeskEvent::Approved, |step| approval::begin(step, session, id))?;
        let begun = BegunAsk {
            session: session.clone(),
            request: id,
            ask,
        };
        Ok((begun, task))
    }

    /// The second step of [`Desk::ask_approval`]: takes the system's answer where the request still is as it was and
    /// nobody has asked again, and records it.
    ///
    /// # Errors
    /// [`ApprovalError::Elsewhere`] when the request has changed or a later ask has begun; as [`Desk::ask_approval`].
    pub fn finish_approval(
        &mut self,
        begun: &BegunAsk,
        answer: &Result<Approval, ApprovalError>,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::Approved, |step| {
            approval::finish(step, &begun.session, begun.request, begun.ask, answer)
        })
    }

    /// Makes the Response Code of a request. "Authorised" is on disk before the signer is asked, and the code's own
    /// record before it is given. While the request lives, the same operator may have it made again, which is recorded
    /// and not counted.
    ///
    /// # Errors
    /// Besides those of [`Desk::verify_caller`] and [`Desk::enter_challenge`]: [`ErrorCode::CallerUnverified`],
    /// [`ErrorCode::WrongState`] without a challenge, [`ErrorCode::ReasonMissing`], [`ErrorCode::ChannelUnusable`],
    /// [`ErrorCode::ApprovalMissing`], [`ErrorCode::ApprovalElsewhere`], [`ErrorCode::LimitDevice`],
    /// [`ErrorCode::LimitOperator`], [`ErrorCode::LimitIssuer`], [`DeskError::Signer`], [`DeskError::Delivery`].
    pub fn authorise(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        delivery: &Delivery,
    ) -> Result<GivenCode, DeskError> {
        let wanted = channel(delivery);
        if wanted.is_some() && self.parts.delivery.is_none() {
            return self.step(DeskEvent::Authorised, |step| {
                step.about.request = Some(id);
                Err(ErrorCode::ChannelUnusable.into())
            });
        }
        let authorised = self.step(DeskEvent::Authorised, |step| {
            authorise::authorise(step, session, id, wanted)
        })?;
        let made = self.parts.signer.sign(&authorised.task);
        let code = made.and_then(|answer| authorised.task.accept(&answer));
        let code = match code {
            Ok(code) => code,
            Err(error) => return self.refused(id, error.into()),
        };
        let sha256 = code.sha256();
        self.step(DeskEvent::CodeMade, |step| {
            authorise::made(step, session, id, sha256)
        })?;
        let Some(channel) = authorised.channel else {
            return Ok(GivenCode::Shown(code));
        };
        let sent = match &mut self.parts.delivery {
            Some(delivery) => delivery.send(&channel, &code).map_err(DeskError::from),
            None => Err(ErrorCode::ChannelUnusable.into()),
        };
        if let Err(error) = sent {
            return self.refused(id, error);
        }
        self.step(DeskEvent::CodeSent, |step| {
            authorise::sent(step, session, id, &channel.id)
        })?;
        Ok(GivenCode::Sent { channel: channel.id })
    }

    /// Records what failed between two steps of a request.
    fn refused<T>(&mut self, id: RequestId, error: DeskError) -> Result<T, DeskError> {
        self.step(DeskEvent::Refused, |step| {
            call::about(step, id)?;
            Err(error)
        })
    }

    /// Records that the user has unlocked the device. Also after a restart, and by another operator.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`] when no code was made for it; [`ErrorCode::RequestUsed`] when it is done already;
    /// [`ErrorCode::PrivilegeMissing`]; clock; a store's error.
    pub fn done(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.step(DeskEvent::Done, |step| close::close(step, session, id, true))
    }

    /// Records that the unlock was given up. The code may still be good and stays on the list of open codes.
    ///
    /// # Errors
    /// As [`Desk::done`]; [`ErrorCode::RequestUsed`] also when it was given up before.
    pub fn abandon(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        self.step(DeskEvent::Abandoned, |step| {
            close::close(step, session, id, false)
        })
    }

    /// Says that the caller of a request is not its user, such as when the user, called back, has not called. The request
    /// ends, and an alarm is raised; a code that was made may still be good and stays on the list of open codes. Also of
    /// another operator's request, and of one that was given up or has run out. `what`: what was seen or heard, at most
    /// 400 bytes of it are kept.
    ///
    /// # Errors
    /// [`ErrorCode::ReasonMissing`] without `what`; [`ErrorCode::CallerDenied`] where that was said already;
    /// [`ErrorCode::RequestUsed`] where it is done; [`ErrorCode::UserUnknown`] where the user was erased;
    /// [`ErrorCode::RequestUnknown`]; [`ErrorCode::PrivilegeMissing`]; clock; a store's error.
    pub fn report_impostor(
        &mut self,
        session: &OperatorSession,
        id: RequestId,
        what: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::CallerReported, |step| {
            report::report(step, session, id, what)
        })
    }

    /// Codes for a device that were given out and may still be good: a code once shown does not expire on the device.
    ///
    /// # Errors
    /// As [`Desk::may`]; [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`](crate::Privilege::Unlock).
    pub fn open_codes(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
    ) -> Result<Vec<OpenCode>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            call::open_codes(step, session, device)
        })
    }

    /// Alarms that nobody has acknowledged, oldest first, at most `limit`, from number `from` on.
    ///
    /// # Errors
    /// As [`Desk::open_codes`], for whom neither that nor [`Privilege::Administer`](crate::Privilege::Administer) is there.
    pub fn alarms(
        &mut self,
        session: &OperatorSession,
        from: u64,
        limit: usize,
    ) -> Result<Vec<DeskAlarm>, DeskError> {
        self.step(DeskEvent::Searched, |step| {
            alarm::list(step, session, from, limit)
        })
    }

    /// An Administrator acknowledges an alarm: the desk then goes on with the counter that raised it. `note`: what was
    /// found out.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`](crate::Privilege::Administer);
    /// [`ErrorCode::RequestUnknown`] when there is no such alarm; [`ErrorCode::ReasonMissing`] without a note; clock; a
    /// store's error.
    pub fn acknowledge(
        &mut self,
        session: &OperatorSession,
        alarm: u64,
        note: &str,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::AlarmAcknowledged, |step| {
            alarm::acknowledge(step, session, alarm, note)
        })
    }
}

fn channel(delivery: &Delivery) -> Option<&str> {
    match delivery {
        Delivery::Show => None,
        Delivery::Channel(channel) => Some(channel),
    }
}
