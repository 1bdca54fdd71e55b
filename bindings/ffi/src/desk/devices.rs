//! Devices, issuers' keys, the licence, and what happens beside the desk.

use std::sync::Arc;

use fido_unlock::desk::{self, DeviceKeys, KeyEvent, LicenceFile};
use fido_unlock::{AdminKey, ErrorCode};

use super::checkpoint::HostNoteSigner;
use super::types::{device_id, user_id};
use super::{CheckpointSigner, HelpDesk, IssuerInfo, OperatorSession};
use crate::issuer_prover::{device_key, issuer_key};
use crate::{IssuerKey, Suite, UnlockError};

/// A slot of a device beside the registered one.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeviceSlot {
    /// Its number, 0 to 15.
    pub slot: u8,
    /// Its suite.
    pub suite: Suite,
    /// Q as a compressed point of 33 bytes; absent in suite 3.
    pub issuer: Option<Vec<u8>>,
    /// How often the slot was given a new key.
    pub rotation: u32,
}

impl DeviceSlot {
    fn to_core(&self) -> Result<desk::DeviceSlot, UnlockError> {
        Ok(desk::DeviceSlot {
            slot: self.slot,
            suite: self.suite.into(),
            issuer: self.issuer.as_deref().map(issuer_key).transpose()?,
            rotation: self.rotation,
        })
    }
}

impl From<&desk::DeviceSlot> for DeviceSlot {
    fn from(slot: &desk::DeviceSlot) -> Self {
        Self {
            slot: slot.slot,
            suite: slot.suite.into(),
            issuer: slot.issuer.map(|issuer| issuer.as_compressed().to_vec()),
            rotation: slot.rotation,
        }
    }
}

fn slots(slots: &[DeviceSlot]) -> Result<Vec<desk::DeviceSlot>, UnlockError> {
    slots.iter().map(DeviceSlot::to_core).collect()
}

/// A device as enrolment left it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NewDevice {
    /// `EnrolledDevice.device_id`.
    pub device_id: String,
    /// Its owner's id.
    pub owner: String,
    /// The suite of the slot that the desk is to unlock by.
    pub suite: Suite,
    /// That slot, 0 to 15; of no meaning in suite 3.
    pub slot: u8,
    /// Q of the slot, a compressed point of 33 bytes; absent in suite 3.
    pub issuer: Option<Vec<u8>>,
    /// `EnrolledDevice.device_key`; of use in suite 2 alone.
    pub device_key: Option<Vec<u8>>,
    /// Its other slots: whoever has a key of one of them could unlock the device too.
    pub other_slots: Vec<DeviceSlot>,
    /// The unlock counter, 0 after enrolment; of no meaning in suite 3.
    #[uniffi(default = 0)]
    pub counter: u32,
    /// The slot's rotation number, 0 after enrolment.
    #[uniffi(default = 0)]
    pub rotation: u32,
    /// What people call it, such as its product: 1 to 128 bytes.
    #[uniffi(default = None)]
    pub label: Option<String>,
}

impl NewDevice {
    fn to_core(&self, admin_key: Option<&IssuerKey>) -> Result<desk::NewDevice, UnlockError> {
        let issuer = || issuer_key(self.issuer.as_deref().unwrap_or_default());
        let keys = match self.suite {
            Suite::P256Ecdsa => DeviceKeys::P256Ecdsa { issuer: issuer()? },
            Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
                issuer: issuer()?,
                device: device_key(self.device_key.as_deref().unwrap_or_default())?,
            },
            Suite::AesAdminKey => DeviceKeys::AesAdminKey,
        };
        let aes = self.suite == Suite::AesAdminKey;
        let admin_key = match admin_key {
            Some(key) => {
                let key = key.0.expose_admin_key().ok_or(ErrorCode::SignerSuite)?;
                AdminKey::new(key.expose_bytes())
            }
            None => None,
        };
        Ok(desk::NewDevice {
            id: device_id(&self.device_id)?,
            owner: user_id(&self.owner)?,
            slot: if aes { 0 } else { self.slot },
            keys,
            admin_key,
            // Suite 3's challenge names no counter.
            counter: (!aes).then_some(self.counter),
            rotation: self.rotation,
            other_slots: slots(&self.other_slots)?,
            label: match &self.label {
                Some(label) => Some(desk::DeviceLabel::new(label).ok_or(ErrorCode::InvalidArgument)?),
                None => None,
            },
        })
    }
}

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskLicence {
    /// By whom.
    pub holder: String,
    /// How many devices in use may be registered.
    pub devices: u32,
    /// The last second in which it is valid, since 1970-01-01 UTC.
    pub valid_until: u64,
    /// Whom to ask for a new one: a name, address or telephone number.
    pub contact: String,
}

impl From<LicenceFile> for DeskLicence {
    fn from(licence: LicenceFile) -> Self {
        Self {
            holder: licence.holder,
            devices: licence.devices,
            valid_until: licence.valid_until.0,
            contact: licence.contact,
        }
    }
}

/// What happens to issuers' keys beside the desk.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum IssuerKeyEvent {
    /// A key was made, or rotated into a slot.
    Made {
        /// The slot, 0 to 15.
        slot: u8,
        /// Q as a compressed point of 33 bytes.
        public_key: Vec<u8>,
    },
    /// The keys were backed up.
    BackedUp,
    /// The keys were restored.
    Restored,
}

