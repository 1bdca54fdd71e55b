//! The audit log: tampering, checkpoints, and a process killed at every write.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use fido_unlock::desk::audit::{
    AuditEvent, AuditFault, CheckpointKey, SignedCheckpoint, SoftwareCheckpointSigner, verify,
};
use fido_unlock::desk::ports::CheckpointSigner;
use fido_unlock::desk::{Delivery, GivenCode, HelpDesk, OperatorSession};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, HasCode, Suite};
use getrandom::SysRng;
use helpdesk_bench::{Bench, issuer_key};

const S2: Suite = Suite::P256EcdhMac;

fn unlocked() -> (Bench, HelpDesk, OperatorSession) {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let admin = bench.sign_in(&mut desk, "admin");
    let (id, _) = bench.code(&mut desk, &admin, S2, 0, [1; 14]);
    desk.done(&admin, id).unwrap();
    (bench, desk, admin)
}

fn signer() -> SoftwareCheckpointSigner {
    SoftwareCheckpointSigner::from_scalar(&[0x51; 32]).unwrap()
}

fn judge(bench: &Bench, checkpoints: &[SignedCheckpoint]) -> Option<ErrorCode> {
    let key = signer().public();
    verify(&bench.stores.audit_log, checkpoints, Some(&key))
        .err()
        .map(|fault| fault.code())
}

// M-audit-2 M-audit-3
#[test]
fn every_changed_bit_and_every_gap_is_found_without_a_checkpoint() {
    let (bench, _desk, _) = unlocked();
    let mut whole = Vec::new();
    bench.stores.audit_log.tamper(|entries| whole = entries.clone());
    assert_eq!(judge(&bench, &[]), None);
    for at in 0..whole.len() - 1 {
        for byte in 0..whole[at].len() {
            let mut changed = whole.clone();
            changed[at][byte] ^= 1;
            bench.stores.audit_log.tamper(|entries| *entries = changed);
            assert!(judge(&bench, &[]).is_some(), "entry {at} byte {byte}");
        }
        let mut fewer = whole.clone();
        fewer.remove(at);
        bench.stores.audit_log.tamper(|entries| *entries = fewer);
        assert_eq!(judge(&bench, &[]), Some(ErrorCode::AuditBroken));
        let mut swapped = whole.clone();
        swapped.swap(at, at + 1);
        bench.stores.audit_log.tamper(|entries| *entries = swapped);
        assert_eq!(judge(&bench, &[]), Some(ErrorCode::AuditBroken));
    }
    // A desk does not open over a broken log.
    let error = HelpDesk::open(bench.stores.ports(bench.ring()), bench.policy.clone()).err();
    assert_eq!(error.unwrap().code(), ErrorCode::AuditBroken);
}

#[test]
fn a_cut_tail_and_a_rewritten_log_are_found_only_by_a_checkpoint() {
    let (bench, mut desk, admin) = unlocked();
    let signed = desk.checkpoint(&admin, &mut signer()).unwrap();
    assert_eq!(judge(&bench, &[signed]), None);
    bench.code(&mut desk, &admin, S2, 1, [2; 14]);
    let report = desk.verify_audit(&[signed], Some(&signer().public())).unwrap();
    assert_eq!(report.covered, signed.checkpoint.count);
    assert!(report.count > report.covered);

    let mut whole = Vec::new();
    bench.stores.audit_log.tamper(|entries| whole = entries.clone());
    let covered = usize::try_from(signed.checkpoint.count).unwrap();
    for kept in 0..=whole.len() {
        bench
            .stores
            .audit_log
            .tamper(|entries| *entries = whole[..kept].to_vec());
        assert_eq!(judge(&bench, &[]), None, "{kept}");
        let expected = (kept < covered).then_some(ErrorCode::AuditCheckpoint);
        assert_eq!(judge(&bench, &[signed]), expected, "{kept}");
    }

    // Whoever can write the log can make a whole new one that is in itself without fault.
    bench.stores.audit_log.tamper(Vec::clear);
    let mut forged = bench.desk();
    let session = bench.sign_in(&mut forged, "desk-1");
    for _ in 0..covered {
        forged.search(&session, "x").unwrap();
    }
    assert_eq!(judge(&bench, &[]), None);
    assert_eq!(judge(&bench, &[signed]), Some(ErrorCode::AuditCheckpoint));
    let fault = forged
        .verify_audit(&[signed], Some(&signer().public()))
        .unwrap_err();
    assert!(matches!(fault, AuditFault::Rewritten { .. }), "{fault:?}");
}

#[test]
fn checkpoints_of_another_key_log_or_without_a_key() {
    let (bench, mut desk, admin) = unlocked();
    let signed = desk.checkpoint(&admin, &mut signer()).unwrap();
    let other = SoftwareCheckpointSigner::from_scalar(&[0x52; 32])
        .unwrap()
        .public();
    let fault = |checkpoints: &[SignedCheckpoint], key: Option<&CheckpointKey>| {
        verify(&bench.stores.audit_log, checkpoints, key).unwrap_err()
    };
    assert!(matches!(
        fault(&[signed], Some(&other)),
        AuditFault::Signature { .. }
    ));
    assert!(matches!(fault(&[signed], None), AuditFault::Signature { .. }));
    let mut elsewhere = signed.checkpoint;
    elsewhere.log_id.0[0] ^= 1;
    let elsewhere = signer().sign(&elsewhere).unwrap();
    let key = signer().public();
    assert!(matches!(
        fault(&[elsewhere], Some(&key)),
        AuditFault::OtherLog { .. }
    ));
    let session = bench.sign_in(&mut desk, "desk-1");
    let error = desk.checkpoint(&session, &mut signer()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PrivilegeMissing);
}

