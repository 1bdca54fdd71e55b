//! A code of each suite, from the key that serves the device, and what of it is written down.

use fido_unlock::desk::ports::{IssuerInfo, NoticeKind, Signer, SignerError};
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    CodeOutcome, Desk, DeviceKeys, KeyRing, NewDevice, OperatorSession, RequestId, SigningTask,
    SoftwareSigner,
};
use fido_unlock::suite::{DeviceSecretKey, DeviceVerifier, IssuerKey, IssuerPublicKey};
use fido_unlock::{
    AdminKey, Challenge, DeviceChallenge, DeviceId, ErrorCode, HasCode, Purpose, ResponseCode, Suite,
};
use fido_unlock_mock::desk::{MemoryStore, NextCommit, OneTimeCode, TestDesk};
use zeroize::Zeroizing;

use crate::house::{
    ADMIN, ANNA, House, SLOT, START, code_of, device, issuer, issuer_key, new_device, user_id,
};

const SUITES: [Suite; 3] = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];
/// The slot of the suite-2 key.
pub const SLOT_2: u8 = 2;
pub const ADMIN_KEY: [u8; 16] = *b"\x13\x9a\x4f\x02\xee\x51\x80\x3c\x6d\x77\x21\xb8\xd0\x05\xf1\x68";

/// Zoe's device of a suite.
pub const fn number(suite: Suite) -> u8 {
    match suite {
        Suite::P256Ecdsa => 1,
        Suite::P256EcdhMac => 12,
        Suite::AesAdminKey => 13,
    }
}

pub fn mac_key(seed: u8) -> IssuerKey {
    IssuerKey::from_p256_scalar(Suite::P256EcdhMac, &[seed; 32]).unwrap()
}

fn device_key() -> DeviceSecretKey {
    DeviceSecretKey::from_bytes(&[0x33; 32]).unwrap()
}

pub fn mac_device(number: u8, issuer: IssuerPublicKey) -> NewDevice {
    let device = device_key().public();
    NewDevice {
        slot: SLOT_2,
        keys: DeviceKeys::P256EcdhMac { issuer, device },
        ..new_device(number, "zoe")
    }
}

pub fn aes_device(number: u8, key: &[u8]) -> NewDevice {
    NewDevice {
        slot: 0,
        keys: DeviceKeys::AesAdminKey,
        admin_key: AdminKey::new(key),
        counter: None,
        ..new_device(number, "zoe")
    }
}

fn ring() -> KeyRing {
    let mut ring = KeyRing::new();
    ring.insert(SLOT, issuer_key()).unwrap();
    ring.insert(SLOT_2, mac_key(0x22)).unwrap();
    ring
}

fn info(key: &IssuerKey) -> IssuerInfo {
    IssuerInfo {
        slot: SLOT_2,
        suite: Suite::P256EcdhMac,
        public: key.public().unwrap(),
        retired: false,
    }
}

impl House {
    /// Zoe has a device of each suite.
    pub fn of_all_suites(self) -> Self {
        let mut house = self;
        house.desk = Desk::open(house.world.parts(ring())).unwrap();
        let admin = house.sign_in(ADMIN);
        let key = mac_key(0x22);
        house.desk.put_issuer(&admin, &info(&key)).unwrap();
        for device in [
            mac_device(number(Suite::P256EcdhMac), key.public().unwrap()),
            aes_device(number(Suite::AesAdminKey), &ADMIN_KEY),
        ] {
            house.desk.register_device(&admin, &device).unwrap();
        }
        house
    }

    pub fn ready_in(&mut self, session: &OperatorSession, suite: Suite, challenge: &Challenge) -> RequestId {
        let id = self.open(session, number(suite));
        self.verify(session, id).unwrap();
        self.desk.enter_read_challenge(session, id, challenge).unwrap();
        id
    }
}

pub fn challenge_of(suite: Suite, nonce: u8) -> Challenge {
    match suite {
        Suite::AesAdminKey => {
            let mut bytes = [0x77; 16];
            bytes[..14].copy_from_slice(&[nonce; 14]);
            Challenge::from_bytes(suite, &bytes).unwrap()
        }
        Suite::P256Ecdsa => Challenge::Line(DeviceChallenge::new(suite, SLOT, [nonce; 14], 0).unwrap()),
        Suite::P256EcdhMac => Challenge::Line(DeviceChallenge::new(suite, SLOT_2, [nonce; 14], 0).unwrap()),
    }
}

