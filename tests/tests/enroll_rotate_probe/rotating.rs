//! `rotateIssuer`: who may change which key, proven by whom, and what it ends.

use fido_unlock::ctap2::device_unlock::{EnrollOptions, RotateRequest};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::{IssuerKey, RotateFields};
use fido_unlock::{DeviceId, Suite};
use fido_unlock_mock::Touch;
use fido_unlock_tests::{NEW_PIN, SLOT, Way, World, issuer_key};

const LINES: [Suite; 2] = [Suite::P256Ecdsa, Suite::P256EcdhMac];

/// A device with slot 1 and a recovery key of the same suite in slot 0, blocked.
struct Fleet {
    world: World,
    recovery: IssuerKey,
    next: IssuerKey,
}

fn copy(key: &IssuerKey) -> IssuerKey {
    IssuerKey::from_p256_scalar(key.suite(), &key.expose_p256_scalar().unwrap()).unwrap()
}

impl Fleet {
    fn new(suite: Suite) -> Self {
        Self::with_recovery(suite, suite)
    }

    fn with_recovery(suite: Suite, recovery: Suite) -> Self {
        let recovery = issuer_key(recovery);
        let world = World::with_slots(
            suite,
            PinProtocol::Two,
            EnrollOptions::default(),
            &[(0, &recovery)],
            |builder| builder,
        );
        world.block();
        world.device.replug();
        Self {
            world,
            recovery,
            next: issuer_key(suite),
        }
    }

    fn fields(&self, authorising_slot: u8, new: Option<&IssuerKey>) -> RotateFields {
        RotateFields {
            suite: self.world.issuer.suite(),
            device_id: self.world.device_id,
            slot: SLOT,
            authorising_slot,
            old_issuer: self.world.issuer.public().unwrap(),
            new_issuer: new.map(|key| key.public().unwrap()),
            rotation: 1,
        }
    }

    fn prove(&self, key: &IssuerKey, fields: &RotateFields) -> Vec<u8> {
        key.prove_rotation(fields, Some(&self.world.device_key))
            .unwrap()
            .to_vec()
    }

    /// Sends what `fields` say, with these proofs.
    fn send(&self, fields: &RotateFields, by: &[u8], by_new: Option<&[u8]>) -> u8 {
        let request = RotateRequest {
            slot: fields.slot,
            new_key: fields.new_issuer,
            authorising_slot: fields.authorising_slot,
            authorisation: by,
            new_authorisation: by_new,
        };
        self.world.status(Interface::Fido, &request.to_message())
    }

    /// A right rotation of slot 1 to `next`, by that slot's key.
    fn right(&self) -> (RotateFields, Vec<u8>, Vec<u8>) {
        let fields = self.fields(SLOT, Some(&self.next));
        let by = self.prove(&self.world.issuer, &fields);
        let by_new = self.prove(&self.next, &fields);
        (fields, by, by_new)
    }

    fn rotation(&self) -> u32 {
        self.slot(SLOT).map_or(0, |slot| slot.rotation)
    }

    fn slot(&self, number: u8) -> Option<fido_unlock::ctap2::device_unlock::SlotInfo> {
        let info = self.world.info(Interface::Fido);
        info.slots.into_iter().find(|slot| slot.slot == number)
    }
}

// M-2.7-6
#[test]
fn both_keys_prove_it_and_the_new_one_unlocks_from_then_on() {
    for suite in LINES {
        let mut fleet = Fleet::new(suite);
        let old = fleet.world.parts(NEW_PIN);
        let (fields, by, by_new) = fleet.right();
        assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0, "{suite:?}");
        let slot = fleet.slot(SLOT).unwrap();
        assert_eq!(slot.fingerprint, Some(fleet.next.public().unwrap().fingerprint()));
        assert_eq!((slot.suite, slot.rotation), (suite, 1));
        // The pending challenge went with the old key, without a touch for a new one.
        assert_eq!(fleet.world.status(Interface::Fido, &old.message()), 0xFA);
        let waits = fleet.world.touch().waits();
        let new_challenge = fleet.world.challenge().challenge;
        assert_eq!(fleet.world.touch().waits(), waits);
        assert_ne!(new_challenge.as_bytes(), old.challenge);
        assert_eq!(
            fleet
                .world
                .status(Interface::Fido, &fleet.world.parts(NEW_PIN).message()),
            0xF8
        );
        fleet.world.issuer = copy(&fleet.next);
        assert_eq!(
            fleet
                .world
                .status(Interface::Fido, &fleet.world.parts(NEW_PIN).message()),
            0
        );
        fleet.world.sign_in(NEW_PIN).unwrap();
    }
}

