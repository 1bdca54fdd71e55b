//! Whole unlocks at trace level: no PIN, key, shared secret, Z or response in the log, nor in what
//! errors and `Debug` print. And a planted secret is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::device_unlock::key;
use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::{Call, Transport, TransportError, UnlockDevice};
use fido_unlock::pin_protocol::{KeyAgreementKey, PinProtocol, hash_pin};
use fido_unlock::{HasCode, Purpose, ResponseCode, Suite};
use fido_unlock_mock::Touch;
use fido_unlock_mock::authenticator::SeededEntropy;
use fido_unlock_tests::secrets::{Needle, find};
use fido_unlock_tests::{SLOT, Way, World};

const PIN_BEFORE: &str = "Wq7xKtoldPIN";
const PIN_AFTER: &str = "mB4zHsnewPIN";

/// The log of all threads, the device's own included.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> Vec<u8> {
        core::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps what was sent, to know what to look for.
struct Recorder {
    inner: Box<dyn Transport>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Transport for Recorder {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.sent.lock().unwrap().push(message.to_vec());
        self.inner.transact(message, call)
    }

    fn interface(&self) -> Interface {
        self.inner.interface()
    }
}

/// Z of suite 2, by the curve alone.
fn z(world: &World) -> Option<Vec<u8>> {
    let scalar = world.issuer.expose_p256_scalar()?;
    let secret = p256::SecretKey::from_slice(&*scalar).unwrap();
    let point = p256::PublicKey::from_sec1_bytes(world.device_key.as_compressed()).unwrap();
    let z = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), point.as_affine());
    Some(z.raw_secret_bytes().to_vec())
}

/// One whole life of a device; gives what must not be found, and what was printed of it.
fn unlock_once(way: Way, suite: Suite, protocol: PinProtocol) -> (Vec<Needle>, String) {
    let mut world = World::new(way, suite, protocol);
    // A PIN that nothing else looks like.
    world.change_state(|state| {
        state.pin.as_mut().unwrap().hash = *hash_pin(PIN_BEFORE.as_bytes());
    });
    world.make_passkey(PIN_BEFORE);
    world.block();
    world.device.replug();
    world.touch().set(Touch::After(2));
    let sent = Arc::new(Mutex::new(Vec::new()));
    let mut device = CtapUnlockDevice::new(Recorder {
        inner: world.open(Interface::Vendor),
        sent: Arc::clone(&sent),
    });
    let mut printed = String::new();
    let session = world.begin(&mut device).unwrap();
    let pin = world.new_pin(&session, PIN_AFTER);
    printed += &format!("{session:?} {:?}", session.to_bytes());
    let mut needles = Vec::new();
    let unlock = |device: &mut CtapUnlockDevice<Recorder>, response: &ResponseCode| {
        world.call(|call| session.unlock(device, response, &pin, &mut SeededEntropy::new(11), call))
    };
    // A wrong one first, then the right one.
    let right = world.respond(&session);
    let mut wrong = right.expose_bytes().to_vec();
    wrong[0] ^= 0x80;
    let wrong = ResponseCode::from_bytes(suite, &wrong).unwrap();
    for (response, name) in [(&wrong, "wrong response"), (&right, "response")] {
        let key_agreement = world
            .try_challenge(Interface::Vendor, SLOT, false)
            .unwrap()
            .key_agreement;
        let platform = KeyAgreementKey::make(&mut SeededEntropy::new(11)).unwrap();
        let secret = platform.decapsulate(protocol, &key_agreement).unwrap();
        needles.push(Needle::new("shared secret", secret.expose_bytes()));
        needles.push(Needle::new(name, response.expose_bytes()));
        needles.push(Needle::new("code", response.expose_code().as_bytes()));
        let bare: String = response
            .expose_code()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        needles.push(Needle::new("code without hyphens", bare.as_bytes()));
        match unlock(&mut device, response) {
            Ok(()) => {}
            Err(error) => printed += &format!("{error:?} {error} {:?} {}", error.code(), error.code()),
        }
        let message = sent.lock().unwrap().last().unwrap().clone();
        let map = Value::parse(&message[1..]).unwrap();
        printed += &format!("{map:?}");
        let new_pin_enc = map.get(key::NEW_PIN_ENC).unwrap().as_bytes().unwrap();
        needles.push(Needle::new("newPinEnc", new_pin_enc));
        let param = map.get(key::PIN_UV_AUTH_PARAM).unwrap().as_bytes().unwrap();
        needles.push(Needle::new("pinUvAuthParam", param));
    }
    printed += &format!("{:?}", world.call(|call| device.info(call)));
    world.sign_in(PIN_AFTER).unwrap();
    let token = world.token(PIN_AFTER, 0, None).unwrap();
    needles.push(Needle::new("pinUvAuthToken", &token));
    for pin in [PIN_BEFORE, PIN_AFTER] {
        needles.push(Needle::new("PIN", pin.as_bytes()));
        needles.push(Needle::new("PIN hash", &*hash_pin(pin.as_bytes())));
        let error = world.sign_in(&format!("{pin}!")).unwrap_err();
        printed += &format!("{error:?} {error}");
    }
    match world.issuer.expose_admin_key() {
        Some(key) => needles.push(Needle::new("admin key", key.expose_bytes())),
        None => {
            needles.push(Needle::new(
                "issuer's key",
                &*world.issuer.expose_p256_scalar().unwrap(),
            ));
            let mut device = world.unlock_device(Interface::Fido);
            let mut probe = None;
            let _ = world.call(|call| {
                fido_unlock::host::probe(
                    &mut device,
                    SLOT,
                    |challenge| {
                        let fields = world.fields(&challenge.challenge, Purpose::Probe);
                        let response = world.issuer.respond(&fields).unwrap();
                        probe = Some(response.expose_bytes().to_vec());
                        Ok::<_, fido_unlock::host::ProbeError>(response)
                    },
                    call,
                )
            });
            needles.push(Needle::new("probe's response", &probe.unwrap()));
        }
    }
    if let (Suite::P256EcdhMac, Some(z)) = (suite, z(&world)) {
        needles.push(Needle::new("Z", &z));
    }
    // A code mistyped, in the wrong field, too short: the errors name places, never the text.
    let code = right.expose_code();
    for typed in [
        &code[1..],
        &code[..code.len() - 5],
        &code.replace(['A', 'B', '7', '3'], "9"),
    ] {
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            if let Err(error) = ResponseCode::parse(suite, typed) {
                printed += &format!("{error:?} {error}");
            }
        }
    }
    (needles, printed)
}