/// Whether zoe's device of this suite, enrolled with this suite-2 key, takes the code.
pub fn takes(suite: Suite, mac: &IssuerKey, challenge: &Challenge, code: &ResponseCode) -> bool {
    let (ecdsa, mac) = (issuer(), mac.public().unwrap());
    let (device_key, admin_key) = (device_key(), AdminKey::new(&ADMIN_KEY).unwrap());
    let verifier = match suite {
        Suite::P256Ecdsa => DeviceVerifier::P256Ecdsa { issuer: &ecdsa },
        Suite::P256EcdhMac => DeviceVerifier::P256EcdhMac {
            issuer: &mac,
            device_key: &device_key,
        },
        Suite::AesAdminKey => DeviceVerifier::AesAdminKey { key: &admin_key },
    };
    verifier.verify_response(Purpose::Authorise, device(number(suite)), challenge, code)
}

#[test]
fn from_the_search_to_done_in_each_suite() {
    for suite in SUITES {
        let mut house = House::new().of_all_suites();
        let anna = house.sign_in(ANNA);
        let key = device(number(suite));
        assert_eq!(
            house.desk.find_device(&anna, &key).unwrap().user.id,
            user_id("zoe")
        );
        let id = house.open(&anna, number(suite));
        let mut read_back = OneTimeCode::new("8812", "8812");
        house.desk.verify_caller(&anna, id, &mut read_back).unwrap();
        let shown = challenge_of(suite, 0x5A);
        let typed = shown.to_code().to_lowercase();
        house.desk.enter_challenge(&anna, id, &typed).unwrap();
        let code = house.code(&anna, id).unwrap();
        assert!(takes(suite, &mac_key(0x22), &shown, &code), "{suite:?}");
        let another = challenge_of(suite, 0x5B);
        assert!(!takes(suite, &mac_key(0x22), &another, &code), "{suite:?}");
        let open = house.desk.open_codes(&anna, &key).unwrap();
        assert_eq!((open.len(), open[0].outcome), (1, CodeOutcome::Open));
        house.desk.done(&anna, id).unwrap();
        while house.desk.send_notice().unwrap() {}
        let notices = house.world.outbox.notices();
        let told: Vec<_> = notices
            .iter()
            .map(|notice| (notice.kind, notice.user.as_str(), notice.device))
            .collect();
        assert_eq!(
            told,
            [
                (NoticeKind::CodeGiven, "zoe", Some(key)),
                (NoticeKind::Done, "zoe", Some(key))
            ]
        );
    }
}

#[test]
fn no_code_is_in_the_store_and_the_search_for_it_finds_one() {
    for suite in SUITES {
        let mut house = House::new().of_all_suites();
        let anna = house.sign_in(ANNA);
        let id = house.ready_in(&anna, suite, &challenge_of(suite, 9));
        let code = house.code(&anna, id).unwrap();
        let content = house.world.store.content();
        let mut raw = content.entries.concat();
        raw.extend(content.rows.values().flat_map(|(row, _)| row.clone()));
        raw.extend(content.nodes.into_values().flatten());
        raw.extend(content.tiles.into_values().flatten());
        let bytes = code.expose_bytes();
        let holds = |raw: &[u8]| raw.windows(bytes.len()).any(|window| window == bytes);
        assert!(!holds(&raw), "{suite:?}");
        assert!(!String::from_utf8_lossy(&raw).contains(code.expose_code().as_str()));
        raw.extend_from_slice(bytes);
        assert!(holds(&raw));
    }
}

/// A signer before which somebody looks at the store and says what becomes of the next commit.
struct Watched {
    signer: SoftwareSigner,
    store: MemoryStore,
    next: NextCommit,
}

impl Signer for Watched {
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        let last = self.store.content().entries.pop().unwrap();
        let last = fido_unlock::desk::record::DeskEntry::from_bytes(&last).unwrap();
        assert_eq!(last.event, DeskEvent::Authorised);
        assert_eq!(
            (last.request, last.device()),
            (Some(task.request()), Some(task.device()))
        );
        self.store.next_commit(self.next);
        self.signer.sign(task)
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.signer.check_admin_key(device, key)
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.signer.store_admin_key(device, key)
    }
}

/// A signer that works while something happens at another desk over the same store.
struct Meanwhile {
    signer: SoftwareSigner,
    other: Desk,
    act: fn(&mut Desk, &OperatorSession, &OperatorSession),
    admin: OperatorSession,
    anna: OperatorSession,
}

impl Signer for Meanwhile {
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        (self.act)(&mut self.other, &self.admin, &self.anna);
        self.signer.sign(task)
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.signer.check_admin_key(device, key)
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.signer.store_admin_key(device, key)
    }
}

