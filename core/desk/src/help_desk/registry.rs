//! Users, channels, devices, the service switch.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::suite::{IssuerPublicKey, Suite, aes_admin_key};
use fido_unlock_protocol::{AdminKey, DeviceId};

use super::{HelpDesk, about, by};
use crate::audit::{AuditEntry, AuditEvent};
use crate::challenge_check::low_16;
use crate::typed_text::composed;
use crate::{
    DeskError, DeviceKeys, DeviceSlot, OperatorSession, Privilege, RegisteredDevice, UnixTime, User,
    UserClass, UserId,
};

/// A device as enrolment left it.
pub struct NewDevice {
    /// Its Device ID.
    pub id: DeviceId,
    /// Its owner.
    pub owner: UserId,
    /// The slot, 0 to 15; 0 in suite 3.
    pub slot: u8,
    /// Suite and public keys.
    pub keys: DeviceKeys,
    /// The admin key: there in suite 3, `None` in the others.
    pub admin_key: Option<AdminKey>,
    /// The unlock counter, 0 after enrolment; `None` in suite 3.
    pub counter: Option<u32>,
    /// The slot's rotation number, 0 after enrolment.
    pub rotation: u32,
    /// Its other slots.
    pub other_slots: Vec<DeviceSlot>,
}

impl HelpDesk {
    /// Adds a user or changes one. A channel that is new or has another kind or address counts as
    /// changed now, whatever its [`changed_at`](crate::Channel::changed_at) says.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; clock; a store's error.
    pub fn put_user(&mut self, session: &OperatorSession, user: User) -> Result<(), DeskError> {
        let class = match user.class {
            UserClass::Ordinary => "ordinary",
            UserClass::Privileged => "privileged",
        };
        let event = AuditEvent::UserChanged;
        let context = about(event, session.operator(), None, Some(&user.id), None).detail(class);
        let result = self.try_put_user(session, user, &context);
        self.recorded(context, result)
    }

    fn try_put_user(
        &mut self,
        session: &OperatorSession,
        mut user: User,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let now = self.privileged(session, Privilege::Administer)?;
        user.name = composed(&user.name);
        let old = self
            .ports
            .directory
            .user(&user.id)?
            .map(|old| old.channels)
            .unwrap_or_default();
        self.append(context.clone())?;
        let channel_entry = |event, id: &str| {
            AuditEntry {
                event,
                ..context.clone()
            }
            .detail(id)
        };
        for channel in &mut user.channels {
            let same = old.iter().find(|old| {
                old.id == channel.id && old.kind == channel.kind && old.address == channel.address
            });
            channel.changed_at = same.map_or(now, |old| old.changed_at);
            if same.is_none() {
                self.append(channel_entry(AuditEvent::ChannelChanged, &channel.id))?;
            }
        }
        for gone in old
            .iter()
            .filter(|old| user.channels.iter().all(|new| new.id != old.id))
        {
            self.append(channel_entry(AuditEvent::ChannelRemoved, &gone.id))?;
        }
        Ok(self.ports.directory.put_user(&user)?)
    }

    /// Registers an enrolled device.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; licence, also
    /// [`ErrorCode::LicenceDevices`]; [`ErrorCode::UserUnknown`]; [`ErrorCode::DeviceExists`];
    /// [`ErrorCode::KeyMissing`] and [`ErrorCode::KeyRetired`] when the signer could not answer for
    /// its Q; [`ErrorCode::AdminKeyDefault`]; [`ErrorCode::AdminKeyShared`];
    /// [`ErrorCode::InvalidArgument`] when the fields do not fit the suite; clock; a store's error.
    pub fn register_device(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
    ) -> Result<(), DeskError> {
        let event = AuditEvent::DeviceRegistered;
        let context = AuditEntry {
            suite: Some(device.keys.suite().number()),
            slot: Some(device.slot),
            issuer: device.keys.issuer().map(IssuerPublicKey::hash),
            counter: device.counter.map(low_16),
            ..about(
                event,
                session.operator(),
                None,
                Some(&device.owner),
                Some(&device.id),
            )
        };
        let result = self.try_register(session, device, &context);
        self.recorded(context, result)
    }

    fn try_register(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let now = self.privileged(session, Privilege::ManageDevices)?;
        self.licensed(now, 1)?;
        self.ports
            .directory
            .user(&device.owner)?
            .ok_or(ErrorCode::UserUnknown)?;
        if self.ports.directory.device(&device.id)?.is_some() {
            return Err(ErrorCode::DeviceExists.into());
        }
        let aes = device.keys.suite() == Suite::AesAdminKey;
        let fits = device.admin_key.is_some() == aes
            && device.counter.is_none() == aes
            && device.slot <= if aes { 0 } else { 15 };
        if !fits {
            return Err(ErrorCode::InvalidArgument.into());
        }
        if let Some(key) = &device.admin_key {
            if aes_admin_key::is_known_default(key) {
                return Err(ErrorCode::AdminKeyDefault.into());
            }
            self.ports.signer.check_admin_key(&device.id, key)?;
        }
        if let Some(issuer) = device.keys.issuer() {
            self.serves(device.slot, device.keys.suite(), issuer)?;
        }
        self.append(context.clone())?;
        if let Some(key) = &device.admin_key {
            self.ports.signer.store_admin_key(&device.id, key)?;
        }
        Ok(self.ports.directory.put_device(&RegisteredDevice {
            id: device.id,
            owner: device.owner.clone(),
            slot: device.slot,
            keys: device.keys,
            counter: device.counter,
            rotation: device.rotation,
            registered_at: now,
            retired: false,
            other_slots: device.other_slots.clone(),
        })?)
    }

