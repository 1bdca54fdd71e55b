//! A verifier or another system that works for long while the desk serves others: its answer counts once, for the request
//! as it was when it was asked for, and only while that lives.

use fido_unlock::desk::ports::{ApprovalError, Approver, CallerError};
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{
    Approval, ApprovalTask, Delivery, OperatorSession, Privilege, RequestId, UserClass, VerificationMethod,
    VerificationTask, VerifiedCaller, Vouched,
};
use fido_unlock::{Challenge, ErrorCode};
use fido_unlock_mock::desk::{NextCommit, OneTimeCode};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, START, challenge, code_of, device, operator_id, user, user_id,
};

const EVIDENCE: [u8; 32] = [0xA9; 32];

/// The other system, which does what a test says.
struct System<F>(F);

impl<F: FnMut(ApprovalTask) -> Result<Approval, ApprovalError>> Approver for System<F> {
    fn ask(&mut self, task: ApprovalTask) -> Result<Approval, ApprovalError> {
        (self.0)(task)
    }
}

fn yes(task: ApprovalTask) -> Result<Approval, ApprovalError> {
    Ok(task.approved_by(operator_id("bert"), EVIDENCE))
}

fn vouch(task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
    Ok(task.vouch(VerificationMethod::EnrolledFactor, Vouched::Machine, [0xE1; 32]))
}

/// A privileged user's request, ready for an approval.
fn scene() -> (House, OperatorSession, RequestId) {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready_for_approval(&anna, 9);
    (house, anna, id)
}

fn last(house: &House) -> DeskEntry {
    house.entries().pop().unwrap()
}

fn assert_not_approved(house: &mut House, anna: &OperatorSession, id: RequestId) {
    assert_eq!(house.desk.request(anna, id).unwrap().approved_by, None);
    house.refused(ErrorCode::ApprovalMissing, |desk| {
        desk.authorise(anna, id, &Delivery::Show)
    });
}

type Happens = fn(&mut House, &OperatorSession, RequestId);

/// Everything that can happen to a request while somebody is asked about it: what a verification is then refused with,
/// and what an approval.
fn happenings() -> Vec<(&'static str, Happens, ErrorCode, ErrorCode)> {
    let changed = (ErrorCode::CallerUnverified, ErrorCode::ApprovalElsewhere);
    let both = |code| (code, code);
    let table: [(&str, Happens, (ErrorCode, ErrorCode)); 10] = [
        (
            "another reason",
            |house, anna, id| house.desk.set_reason(anna, id, "another").unwrap(),
            changed,
        ),
        (
            "the same reason again",
            |house, anna, id| house.desk.set_reason(anna, id, "ticket 4711").unwrap(),
            changed,
        ),
        (
            "another challenge",
            |house, anna, id| {
                house.desk.enter_challenge(anna, id, &challenge(8, 0)).unwrap();
            },
            changed,
        ),
        (
            "another way",
            |house, anna, id| {
                let to = Delivery::Channel("mail".into());
                house.desk.set_delivery(anna, id, &to).unwrap();
            },
            changed,
        ),
        (
            "another caller",
            |house, anna, id| {
                let mut verifier = OneTimeCode::new("1", "1");
                house.desk.verify_caller(anna, id, &mut verifier).unwrap();
            },
            changed,
        ),
        (
            "another operator",
            |house, _, id| {
                let bert = house.sign_in(BERT);
                house.desk.take_over(&bert, id).unwrap();
            },
            both(ErrorCode::RequestUnknown),
        ),
        (
            "an hour",
            |house, _, _| house.later(60 * MINUTE + 1),
            both(ErrorCode::RequestExpired),
        ),
        (
            "the clock set back",
            |house, _, _| {
                house.world.clock.set(START - 60);
                let (name, password) = ADMIN;
                house
                    .desk
                    .accept_clock(&operator_id(name), password, "battery")
                    .unwrap();
            },
            both(ErrorCode::OperatorUnknown),
        ),
        (
            "the service switched off",
            |house, _, _| {
                let admin = house.sign_in(ADMIN);
                house.desk.set_service(&admin, false).unwrap();
            },
            both(ErrorCode::ServiceOff),
        ),
        (
            "the operator's privilege taken away",
            |house, _, _| house.disarm("anna"),
            both(ErrorCode::PrivilegeMissing),
        ),
    ];
    let flat = table.map(|(what, happens, (caller, approval))| (what, happens, caller, approval));
    flat.into()
}

