//! Probe and rotation whose keys lie elsewhere: what a prover is asked, and what it may answer.

use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::desk::KeyRing;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{CtapUnlockDevice, RotateWithError, RotationPlan, probe_with, rotate_with};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::ports::{IssuerProver, ProverError};
use fido_unlock::suite::{IssuerKey, IssuerPublicKey, ProbeTask, RotationRole, RotationTask, SuiteError};
use fido_unlock::{ErrorCode, HasCode, Purpose, ResponseCode, Suite};
use fido_unlock_mock::Touch;
use fido_unlock_tests::untaken::Untaken;
use fido_unlock_tests::{SLOT, World, issuer_key};
use zeroize::Zeroizing;

const LINES: [Suite; 2] = [Suite::P256Ecdsa, Suite::P256EcdhMac];

fn copy(key: &IssuerKey) -> IssuerKey {
    IssuerKey::from_p256_scalar(key.suite(), &key.expose_p256_scalar().unwrap()).unwrap()
}

/// The HSM: a key ring, and what it was asked.
struct Hsm {
    ring: KeyRing,
    asked: Vec<(Option<RotationRole>, IssuerPublicKey, Suite)>,
    /// In place of the next rotation proof.
    instead: Option<Vec<u8>>,
}

impl IssuerProver for Hsm {
    fn prove_probe(&mut self, task: &ProbeTask) -> Result<ResponseCode, ProverError> {
        let fields = task.fields();
        assert_eq!((fields.purpose, task.slot()), (Purpose::Probe, SLOT));
        self.asked.push((None, fields.issuer, fields.suite));
        self.ring.prove_probe(task)
    }

    fn prove_rotation(&mut self, task: &RotationTask) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        self.asked
            .push((Some(task.role()), *task.signing_key(), task.signing_suite()));
        match self.instead.take() {
            Some(proof) => Ok(proof.into()),
            None => self.ring.prove_rotation(task),
        }
    }
}

/// A device with a recovery key in slot 0, and the HSM that holds all three keys.
struct Fleet {
    world: World,
    hsm: Hsm,
    recovery: IssuerPublicKey,
    next: IssuerPublicKey,
}

impl Fleet {
    fn new(suite: Suite, recovery: Suite) -> Self {
        let (recovery, next) = (issuer_key(recovery), issuer_key(suite));
        let world = World::with_slots(
            suite,
            PinProtocol::Two,
            EnrollOptions::default(),
            &[(0, &recovery)],
            |builder| builder,
        );
        let publics = (recovery.public().unwrap(), next.public().unwrap());
        let mut ring = KeyRing::new();
        ring.insert(0, recovery).unwrap();
        ring.insert(SLOT, copy(&world.issuer)).unwrap();
        ring.rotate(SLOT, next).unwrap();
        let hsm = Hsm {
            ring,
            asked: Vec::new(),
            instead: None,
        };
        Self {
            world,
            hsm,
            recovery: publics.0,
            next: publics.1,
        }
    }

    fn plan(&self) -> RotationPlan {
        RotationPlan {
            slot: SLOT,
            old_issuer: self.world.issuer.public().unwrap(),
            new_issuer: Some(self.next),
            recovery: None,
            device_key: Some(self.world.device_key),
        }
    }

    fn rotate(&mut self, plan: &RotationPlan) -> Result<u32, RotateWithError> {
        let mut device = self.world.unlock_device(Interface::Fido);
        let (world, hsm) = (&self.world, &mut self.hsm);
        world.call(|call| rotate_with(&mut device, plan, hsm, call))
    }

    fn probe(&mut self, issuer: IssuerPublicKey) -> Result<(), ErrorCode> {
        let mut device = self.world.unlock_device(Interface::Fido);
        let (world, hsm) = (&self.world, &mut self.hsm);
        let key = world.device_key;
        let passed = world.call(|call| probe_with(&mut device, SLOT, issuer, key, hsm, call));
        passed.map(drop).map_err(|error| error.code())
    }

