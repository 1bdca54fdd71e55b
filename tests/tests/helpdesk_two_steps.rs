//! A verifier or another system that works for long while the desk serves others: the answer counts
//! only for the request as it was when it was asked for, and only while it lives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use fido_unlock::desk::audit::{AuditEntry, AuditEvent};
use fido_unlock::desk::ports::{ApprovalError, CallerError, CallerVerifier, Directory, Licence};
use fido_unlock::desk::{
    Approval, ApprovalTask, BegunApproval, BegunVerification, Delivery, DeskError, HelpDesk, OperatorId,
    OperatorSession, RequestId, UserClass, VerificationMethod, VerificationTask, VerifiedCaller, Vouched,
};
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_mock::desk::OneTimeCode;
use helpdesk_bench::{Bench, assert_refused};

const S2: Suite = Suite::P256EcdhMac;

/// What happens between the two steps, and how the second one is refused for it.
type Between = (&'static str, fn(&mut Scene), ErrorCode, ErrorCode);

struct Scene {
    bench: Bench,
    desk: HelpDesk,
    session: OperatorSession,
    /// Of Alice, with caller and challenge, so that a code could be made at once.
    id: RequestId,
}

fn scene() -> Scene {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    let id = bench.ready(&mut desk, &session, S2, 0, [9; 14]).unwrap();
    Scene {
        bench,
        desk,
        session,
        id,
    }
}

fn name(operator: &str) -> OperatorId {
    OperatorId::new(operator).unwrap()
}

fn vouch(task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
    Ok(task.vouch(VerificationMethod::EnrolledFactor, Vouched::Machine, [0xE1; 32]))
}

fn yes(task: ApprovalTask) -> Result<Approval, ApprovalError> {
    Ok(task.approved_by(name("desk-2"), [0xA9; 32]))
}

impl Scene {
    fn verification(&mut self) -> (BegunVerification, VerificationTask) {
        self.desk.begin_verification(&self.session, self.id).unwrap()
    }

    fn approval(&mut self) -> (BegunApproval, ApprovalTask) {
        self.desk.begin_approval(&self.session, self.id).unwrap()
    }

    fn recorded(&self) -> Vec<AuditEntry> {
        let entries = self.desk.audit_entries().unwrap();
        entries.into_iter().map(|(entry, _)| entry).collect()
    }

    fn approved_by(&mut self) -> Option<OperatorId> {
        self.desk.request(&self.session, self.id).unwrap().approved_by
    }

    /// Refused with `code`, and that is the one entry since `count`, by the operator who asked.
    fn assert_only_refused(
        &self,
        result: Result<(), DeskError>,
        code: ErrorCode,
        count: usize,
        second: Option<OperatorId>,
        what: &str,
    ) {
        assert_refused(&self.desk, result, code);
        let new = self.recorded().split_off(count);
        assert_eq!(new.len(), 1, "{what}");
        assert_eq!(new[0].operator, Some(name("desk-1")), "{what}");
        assert_eq!(new[0].second_operator, second, "{what}");
        assert_eq!((new[0].request, new[0].evidence), (Some(self.id), None), "{what}");
        assert_eq!(new[0].user, Some(self.bench.alice.clone()), "{what}");
        assert_eq!(new[0].device, Some(self.bench.device(S2)), "{what}");
    }
}

/// Everything that can happen to a request while somebody is asked about it: what a verification is
/// then refused with, and what an approval.
fn happenings() -> Vec<Between> {
    let (caller, approval) = (ErrorCode::CallerUnverified, ErrorCode::ApprovalElsewhere);
    vec![
        (
            "another reason",
            |scene| {
                scene
                    .desk
                    .set_reason(&scene.session, scene.id, "another")
                    .unwrap()
            },
            caller,
            approval,
        ),
        (
            "the same reason again",
            |scene| {
                scene
                    .desk
                    .set_reason(&scene.session, scene.id, "ticket 17")
                    .unwrap()
            },
            caller,
            approval,
        ),
        (
            "another challenge",
            |scene| {
                let challenge = scene.bench.challenge(S2, 0, [8; 14]);
                let entered = scene
                    .desk
                    .enter_read_challenge(&scene.session, scene.id, &challenge);
                entered.unwrap();
            },
            caller,
            approval,
        ),
        (
            "another caller",
            |scene| {
                let mut verifier = OneTimeCode::new("1", "1");
                let verified = scene.desk.verify_caller(&scene.session, scene.id, &mut verifier);
                verified.unwrap();
            },
            caller,
            approval,
        ),
        (
            "a code",
            |scene| {
                let given = scene.desk.authorise(&scene.session, scene.id, &Delivery::Show);
                given.unwrap();
            },
            ErrorCode::RequestUsed,
            ErrorCode::RequestUsed,
        ),
        (
            "ten minutes",
            |scene| scene.bench.stores.clock.advance(601),
            ErrorCode::RequestExpired,
            ErrorCode::RequestExpired,
        ),
        (
            "all requests dropped",
            |scene| {
                let accepted = scene.desk.accept_clock(&name("admin"), "pw-admin", "battery");
                accepted.unwrap();
            },
            ErrorCode::RequestUnknown,
            ErrorCode::RequestUnknown,
        ),
        (
            "the service switched off",
            |scene| scene.bench.stores.licence.clone().set_service(false).unwrap(),
            ErrorCode::ServiceOff,
            ErrorCode::ServiceOff,
        ),
        (
            "the operator's privilege taken away",
            |scene| {
                let operators = &scene.bench.stores.operators;
                operators.put("desk-1", "pw-desk-1", &[], &[]).unwrap();
            },
            ErrorCode::PrivilegeMissing,
            ErrorCode::PrivilegeMissing,
        ),
    ]
}

#[test]
fn the_two_steps_come_to_what_the_one_does() {
    let (mut one, mut two) = (scene(), scene());
    let mut verifier = OneTimeCode::new("8812", "8812");
    one.desk
        .verify_caller(&one.session, one.id, &mut verifier)
        .unwrap();
    let (begun, task) = two.verification();
    let answer = OneTimeCode::new("8812", "8812").verify(task);
    two.desk.finish_verification(begun, answer).unwrap();
    assert_eq!(one.recorded(), two.recorded());
    let verified = two.recorded().pop().unwrap();
    assert_eq!(
        (verified.event, verified.operator, verified.request),
        (AuditEvent::CallerVerified, Some(name("desk-1")), Some(two.id))
    );
    assert_eq!(
        (verified.method, verified.vouched),
        (
            Some(VerificationMethod::EnrolledFactor.number()),
            Some(Vouched::Machine.number())
        )
    );
    assert!(verified.evidence.is_some());

    let mut wrong = OneTimeCode::new("8812", "8813");
    let refused = one.desk.verify_caller(&one.session, one.id, &mut wrong);
    assert_refused(&one.desk, refused, ErrorCode::CallerUnverified);
    let (begun, task) = two.verification();
    let refused = two.desk.finish_verification(begun, wrong.verify(task));
    assert_refused(&two.desk, refused, ErrorCode::CallerUnverified);
    assert_eq!(one.recorded(), two.recorded());

    let (begun, task) = two.approval();
    two.desk.finish_approval(begun, yes(task)).unwrap();
    let approved = two.recorded().pop().unwrap();
    assert_eq!(
        (approved.event, approved.operator),
        (AuditEvent::Approved, Some(name("desk-2")))
    );
    assert_eq!(two.approved_by(), Some(name("desk-2")));
    two.desk.authorise(&two.session, two.id, &Delivery::Show).unwrap();
}

#[test]
fn to_begin_records_nothing_and_to_be_refused_does() {
    let mut scene = scene();
    let count = scene.recorded().len();
    drop(scene.verification());
    drop(scene.approval());
    assert_eq!(scene.recorded().len(), count);
    let unknown = RequestId::counted(4711);
    let refused = scene.desk.begin_verification(&scene.session, unknown);
    assert_refused(&scene.desk, refused, ErrorCode::RequestUnknown);
    let refused = scene.desk.begin_approval(&scene.session, unknown);
    assert_refused(&scene.desk, refused, ErrorCode::RequestUnknown);
    assert_eq!(scene.recorded().len(), count + 2);
}

#[test]
fn a_verification_counts_for_the_request_as_it_was() {
    for (what, happens, code, _) in happenings() {
        let mut scene = scene();
        let (begun, task) = scene.verification();
        happens(&mut scene);
        let count = scene.recorded().len();
        let result = scene.desk.finish_verification(begun, vouch(task));
        scene.assert_only_refused(result, code, count, None, what);
    }
}

#[test]
fn an_approval_counts_for_the_request_as_it_was() {
    for (what, happens, _, code) in happenings() {
        let mut scene = scene();
        let (begun, task) = scene.approval();
        happens(&mut scene);
        let count = scene.recorded().len();
        let result = scene.desk.finish_approval(begun, yes(task));
        scene.assert_only_refused(result, code, count, Some(name("desk-2")), what);
    }
}

#[test]
fn what_happens_to_another_request_is_no_matter() {
    let mut scene = scene();
    let (verification, verify) = scene.verification();
    scene.bench.code(&mut scene.desk, &scene.session, S2, 0, [7; 14]);
    scene
        .desk
        .finish_verification(verification, vouch(verify))
        .unwrap();
    let (approval, ask) = scene.approval();
    let other = scene.bench.ready(&mut scene.desk, &scene.session, S2, 0, [6; 14]);
    scene.desk.finish_approval(approval, yes(ask)).unwrap();
    assert_eq!(scene.approved_by(), Some(name("desk-2")));
    scene.id = other.unwrap();
    assert_eq!(scene.approved_by(), None);
}

#[test]
fn an_answer_for_one_request_does_not_finish_another() {
    let mut scene = scene();
    let (_, elsewhere) = scene.verification();
    let (_, asked_elsewhere) = scene.approval();
    scene.id = scene
        .bench
        .ready(&mut scene.desk, &scene.session, S2, 0, [8; 14])
        .unwrap();
    let (begun, _) = scene.verification();
    let result = scene.desk.finish_verification(begun, vouch(elsewhere));
    assert_refused(&scene.desk, result, ErrorCode::CallerUnverified);
    let (begun, _) = scene.approval();
    let result = scene.desk.finish_approval(begun, yes(asked_elsewhere));
    assert_refused(&scene.desk, result, ErrorCode::ApprovalElsewhere);
}

#[test]
fn a_user_who_became_privileged_meanwhile_needs_the_stronger_method() {
    let mut scene = scene();
    let (begun, task) = scene.verification();
    let directory = &scene.bench.stores.directory;
    let mut user = directory.user(&scene.bench.alice).unwrap().unwrap();
    user.class = UserClass::Privileged;
    directory.clone().put_user(&user).unwrap();
    let by_word = task.vouch(VerificationMethod::CallBack, Vouched::Operator, [0xE1; 32]);
    let result = scene.desk.finish_verification(begun, Ok(by_word));
    assert_refused(&scene.desk, result, ErrorCode::CallerMethod);
}

#[test]
fn who_approves_at_the_desk_overtakes_the_other_system() {
    let answers: [fn(ApprovalTask) -> Result<Approval, ApprovalError>; 2] =
        [yes, |_| Err(ApprovalError::Refused)];
    let codes = [ErrorCode::ApprovalElsewhere, ErrorCode::ApprovalRefused];
    for (answer, code) in answers.into_iter().zip(codes) {
        let mut scene = scene();
        let third = scene.bench.sign_in(&mut scene.desk, "desk-2");
        let (begun, task) = scene.approval();
        scene.desk.approve(&third, scene.id).unwrap();
        let result = scene.desk.finish_approval(begun, answer(task));
        assert_refused(&scene.desk, result, code);
        let approved = scene
            .recorded()
            .into_iter()
            .filter(|entry| entry.event == AuditEvent::Approved);
        assert_eq!(approved.count(), 1);
        assert_eq!(scene.approved_by(), Some(name("desk-2")));
    }
}

#[test]
fn only_the_last_ask_counts() {
    let mut scene = scene();
    let (first, early) = scene.approval();
    let (second, late) = scene.approval();
    // It was taken back after the first answer had left.
    drop(late);
    let result = scene.desk.finish_approval(second, Err(ApprovalError::Refused));
    assert_refused(&scene.desk, result, ErrorCode::ApprovalRefused);
    let count = scene.recorded().len();
    let result = scene.desk.finish_approval(first, yes(early));
    scene.assert_only_refused(
        result,
        ErrorCode::ApprovalElsewhere,
        count,
        Some(name("desk-2")),
        "",
    );
    assert_eq!(scene.approved_by(), None);
}