#[test]
fn a_verification_counts_for_the_request_as_it_was() {
    for (what, happens, code, _) in happenings() {
        let (mut house, anna, id) = scene();
        let (begun, task) = house.desk.begin_verification(&anna, id).unwrap();
        happens(&mut house, &anna, id);
        let refused = house.refused(code, |desk| desk.finish_verification(&begun, &vouch(task)));
        assert_eq!((refused.request, refused.evidence), (Some(id), None), "{what}");
    }
    let (mut house, anna, id) = scene();
    let (begun, task) = house.desk.begin_verification(&anna, id).unwrap();
    let bert = house.sign_in(BERT);
    house.desk.approve(&bert, id).unwrap();
    house.code(&anna, id).unwrap();
    house.refused(ErrorCode::RequestUsed, |desk| {
        desk.finish_verification(&begun, &vouch(task))
    });
}

#[test]
fn an_approval_counts_for_the_request_as_it_was() {
    for (what, happens, _, code) in happenings() {
        let (mut house, anna, id) = scene();
        let (begun, task) = house.desk.begin_approval(&anna, id).unwrap();
        happens(&mut house, &anna, id);
        let refused = house.refused(code, |desk| desk.finish_approval(&begun, &yes(task)));
        assert_eq!((refused.request, refused.evidence), (Some(id), None), "{what}");
        // Whose word did not count is recorded.
        let named = refused.second_operator.is_some();
        assert_eq!(named, code == ErrorCode::ApprovalElsewhere, "{what}");
        assert_eq!(house.count(DeskEvent::Approved), 0, "{what}");
    }
}

#[test]
fn a_change_makes_an_approval_one_of_something_else() {
    let changes = happenings().into_iter();
    for (what, change, _, _) in changes.filter(|(.., code)| *code == ErrorCode::ApprovalElsewhere) {
        let (mut house, anna, id) = scene();
        house.desk.ask_approval(&anna, id, &mut System(yes)).unwrap();
        let bert = Some(operator_id("bert"));
        assert_eq!(house.desk.request(&anna, id).unwrap().approved_by, bert);
        change(&mut house, &anna, id);
        assert_not_approved(&mut house, &anna, id);

        // Nor does the other system's old decision count for what is there now.
        let mut kept = None;
        let mut keeps = System(|task: ApprovalTask| {
            kept = yes(task).ok();
            Err(ApprovalError::Pending)
        });
        assert_eq!(
            code_of(house.desk.ask_approval(&anna, id, &mut keeps)),
            ErrorCode::ApprovalMissing
        );
        change(&mut house, &anna, id);
        let mut gives = System(|_: ApprovalTask| Ok(kept.take().unwrap()));
        let old = house.desk.ask_approval(&anna, id, &mut gives);
        assert_eq!(code_of(old), ErrorCode::ApprovalElsewhere, "{what}");
        assert_not_approved(&mut house, &anna, id);
    }
}

#[test]
fn an_answer_is_for_its_own_request() {
    let (mut house, anna, first) = scene();
    let second = house.ready_for_approval(&anna, 8);
    let (_, verify) = house.desk.begin_verification(&anna, first).unwrap();
    let (_, approve) = house.desk.begin_approval(&anna, first).unwrap();
    let (begun, _) = house.desk.begin_verification(&anna, second).unwrap();
    house.refused(ErrorCode::CallerUnverified, |desk| {
        desk.finish_verification(&begun, &vouch(verify))
    });
    let (begun, task) = house.desk.begin_approval(&anna, second).unwrap();
    house.refused(ErrorCode::ApprovalElsewhere, |desk| {
        desk.finish_approval(&begun, &yes(approve))
    });
    // What happens to another request is no matter.
    house.desk.set_reason(&anna, first, "another").unwrap();
    house.desk.finish_approval(&begun, &yes(task)).unwrap();
    house.code(&anna, second).unwrap();
    assert_eq!(house.desk.request(&anna, first).unwrap().approved_by, None);
}