// M-2.7-4 M-suites-8
#[test]
fn each_proof_is_wanted() {
    for suite in LINES {
        let fleet = Fleet::new(suite);
        let stranger = issuer_key(suite);
        let (fields, by, by_new) = fleet.right();
        let flipped = |proof: &[u8]| {
            let mut proof = proof.to_vec();
            proof[5] ^= 1;
            proof
        };
        for (name, by, by_new) in [
            ("authorising key's is wrong", flipped(&by), Some(by_new.clone())),
            ("new key's is wrong", by.clone(), Some(flipped(&by_new))),
            ("swapped", by_new.clone(), Some(by.clone())),
            ("new key authorises itself", by_new.clone(), Some(by_new.clone())),
            ("old key twice", by.clone(), Some(by.clone())),
            ("cut off", by[..by.len() - 1].to_vec(), Some(by_new.clone())),
            ("empty", vec![], Some(by_new.clone())),
        ] {
            let status = fleet.send(&fields, &by, by_new.as_deref());
            assert_eq!(status, 0xF8, "{suite:?} {name}");
        }
        assert_eq!(fleet.send(&fields, &by, None), 0x14);
        // A stranger proves the very message, where the recovery key should.
        let by_recovery = fleet.fields(0, Some(&fleet.next));
        let by_stranger = fleet.prove(&stranger, &by_recovery);
        let by_next = fleet.prove(&fleet.next, &by_recovery);
        assert_eq!(fleet.send(&by_recovery, &by_stranger, Some(&by_next)), 0xF8);
        assert_eq!(fleet.rotation(), 0);
        assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0);
    }
}

/// A field that the device takes from its own store, changed in what was signed.
#[test]
fn everything_is_in_the_message() {
    for suite in LINES {
        let fleet = Fleet::new(suite);
        let (fields, ..) = fleet.right();
        let mut id = *fields.device_id.as_bytes();
        id[9] ^= 1;
        for (name, signed) in [
            (
                "another device",
                RotateFields {
                    device_id: DeviceId::from_bytes(id),
                    ..fields
                },
            ),
            (
                "number 0 + 2",
                RotateFields {
                    rotation: 2,
                    ..fields
                },
            ),
            (
                "another slot",
                RotateFields {
                    slot: 2,
                    authorising_slot: 2,
                    ..fields
                },
            ),
            (
                "another old key",
                RotateFields {
                    old_issuer: fleet.recovery.public().unwrap(),
                    authorising_slot: 0,
                    ..fields
                },
            ),
            (
                "another new key",
                RotateFields {
                    new_issuer: Some(fleet.recovery.public().unwrap()),
                    authorising_slot: 0,
                    ..fields
                },
            ),
            (
                "slot closed",
                RotateFields {
                    new_issuer: None,
                    ..fields
                },
            ),
        ] {
            let by = fleet
                .world
                .issuer
                .prove_rotation(&signed, Some(&fleet.world.device_key));
            let by_new = fleet.next.prove_rotation(&signed, Some(&fleet.world.device_key));
            let by = by.map_or(vec![1; 64], |proof| proof.to_vec());
            let by_new = by_new.map_or(vec![1; 64], |proof| proof.to_vec());
            assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0xF8, "{suite:?} {name}");
        }
        assert_eq!(fleet.rotation(), 0);
    }
}

#[test]
fn a_rotation_is_not_taken_twice_nor_undone() {
    for suite in LINES {
        let mut fleet = Fleet::new(suite);
        let (fields, by, by_new) = fleet.right();
        assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0);
        assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0x02, "the key is there");
        // Back to the old key with fresh proofs: number 2. Then the first message again.
        let old = copy(&fleet.world.issuer);
        fleet.world.issuer = copy(&fleet.next);
        let back = RotateFields {
            old_issuer: fleet.next.public().unwrap(),
            new_issuer: old.public(),
            rotation: 2,
            ..fields
        };
        let (by_back, by_old) = (fleet.prove(&fleet.next, &back), fleet.prove(&old, &back));
        assert_eq!(fleet.send(&back, &by_back, Some(&by_old)), 0);
        assert_eq!(fleet.rotation(), 2);
        assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0xF8, "an old message");
    }
}