#[test]
fn nothing_secret_is_logged_or_printed() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .try_init()
        .unwrap();
    for way in [Way::Hid, Way::Nfc] {
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            for protocol in [PinProtocol::One, PinProtocol::Two] {
                let case = format!("{way:?} {suite:?} {protocol:?}");
                log.take();
                let (needles, printed) = unlock_once(way, suite, protocol);
                let text = log.take();
                assert!(text.len() > 1000, "{case}: nothing was logged");
                assert!(printed.len() > 1000, "{case}");
                assert_eq!(find(&text, &needles), None, "{case}: in the log");
                assert_eq!(find(printed.as_bytes(), &needles), None, "{case}: printed");
                // The same search finds each of them once it is there.
                for needle in &needles {
                    tracing::trace!(bytes = ?needle.bytes, "planted");
                    let text = log.take();
                    assert!(
                        find(&text, &needles).is_some(),
                        "{case}: {} is not found",
                        needle.name
                    );
                    tracing::trace!(text = %String::from_utf8_lossy(&needle.bytes), "planted");
                    let text = log.take();
                    let plain = needle.bytes.iter().all(u8::is_ascii_alphanumeric);
                    assert!(
                        !plain || find(&text, &needles).is_some(),
                        "{case}: {}",
                        needle.name
                    );
                }
            }
        }
    }
}

/// Whether a type implements a trait, by which of two constants the compiler picks.
macro_rules! implements {
    ($type:ty: $trait:path) => {{
        #[allow(dead_code)]
        trait Fallback {
            const IT: bool = false;
        }
        impl<T: ?Sized> Fallback for T {}
        struct Asked<T: ?Sized>(core::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $trait> Asked<T> {
            const IT: bool = true;
        }
        <Asked<$type>>::IT
    }};
}

macro_rules! assert_silent {
    ($($type:ty),+ $(,)?) => {$(
        let name = stringify!($type);
        assert!(!implements!($type: core::fmt::Debug), "{name}: Debug");
        assert!(!implements!($type: core::fmt::Display), "{name}: Display");
        assert!(!implements!($type: core::fmt::LowerHex), "{name}: LowerHex");
        assert!(!implements!($type: Clone), "{name}: Clone");
        assert!(!implements!($type: PartialEq), "{name}: not in constant time");
        assert!(!implements!($type: AsRef<[u8]>), "{name}: AsRef");
        assert!(!implements!($type: core::ops::Deref), "{name}: Deref");
    )+};
}

#[test]
fn a_secret_is_neither_printed_copied_nor_compared_by_accident() {
    use fido_unlock::host::NewPin;
    use fido_unlock::secret::SharedSecret;
    use fido_unlock::suite::{IssuerKey, p256_ecdh_mac};
    use fido_unlock::{AdminKey, Pin};
    assert_silent!(
        Pin,
        NewPin,
        AdminKey,
        SharedSecret,
        ResponseCode,
        KeyAgreementKey,
        IssuerKey,
        p256_ecdh_mac::SharedZ,
        p256_ecdh_mac::DeviceSecretKey,
        fido_unlock::ctap2::device_unlock::UnlockRequest<'static>,
        fido_unlock::ctap2::device_unlock::ProbeRequest<'static>,
    );
    // The question itself can be answered with yes.
    assert!(implements!(String: core::fmt::Debug) && implements!(String: Clone));
    assert!(implements!(String: PartialEq) && implements!(String: core::fmt::Display));
    assert!(implements!(Vec<u8>: AsRef<[u8]>) && implements!(u8: core::fmt::LowerHex));
}
