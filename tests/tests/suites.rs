//! The vectors of the suites and PIN/UV protocols, and Wycheproof over the same functions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;

use fido_unlock::pin_protocol::{
    CoseKey, KeyAgreementKey, PinProtocol, encapsulate, hash_pin, pad_pin, unpad_pin,
};
use fido_unlock::ports::{Entropy, EntropyError};
use fido_unlock::suite::p256_ecdh_mac::{SharedZ, truncate};
use fido_unlock::suite::{
    AuthoriseFields, DevicePublicKey, DeviceSecretKey, DeviceVerifier, IssuerKey, IssuerPublicKey,
    RotateFields, aes_admin_key, p256_ecdsa, verify_rotation,
};
use fido_unlock::{
    AdminKey, AesChallenge, Challenge, ChallengeNonce, DeviceChallenge, DeviceId, Purpose, ResponseCode,
    SharedSecret, Suite,
};
use p256::ecdsa::SigningKey;
use serde_json::Value;
use wycheproof::TestResult;

struct Case<'a>(&'a Value);

impl Case<'_> {
    fn text(&self, name: &str) -> &str {
        self.0[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {}", self.0))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.text(name);
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    fn has(&self, name: &str) -> bool {
        !self.0[name].is_null()
    }

    fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap()
    }

    fn issuer(&self, name: &str) -> IssuerPublicKey {
        IssuerPublicKey::from_compressed(&self.bytes(name)).unwrap()
    }

    fn purpose(&self) -> Purpose {
        match self.text("purpose") {
            "authorise" => Purpose::Authorise,
            "probe" => Purpose::Probe,
            other => panic!("{other}"),
        }
    }

    fn protocol(&self) -> PinProtocol {
        PinProtocol::from_number(self.number("protocol")).unwrap()
    }

    /// `None` for a length that neither protocol has.
    fn any_secret(&self) -> Option<SharedSecret> {
        SharedSecret::new(&self.bytes("shared_secret"))
    }

    fn secret(&self) -> SharedSecret {
        self.any_secret().unwrap()
    }

    /// Compares an outcome with the expected one.
    fn judge(&self, valid: bool) {
        assert_eq!(valid, self.text("expected") == "valid", "{}", self.0);
    }
}

/// Checks the file against its schema and runs every case; the closure is told each case's kind.
fn run(file: &str, kinds: &[&str], schema: &str, mut check: impl FnMut(&str, &Case<'_>)) {
    let file: Value = serde_json::from_str(file).unwrap();
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&file)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut seen = BTreeMap::<String, usize>::new();
    for case in file["cases"].as_array().unwrap() {
        let case = Case(case);
        check(case.text("kind"), &case);
        *seen.entry(case.text("kind").into()).or_default() += 1;
    }
    assert_eq!(
        seen.keys().collect::<Vec<_>>(),
        kinds,
        "a kind without a case, or unknown"
    );
}

/// A random source that gives fixed bytes.
struct Fixed(Vec<u8>);

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.copy_from_slice(self.0.get(..bytes.len()).ok_or(EntropyError)?);
        Ok(())
    }
}

fn response(
    case: &Case<'_>,
    suite: Suite,
    verifier: DeviceVerifier<'_>,
    device_key: Option<DevicePublicKey>,
) {
    let device_id = DeviceId::from_bytes(case.array("device_id"));
    let challenge = DeviceChallenge::from_bytes(&case.bytes("challenge")).unwrap();
    let fields = AuthoriseFields {
        purpose: case.purpose(),
        suite,
        device_id,
        issuer: case.issuer("issuer"),
        device_key,
        challenge,
    };
    assert_eq!(*fields.message(), *case.bytes("message"), "{}", case.0);
    let good = ResponseCode::from_bytes(suite, &case.bytes("response")).is_ok_and(|response| {
        verifier.verify_response(case.purpose(), device_id, &Challenge::Line(challenge), &response)
    });
    case.judge(good);
    if case.has("issuer_secret") && good {
        let issuer = IssuerKey::from_p256_scalar(suite, &case.array("issuer_secret")).unwrap();
        assert_eq!(
            issuer.respond(&fields).unwrap().expose_bytes(),
            case.bytes("response")
        );
    }
}