// M-audit-7
#[test]
fn an_issuers_key_signs_no_checkpoint() {
    let bench = Bench::new();
    let mut ring = bench.ring();
    let next = IssuerKey::make_p256(S2, &mut SysRng).unwrap();
    let slot = ring
        .keys()
        .iter()
        .map(|kept| kept.info())
        .find(|info| info.suite == S2);
    ring.rotate(slot.unwrap().slot, next).unwrap();
    let scalars: Vec<_> = ring
        .keys()
        .iter()
        .map(|kept| kept.expose_key().expose_p256_scalar().unwrap())
        .collect();
    assert!(ring.keys().iter().any(|kept| kept.info().retired));
    let mut desk = HelpDesk::open(bench.stores.ports(ring), bench.policy.clone()).unwrap();
    let admin = bench.sign_in(&mut desk, "admin");
    for scalar in scalars {
        let mut shared = SoftwareCheckpointSigner::from_scalar(&scalar).unwrap();
        let error = desk.checkpoint(&admin, &mut shared).unwrap_err();
        assert_eq!(error.code(), ErrorCode::KeyPurpose);
    }
    desk.checkpoint(&admin, &mut signer()).unwrap();
    // Each refusal is in the log, and the checkpoint that was made is the last entry.
    let entries = desk.audit_entries().unwrap();
    let refused = entries
        .iter()
        .filter(|(entry, _)| entry.error == Some(ErrorCode::KeyPurpose.number()));
    assert_eq!(refused.count(), 3);
    assert_eq!(entries.last().unwrap().0.event, AuditEvent::CheckpointMade);
}

// M-audit-4 M-audit-10
#[test]
fn a_process_killed_at_any_write_shows_no_code_without_its_record() {
    for suite in [Suite::P256Ecdsa, S2, Suite::AesAdminKey] {
        let mut shown = 0;
        for good in 0..6 {
            let bench = Bench::new();
            let mut desk = bench.desk();
            let session = bench.sign_in(&mut desk, "desk-1");
            let id = bench.ready(&mut desk, &session, suite, 0, [1; 14]).unwrap();
            bench.stores.faults.fail_after(good);
            let result = desk.authorise(&session, id, &Delivery::Show);
            bench.stores.faults.clear();
            drop(desk);

            let mut desk = bench.desk();
            desk.verify_audit(&[], None).unwrap();
            let log = desk.audit_entries().unwrap();
            let recorded = |event| log.iter().find(|(entry, _)| entry.event == event);
            let authorised = recorded(AuditEvent::Authorised).is_some();
            let made = recorded(AuditEvent::CodeMade);
            match result {
                Ok(GivenCode::Shown(code)) => {
                    shown += 1;
                    assert!(authorised);
                    assert_eq!(made.unwrap().0.code_sha256, Some(code.sha256()));
                }
                Ok(GivenCode::Sent { .. }) => panic!("sent"),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::StoreWrite, "{good}");
                    assert!(made.is_none(), "{good}");
                }
            }
            // What was authorised is used up and counted, whatever came of it.
            assert_eq!(bench.stores.limits.counted(), usize::from(good > 0), "{good}");
            let again = desk
                .authorise(&session, id, &Delivery::Show)
                .err()
                .unwrap()
                .code();
            let expected = if authorised {
                ErrorCode::RequestUsed
            } else {
                ErrorCode::RequestUnknown
            };
            assert_eq!(again, expected, "{good}");
            let open = desk.open_codes(&session, None).unwrap().len();
            assert_eq!(open, usize::from(made.is_some()), "{good}");
        }
        assert_eq!(
            shown, 3,
            "limits, authorised, made: the code is shown after the third write"
        );
    }
}

#[test]
fn the_signer_is_not_asked_before_the_record_is_on_disk() {
    use fido_unlock::desk::Authorised;
    use fido_unlock::desk::ports::{AuditLog, IssuerInfo, ResponseSigner, SignerError};
    use fido_unlock::{AdminKey, DeviceId, ResponseCode};
    use fido_unlock_mock::desk::MemoryAuditLog;

    struct Spy(MemoryAuditLog);

    impl ResponseSigner for Spy {
        fn respond(&mut self, authorised: &Authorised) -> Result<ResponseCode, SignerError> {
            let last = self.0.entry(self.0.count() - 1).unwrap().unwrap();
            let last = fido_unlock::desk::audit::AuditEntry::from_bytes(&last).unwrap();
            assert_eq!(last.event, AuditEvent::Authorised);
            assert_eq!(last.request, Some(authorised.request()));
            assert_eq!(last.device, Some(authorised.device()));
            issuer_key(S2, 0x22)
                .respond(&authorised.fields().unwrap())
                .map_err(SignerError::from)
        }

        fn issuers(&self) -> Vec<IssuerInfo> {
            Vec::new()
        }

        fn check_admin_key(&self, _: &DeviceId, _: &AdminKey) -> Result<(), SignerError> {
            Ok(())
        }

        fn store_admin_key(&mut self, _: &DeviceId, _: &AdminKey) -> Result<(), SignerError> {
            Ok(())
        }
    }

    let bench = Bench::new();
    let mut ports = bench.stores.ports(bench.ring());
    ports.signer = Box::new(Spy(bench.stores.audit_log.clone()));
    let mut desk = HelpDesk::open(ports, bench.policy.clone()).unwrap();
    let session = bench.sign_in(&mut desk, "desk-1");
    bench.code(&mut desk, &session, S2, 0, [1; 14]);
}
