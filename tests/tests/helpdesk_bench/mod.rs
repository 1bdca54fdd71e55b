//! A desk in memory with operators, two users and a device of each suite.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use fido_unlock::desk::ports::{AdminKeyStore, Directory};
use fido_unlock::desk::{
    Channel, ChannelKind, Delivery, DeskError, DeskPolicy, DeviceKeys, GivenCode, HelpDesk, KeyRing,
    OperatorId, OperatorSession, Privilege, RegisteredDevice, RequestId, Role, UnixTime, User, UserClass,
    UserId,
};
use fido_unlock::suite::{DeviceSecretKey, DeviceVerifier, IssuerKey};
use fido_unlock::{
    AdminKey, Challenge, DeviceChallenge, DeviceId, ErrorCode, HasCode, Purpose, ResponseCode, Suite,
};
use fido_unlock_mock::desk::{MemoryDesk, OneTimeCode};

/// 2026-09-21T14:13:20Z.
pub const START: u64 = 1_790_000_000;
pub const DAY: u64 = 24 * 60 * 60;
pub const CHALLENGE_NONCE: [u8; 14] = [0x5A; 14];
pub const ADMIN_KEY: [u8; 16] = *b"\x13\x9a\x4f\x02\xee\x51\x80\x3c\x6d\x77\x21\xb8\xd0\x05\xf1\x68";
/// The slot of the suite-1 and of the suite-2 key.
pub const SLOT_1: u8 = 1;
pub const SLOT_2: u8 = 2;

pub fn issuer_key(suite: Suite, seed: u8) -> IssuerKey {
    IssuerKey::from_p256_scalar(suite, &[seed; 32]).unwrap()
}

pub struct Bench {
    pub stores: MemoryDesk,
    pub policy: DeskPolicy,
    pub alice: UserId,
    /// Privileged.
    pub boss: UserId,
}