#[test]
fn another_system_is_shown_the_request_and_its_answer_serves_one_code() {
    let (mut house, anna, id) = scene();
    let mut asked = 0;
    let mut system = System(|task: ApprovalTask| {
        asked += 1;
        assert_eq!((task.request(), task.device()), (id, device(3)));
        assert_eq!(
            (&task.user().id, task.operator()),
            (&user_id("boss"), &operator_id("anna"))
        );
        assert_eq!(
            (task.reason(), task.method(), task.vouched()),
            (
                "ticket 4711",
                VerificationMethod::EnrolledFactor,
                Vouched::Machine
            )
        );
        let Challenge::Line(line) = task.challenge() else {
            panic!("suite 1 has a line")
        };
        assert_eq!(line.to_code(), challenge(9, 0));
        assert_eq!((task.now().0, task.expires_at().0), (START, START + 60 * MINUTE));
        yes(task)
    });
    house.desk.ask_approval(&anna, id, &mut system).unwrap();
    assert_eq!(asked, 1);
    let approved = last(&house);
    let (bert, anna_number) = (approved.operator, approved.second_operator);
    assert_eq!(
        (approved.event, approved.request, approved.evidence),
        (DeskEvent::Approved, Some(id), Some(EVIDENCE))
    );
    house.code(&anna, id).unwrap();
    let entries = house.entries();
    let authorised = entries
        .iter()
        .find(|entry| entry.event == DeskEvent::Authorised)
        .unwrap();
    assert!(bert.is_some() && bert != anna_number);
    assert_eq!(
        (authorised.operator, authorised.second_operator),
        (anna_number, bert)
    );
    // The next request needs one of its own.
    let next = house.ready_for_approval(&anna, 8);
    assert_not_approved(&mut house, &anna, next);
}

#[test]
fn what_is_no_approval_has_its_own_number_and_record() {
    let unavailable = || ApprovalError::Unavailable {
        detail: "tickets.corp.example".into(),
    };
    let mut house = House::new();
    house.operator("reader", &[Privilege::Downloads]);
    house.later(DAY);
    let anna = house.sign_in(ANNA);
    let id = house.ready_for_approval(&anna, 9);
    let by = |name: &'static str| Ok(name);
    for (answer, code, named) in [
        (Err(ApprovalError::Pending), ErrorCode::ApprovalMissing, false),
        (Err(ApprovalError::Refused), ErrorCode::ApprovalRefused, false),
        (Err(unavailable()), ErrorCode::ApprovalUnavailable, false),
        (Err(ApprovalError::HostFailed), ErrorCode::HostFailed, false),
        (by("stranger"), ErrorCode::ApproverUnknown, false),
        (by("anna"), ErrorCode::ApprovalSelf, true),
        (by("reader"), ErrorCode::ApproverPrivilege, true),
    ] {
        let (begun, task) = house.desk.begin_approval(&anna, id).unwrap();
        let answer = answer.map(|name| task.approved_by(operator_id(name), EVIDENCE));
        let refused = house.refused(code, |desk| desk.finish_approval(&begun, &answer));
        assert_eq!(refused.second_operator.is_some(), named, "{code:?}");
        assert_not_approved(&mut house, &anna, id);
    }
    house.desk.ask_approval(&anna, id, &mut System(yes)).unwrap();
    house.code(&anna, id).unwrap();
}

#[test]
fn it_is_asked_for_only_where_it_is_seen_what_is_approved() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.open(&anna, 3);
    let mut never = System(|_: ApprovalTask| panic!("asked"));
    let mut missing = |house: &mut House, code| {
        house.refused(code, |desk| desk.ask_approval(&anna, id, &mut never));
        house.refused(code, |desk| desk.approve(&bert, id));
    };
    missing(&mut house, ErrorCode::CallerUnverified);
    let mut verifier = OneTimeCode::new("1", "1");
    house.desk.verify_caller(&anna, id, &mut verifier).unwrap();
    missing(&mut house, ErrorCode::WrongState);
    house.desk.enter_challenge(&anna, id, &challenge(9, 0)).unwrap();
    house.later(15 * MINUTE + 1);
    missing(&mut house, ErrorCode::CallerUnverified);
}

#[test]
fn to_ask_is_recorded_and_voids_what_was_there() {
    let (mut house, anna, id) = scene();
    let size = house.log_size();
    // To begin a verification changes nothing.
    drop(house.desk.begin_verification(&anna, id).unwrap());
    assert_eq!(house.log_size(), size);
    house.desk.ask_approval(&anna, id, &mut System(yes)).unwrap();
    // It was taken back.
    let mut takes_back = System(|_: ApprovalTask| Err(ApprovalError::Refused));
    let again = house.desk.ask_approval(&anna, id, &mut takes_back);
    assert_eq!(code_of(again), ErrorCode::ApprovalRefused);
    let new: Vec<_> = house.entries()[usize::try_from(size).unwrap()..]
        .iter()
        .map(|entry| entry.event)
        .collect();
    let asked = DeskEvent::ApprovalAsked;
    assert_eq!(new, [asked, DeskEvent::Approved, asked, DeskEvent::Refused]);
    assert_not_approved(&mut house, &anna, id);
    // One who signs in serves as before.
    let bert = house.sign_in(BERT);
    house.desk.approve(&bert, id).unwrap();
    assert_eq!(last(&house).evidence, None);
    house.code(&anna, id).unwrap();
}

