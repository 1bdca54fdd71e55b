//! What an Administrator does at the desk: users, devices, alarms, the service switch.

use std::sync::Arc;

use fido_unlock::desk::{DeviceKeys, NewDevice};
use fido_unlock::suite::{DevicePublicKey, IssuerPublicKey};
use fido_unlock::{AdminKey, ErrorCode};
use zeroize::Zeroizing;

use super::types::{device_id, operator_id, user_id};
use super::{DeskAlarm, DeskUser, HelpDesk, OperatorSession};
use crate::{EnrolledDevice, IssuerKey, Suite, UnlockError};

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
            other_slots: Vec::new(),
        };
        self.run(|desk| desk.register_device(&session.0, &new))
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
    /// Adds a user or changes one.
    pub fn put_user(&self, session: Arc<OperatorSession>, user: DeskUser) -> Result<(), UnlockError> {
        let user = user.into_core()?;
        self.run(|desk| desk.put_user(&session.0, user))
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
        let admin_key = AdminKey::new(admin_key.expose_bytes());
        self.register(&session, &owner, &device, 0, DeviceKeys::AesAdminKey, admin_key)
    }

    /// Registers a device of suite 1 or 2 by the issuer's public key, a compressed point of 33 bytes,
    /// as an enrolment station without the issuer's key does.
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
        self.run(|desk| desk.retire_device(&session.0, &device))
    }

    /// Records that a device took a new issuer key, a compressed point of 33 bytes, in its slot. From then
    /// on only the new key answers for it. `rotation`: the slot's new rotation number.
    pub fn record_rotation(
        &self,
        session: Arc<OperatorSession>,
        device: String,
        new_issuer: Vec<u8>,
        rotation: u32,
    ) -> Result<(), UnlockError> {
        let device = device_id(&device)?;
        let issuer = IssuerPublicKey::from_compressed(&new_issuer).map_err(|_| ErrorCode::InvalidPoint)?;
        self.run(|desk| desk.record_rotation(&session.0, &device, issuer, rotation))
    }

    /// Alarms that nobody has acknowledged.
    pub fn alarms(&self, session: Arc<OperatorSession>) -> Result<Vec<DeskAlarm>, UnlockError> {
        let alarms = self.run(|desk| desk.alarms(&session.0))?;
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

    /// Switches the service on or off.
    pub fn set_service(&self, session: Arc<OperatorSession>, on: bool) -> Result<(), UnlockError> {
        self.run(|desk| desk.set_service(&session.0, on))
    }

    /// Accepts a clock that is behind the log because it was too far ahead before. Every open request is
    /// dropped; codes counted under the wrong time stay counted. `note`: what happened. The password is
    /// wiped on this side.
    pub fn accept_clock(&self, operator: String, password: String, note: String) -> Result<(), UnlockError> {
        let password = Zeroizing::new(password);
        let operator = operator_id(&operator)?;
        // The log would begin again in 1970 with a clock that fails.
        if let Some(clock) = self.clock() {
            clock.now()?;
        }
        self.run(|desk| desk.accept_clock(&operator, &password, &note))
    }
}
