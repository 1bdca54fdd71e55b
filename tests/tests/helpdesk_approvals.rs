//! Approvals out of another system: for one request as it stands, by another operator who may, once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use fido_unlock::desk::audit::{AuditEntry, AuditEvent};
use fido_unlock::desk::ports::{ApprovalError, Approver};
use fido_unlock::desk::{
    Approval, ApprovalTask, Delivery, GivenCode, HelpDesk, OperatorId, OperatorSession, RequestId, Vouched,
};
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_mock::desk::OneTimeCode;
use helpdesk_bench::{Bench, START, assert_refused};

const NONCE: [u8; 14] = [9; 14];
const EVIDENCE: [u8; 32] = [0xA9; 32];

/// The other system, which does what a test says.
struct System<F>(F);

impl<F: FnMut(ApprovalTask) -> Result<Approval, ApprovalError>> Approver for System<F> {
    fn ask(&mut self, task: ApprovalTask) -> Result<Approval, ApprovalError> {
        (self.0)(task)
    }
}

fn name(operator: &str) -> OperatorId {
    OperatorId::new(operator).unwrap()
}

fn yes(operator: &str) -> impl Approver + use<> {
    let operator = name(operator);
    System(move |task: ApprovalTask| Ok(task.approved_by(operator.clone(), EVIDENCE)))
}

fn no(error: ApprovalError) -> impl Approver {
    System(move |_: ApprovalTask| Err(error.clone()))
}

/// A privileged user's request, whose caller is verified and whose challenge is entered.
fn started() -> (Bench, HelpDesk, OperatorSession, RequestId) {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    let id = ready(&bench, &mut desk, &session, NONCE);
    (bench, desk, session, id)
}

fn ready(bench: &Bench, desk: &mut HelpDesk, session: &OperatorSession, nonce: [u8; 14]) -> RequestId {
    let device = bench.boss_device();
    let id = desk
        .open_request(session, &bench.boss, &device, "ticket 17")
        .unwrap()
        .id;
    desk.verify_caller(session, id, &mut OneTimeCode::new("1", "1"))
        .unwrap();
    let challenge = bench.challenge(Suite::P256EcdhMac, 0, nonce);
    desk.enter_read_challenge(session, id, &challenge).unwrap();
    id
}

fn last(desk: &HelpDesk) -> (AuditEntry, [u8; 32]) {
    desk.audit_entries().unwrap().pop().unwrap()
}

fn assert_not_approved(desk: &mut HelpDesk, session: &OperatorSession, id: RequestId) {
    assert_eq!(desk.request(session, id).unwrap().approved_by, None);
    let result = desk.authorise(session, id, &Delivery::Show);
    assert_refused(desk, result, ErrorCode::ApprovalMissing);
}

#[test]
fn an_approval_of_the_other_system_serves_one_code() {
    let (bench, mut desk, session, id) = started();
    let basis = last(&desk).1;
    let mut asked = 0;
    let mut system = System(|task: ApprovalTask| {
        asked += 1;
        assert_eq!(*task.basis(), basis);
        assert_eq!((task.request(), task.device()), (id, bench.boss_device()));
        assert_eq!(
            (&task.user().id, task.operator().as_str()),
            (&bench.boss, "desk-1")
        );
        assert_eq!((task.reason(), task.vouched()), ("ticket 17", Vouched::Machine));
        assert_eq!(*task.challenge(), bench.challenge(Suite::P256EcdhMac, 0, NONCE));
        assert_eq!((task.now().0, task.expires_at().0), (START, START + 600));
        Ok(task.approved_by(name("desk-2"), EVIDENCE))
    });
    desk.ask_approval(&session, id, &mut system).unwrap();
    assert_eq!(asked, 1);
    let (approved, _) = last(&desk);
    assert_eq!(approved.event, AuditEvent::Approved);
    assert_eq!(approved.request, Some(id));
    assert_eq!(approved.operator, Some(name("desk-2")));
    assert_eq!(approved.evidence, Some(EVIDENCE));
    assert_eq!(
        desk.request(&session, id).unwrap().approved_by,
        Some(name("desk-2"))
    );

    let given = desk.authorise(&session, id, &Delivery::Show).unwrap();
    assert!(matches!(given, GivenCode::Shown(_)));
    let entries = desk.audit_entries().unwrap();
    let of = |event| entries.iter().rfind(|(entry, _)| entry.event == event).unwrap();
    assert_eq!(of(AuditEvent::Authorised).0.second_operator, Some(name("desk-2")));
    let result = desk.ask_approval(&session, id, &mut yes("desk-2"));
    assert_refused(&desk, result, ErrorCode::RequestUsed);

    // The next request needs an approval of its own.
    let next = ready(&bench, &mut desk, &session, [8; 14]);
    assert_not_approved(&mut desk, &session, next);
}

