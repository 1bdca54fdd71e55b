//! What needs ports of one's own: a PIN that is unblocked in the middle of an `unlock`, and a flash
//! that cannot be read.

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::device::ports::{
    ClientPin, PinState, Presence, UnlockCommit, UnlockStore, UnlockStoreError, UserPresence,
};
use fido_unlock::device::{Ports, UnlockHandler};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{Challenge, DeviceChallenge, DeviceId, Purpose, Suite};
use fido_unlock_tests::bare::{UnlockParts, split};
use fido_unlock_tests::{NEW_PIN, issuer_key};
use getrandom::SysRng;

#[derive(Default)]
struct FakeStore {
    record: Option<Vec<u8>>,
    broken: bool,
    commits: u32,
}

impl UnlockStore for FakeStore {
    fn load(&self) -> Result<Option<Vec<u8>>, UnlockStoreError> {
        if self.broken {
            Err(UnlockStoreError)
        } else {
            Ok(self.record.clone())
        }
    }

    fn store(&mut self, record: &[u8]) -> Result<(), UnlockStoreError> {
        self.record = Some(record.to_vec());
        Ok(())
    }

    fn commit_unlock(&mut self, commit: &UnlockCommit<'_>) -> Result<(), UnlockStoreError> {
        self.commits += 1;
        self.store(commit.record)
    }
}

struct FakePin {
    pin_set: bool,
    /// `pinRetries` at each look; the last one stays.
    retries: std::cell::RefCell<Vec<u8>>,
    after_unlock: u32,
}

impl ClientPin for FakePin {
    fn pin_state(&self) -> PinState {
        let mut retries = self.retries.borrow_mut();
        let pin_retries = if retries.len() > 1 {
            retries.remove(0)
        } else {
            retries[0]
        };
        PinState {
            pin_set: self.pin_set,
            pin_retries,
            pin_auth_blocked: false,
            uv_retries: Some(0),
            protocols: vec![PinProtocol::Two],
            min_pin_length: 4,
            max_pin_length: 63,
            force_pin_change: false,
            pin_complexity_policy: false,
            max_msg_size: 1200,
            has_credentials: false,
        }
    }

    fn verify_acfg_token(&mut self, _: PinProtocol, _: &[u8], _: &[u8]) -> Result<(), CtapStatus> {
        Err(CtapStatus::PinAuthInvalid)
    }

    fn pin_allowed(&self, _: &[u8]) -> bool {
        true
    }

    fn pin_hash(&self) -> Option<[u8; 16]> {
        None
    }

    fn after_unlock(&mut self) {
        self.after_unlock += 1;
    }
}

struct NoButton;

impl UserPresence for NoButton {
    fn can_touch(&self) -> bool {
        false
    }

    fn wait_for_touch(&mut self) -> Presence {
        panic!("a device without a button is not asked");
    }

    fn freshly_powered(&self) -> bool {
        false
    }
}

struct Fake {
    unlock: UnlockHandler,
    store: FakeStore,
    pin: FakePin,
}

impl Fake {
    fn new() -> Self {
        Self {
            unlock: UnlockHandler::new(),
            store: FakeStore::default(),
            pin: FakePin {
                pin_set: false,
                retries: vec![8].into(),
                after_unlock: 0,
            },
        }
    }

    fn send(&mut self, message: &[u8]) -> (u8, Option<fido_unlock::ctap2::cbor::Value>) {
        let mut ports = Ports {
            store: &mut self.store,
            client_pin: &mut self.pin,
            presence: &mut NoButton,
            entropy: &mut SysRng,
            counter: None,
        };
        split(&self.unlock.handle(Interface::Fido, &message[1..], &mut ports))
    }

    /// Enrolled in suite 1 and blocked, with all that an unlock consists of.
    fn blocked() -> (Self, UnlockParts) {
        Self::blocked_by(&issuer_key(Suite::P256Ecdsa))
    }

    fn blocked_by(issuer: &IssuerKey) -> (Self, UnlockParts) {
        use fido_unlock::ctap2::device_unlock::{
            ChallengeRequest, ChallengeResponse, EnrollKey, EnrollOptions, EnrollRequest, EnrollSlot,
        };
        let mut fake = Self::new();
        let enroll = EnrollRequest {
            slots: vec![EnrollSlot {
                slot: 1,
                key: EnrollKey::P256Ecdsa(issuer.public().unwrap()),
            }],
            options: EnrollOptions::default(),
            protocol: None,
            platform_key: None,
            pin_uv_auth_param: None,
        };
        assert_eq!(fake.send(&enroll.to_message()).0, 0);
        fake.pin.pin_set = true;
        fake.pin.retries = vec![0].into();
        let protocol = PinProtocol::Two;
        let request = ChallengeRequest {
            slot: 1,
            protocol,
            renew: false,
        };
        let answer = ChallengeResponse::from_value(&fake.send(&request.to_message()).1.unwrap()).unwrap();
        let Challenge::Line(line) = answer.challenge else {
            panic!()
        };
        let response = issuer.respond(&fields(issuer, answer.device_id, line)).unwrap();
        let (platform_key, secret) =
            fido_unlock::pin_protocol::encapsulate(protocol, &answer.key_agreement, &mut SysRng).unwrap();
        let parts = UnlockParts {
            challenge: line.as_bytes().to_vec(),
            response: response.expose_bytes().to_vec(),
            protocol,
            protocol_number: 2,
            platform_key,
            secret,
            padded_pin: fido_unlock::pin_protocol::pad_pin(NEW_PIN.as_bytes())
                .unwrap()
                .to_vec(),
            spoil_param: |_| {},
            without: Vec::new(),
            instead: Vec::new(),
        };
        (fake, parts)
    }
}

