//! An open help desk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use fido_unlock::helpdesk::{self, Delivery, DeviceKeys, GivenCode, NewDevice, RequestId};
use fido_unlock::suite::{DevicePublicKey, IssuerPublicKey};
use fido_unlock::{AdminKey, ErrorCode};
use zeroize::Zeroizing;

use super::folder::operator_id;
use super::ports::HostVerifier;
use super::types::{device_id, user_id};
use super::{AuditSummary, CallerVerifier, DeskFound, DeskRequest, DeskUser, OpenCode};
use crate::{EnrolledDevice, IssuerKey, Suite, UnlockError};

/// An operator who has signed in.
#[derive(uniffi::Object)]
pub struct OperatorSession(helpdesk::OperatorSession);

#[uniffi::export]
impl OperatorSession {
    /// Who.
    #[must_use]
    pub fn operator(&self) -> String {
        self.0.operator().to_string()
    }
}

/// An open help desk. Calls from several threads wait for each other; one from within a callback of
/// the desk is refused with number 802.
#[derive(uniffi::Object)]
pub struct HelpDesk {
    desk: Mutex<helpdesk::HelpDesk>,
    /// Who is in a call now.
    caller: Mutex<Option<ThreadId>>,
}

/// The desk for one call.
struct Entered<'a> {
    desk: MutexGuard<'a, helpdesk::HelpDesk>,
    caller: &'a Mutex<Option<ThreadId>>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl HelpDesk {
    pub(super) fn new(desk: helpdesk::HelpDesk) -> Arc<Self> {
        Arc::new(Self {
            desk: Mutex::new(desk),
            caller: Mutex::new(None),
        })
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

impl HelpDesk {
    fn register(
        &self,
        session: &OperatorSession,
        owner: &str,
        device: &EnrolledDevice,
        slot: u8,
        keys: DeviceKeys,
        admin_key: Option<AdminKey>,
    ) -> Result<(), UnlockError> {
        let new = NewDevice {
            id: device_id(&device.device_id)?,
            owner: user_id(owner)?,
            slot,
            keys,
            // Suite 3's challenge names no counter.
            counter: admin_key.is_none().then_some(0),
            admin_key,
            rotation: 0,
        };
        Ok(self.enter()?.desk.register_device(&session.0, &new)?)
    }
}

fn device_keys(
    suite: Suite,
    issuer: IssuerPublicKey,
    device: &EnrolledDevice,
) -> Result<DeviceKeys, UnlockError> {
    match suite {
        Suite::P256Ecdsa => Ok(DeviceKeys::P256Ecdsa { issuer }),
        Suite::P256EcdhMac => {
            let device =
                DevicePublicKey::from_compressed(&device.device_key).map_err(|_| ErrorCode::InvalidPoint)?;
            Ok(DeviceKeys::P256EcdhMac { issuer, device })
        }
        Suite::AesAdminKey => Err(ErrorCode::InvalidArgument.into()),
    }
}

#[uniffi::export]
impl HelpDesk {
    /// Signs an operator in; the password is wiped on this side.
    pub fn sign_in(&self, operator: String, password: String) -> Result<Arc<OperatorSession>, UnlockError> {
        let password = Zeroizing::new(password);
        let session = self.enter()?.desk.sign_in(&operator_id(&operator)?, &password)?;
        Ok(Arc::new(OperatorSession(session)))
    }

    /// Adds a user or changes one.
    pub fn put_user(&self, session: Arc<OperatorSession>, user: DeskUser) -> Result<(), UnlockError> {
        Ok(self.enter()?.desk.put_user(&session.0, user.into_core()?)?)
    }

    /// Registers a device that was enrolled with `issuer` in `slot`. In suite 3 the admin key goes,
    /// wrapped, into the registry, and `slot` is not used.
    pub fn register_device(
        &self,
        session: Arc<OperatorSession>,
        owner: String,
        device: EnrolledDevice,
        slot: u8,
        issuer: Arc<IssuerKey>,
    ) -> Result<(), UnlockError> {
        let Some(admin_key) = issuer.0.expose_admin_key() else {
            let public = issuer.0.public().ok_or(ErrorCode::SignerSuite)?;
            let keys = device_keys(issuer.suite(), public, &device)?;
            return self.register(&session, &owner, &device, slot, keys, None);
        };
        let admin_key = AdminKey::new(Zeroizing::new(admin_key.expose_bytes().to_vec()));
        self.register(&session, &owner, &device, 0, DeviceKeys::AesAdminKey, admin_key)
    }

    /// Registers a device of suite 1 or 2 by the issuer's public key, a compressed point of 33 bytes,
    /// as a station without the issuer's key does.
    pub fn register_device_by_public_key(
        &self,
        session: Arc<OperatorSession>,
        owner: String,
        device: EnrolledDevice,
        slot: u8,
        suite: Suite,
        issuer: Vec<u8>,
    ) -> Result<(), UnlockError> {
        let issuer = IssuerPublicKey::from_compressed(&issuer).map_err(|_| ErrorCode::InvalidPoint)?;
        let keys = device_keys(suite, issuer, &device)?;
        self.register(&session, &owner, &device, slot, keys, None)
    }

    /// Takes a device out of use.
    pub fn retire_device(&self, session: Arc<OperatorSession>, device: String) -> Result<(), UnlockError> {
        let device = device_id(&device)?;
        Ok(self.enter()?.desk.retire_device(&session.0, &device)?)
    }

    /// Searches users by id or name; at most 50.
    pub fn search(&self, session: Arc<OperatorSession>, text: String) -> Result<Vec<DeskFound>, UnlockError> {
        let found = self.enter()?.desk.search(&session.0, &text)?;
        Ok(found.iter().map(Into::into).collect())
    }

    /// Finds a device and its owner.
    pub fn find_device(
        &self,
        session: Arc<OperatorSession>,
        device: String,
    ) -> Result<DeskFound, UnlockError> {
        let device = device_id(&device)?;
        Ok((&self.enter()?.desk.find_device(&session.0, &device)?).into())
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
        let view = self
            .enter()?
            .desk
            .open_request(&session.0, &user, &device, &reason)?;
        Ok((&view).into())
    }

    /// A request as it stands.
    pub fn request(&self, session: Arc<OperatorSession>, id: u64) -> Result<DeskRequest, UnlockError> {
        Ok((&self.enter()?.desk.request(&session.0, RequestId(id))?).into())
    }

    /// Verifies the caller; `verifier` is called on this thread.
    pub fn verify_caller(
        &self,
        session: Arc<OperatorSession>,
        id: u64,
        verifier: Arc<dyn CallerVerifier>,
    ) -> Result<(), UnlockError> {
        let mut verifier = HostVerifier(verifier);
        self.enter()?
            .desk
            .verify_caller(&session.0, RequestId(id), &mut verifier)?;
        Ok(())
    }

    /// Takes the Device Challenge that the caller reads out, and checks it.
    pub fn enter_challenge(
        &self,
        session: Arc<OperatorSession>,
        id: u64,
        challenge: String,
    ) -> Result<(), UnlockError> {
        self.enter()?
            .desk
            .enter_challenge(&session.0, RequestId(id), &challenge)?;
        Ok(())
    }

    /// A second operator approves.
    pub fn approve(&self, session: Arc<OperatorSession>, id: u64) -> Result<(), UnlockError> {
        self.enter()?.desk.approve(&session.0, RequestId(id))?;
        Ok(())
    }

    /// Makes the Response Code, once. It crosses as text, which the host cannot wipe: show it and let
    /// it go.
    pub fn authorise(&self, session: Arc<OperatorSession>, id: u64) -> Result<String, UnlockError> {
        let given = self
            .enter()?
            .desk
            .authorise(&session.0, RequestId(id), &Delivery::Show)?;
        match given {
            GivenCode::Shown(code) => Ok(String::clone(&code.expose_code())),
            GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
        }
    }

    /// Records that the user has unlocked the device.
    pub fn done(&self, session: Arc<OperatorSession>, id: u64) -> Result<(), UnlockError> {
        Ok(self.enter()?.desk.done(&session.0, RequestId(id))?)
    }

    /// Records that the unlock was given up. The code may still be good.
    pub fn abandon(&self, session: Arc<OperatorSession>, id: u64) -> Result<(), UnlockError> {
        Ok(self.enter()?.desk.abandon(&session.0, RequestId(id))?)
    }

    /// Codes that were given out and may still be good.
    pub fn open_codes(&self, session: Arc<OperatorSession>) -> Result<Vec<OpenCode>, UnlockError> {
        let codes = self.enter()?.desk.open_codes(&session.0, None)?;
        Ok(codes.iter().map(Into::into).collect())
    }

    /// Verifies the desk's own log.
    pub fn verify_audit(&self) -> Result<AuditSummary, UnlockError> {
        Ok(self.enter()?.desk.verify_audit(&[], None)?.into())
    }
}