    /// Q of the slot, by its fingerprint, and the slot's rotation number.
    fn slot(&self) -> Option<([u8; 16], u32)> {
        let info = self.world.info(Interface::Fido);
        let slot = info.slots.into_iter().find(|slot| slot.slot == SLOT)?;
        Some((slot.fingerprint.unwrap(), slot.rotation))
    }
}

#[test]
fn a_probe_by_a_key_elsewhere() {
    for suite in LINES {
        let mut fleet = Fleet::new(suite, suite);
        let own = fleet.world.issuer.public().unwrap();
        fleet.probe(own).unwrap();
        assert_eq!(fleet.hsm.asked, [(None, own, suite)]);
        // The ring has this key too, but the device does not trust it.
        assert_eq!(fleet.probe(fleet.next), Err(ErrorCode::ProbeFailed));
        let foreign = issuer_key(suite).public().unwrap();
        assert_eq!(fleet.probe(foreign), Err(ErrorCode::KeyMissing));
    }
}

#[test]
fn both_keys_prove_a_rotation_and_the_new_one_is_probed() {
    for suite in LINES {
        let mut fleet = Fleet::new(suite, suite);
        let plan = fleet.plan();
        assert_eq!(fleet.rotate(&plan).unwrap(), 1);
        assert_eq!(
            fleet.hsm.asked,
            [
                (Some(RotationRole::Authorising), plan.old_issuer, suite),
                (Some(RotationRole::New), fleet.next, suite),
            ]
        );
        assert_eq!(fleet.slot(), Some((fleet.next.fingerprint(), 1)));
        fleet.probe(fleet.next).unwrap();
        // And back, as the second rotation.
        let back = RotationPlan {
            old_issuer: fleet.next,
            new_issuer: Some(plan.old_issuer),
            ..plan
        };
        assert_eq!(fleet.rotate(&back).unwrap(), 2);
    }
}

#[test]
fn the_recovery_key_rotates_by_its_own_suite_and_closes() {
    for suite in LINES {
        for recovery in LINES {
            let mut fleet = Fleet::new(suite, recovery);
            let plan = RotationPlan {
                recovery: Some(fleet.recovery),
                ..fleet.plan()
            };
            assert_eq!(fleet.rotate(&plan).unwrap(), 1);
            let expected = (Some(RotationRole::Authorising), fleet.recovery, recovery);
            assert_eq!(fleet.hsm.asked[0], expected);
            let closing = RotationPlan {
                old_issuer: fleet.next,
                new_issuer: None,
                ..plan
            };
            fleet.hsm.asked.clear();
            assert_eq!(fleet.rotate(&closing).unwrap(), 2);
            assert_eq!(fleet.hsm.asked.len(), 1, "no new key proves a closed slot");
            assert_eq!(fleet.slot(), None);
        }
    }
}

#[test]
fn a_plan_that_is_not_the_devices_is_refused_before_anything_is_proven() {
    let mut fleet = Fleet::new(Suite::P256Ecdsa, Suite::P256Ecdsa);
    let plan = fleet.plan();
    let foreign = issuer_key(Suite::P256Ecdsa).public().unwrap();
    let table = [
        (RotationPlan { slot: 7, ..plan }, ErrorCode::SuiteNotEnrolled),
        (
            RotationPlan {
                old_issuer: foreign,
                ..plan
            },
            ErrorCode::ForeignIssuer,
        ),
        (
            RotationPlan {
                recovery: Some(foreign),
                ..plan
            },
            ErrorCode::ForeignIssuer,
        ),
        (
            RotationPlan {
                new_issuer: Some(plan.old_issuer),
                ..plan
            },
            ErrorCode::InvalidArgument,
        ),
    ];
    for (wrong, code) in table {
        assert_eq!(fleet.rotate(&wrong).unwrap_err().code(), code);
    }
    assert_eq!(fleet.hsm.asked, []);
    assert_eq!(fleet.slot(), Some((plan.old_issuer.fingerprint(), 0)));
}

