//! Many readers, and readers whose names are no text.

use std::collections::BTreeMap;
use std::time::Duration;

use fido_unlock_host::ports::ApduChannel;
use fido_unlock_pcsc::{CardChannel, Event, PcscError, Watch, list, watch};

use crate::support::{CONTACTLESS, PATIENCE, Pcscd, echo_card, eventually, isolated};

/// As many as pcscd takes (PCSCLITE_MAX_READERS_CONTEXTS).
const MOST: usize = 16;
/// Long enough for what comes again to come.
const QUIET: Duration = Duration::from_secs(2);
const ECHO: [u8; 7] = [0x00, 0xEE, 0, 0, 2, 0xAB, 0xCD];
const ECHOED: [u8; 4] = [0xAB, 0xCD, 0x90, 0x00];

fn next(watch: &mut Watch) -> Event {
    watch.next_event(PATIENCE).unwrap().expect("an event")
}

/// Up to the service's limit, where its library refuses to wait for all at once, and past it.
#[test]
fn each_of_many_readers_is_told_once() {
    isolated("readers::each_of_many_readers_is_told_once", |folder| {
        for pairs in [5, 8, 9] {
            let names: Vec<String> = (0..pairs).map(|pair| format!("Reader {pair}")).collect();
            let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
            let pcscd = Pcscd::start_named(folder, &names);
            let count = (2 * pairs).min(MOST);
            eventually("all readers", || list().ok().filter(|list| list.len() == count));
            let mut watch = watch().unwrap();
            assert_eq!(next(&mut watch), Event::ServiceStarted);
            let mut told = BTreeMap::new();
            for _ in 0..count {
                let Event::ReaderAdded(entry) = next(&mut watch) else {
                    panic!("no reader after {told:?}");
                };
                assert_eq!(told.insert(entry.path.clone(), entry), None);
            }
            assert_eq!(watch.next_event(QUIET).unwrap(), None, "{pairs}");
            // A card in any of them is seen where it is. pcscd takes them in any order.
            let pairs_told = told.keys().filter_map(|path| path.strip_suffix(" 00 01"));
            let pairs_told: Vec<String> = pairs_told.map(str::to_owned).collect();
            assert_eq!(pairs_told.len(), count / 2);
            for pair in [pairs_told.first().unwrap(), pairs_told.last().unwrap()] {
                let number: usize = pair.strip_prefix("Reader ").unwrap().parse().unwrap();
                let card = pcscd.insert(2 * number + 1, CONTACTLESS, echo_card);
                let event = next(&mut watch);
                let Event::CardInserted(inserted) = event else {
                    panic!("{event:?} for a card in {pair}");
                };
                assert_eq!(inserted.path, format!("{pair} 00 01"));
                drop(card);
                assert_eq!(next(&mut watch), Event::CardRemoved(inserted));
            }
            drop(pcscd);
            for _ in 0..count {
                let event = next(&mut watch);
                let Event::ReaderRemoved(entry) = event else {
                    panic!("{event:?} while {told:?} are there");
                };
                assert!(told.remove(&entry.path).is_some());
            }
            assert_eq!(next(&mut watch), Event::ServiceStopped);
        }
    });
}

/// One in Latin-1, and one that a terminal would obey; two whose names differ in what is no text alone.
#[test]
fn a_name_that_is_no_text_is_a_name() {
    isolated("readers::a_name_that_is_no_text_is_a_name", |folder| {
        let names: [&[u8]; 3] = [b"Lecteur \xE9", b"Lecteur \xE8", b"Key\x1B[2J\xE2\x80\xAE"];
        let pcscd = Pcscd::start_named(folder, &names);
        let entries = eventually("all readers", || list().ok().filter(|list| list.len() == 6));
        for (reader, path) in [
            (0, r"Lecteur \xE9 "),
            (2, r"Lecteur \xE8 "),
            (4, r"Key\x1B[2J\xE2\x80\xAE "),
        ] {
            let entry = entries.iter().find(|entry| entry.path.starts_with(path));
            let entry = entry.unwrap_or_else(|| panic!("{path} in {entries:?}"));
            assert!(entry.name.contains(['\u{FFFD}', '\\']), "{}", entry.name);
            assert!(!format!("{}{}", entry.name, entry.path).contains(['\u{1B}', '\u{202E}']));
            assert_eq!(CardChannel::open(entry, PATIENCE).err(), Some(PcscError::NoCard));
            let _card = pcscd.insert(reader, CONTACTLESS, echo_card);
            let mut channel = eventually("the card", || CardChannel::open(entry, PATIENCE).ok());
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        }
        // A watch tells them by the same names.
        let mut watch = watch().unwrap();
        assert_eq!(next(&mut watch), Event::ServiceStarted);
        for _ in 0..6 {
            let Event::ReaderAdded(added) = next(&mut watch) else {
                panic!("no reader");
            };
            assert!(entries.iter().any(|entry| entry.path == added.path), "{added:?}");
        }
    });
}
