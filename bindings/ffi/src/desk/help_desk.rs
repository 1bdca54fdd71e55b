//! An open help desk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::{Approver as _, CallerVerifier as _};
use fido_unlock::desk::{self, Delivery, GivenCode, RequestId};
use zeroize::Zeroizing;

use super::approver::HostApprover;
use super::checkpoint::{self, HostCheckpointSigner};
use super::ports::HostVerifier;
use super::storage::Faults;
use super::types::{device_id, operator_id, user_id};
use super::{
    Approver, AuditSummary, CallerVerifier, CheckpointSigner, Clock, DeskFound, DeskRequest, OpenCode,
    SignedCheckpoint,
};
use crate::UnlockError;

/// An operator who has signed in.
#[derive(uniffi::Object)]
pub struct OperatorSession(pub(super) desk::OperatorSession);

#[uniffi::export]
impl OperatorSession {
    /// Who.
    #[must_use]
    pub fn operator(&self) -> String {
        self.0.operator().to_string()
    }
}

/// An open help desk. Calls from several threads wait for each other, and each waits for the stores, the
/// signer and the other ports of the desk, whose answers are of one step with its record: a call from
/// within one of these is refused with number 802. `CallerVerifier` and `Approver` hold nobody up: while
/// they work the desk serves others, and they may call it themselves.
#[derive(uniffi::Object)]
pub struct HelpDesk {
    desk: Mutex<desk::HelpDesk>,
    /// Who is in a call now.
    caller: Mutex<Option<ThreadId>>,
    faults: Faults,
    clock: Option<Arc<dyn Clock>>,
}

/// The desk for one call.
struct Entered<'a> {
    desk: MutexGuard<'a, desk::HelpDesk>,
    caller: &'a Mutex<Option<ThreadId>>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl HelpDesk {
    pub(super) fn new(desk: desk::HelpDesk, faults: Faults, clock: Option<Arc<dyn Clock>>) -> Arc<Self> {
        Arc::new(Self {
            desk: Mutex::new(desk),
            caller: Mutex::new(None),
            faults,
            clock,
        })
    }

    /// The host's clock.
    pub(super) fn clock(&self) -> Option<&dyn Clock> {
        self.clock.as_deref()
    }

    /// One call. Where the desk refuses because a host port failed in a way that core cannot be told of,
    /// that is the error.
    pub(super) fn run<R, E: Into<UnlockError>>(
        &self,
        work: impl FnOnce(&mut desk::HelpDesk) -> Result<R, E>,
    ) -> Result<R, UnlockError> {
        let mut entered = self.enter()?;
        self.faults.take();
        let result = work(&mut entered.desk);
        let fault = self.faults.take();
        result.map_err(|error| fault.map_or_else(|| error.into(), Into::into))
    }

    fn enter(&self) -> Result<Entered<'_>, UnlockError> {
        let this = Some(thread::current().id());
        if *self.caller.lock().unwrap_or_else(PoisonError::into_inner) == this {
            return Err(ErrorCode::WrongState.into());
        }
        let desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = this;
        Ok(Entered {
            desk,
            caller: &self.caller,
        })
    }
}

#[uniffi::export]
impl HelpDesk {
    /// Signs an operator in; the password is wiped on this side.
    pub fn sign_in(&self, operator: String, password: String) -> Result<Arc<OperatorSession>, UnlockError> {
        let password = Zeroizing::new(password);
        let operator = operator_id(&operator)?;
        let session = self.run(|desk| desk.sign_in(&operator, &password))?;
        Ok(Arc::new(OperatorSession(session)))
    }

    /// Searches users by id or name; at most 50.
    pub fn search(&self, session: Arc<OperatorSession>, text: String) -> Result<Vec<DeskFound>, UnlockError> {
        let found = self.run(|desk| desk.search(&session.0, &text))?;
        Ok(found.iter().map(Into::into).collect())
    }

    /// Finds a device and its owner.
    pub fn find_device(
        &self,
        session: Arc<OperatorSession>,
        device: String,
    ) -> Result<DeskFound, UnlockError> {
        let device = device_id(&device)?;
        Ok((&self.run(|desk| desk.find_device(&session.0, &device))?).into())
    }

    /// Opens a request, which lives ten minutes. `reason`: reason or ticket.
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

    /// A request as it stands.
    pub fn request(&self, session: Arc<OperatorSession>, id: u64) -> Result<DeskRequest, UnlockError> {
        Ok((&self.run(|desk| desk.request(&session.0, RequestId::counted(id)))?).into())
    }

