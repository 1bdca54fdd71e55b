//! Respond against verify, and each refusal. Bytes are fixed in `tests/vectors`.

use alloc::vec::Vec;

use super::*;
use crate::challenge::{AesChallenge, Challenge, DeviceChallenge};
use crate::device_id::DeviceId;
use crate::error::{ErrorCode, HasCode};
use crate::secret::{AdminKey, ResponseCode};

const DEVICE: DeviceId = DeviceId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

struct Setup {
    issuer: IssuerKey,
    device: DeviceSecretKey,
    fields: AuthoriseFields,
}

fn setup(suite: Suite) -> Setup {
    let issuer = IssuerKey::from_p256_scalar(suite, &[0x11; 32]).unwrap();
    let device = DeviceSecretKey::from_bytes(&[0x22; 32]).unwrap();
    let fields = AuthoriseFields {
        purpose: Purpose::Authorise,
        suite,
        device_id: DEVICE,
        issuer: issuer.public().unwrap(),
        device_key: (suite == Suite::P256EcdhMac).then(|| device.public()),
        challenge: DeviceChallenge::new(suite, 3, [0xA5; 14], 7).unwrap(),
    };
    Setup {
        issuer,
        device,
        fields,
    }
}

fn verifier<'a>(suite: Suite, q: &'a IssuerPublicKey, e: &'a DeviceSecretKey) -> DeviceVerifier<'a> {
    match suite {
        Suite::P256Ecdsa => DeviceVerifier::P256Ecdsa { issuer: q },
        _ => DeviceVerifier::P256EcdhMac {
            issuer: q,
            device_key: e,
        },
    }
}

const PUBLIC_KEY_SUITES: [Suite; 2] = [Suite::P256Ecdsa, Suite::P256EcdhMac];

#[test]
fn a_response_is_good_for_its_own_fields_alone() {
    for suite in PUBLIC_KEY_SUITES {
        let Setup {
            issuer,
            device,
            fields,
        } = setup(suite);
        let q = fields.issuer;
        let response = issuer.respond(&fields).unwrap();
        let verify = |purpose, device_id, challenge: DeviceChallenge, response: &ResponseCode| {
            verifier(suite, &q, &device).verify_response(
                purpose,
                device_id,
                &Challenge::Line(challenge),
                response,
            )
        };
        assert!(verify(Purpose::Authorise, DEVICE, fields.challenge, &response));
        assert!(!verify(Purpose::Probe, DEVICE, fields.challenge, &response));
        let other = DeviceId::from_bytes([9; 10]);
        assert!(!verify(Purpose::Authorise, other, fields.challenge, &response));
        let later = DeviceChallenge::new(suite, 3, [0xA5; 14], 8).unwrap();
        assert!(!verify(Purpose::Authorise, DEVICE, later, &response));

        let other_q = IssuerKey::from_p256_scalar(suite, &[0x33; 32])
            .unwrap()
            .public()
            .unwrap();
        assert!(!verifier(suite, &other_q, &device).verify_response(
            Purpose::Authorise,
            DEVICE,
            &Challenge::Line(fields.challenge),
            &response
        ));
        for bit in 0..response.expose_bytes().len() * 8 {
            let mut wrong = response.expose_bytes().to_vec();
            wrong[bit / 8] ^= 1 << (bit % 8);
            if let Ok(wrong) = ResponseCode::from_bytes(suite, &wrong) {
                assert!(
                    !verify(Purpose::Authorise, DEVICE, fields.challenge, &wrong),
                    "bit {bit}"
                );
            }
        }
    }
}

#[test]
fn another_devices_response_is_refused_in_suite_2() {
    let Setup {
        issuer,
        device,
        fields,
        ..
    } = setup(Suite::P256EcdhMac);
    let elsewhere = DeviceSecretKey::from_bytes(&[0x44; 32]).unwrap();
    let response = issuer
        .respond(&AuthoriseFields {
            device_key: Some(elsewhere.public()),
            ..fields
        })
        .unwrap();
    let challenge = Challenge::Line(fields.challenge);
    let check = |e| {
        verifier(Suite::P256EcdhMac, &fields.issuer, e).verify_response(
            Purpose::Authorise,
            DEVICE,
            &challenge,
            &response,
        )
    };
    assert!(check(&elsewhere));
    assert!(!check(&device));
}

