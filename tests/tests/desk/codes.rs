//! One-time codes: the first Administrator's, and whoever cannot sign in any more.

use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{Desk, Operator, Privilege, Role, Rules, SignInCode};
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_mock::desk::{FakeBrowser, TestDesk};

use crate::house::{ADMIN, ANNA, BERT, DAY, House, MINUTE, START, code_of, operator_id, ring};

const NEW: &str = "nine quiet bicycles";

fn same(code: &SignInCode) -> SignInCode {
    SignInCode::parse(&code.expose()).unwrap()
}

/// A desk that nobody can sign in to yet.
fn empty() -> (TestDesk, Desk) {
    let world = TestDesk::new(START);
    let admin = operator_id(ADMIN.0);
    let desk = Desk::create_without_password(world.parts(ring()), Rules::default(), &admin).unwrap();
    (world, desk)
}

#[test]
fn the_first_administrator_sets_a_password_by_a_code() {
    let (_world, mut desk) = empty();
    let admin = operator_id(ADMIN.0);
    assert_eq!(code_of(desk.sign_in(&admin, "")), ErrorCode::OperatorUnknown);
    let (name, before) = desk.first_code().unwrap().unwrap();
    assert_eq!(name, admin);
    // At each start another one, and the one before is void.
    let (_, code) = desk.first_code().unwrap().unwrap();
    let wrong = ErrorCode::SignInCodeWrong;
    assert_eq!(code_of(desk.redeem_code(&admin, &before, NEW)), wrong);
    assert_eq!(
        code_of(desk.redeem_code(&operator_id("nobody"), &code, NEW)),
        wrong
    );
    let weak = desk.redeem_code(&admin, &code, "short");
    assert_eq!(code_of(weak), ErrorCode::PasswordWeak);
    desk.redeem_code(&admin, &code, NEW).unwrap();
    assert_eq!(code_of(desk.redeem_code(&admin, &code, BERT.1)), wrong);
    let session = desk.sign_in(&admin, NEW).unwrap();
    assert!(desk.may(&session, Privilege::Administer).unwrap());
    // Whoever starts the program now gets none.
    assert!(desk.first_code().unwrap().is_none());
}

#[test]
fn a_code_is_good_for_a_day_and_guesses_are_counted() {
    let (world, mut desk) = empty();
    let admin = operator_id(ADMIN.0);
    let (_, code) = desk.first_code().unwrap().unwrap();
    world.clock.advance(DAY + 1);
    let late = desk.redeem_code(&admin, &code, NEW);
    assert_eq!(code_of(late), ErrorCode::SignInCodeWrong);
    let (_, code) = desk.first_code().unwrap().unwrap();
    for number in 0..5 {
        let guess = SignInCode::from_bytes([number; 10]);
        desk.redeem_code(&admin, &guess, NEW).unwrap_err();
    }
    let by_password = desk.sign_in(&admin, "whatever it may be").unwrap_err();
    assert_eq!(by_password.code(), ErrorCode::SignInLocked);
    // Nobody guesses 80 bits: whoever has the code is not kept out.
    desk.redeem_code(&admin, &code, NEW).unwrap();
    desk.sign_in(&admin, NEW).unwrap();
}

#[test]
fn a_code_is_of_one_desk() {
    let (_, mut one) = empty();
    let world = TestDesk::new(START);
    // The two worlds have the same random numbers but for the first.
    fido_unlock::ports::Entropy::fill(&mut world.entropy.clone(), &mut [0; 8]).unwrap();
    let admin = operator_id(ADMIN.0);
    let mut other = Desk::create_without_password(world.parts(ring()), Rules::default(), &admin).unwrap();
    let ((_, code), _) = (
        one.first_code().unwrap().unwrap(),
        other.first_code().unwrap().unwrap(),
    );
    let foreign = other.redeem_code(&admin, &code, NEW);
    assert_eq!(code_of(foreign), ErrorCode::SignInCodeWrong);
}

#[test]
fn a_desk_that_works_has_no_first_code() {
    let (_world, mut desk) = empty();
    let admin = operator_id(ADMIN.0);
    let (_, code) = desk.first_code().unwrap().unwrap();
    desk.redeem_code(&admin, &code, NEW).unwrap();
    let session = desk.sign_in(&admin, NEW).unwrap();
    desk.open_desk(&session).unwrap();
    // Even where its only operator has lost everything: that is no new desk.
    desk.recover_operator(&admin, "lost his key").unwrap();
    assert!(desk.first_code().unwrap().is_none());
}

