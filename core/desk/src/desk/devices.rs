//! Devices: registered, rotated, looked at, retired.

use alloc::vec::Vec;

use fido_unlock_protocol::suite::IssuerPublicKey;
use fido_unlock_protocol::{AdminKey, DeviceId};

#[cfg(doc)]
use fido_unlock_protocol::error::ErrorCode;

use super::Desk;
use crate::decide::{registry, service, who};
use crate::ports::SignerError;
use crate::record::DeskEvent;
use crate::{DeskError, DeviceSlot, NewDevice, OperatorSession, Privilege, UserId};

impl Desk {
    /// Registers an enrolled device.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; licence, also
    /// [`ErrorCode::LicenceDevices`]; [`ErrorCode::UserUnknown`]; [`ErrorCode::DeviceExists`];
    /// [`ErrorCode::KeyMissing`] and [`ErrorCode::KeyRetired`] when its Q is no present key of the desk;
    /// [`ErrorCode::ForeignIssuer`] when another slot has a key that is not the desk's; [`ErrorCode::AdminKeyDefault`];
    /// [`ErrorCode::AdminKeyShared`]; [`ErrorCode::InvalidArgument`] when the fields do not fit the suite; clock; a
    /// store's error.
    pub fn register_device(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
    ) -> Result<(), DeskError> {
        if let Some(key) = &device.admin_key {
            self.store_admin_key(session, device, key)?;
        }
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::register(step, session, device)
        })
    }

    /// Registers enrolled devices in one transaction, in their order; one that is refused keeps no other out, and its
    /// refusal is recorded. Give some hundreds at a time: others wait meanwhile.
    ///
    /// # Errors
    /// Where nothing was registered: clock, a store's error. In the list: as [`Desk::register_device`].
    pub fn register_devices(
        &mut self,
        session: &OperatorSession,
        devices: &[NewDevice],
    ) -> Result<Vec<Result<(), DeskError>>, DeskError> {
        let event = DeskEvent::DeviceRegistered;
        let mut keys = Vec::with_capacity(devices.len());
        for device in devices {
            keys.push(match &device.admin_key {
                Some(key) => self.store_admin_key(session, device, key),
                None => Ok(()),
            });
        }
        self.step(event, |step| {
            who::privileged(step, session, Privilege::ManageDevices)?;
            let about = step.about.clone();
            let mut done = Vec::with_capacity(devices.len());
            for (device, key) in devices.iter().zip(keys) {
                step.about = about.clone();
                // A refusal of its key was recorded.
                let registered = key.and_then(|()| {
                    let registered = registry::register(step, session, device);
                    registered.inspect_err(|error| step.record_refusal(error))
                });
                done.push(registered);
            }
            step.about = about;
            Ok(done)
        })
    }

    /// What [`Desk::register_devices`] would answer now: each is judged as if those before it were registered. Nothing is
    /// changed, and nothing is recorded.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; clock; a store's error. In the list: as
    /// [`Desk::register_device`].
    pub fn try_devices(
        &mut self,
        session: &OperatorSession,
        devices: &[NewDevice],
    ) -> Result<Vec<Result<(), DeskError>>, DeskError> {
        let check = |device: &NewDevice| match &device.admin_key {
            Some(key) => self.parts.signer.check_admin_key(&device.id, key),
            None => Ok(()),
        };
        let keys: Vec<_> = devices.iter().map(check).collect();
        self.step(DeskEvent::DeviceRegistered, |step| {
            who::privileged(step, session, Privilege::ManageDevices)?;
            let (head, about) = (step.head().clone(), step.about.clone());
            let mut judged = Vec::with_capacity(devices.len());
            for (device, key) in devices.iter().zip(keys) {
                step.about = about.clone();
                let registered = registry::register(step, session, device);
                judged.push(match registered.and_then(|()| Ok(key?)) {
                    // That the store cannot be trusted is no matter of one device.
                    Err(error @ DeskError::Storage(_)) => return Err(error),
                    judged => judged,
                });
            }
            step.forget(&head);
            Ok(judged)
        })
    }

    /// Registers enrolled devices in one transaction, all or none. Give some hundreds at a time: others wait meanwhile.
    ///
    /// # Errors
    /// That of the first device that is refused, as [`Desk::register_device`].
    pub fn register_all(
        &mut self,
        session: &OperatorSession,
        devices: &[NewDevice],
    ) -> Result<(), DeskError> {
        for device in devices {
            if let Some(key) = &device.admin_key {
                self.store_admin_key(session, device, key)?;
            }
        }
        self.step(DeskEvent::DeviceRegistered, |step| {
            who::privileged(step, session, Privilege::ManageDevices)?;
            let about = step.about.clone();
            devices.iter().try_for_each(|device| {
                step.about = about.clone();
                registry::register(step, session, device)
            })
        })
    }

    /// Stored before the device is registered: a key without a device does no harm, a device without its key could not be
    /// unlocked. Asked before it is stored: whoever may not register the device, or one that is there, would take the
    /// key of it away.
    fn store_admin_key(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
        key: &AdminKey,
    ) -> Result<(), DeskError> {
        self.try_registering(session, device)?;
        let stored = self.parts.signer.store_admin_key(&device.id, key);
        stored.or_else(|error| self.no_admin_key(session, device, error))
    }

    /// Whether [`Desk::register_device`] would register it now; nothing is changed.
    ///
    /// # Errors
    /// As [`Desk::register_device`].
    pub fn may_register(&mut self, session: &OperatorSession, device: &NewDevice) -> Result<(), DeskError> {
        self.try_registering(session, device)?;
        let Some(key) = &device.admin_key else {
            return Ok(());
        };
        let checked = self.parts.signer.check_admin_key(&device.id, key);
        checked.or_else(|error| self.no_admin_key(session, device, error))
    }

    /// Whether one device more may be registered for this user: before it is enrolled, which cannot be taken back. What is
    /// missing is told in this order: privilege, licence, user.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; licence, also
    /// [`ErrorCode::LicenceDevices`]; [`ErrorCode::UserUnknown`]; clock; a store's error.
    pub fn may_enroll(&mut self, session: &OperatorSession, owner: &UserId) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::has_place(step, session, owner)
        })
    }

    fn try_registering(&mut self, session: &OperatorSession, device: &NewDevice) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::may_register(step, session, device)
        })
    }

    /// Records that the signer does not take a device's admin key.
    fn no_admin_key(
        &mut self,
        session: &OperatorSession,
        device: &NewDevice,
        error: SignerError,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRegistered, |step| {
            registry::may_register(step, session, device)?;
            Err(error.into())
        })
    }

    /// Records that a device took a new issuer key in its slot (`rotateIssuer`). From then on only the new key answers
    /// for it.
    ///
    /// # Errors
    /// As [`Desk::register_device`]; [`ErrorCode::DeviceUnknown`]; [`ErrorCode::DeviceRetired`];
    /// [`ErrorCode::InvalidArgument`] in suite 3, which has no rotation, and when `rotation` is not the next number.
    pub fn record_rotation(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        new_issuer: IssuerPublicKey,
        rotation: u32,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRotated, |step| {
            registry::rotated(step, session, device, new_issuer, rotation)
        })
    }

    /// Records what a program that saw a device found in its slots.
    ///
    /// # Errors
    /// [`ErrorCode::ForeignIssuer`] when one has a key that is not the desk's, which is recorded; as
    /// [`Desk::retire_device`].
    pub fn slots_seen(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        slots: &[DeviceSlot],
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::SlotsSeen, |step| {
            registry::slots_seen(step, session, device, slots)
        })
    }

    /// Takes a device out of use. It can no longer be unlocked.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::ManageDevices`]; [`ErrorCode::DeviceUnknown`];
    /// [`ErrorCode::DeviceRetired`]; clock; a store's error.
    pub fn retire_device(&mut self, session: &OperatorSession, device: &DeviceId) -> Result<(), DeskError> {
        self.step(DeskEvent::DeviceRetired, |step| {
            registry::retire(step, session, device)
        })
    }

    /// Records that a device's forgotten PIN is about to be blocked on purpose; to be called before it is done.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`]; clock; a store's error.
    pub fn record_pin_block(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
    ) -> Result<(), DeskError> {
        self.step(DeskEvent::PinBlocked, |step| {
            service::pin_block(step, session, device)
        })
    }
}