fn fields(
    issuer: &IssuerKey,
    device_id: DeviceId,
    challenge: DeviceChallenge,
) -> fido_unlock::suite::AuthoriseFields {
    fido_unlock::suite::AuthoriseFields {
        purpose: Purpose::Authorise,
        suite: Suite::P256Ecdsa,
        device_id,
        issuer: issuer.public().unwrap(),
        device_key: None,
        challenge,
    }
}

/// A fault that skipped the first look at "blocked" meets a second one, after the response.
// M-3.2-9
#[test]
fn blocked_is_looked_at_again_before_the_commit() {
    let (mut fake, parts) = Fake::blocked();
    fake.pin.retries = vec![0, 3].into();
    assert_eq!(fake.send(&parts.message()).0, 0x30);
    assert_eq!((fake.store.commits, fake.pin.after_unlock), (0, 0));
    // A wrong response is told first.
    let (mut fake, mut parts) = Fake::blocked();
    fake.pin.retries = vec![0, 3].into();
    parts.response[0] ^= 1;
    assert_eq!(fake.send(&parts.message()).0, 0xF8);
    assert_eq!((fake.store.commits, fake.pin.after_unlock), (0, 0));
    // Blocked throughout.
    let (mut fake, parts) = Fake::blocked();
    assert_eq!(fake.send(&parts.message()).0, 0);
    assert_eq!((fake.store.commits, fake.pin.after_unlock), (1, 1));
}

#[test]
fn blocked_user_verification_is_not_a_blocked_pin() {
    let (mut fake, parts) = Fake::blocked();
    fake.pin.retries = vec![8].into();
    assert_eq!(fake.send(&parts.message()).0, 0x30);
    fake.pin.retries = vec![0].into();
    fake.pin.pin_set = false;
    assert_eq!(fake.send(&parts.message()).0, 0x30);
}

// M-3.3-6
#[test]
fn flash_that_cannot_be_read_or_holds_no_record_is_told_and_never_guessed() {
    let (mut fake, parts) = Fake::blocked();
    let record = fake.store.record.clone().unwrap();
    fake.store.broken = true;
    assert_eq!(fake.send(&parts.message()).0, 0xFB);
    fake.store.broken = false;
    for length in 0..record.len() {
        fake.store.record = Some(record[..length].to_vec());
        assert_eq!(fake.send(&parts.message()).0, 0xFB, "{length}");
    }
    fake.store.record = Some(record);
    assert_eq!(fake.send(&parts.message()).0, 0);
}

/// The counter is 32 bits; past them there is no unlock, and no way round it but a reset. A challenge that is pending
/// with the last number, which `getChallenge` does not give, is judged all the same.
// M-3.2-1
#[test]
fn the_counter_does_not_wrap() {
    let issuer = issuer_key(Suite::P256Ecdsa);
    let (mut fake, mut parts) = Fake::blocked_by(&issuer);
    let line = DeviceChallenge::from_bytes(&parts.challenge).unwrap();
    let last = DeviceChallenge::new(line.suite(), line.slot(), line.nonce(), u32::MAX).unwrap();
    let record = fido_unlock::ctap2::cbor::Value::parse(fake.store.record.as_ref().unwrap()).unwrap();
    let fido_unlock::ctap2::cbor::Value::Map(mut entries) = record else {
        panic!()
    };
    for (key, value) in &mut entries {
        if *key == 5u64.into() {
            *value = u32::MAX.into();
        }
    }
    let record = fido_unlock::ctap2::cbor::Value::Map(entries);
    let device_id = record.get(2).unwrap().as_bytes().unwrap().try_into().unwrap();
    fake.store.record = Some(record.to_bytes().to_vec());
    let right = issuer
        .respond(&fields(&issuer, DeviceId::from_bytes(device_id), last))
        .unwrap();
    parts.challenge = last.as_bytes().to_vec();
    parts.response = right.expose_bytes().to_vec();
    assert_eq!(fake.send(&parts.message()).0, 0xFC);
    assert_eq!(fake.store.commits, 0);
}
