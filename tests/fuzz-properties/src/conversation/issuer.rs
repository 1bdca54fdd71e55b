//! The issuer's side: a device with a slot of each suite, and the right responses for it.

use std::sync::OnceLock;

use fido_unlock_host::framing::Interface;
use fido_unlock_host::{CtapUnlockDevice, EnrollPlan, PlannedKey, enroll};
use fido_unlock_mock::authenticator::SeededEntropy;
use fido_unlock_mock::flash::Flash;
use fido_unlock_mock::platform::{Platform, RelyingParty, StoredCredential};
use fido_unlock_protocol::ctap2::device_unlock::EnrollOptions;
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::suite::{AuthoriseFields, DevicePublicKey, IssuerKey};
use fido_unlock_protocol::{AdminKey, Challenge, DeviceId, Pin, Purpose, ResponseCode, Suite};

use super::{PINS, RP_ID};
use crate::virtual_device::Key;

/// A device that was enrolled, has a PIN, and one passkey.
pub struct Enrolled {
    pub flash: Flash,
    pub device_id: DeviceId,
    pub device_key: DevicePublicKey,
    pub credential: StoredCredential,
}

/// The key of a slot.
pub fn key(slot: u8) -> IssuerKey {
    match slot {
        0 => IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x11; 32]).unwrap(),
        1 => IssuerKey::from_p256_scalar(Suite::P256EcdhMac, &[0x22; 32]).unwrap(),
        _ => IssuerKey::admin_key(AdminKey::new(b"\x91an-admin-key!\x02\x03").unwrap()),
    }
}

impl Enrolled {
    /// Made once; `force_pin_change`: the option of that name.
    pub fn get(force_pin_change: bool) -> &'static Self {
        static MADE: [OnceLock<Enrolled>; 2] = [OnceLock::new(), OnceLock::new()];
        MADE[usize::from(force_pin_change)].get_or_init(|| Self::make(force_pin_change))
    }

    fn make(force_pin_change: bool) -> Self {
        let device = Key::new(|builder| builder);
        let mut entropy = SeededEntropy::new(3);
        let [one, two, three] = [0, 1, 2].map(key);
        let plan = EnrollPlan {
            slots: &[
                (0, PlannedKey::P256Ecdsa(one.public().unwrap())),
                (1, PlannedKey::P256EcdhMac(two.public().unwrap())),
                (2, PlannedKey::AesAdminKey(three.expose_admin_key().unwrap())),
            ],
            options: EnrollOptions {
                force_pin_change,
                ..EnrollOptions::default()
            },
            protocol: PinProtocol::Two,
            token: None,
        };
        let mut unlock_device = CtapUnlockDevice::new(device.wire(Interface::Fido));
        let enrolled = device
            .call(|call| enroll(&mut unlock_device, &plan, &mut entropy, call))
            .unwrap();
        let relying_party = RelyingParty::new(RP_ID);
        let ceremony = relying_party.begin("webauthn.create", &mut entropy).unwrap();
        let pin = Pin::new(PINS[0].into());
        let auth_data = device.call(|call| {
            let mut wire = device.wire(Interface::Fido);
            let mut platform = Platform::new(&mut wire, &mut entropy, call, PinProtocol::Two);
            platform.set_pin(&pin).unwrap();
            platform.make_credential(&ceremony, "user", &pin).unwrap()
        });
        Self {
            flash: device.store.with_flash(|flash| flash.clone()),
            device_id: enrolled.device_id,
            device_key: enrolled.device_key,
            credential: relying_party.register(&auth_data).unwrap(),
        }
    }

    /// The issuer's response; zeros where the slot's key is of another suite than the challenge, as on a device
    /// that was enrolled anew.
    pub fn respond(&self, slot: u8, purpose: Purpose, challenge: &Challenge) -> ResponseCode {
        let (issuer, suite) = (key(slot), challenge.suite());
        if issuer.suite() != suite {
            return ResponseCode::from_bytes(suite, &vec![0; suite.response_length()]).unwrap();
        }
        match challenge {
            Challenge::Aes(challenge) => issuer.respond_aes(challenge).unwrap(),
            Challenge::Line(challenge) => {
                let fields = AuthoriseFields {
                    purpose,
                    suite: issuer.suite(),
                    device_id: self.device_id,
                    issuer: issuer.public().unwrap(),
                    device_key: (issuer.suite() == Suite::P256EcdhMac).then_some(self.device_key),
                    challenge: *challenge,
                };
                issuer.respond(&fields).unwrap()
            }
        }
    }
}
