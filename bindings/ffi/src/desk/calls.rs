//! The call: search, request, checks, code, end; and alarms.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::{Approver as _, CallerVerifier as _};
use fido_unlock::desk::{Delivery, GivenCode, UnixTime};

use super::approver::HostApprover;
use super::ports::HostVerifier;
use super::types::{device_id, request_id, user_id};
use super::{
    Approver, CallerVerifier, DeskAlarm, DeskFound, DeskRequest, HelpDesk, OpenCode, OperatorSession,
    RequestPlace,
};
use crate::UnlockError;

#[uniffi::export]
impl HelpDesk {
    /// Users by any part of id, name, address or Device ID, the closest first; at most 50. Recorded with the text.
    pub fn search(&self, session: Arc<OperatorSession>, text: String) -> Result<Vec<DeskFound>, UnlockError> {
        let found = self.run(|desk| desk.search(&session.0, &text))?;
        Ok(found.iter().map(Into::into).collect())
    }

    /// The same while the text is being typed: what is then chosen is recorded, not each letter.
    pub fn suggest(
        &self,
        session: Arc<OperatorSession>,
        text: String,
    ) -> Result<Vec<DeskFound>, UnlockError> {
        let found = self.run(|desk| desk.suggest(&session.0, &text))?;
        Ok(found.iter().map(Into::into).collect())
    }

    /// A device and its owner.
    pub fn find_device(
        &self,
        session: Arc<OperatorSession>,
        device: String,
    ) -> Result<DeskFound, UnlockError> {
        let device = device_id(&device)?;
        Ok((&self.run(|desk| desk.find_device(&session.0, &device))?).into())
    }

    /// A user and all their devices.
    pub fn find_user(&self, session: Arc<OperatorSession>, user: String) -> Result<DeskFound, UnlockError> {
        let user = user_id(&user)?;
        Ok((&self.run(|desk| desk.find_user(&session.0, &user))?).into())
    }

    /// Opens a request. `reason`: reason or ticket; may be empty and come later.
    pub fn open_request(
        &self,
        session: Arc<OperatorSession>,
        user: String,
        device: String,
        reason: String,
    ) -> Result<DeskRequest, UnlockError> {
        let (user, device) = (user_id(&user)?, device_id(&device)?);
        let view = self.run(|desk| desk.open_request(&session.0, &user, &device, &reason))?;
        Ok((&view).into())
    }

    /// A request as it stands. `id`: as it was given, or as a person typed it.
    pub fn request(&self, session: Arc<OperatorSession>, id: String) -> Result<DeskRequest, UnlockError> {
        let id = request_id(&id)?;
        Ok((&self.run(|desk| desk.request(&session.0, id))?).into())
    }

    /// A page of requests that have not ended, oldest first. `after`: the last one of the page before.
    pub fn open_requests(
        &self,
        session: Arc<OperatorSession>,
        after: Option<RequestPlace>,
        limit: u32,
    ) -> Result<Vec<DeskRequest>, UnlockError> {
        let place = |place: RequestPlace| Ok((UnixTime(place.opened_at), request_id(&place.id)?));
        let after = after.map(place).transpose().map_err(|error: UnlockError| error)?;
        let views = self.run(|desk| desk.open_requests(&session.0, after, limit))?;
        Ok(views.iter().map(Into::into).collect())
    }

