//! Readers, cards and the service coming and going, over the joined watch.

use std::time::Duration;

use fido_unlock::host::{DeviceEvent, DeviceWatch};
use fido_unlock_stacks_tests::{CommandLine, Joined, PATIENCE, words};

use crate::pcscd::{Pcscd, isolated, threads, threads_end};
use crate::support::{card_in, insert};

const QUIET: Duration = Duration::from_secs(2);

/// What is told, in a word and a reader.
fn told(event: &DeviceEvent) -> String {
    let of = |word: &str, path: &str| format!("{word} {}", path.trim_start_matches("Virtual PCD "));
    match event {
        DeviceEvent::Arrived(device) => of("arrived", &device.routes[0].route.path),
        DeviceEvent::Left(device) => of("left", &device.routes[0].route.path),
        DeviceEvent::ReaderAdded(reader) => of("reader", &reader.path),
        DeviceEvent::ReaderRemoved(reader) => of("no reader", &reader.path),
        DeviceEvent::ServiceStarted => "service".into(),
        DeviceEvent::ServiceStopped => "no service".into(),
        other => words(other),
    }
}

/// The next event within that time. A card that did not answer in time, while other work had the machine, is
/// asked once more, and changes by that.
fn next(watch: &mut DeviceWatch, within: Duration) -> Option<String> {
    loop {
        match Joined::event_within(watch, within)? {
            DeviceEvent::Changed(_) => {}
            event => return Some(told(&event)),
        }
    }
}

/// These events and no more, the ones between bars in any order.
fn expect(watch: &mut DeviceWatch, expected: &[&[&str]]) {
    for group in expected {
        let mut told: Vec<String> = group.iter().filter_map(|_| next(watch, PATIENCE)).collect();
        told.sort();
        assert_eq!(told, *group);
    }
    assert_eq!(next(watch, QUIET), None);
}

#[test]
fn two_readers_their_cards_and_the_service() {
    isolated("watch::two_readers_their_cards_and_the_service", |folder| {
        let mut watch = Joined::devices().watch();
        expect(&mut watch, &[&["no service"]]);
        let pcscd = Pcscd::start(folder, true);
        expect(&mut watch, &[&["service"], &["reader 00 00", "reader 00 01"]]);
        let mut one = insert(folder, 0, &[]);
        expect(&mut watch, &[&["arrived 00 00"]]);
        let _two = insert(folder, 1, &["--contact"]);
        expect(&mut watch, &[&["arrived 00 01"]]);
        one.tell("remove");
        expect(&mut watch, &[&["left 00 00"]]);
        one.tell("insert");
        expect(&mut watch, &[&["arrived 00 00"]]);

        // As in a crash.
        drop(pcscd);
        expect(
            &mut watch,
            &[
                &["left 00 00", "left 00 01", "no reader 00 00", "no reader 00 01"],
                &["no service"],
            ],
        );
        let _pcscd = Pcscd::start(folder, true);
        expect(&mut watch, &[&["service"], &["reader 00 00", "reader 00 01"]]);
        let _three = insert(folder, 1, &[]);
        expect(&mut watch, &[&["arrived 00 01"]]);

        assert_eq!(threads("pcsc watch"), 1);
        drop(watch);
        threads_end("pcsc watch");
    });
}

#[test]
fn the_command_line_tells_them_until_it_is_interrupted() {
    let program = CommandLine::build();
    isolated(
        "watch::the_command_line_tells_them_until_it_is_interrupted",
        |folder| {
            let command_line = CommandLine {
                program: &program,
                state: &folder.join("home"),
            };
            let _pcscd = Pcscd::start(folder, true);
            let mut going = command_line.go(&["devices", "--watch"], "");
            assert_eq!(
                going.event(),
                serde_json::json!({"event": "card-service", "runs": true})
            );
            for _ in 0..2 {
                assert_eq!(going.event()["event"], "reader-added");
            }
            let mut key = insert(folder, 0, &[]);
            let mut arrived = going.event();
            assert_eq!(arrived["event"], "arrived");
            if arrived["device"]["condition"].is_null() {
                // It was too slow at first.
                arrived = going.event_named("changed");
            }
            assert_eq!(arrived["device"]["condition"], "pin-not-set");
            assert_eq!(arrived["device"]["routes"][0]["path"], "Virtual PCD 00 00");
            // It is a watch, and holds nobody up.
            assert!(command_line.run(&["devices"], "").contains("Virtual PCD 00 00"));
            card_in(0);
            key.tell("remove");
            going.event_named("left");
            assert_eq!(going.interrupt(), "");
        },
    );
}
