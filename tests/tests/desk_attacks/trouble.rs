//! What happens to a desk by itself: no room, a clock that is wrong. Each has its number and its next step, and work
//! goes on afterwards.

use fido_unlock::ErrorCode;
use fido_unlock::desk::{Desk, DeskError, Rules, UnixTime};
use fido_unlock_sqlite::SqliteOptions;

use crate::house::{ADMIN, ANNA, DAY, House, START, code_of, device, operator_id, parts_over, user_id};

fn next_step(code: ErrorCode, word: &str) {
    assert!(code.next_step().contains(word), "{}", code.next_step());
}

#[test]
fn a_full_disk_is_715_nothing_is_half_written_and_with_room_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let mut house = House::in_file(&path, Rules::default());
    let anna = house.sign_in(ANNA);
    let ready = house.ready(&anna, 1, 0xA1, 0);
    // Pages of 4,096 bytes: those that are there, and a few.
    house.reopen();
    let pages: u32 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA page_count", (), |row| row.get(0))
        .unwrap();
    let full = SqliteOptions {
        max_pages: Some(pages + 4),
        ..SqliteOptions::default()
    };
    house.desk = Desk::open(parts_over(&house.world, &path, full)).unwrap();
    let refused = loop {
        let size = house.log_size();
        if let Err(error) = house.desk.search(&anna, "zoe") {
            assert_eq!(house.log_size(), size, "a part was written");
            break error;
        }
    };
    assert!(matches!(refused, DeskError::Storage(_)));
    assert_eq!(code_of(Err::<(), _>(refused)), ErrorCode::StoreFull);
    assert_eq!(ErrorCode::StoreFull.number(), 715);
    next_step(ErrorCode::StoreFull, "Make room");
    // No code without its record, and none is counted.
    assert_eq!(code_of(house.code(&anna, ready)), ErrorCode::StoreFull);
    house.desk.verify_audit(&[]).unwrap();
    house.reopen();
    let from = house.log_size();
    house.code(&anna, ready).unwrap();
    let log = house.log_from(from);
    assert_eq!(log[..2], ["Authorised", "CodeMade"]);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_clock_that_is_set_back_is_423_until_it_is_corrected() {
    let mut house = House::new();
    house.later(DAY);
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.world.clock.set(START + DAY - 6);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ClockWentBack);
    assert_eq!(ErrorCode::ClockWentBack.number(), 423);
    next_step(ErrorCode::ClockWentBack, "Correct the clock");
    assert_eq!(
        code_of(house.desk.sign_in(&operator_id(ADMIN.0), ADMIN.1)),
        ErrorCode::ClockWentBack
    );
    // Corrected: as if nothing had been.
    house.world.clock.set(START + DAY);
    house.code(&anna, id).unwrap();
}

#[test]
fn a_clock_that_differs_from_the_stores_is_439_until_one_is_corrected() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    for (clock, store) in [(START + DAY, START), (START, START + DAY)] {
        house.world.clock.set(clock);
        house.world.store.set_clock(Some(UnixTime(store)));
        assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ClockDiffers);
    }
    assert_eq!(ErrorCode::ClockDiffers.number(), 439);
    next_step(ErrorCode::ClockDiffers, "Correct the clock");
    house.world.store.set_clock(Some(UnixTime(START)));
    house.code(&anna, id).unwrap();
}

/// A store without a clock of its own cannot tell: the desk follows, what lives by the time ends, and going back is the
/// Administrator's word.
#[test]
fn a_clock_that_is_set_ahead_ends_what_lives_and_the_way_back_is_an_act() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.world.clock.set(START + 400 * DAY);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::OperatorUnknown);
    let ahead = house.sign_in(ANNA);
    assert_eq!(
        code_of(house.desk.open_request(&ahead, &user_id("zoe"), &device(1), "r")),
        ErrorCode::LicenceExpired
    );
    house.world.clock.set(START + 60);
    assert_eq!(code_of(house.desk.search(&anna, "zoe")), ErrorCode::ClockWentBack);
    house
        .desk
        .accept_clock(&operator_id(ADMIN.0), ADMIN.1, "the battery was empty")
        .unwrap();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA2, 0);
    house.code(&anna, id).unwrap();
    house.desk.verify_audit(&[]).unwrap();
}
