//! The help desk from sign-in to Done, over the in-memory adapters, for each suite.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use fido_unlock::Suite;
use fido_unlock::desk::audit::AuditEvent;
use fido_unlock::desk::ports::NoticeKind;
use fido_unlock::desk::{CodeOutcome, Delivery, GivenCode};
use fido_unlock_mock::desk::OneTimeCode;
use helpdesk_bench::{Bench, CHALLENGE_NONCE};

#[test]
fn from_sign_in_to_done() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let bench = Bench::new();
        let mut desk = bench.desk();
        let session = bench.sign_in(&mut desk, "desk-1");
        let device = bench.device(suite);

        let found = desk.search(&session, "ALICE").unwrap();
        assert_eq!(found[0].user.id, bench.alice);
        assert!(found[0].devices.iter().any(|found| found.id == device));
        assert_eq!(desk.find_device(&session, &device).unwrap().user.id, bench.alice);

        let request = desk
            .open_request(&session, &bench.alice, &device, "ticket 17")
            .unwrap();
        assert!(request.open_codes.is_empty());
        desk.verify_caller(&session, request.id, &mut OneTimeCode::new("8812", "8812"))
            .unwrap();
        let challenge = bench.challenge(suite, 0, CHALLENGE_NONCE);
        desk.enter_challenge(&session, request.id, &challenge.to_code().to_lowercase())
            .unwrap();
        let given = desk.authorise(&session, request.id, &Delivery::Show).unwrap();
        let GivenCode::Shown(code) = given else {
            panic!("not shown")
        };
        assert!(bench.device_accepts(suite, &challenge, &code), "{suite:?}");

        let open = desk.open_codes(&session, Some(&device)).unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].outcome, CodeOutcome::Open);
        desk.done(&session, request.id).unwrap();
        assert!(desk.open_codes(&session, None).unwrap().is_empty());

        let notices = bench.stores.outbox.notices();
        let kinds: Vec<_> = notices.iter().map(|notice| notice.kind).collect();
        assert_eq!(kinds, [NoticeKind::CodeGiven, NoticeKind::Done]);
        assert!(
            notices
                .iter()
                .all(|notice| notice.user == bench.alice && notice.device == device)
        );

        desk.verify_audit(&[], None).unwrap();
        let entries = desk.audit_entries().unwrap();
        let events: Vec<_> = entries.iter().map(|(entry, _)| entry.event).collect();
        let position = |event| events.iter().rposition(|found| *found == event).unwrap();
        assert!(position(AuditEvent::CallerVerified) < position(AuditEvent::ChallengeAccepted));
        assert!(position(AuditEvent::ChallengeAccepted) < position(AuditEvent::Authorised));
        assert!(position(AuditEvent::Authorised) < position(AuditEvent::CodeMade));
        assert!(position(AuditEvent::CodeMade) < position(AuditEvent::Done));
        let made = &entries[position(AuditEvent::CodeMade)].0;
        assert_eq!(made.code_sha256, Some(code.sha256()));
    }
}

#[test]
fn the_device_takes_no_other_devices_code() {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    let (_, code) = bench.code(&mut desk, &session, Suite::P256EcdhMac, 0, [1; 14]);
    let other = bench.challenge(Suite::P256EcdhMac, 0, [2; 14]);
    assert!(!bench.device_accepts(Suite::P256EcdhMac, &other, &code));
}