    /// Gives a request another reason. This voids an earlier approval.
    pub fn set_reason(
        &self,
        session: Arc<OperatorSession>,
        id: String,
        reason: String,
    ) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        self.run(|desk| desk.set_reason(&session.0, id, &reason))
    }

    /// Says to which channel of the user (`DeskChannel.id`) the code will go, before a second operator approves it;
    /// absent: it is shown. This voids an earlier approval.
    pub fn set_delivery(
        &self,
        session: Arc<OperatorSession>,
        id: String,
        channel: Option<String>,
    ) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        let delivery = channel.map_or(Delivery::Show, Delivery::Channel);
        self.run(|desk| desk.set_delivery(&session.0, id, &delivery))
    }

    /// Goes on with another operator's request. Verification and approval are void.
    pub fn take_over(&self, session: Arc<OperatorSession>, id: String) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        self.run(|desk| desk.take_over(&session.0, id))
    }

    /// Verifies the caller; `verifier` is called on this thread and may take long, such as for a push that
    /// the caller confirms: the desk serves others meanwhile. Its answer counts for the request as it was:
    /// number 406 where reason, caller or challenge has changed since, 414 where the request has expired,
    /// 415 where it was answered.
    pub fn verify_caller(
        &self,
        session: Arc<OperatorSession>,
        id: String,
        verifier: Arc<dyn CallerVerifier>,
    ) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        let (begun, task) = self.run(|desk| desk.begin_verification(&session.0, id))?;
        let answer = HostVerifier(verifier).verify(task);
        self.run(|desk| desk.finish_verification(&begun, &answer))
    }

    /// Takes the Device Challenge that the caller reads out, and checks it.
    pub fn enter_challenge(
        &self,
        session: Arc<OperatorSession>,
        id: String,
        challenge: String,
    ) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        self.run(|desk| desk.enter_challenge(&session.0, id, &challenge))
    }

    /// A second operator, who has signed in here, approves.
    pub fn approve(&self, session: Arc<OperatorSession>, id: String) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        self.run(|desk| desk.approve(&session.0, id))
    }

    /// Asks the host's own system whether a second operator has approved the request as it is now;
    /// `approver` is called on this thread; the desk serves others meanwhile. Number 409 while nobody has
    /// decided, 432 where they said no, 434 for an approval of something else, of the request before it
    /// changed meanwhile, or after a later ask has begun, 410, 435 or 436 where whoever approved may not.
    /// Each answer is recorded, and to ask voids an approval that was there: ask when there is an answer,
    /// not in a loop.
    pub fn ask_approval(
        &self,
        session: Arc<OperatorSession>,
        id: String,
        approver: Arc<dyn Approver>,
    ) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        let (begun, task) = self.run(|desk| desk.begin_approval(&session.0, id))?;
        let answer = HostApprover(approver).ask(task);
        self.run(|desk| desk.finish_approval(&begun, &answer))
    }

    /// Makes the Response Code. While the request lives, the same operator may have it made again, which is
    /// recorded and not counted. It crosses as text, which the host cannot wipe: show it and let it go.
    pub fn authorise(&self, session: Arc<OperatorSession>, id: String) -> Result<String, UnlockError> {
        let id = request_id(&id)?;
        match self.run(|desk| desk.authorise(&session.0, id, &Delivery::Show))? {
            GivenCode::Shown(code) => Ok(String::clone(&code.expose_code())),
            GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
        }
    }

    /// The same, sent to a channel of the user (`DeskChannel.id`); the operator
    /// never sees the code. The desk needs a `CodeDelivery`.
    pub fn authorise_to_channel(
        &self,
        session: Arc<OperatorSession>,
        id: String,
        channel: String,
    ) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        let delivery = Delivery::Channel(channel);
        match self.run(|desk| desk.authorise(&session.0, id, &delivery))? {
            GivenCode::Sent { .. } => Ok(()),
            GivenCode::Shown(_) => Err(ErrorCode::WrongState.into()),
        }
    }

    /// Records that the user has unlocked the device.
    pub fn done(&self, session: Arc<OperatorSession>, id: String) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        self.run(|desk| desk.done(&session.0, id))
    }

    /// Records that the unlock was given up. The code may still be good.
    pub fn abandon(&self, session: Arc<OperatorSession>, id: String) -> Result<(), UnlockError> {
        let id = request_id(&id)?;
        self.run(|desk| desk.abandon(&session.0, id))
    }

    /// Codes for a device that were given out and may still be good.
    pub fn open_codes(
        &self,
        session: Arc<OperatorSession>,
        device: String,
    ) -> Result<Vec<OpenCode>, UnlockError> {
        let device = device_id(&device)?;
        let codes = self.run(|desk| desk.open_codes(&session.0, &device))?;
        Ok(codes.iter().map(Into::into).collect())
    }

    /// A page of alarms that nobody has acknowledged, oldest first. `from`: the first number of the page.
    pub fn alarms(
        &self,
        session: Arc<OperatorSession>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<DeskAlarm>, UnlockError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let alarms = self.run(|desk| desk.alarms(&session.0, from, limit))?;
        Ok(alarms.iter().map(Into::into).collect())
    }

    /// Acknowledges an alarm: the desk then goes on with the counter that raised it. `note`: what was
    /// found out.
    pub fn acknowledge(
        &self,
        session: Arc<OperatorSession>,
        alarm: u64,
        note: String,
    ) -> Result<(), UnlockError> {
        self.run(|desk| desk.acknowledge(&session.0, alarm, &note))
    }
}