impl Bench {
    pub fn new() -> Self {
        let stores = MemoryDesk::new(START);
        let operators = &stores.operators;
        operators
            .put("admin", "pw-admin", &[Role::Administrator], &[])
            .unwrap();
        operators
            .put("dsa", "pw-dsa", &[Role::DeviceServiceAdministrator], &[])
            .unwrap();
        operators
            .put("desk-1", "pw-desk-1", &[], &[Privilege::Unlock])
            .unwrap();
        operators
            .put("desk-2", "pw-desk-2", &[], &[Privilege::Unlock])
            .unwrap();
        operators
            .put("nobody", "pw-nobody", &[], &[Privilege::Downloads])
            .unwrap();
        let alice = UserId::new("alice").unwrap();
        let boss = UserId::new("boss").unwrap();
        let bench = Self {
            stores,
            policy: DeskPolicy::default(),
            alice,
            boss,
        };
        bench.put_user(&bench.alice, "Alice A.", UserClass::Ordinary);
        bench.put_user(&bench.boss, "Bea B.", UserClass::Privileged);
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            bench.put_device(bench.device(suite), &bench.alice, suite);
        }
        bench.put_device(bench.boss_device(), &bench.boss, Suite::P256EcdhMac);
        let mut admin_keys = bench.stores.admin_keys.clone();
        admin_keys
            .put(&bench.device(Suite::AesAdminKey), &admin_key())
            .unwrap();
        bench
    }

    fn put_user(&self, id: &UserId, name: &str, class: UserClass) {
        let channel = Channel {
            id: "mail".into(),
            kind: ChannelKind::Mail,
            address: format!("{id}@corp.example"),
            changed_at: UnixTime(START - 30 * DAY),
        };
        let user = User {
            id: id.clone(),
            name: name.into(),
            class,
            channels: vec![channel],
        };
        self.stores.directory.clone().put_user(&user).unwrap();
    }

    pub fn put_device(&self, id: DeviceId, owner: &UserId, suite: Suite) {
        let device = RegisteredDevice {
            id,
            owner: owner.clone(),
            slot: slot(suite),
            keys: self.keys(suite),
            counter: (suite != Suite::AesAdminKey).then_some(0),
            rotation: 0,
            registered_at: UnixTime(START - 30 * DAY),
            other_slots: Vec::new(),
            retired: false,
        };
        self.stores.directory.clone().put_device(&device).unwrap();
    }

    pub fn keys(&self, suite: Suite) -> DeviceKeys {
        match suite {
            Suite::P256Ecdsa => DeviceKeys::P256Ecdsa {
                issuer: issuer_key(suite, 0x11).public().unwrap(),
            },
            Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
                issuer: issuer_key(suite, 0x22).public().unwrap(),
                device: device_key().public(),
            },
            Suite::AesAdminKey => DeviceKeys::AesAdminKey,
        }
    }

    /// Alice's device of this suite.
    pub fn device(&self, suite: Suite) -> DeviceId {
        DeviceId::from_bytes([suite.number(); 10])
    }

    /// The privileged user's device, of suite 2.
    pub fn boss_device(&self) -> DeviceId {
        DeviceId::from_bytes([0xB0; 10])
    }

    pub fn ring(&self) -> KeyRing {
        let mut ring = KeyRing::new();
        ring.insert(SLOT_1, issuer_key(Suite::P256Ecdsa, 0x11)).unwrap();
        ring.insert(SLOT_2, issuer_key(Suite::P256EcdhMac, 0x22)).unwrap();
        ring
    }

    /// A desk over the stores; called again it stands for a restart.
    pub fn desk(&self) -> HelpDesk {
        HelpDesk::open(self.stores.ports(self.ring()), self.policy.clone()).unwrap()
    }

    pub fn sign_in(&self, desk: &mut HelpDesk, operator: &str) -> OperatorSession {
        let id = OperatorId::new(operator).unwrap();
        desk.sign_in(&id, &format!("pw-{operator}")).unwrap()
    }

    pub fn challenge(&self, suite: Suite, counter: u32, nonce: [u8; 14]) -> Challenge {
        match suite {
            Suite::AesAdminKey => {
                let mut bytes = [0x77; 16];
                bytes[..14].copy_from_slice(&nonce);
                Challenge::from_bytes(suite, &bytes).unwrap()
            }
            _ => Challenge::Line(DeviceChallenge::new(suite, slot(suite), nonce, counter).unwrap()),
        }
    }

    /// Whether Alice's device of this suite takes the code.
    pub fn device_accepts(&self, suite: Suite, challenge: &Challenge, code: &ResponseCode) -> bool {
        let keys = self.keys(suite);
        let (device_key, admin_key) = (device_key(), admin_key());
        let verifier = match &keys {
            DeviceKeys::P256Ecdsa { issuer } => DeviceVerifier::P256Ecdsa { issuer },
            DeviceKeys::P256EcdhMac { issuer, .. } => DeviceVerifier::P256EcdhMac {
                issuer,
                device_key: &device_key,
            },
            DeviceKeys::AesAdminKey => DeviceVerifier::AesAdminKey { key: &admin_key },
        };
        verifier.verify_response(Purpose::Authorise, self.device(suite), challenge, code)
    }

    /// A request of Alice's with caller and challenge, ready for a code.
    pub fn ready(
        &self,
        desk: &mut HelpDesk,
        session: &OperatorSession,
        suite: Suite,
        counter: u32,
        nonce: [u8; 14],
    ) -> Result<RequestId, DeskError> {
        let request = desk.open_request(session, &self.alice, &self.device(suite), "ticket 17")?;
        desk.verify_caller(session, request.id, &mut OneTimeCode::new("8812", "8812"))?;
        desk.enter_read_challenge(session, request.id, &self.challenge(suite, counter, nonce))?;
        Ok(request.id)
    }

    /// The whole way to a code for Alice.
    pub fn code(
        &self,
        desk: &mut HelpDesk,
        session: &OperatorSession,
        suite: Suite,
        counter: u32,
        nonce: [u8; 14],
    ) -> (RequestId, ResponseCode) {
        let id = self.ready(desk, session, suite, counter, nonce).unwrap();
        match desk.authorise(session, id, &Delivery::Show).unwrap() {
            GivenCode::Shown(code) => (id, code),
            GivenCode::Sent { .. } => panic!("sent"),
        }
    }
}

pub fn slot(suite: Suite) -> u8 {
    match suite {
        Suite::P256Ecdsa => SLOT_1,
        Suite::P256EcdhMac => SLOT_2,
        Suite::AesAdminKey => 0,
    }
}

pub fn device_key() -> DeviceSecretKey {
    DeviceSecretKey::from_bytes(&[0x33; 32]).unwrap()
}

pub fn admin_key() -> AdminKey {
    AdminKey::new(&ADMIN_KEY).unwrap()
}

/// Checks that it was refused with this row, and that the newest audit entry says so.
pub fn assert_refused<T>(desk: &HelpDesk, result: Result<T, DeskError>, code: ErrorCode) {
    let Err(error) = result else {
        panic!("not refused, expected {code:?}")
    };
    assert_eq!(error.code(), code, "{error:?}");
    let entries = desk.audit_entries().unwrap();
    let (last, _) = entries.last().unwrap();
    assert_eq!(
        last.event,
        fido_unlock::desk::audit::AuditEvent::Refused,
        "{code:?}"
    );
    assert_eq!(last.error, Some(code.number()));
}
