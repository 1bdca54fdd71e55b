//! Checkpoints that a key of the host's signs.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::CheckpointHsm;
use super::{number, scene};

#[test]
fn a_checkpoint_finds_a_tail_that_was_cut_off() {
    let scene = scene(Suite::P256EcdhMac);
    let hsm = CheckpointHsm::new();
    let signed = scene
        .desk
        .checkpoint(scene.session(), Arc::clone(&hsm) as _)
        .unwrap();
    let entries = scene.memory.log.lock().unwrap().len();
    // That it was made is recorded behind it.
    assert_eq!(signed.entries, u64::try_from(entries).unwrap() - 1);
    let key = hsm.public_key().unwrap();
    assert_eq!(
        read_checkpoint(signed.bytes.clone(), key.clone()).unwrap(),
        signed
    );
    let against = |key: &[u8]| {
        let kept = vec![signed.bytes.clone()];
        scene.desk.verify_audit_against(kept, key.to_vec())
    };
    let summary = against(&key).unwrap();
    assert_eq!(
        (summary.covered, summary.entries),
        (signed.entries, signed.entries + 1)
    );
    assert_eq!(scene.desk.verify_audit().unwrap().covered, 0);

    let checkpoint = ErrorCode::AuditCheckpoint.number();
    assert_eq!(number(against(&scene.hsm.public())), checkpoint);
    let mut changed = signed.bytes.clone();
    changed[20] ^= 1;
    assert_eq!(number(read_checkpoint(changed, key.clone())), checkpoint);
    assert_eq!(number(read_checkpoint(vec![0; 127], key.clone())), checkpoint);
    let no_point = read_checkpoint(signed.bytes.clone(), vec![0; 33]);
    assert_eq!(number(no_point), ErrorCode::InvalidPoint.number());

    // Whoever can write the log gives the desk a shorter one; it is a log without fault.
    scene.memory.log.lock().unwrap().truncate(entries - 2);
    let hands = Arc::clone(&scene.hands);
    let shorter = super::builder(&scene.memory, &scene.hsm, &hands).open().unwrap();
    shorter.verify_audit().unwrap();
    let found = shorter.verify_audit_against(vec![signed.bytes], key);
    assert_eq!(number(found), checkpoint);
}

#[test]
fn an_issuers_key_signs_no_checkpoint() {
    let scene = scene(Suite::P256EcdhMac);
    let made = scene
        .desk
        .checkpoint(scene.session(), scene.hsm.for_checkpoints());
    assert_eq!(number(made), ErrorCode::KeyPurpose.number());
    // Nor where the signer does not say which keys are issuers'.
    *scene.hsm.away.lock().unwrap() = true;
    let entries = scene.memory.log.lock().unwrap().len();
    for signer in [scene.hsm.for_checkpoints(), CheckpointHsm::new()] {
        let made = scene.desk.checkpoint(scene.session(), signer);
        assert_eq!(number(made), ErrorCode::HostFailed.number());
    }
    let log = scene.memory.log.lock().unwrap().len();
    assert_eq!(log, entries + 2, "both refusals, and nothing else");
}

#[test]
fn what_the_checkpoint_signer_makes_is_looked_at() {
    let scene = scene(Suite::P256EcdhMac);
    let hsm = CheckpointHsm::new();
    let table = [
        (Ok(vec![1; 64]), ErrorCode::SignerFailed),
        (Ok(vec![0; 64]), ErrorCode::SignerFailed),
        (Ok(Vec::new()), ErrorCode::SignerFailed),
        (Err(SigningError::KeyMissing), ErrorCode::KeyMissing),
        (Err(SigningError::HostFailed), ErrorCode::HostFailed),
    ];
    for (instead, code) in table {
        *hsm.instead.lock().unwrap() = Some(instead.clone());
        let made = scene.desk.checkpoint(scene.session(), Arc::clone(&hsm) as _);
        assert_eq!(number(made), code.number(), "{instead:?}");
    }
    scene.desk.checkpoint(scene.session(), hsm).unwrap();
}
