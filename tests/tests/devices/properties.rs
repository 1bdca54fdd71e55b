//! Any set of keys and cards, seen in any order.

use fido_unlock::Interface::{Fido, Vendor};
use fido_unlock::host::Listing;
use fido_unlock::host::ports::{Route, TransportError};
use proptest::prelude::*;

use super::fake::*;

/// A key as it is, and what of it can be reached.
#[derive(Clone, Debug)]
struct Key {
    enrolled: bool,
    blocked: bool,
    counter: u32,
    serial: bool,
    fido: Reach,
    vendor: Reach,
    card: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    No,
    Refused,
    Answers,
}

fn reach() -> impl Strategy<Value = Reach> {
    prop_oneof![
        1 => Just(Reach::No),
        1 => Just(Reach::Refused),
        3 => Just(Reach::Answers)
    ]
}

prop_compose! {
    fn key()(
        enrolled in prop::bool::weighted(0.8), blocked: bool, counter in 0..2u32, serial in prop::bool::weighted(0.3),
        fido in reach(), vendor in reach(), card in reach(),
    ) -> Key {
        Key { enrolled, blocked, counter, serial, fido, vendor, card }
    }
}

impl Key {
    fn routes(&self, number: u8) -> Vec<(Route, Does)> {
        let mut info = if self.blocked {
            blocked(number)
        } else {
            info(number)
        };
        info.unlock_counter = self.counter;
        if !self.enrolled {
            info.device_id = None;
            info.sealed = false;
        }
        let does = |reach, answers: Does| match reach {
            Reach::No => None,
            Reach::Refused => Some(Does::IsRefused(TransportError::Busy)),
            Reach::Answers => Some(answers),
        };
        let hid = |interface, name: &str| {
            let route = hid(&format!("{name}{number}"), interface);
            if self.serial {
                with_serial(route, &format!("S{number}"))
            } else {
                route
            }
        };
        let routes = [
            (hid(Fido, "f"), does(self.fido, Does::Answers(info.clone()))),
            (
                hid(Vendor, "v"),
                does(self.vendor, Does::Answers(vendor(info.clone()))),
            ),
            (
                card(&format!("c{number}")),
                does(self.card, Does::Applets(Some(info.clone()), Some(vendor(info)))),
            ),
        ];
        routes
            .into_iter()
            .filter_map(|(route, does)| Some((route, does?)))
            .collect()
    }

    /// Whether both interfaces are there where one is, as with every real key at rest.
    fn is_whole(&self) -> bool {
        (self.fido == Reach::No) == (self.vendor == Reach::No)
    }
}

/// The partition, without order.
fn sets(listing: &Listing) -> Vec<Vec<String>> {
    let mut sets: Vec<Vec<String>> = shape(listing)
        .into_iter()
        .map(|paths| {
            let mut paths: Vec<String> = paths.split(' ').map(str::to_owned).collect();
            paths.sort();
            paths
        })
        .collect();
    sets.sort();
    sets
}

fn number(path: &str) -> &str {
    &path[1..]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn keys_are_joined_and_never_mixed(
        keys in prop::collection::vec(key(), 0..5),
        seed in prop::collection::vec(any::<u64>(), 16),
    ) {
        let routes: Vec<_> = keys.iter().zip(0..).flat_map(|(key, number)| key.routes(number)).collect();
        let listing = list(routes.clone());

        // Every route is there once.
        let mut told: Vec<String> = listing.devices.iter().flat_map(|device| &device.routes)
            .chain(&listing.unassigned).map(|found| found.route.path.clone()).collect();
        told.sort();
        let mut expected: Vec<String> = routes.iter().map(|(route, _)| route.path.clone()).collect();
        expected.sort();
        prop_assert_eq!(told, expected);

        // Device IDs decide: one each, and each once.
        let mut ids: Vec<_> = listing.devices.iter().filter_map(|device| device.device_id()).collect();
        for device in &listing.devices {
            prop_assert!(device.routes.iter().filter_map(|found| found.device_id()).all(|id| Some(id) == device.device_id()));
        }
        let told = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), told);
        prop_assert!(listing.unassigned.iter().all(|found| found.device_id().is_none()));

        // Where every key shows both its interfaces, no device has routes of two keys.
        if keys.iter().all(Key::is_whole) {
            for device in &listing.devices {
                let numbers: Vec<&str> = device.routes.iter().map(|found| number(&found.route.path)).collect();
                prop_assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", shape(&listing));
            }
            // As many devices as keys, but for cards that tell no Device ID, or whose key tells none.
            let doubled = keys.iter().filter(|key| {
                let by_usb = key.fido != Reach::No;
                let told_by_usb = key.enrolled && (key.fido == Reach::Answers || (key.vendor == Reach::Answers && key.blocked));
                let told_by_card = key.enrolled && key.card == Reach::Answers;
                by_usb && key.card != Reach::No && !(told_by_usb && told_by_card)
            }).count();
            let seen = keys.iter().filter(|key| key.fido != Reach::No || key.card != Reach::No).count();
            let count = listing.devices.len();
            prop_assert!(count >= seen + doubled, "{:?}", shape(&listing));
            // Of several keys of a model, of which some cannot be opened, one may be told twice.
            let all = |reach: fn(&Key) -> Reach, wanted| {
                keys.iter().all(|key| [Reach::No, wanted].contains(&reach(key)))
            };
            if all(|key| key.fido, Reach::Answers) || (all(|key| key.fido, Reach::Refused) && all(|key| key.vendor, Reach::Answers)) {
                prop_assert_eq!(count, seen + doubled, "{:?}", shape(&listing));
            }

            // The order in which they are seen does not matter.
            let mut shuffled: Vec<_> = routes.into_iter().zip(seed).collect();
            shuffled.sort_by_key(|(_, seed)| *seed);
            let shuffled = list(shuffled.into_iter().map(|(route, _)| route).collect());
            prop_assert_eq!(sets(&shuffled), sets(&listing));
        }
    }
}