fn rotation(case: &Case<'_>, suite: Suite) {
    let device = DeviceSecretKey::from_bytes(&case.array("device_secret")).unwrap();
    let authorising_suite = Suite::from_number(case.number("authorising_suite") as u8).unwrap();
    let fields = RotateFields {
        suite,
        device_id: DeviceId::from_bytes(case.array("device_id")),
        slot: case.number("slot") as u8,
        authorising_slot: case.number("authorising_slot") as u8,
        old_issuer: case.issuer("old_issuer"),
        new_issuer: case.has("new_issuer").then(|| case.issuer("new_issuer")),
        rotation: case.number("rotation") as u32,
    };
    assert_eq!(*fields.message(), *case.bytes("message"), "{}", case.0);
    let authority = case.issuer("authorising_issuer");
    let verifier = |suite, issuer| match suite {
        Suite::P256Ecdsa => DeviceVerifier::P256Ecdsa { issuer },
        _ => DeviceVerifier::P256EcdhMac {
            issuer,
            device_key: &device,
        },
    };
    let (by_authority, by_new) = (case.bytes("authorising_proof"), case.bytes("new_proof"));
    let new = fields
        .new_issuer
        .as_ref()
        .map(|key| (verifier(suite, key), &*by_new));
    let good = verify_rotation(
        &fields,
        (verifier(authorising_suite, &authority), &by_authority),
        new,
    );
    case.judge(good);
    if good {
        let key = |suite, name| IssuerKey::from_p256_scalar(suite, &case.array(name)).unwrap();
        let prove = |key: IssuerKey| key.prove_rotation(&fields, Some(&device.public())).unwrap();
        assert_eq!(*prove(key(authorising_suite, "authorising_secret")), by_authority);
        if fields.new_issuer.is_some() {
            assert_eq!(*prove(key(suite, "new_secret")), by_new);
        }
    }
}

fn public_key(case: &Case<'_>) {
    let bytes = case.bytes("public_key");
    case.judge(IssuerPublicKey::from_compressed(&bytes).is_ok());
    case.judge(DevicePublicKey::from_compressed(&bytes).is_ok());
}

/// As it comes over the wire, and as it goes.
// M-suites-2
fn wire_key(case: &Case<'_>) {
    let bytes = case.bytes("wire_key");
    case.judge(IssuerPublicKey::from_wire(&bytes).is_ok());
    case.judge(DevicePublicKey::from_wire(&bytes).is_ok());
    if let Ok(key) = IssuerPublicKey::from_wire(&bytes) {
        assert_eq!(key.to_wire(), *bytes);
        assert_eq!(key, case.issuer("public_key"), "{}", case.0);
        assert_eq!(case.issuer("public_key").to_wire(), *bytes);
    }
}

fn challenge(case: &Case<'_>, suite: Suite) {
    let nonce = ChallengeNonce::from_bytes(case.array("nonce"));
    let (slot, counter) = (case.number("slot") as u8, case.number("counter") as u32);
    let made = nonce.challenge(suite, slot, counter).unwrap();
    assert_eq!(made.as_bytes(), &*case.bytes("challenge"), "{}", case.0);
    assert_eq!(
        (made.suite(), made.slot(), made.nonce()),
        (suite, slot, nonce.head())
    );
    assert!(nonce.made(&case.bytes("challenge")));
}

