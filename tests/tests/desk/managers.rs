//! A manager vouches for a caller: who that is, what they are asked, and what their answer does.

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::NoticeKind;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    AcceptedMethod, ManagerAnswer, ManagerQuestion, NewManager, Operator, OperatorSession, Privilege,
    RequestId, Role, Rules, Scope, UserClass, VerificationMethod, Vouched,
};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, challenge, code_of, device, operator_id, user, user_id,
};

const MONA: (&str, &str) = ("mona.account", "blue kettles never sing");
const OTTO: (&str, &str) = ("otto.account", "nine slow green trains");

fn account((name, _): (&str, &str), of: &str) -> Operator {
    Operator {
        id: operator_id(name),
        roles: vec![],
        privileges: vec![],
        user: Some(user_id(of)),
    }
}

/// Mona is zoe's manager and has an account; so has otto, who is nobody's.
fn house() -> House {
    house_with(Rules::default())
}

fn house_with(rules: Rules) -> House {
    let mut house = House::with(rules);
    let admin = house.sign_in(ADMIN);
    for (name, account_of) in [("mona", MONA), ("otto", OTTO)] {
        house
            .desk
            .put_user(&admin, &user(name, UserClass::Ordinary))
            .unwrap();
        house
            .desk
            .put_operator(&admin, &account(account_of, name), Some(account_of.1))
            .unwrap();
    }
    name(&mut house, "zoe", NewManager::Is(user_id("mona")));
    house.later(DAY);
    house
}

fn name(house: &mut House, of: &str, manager: NewManager) {
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_managers(&admin, &[(user_id(of), manager)])
        .unwrap();
}

fn manager_of(house: &mut House, of: &str) -> Option<String> {
    let admin = house.sign_in(ADMIN);
    let known = house.desk.known_users(&admin, &[user_id(of)]).unwrap().remove(0);
    known.unwrap().manager.map(|id| id.as_str().to_owned())
}

/// A call of zoe in which her manager is asked, and the question as mona sees it.
fn asked(house: &mut House, anna: &OperatorSession) -> (RequestId, OperatorSession, ManagerQuestion) {
    let id = house.open(anna, 1);
    house.desk.ask_manager(anna, id).unwrap();
    let mona = house.sign_in(MONA);
    let question = house.desk.manager_question(&mona, id).unwrap();
    (id, mona, question)
}

#[test]
fn a_yes_verifies_the_caller_for_this_request() {
    let mut house = house();
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    assert_eq!(question.name, "zoe Example");
    assert_eq!(question.operator, *anna.operator());
    assert_eq!(question.device, device(1));
    assert_eq!(question.reason, "ticket 4711");
    assert!(question.waits);
    assert_eq!(
        house.desk.manager_questions(&mona).unwrap(),
        std::slice::from_ref(&question)
    );
    house
        .desk
        .answer_as_manager(&mona, id, &question.basis, ManagerAnswer::Yes)
        .unwrap();
    assert_eq!(house.desk.manager_questions(&mona).unwrap(), []);
    let call = house.desk.request(&anna, id).unwrap();
    assert_eq!(call.caller, Some((VerificationMethod::Manager, Vouched::Machine)));
    assert_eq!(call.manager.unwrap().answer, Some(ManagerAnswer::Yes));
    house.desk.enter_challenge(&anna, id, &challenge(7, 0)).unwrap();
    house.code(&anna, id).unwrap();
    let entries = house.entries();
    let verified = entries
        .iter()
        .find(|entry| entry.event == DeskEvent::CallerVerified)
        .unwrap();
    assert_eq!((verified.method, verified.vouched), (Some(4), Some(1)));
    assert_eq!(verified.evidence, Some(question.basis));
    assert_ne!(verified.operator, verified.second_operator);
    // Nothing of it is good for another call.
    let next = house.open(&anna, 2);
    let unknown = house
        .desk
        .answer_as_manager(&mona, next, &question.basis, ManagerAnswer::Yes);
    assert_eq!(code_of(unknown), ErrorCode::RequestUnknown);
}