#[uniffi::export]
impl HelpDesk {
    /// Registers an enrolled device. `admin_key`: of a device of suite 3, which the signer takes, wrapped.
    pub fn register_device(
        &self,
        session: Arc<OperatorSession>,
        device: NewDevice,
        admin_key: Option<Arc<IssuerKey>>,
    ) -> Result<(), UnlockError> {
        let device = device.to_core(admin_key.as_deref())?;
        self.run(|desk| desk.register_device(&session.0, &device))
    }

    /// Whether `register_device` would register it now; nothing is changed.
    pub fn may_register(
        &self,
        session: Arc<OperatorSession>,
        device: NewDevice,
        admin_key: Option<Arc<IssuerKey>>,
    ) -> Result<(), UnlockError> {
        let device = device.to_core(admin_key.as_deref())?;
        self.run(|desk| desk.may_register(&session.0, &device))
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
        let (device, issuer) = (device_id(&device)?, issuer_key(&new_issuer)?);
        self.run(|desk| desk.record_rotation(&session.0, &device, issuer, rotation))
    }

    /// Records what a program that saw a device found in its slots. Number 112 where one has a key that is
    /// not the desk's, which is recorded.
    pub fn slots_seen(
        &self,
        session: Arc<OperatorSession>,
        device: String,
        seen: Vec<DeviceSlot>,
    ) -> Result<(), UnlockError> {
        let (device, seen) = (device_id(&device)?, slots(&seen)?);
        self.run(|desk| desk.slots_seen(&session.0, &device, &seen))
    }

    /// Takes a device out of use. It can no longer be unlocked.
    pub fn retire_device(&self, session: Arc<OperatorSession>, device: String) -> Result<(), UnlockError> {
        let device = device_id(&device)?;
        self.run(|desk| desk.retire_device(&session.0, &device))
    }

    /// Enters the public key of an issuer that the signer holds: into an empty slot, or in place of the
    /// present one, which is then retired.
    pub fn put_issuer(&self, session: Arc<OperatorSession>, info: IssuerInfo) -> Result<(), UnlockError> {
        let info = info.to_core()?;
        self.run(|desk| desk.put_issuer(&session.0, &info))
    }

    /// All issuers' public keys, by slot, the present one of a slot before its retired ones, newest first.
    pub fn issuers(&self, session: Arc<OperatorSession>) -> Result<Vec<IssuerInfo>, UnlockError> {
        let issuers = self.run(|desk| desk.issuers(&session.0))?;
        Ok(issuers.iter().map(Into::into).collect())
    }

    /// The same as a text signed by `signer`, the key of the log's checkpoints, for programs that see devices and not
    /// the desk (`read_issuer_list`); number 601 where there is no issuer's key. `signer` is called on this thread.
    pub fn signed_issuers(
        &self,
        session: Arc<OperatorSession>,
        signer: Arc<dyn CheckpointSigner>,
    ) -> Result<String, UnlockError> {
        let mut signer = HostNoteSigner::open(signer)?;
        let note = self.run(|desk| desk.signed_issuers(&session.0, &mut signer))?;
        Ok(note.to_text())
    }

    /// Records what an Administrator does to the issuers' keys beside the desk; to be called before it is done.
    pub fn record_key_event(
        &self,
        session: Arc<OperatorSession>,
        event: IssuerKeyEvent,
    ) -> Result<(), UnlockError> {
        let event = match event {
            IssuerKeyEvent::Made { slot, public_key } => KeyEvent::Made {
                slot,
                public: issuer_key(&public_key)?,
            },
            IssuerKeyEvent::BackedUp => KeyEvent::BackedUp,
            IssuerKeyEvent::Restored => KeyEvent::Restored,
        };
        self.run(|desk| desk.record_key_event(&session.0, event))
    }

    /// Puts a licence in: the vendor's signed file. Number 444 if the vendor has not signed it.
    pub fn put_licence(
        &self,
        session: Arc<OperatorSession>,
        file: String,
    ) -> Result<DeskLicence, UnlockError> {
        Ok(self.run(|desk| desk.put_licence(&session.0, &file))?.into())
    }

    /// The licence as it stands.
    pub fn licence(&self, session: Arc<OperatorSession>) -> Result<Option<DeskLicence>, UnlockError> {
        Ok(self.run(|desk| desk.licence(&session.0))?.map(Into::into))
    }

    /// Switches the service on or off.
    pub fn set_service(&self, session: Arc<OperatorSession>, on: bool) -> Result<(), UnlockError> {
        self.run(|desk| desk.set_service(&session.0, on))
    }

    /// Records that a device's forgotten PIN is about to be blocked on purpose; to be called before it is done.
    pub fn record_pin_block(&self, session: Arc<OperatorSession>, device: String) -> Result<(), UnlockError> {
        let device = device_id(&device)?;
        self.run(|desk| desk.record_pin_block(&session.0, &device))
    }

    /// Records that an operator fetched a program for users. `name`: which.
    pub fn record_download(&self, session: Arc<OperatorSession>, name: String) -> Result<(), UnlockError> {
        self.run(|desk| desk.record_download(&session.0, &name))
    }
}
