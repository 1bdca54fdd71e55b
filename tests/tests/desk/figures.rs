//! Figures of the last days, from the log.

use fido_unlock::desk::ports::Clock;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{Privilege, UserClass};
use fido_unlock::{ErrorCode, HasCode};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, challenge, code_of, device, new_device, user, user_id,
};

/// A call that is done after two minutes.
fn call(house: &mut House, who: (&str, &str), number: u8, nonce: u8, counter: u32) {
    let session = house.sign_in(who);
    let id = house.ready(&session, number, nonce, counter);
    house.code(&session, id).unwrap();
    house.later(2 * MINUTE);
    house.desk.done(&session, id).unwrap();
}

#[test]
fn they_are_of_the_days_that_are_asked_for_and_reading_them_is_recorded() {
    let mut house = House::new();
    call(&mut house, ANNA, 1, 1, 0);
    house.later(40 * DAY);
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_licence(
            &admin,
            &fido_unlock_mock::desk::TestDesk::licence(house.world.clock.now().0, 1000),
        )
        .unwrap();
    call(&mut house, BERT, 1, 2, 1);
    house.later(DAY);
    call(&mut house, BERT, 1, 3, 2);
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 2);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerUnverified);
    let admin = house.sign_in(ADMIN);
    let read = house.count(DeskEvent::LogRead);
    let figures = house.desk.figures(&admin, 30).unwrap();
    assert_eq!(house.count(DeskEvent::LogRead), read + 1);
    assert_eq!(figures.days.len(), 30);
    let last: Vec<_> = figures.days[28..]
        .iter()
        .map(|day| (day.codes, day.done))
        .collect();
    assert_eq!(last, [(1, 1), (1, 1)]);
    assert_eq!(figures.durations, [0, 2, 0, 0, 0, 0, 0]);
    assert_eq!(figures.median_seconds, Some(2 * MINUTE));
    let operators: Vec<_> = figures
        .operators
        .iter()
        .map(|of| (of.name.as_deref(), of.codes))
        .collect();
    assert_eq!(operators, [(Some("bert"), 2)], "anna's is too long ago");
    let unverified = ErrorCode::CallerUnverified.number();
    assert_eq!(
        figures.refusals.iter().map(|of| of.error).collect::<Vec<_>>(),
        [unverified]
    );
    assert_eq!(figures.cut_before, None);

    // Those of all days, and no more of the newest entries than a reading takes.
    let whole = house.desk.figures(&admin, 60).unwrap();
    assert_eq!(whole.days.iter().map(|day| day.done).sum::<u32>(), 3);
    let cut = house.desk.figures_cut(&admin, 60, 3).unwrap();
    assert_eq!(cut.entries, 3);
    assert_eq!(cut.cut_before, Some(house.world.clock.now()));

    let anna = house.sign_in(ANNA);
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.figures(&anna, 30));
}

#[test]
fn one_number_that_calls_as_many_is_told_and_is_erased_with_its_user() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("yves", UserClass::Ordinary))
        .unwrap();
    house
        .desk
        .register_device(&admin, &new_device(9, "yves"))
        .unwrap();
    let anna = house.sign_in(ANNA);
    let note = |house: &mut House, owner: &str, of: u8, number: &str| {
        let opened = house.desk.open_request(&anna, &user_id(owner), &device(of), "");
        let id = opened.unwrap().id;
        house.desk.set_caller_number(&anna, id, number).unwrap();
        assert!(house.desk.request(&anna, id).unwrap().caller_number.is_some());
        id
    };
    let zoes = note(&mut house, "zoe", 1, "0049 171 55501");
    note(&mut house, "yves", 9, "+49 171 555-01");
    note(&mut house, "zoe", 2, "4711");
    let figures = house.desk.figures(&admin, 30).unwrap();
    let found: Vec<_> = figures
        .numbers
        .iter()
        .map(|of| (of.number.as_str(), of.users, of.requests))
        .collect();
    assert_eq!(found, [("+4917155501", 2, 2)]);
    // The log has the number nowhere.
    let size = house.world.store.content().entries.len();
    for entry in &house.world.store.content().entries {
        assert!(!entry.windows(8).any(|part| part == b"17155501"), "{size}");
    }
    let wrong = house.desk.set_caller_number(&anna, zoes, "withheld");
    assert_eq!(wrong.unwrap_err().code(), ErrorCode::InvalidArgument);
    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    assert_eq!(house.desk.figures(&admin, 30).unwrap().numbers, []);
    assert_eq!(
        house.desk.request(&anna, zoes).unwrap_err().code(),
        ErrorCode::UserUnknown
    );
    for ((_, _), (row, _)) in &house.world.store.content().rows {
        let at = row.windows(11).filter(|part| *part == b"+4917155501").count();
        assert!(at <= 1, "the request's of yves, and its text");
    }
}

#[test]
fn a_number_is_noted_by_the_operator_of_the_call() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.open(&anna, 1);
    house.refused(ErrorCode::RequestUnknown, |desk| {
        desk.set_caller_number(&bert, id, "4711")
    });
    // What was verified and approved stays: nobody is shown the number.
    house.verify(&anna, id).unwrap();
    let before = house.desk.request(&anna, id).unwrap().revision;
    house.desk.set_caller_number(&anna, id, "4711").unwrap();
    let after = house.desk.request(&anna, id).unwrap();
    assert_eq!(
        (after.revision, after.caller_number.as_deref()),
        (before, Some("4711"))
    );
    house.desk.enter_challenge(&anna, id, &challenge(7, 0)).unwrap();
    house.code(&anna, id).unwrap();
    let keeper = house.operator("keeper", &[Privilege::Downloads]);
    house.later(DAY);
    let keeper = house.sign_in(keeper);
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.set_caller_number(&keeper, id, "1")
    });
}