#[test]
fn what_is_no_approval_has_its_own_number_and_record() {
    let unavailable = ApprovalError::Unavailable {
        detail: "tickets.corp.example".into(),
    };
    let answers: [(Box<dyn Approver>, ErrorCode, Option<&str>); 7] = [
        (
            Box::new(no(ApprovalError::Pending)),
            ErrorCode::ApprovalMissing,
            None,
        ),
        (
            Box::new(no(ApprovalError::Refused)),
            ErrorCode::ApprovalRefused,
            None,
        ),
        (Box::new(no(unavailable)), ErrorCode::ApprovalUnavailable, None),
        (
            Box::new(no(ApprovalError::HostFailed)),
            ErrorCode::HostFailed,
            None,
        ),
        (Box::new(yes("desk-1")), ErrorCode::ApprovalSelf, Some("desk-1")),
        (
            Box::new(yes("stranger")),
            ErrorCode::ApproverUnknown,
            Some("stranger"),
        ),
        (
            Box::new(yes("nobody")),
            ErrorCode::ApproverPrivilege,
            Some("nobody"),
        ),
    ];
    let (bench, mut desk, session, id) = started();
    for (mut system, code, named) in answers {
        let result = desk.ask_approval(&session, id, &mut *system);
        assert_refused(&desk, result, code);
        let (refused, _) = last(&desk);
        assert_eq!(refused.operator, Some(name("desk-1")), "{code:?}");
        assert_eq!(refused.second_operator, named.map(name), "{code:?}");
        assert_eq!(refused.request, Some(id));
        assert_not_approved(&mut desk, &session, id);
    }
    assert_eq!(bench.stores.limits.counted(), 0);
    desk.ask_approval(&session, id, &mut yes("desk-2")).unwrap();
    desk.authorise(&session, id, &Delivery::Show).unwrap();
}

#[test]
fn an_approval_of_another_request_is_none() {
    let (bench, mut desk, session, first) = started();
    let second = ready(&bench, &mut desk, &session, [8; 14]);
    let mut kept = None;
    let mut keeps = System(|task: ApprovalTask| {
        kept = Some(task.approved_by(name("desk-2"), EVIDENCE));
        Err(ApprovalError::Pending)
    });
    desk.ask_approval(&session, first, &mut keeps).unwrap_err();
    let mut gives = System(|_: ApprovalTask| Ok(kept.take().unwrap()));
    let result = desk.ask_approval(&session, second, &mut gives);
    assert_refused(&desk, result, ErrorCode::ApprovalElsewhere);
    assert_eq!(last(&desk).0.second_operator, Some(name("desk-2")));
    assert_not_approved(&mut desk, &session, second);
}

#[test]
fn a_change_makes_an_approval_one_of_something_else() {
    type Change = fn(&Bench, &mut HelpDesk, &OperatorSession, RequestId);
    let changes: [Change; 3] = [
        |_, desk, session, id| desk.set_reason(session, id, "another").unwrap(),
        |_, desk, session, id| {
            desk.verify_caller(session, id, &mut OneTimeCode::new("1", "1"))
                .unwrap();
        },
        |bench, desk, session, id| {
            let challenge = bench.challenge(Suite::P256EcdhMac, 0, [8; 14]);
            desk.enter_read_challenge(session, id, &challenge).unwrap();
        },
    ];
    for change in changes {
        let (bench, mut desk, session, id) = started();
        desk.ask_approval(&session, id, &mut yes("desk-2")).unwrap();
        change(&bench, &mut desk, &session, id);
        assert_not_approved(&mut desk, &session, id);

        // Nor does the other system's old decision count for what is there now.
        let mut kept = None;
        let mut keeps = System(|task: ApprovalTask| {
            kept = Some(task.approved_by(name("desk-2"), EVIDENCE));
            Err(ApprovalError::Pending)
        });
        desk.ask_approval(&session, id, &mut keeps).unwrap_err();
        change(&bench, &mut desk, &session, id);
        let basis = last(&desk).1;
        let mut gives = System(|task: ApprovalTask| {
            assert_eq!(*task.basis(), basis);
            Ok(kept.take().unwrap())
        });
        let result = desk.ask_approval(&session, id, &mut gives);
        assert_refused(&desk, result, ErrorCode::ApprovalElsewhere);
    }
}