#[test]
fn the_recovery_key_acts_on_other_slots_and_no_other_key_does() {
    for (suite, recovery) in [
        (Suite::P256Ecdsa, Suite::P256Ecdsa),
        (Suite::P256EcdhMac, Suite::P256EcdhMac),
        (Suite::P256Ecdsa, Suite::P256EcdhMac),
        (Suite::P256EcdhMac, Suite::P256Ecdsa),
    ] {
        let fleet = Fleet::with_recovery(suite, recovery);
        let fields = fleet.fields(0, Some(&fleet.next));
        let by = fleet.prove(&fleet.recovery, &fields);
        let by_new = fleet.prove(&fleet.next, &fields);
        assert_eq!(
            fleet.send(&fields, &by, Some(&by_new)),
            0,
            "{suite:?} {recovery:?}"
        );
    }
    let fleet = Fleet::new(Suite::P256Ecdsa);
    // Slot 1 acts on slot 0.
    let fields = RotateFields {
        slot: 0,
        authorising_slot: SLOT,
        old_issuer: fleet.recovery.public().unwrap(),
        ..fleet.fields(SLOT, Some(&fleet.next))
    };
    assert_eq!(fleet.send(&fields, &[1; 64], Some(&[1; 64])), 0x02);
    let fields = RotateFields {
        slot: 5,
        authorising_slot: 0,
        ..fields
    };
    assert_eq!(
        fleet.send(&fields, &[1; 64], Some(&[1; 64])),
        0x02,
        "no such slot"
    );
    // Its own key, by itself.
    let fields = RotateFields {
        slot: 0,
        authorising_slot: 0,
        old_issuer: fleet.recovery.public().unwrap(),
        ..fleet.fields(0, Some(&fleet.next))
    };
    let (by, by_new) = (
        fleet.prove(&fleet.recovery, &fields),
        fleet.prove(&fleet.next, &fields),
    );
    assert_eq!(fleet.send(&fields, &by, Some(&by_new)), 0);
}

// M-2.7-1 M-2.7-3 M-suites-9
#[test]
fn a_slot_can_be_closed_but_not_the_last_one() {
    for suite in LINES {
        let fleet = Fleet::new(suite);
        let fields = fleet.fields(0, None);
        let by = fleet.prove(&fleet.recovery, &fields);
        assert_eq!(
            fleet.send(&fields, &by, Some(&[1; 64])),
            0x02,
            "a closed slot has no new key"
        );
        let mut wrong = by.clone();
        wrong[0] ^= 1;
        assert_eq!(fleet.send(&fields, &wrong, None), 0xF8);
        assert_eq!(fleet.send(&fields, &by, None), 0);
        assert_eq!(fleet.slot(SLOT), None);
        assert_eq!(
            fleet.world.try_challenge(Interface::Fido, SLOT, false).map(drop),
            Err(0x02)
        );
        // Not opened again, and the one that is left stays.
        assert_eq!(fleet.send(&fields, &by, None), 0x02);
        let last = RotateFields {
            slot: 0,
            old_issuer: fleet.recovery.public().unwrap(),
            ..fields
        };
        let by = fleet.prove(&fleet.recovery, &last);
        assert_eq!(fleet.send(&last, &by, None), 0x02);
        assert!(fleet.slot(0).is_some());
        assert!(fleet.world.try_challenge(Interface::Fido, 0, false).is_ok());
    }
}

/// Nothing of e is told by a point of another curve: not even that a proof is wrong.
// M-2.7-2
#[test]
fn a_new_key_is_a_point_on_the_curve() {
    use fido_unlock::ctap2::cbor::Value;
    use fido_unlock::ctap2::device_unlock::key;
    let fleet = Fleet::new(Suite::P256EcdhMac);
    let right = fleet.next.public().unwrap().to_wire();
    let mut off_curve = right;
    off_curve[63] ^= 1;
    let mut above_p = right;
    above_p[..32].fill(0xFF);
    let mut order_2 = right;
    order_2[32..].fill(0);
    for (new, status) in [
        (&off_curve[..], 0x02),
        (&above_p, 0x02),
        (&order_2, 0x02),
        (&right[..63], 0x02),
        (fleet.next.public().unwrap().as_compressed(), 0x02),
        (&right, 0xF8),
    ] {
        let request = Value::int_map([
            (key::SUB_COMMAND, Some(6u64.into())),
            (key::SLOT, Some(SLOT.into())),
            (key::NEW_KEY, Some(Value::bytes(new))),
            (key::AUTHORISING_SLOT, Some(SLOT.into())),
            (key::AUTHORISATION, Some(Value::bytes(&[1; 32]))),
            (key::NEW_AUTHORISATION, Some(Value::bytes(&[1; 32]))),
        ]);
        let message = fido_unlock_tests::bare::message(&request);
        assert_eq!(
            fleet.world.status(Interface::Fido, &message),
            status,
            "{new:02x?}"
        );
    }
}