// M-suites-1 M-suites-4
#[test]
fn suite_1_vectors() {
    run(
        include_str!("../vectors/suite1.json"),
        &[
            "challenge",
            "public_key",
            "response",
            "rfc6979",
            "rotation",
            "wire_key",
        ],
        include_str!("../vectors/schema/suite1.schema.json"),
        |kind, case| match kind {
            "response" => {
                let issuer = case.issuer("issuer");
                response(
                    case,
                    Suite::P256Ecdsa,
                    DeviceVerifier::P256Ecdsa { issuer: &issuer },
                    None,
                );
            }
            "rfc6979" => {
                let (message, published) = (case.bytes("message"), case.bytes("published"));
                case.judge(p256_ecdsa::verify(&case.issuer("issuer"), &message, &published));
                let key = SigningKey::from_slice(&case.bytes("issuer_secret")).unwrap();
                let ours = p256_ecdsa::respond(&key, &message).unwrap();
                assert_eq!(ours.as_slice(), case.bytes("response"));
                assert_eq!(p256_ecdsa::make_low_s(&published), Some(ours));
                assert!(p256_ecdsa::verify(&case.issuer("issuer"), &message, &ours));
            }
            "rotation" => rotation(case, Suite::P256Ecdsa),
            "public_key" => public_key(case),
            "wire_key" => wire_key(case),
            "challenge" => challenge(case, Suite::P256Ecdsa),
            other => panic!("{other}"),
        },
    );
}

// M-suites-1 M-suites-5
#[test]
fn suite_2_vectors() {
    run(
        include_str!("../vectors/suite2.json"),
        &[
            "challenge",
            "ecdh",
            "hmac",
            "public_key",
            "response",
            "rotation",
            "secret_key",
            "wire_key",
        ],
        include_str!("../vectors/schema/suite2.schema.json"),
        |kind, case| match kind {
            "response" => {
                let issuer = case.issuer("issuer");
                let device_key = DeviceSecretKey::from_bytes(&case.array("device_secret")).unwrap();
                assert_eq!(
                    device_key.public().as_compressed(),
                    case.bytes("device_key").as_slice()
                );
                assert_eq!(
                    device_key.derive_z(&issuer).unwrap().expose_bytes(),
                    &case.array::<32>("z")
                );
                let verifier = DeviceVerifier::P256EcdhMac {
                    issuer: &issuer,
                    device_key: &device_key,
                };
                response(case, Suite::P256EcdhMac, verifier, Some(device_key.public()));
            }
            "ecdh" => {
                let device = DeviceSecretKey::from_bytes(&case.array("device_secret")).unwrap();
                let z = device.derive_z(&case.issuer("issuer")).unwrap();
                case.judge(z.expose_bytes() == &case.array("z"));
            }
            "hmac" => {
                let z = SharedZ::from_bytes(case.array("z"));
                let message = case.bytes("message");
                case.judge(z.verify_mac(&message, &case.bytes("mac")));
                case.judge(z.verify(&message, &case.bytes("response")));
                assert_eq!(truncate(&case.array("mac")).as_slice(), case.bytes("response"));
            }
            "rotation" => rotation(case, Suite::P256EcdhMac),
            "secret_key" => {
                let bytes = case.array("device_secret");
                case.judge(DeviceSecretKey::from_bytes(&bytes).is_some());
                case.judge(IssuerKey::from_p256_scalar(Suite::P256EcdhMac, &bytes).is_some());
            }
            "public_key" => public_key(case),
            "wire_key" => wire_key(case),
            "challenge" => challenge(case, Suite::P256EcdhMac),
            other => panic!("{other}"),
        },
    );
}

#[test]
fn suite_3_vectors() {
    let key = |case: &Case<'_>| AdminKey::new(&case.bytes("admin_key"));
    run(
        include_str!("../vectors/suite3.json"),
        &["challenge", "default_key", "key_length", "response"],
        include_str!("../vectors/schema/suite3.schema.json"),
        |kind, case| match kind {
            "response" => {
                let admin = key(case).unwrap();
                let challenge: [u8; 16] = case.array("challenge");
                let response = case.bytes("response");
                case.judge(aes_admin_key::verify(&admin, &challenge, &response));
                let device = DeviceId::from_bytes([0; 10]);
                let aes = AesChallenge::from_bytes(challenge);
                let verifier = DeviceVerifier::AesAdminKey { key: &admin };
                case.judge(
                    ResponseCode::from_bytes(Suite::AesAdminKey, &response).is_ok_and(|response| {
                        verifier.verify_response(Purpose::Authorise, device, &Challenge::Aes(aes), &response)
                    }),
                );
                let made = IssuerKey::admin_key(key(case).unwrap())
                    .respond_aes(&aes)
                    .unwrap();
                case.judge(made.expose_bytes() == response);
            }
            "challenge" => challenge(case, Suite::AesAdminKey),
            "default_key" => assert_eq!(
                aes_admin_key::is_known_default(&key(case).unwrap()),
                case.text("expected") == "default",
                "{}",
                case.0
            ),
            "key_length" => case.judge(key(case).is_some()),
            other => panic!("{other}"),
        },
    );
}