/// Licence and switch are judged where the code is authorised and counted (docs/security.md); who is shown it has to be
/// signed in still.
#[test]
fn what_changes_while_the_signer_works_stops_the_next_code_and_the_end_of_a_session_this_one() {
    type Act = fn(&mut Desk, &OperatorSession, &OperatorSession);
    let cases: [(Act, Option<ErrorCode>, ErrorCode); 3] = [
        (
            |desk, admin, _| desk.set_service(admin, false).unwrap(),
            None,
            ErrorCode::ServiceOff,
        ),
        (
            |desk, admin, _| {
                desk.put_licence(admin, &TestDesk::licence(START, 0)).unwrap();
            },
            None,
            ErrorCode::LicenceDevices,
        ),
        (
            |desk, _, anna| desk.sign_out(anna).unwrap(),
            Some(ErrorCode::OperatorUnknown),
            ErrorCode::OperatorUnknown,
        ),
    ];
    for (act, refusal, next) in cases {
        let mut house = House::new();
        let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
        let id = house.ready(&anna, 1, 0xA1, 0);
        let mut parts = house.world.parts(ring());
        parts.signer = Box::new(Meanwhile {
            signer: SoftwareSigner::new(ring(), Box::new(house.world.admin_keys.clone())),
            other: Desk::open(house.world.parts(ring())).unwrap(),
            act,
            admin,
            anna: anna.clone(),
        });
        house.desk = Desk::open(parts).unwrap();
        let answer = house.code(&anna, id).map(drop);
        assert_eq!(answer.err().map(|error| error.code()), refusal);
        assert_eq!(
            house.count(DeskEvent::CodeMade),
            usize::from(refusal.is_none()),
            "{next:?}"
        );
        assert_eq!(code_of(house.code(&anna, id)), next);
    }
}

#[test]
fn the_signer_is_asked_behind_one_record_and_the_code_seen_behind_another() {
    let ends = [
        (NextCommit::Written, true),
        (NextCommit::AnswerLost, true),
        (NextCommit::Fails, false),
        (NextCommit::Lost, false),
    ];
    for (suite, (next, written)) in SUITES.into_iter().flat_map(|suite| ends.map(|end| (suite, end))) {
        let mut house = House::new().of_all_suites();
        let anna = house.sign_in(ANNA);
        let id = house.ready_in(&anna, suite, &challenge_of(suite, 9));
        let mut parts = house.world.parts(ring());
        parts.signer = Box::new(Watched {
            signer: SoftwareSigner::new(ring(), Box::new(house.world.admin_keys.clone())),
            store: house.world.store.clone(),
            next,
        });
        house.desk = Desk::open(parts).unwrap();
        match house.code(&anna, id) {
            Ok(code) => {
                assert!(written, "{suite:?} {next:?}");
                let last = house.entries().pop().unwrap();
                assert_eq!(
                    (last.event, last.code_sha256),
                    (DeskEvent::CodeMade, Some(code.sha256()))
                );
            }
            Err(error) => {
                assert!(!written, "{suite:?} {next:?}");
                assert_eq!(code_of::<()>(Err(error)), ErrorCode::StoreWrite);
                assert_eq!(house.count(DeskEvent::CodeMade), 0);
            }
        }
        // Another process finds the same, and makes what was authorised, which was counted once.
        house.desk = Desk::open(house.world.parts(ring())).unwrap();
        let open = |house: &mut House| {
            house
                .desk
                .open_codes(&anna, &device(number(suite)))
                .unwrap()
                .len()
        };
        assert_eq!(open(&mut house), usize::from(written), "{suite:?} {next:?}");
        house.code(&anna, id).unwrap();
        assert_eq!(open(&mut house), 1);
        assert_eq!(house.count(DeskEvent::Authorised), 1);
        house.desk.verify_audit(&[]).unwrap();
    }
}

#[test]
fn a_signer_that_fails_is_recorded_and_what_it_should_have_made_counts_once() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.desk = Desk::open(house.world.parts(KeyRing::new())).unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::KeyMissing);
    let refused = house.entries().pop().unwrap();
    assert_eq!(
        (refused.event, refused.error, refused.request),
        (DeskEvent::Refused, Some(ErrorCode::KeyMissing.number()), Some(id))
    );
    house.refused(ErrorCode::RequestUnknown, |desk| desk.done(&anna, id));
    house.reopen();
    house.code(&anna, id).unwrap();
    assert_eq!(house.count(DeskEvent::Authorised), 1);
}

