//! The registry of users and devices, as a host keeps it.

use std::sync::Arc;

use fido_unlock::DeviceId;
use fido_unlock::desk::ports::{self, StorageError as CoreStorageError};
use fido_unlock::desk::{self, DeviceKeys, UnixTime, User, UserId};
use fido_unlock::suite::{DevicePublicKey, IssuerPublicKey};

use super::storage::corrupt;
use super::{DeskUser, RegisteredDevice, StorageError};
use crate::Suite;

/// Users and devices in the host's own database. Changes come from the desk, which records each in the
/// audit log first; what the desk wrote must come back as it was.
#[uniffi::export(with_foreign)]
pub trait Directory: Send + Sync {
    /// The user with this id.
    fn user(&self, id: String) -> Result<Option<DeskUser>, StorageError>;

    /// Users whose id or name contains `text`, in any case; all of them where it is empty. More than
    /// `limit` are cut off, by id.
    fn search_users(&self, text: String, limit: u32) -> Result<Vec<DeskUser>, StorageError>;

    /// The device with this Device ID, in use or retired.
    fn device(&self, device_id: String) -> Result<Option<RegisteredDevice>, StorageError>;

    /// A user's devices, in use or retired.
    fn devices_of(&self, user: String) -> Result<Vec<RegisteredDevice>, StorageError>;

    /// How many devices are in use.
    fn devices_in_use(&self) -> Result<u32, StorageError>;

    /// Adds a user or replaces the one with the same id. It is on disk when this returns.
    fn put_user(&self, user: DeskUser) -> Result<(), StorageError>;

    /// Adds a device or replaces the one with the same Device ID. It is on disk when this returns.
    fn put_device(&self, device: RegisteredDevice) -> Result<(), StorageError>;
}

impl From<&desk::RegisteredDevice> for RegisteredDevice {
    fn from(device: &desk::RegisteredDevice) -> Self {
        let device_key = match &device.keys {
            DeviceKeys::P256EcdhMac { device, .. } => Some(device.as_compressed().to_vec()),
            DeviceKeys::P256Ecdsa { .. } | DeviceKeys::AesAdminKey => None,
        };
        Self {
            device_id: device.id.to_code(),
            owner: device.owner.to_string(),
            slot: device.slot,
            suite: device.keys.suite().into(),
            issuer: device.keys.issuer().map(|issuer| issuer.as_compressed().to_vec()),
            device_key,
            counter: device.counter,
            rotation: device.rotation,
            registered_at: device.registered_at.0,
            retired: device.retired,
        }
    }
}

impl RegisteredDevice {
    /// `None` where a field is none of its kind.
    pub(super) fn to_core(&self) -> Option<desk::RegisteredDevice> {
        let issuer = || IssuerPublicKey::from_compressed(self.issuer.as_ref()?).ok();
        let keys = match self.suite {
            Suite::P256Ecdsa => DeviceKeys::P256Ecdsa { issuer: issuer()? },
            Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
                issuer: issuer()?,
                device: DevicePublicKey::from_compressed(self.device_key.as_ref()?).ok()?,
            },
            Suite::AesAdminKey => DeviceKeys::AesAdminKey,
        };
        let aes = self.suite == Suite::AesAdminKey;
        let fits = self.counter.is_none() == aes && self.slot <= if aes { 0 } else { 15 };
        fits.then_some(desk::RegisteredDevice {
            id: DeviceId::parse(&self.device_id).ok()?,
            owner: UserId::new(&self.owner)?,
            slot: self.slot,
            keys,
            counter: self.counter,
            rotation: self.rotation,
            registered_at: UnixTime(self.registered_at),
            other_slots: Vec::new(),
            retired: self.retired,
        })
    }
}

/// [`Directory`] as core's port. What the host gives is not taken on trust: another user's or device's
/// data under this id would unlock the wrong person's key.
pub(crate) struct HostDirectory(pub Arc<dyn Directory>);

fn user(found: DeskUser) -> Result<User, CoreStorageError> {
    found.into_core().map_err(|_| corrupt("user"))
}

fn device(found: &RegisteredDevice) -> Result<desk::RegisteredDevice, CoreStorageError> {
    found.to_core().ok_or_else(|| corrupt("registered device"))
}

impl ports::Directory for HostDirectory {
    fn user(&self, id: &UserId) -> Result<Option<User>, CoreStorageError> {
        let found = self.0.user(id.to_string())?.map(user).transpose()?;
        match found {
            Some(other) if other.id != *id => Err(corrupt("user")),
            found => Ok(found),
        }
    }

    fn search_users(&self, text: &str, limit: usize) -> Result<Vec<User>, CoreStorageError> {
        let most = u32::try_from(limit).unwrap_or(u32::MAX);
        let found = self.0.search_users(text.to_owned(), most)?;
        let mut users = found.into_iter().map(user).collect::<Result<Vec<_>, _>>()?;
        users.sort_by(|one, other| one.id.cmp(&other.id));
        users.truncate(limit);
        Ok(users)
    }

    fn device(&self, id: &DeviceId) -> Result<Option<desk::RegisteredDevice>, CoreStorageError> {
        let found = self.0.device(id.to_code())?;
        match found.as_ref().map(device).transpose()? {
            Some(other) if other.id != *id => Err(corrupt("registered device")),
            found => Ok(found),
        }
    }

    fn devices_of(&self, user: &UserId) -> Result<Vec<desk::RegisteredDevice>, CoreStorageError> {
        let found = self.0.devices_of(user.to_string())?;
        let mut devices = found.iter().map(device).collect::<Result<Vec<_>, _>>()?;
        if devices.iter().any(|device| device.owner != *user) {
            return Err(corrupt("registered device"));
        }
        devices.sort_by_key(|device| device.id);
        Ok(devices)
    }

    fn devices_in_use(&self) -> Result<u32, CoreStorageError> {
        Ok(self.0.devices_in_use()?)
    }

    fn put_user(&mut self, user: &User) -> Result<(), CoreStorageError> {
        Ok(self.0.put_user(user.into())?)
    }

    fn put_device(&mut self, device: &desk::RegisteredDevice) -> Result<(), CoreStorageError> {
        Ok(self.0.put_device(device.into())?)
    }
}
