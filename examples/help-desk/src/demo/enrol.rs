//! How the demonstration's devices come to the desk: enrolled with its key, or each with a key of its own, by suite.

use fido_unlock::desk::{Desk, DeviceKeys, DeviceLabel, NewDevice, UserId};
use fido_unlock::host::PlannedKey;
use fido_unlock::suite::IssuerPublicKey;
use fido_unlock::{AdminKey, ErrorCode};

use super::{SLOT, Session, VirtualKey, random};
use crate::refusal::Refusal;

/// Whose word unlocks the devices.
#[derive(Clone, Copy)]
pub(super) enum Issuer {
    /// Suite 1.
    P256Ecdsa(IssuerPublicKey),
    /// Suite 2.
    P256EcdhMac(IssuerPublicKey),
    /// Suite 3: each device has an admin key, which the desk keeps.
    AesAdminKey,
}

impl Issuer {
    /// The desk's key, where it has one for all.
    pub(super) const fn public(self) -> Option<IssuerPublicKey> {
        match self {
            Self::P256Ecdsa(public) | Self::P256EcdhMac(public) => Some(public),
            Self::AesAdminKey => None,
        }
    }

    /// Enrols a key, and registers it as its owner's.
    pub(super) fn register(
        self,
        desk: &mut Desk,
        session: &Session,
        key: &VirtualKey,
        owner: &UserId,
    ) -> Result<(), Refusal> {
        let admin_key = match self {
            Self::AesAdminKey => Some(AdminKey::new(&*random()?).ok_or(ErrorCode::KeyMissing)?),
            _ => None,
        };
        let planned = match (self, &admin_key) {
            (Self::P256Ecdsa(public), _) => PlannedKey::P256Ecdsa(public),
            (Self::P256EcdhMac(public), _) => PlannedKey::P256EcdhMac(public),
            (Self::AesAdminKey, admin_key) => {
                PlannedKey::AesAdminKey(admin_key.as_ref().ok_or(ErrorCode::KeyMissing)?)
            }
        };
        let enrolled = key.enroll(planned)?;
        let keys = match self {
            Self::P256Ecdsa(issuer) => DeviceKeys::P256Ecdsa { issuer },
            Self::P256EcdhMac(issuer) => DeviceKeys::P256EcdhMac {
                issuer,
                device: enrolled.device_key,
            },
            Self::AesAdminKey => DeviceKeys::AesAdminKey,
        };
        let has_slot = admin_key.is_none();
        let device = NewDevice {
            id: enrolled.device_id,
            owner: owner.clone(),
            slot: if has_slot { SLOT } else { 0 },
            keys,
            admin_key,
            counter: has_slot.then_some(0),
            rotation: 0,
            other_slots: Vec::new(),
            label: DeviceLabel::new("Virtual key"),
        };
        Ok(desk.register_device(session, &device)?)
    }
}