#[test]
fn pin_protocol_vectors() {
    run(
        include_str!("../vectors/pin_protocol.json"),
        &[
            "decrypt",
            "encrypt",
            "key_agreement",
            "pin",
            "point",
            "unpad",
            "verify",
            "verify_with_key",
        ],
        include_str!("../vectors/schema/pin_protocol.schema.json"),
        |kind, case| match kind {
            "key_agreement" => {
                let point = |side: &str| CoseKey {
                    x: case.array(&format!("{side}_x")),
                    y: case.array(&format!("{side}_y")),
                };
                let device = KeyAgreementKey::from_scalar(&case.array("authenticator_secret")).unwrap();
                assert_eq!(device.public(), point("authenticator"));
                let mut entropy = Fixed(case.bytes("platform_secret"));
                let (platform, secret) =
                    encapsulate(case.protocol(), &point("authenticator"), &mut entropy).unwrap();
                assert_eq!(platform, point("platform"));
                assert_eq!(secret.expose_bytes(), case.bytes("shared_secret"));
                let same = device.decapsulate(case.protocol(), &platform).unwrap();
                assert_eq!(same.expose_bytes(), case.bytes("shared_secret"));
            }
            "encrypt" => {
                let (plain, cipher) = (case.bytes("plain"), case.bytes("cipher"));
                let mut entropy = Fixed(case.bytes("iv"));
                let made = case.protocol().encrypt(&case.secret(), &plain, &mut entropy);
                assert_eq!(made.unwrap(), cipher);
                assert_eq!(*case.protocol().decrypt(&case.secret(), &cipher).unwrap(), plain);
            }
            "decrypt" => case.judge(case.any_secret().is_some_and(|secret| {
                let cipher = case.bytes("cipher");
                case.protocol().decrypt(&secret, &cipher).is_ok()
            })),
            "verify" => case.judge(case.any_secret().is_some_and(|secret| {
                let (message, param) = (case.bytes("message"), case.bytes("param"));
                case.protocol().verify(&secret, &message, &param)
            })),
            "verify_with_key" => case.judge(case.protocol().verify_with_key(
                &case.bytes("key"),
                &case.bytes("message"),
                &case.bytes("param"),
            )),
            "pin" => {
                let pin = case.bytes("pin");
                let padded = pad_pin(&pin);
                case.judge(padded.is_some());
                if let Some(padded) = padded {
                    assert_eq!(padded.as_slice(), case.bytes("padded"));
                    assert_eq!(unpad_pin(padded.as_slice()).unwrap(), pin);
                    assert_eq!(hash_pin(&pin).as_slice(), case.bytes("pin_hash"));
                }
            }
            "unpad" => case.judge(unpad_pin(&case.bytes("padded")).is_some()),
            "point" => {
                let point = CoseKey {
                    x: case.array("x"),
                    y: case.array("y"),
                };
                case.judge(point.to_public_key().is_ok());
            }
            other => panic!("{other}"),
        },
    );
}

/// How many cases were tried and how many of them were good.
fn counted(results: impl Iterator<Item = bool>) -> (usize, usize) {
    results.fold((0, 0), |(all, good), result| {
        (all + 1, good + usize::from(result))
    })
}

const HALF_N: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
    0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Wycheproof judges plain ECDSA: a good signature with a high s is one that we refuse, and its
