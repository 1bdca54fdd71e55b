//! Operators who are the attackers: T1 to T7, F10 and the lock.

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::{ApprovalError, Approver};
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    AcceptedMethod, Approval, ApprovalTask, ChannelKind, CodeOutcome, Operator, OperatorSession,
    OperatorStatement, Privilege, Role, Rules, UserClass, VerificationMethod, Vouched,
};
use fido_unlock_mock::desk::{ScriptedVerifier, TestDesk};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, START, approve_operator, approve_rules, approve_user, challenge, code_of,
    device, new_device, operator_id, user, user_id,
};

fn by_machine() -> ScriptedVerifier {
    ScriptedVerifier {
        method: Some(VerificationMethod::EnrolledFactor),
        vouched: Vouched::Machine,
    }
}

#[test]
fn t1_a_made_up_challenge_does_not_hide_an_open_code() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    // Made up by the operator, no device involved.
    let made_up = house.ready(&anna, 1, 0xEE, 0);
    house.reopen();
    let bert = house.sign_in(BERT);
    let codes = house.desk.open_codes(&bert, &device(1)).unwrap();
    // Superseded, if the challenge was genuine; nobody knows, so it is still on the list.
    assert_eq!(codes.len(), 1);
    assert_eq!(
        (codes[0].request, codes[0].outcome),
        (id, CodeOutcome::Superseded)
    );
    assert_eq!(house.desk.request(&bert, made_up).unwrap().open_codes, codes);
}

/// Open: it stays invisible if the code is used before the device's next challenge is read out.
#[test]
fn t2_a_false_done_shows_when_the_next_counter_has_not_moved_and_not_when_it_has() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let unused = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, unused).unwrap();
    house.desk.done(&anna, unused).unwrap();
    assert!(house.desk.open_codes(&anna, &device(1)).unwrap().is_empty());
    let next = house.open(&anna, 1);
    house.verify(&anna, next).unwrap();
    // Nobody unlocked the device: its counter is what it was.
    let entered = house.desk.enter_challenge(&anna, next, &challenge(0x77, 0));
    assert_eq!(code_of(entered), ErrorCode::CounterWentBack);
    assert_eq!(house.desk.alarms(&anna, 0, 10).unwrap().len(), 1);
    // Used in between by somebody else: it looks like the unlock that was reported.
    house
        .desk
        .enter_challenge(&anna, next, &challenge(0x77, 1))
        .unwrap();
}

#[test]
fn t3_a_session_is_good_at_its_own_desk_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut other] =
        ["one", "other"].map(|name| House::in_file(&folder.path().join(name), Rules::default()));
    // The same name and password at both.
    let session = one.sign_in(ANNA);
    other.sign_in(ANNA);
    one.desk.search(&session, "zoe").unwrap();
    assert_eq!(
        code_of(other.desk.search(&session, "zoe")),
        ErrorCode::OperatorUnknown
    );
}

#[test]
fn t4_a_session_ends_with_its_password_and_with_its_operator() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    house
        .desk
        .change_password(&anna, "changed because it was stolen")
        .unwrap();
    assert_eq!(
        code_of(house.desk.search(&anna, "zoe")),
        ErrorCode::OperatorUnknown
    );
    house.desk.remove_operator(&admin, &operator_id(BERT.0)).unwrap();
    assert_eq!(
        code_of(house.desk.search(&bert, "zoe")),
        ErrorCode::OperatorUnknown
    );
    // Another person of that name is another operator.
    let another = Operator {
        id: operator_id(BERT.0),
        roles: vec![],
        privileges: vec![Privilege::Unlock],
        user: None,
    };
    let password = Some("another person altogether");
    house.desk.put_operator(&admin, &another, password).unwrap();
    house.later(DAY);
    assert_eq!(
        code_of(house.desk.search(&bert, "zoe")),
        ErrorCode::OperatorUnknown
    );
}