// M-suites-3
#[test]
fn a_key_serves_its_own_suite_and_fields_that_fit() {
    let one = setup(Suite::P256Ecdsa);
    let two = setup(Suite::P256EcdhMac);
    let refused = |key: &IssuerKey, fields: AuthoriseFields| key.respond(&fields).err();
    assert_eq!(refused(&one.issuer, two.fields), Some(SuiteError::WrongSuite));
    assert_eq!(refused(&two.issuer, one.fields), Some(SuiteError::WrongSuite));
    assert_eq!(SuiteError::WrongSuite.code(), ErrorCode::SignerSuite);
    let admin = IssuerKey::admin_key(AdminKey::new(&[5; 16]).unwrap());
    assert_eq!(refused(&admin, one.fields), Some(SuiteError::WrongSuite));
    let aes = AesChallenge::from_bytes([0; 16]);
    assert_eq!(one.issuer.respond_aes(&aes).err(), Some(SuiteError::WrongSuite));
    assert_eq!(
        refused(
            &one.issuer,
            AuthoriseFields {
                challenge: two.fields.challenge,
                ..one.fields
            }
        ),
        Some(SuiteError::ChallengeSuite)
    );
    assert_eq!(
        refused(
            &one.issuer,
            AuthoriseFields {
                device_key: two.fields.device_key,
                ..one.fields
            }
        ),
        Some(SuiteError::DeviceKey)
    );
    assert_eq!(
        refused(
            &two.issuer,
            AuthoriseFields {
                device_key: None,
                ..two.fields
            }
        ),
        Some(SuiteError::DeviceKey)
    );
    let other = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x33; 32]).unwrap();
    assert_eq!(refused(&other, one.fields), Some(SuiteError::OtherKey));
    assert!(IssuerKey::from_p256_scalar(Suite::AesAdminKey, &[0x33; 32]).is_none());
    assert!(IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0; 32]).is_none());
    assert!(IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0xFF; 32]).is_none());
}

#[test]
fn suite_3_answers_every_key_length_and_no_probe() {
    for length in [16, 24, 32] {
        let bytes: Vec<u8> = (0..length).map(|i: u8| i.wrapping_mul(i) ^ 0x5A).collect();
        let key = AdminKey::new(&bytes).unwrap();
        let challenge = AesChallenge::from_bytes([7; 16]);
        let response = IssuerKey::admin_key(AdminKey::new(&bytes).unwrap())
            .respond_aes(&challenge)
            .unwrap();
        let verifier = DeviceVerifier::AesAdminKey { key: &key };
        let check = |purpose, challenge| {
            verifier.verify_response(purpose, DEVICE, &Challenge::Aes(challenge), &response)
        };
        assert!(check(Purpose::Authorise, challenge));
        assert!(!check(Purpose::Probe, challenge));
        assert!(!check(Purpose::Authorise, AesChallenge::from_bytes([8; 16])));
        let line = setup(Suite::P256Ecdsa).fields.challenge;
        assert!(!verifier.verify_response(Purpose::Authorise, DEVICE, &Challenge::Line(line), &response));
        assert!(!aes_admin_key::is_known_default(&key));
    }
}

#[test]
fn known_defaults_are_known_in_every_length() {
    let is_default = |bytes: Vec<u8>| aes_admin_key::is_known_default(&AdminKey::new(&bytes).unwrap());
    for length in [16, 24, 32] {
        let cycle = |pattern: &[u8]| -> Vec<u8> { pattern.iter().copied().cycle().take(length).collect() };
        for pattern in [
            &[0][..],
            &[0xFF],
            &[1, 2, 3, 4, 5, 6, 7, 8],
            &0x0123_4567_89ab_cdef_u64.to_be_bytes(),
            b"GEMXPRESSOSAMPLE",
        ] {
            assert!(is_default(cycle(pattern)), "{pattern:x?}");
        }
        for (first, step) in [(0x00, 1), (0x01, 1), (0x40, 1), (0xFF, 0xFF)] {
            let key = (0..length).scan(first, |next: &mut u8, _| {
                let this = *next;
                *next = next.wrapping_add(step);
                Some(this)
            });
            assert!(is_default(key.collect()), "{first:x}");
        }
        let mut nearly = alloc::vec![0; length];
        nearly[length - 1] = 1;
        assert!(!is_default(nearly));
    }
}