#[test]
fn another_administrator_gives_a_code_and_what_was_there_is_void() {
    let mut house = House::new();
    let mut browser = FakeBrowser::default();
    let anna = house.sign_in(ANNA);
    let (options, begun) = house.desk.begin_passkey(&anna).unwrap();
    let answer = browser.create(&options);
    house
        .desk
        .finish_passkey(&anna, begun, "blue key", &answer)
        .unwrap();
    let (admin, bert) = (house.sign_in(ADMIN), house.sign_in(BERT));
    let id = operator_id("anna");
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.give_code(&bert, &id).map(drop)
    });
    house.refused(ErrorCode::OperatorMissing, |desk| {
        desk.give_code(&admin, &operator_id("nobody")).map(drop)
    });
    house.refused(ErrorCode::ApprovalSelf, |desk| {
        desk.give_code(&admin, &operator_id(ADMIN.0)).map(drop)
    });
    let told = house.desk.announcements(&admin, 100).unwrap().len();
    let code = house.desk.give_code(&admin, &id).unwrap();
    assert_eq!(
        code_of(house.desk.may(&anna, Privilege::Unlock)),
        ErrorCode::OperatorUnknown
    );
    assert_eq!(
        code_of(house.desk.sign_in(&id, ANNA.1)),
        ErrorCode::OperatorUnknown
    );
    let asked = house.desk.begin_passkey_sign_in(&id).unwrap();
    let ids = FakeBrowser::allowed(&asked.options);
    let answer = browser.get(&asked.options, &ids[0]);
    let gone = house.desk.finish_sign_in(asked.begun, &answer);
    assert_eq!(code_of(gone), ErrorCode::PasskeyRefused);
    let told_now = house.desk.announcements(&admin, 100).unwrap();
    assert_eq!(told_now.len(), told + 1);
    let last = told_now.last().unwrap();
    assert_eq!(last.event, DeskEvent::SignInCodeGiven);
    assert_eq!(last.about.as_deref(), Some("anna"));

    house.desk.redeem_code(&id, &same(&code), NEW).unwrap();
    // The set password signs in, and approves nothing for a day: whoever gave the code may be the one who signs in.
    let anna = house.sign_in(("anna", NEW));
    let bert = house.sign_in(BERT);
    let request = house.ready_for_approval(&bert, 0xA1);
    assert_eq!(
        code_of(house.desk.approve(&anna, request)),
        ErrorCode::ApprovalSelf
    );
    house.later(DAY);
    let (anna, bert) = (house.sign_in(("anna", NEW)), house.sign_in(BERT));
    let request = house.ready_for_approval(&bert, 0xA2);
    house.desk.approve(&anna, request).unwrap();
}

#[test]
fn another_password_makes_a_code_void() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let id = operator_id("anna");
    let code = house.desk.give_code(&admin, &id).unwrap();
    let anna = Operator {
        id: id.clone(),
        roles: vec![Role::DeviceServiceAdministrator],
        privileges: vec![],
        user: None,
    };
    house.desk.put_operator(&admin, &anna, Some(NEW)).unwrap();
    let void = house.desk.redeem_code(&id, &code, BERT.1);
    assert_eq!(code_of(void), ErrorCode::SignInCodeWrong);
    house.sign_in(("anna", NEW));
}

#[test]
fn the_only_administrator_is_recovered_beside_the_keys_and_all_are_told() {
    let mut house = House::new();
    let admin = operator_id(ADMIN.0);
    house.refused(ErrorCode::ReasonMissing, |desk| {
        desk.recover_operator(&admin, " ").map(drop)
    });
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.recover_operator(&operator_id("anna"), "lost").map(drop)
    });
    house.refused(ErrorCode::OperatorMissing, |desk| {
        desk.recover_operator(&operator_id("nobody"), "lost").map(drop)
    });
    // Guesses at what is void now are forgotten with it.
    for _ in 0..6 {
        house.desk.sign_in(&admin, "a wrong pass phrase").unwrap_err();
    }
    let code = house.desk.recover_operator(&admin, "lost the key").unwrap();
    house.desk.redeem_code(&admin, &code, NEW).unwrap();
    let session = house.sign_in((ADMIN.0, NEW));
    let told = house.desk.announcements(&session, 100).unwrap();
    let last = told.last().unwrap();
    assert_eq!(last.event, DeskEvent::SignInCodeGiven);
    assert_eq!(
        (last.operator.as_deref(), last.about.as_deref()),
        (None, Some(ADMIN.0))
    );
    assert_eq!(last.text.as_deref(), Some("lost the key"));
    house.desk.verify_audit(&[]).unwrap();
}

/// An open console is nobody's other sign-in.
#[test]
fn who_makes_another_one_s_sign_in_has_shown_of_late_that_it_is_they() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    house.later(5 * MINUTE + 1);
    let missing = ErrorCode::ConfirmationMissing;
    let bert = operator_id(BERT.0);
    let new = Operator {
        id: operator_id("carl"),
        roles: Vec::new(),
        privileges: vec![Privilege::Unlock],
        user: None,
    };
    house.refused(missing, |desk| desk.give_code(&admin, &bert).map(drop));
    house.refused(missing, |desk| desk.give_password(&admin, &bert, NEW));
    house.refused(missing, |desk| desk.add_operator(&admin, &new, NEW));
    house.desk.confirm(&admin, ADMIN.1).unwrap();
    house.desk.add_operator(&admin, &new, NEW).unwrap();
    house.desk.give_password(&admin, &bert, NEW).unwrap();
    house.desk.give_code(&admin, &bert).unwrap();
}