#[test]
fn t5_one_administrator_alone_waits_for_a_rest() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    // A lower class for a privileged user, and a channel of one's own.
    let mut boss = user("boss", UserClass::Ordinary);
    boss.channels[0].address = "attacker@evil.example".into();
    boss.channels[0].kind = ChannelKind::Mail;
    house.desk.put_user(&admin, &boss).unwrap();
    assert_eq!(
        code_of(approve_user(&mut house.desk, &admin, "boss")),
        ErrorCode::ApprovalSelf
    );
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 3);
    assert_eq!(code_of(house.verify(&anna, id)), ErrorCode::CallerMethod);
    // An operator of one's own who approves.
    let puppet = Operator {
        id: operator_id("puppet"),
        roles: vec![],
        privileges: vec![Privilege::Unlock],
        user: None,
    };
    let password = "an account of one's own";
    house.desk.put_operator(&admin, &puppet, Some(password)).unwrap();
    let puppet = house.sign_in(("puppet", password));
    house.desk.verify_caller(&anna, id, &mut by_machine()).unwrap();
    house.desk.enter_challenge(&anna, id, &challenge(3, 0)).unwrap();
    assert_eq!(
        code_of(house.desk.approve(&puppet, id)),
        ErrorCode::ApproverPrivilege
    );
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
}

/// Another system, which says that the chief has approved.
struct ByChief;

impl Approver for ByChief {
    fn ask(&mut self, task: ApprovalTask) -> Result<Approval, ApprovalError> {
        Ok(task.approved_by(operator_id("chief"), [0xA9; 32]))
    }
}

/// One who gives a second Administrator or operator a password is not two.
#[test]
fn an_administrator_with_another_s_password_is_no_second_person() {
    let mut house = House::in_set_up();
    let admin = house.sign_in(ADMIN);
    let chief = Operator {
        id: operator_id("chief"),
        roles: vec![Role::Administrator],
        privileges: vec![Privilege::Unlock],
        user: None,
    };
    let own = "nine green lanterns";
    house.desk.put_operator(&admin, &chief, Some(own)).unwrap();
    house.desk.open_desk(&admin).unwrap();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    let given = "a password of the attacker's";
    house.desk.put_operator(&admin, &chief, Some(given)).unwrap();
    let taken = house.sign_in(("chief", given));
    let approve =
        |house: &mut House, session: &OperatorSession| approve_user(&mut house.desk, session, "boss");
    assert_eq!(code_of(approve(&mut house, &taken)), ErrorCode::ApprovalSelf);
    // Nor for other changes that rest, after another password that they gave themselves, or for a request.
    house.operator("dora", &[Privilege::Unlock]);
    let approved = approve_operator(&mut house.desk, &taken, "dora");
    assert_eq!(code_of(approved), ErrorCode::ApprovalSelf);
    let looser = Rules {
        reason_wanted: false,
        ..Rules::default()
    };
    house.desk.put_rules(&admin, &looser).unwrap();
    let approved = approve_rules(&mut house.desk, &taken);
    assert_eq!(code_of(approved), ErrorCode::ApprovalSelf);
    house.desk.change_password(&taken, own).unwrap();
    let taken = house.sign_in(("chief", own));
    assert_eq!(code_of(approve(&mut house, &taken)), ErrorCode::ApprovalSelf);
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 3);
    house.desk.verify_caller(&anna, id, &mut by_machine()).unwrap();
    house.desk.enter_challenge(&anna, id, &challenge(3, 0)).unwrap();
    assert_eq!(code_of(house.desk.approve(&taken, id)), ErrorCode::ApprovalSelf);
    let asked = house.desk.ask_approval(&anna, id, &mut ByChief);
    assert_eq!(code_of(asked), ErrorCode::ApprovalSelf);
    // All are told; and in time it is theirs.
    let told = house.desk.announcements(&admin, 10).unwrap();
    assert!(told.iter().any(|one| one.event == DeskEvent::PasswordChanged));
    house.later(DAY);
    let taken = house.sign_in(("chief", own));
    house
        .desk
        .put_user(&taken, &user("zoe", UserClass::Privileged))
        .unwrap();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("zoe", UserClass::Ordinary))
        .unwrap();
    approve_user(&mut house.desk, &taken, "zoe").unwrap();
}

#[test]
fn t6_guessing_is_slowed_down() {
    let mut house = House::new();
    let mut looked_at = 0;
    for guess in 0..5000 {
        let refused = code_of(
            house
                .desk
                .sign_in(&operator_id(ADMIN.0), &format!("guess {guess}")),
        );
        if refused == ErrorCode::SignInLocked {
            break;
        }
        assert_eq!(refused, ErrorCode::OperatorUnknown);
        looked_at += 1;
    }
    assert!(looked_at <= 10, "{looked_at}");
    // The right one waits too, and then is good.
    let early = house.desk.sign_in(&operator_id(ADMIN.0), ADMIN.1);
    assert_eq!(code_of(early), ErrorCode::SignInLocked);
    house.later(15 * 60);
    house.sign_in(ADMIN);
}