    /// Verifies the caller; `verifier` is called on this thread and may take long, such as for a push that
    /// the caller confirms: the desk serves others meanwhile. Its answer counts for the request as it was:
    /// number 406 where reason, caller or challenge has changed since, 414 where the request has expired,
    /// 415 where it was answered.
    pub fn verify_caller(
        &self,
        session: Arc<OperatorSession>,
        id: u64,
        verifier: Arc<dyn CallerVerifier>,
    ) -> Result<(), UnlockError> {
        let (begun, task) = self.run(|desk| desk.begin_verification(&session.0, RequestId::counted(id)))?;
        let answer = HostVerifier(verifier).verify(task);
        self.run(|desk| desk.finish_verification(begun, answer))
    }

    /// Takes the Device Challenge that the caller reads out, and checks it.
    pub fn enter_challenge(
        &self,
        session: Arc<OperatorSession>,
        id: u64,
        challenge: String,
    ) -> Result<(), UnlockError> {
        self.run(|desk| desk.enter_challenge(&session.0, RequestId::counted(id), &challenge))
    }

    /// A second operator, who has signed in here, approves.
    pub fn approve(&self, session: Arc<OperatorSession>, id: u64) -> Result<(), UnlockError> {
        self.run(|desk| desk.approve(&session.0, RequestId::counted(id)))
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
        id: u64,
        approver: Arc<dyn Approver>,
    ) -> Result<(), UnlockError> {
        let (begun, task) = self.run(|desk| desk.begin_approval(&session.0, RequestId::counted(id)))?;
        let answer = HostApprover(approver).ask(task);
        self.run(|desk| desk.finish_approval(begun, answer))
    }

    /// Makes the Response Code, once. It crosses as text, which the host cannot wipe: show it and let
    /// it go.
    pub fn authorise(&self, session: Arc<OperatorSession>, id: u64) -> Result<String, UnlockError> {
        let given = self.run(|desk| desk.authorise(&session.0, RequestId::counted(id), &Delivery::Show))?;
        match given {
            GivenCode::Shown(code) => Ok(String::clone(&code.expose_code())),
            GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
        }
    }

    /// The same, sent to a channel of the user (`DeskChannel.id`); the operator
    /// never sees the code. The desk needs a `CodeDelivery`.
    pub fn authorise_to_channel(
        &self,
        session: Arc<OperatorSession>,
        id: u64,
        channel: String,
    ) -> Result<(), UnlockError> {
        let delivery = Delivery::Channel(channel);
        match self.run(|desk| desk.authorise(&session.0, RequestId::counted(id), &delivery))? {
            GivenCode::Sent { .. } => Ok(()),
            GivenCode::Shown(_) => Err(ErrorCode::WrongState.into()),
        }
    }

    /// Records that the user has unlocked the device.
    pub fn done(&self, session: Arc<OperatorSession>, id: u64) -> Result<(), UnlockError> {
        self.run(|desk| desk.done(&session.0, RequestId::counted(id)))
    }

    /// Records that the unlock was given up. The code may still be good.
    pub fn abandon(&self, session: Arc<OperatorSession>, id: u64) -> Result<(), UnlockError> {
        self.run(|desk| desk.abandon(&session.0, RequestId::counted(id)))
    }

    /// Codes that were given out and may still be good.
    pub fn open_codes(&self, session: Arc<OperatorSession>) -> Result<Vec<OpenCode>, UnlockError> {
        let codes = self.run(|desk| desk.open_codes(&session.0, None))?;
        Ok(codes.iter().map(Into::into).collect())
    }

    /// Verifies the desk's own log.
    pub fn verify_audit(&self) -> Result<AuditSummary, UnlockError> {
        Ok(self.run(|desk| desk.verify_audit(&[], None))?.into())
    }

    /// The same, and compares it with checkpoints, 128 bytes each, that were kept elsewhere: number 705
    /// where a tail was cut off or the log rewritten. `public_key`: of the checkpoint signer, a compressed
    /// point of 33 bytes.
    pub fn verify_audit_against(
        &self,
        checkpoints: Vec<Vec<u8>>,
        public_key: Vec<u8>,
    ) -> Result<AuditSummary, UnlockError> {
        let (checkpoints, key) = (checkpoint::read(&checkpoints)?, checkpoint::key(&public_key)?);
        let report = self.run(|desk| desk.verify_audit(&checkpoints, Some(&key)))?;
        Ok(report.into())
    }

    /// Signs a checkpoint over all entries up to now. Keep it where the log's administrator cannot write.
    /// Number 611 where the key is also an issuer's.
    /// `signer` is called on this thread.
    pub fn checkpoint(
        &self,
        session: Arc<OperatorSession>,
        signer: Arc<dyn CheckpointSigner>,
    ) -> Result<SignedCheckpoint, UnlockError> {
        let signed = self.run(|desk| {
            let mut signer = HostCheckpointSigner::open(signer, self.faults.clone())?;
            Ok::<_, UnlockError>(desk.checkpoint(&session.0, &mut signer)?)
        })?;
        Ok(signed.into())
    }
}