#[test]
fn the_only_slot_is_not_closed_and_says_so() {
    for suite in LINES {
        let mut fleet = Fleet::new(suite, suite);
        let closing = RotationPlan {
            new_issuer: None,
            ..fleet.plan()
        };
        let closing_the_last = RotationPlan {
            slot: 0,
            old_issuer: fleet.recovery,
            ..closing
        };
        assert_eq!(fleet.rotate(&closing), Ok(1));
        fleet.hsm.asked.clear();
        let waits = fleet.world.touch().waits();
        let error = fleet.rotate(&closing_the_last).unwrap_err();
        assert_eq!(error.code(), ErrorCode::LastSlot);
        assert_eq!(
            (&fleet.hsm.asked[..], fleet.world.touch().waits()),
            (&[][..], waits)
        );
        // It can still be given another key.
        let rotating = RotationPlan {
            new_issuer: Some(fleet.next),
            ..closing_the_last
        };
        assert_eq!(fleet.rotate(&rotating), Ok(1));
    }
}

#[test]
fn the_devices_key_is_wanted_where_a_key_of_suite_2_proves() {
    for suite in LINES {
        for recovery in LINES {
            let mut fleet = Fleet::new(suite, recovery);
            let plan = RotationPlan {
                recovery: Some(fleet.recovery),
                device_key: None,
                ..fleet.plan()
            };
            let rotated = fleet.rotate(&plan);
            if [suite, recovery].contains(&Suite::P256EcdhMac) {
                assert_eq!(rotated, Err(SuiteError::DeviceKey.into()));
                assert_eq!(fleet.hsm.asked, []);
            } else {
                assert_eq!(rotated, Ok(1));
            }
        }
    }
}

#[test]
fn what_is_no_proof_never_reaches_the_device() {
    for suite in LINES {
        let mut fleet = Fleet::new(suite, suite);
        let plan = fleet.plan();
        let waits = fleet.world.touch().waits();
        for instead in [vec![], vec![1; 31], vec![1; 64]] {
            fleet.hsm.instead = Some(instead);
            let error = fleet.rotate(&plan).unwrap_err();
            assert_eq!(error.code(), ErrorCode::SignerFailed);
        }
        // A key that the HSM does not have.
        let foreign = issuer_key(suite).public();
        let missing = RotationPlan {
            new_issuer: foreign,
            ..plan
        };
        let error = fleet.rotate(&missing).unwrap_err();
        assert_eq!(error.code(), ErrorCode::KeyMissing);
        assert_eq!(fleet.world.touch().waits(), waits);
        assert_eq!(fleet.slot(), Some((plan.old_issuer.fingerprint(), 0)));
    }
    // In suite 2 only the device can tell a wrong proof.
    let mut fleet = Fleet::new(Suite::P256EcdhMac, Suite::P256EcdhMac);
    let plan = fleet.plan();
    fleet.hsm.instead = Some(vec![1; 32]);
    let error = fleet.rotate(&plan).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RotationRefused);
    // And a person who does not touch it keeps the old key.
    fleet.world.touch().set(Touch::Refused);
    let error = fleet.rotate(&plan).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TouchRefused);
    assert_eq!(fleet.slot(), Some((plan.old_issuer.fingerprint(), 0)));
}

/// A card that says, falsely, that it did not take the message, so that it is sent again or given up.
#[test]
fn a_rotation_that_was_done_is_told_as_done() {
    const ROTATE: u8 = 6;
    for suite in LINES {
        for status in [0x6A86, 0x6884, 0x6C05, 0x6D00, 0x6F00] {
            let mut fleet = Fleet::new(suite, suite);
            let plan = fleet.plan();
            let closing = RotationPlan {
                old_issuer: fleet.next,
                new_issuer: None,
                ..plan
            };
            for (plan, rotation) in [(plan, 1), (closing, 2)] {
                let (transport, left) = Untaken::open(&fleet.world, ROTATE, status);
                let mut device = CtapUnlockDevice::new(transport);
                let (world, hsm) = (&fleet.world, &mut fleet.hsm);
                let told = world.call(|call| rotate_with(&mut device, &plan, hsm, call));
                assert_eq!(left.get(), None, "it was said");
                assert_eq!(told, Ok(rotation), "{suite:?} {status:04x}");
            }
            assert_eq!(fleet.slot(), None);
        }
    }
}
