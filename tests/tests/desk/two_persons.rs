//! What takes two persons: neither is an open console, nor somebody whose sign-in the other one gave them.

use fido_unlock::desk::{
    Desk, DeskError, NewManager, Operator, OperatorId, OperatorSession, Privilege, Role, Rules, UserClass,
};
use fido_unlock::{ErrorCode, desk::SignInCode};
use fido_unlock_mock::desk::OneTimeCode;

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, approve_operator, approve_rules, approve_user, code_of,
    operator_id, user, user_id,
};

const CHIEF: (&str, &str) = ("chief", "nine green lanterns");
const NEW: &str = "a paper boat at midnight";

fn administrator(name: &str) -> Operator {
    Operator {
        id: operator_id(name),
        roles: vec![Role::Administrator],
        privileges: vec![Privilege::Unlock],
        user: None,
    }
}

/// A house with a second Administrator.
fn house() -> House {
    let mut house = House::in_set_up();
    let admin = house.sign_in(ADMIN);
    let chief = administrator(CHIEF.0);
    house.desk.put_operator(&admin, &chief, Some(CHIEF.1)).unwrap();
    house.desk.open_desk(&admin).unwrap();
    house
}

/// Asks for a change of each kind that rests.
fn ask(desk: &mut Desk, session: &OperatorSession) {
    let looser = Rules {
        reason_wanted: false,
        ..Rules::default()
    };
    desk.put_rules(session, &looser).unwrap();
    desk.put_user(session, &user("boss", UserClass::Ordinary))
        .unwrap();
    desk.put_operator(session, &administrator(BERT.0), None).unwrap();
    let manager = NewManager::Is(user_id("boss"));
    desk.put_managers(session, &[(user_id("zoe"), manager)]).unwrap();
}

fn approve_manager(desk: &mut Desk, session: &OperatorSession) -> Result<(), DeskError> {
    let known = desk.known_users(session, &[user_id("zoe")])?.remove(0).unwrap();
    desk.approve_manager(session, &known.user.id, &known.manager_rests.unwrap(), "urgent")
}

/// Lets each of them hold, or does not.
fn approve(desk: &mut Desk, session: &OperatorSession) -> [Result<(), DeskError>; 4] {
    [
        approve_rules(desk, session),
        approve_user(desk, session, "boss"),
        approve_operator(desk, session, BERT.0),
        approve_manager(desk, session),
    ]
}

fn none(desk: &mut Desk, session: &OperatorSession, code: ErrorCode) {
    assert_eq!(approve(desk, session).map(code_of), [code; 4]);
}

#[test]
fn an_open_console_lets_nothing_hold() {
    let mut house = house();
    let chief = house.sign_in(CHIEF);
    house.later(5 * MINUTE + 1);
    let admin = house.sign_in(ADMIN);
    ask(&mut house.desk, &admin);
    none(&mut house.desk, &chief, ErrorCode::ConfirmationMissing);
    house.desk.confirm(&chief, CHIEF.1).unwrap();
    for approved in approve(&mut house.desk, &chief) {
        approved.unwrap();
    }
}

fn redeem(house: &mut House, id: &OperatorId, code: &SignInCode) -> OperatorSession {
    house.desk.redeem_code(id, code, NEW).unwrap();
    house.desk.sign_in(id, NEW).unwrap()
}

/// Whoever gave the code may be the one who uses it, whether they approve then or ask, and however late it is used.
#[test]
fn who_gave_the_other_one_a_code_is_not_two() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    let chief = operator_id(CHIEF.0);
    let code = house.desk.give_code(&admin, &chief).unwrap();
    ask(&mut house.desk, &admin);
    house.later(DAY - 1);
    let taken = redeem(&mut house, &chief, &code);
    none(&mut house.desk, &taken, ErrorCode::ApprovalSelf);
    house.later(1);
    let admin = house.sign_in(ADMIN);
    // By then all of it holds; they ask for more, and the code's day is over.
    house.desk.put_rules(&admin, &Rules::default()).unwrap();
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Privileged))
        .unwrap();
    let nobody = [(user_id("zoe"), NewManager::Nobody)];
    house.desk.put_managers(&admin, &nobody).unwrap();
    house.disarm(BERT.0);
    ask(&mut house.desk, &admin);
    let taken = house.sign_in((CHIEF.0, NEW));
    none(&mut house.desk, &taken, ErrorCode::ApprovalSelf);
    // The other way round.
    ask(&mut house.desk, &taken);
    let admin = house.sign_in(ADMIN);
    none(&mut house.desk, &admin, ErrorCode::ApprovalSelf);
}

/// A code of the set-up is no way around it.
#[test]
fn a_code_from_the_set_up_is_one_too() {
    let mut house = House::in_set_up();
    let admin = house.sign_in(ADMIN);
    let chief = administrator(CHIEF.0);
    house.desk.put_operator(&admin, &chief, Some(CHIEF.1)).unwrap();
    let code = house.desk.give_code(&admin, &chief.id).unwrap();
    house.desk.open_desk(&admin).unwrap();
    ask(&mut house.desk, &admin);
    let taken = redeem(&mut house, &chief.id, &code);
    none(&mut house.desk, &taken, ErrorCode::ApprovalSelf);
}

/// Whoever adds an operator knows their password.
#[test]
fn a_new_operator_is_no_second_person_yet() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    let dora = administrator("dora");
    house.desk.add_operator(&admin, &dora, NEW).unwrap();
    let chief = house.sign_in(CHIEF);
    approve_operator(&mut house.desk, &chief, "dora").unwrap();
    ask(&mut house.desk, &admin);
    let dora = house.sign_in(("dora", NEW));
    none(&mut house.desk, &dora, ErrorCode::ApprovalSelf);
    house.later(DAY);
    // In time they are.
    let (admin, dora) = (house.sign_in(ADMIN), house.sign_in(("dora", NEW)));
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Privileged))
        .unwrap();
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    approve_user(&mut house.desk, &dora, "boss").unwrap();
}

/// A request of somebody whose sign-in the approver gave them is the approver's own.
#[test]
fn who_gave_the_caller_s_operator_a_code_does_not_approve_their_request() {
    let mut house = house();
    let admin = house.sign_in(ADMIN);
    let anna = operator_id(ANNA.0);
    let code = house.desk.give_code(&admin, &anna).unwrap();
    let taken = redeem(&mut house, &anna, &code);
    let id = house.ready_for_approval(&taken, 3);
    let chief = house.sign_in(CHIEF);
    house.refused(ErrorCode::ApprovalSelf, |desk| desk.approve(&chief, id));
    // Somebody else takes the call over.
    let bert = house.sign_in(BERT);
    house.desk.take_over(&bert, id).unwrap();
    house
        .desk
        .verify_caller(&bert, id, &mut OneTimeCode::new("8812", "8812"))
        .unwrap();
    house.desk.approve(&chief, id).unwrap();
}