    /// The signer holds this key, and it is the slot's present one.
    fn serves(&self, slot: u8, suite: Suite, issuer: &IssuerPublicKey) -> Result<(), DeskError> {
        let issuers = self.ports.signer.issuers();
        let found = issuers
            .iter()
            .find(|info| info.public == *issuer && info.slot == slot);
        match found {
            None => Err(ErrorCode::KeyMissing.into()),
            Some(info) if info.suite != suite => Err(ErrorCode::SignerSuite.into()),
            Some(info) if info.retired => Err(ErrorCode::KeyRetired.into()),
            Some(_) => Ok(()),
        }
    }

    /// Records that a device took a new issuer key in its slot (`rotateIssuer`). From then on only
    /// the new key answers for it; the rotation has dropped its pending challenge.
    ///
    /// # Errors
    /// As [`HelpDesk::register_device`]; [`ErrorCode::DeviceUnknown`]; [`ErrorCode::DeviceRetired`];
    /// [`ErrorCode::InvalidArgument`] in suite 3, which has no rotation, and when `rotation` is not
    /// the next number.
    pub fn record_rotation(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        new_issuer: IssuerPublicKey,
        rotation: u32,
    ) -> Result<(), DeskError> {
        let event = AuditEvent::DeviceRotated;
        let context = AuditEntry {
            issuer: Some(new_issuer.hash()),
            ..about(event, session.operator(), None, None, Some(device))
        }
        .detail(&format!("rotation {rotation}"));
        let result = self.try_record_rotation(session, device, new_issuer, rotation, &context);
        self.recorded(context, result)
    }

    fn try_record_rotation(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        new_issuer: IssuerPublicKey,
        rotation: u32,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let mut device = self.managed_device(session, device)?;
        match &mut device.keys {
            DeviceKeys::P256Ecdsa { issuer } | DeviceKeys::P256EcdhMac { issuer, .. } => *issuer = new_issuer,
            DeviceKeys::AesAdminKey => return Err(ErrorCode::InvalidArgument.into()),
        }
        if device.rotation.checked_add(1) != Some(rotation) {
            return Err(ErrorCode::InvalidArgument.into());
        }
        self.serves(device.slot, device.keys.suite(), &new_issuer)?;
        self.append(AuditEntry {
            user: Some(device.owner.clone()),
            suite: Some(device.keys.suite().number()),
            slot: Some(device.slot),
            ..context.clone()
        })?;
        device.rotation = rotation;
        Ok(self.ports.directory.put_device(&device)?)
    }

    /// Takes a device out of use. It can no longer be unlocked.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`];
    /// [`ErrorCode::DeviceUnknown`]; [`ErrorCode::DeviceRetired`]; clock; a store's error.
    pub fn retire_device(&mut self, session: &OperatorSession, device: &DeviceId) -> Result<(), DeskError> {
        let context = about(
            AuditEvent::DeviceRetired,
            session.operator(),
            None,
            None,
            Some(device),
        );
        let result = self.try_retire(session, device, &context);
        self.recorded(context, result)
    }

    fn try_retire(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        let mut device = self.managed_device(session, device)?;
        self.append(AuditEntry {
            user: Some(device.owner.clone()),
            ..context.clone()
        })?;
        device.retired = true;
        Ok(self.ports.directory.put_device(&device)?)
    }

    fn managed_device(
        &self,
        session: &OperatorSession,
        device: &DeviceId,
    ) -> Result<RegisteredDevice, DeskError> {
        self.privileged(session, Privilege::ManageDevices)?;
        let device = self
            .ports
            .directory
            .device(device)?
            .ok_or(ErrorCode::DeviceUnknown)?;
        if device.retired {
            return Err(ErrorCode::DeviceRetired.into());
        }
        Ok(device)
    }

    /// Switches the service on or off.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`];
    /// [`ErrorCode::LicenceMissing`]; clock; a store's error.
    pub fn set_service(&mut self, session: &OperatorSession, on: bool) -> Result<(), DeskError> {
        let text = if on { "on" } else { "off" };
        let context = by(AuditEvent::ServiceSwitched, session.operator()).detail(text);
        let result = self.try_set_service(session, on, &context);
        self.recorded(context, result)
    }

    fn try_set_service(
        &mut self,
        session: &OperatorSession,
        on: bool,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        self.privileged(session, Privilege::Administer)?;
        if self.ports.licence.terms()?.is_none() {
            return Err(DeskError::Licence {
                code: ErrorCode::LicenceMissing,
                contact: self.policy.licence_contact.clone(),
            });
        }
        self.append(context.clone())?;
        Ok(self.ports.licence.set_service(on)?)
    }

    /// The current licence, for the console: valid until when, and whom to ask for a new one.
    ///
    /// # Errors
    /// As [`HelpDesk::may`].
    pub fn licence(&mut self, session: &OperatorSession) -> Result<Option<(UnixTime, String)>, DeskError> {
        self.signed_in(session)?;
        Ok(self
            .ports
            .licence
            .terms()?
            .map(|terms| (terms.valid_until, terms.contact)))
    }
}