/// low twin is good.
#[test]
fn wycheproof_ecdsa() {
    let set =
        wycheproof::ecdsa::TestSet::load(wycheproof::ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut high = 0;
    let results = set.test_groups.iter().flat_map(|group| {
        let key = p256::PublicKey::from_sec1_bytes(&group.key.key).unwrap();
        let issuer = IssuerPublicKey::from_public_key(&key);
        group.tests.iter().map(move |test| (issuer, test))
    });
    let (all, good) = counted(results.map(|(issuer, test)| {
        let valid = test.result == TestResult::Valid;
        let is_high = test.sig.len() == 64 && test.sig[32..] > HALF_N[..];
        let ours = p256_ecdsa::verify(&issuer, &test.msg, &test.sig);
        assert_eq!(ours, valid && !is_high, "{} {}", test.tc_id, test.comment);
        if valid && is_high {
            high += 1;
            let twin = p256_ecdsa::make_low_s(&test.sig).unwrap();
            assert!(p256_ecdsa::verify(&issuer, &test.msg, &twin), "{}", test.tc_id);
        }
        ours
    }));
    assert!(all > 200 && good > 50 && high > 50, "{all} {good} {high}");
}

#[test]
fn wycheproof_ecdh() {
    let set = wycheproof::ecdh::TestSet::load(wycheproof::ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap();
    let tests = set.test_groups.iter().flat_map(|group| &group.tests);
    let (all, good) = counted(tests.map(|test| {
        // Wycheproof's scalars have their leading zeros stripped, or one too many.
        let stripped: Vec<u8> = test
            .private_key
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        let mut scalar = [0; 32];
        scalar[32 - stripped.len()..].copy_from_slice(&stripped);
        let device = DeviceSecretKey::from_bytes(&scalar).unwrap();
        let issuer = p256::PublicKey::from_sec1_bytes(&test.public_key)
            .map(|key| IssuerPublicKey::from_public_key(&key));
        let compressed = IssuerPublicKey::from_compressed(&test.public_key).is_ok();
        // "Acceptable" are points in compressed form, the one form in which we store them.
        let wanted = test.result != TestResult::Invalid;
        assert_eq!(issuer.is_ok(), wanted, "{} {}", test.tc_id, test.comment);
        assert_eq!(
            compressed,
            wanted && test.public_key.len() == 33,
            "{}",
            test.tc_id
        );
        if let Ok(issuer) = issuer {
            let z = device.derive_z(&issuer).unwrap();
            assert_eq!(z.expose_bytes(), test.shared_secret.as_slice(), "{}", test.tc_id);
        }
        wanted
    }));
    assert!(all > 150 && good > 100, "{all} {good}");
}

#[test]
fn wycheproof_hmac() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let (mut whole, mut half, mut as_z) = (0, 0, 0);
    for group in &set.test_groups {
        let protocol = match group.tag_size {
            256 => PinProtocol::Two,
            128 => PinProtocol::One,
            other => panic!("a tag of {other} bits"),
        };
        for test in &group.tests {
            let valid = test.result == TestResult::Valid;
            assert_eq!(
                protocol.verify_with_key(&test.key, &test.msg, &test.tag),
                valid,
                "{} {}",
                test.tc_id,
                test.comment
            );
            match protocol {
                PinProtocol::One => half += 1,
                PinProtocol::Two => whole += 1,
            }
            if let (256, Ok(z)) = (group.tag_size, <[u8; 32]>::try_from(test.key.as_slice())) {
                assert_eq!(
                    SharedZ::from_bytes(z).verify_mac(&test.msg, &test.tag),
                    valid,
                    "{}",
                    test.tc_id
                );
                as_z += 1;
            }
        }
    }
    assert!(whole > 50 && half > 50 && as_z > 20, "{whole} {half} {as_z}");
}

/// Every long hex number of the worked examples stands in a vector file.
#[test]
fn the_documents_examples_are_vectors() {
    let vectors = concat!(
        include_str!("../vectors/suite1.json"),
        include_str!("../vectors/suite2.json"),
        include_str!("../vectors/suite3.json")
    );
    let document = include_str!("../../docs/protocol/suites.md");
    let blocks = document
        .split("```text")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let numbers: Vec<&str> = blocks
        .flat_map(str::split_whitespace)
        .filter(|word| word.len() >= 20 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .collect();
    assert!(numbers.len() > 40, "{}", numbers.len());
    for number in numbers {
        assert!(vectors.contains(number), "{number}");
    }
}
