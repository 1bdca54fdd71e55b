//! Probe and rotation by an HSM of the host's.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::{Scene, number, scene, unlock};

fn plan(scene: &Scene) -> RotationPlan {
    RotationPlan {
        slot: 1,
        old_issuer: scene.hsm.public(),
        new_issuer: Some(scene.hsm.next_public()),
        device_key: scene.enrolled.device_key.clone(),
        recovery: None,
    }
}

fn probe(scene: &Scene, issuer: Vec<u8>) -> Result<Arc<ProbePassed>, UnlockError> {
    let device = scene.key.open(MockWire::Hid, Interface::Fido);
    let device_key = scene.enrolled.device_key.clone();
    device.probe_with(1, issuer, device_key, Arc::clone(&scene.hsm) as _, None, None)
}

fn rotate(scene: &Scene, plan: RotationPlan) -> Result<u32, UnlockError> {
    let device = scene.key.open(MockWire::Hid, Interface::Fido);
    device.rotate_issuer(plan, Arc::clone(&scene.hsm) as _, None, None, None)
}

#[test]
fn an_hsm_probes_rotates_and_its_new_key_unlocks() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac] {
        let scene = scene(suite);
        assert_eq!(probe(&scene, scene.hsm.public()).unwrap().slot(), 1);
        let foreign = probe(&scene, scene.hsm.next_public());
        assert_eq!(number(foreign), ErrorCode::ProbeFailed.number());
        let rotation = rotate(&scene, plan(&scene)).unwrap();
        assert_eq!(rotation, 1);
        probe(&scene, scene.hsm.next_public()).unwrap();
        let next = scene.hsm.next_public();
        let id = scene.enrolled.device_id.clone();
        let record = || {
            let (id, next) = (id.clone(), next.clone());
            scene.desk.record_rotation(scene.session(), id, next, rotation)
        };
        assert_eq!(number(record()), ErrorCode::KeyMissing.number());
        scene.put_issuer(next.clone());
        record().unwrap();
        let kept = scene.desk.issuers(scene.session()).unwrap();
        let kept: Vec<_> = kept.iter().map(|info| (&info.public_key, info.retired)).collect();
        assert_eq!(kept, [(&next, false), (&scene.hsm.public(), true)]);
        let (device, session) = scene.begin();
        let id = scene.request(&session);
        let code = scene.desk.authorise(scene.session(), id).unwrap();
        unlock(&session, device, code);
    }
}

#[test]
fn a_rotation_that_the_hsm_does_not_prove_changes_nothing() {
    let table = [
        (Ok("no digits".into()), ErrorCode::SignerFailed),
        (Ok("00".repeat(32)), ErrorCode::SignerFailed),
        (Ok("01".repeat(64)), ErrorCode::SignerFailed),
        (Err(SigningError::Refused { code: 0x30 }), ErrorCode::SignerFailed),
        (
            Err(SigningError::Unavailable { code: 5 }),
            ErrorCode::SignerUnavailable,
        ),
        (Err(SigningError::KeyMissing), ErrorCode::KeyMissing),
        (Err(SigningError::HostFailed), ErrorCode::HostFailed),
    ];
    let scene = scene(Suite::P256Ecdsa);
    for (instead, code) in table {
        *scene.hsm.instead.lock().unwrap() = Some(instead.clone());
        assert_eq!(number(rotate(&scene, plan(&scene))), code.number(), "{instead:?}");
        *scene.hsm.instead.lock().unwrap() = Some(instead);
        assert_eq!(number(probe(&scene, scene.hsm.public())), code.number());
    }
    let foreign = RotationPlan {
        old_issuer: scene.hsm.next_public(),
        new_issuer: None,
        ..plan(&scene)
    };
    assert_eq!(number(rotate(&scene, foreign)), ErrorCode::ForeignIssuer.number());
    let closing = RotationPlan {
        new_issuer: None,
        ..plan(&scene)
    };
    assert_eq!(number(rotate(&scene, closing)), ErrorCode::LastSlot.number());
    let no_point = RotationPlan {
        new_issuer: Some(vec![0; 33]),
        ..plan(&scene)
    };
    assert_eq!(number(rotate(&scene, no_point)), ErrorCode::InvalidPoint.number());
    probe(&scene, scene.hsm.public()).unwrap();
    // A device of the host's own has neither.
    let own = Device::open_unlock_device(scene.key.unlock_device(Interface::Vendor));
    let refused = own.rotate_issuer(plan(&scene), Arc::clone(&scene.hsm) as _, None, None, None);
    assert_eq!(number(refused), ErrorCode::NotSupported.number());
}
