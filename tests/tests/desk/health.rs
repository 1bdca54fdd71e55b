//! How a desk stands, as a service tells it whoever runs it.

use fido_unlock::ErrorCode;
use fido_unlock::desk::UnixTime;

use crate::house::{House, START, code_of};

#[test]
fn it_is_told_to_whoever_asks_and_nothing_is_recorded() {
    let mut house = House::new();
    let (size, before) = (house.log_size(), house.world.store.content());
    let health = house.desk.health().unwrap();
    assert!(health.open && health.service_on);
    assert!(health.licence_until.is_some_and(|until| until > health.at));
    assert_eq!((health.log_entries, health.at), (size, UnixTime(START)));
    // What it refuses is no entry either: it is asked every few seconds.
    house.world.store.set_clock(Some(UnixTime(START + 60)));
    assert_eq!(code_of(house.desk.health()), ErrorCode::ClockDiffers);
    house.world.store.set_clock(None);
    house.world.clock.set(START - 60);
    assert_eq!(code_of(house.desk.health()), ErrorCode::ClockWentBack);
    assert!(house.world.store.content() == before);
}

#[test]
fn a_desk_in_its_set_up_says_so() {
    let health = House::in_set_up().desk.health().unwrap();
    assert!(!health.open);
}