// M-2.7-3
#[test]
fn a_key_of_another_slot_is_refused() {
    let fleet = Fleet::new(Suite::P256EcdhMac);
    let fields = fleet.fields(SLOT, Some(&fleet.recovery));
    assert_eq!(fleet.send(&fields, &[1; 32], Some(&[1; 32])), 0x02);
    let fields = fleet.fields(SLOT, Some(&fleet.world.issuer));
    assert_eq!(
        fleet.send(&fields, &[1; 32], Some(&[1; 32])),
        0x02,
        "the present key"
    );
}

// M-2.7-5
#[test]
fn it_wants_a_touch_and_ends_nothing_without_one() {
    let fleet = Fleet::new(Suite::P256Ecdsa);
    let pending = fleet.world.challenge().challenge;
    let (fields, by, by_new) = fleet.right();
    for (touch, status) in [(Touch::Never, 0x2F), (Touch::Refused, 0x27)] {
        fleet.world.touch().set(touch);
        assert_eq!(fleet.send(&fields, &by, Some(&by_new)), status);
    }
    // Wrong proofs are refused before anybody is asked for a touch.
    let waits = fleet.world.touch().waits();
    assert_eq!(fleet.send(&fields, &by_new, Some(&by)), 0xF8);
    assert_eq!(fleet.world.touch().waits(), waits);
    assert_eq!(fleet.rotation(), 0);
    assert_eq!(fleet.world.challenge().challenge, pending);
}

#[test]
fn suite_3_has_none() {
    let recovery = issuer_key(Suite::P256Ecdsa);
    let world = World::with_slots(
        Suite::AesAdminKey,
        PinProtocol::Two,
        EnrollOptions::default(),
        &[(0, &recovery)],
        |builder| builder,
    );
    let new = issuer_key(Suite::P256Ecdsa);
    for authorising_slot in [0, SLOT] {
        let request = RotateRequest {
            slot: SLOT,
            new_key: new.public(),
            authorising_slot,
            authorisation: &[1; 64],
            new_authorisation: Some(&[1; 64]),
        };
        assert_eq!(world.status(Interface::Fido, &request.to_message()), 0x02);
    }
    // Nor does an admin key in slot 0 authorise anything.
    let admin = issuer_key(Suite::AesAdminKey);
    let world = World::with_slots(
        Suite::P256Ecdsa,
        PinProtocol::Two,
        EnrollOptions::default(),
        &[(0, &admin)],
        |builder| builder,
    );
    let fields = RotateFields {
        suite: Suite::P256Ecdsa,
        device_id: world.device_id,
        slot: SLOT,
        authorising_slot: 0,
        old_issuer: world.issuer.public().unwrap(),
        new_issuer: new.public(),
        rotation: 1,
    };
    let by_new = new.prove_rotation(&fields, None).unwrap();
    for proof in [&by_new[..], &[0; 16], &[]] {
        let request = RotateRequest {
            slot: SLOT,
            new_key: new.public(),
            authorising_slot: 0,
            authorisation: proof,
            new_authorisation: Some(&by_new),
        };
        assert_eq!(world.status(Interface::Fido, &request.to_message()), 0x02);
    }
}

#[test]
fn an_unenrolled_device_has_none() {
    let world = World::unenrolled(Way::Hid, issuer_key(Suite::P256Ecdsa), PinProtocol::Two, |b| b);
    let request = RotateRequest {
        slot: SLOT,
        new_key: None,
        authorising_slot: SLOT,
        authorisation: &[1; 64],
        new_authorisation: None,
    };
    assert_eq!(world.status(Interface::Fido, &request.to_message()), 0xF9);
}
