//! `directory.json`: users and devices.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fido_unlock_desk::ports::{Directory, StorageError};
use fido_unlock_desk::{
    Channel, ChannelKind, DeviceKeys, RegisteredDevice, UnixTime, User, UserClass, UserId,
};
use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey};
use serde::{Deserialize, Serialize};

use crate::hex::{self, corrupt};
use crate::json_file::{self, WriterLock};

/// The registry, held in memory and written as a whole at each change.
#[derive(Debug)]
pub struct FileDirectory {
    path: PathBuf,
    users: BTreeMap<UserId, User>,
    devices: BTreeMap<DeviceId, RegisteredDevice>,
    _lock: WriterLock,
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    users: Vec<StoredUser>,
    devices: Vec<StoredDevice>,
}

#[derive(Serialize, Deserialize)]
struct StoredUser {
    id: String,
    name: String,
    privileged: bool,
    channels: Vec<StoredChannel>,
}

#[derive(Serialize, Deserialize)]
struct StoredChannel {
    id: String,
    kind: StoredKind,
    address: String,
    changed_at: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredKind {
    Mail,
    TextMessage,
    Telephone,
    Agent,
}

#[derive(Serialize, Deserialize)]
struct StoredDevice {
    id: String,
    owner: String,
    suite: u8,
    slot: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<u32>,
    rotation: u32,
    registered_at: u64,
    retired: bool,
}

impl FileDirectory {
    /// Opens the registry and takes its lock; a missing file is an empty registry.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when another process has it; [`StorageError`] when it cannot be read.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let lock = WriterLock::take(path)?;
        let stored: Stored = json_file::read(path)?.unwrap_or_default();
        let users = stored
            .users
            .iter()
            .map(read_user)
            .collect::<Result<Vec<_>, _>>()?;
        let devices = stored
            .devices
            .iter()
            .map(read_device)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            users: users.into_iter().map(|user| (user.id.clone(), user)).collect(),
            devices: devices.into_iter().map(|device| (device.id, device)).collect(),
            _lock: lock,
        })
    }

    fn save(&self) -> Result<(), StorageError> {
        let users = self.users.values().map(store_user).collect::<Result<_, _>>()?;
        let devices = self.devices.values().map(store_device).collect();
        json_file::replace(&self.path, &Stored { users, devices })
    }
}

fn store_user(user: &User) -> Result<StoredUser, StorageError> {
    let channel = |channel: &Channel| {
        let kind = match channel.kind {
            ChannelKind::Mail => StoredKind::Mail,
            ChannelKind::TextMessage => StoredKind::TextMessage,
            ChannelKind::Telephone => StoredKind::Telephone,
            ChannelKind::Agent => StoredKind::Agent,
            _ => return Err(corrupt("channel kind")),
        };
        Ok(StoredChannel {
            id: channel.id.clone(),
            kind,
            address: channel.address.clone(),
            changed_at: channel.changed_at.0,
        })
    };
    Ok(StoredUser {
        id: user.id.as_str().into(),
        name: user.name.clone(),
        privileged: user.class == UserClass::Privileged,
        channels: user.channels.iter().map(channel).collect::<Result<_, _>>()?,
    })
}

fn read_user(stored: &StoredUser) -> Result<User, StorageError> {
    let channel = |stored: &StoredChannel| Channel {
        id: stored.id.clone(),
        kind: match stored.kind {
            StoredKind::Mail => ChannelKind::Mail,
            StoredKind::TextMessage => ChannelKind::TextMessage,
            StoredKind::Telephone => ChannelKind::Telephone,
            StoredKind::Agent => ChannelKind::Agent,
        },
        address: stored.address.clone(),
        changed_at: UnixTime(stored.changed_at),
    };
    Ok(User {
        id: UserId::new(&stored.id).ok_or_else(|| corrupt("user id"))?,
        name: stored.name.clone(),
        class: if stored.privileged {
            UserClass::Privileged
        } else {
            UserClass::Ordinary
        },
        channels: stored.channels.iter().map(channel).collect(),
    })
}