#[test]
fn the_manager_is_told_once_until_they_have_answered() {
    let mut house = house();
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    house.later(MINUTE);
    house.desk.ask_manager(&anna, id).unwrap();
    assert_eq!(house.desk.manager_question(&mona, id).unwrap(), question);
    house
        .desk
        .answer_as_manager(&mona, id, &question.basis, ManagerAnswer::Unknown)
        .unwrap();
    assert_eq!(house.count(DeskEvent::CallerNotKnown), 1);
    let call = house.desk.request(&anna, id).unwrap();
    assert!(call.lives && call.caller.is_none());
    // They may have found out meanwhile; the answer is for the question of now.
    house.desk.ask_manager(&anna, id).unwrap();
    let again = house.desk.manager_question(&mona, id).unwrap();
    assert!(again.waits);
    house.refused(ErrorCode::ApprovalElsewhere, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, ManagerAnswer::Yes)
    });
    house
        .desk
        .answer_as_manager(&mona, id, &again.basis, ManagerAnswer::Yes)
        .unwrap();
    house.refused(ErrorCode::RequestUsed, |desk| {
        desk.answer_as_manager(&mona, id, &again.basis, ManagerAnswer::No)
    });
    while house.desk.send_notice().unwrap() {}
    let notices = house.world.outbox.notices();
    let kinds: Vec<_> = notices
        .iter()
        .map(|notice| (notice.kind, notice.user.as_str()))
        .collect();
    assert_eq!(kinds, [(NoticeKind::ManagerAsked, "mona"); 2]);
    assert_eq!(notices[0].request, Some(id));
}

#[test]
fn a_no_ends_the_call_with_an_alarm() {
    let mut house = house();
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    house.verify(&anna, id).unwrap();
    house.desk.enter_challenge(&anna, id, &challenge(7, 0)).unwrap();
    house
        .desk
        .answer_as_manager(&mona, id, &question.basis, ManagerAnswer::No)
        .unwrap();
    assert!(!house.desk.request(&anna, id).unwrap().lives);
    house.refused(ErrorCode::CallerDenied, |desk| {
        desk.set_reason(&anna, id, "another")
    });
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerDenied);
    let bert = house.sign_in(BERT);
    assert_eq!(code_of(house.desk.take_over(&bert, id)), ErrorCode::CallerDenied);
    let admin = house.sign_in(ADMIN);
    let alarms = house.desk.alarms(&admin, 0, 10).unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].code, ErrorCode::CallerDenied);
    assert_eq!(alarms[0].device, Some(device(1)));
    assert_eq!(house.count(DeskEvent::CallerDenied), 1);
    assert_eq!(house.count(DeskEvent::Abandoned), 1);
    house.desk.verify_audit(&[]).unwrap();
}

// M-audit-33
#[test]
fn what_was_shown_has_changed() {
    let mut house = house();
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    house.desk.set_reason(&anna, id, "something else").unwrap();
    let yes = ManagerAnswer::Yes;
    house.refused(ErrorCode::ApprovalElsewhere, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    let now = house.desk.manager_question(&mona, id).unwrap();
    house.desk.answer_as_manager(&mona, id, &now.basis, yes).unwrap();
    // Said once more, it is the same reason; another is not what the manager was shown.
    house.desk.set_reason(&anna, id, " something else ").unwrap();
    assert!(house.desk.request(&anna, id).unwrap().caller.is_some());
    house.desk.set_reason(&anna, id, "yet another").unwrap();
    let call = house.desk.request(&anna, id).unwrap();
    assert_eq!((call.caller, call.manager.unwrap().asked_at), (None, None));
    // Another name of the user is none that they have vouched for either.
    let (id, mona, question) = asked(&mut house, &anna);
    house
        .desk
        .answer_as_manager(&mona, id, &question.basis, yes)
        .unwrap();
    house.desk.enter_challenge(&anna, id, &challenge(7, 0)).unwrap();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .name_user(&admin, &user_id("zoe"), "Zoe Else", None)
        .unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerUnverified);
}