#[test]
fn to_ask_again_voids_what_was_there() {
    let (bench, mut desk, session, id) = started();
    desk.ask_approval(&session, id, &mut yes("desk-2")).unwrap();
    // It was taken back.
    let result = desk.ask_approval(&session, id, &mut no(ApprovalError::Refused));
    assert_refused(&desk, result, ErrorCode::ApprovalRefused);
    assert_not_approved(&mut desk, &session, id);
    // One who signs in serves as before.
    let second = bench.sign_in(&mut desk, "desk-2");
    desk.approve(&second, id).unwrap();
    assert_eq!(last(&desk).0.evidence, None);
    desk.authorise(&session, id, &Delivery::Show).unwrap();
}

#[test]
fn it_is_asked_for_only_where_it_is_seen_what_is_approved() {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    let device = bench.boss_device();
    let id = desk.open_request(&session, &bench.boss, &device, "r").unwrap().id;
    let mut never = System(|_: ApprovalTask| panic!("asked"));
    let result = desk.ask_approval(&session, id, &mut never);
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
    desk.verify_caller(&session, id, &mut OneTimeCode::new("1", "1"))
        .unwrap();
    let result = desk.ask_approval(&session, id, &mut never);
    assert_refused(&desk, result, ErrorCode::WrongState);
    desk.enter_read_challenge(&session, id, &bench.challenge(Suite::P256EcdhMac, 0, NONCE))
        .unwrap();
    let result = desk.ask_approval(&session, RequestId::counted(4711), &mut never);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
    // Only whoever has the caller on the line asks.
    let second = bench.sign_in(&mut desk, "desk-2");
    let result = desk.ask_approval(&second, id, &mut never);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
    let nobody = bench.sign_in(&mut desk, "nobody");
    let result = desk.ask_approval(&nobody, id, &mut never);
    assert_refused(&desk, result, ErrorCode::PrivilegeMissing);
}

#[test]
fn it_lives_as_long_as_its_request() {
    let (bench, mut desk, session, id) = started();
    let clock = bench.stores.clock.clone();
    let mut slow = System(|task: ApprovalTask| {
        clock.advance(601);
        Ok(task.approved_by(name("desk-2"), EVIDENCE))
    });
    let result = desk.ask_approval(&session, id, &mut slow);
    assert_refused(&desk, result, ErrorCode::RequestExpired);
    // The log says of none that came too late that it was given.
    let entries = desk.audit_entries().unwrap();
    assert!(
        entries
            .iter()
            .all(|(entry, _)| entry.event != AuditEvent::Approved)
    );
    let result = desk.ask_approval(&session, id, &mut yes("desk-2"));
    assert_refused(&desk, result, ErrorCode::RequestExpired);

    let id = ready(&bench, &mut desk, &session, NONCE);
    bench.stores.clock.advance(600);
    desk.ask_approval(&session, id, &mut yes("desk-2")).unwrap();
    bench.stores.clock.advance(1);
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::RequestExpired);
}

#[test]
fn whoever_approved_must_still_be_allowed_to() {
    let (bench, mut desk, session, id) = started();
    desk.ask_approval(&session, id, &mut yes("desk-2")).unwrap();
    bench
        .stores
        .operators
        .put("desk-2", "pw-desk-2", &[], &[])
        .unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ApprovalMissing);
}

#[test]
fn an_approval_whose_record_cannot_be_written_is_none() {
    let (bench, mut desk, session, id) = started();
    bench.stores.faults.fail_after(0);
    let failed = desk.ask_approval(&session, id, &mut yes("desk-2"));
    bench.stores.faults.clear();
    assert!(failed.is_err());
    assert_not_approved(&mut desk, &session, id);
}