fn store_device(device: &RegisteredDevice) -> StoredDevice {
    let device_key = match &device.keys {
        DeviceKeys::P256EcdhMac { device, .. } => Some(hex::encode(device.as_compressed())),
        DeviceKeys::P256Ecdsa { .. } | DeviceKeys::AesAdminKey => None,
    };
    StoredDevice {
        id: hex::encode(device.id.as_bytes()),
        owner: device.owner.as_str().into(),
        suite: device.keys.suite().number(),
        slot: device.slot,
        issuer: device
            .keys
            .issuer()
            .map(|issuer| hex::encode(issuer.as_compressed())),
        device_key,
        counter: device.counter,
        rotation: device.rotation,
        registered_at: device.registered_at.0,
        retired: device.retired,
    }
}

fn read_device(stored: &StoredDevice) -> Result<RegisteredDevice, StorageError> {
    let issuer = stored.issuer.as_deref().map(read_issuer).transpose()?;
    let device_key = stored.device_key.as_deref().map(read_device_key).transpose()?;
    let keys = match (stored.suite, issuer, device_key) {
        (1, Some(issuer), None) => DeviceKeys::P256Ecdsa { issuer },
        (2, Some(issuer), Some(device)) => DeviceKeys::P256EcdhMac { issuer, device },
        (3, None, None) => DeviceKeys::AesAdminKey,
        _ => return Err(corrupt("suite and keys of a device")),
    };
    Ok(RegisteredDevice {
        id: DeviceId::from_bytes(hex::decode_array("Device ID", &stored.id)?),
        owner: UserId::new(&stored.owner).ok_or_else(|| corrupt("owner"))?,
        slot: stored.slot,
        keys,
        counter: stored.counter,
        rotation: stored.rotation,
        registered_at: UnixTime(stored.registered_at),
        other_slots: Vec::new(),
        retired: stored.retired,
    })
}

fn read_issuer(text: &str) -> Result<IssuerPublicKey, StorageError> {
    IssuerPublicKey::from_compressed(&hex::decode("issuer key", text)?).map_err(|_| corrupt("issuer key"))
}

fn read_device_key(text: &str) -> Result<DevicePublicKey, StorageError> {
    DevicePublicKey::from_compressed(&hex::decode("device key", text)?).map_err(|_| corrupt("device key"))
}

impl Directory for FileDirectory {
    fn user(&self, id: &UserId) -> Result<Option<User>, StorageError> {
        Ok(self.users.get(id).cloned())
    }

    fn search_users(&self, text: &str, limit: usize) -> Result<Vec<User>, StorageError> {
        let text = text.to_lowercase();
        let hit = |user: &&User| {
            user.id.as_str().to_lowercase().contains(&text) || user.name.to_lowercase().contains(&text)
        };
        Ok(self.users.values().filter(hit).take(limit).cloned().collect())
    }

    fn device(&self, id: &DeviceId) -> Result<Option<RegisteredDevice>, StorageError> {
        Ok(self.devices.get(id).cloned())
    }

    fn devices_of(&self, user: &UserId) -> Result<Vec<RegisteredDevice>, StorageError> {
        let own = |device: &&RegisteredDevice| device.owner == *user;
        Ok(self.devices.values().filter(own).cloned().collect())
    }

    fn devices_in_use(&self) -> Result<u32, StorageError> {
        let count = self.devices.values().filter(|device| !device.retired).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn put_user(&mut self, user: &User) -> Result<(), StorageError> {
        let old = self.users.insert(user.id.clone(), user.clone());
        self.save().inspect_err(|_| {
            match old {
                Some(old) => self.users.insert(user.id.clone(), old),
                None => self.users.remove(&user.id),
            };
        })
    }

    fn put_device(&mut self, device: &RegisteredDevice) -> Result<(), StorageError> {
        let old = self.devices.insert(device.id, device.clone());
        self.save().inspect_err(|_| {
            match old {
                Some(old) => self.devices.insert(device.id, old),
                None => self.devices.remove(&device.id),
            };
        })
    }
}
