//! The signed list of issuers, by which an app sees foreign slots.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::{KeyName, NoteSigner, NoteVerifier, SoftwareNoteSigner, sign_note};
use fido_unlock::suite::IssuerPublicKey;
use fido_unlock_ffi::*;

use super::host::CheckpointHsm;
use super::{number, scene};

#[test]
fn a_foreign_slot_is_shown_by_the_list() {
    let scene = scene(Suite::P256EcdhMac);
    let hsm = CheckpointHsm::new(1);
    let note = scene.desk.signed_issuers(scene.session(), Arc::clone(&hsm) as _);
    let note = note.unwrap();
    let list = read_issuer_list(note.clone(), vec![hsm.line()]).unwrap();
    assert_eq!(list.origin, scene.desk.origin().unwrap());
    assert!(list.made_at > 0);
    assert_eq!(list.issuers, scene.desk.issuers(scene.session()).unwrap());
    assert_eq!(list.fingerprints.len(), list.issuers.len());

    let device = Device::open_unlock_device(scene.key.unlock_device(Interface::Vendor));
    let own = device.diagnose(list.fingerprints, None, None).unwrap();
    assert_eq!(own.condition, Condition::Locked);
    assert!(!own.foreign_issuer && own.foreign_slots.is_empty());

    // After the key was rotated at the desk the device still has the retired one, which is not foreign.
    scene.put_issuer(scene.hsm.next_public());
    let rotated = scene.desk.signed_issuers(scene.session(), Arc::clone(&hsm) as _);
    let rotated = read_issuer_list(rotated.unwrap(), vec![hsm.line()]).unwrap();
    let states: Vec<_> = rotated.issuers.iter().map(|issuer| issuer.retired).collect();
    assert_eq!(states, [false, true]);
    let retired = device.diagnose(rotated.fingerprints, None, None).unwrap();
    assert!(!retired.foreign_issuer);

    // By the list of a desk that has another key the slot is foreign.
    let mut signer = SoftwareNoteSigner::from_seed(KeyName::new("other.example").unwrap(), &[3; 32]);
    let mut other =
        fido_unlock::IssuerList::verify(&note, &[NoteVerifier::parse(&hsm.line()).unwrap()]).unwrap();
    other.issuers[0].public = IssuerPublicKey::from_compressed(&scene.hsm.next_public()).unwrap();
    let theirs = sign_note(other.to_text(), &mut signer).unwrap().to_text();
    let theirs = read_issuer_list(theirs, vec![signer.verifier().to_line()]).unwrap();
    let foreign = device.diagnose(theirs.fingerprints, None, None).unwrap();
    assert_eq!(foreign.condition, Condition::LockedByForeignIssuer);
    assert_eq!(foreign.number, ErrorCode::ForeignIssuer.number());
    assert!(foreign.foreign_issuer && !foreign.can_unlock);
    assert_eq!(foreign.foreign_slots, device.info(None, None).unwrap().slots);
}

#[test]
fn a_list_that_is_none_has_its_number() {
    let scene = scene(Suite::P256Ecdsa);
    let (hsm, other) = (CheckpointHsm::new(1), CheckpointHsm::new(2));
    let note = scene.desk.signed_issuers(scene.session(), Arc::clone(&hsm) as _);
    let note = note.unwrap();
    for (note, line, code) in [
        (note.clone(), other.line(), ErrorCode::NoteUntrusted),
        (
            note.replace("present", "retired"),
            hsm.line(),
            ErrorCode::NoteUntrusted,
        ),
        ("no note".into(), hsm.line(), ErrorCode::TextForm),
        (note.clone(), "no key".into(), ErrorCode::InvalidArgument),
    ] {
        assert_eq!(
            number(read_issuer_list(note.clone(), vec![line])),
            code.number(),
            "{note}"
        );
    }
    assert_eq!(
        number(read_issuer_list(note, Vec::new())),
        ErrorCode::NoteUntrusted.number()
    );

    *hsm.instead.lock().unwrap() = Some(Ok(vec![1; 64]));
    let made = scene.desk.signed_issuers(scene.session(), hsm);
    assert_eq!(number(made), ErrorCode::SignerFailed.number());
    let empty = super::scene(Suite::AesAdminKey);
    let made = empty.desk.signed_issuers(empty.session(), other);
    assert_eq!(number(made), ErrorCode::KeyMissing.number());
}