#[test]
fn it_runs_out_as_any_verification_and_nobody_takes_it_over() {
    let mut house = house();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let (id, mona, question) = asked(&mut house, &anna);
    let yes = ManagerAnswer::Yes;
    house
        .desk
        .answer_as_manager(&mona, id, &question.basis, yes)
        .unwrap();
    house.refused(ErrorCode::WrongState, |desk| desk.ask_manager(&anna, id));
    house.desk.enter_challenge(&anna, id, &challenge(7, 0)).unwrap();
    house.later(15 * MINUTE + 1);
    assert_eq!(house.desk.request(&anna, id).unwrap().caller, None);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerUnverified);
    house.desk.ask_manager(&anna, id).unwrap();
    let question = house.desk.manager_question(&mona, id).unwrap();
    house.desk.take_over(&bert, id).unwrap();
    house.refused(ErrorCode::RequestUnknown, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    house.desk.ask_manager(&bert, id).unwrap();
    let question = house.desk.manager_question(&mona, id).unwrap();
    house.later(60 * MINUTE);
    house.refused(ErrorCode::RequestExpired, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    assert_eq!(house.desk.manager_questions(&mona).unwrap(), []);
}

#[test]
fn only_the_users_manager_answers() {
    let mut house = house();
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    let yes = ManagerAnswer::Yes;
    let (otto, bert, admin) = (house.sign_in(OTTO), house.sign_in(BERT), house.sign_in(ADMIN));
    house.refused(ErrorCode::RequestUnknown, |desk| {
        desk.answer_as_manager(&otto, id, &question.basis, yes)
    });
    assert_eq!(
        code_of(house.desk.manager_question(&otto, id)),
        ErrorCode::RequestUnknown
    );
    for session in [&anna, &bert, &admin] {
        house.refused(ErrorCode::PrivilegeMissing, |desk| {
            desk.answer_as_manager(session, id, &question.basis, yes)
        });
    }
    // Who is the manager no more, whoever it is now.
    name(&mut house, "zoe", NewManager::Nobody);
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    let call = house.desk.request(&anna, id).unwrap();
    assert_eq!(call.manager, None);
    house.refused(ErrorCode::CallerMethod, |desk| desk.ask_manager(&anna, id));
}

#[test]
fn nobody_vouches_for_themselves_or_beside_another_part_in_the_call() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    let own = [(user_id("mona"), NewManager::Is(user_id("mona")))];
    house.refused(ErrorCode::InvalidArgument, |desk| desk.put_managers(&admin, &own));
    // An account that vouches has nothing else.
    for (roles, privileges) in [
        (vec![Role::DeviceServiceAdministrator], vec![]),
        (vec![], vec![Privilege::Unlock]),
    ] {
        let both = Operator {
            roles,
            privileges,
            ..account(MONA, "mona")
        };
        house.refused(ErrorCode::InvalidArgument, |desk| {
            desk.put_operator(&admin, &both, None)
        });
    }
    let nobody = account(MONA, "nobody");
    house.refused(ErrorCode::UserUnknown, |desk| {
        desk.put_operator(&admin, &nobody, None)
    });
    // Zoe's own account, and a manager who has become an operator and has the call: each vouches no more.
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    house
        .desk
        .put_operator(&admin, &account(MONA, "zoe"), None)
        .unwrap();
    let yes = ManagerAnswer::Yes;
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
}