#[test]
fn t7_a_clock_that_jumped_ahead_and_back_forgets_no_limit() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    for nonce in [1, 2] {
        let id = house.ready(&anna, 1, nonce, 0);
        house.code(&anna, id).unwrap();
    }
    let id = house.ready(&anna, 1, 3, 0);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
    house.world.clock.set(START + 2 * DAY);
    let ahead = house.sign_in(ANNA);
    let id = house.ready(&ahead, 1, 4, 0);
    house.code(&ahead, id).unwrap();
    house.world.clock.set(START + 60);
    house
        .desk
        .accept_clock(&operator_id(ADMIN.0), ADMIN.1, "the time server was wrong")
        .unwrap();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 5, 0);
    // What was counted before the jump and while it was ahead is counted.
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
}

/// F10: rules, limits, a retired device and notices were files that anybody who could write to the folder edited. Now
/// they are sealed rows (desk_seals.rs), and who may change them by the desk leaves a record and waits.
#[test]
fn f10_rules_that_loosen_rest_and_a_retired_device_stays_retired() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let from = house.log_size();
    let mut looser = Rules {
        reason_wanted: false,
        ..Rules::default()
    };
    looser.ordinary_methods.push(AcceptedMethod {
        method: VerificationMethod::Questions,
        at_least: Vouched::Operator,
    });
    looser.limits.device.approval_from = u32::MAX;
    looser.limits.device.refuse_from = u32::MAX;
    house.desk.put_rules(&admin, &looser).unwrap();
    assert!(house.log_from(from).contains(&"RulesChanged".to_owned()));
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 1);
    let mut questions = OperatorStatement::new(VerificationMethod::Questions, "knew her birthday");
    let verified = house.desk.verify_caller(&anna, id, &mut questions);
    assert_eq!(code_of(verified), ErrorCode::CallerMethod);
    house.desk.retire_device(&admin, &device(1)).unwrap();
    let opened = house.desk.open_request(&anna, &user_id("zoe"), &device(1), "r");
    assert_eq!(code_of(opened), ErrorCode::DeviceRetired);
    let again = house.desk.register_device(&admin, &new_device(1, "zoe"));
    assert_eq!(code_of(again), ErrorCode::DeviceExists);
}

/// F10: notices that went to /dev/null. One that cannot be sent is an entry, and stays in the outbox.
#[test]
fn f10_a_notice_that_is_not_sent_is_in_the_log() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    let from = house.log_size();
    house.world.outbox.set_broken(true);
    assert!(!house.desk.send_notice().unwrap());
    house.world.outbox.set_broken(false);
    assert!(house.desk.send_notice().unwrap());
    let log = house.log_from(from);
    assert_eq!(log.iter().filter(|event| *event == "NoticeFailed").count(), 1);
    assert_eq!(log.iter().filter(|event| *event == "NoticeSent").count(), 1);
    assert_eq!(house.world.outbox.notices().len(), 1);
}

/// The lock (F8): two processes at one folder, and lock files that anybody could remove, forked the log. Now there is no
/// lock but the database's own, each of two desks sees what the other did, and the log is one.
#[test]
fn lock_two_processes_at_one_database_write_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let mut house = House::in_file(&path, Rules::default());
    // On the phone, with a request open, while the other works.
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    let mut other = House::over(house.world.clone(), &path).unwrap();
    let bert = other.sign_in(BERT);
    let others = other.ready(&bert, 2, 0xB1, 0);
    let there: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("lock"))
        .collect();
    assert!(there.is_empty(), "{there:?}");
    house.code(&anna, id).unwrap();
    other.code(&bert, others).unwrap();
    house.desk.done(&anna, id).unwrap();
    let state = house.desk.verify_audit(&[]).unwrap().state;
    assert_eq!(other.desk.verify_audit(&[]).unwrap().state, state);
    drop((house, other));
    let mut again = House::over(TestDesk::new(START), &path).unwrap();
    assert_eq!(again.desk.verify_audit(&[]).unwrap().state, state);
}