#[test]
fn a_retired_key_serves_only_devices_that_were_not_rotated() {
    let mut house = House::new().of_all_suites();
    let (old, new) = (mac_key(0x22), mac_key(0x44));
    let mut rotated = ring();
    rotated.rotate(SLOT_2, mac_key(0x44)).unwrap();
    house.desk = Desk::open(house.world.parts(rotated)).unwrap();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    house.desk.put_issuer(&admin, &info(&new)).unwrap();
    let (suite, key) = (Suite::P256EcdhMac, device(number(Suite::P256EcdhMac)));
    let shown = challenge_of(suite, 9);
    let id = house.ready_in(&anna, suite, &shown);
    let code = house.code(&anna, id).unwrap();
    assert!(takes(suite, &old, &shown, &code));

    let late = mac_device(0x71, old.public().unwrap());
    house.refused(ErrorCode::KeyRetired, |desk| desk.register_device(&anna, &late));
    let (present, unknown) = (new.public().unwrap(), mac_key(0x55).public().unwrap());
    let refusals = [
        (present, 2, ErrorCode::InvalidArgument),
        (unknown, 1, ErrorCode::KeyMissing),
        (old.public().unwrap(), 1, ErrorCode::KeyRetired),
    ];
    for (issuer, rotation, code) in refusals {
        house.refused(code, |desk| desk.record_rotation(&anna, &key, issuer, rotation));
    }
    house.refused(ErrorCode::InvalidArgument, |desk| {
        desk.record_rotation(&anna, &device(number(Suite::AesAdminKey)), present, 1)
    });
    assert_eq!(house.desk.open_codes(&anna, &key).unwrap().len(), 1);
    house.desk.record_rotation(&anna, &key, present, 1).unwrap();
    // It dropped its pending challenge.
    assert!(house.desk.open_codes(&anna, &key).unwrap().is_empty());
    let device = house.desk.find_device(&anna, &key).unwrap().devices.remove(0);
    assert_eq!((device.rotation, device.keys.issuer()), (1, Some(&present)));
    // What was authorised for the old key is not made with the new one.
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::RequestUsed);
    let shown = challenge_of(suite, 4);
    let id = house.ready_in(&anna, suite, &shown);
    let code = house.code(&anna, id).unwrap();
    assert!(takes(suite, &new, &shown, &code) && !takes(suite, &old, &shown, &code));
}

/// A device has one nonce for all its slots and suites: another slot's challenge of it makes no code void, and one
/// that was answered for one device is answered for every suite.
#[test]
fn challenges_are_told_apart_by_their_nonce() {
    let mut house = House::new().of_all_suites();
    let anna = house.sign_in(ANNA);
    let (aes, key) = (Suite::AesAdminKey, device(number(Suite::AesAdminKey)));
    let shown = challenge_of(aes, 9);
    let first = house.ready_in(&anna, aes, &shown);
    house.code(&anna, first).unwrap();
    let mut of_slot_5 = shown.as_bytes().to_vec();
    of_slot_5[15] = of_slot_5[15] & 0xF0 | 5;
    let of_slot_5 = Challenge::from_bytes(aes, &of_slot_5).unwrap();
    for challenge in [of_slot_5, shown] {
        house.ready_in(&anna, aes, &challenge);
        let open = house.desk.open_codes(&anna, &key).unwrap();
        assert_eq!(
            (open.len(), open[0].outcome),
            (1, CodeOutcome::Open),
            "{challenge:?}"
        );
    }
    let mac = house.open(&anna, number(Suite::P256EcdhMac));
    let same = challenge_of(Suite::P256EcdhMac, 9);
    house.refused(ErrorCode::ChallengeElsewhere, |desk| {
        desk.enter_read_challenge(&anna, mac, &same)
    });
    house.desk.done(&anna, first).unwrap();
    assert!(house.desk.open_codes(&anna, &key).unwrap().is_empty());
}

#[test]
fn a_challenge_is_of_the_registered_suite_and_slot() {
    let mut house = House::new().of_all_suites();
    let anna = house.sign_in(ANNA);
    let line = |suite, slot| Challenge::Line(DeviceChallenge::new(suite, slot, [9; 14], 0).unwrap());
    let (ecdsa, mac, aes) = (Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey);
    for (suite, challenge, code) in [
        (mac, line(ecdsa, SLOT_2), ErrorCode::ChallengeSuite),
        (mac, line(mac, SLOT), ErrorCode::ChallengeSlot),
        (mac, challenge_of(aes, 9), ErrorCode::ChallengeSuite),
        (ecdsa, line(mac, SLOT), ErrorCode::ChallengeSuite),
        (ecdsa, line(ecdsa, 0), ErrorCode::ChallengeSlot),
        (aes, line(mac, 0), ErrorCode::ChallengeSuite),
    ] {
        let id = house.open(&anna, number(suite));
        house.refused(code, |desk| desk.enter_read_challenge(&anna, id, &challenge));
    }
    let id = house.open(&anna, number(mac));
    let mut typed = challenge_of(mac, 9).to_code();
    typed.replace_range(5..6, if typed.as_bytes()[5] == b'A' { "B" } else { "A" });
    house.refused(ErrorCode::CodeCheck, |desk| {
        let entered = desk.enter_challenge(&anna, id, &typed);
        let told = entered.as_ref().unwrap_err().to_string();
        assert!(told.contains("group 2"), "{told}");
        entered
    });
}