#[test]
fn who_has_vouched_does_not_approve() {
    let rules = Rules {
        rest_seconds: 0,
        ..Rules::default()
    };
    let mut house = house_with(rules);
    let anna = house.sign_in(ANNA);
    let (id, mona, question) = asked(&mut house, &anna);
    let yes = ManagerAnswer::Yes;
    house
        .desk
        .answer_as_manager(&mona, id, &question.basis, yes)
        .unwrap();
    house.desk.enter_challenge(&anna, id, &challenge(7, 0)).unwrap();
    house.refused(ErrorCode::ApproverPrivilege, |desk| desk.approve(&mona, id));
    // The same account, which answers callers from now on.
    let admin = house.sign_in(ADMIN);
    let operator = Operator {
        privileges: vec![Privilege::Unlock],
        user: None,
        ..account(MONA, "mona")
    };
    house.desk.put_operator(&admin, &operator, None).unwrap();
    house.refused(ErrorCode::ApprovalSelf, |desk| desk.approve(&mona, id));
    house.desk.take_over(&mona, id).unwrap();
    assert_eq!(house.desk.request(&mona, id).unwrap().caller, None);
    // And back: the operator of a call is not who vouches in it.
    house.desk.ask_manager(&mona, id).unwrap();
    house
        .desk
        .put_operator(&admin, &account(MONA, "mona"), None)
        .unwrap();
    let question = house.desk.manager_question(&mona, id).unwrap();
    house.refused(ErrorCode::ApprovalSelf, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
}

#[test]
fn a_password_that_somebody_else_gave_rests_first_and_a_program_does_not_vouch() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    let given = "twelve quiet yellow boats";
    house
        .desk
        .give_password(&admin, &operator_id(MONA.0), given)
        .unwrap();
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 1);
    house.desk.ask_manager(&anna, id).unwrap();
    let mona = house.sign_in((MONA.0, given));
    let question = house.desk.manager_question(&mona, id).unwrap();
    let yes = ManagerAnswer::Yes;
    house.refused(ErrorCode::ApprovalSelf, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    let token = house.desk.make_token(&mona, "a script", Scope::ALL, 30);
    if let Ok(token) = token {
        let (program, may) = house.desk.by_token(&token).unwrap().unwrap();
        assert!(may.is_empty());
        house.refused(ErrorCode::PrivilegeMissing, |desk| {
            desk.answer_as_manager(&program, id, &question.basis, yes)
        });
    }
}