/// All combinations of the authorising slot's and the rotated slot's suite.
#[test]
fn a_rotation_wants_both_proofs() {
    let device = DeviceSecretKey::from_bytes(&[0x22; 32]).unwrap();
    let e = device.public();
    for suite in PUBLIC_KEY_SUITES {
        for authorising_suite in PUBLIC_KEY_SUITES {
            let key = |suite, byte| IssuerKey::from_p256_scalar(suite, &[byte; 32]).unwrap();
            let (recovery, old, new) = (key(authorising_suite, 0x41), key(suite, 0x42), key(suite, 0x43));
            let [q0, q1, q2] = [&recovery, &old, &new].map(|key| key.public().unwrap());
            let fields = RotateFields {
                suite,
                device_id: DEVICE,
                slot: 1,
                authorising_slot: 0,
                old_issuer: q1,
                new_issuer: Some(q2),
                rotation: 1,
            };
            let by_recovery = recovery.prove_rotation(&fields, Some(&e)).unwrap();
            let by_new = new.prove_rotation(&fields, Some(&e)).unwrap();
            let authority = verifier(authorising_suite, &q0, &device);
            let successor = verifier(suite, &q2, &device);
            let good = |fields: &RotateFields, old: &[u8], new: &[u8]| {
                verify_rotation(fields, (authority, old), Some((successor, new)))
            };
            assert!(good(&fields, &by_recovery, &by_new));
            assert!(!good(&fields, &by_new, &by_new));
            assert!(!good(&fields, &by_recovery, &by_recovery));
            assert!(!good(&fields, &by_recovery, &by_new[1..]));
            assert!(!verify_rotation(&fields, (authority, &by_recovery), None));
            let next = RotateFields {
                rotation: 2,
                ..fields
            };
            assert!(!good(&next, &by_recovery, &by_new));
            let elsewhere = RotateFields { slot: 2, ..fields };
            assert!(!good(&elsewhere, &by_recovery, &by_new));

            let own = RotateFields {
                authorising_slot: 1,
                ..fields
            };
            let by_old = old.prove_rotation(&own, Some(&e)).unwrap();
            let by_new = new.prove_rotation(&own, Some(&e)).unwrap();
            let holder = verifier(suite, &q1, &device);
            assert!(verify_rotation(
                &own,
                (holder, &by_old),
                Some((successor, &by_new))
            ));
            assert_eq!(
                recovery.prove_rotation(&own, Some(&e)).err(),
                Some(SuiteError::OtherKey)
            );

            let close = RotateFields {
                new_issuer: None,
                ..fields
            };
            let proof = recovery.prove_rotation(&close, Some(&e)).unwrap();
            assert!(verify_rotation(&close, (authority, &proof), None));
            assert!(!verify_rotation(
                &close,
                (authority, &proof),
                Some((successor, &proof))
            ));
        }
    }
}

/// A slot's own key that authorises is the old key: what the store says of another slot is not.
#[test]
fn a_rotation_is_not_allowed_by_a_key_that_is_not_the_slots() {
    let device = DeviceSecretKey::from_bytes(&[0x22; 32]).unwrap();
    let suite = Suite::P256Ecdsa;
    let key = |byte| IssuerKey::from_p256_scalar(suite, &[byte; 32]).unwrap();
    let [q1, q2, q3] = [0x41, 0x42, 0x43].map(|byte| key(byte).public().unwrap());
    let fields = RotateFields {
        suite,
        device_id: DEVICE,
        slot: 1,
        authorising_slot: 1,
        old_issuer: q1,
        new_issuer: Some(q3),
        rotation: 1,
    };
    let intruder = SigningIntruder::sign(0x42, &fields);
    let new = key(0x43).prove_rotation(&fields, None).unwrap();
    assert!(!verify_rotation(
        &fields,
        (verifier(suite, &q2, &device), &intruder),
        Some((verifier(suite, &q3, &device), &new))
    ));
    let refusals = [
        RotateFields {
            slot: 16,
            authorising_slot: 16,
            ..fields
        },
        RotateFields {
            authorising_slot: 2,
            ..fields
        },
        RotateFields {
            new_issuer: Some(q1),
            ..fields
        },
        RotateFields {
            rotation: 0,
            ..fields
        },
    ];
    for fields in refusals {
        assert_eq!(
            key(0x41).prove_rotation(&fields, None).err(),
            Some(SuiteError::Rotation)
        );
    }
    let aes = RotateFields {
        suite: Suite::AesAdminKey,
        ..fields
    };
    assert_eq!(
        key(0x41).prove_rotation(&aes, None).err(),
        Some(SuiteError::WrongSuite)
    );
}

/// Signs what [`IssuerKey`] refuses to.
struct SigningIntruder;

impl SigningIntruder {
    fn sign(byte: u8, fields: &RotateFields) -> [u8; 64] {
        let key = p256::ecdsa::SigningKey::from_slice(&[byte; 32]).unwrap();
        p256_ecdsa::respond(&key, &fields.message()).unwrap()
    }
}