/// What the other system does with a task.
type Answer = fn(ApprovalTask) -> Result<Approval, ApprovalError>;

#[test]
fn who_approves_at_the_desk_overtakes_the_other_system() {
    let answers: [(Answer, ErrorCode); 2] = [
        (yes, ErrorCode::ApprovalElsewhere),
        (|_| Err(ApprovalError::Refused), ErrorCode::ApprovalRefused),
    ];
    for (answer, code) in answers {
        let (mut house, anna, id) = scene();
        let bert = house.sign_in(BERT);
        let (begun, task) = house.desk.begin_approval(&anna, id).unwrap();
        house.desk.approve(&bert, id).unwrap();
        house.refused(code, |desk| desk.finish_approval(&begun, &answer(task)));
        assert_eq!(house.count(DeskEvent::Approved), 1);
        house.code(&anna, id).unwrap();
    }
}

#[test]
fn whoever_approved_must_still_be_allowed_to() {
    let (mut house, anna, id) = scene();
    house.desk.ask_approval(&anna, id, &mut System(yes)).unwrap();
    house.disarm("bert");
    house.refused(ErrorCode::ApprovalMissing, |desk| {
        desk.authorise(&anna, id, &Delivery::Show)
    });
    let admin = house.sign_in(ADMIN);
    house.desk.approve(&admin, id).unwrap();
    house.code(&anna, id).unwrap();
}

#[test]
fn an_approval_whose_record_cannot_be_written_is_none() {
    let (mut house, anna, id) = scene();
    let (begun, task) = house.desk.begin_approval(&anna, id).unwrap();
    house.world.store.next_commit(NextCommit::Fails);
    let finished = house.desk.finish_approval(&begun, &yes(task));
    assert_eq!(code_of(finished), ErrorCode::StoreWrite);
    assert_not_approved(&mut house, &anna, id);
}

#[test]
fn a_user_who_became_privileged_meanwhile_needs_the_stronger_method() {
    let mut house = House::new();
    let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
    let id = house.open(&anna, 1);
    let (begun, task) = house.desk.begin_verification(&anna, id).unwrap();
    house
        .desk
        .put_user(&admin, &user("zoe", UserClass::Privileged))
        .unwrap();
    let by_word = Ok::<_, CallerError>(task.vouch(VerificationMethod::CallBack, Vouched::Operator, [1; 32]));
    house.refused(ErrorCode::CallerMethod, |desk| {
        desk.finish_verification(&begun, &by_word)
    });
}

#[test]
fn a_verification_is_recorded_with_its_method_and_evidence() {
    let (mut house, anna, id) = scene();
    let (begun, task) = house.desk.begin_verification(&anna, id).unwrap();
    assert_eq!((task.request(), task.device()), (id, device(3)));
    assert_eq!(
        (&task.user().id, task.operator()),
        (&user_id("boss"), &operator_id("anna"))
    );
    house.desk.finish_verification(&begun, &vouch(task)).unwrap();
    let verified = last(&house);
    assert_eq!(
        (verified.event, verified.request),
        (DeskEvent::CallerVerified, Some(id))
    );
    assert_eq!(
        (verified.method, verified.vouched, verified.evidence),
        (
            Some(VerificationMethod::EnrolledFactor.number()),
            Some(Vouched::Machine.number()),
            Some([0xE1; 32])
        )
    );
    let (begun, _) = house.desk.begin_verification(&anna, id).unwrap();
    let nobody: Result<VerifiedCaller, CallerError> = Err(CallerError::Failed);
    let refused = house.refused(ErrorCode::CallerUnverified, |desk| {
        desk.finish_verification(&begun, &nobody)
    });
    assert_eq!(refused.operator, verified.operator);
}

/// What the second operator saw is what they approve, whatever the first one changes while they look.
#[test]
fn only_the_request_that_was_shown_is_approved() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.ready_for_approval(&anna, 0xA1);
    let seen = house.desk.request(&bert, id).unwrap().revision;
    house.desk.set_reason(&anna, id, "another reason").unwrap();
    house.refused(ErrorCode::ApprovalElsewhere, |desk| {
        desk.approve_shown(&bert, id, seen)
    });
    let seen = house.desk.request(&bert, id).unwrap().revision;
    house.desk.approve_shown(&bert, id, seen).unwrap();
}