#[test]
fn rules_licence_and_switch_hold_for_managers_too() {
    let mut house = house();
    let anna = house.sign_in(ANNA);
    let admin = house.sign_in(ADMIN);
    let (id, mona, question) = asked(&mut house, &anna);
    let yes = ManagerAnswer::Yes;
    house.desk.set_service(&admin, false).unwrap();
    house.refused(ErrorCode::ServiceOff, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    house.desk.set_service(&admin, true).unwrap();
    let without = |methods: &[AcceptedMethod]| {
        let mut methods = methods.to_vec();
        methods.retain(|accepted| accepted.method != VerificationMethod::Manager);
        methods
    };
    let rules = house.desk.rules(&admin).unwrap();
    let stricter = Rules {
        ordinary_methods: without(&rules.ordinary_methods),
        ..rules
    };
    house.desk.put_rules(&admin, &stricter).unwrap();
    house.refused(ErrorCode::CallerMethod, |desk| {
        desk.answer_as_manager(&mona, id, &question.basis, yes)
    });
    let next = house.open(&anna, 2);
    house.refused(ErrorCode::CallerMethod, |desk| desk.ask_manager(&anna, next));
    // The manager is shown what for.
    house.desk.put_rules(&admin, &Rules::default()).unwrap();
    house.later(DAY);
    let anna = house.sign_in(ANNA);
    let nothing = house.desk.open_request(&anna, &user_id("zoe"), &device(1), "");
    let nothing = nothing.unwrap().id;
    house.refused(ErrorCode::ReasonMissing, |desk| desk.ask_manager(&anna, nothing));
}

/// A desk that wants more than the operator's word, and one whose managers count for privileged users too.
#[test]
fn it_counts_for_more_than_an_operators_word() {
    let method = |at_least| AcceptedMethod {
        method: VerificationMethod::Manager,
        at_least,
    };
    let rules = Rules {
        ordinary_methods: vec![method(Vouched::Machine)],
        privileged_methods: vec![method(Vouched::Machine)],
        ..Rules::default()
    };
    let mut house = house_with(rules);
    name(&mut house, "boss", NewManager::Is(user_id("mona")));
    house.later(DAY);
    let anna = house.sign_in(ANNA);
    let mona = house.sign_in(MONA);
    for number in [1, 3] {
        let id = house.open(&anna, number);
        let mut word = fido_unlock::desk::OperatorStatement::new(VerificationMethod::Manager, "she said so");
        let refused = house.desk.verify_caller(&anna, id, &mut word);
        assert_eq!(code_of(refused), ErrorCode::CallerMethod);
        house.desk.ask_manager(&anna, id).unwrap();
        let question = house.desk.manager_question(&mona, id).unwrap();
        house
            .desk
            .answer_as_manager(&mona, id, &question.basis, ManagerAnswer::Yes)
            .unwrap();
        assert!(house.desk.request(&anna, id).unwrap().caller.is_some());
    }
}

#[test]
fn another_manager_rests_and_none_does_not() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    assert_eq!(manager_of(&mut house, "zoe").as_deref(), Some("mona"));
    name(&mut house, "zoe", NewManager::Is(user_id("otto")));
    // Neither the one nor the other until then.
    assert_eq!(manager_of(&mut house, "zoe"), None);
    let known = house.desk.known_users(&admin, &[user_id("zoe")]).unwrap();
    let rests = known[0].clone().unwrap().manager_rests.unwrap();
    assert_eq!(rests.value, Some(user_id("otto")));
    let told = house.desk.announcements(&admin, 100).unwrap();
    let last = told.last().unwrap();
    assert_eq!(last.event, DeskEvent::ManagerChanged);
    assert_eq!(
        (last.user.as_deref(), last.about.as_deref(), last.due),
        (Some("zoe"), Some("otto"), Some(rests.holds_from))
    );
    // Asked for again it rests no longer than it would.
    house.later(MINUTE);
    name(&mut house, "zoe", NewManager::Is(user_id("otto")));
    name(&mut house, "zoe", NewManager::Same);
    let known = house.desk.known_users(&admin, &[user_id("zoe")]).unwrap();
    assert_eq!(known[0].clone().unwrap().manager_rests, Some(rests.clone()));
    // Another Administrator lets it hold: not who has asked, and only what they saw.
    house.refused(ErrorCode::ApprovalSelf, |desk| {
        desk.approve_manager(&admin, &user_id("zoe"), &rests, "he is new here")
    });
    let second = Operator {
        id: operator_id("second"),
        roles: vec![Role::Administrator],
        privileges: vec![],
        user: None,
    };
    let password = "a long enough pass phrase";
    house.desk.put_operator(&admin, &second, Some(password)).unwrap();
    name(&mut house, "zoe", NewManager::Nobody);
    house.later(DAY);
    name(&mut house, "zoe", NewManager::Is(user_id("mona")));
    let second = house.sign_in(("second", password));
    house.refused(ErrorCode::ApprovalElsewhere, |desk| {
        desk.approve_manager(&second, &user_id("zoe"), &rests, "he is new here")
    });
    let known = house.desk.known_users(&second, &[user_id("zoe")]).unwrap();
    let rests = known[0].clone().unwrap().manager_rests.unwrap();
    house.refused(ErrorCode::ReasonMissing, |desk| {
        desk.approve_manager(&second, &user_id("zoe"), &rests, " ")
    });
    house
        .desk
        .approve_manager(&second, &user_id("zoe"), &rests, "she is back")
        .unwrap();
    assert_eq!(manager_of(&mut house, "zoe").as_deref(), Some("mona"));
    house.refused(ErrorCode::NothingRests, |desk| {
        desk.approve_manager(&second, &user_id("zoe"), &rests, "again")
    });
    name(&mut house, "zoe", NewManager::Nobody);
    assert_eq!(manager_of(&mut house, "zoe"), None);
    let anna = house.sign_in(ANNA);
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.put_managers(&anna, &[]));
}

/// An account that is to vouch rests as any right does, and what it vouched as before does not hold meanwhile.
#[test]
fn whose_account_it_is_rests_too() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_operator(&admin, &account(OTTO, "mona"), None)
        .unwrap();
    let otto = house.sign_in(OTTO);
    assert_eq!(house.desk.vouches_as(&otto).unwrap(), None);
    let pending = house.desk.pending_operators(&admin).unwrap();
    assert_eq!(pending[0].value, account(OTTO, "mona"));
    house.later(DAY);
    let otto = house.sign_in(OTTO);
    assert_eq!(house.desk.vouches_as(&otto).unwrap(), Some(user_id("mona")));
    assert_eq!(house.desk.privileges(&otto).unwrap(), []);
    // Nobody is left whom it could be.
    let admin = house.sign_in(ADMIN);
    house.desk.erase_user(&admin, &user_id("mona")).unwrap();
    assert_eq!(house.desk.vouches_as(&otto).unwrap(), None);
    assert_eq!(manager_of(&mut house, "zoe"), None);
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.manager_questions(&otto));
}
