//! The audit log: read, and checkpoints that a key of the host's signs.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::CheckpointHsm;
use super::{number, scene, unlock};

#[test]
fn a_checkpoint_is_a_beginning_of_the_log() {
    let scene = scene(Suite::P256EcdhMac);
    let hsm = CheckpointHsm::new(1);
    let signed = scene
        .desk
        .checkpoint(scene.session(), Arc::clone(&hsm) as _)
        .unwrap();
    let read = |note: &str, hsm: &CheckpointHsm| read_checkpoint(note.into(), vec![hsm.line()]);
    assert_eq!(read(&signed.note, &hsm).unwrap(), signed.checkpoint);
    assert_eq!(signed.checkpoint.origin, scene.desk.origin().unwrap());
    scene.desk.search(scene.session(), "user".into()).unwrap();
    let verify = |notes: &[&str]| {
        let notes = notes.iter().map(|&note| note.into()).collect();
        scene.desk.verify_audit(notes, vec![hsm.line()])
    };
    let summary = verify(&[&signed.note]).unwrap();
    assert_eq!(summary.state, scene.desk.log_state().unwrap());
    assert_eq!(summary.covered, signed.checkpoint.entries);
    assert!(summary.state.entries > summary.covered);
    assert_eq!(verify(&[]).unwrap().covered, 0);

    let checkpoint = ErrorCode::AuditCheckpoint.number();
    assert_eq!(number(read(&signed.note, &CheckpointHsm::new(2))), checkpoint);
    let changed = signed.note.replacen('\n', "\n1", 1);
    assert_eq!(number(read(&changed, &hsm)), checkpoint);
    assert_eq!(number(verify(&[&changed])), checkpoint);
    assert_eq!(number(verify(&["no note"])), checkpoint);
    let no_key = read_checkpoint(signed.note.clone(), vec!["no key".into()]);
    assert_eq!(number(no_key), ErrorCode::InvalidArgument.number());

    // Each entry is in the log as the checkpoint has it, and no other.
    let proof = scene.desk.prove(3, signed.note.clone()).unwrap();
    assert!(proof.contains(&signed.note), "{proof}");
    let behind = scene.desk.prove(signed.checkpoint.entries, signed.note.clone());
    assert_eq!(number(behind), ErrorCode::EntryUnknown.number());
    let (old, new) = (signed.checkpoint.entries, summary.state.entries);
    assert!(!scene.desk.prove_consistency(old, new).unwrap().is_empty());

    // A log that another desk has is not this one.
    let other = super::scene(Suite::P256EcdhMac);
    let found = other.desk.verify_audit(vec![signed.note], vec![hsm.line()]);
    assert_eq!(number(found), checkpoint);
    // An entry that somebody changed is found.
    scene.database.edit_entry(2).unwrap();
    assert_eq!(number(verify(&[])), ErrorCode::AuditBroken.number());
}

#[test]
fn what_the_checkpoint_signer_makes_is_looked_at() {
    let scene = scene(Suite::P256EcdhMac);
    let hsm = CheckpointHsm::new(1);
    let table = [
        (Ok(vec![1; 64]), ErrorCode::SignerFailed),
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

#[test]
fn the_log_tells_who_did_what_and_holds_no_code() {
    let scene = scene(Suite::P256Ecdsa);
    let from = scene.desk.log_state().unwrap().entries;
    let (device, session) = scene.begin();
    let id = scene.request(&session);
    let code = scene.desk.authorise(scene.session(), id.clone()).unwrap();
    unlock(&session, device, code.clone());
    let entries = scene.desk.audit_entries(scene.session(), from, 100).unwrap();
    let events: Vec<_> = entries.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        events,
        [
            "RequestOpened",
            "CallerVerified",
            "ChallengeAccepted",
            "Authorised",
            "CodeMade"
        ]
    );
    let opened = &entries[0];
    assert_eq!(
        (
            opened.operator.as_deref(),
            opened.user.as_deref(),
            opened.text.as_deref()
        ),
        (Some("desk-1"), Some("user-1"), Some("forgotten PIN"))
    );
    assert_eq!(
        (opened.request.as_ref(), opened.device_id.as_ref()),
        (Some(&id), Some(&scene.enrolled.device_id))
    );
    assert_eq!(scene.desk.entry_bytes(from).unwrap(), opened.bytes);
    assert!(code.lines().all(|line| !scene.database.contains(line.into())));
    // To have read it is recorded too; a second operator may not.
    assert_eq!(scene.desk.log_state().unwrap().entries, from + 6);
    let second = scene.sign_in("desk-2");
    let refused = scene.desk.audit_entries(second, 0, 1);
    assert_eq!(number(refused), ErrorCode::PrivilegeMissing.number());
}
