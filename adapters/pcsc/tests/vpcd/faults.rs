//! Everything that can go wrong between the adapter, pcscd and a card.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use fido_unlock_host::ports::{ApduChannel, TransportError};
use fido_unlock_pcsc::{CardChannel, Event, PcscError, Watch, list, watch};
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};

use crate::support::{
    CONTACTLESS, Frame, Model, PATIENCE, Pcscd, echo_card, eventually, first_card, first_empty, isolated,
    threads, threads_end,
};

/// For what must fail by then.
const SOON: Duration = Duration::from_millis(200);
const ECHO: [u8; 7] = [0x00, 0xEE, 0, 0, 2, 0xAB, 0xCD];
const ECHOED: [u8; 4] = [0xAB, 0xCD, 0x90, 0x00];
/// An echo that a [`held_card`] keeps back.
const HELD: [u8; 7] = [0x00, 0xEE, 0, 2, 2, 0xAB, 0xCD];

/// The two ends of a [`held_card`].
struct Held {
    /// [`HELD`] has come.
    asked: Receiver<()>,
    /// Lets the answer go; so does dropping it.
    let_go: Sender<()>,
}

fn held_card() -> (Held, impl Model + 'static) {
    let (asking, asked) = channel();
    let (let_go, held) = channel::<()>();
    let model = move |frame: Frame<'_>| {
        if matches!(&frame, Frame::Apdu(apdu) if **apdu == HELD) {
            let _ = asking.send(());
            let _ = held.recv_timeout(PATIENCE);
        }
        echo_card(frame)
    };
    (Held { asked, let_go }, model)
}

/// Another program's connection.
fn other_program(reader: &str, mode: ShareMode) -> pcsc::Card {
    let reader = std::ffi::CString::new(reader).unwrap();
    let context = Context::establish(Scope::User).unwrap();
    context.connect(&reader, mode, Protocols::ANY).unwrap()
}

#[test]
fn no_service_no_reader_and_no_card_are_three_states() {
    isolated(
        "faults::no_service_no_reader_and_no_card_are_three_states",
        |folder| {
            assert_eq!(list(), Err(PcscError::NoService));

            let pcscd = Pcscd::start(folder, false);
            assert_eq!(list(), Ok(Vec::new()));
            drop(pcscd);

            let pcscd = Pcscd::start(folder, true);
            let empty = eventually("two readers", || list().ok().filter(|list| list.len() == 2));
            for entry in &empty {
                assert_eq!(entry.access, Err(PcscError::NoCard));
                assert_eq!(CardChannel::open(entry, PATIENCE).err(), Some(PcscError::NoCard));
            }
            let mut unknown = empty[0].clone();
            unknown.path = "No such reader".to_owned();
            assert_eq!(
                CardChannel::open(&unknown, PATIENCE).err(),
                Some(PcscError::NoReader)
            );

            let _card = pcscd.insert(1, CONTACTLESS, echo_card);
            let seen = eventually("the card", || {
                list().ok()?.into_iter().find(|entry| entry.access.is_ok())
            });
            assert_eq!(seen.name, "Virtual PCD 00 01");
            assert_eq!(seen.atr, CONTACTLESS);
            assert!(seen.contactless);
            let mut channel = CardChannel::open(&seen, PATIENCE).unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        },
    );
}

#[test]
fn extended_length_by_protocol_and_large_apdus() {
    isolated("faults::extended_length_by_protocol_and_large_apdus", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let (card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        assert!(channel.extended_length());
        assert_eq!(channel.atr(), CONTACTLESS);
        let data = [0x5A; 60_000];
        let mut apdu = vec![0x00, 0xEE, 0, 0, 0, 0xEA, 0x60];
        apdu.extend(data);
        let answer = channel.transmit(&apdu, PATIENCE).unwrap();
        assert_eq!(
            (&answer[..60_000], &answer[60_000..]),
            (&data[..], &[0x90, 0x00][..])
        );
        drop(channel);
        drop(card);
        first_empty();

        // T=0: direct convention, no historical bytes.
        let (_card, entry) = pcscd.insert_seen(&[0x3B, 0x00], echo_card);
        assert!(!entry.contactless);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        assert!(!channel.extended_length());
        assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
    });
}

/// Some drivers refuse a T=0 command with data and Le.
#[test]
fn le_behind_data_goes_to_every_card_but_t_0() {
    isolated("faults::le_behind_data_goes_to_every_card_but_t_0", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let with_le = [&ECHO[..], &[0]].concat();
        // T=0 and T=1 with contacts, and a contactless card.
        let contact_t1 = [0x3B, 0x80, 0x80, 0x11, 0x00, 0x11];
        for (atr, sent) in [
            (&[0x3B, 0x00][..], &ECHO[..]),
            (&contact_t1, &with_le),
            (CONTACTLESS, &with_le),
        ] {
            let (seen, apdus) = channel();
            let (card, entry) = pcscd.insert_seen(atr, move |frame: Frame<'_>| {
                if let Frame::Apdu(apdu) = &frame {
                    let _ = seen.send(apdu.to_vec());
                }
                echo_card(frame)
            });
            let mut opened = CardChannel::open(&entry, PATIENCE).unwrap();
            assert_eq!(opened.transmit(&with_le, PATIENCE).unwrap(), ECHOED);
            assert_eq!(apdus.recv().unwrap(), sent);
            drop((opened, card));
            first_empty();
        }
    });
}

#[test]
fn a_card_taken_out_is_gone() {
    isolated("faults::a_card_taken_out_is_gone", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let (card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        // During the command: pcscd answers success with nothing.
        let leave = [0x00, 0xEE, 0, 1, 0];
        assert_eq!(channel.transmit(&leave, PATIENCE), Err(TransportError::Gone));
        assert_eq!(channel.transmit(&ECHO, PATIENCE), Err(TransportError::Gone));
        drop(card);
        first_empty();

        // Between two commands.
        let (card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        drop(card);
        first_empty();
        assert_eq!(channel.begin_transaction(PATIENCE), Err(TransportError::Gone));
        assert_eq!(channel.transmit(&ECHO, PATIENCE), Err(TransportError::Gone));
    });
}

#[test]
fn a_reset_by_another_program_is_told_and_reconnected() {
    isolated(
        "faults::a_reset_by_another_program_is_told_and_reconnected",
        |folder| {
            let pcscd = Pcscd::start(folder, true);
            let (_card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
            let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
            let other = other_program(&entry.path, ShareMode::Shared);
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
            other.disconnect(Disposition::ResetCard).ok().unwrap();
            assert_eq!(
                channel.begin_transaction(PATIENCE),
                Err(TransportError::CardReset)
            );
            channel.end_transaction();
            channel.reconnect(PATIENCE).unwrap();
            channel.begin_transaction(PATIENCE).unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
            channel.end_transaction();
        },
    );
}

#[test]
fn a_card_that_is_held_exclusively_is_busy_until_it_is_let_go() {
    isolated(
        "faults::a_card_that_is_held_exclusively_is_busy_until_it_is_let_go",
        |folder| {
            let pcscd = Pcscd::start(folder, true);
            let (_card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
            let other = other_program(&entry.path, ShareMode::Exclusive);
            eventually("a card that is held", || {
                let first = list().ok()?.into_iter().next()?;
                (first.access == Err(PcscError::Busy)).then_some(())
            });
            assert_eq!(CardChannel::open(&entry, SOON).err(), Some(PcscError::Busy));
            // Let go while the adapter waits.
            let letting_go = std::thread::spawn(move || {
                std::thread::sleep(SOON);
                other.disconnect(Disposition::LeaveCard).ok().unwrap();
            });
            let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
            letting_go.join().unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        },
    );
}

#[test]
fn a_transaction_elsewhere_is_busy_and_blocks_no_longer_than_asked() {
    isolated(
        "faults::a_transaction_elsewhere_is_busy_and_blocks_no_longer_than_asked",
        |folder| {
            let pcscd = Pcscd::start(folder, true);
            let (_card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
            let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
            let mut other = other_program(&entry.path, ShareMode::Shared);
            let held = other.transaction().unwrap();
            // Connecting blocks in pcscd as long as the transaction lasts.
            assert_eq!(CardChannel::open(&entry, SOON).err(), Some(PcscError::Busy));
            assert_eq!(channel.begin_transaction(SOON), Err(TransportError::Busy));
            assert_eq!(channel.begin_transaction(SOON), Err(TransportError::Busy));
            drop(held);
            channel.begin_transaction(PATIENCE).unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
            channel.end_transaction();

            // Given up, and granted afterwards: it must not stay held.
            let held = other.transaction().unwrap();
            assert_eq!(channel.begin_transaction(SOON), Err(TransportError::Busy));
            channel.end_transaction();
            drop(held);
            drop(other.transaction().unwrap());
            channel.begin_transaction(PATIENCE).unwrap();
            channel.end_transaction();
            // The same without being told: the transaction lapses by itself.
            let held = other.transaction().unwrap();
            assert_eq!(channel.begin_transaction(SOON), Err(TransportError::Busy));
            drop(held);
            // The library asks for it again every 100 ms.
            std::thread::sleep(2 * SOON);
            drop(other.transaction().unwrap());
            channel.begin_transaction(PATIENCE).unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
            // The other program's end would wait for it.
            channel.end_transaction();
        },
    );
}

#[test]
fn a_slow_command_is_given_up_at_the_deadline_and_the_next_connects_again() {
    isolated(
        "faults::a_slow_command_is_given_up_at_the_deadline_and_the_next_connects_again",
        |folder| {
            let pcscd = Pcscd::start(folder, true);
            let (held, model) = held_card();
            let (_card, entry) = pcscd.insert_seen(CONTACTLESS, model);
            let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
            channel.begin_transaction(PATIENCE).unwrap();
            assert_eq!(
                channel.transmit(&HELD, SOON),
                Err(TransportError::DeadlineExceeded)
            );
            channel.end_transaction();
            // The abandoned command still runs.
            assert_eq!(channel.begin_transaction(SOON), Err(TransportError::CardReset));
            assert_eq!(channel.reconnect(SOON), Err(TransportError::Busy));
            held.let_go.send(()).unwrap();
            channel.reconnect(PATIENCE).unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        },
    );
}

/// Its deadline is far away.
#[test]
fn a_slow_command_is_given_up_when_the_person_cancels() {
    isolated(
        "faults::a_slow_command_is_given_up_when_the_person_cancels",
        |folder| {
            let pcscd = Pcscd::start(folder, true);
            let (Held { asked, let_go }, model) = held_card();
            let (_card, entry) = pcscd.insert_seen(CONTACTLESS, model);
            let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
            let cancel = AtomicBool::new(false);
            let given_up = std::thread::scope(|scope| {
                let cancel = &cancel;
                scope.spawn(move || {
                    asked.recv().unwrap();
                    cancel.store(true, Ordering::Relaxed);
                });
                channel.transmit_unless(cancel, &HELD, 10 * PATIENCE)
            });
            assert_eq!(given_up, Err(TransportError::Cancelled));
            // So does the wait for the command that was left to itself.
            assert_eq!(channel.begin_transaction(SOON), Err(TransportError::CardReset));
            assert_eq!(
                channel.reconnect_unless(&cancel, 10 * PATIENCE),
                Err(TransportError::Cancelled)
            );
            let_go.send(()).unwrap();
            channel.reconnect(PATIENCE).unwrap();
            assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        },
    );
}

#[test]
fn the_card_is_left_as_it_was() {
    isolated("faults::the_card_is_left_as_it_was", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let resets = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&resets);
        let (_card, entry) = pcscd.insert_seen(CONTACTLESS, move |frame: Frame<'_>| {
            if matches!(frame, Frame::Reset) {
                theirs.fetch_add(1, Ordering::AcqRel);
            }
            echo_card(frame)
        });
        let other = other_program(&entry.path, ShareMode::Shared);
        let before = resets.load(Ordering::Acquire);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        channel.begin_transaction(PATIENCE).unwrap();
        assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        // Within the transaction.
        drop(channel);
        let mut buffer = [0; 16];
        assert_eq!(other.transmit(&ECHO, &mut buffer), Ok(&ECHOED[..]));
        assert_eq!(resets.load(Ordering::Acquire), before);
    });
}

#[test]
fn a_service_that_dies_and_comes_back() {
    isolated("faults::a_service_that_dies_and_comes_back", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let (held, model) = held_card();
        let (card, entry) = pcscd.insert_seen(CONTACTLESS, model);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        channel.begin_transaction(PATIENCE).unwrap();
        let killing = std::thread::spawn(move || {
            held.asked.recv().unwrap();
            drop(pcscd);
            held
        });
        assert_eq!(channel.transmit(&HELD, PATIENCE), Err(TransportError::NoService));
        drop(killing.join().unwrap());
        channel.end_transaction();
        assert_eq!(channel.begin_transaction(SOON), Err(TransportError::CardReset));
        assert_eq!(channel.reconnect(PATIENCE), Err(TransportError::NoService));
        drop(card);

        let pcscd = Pcscd::start(folder, true);
        let (_card, _) = pcscd.insert_seen(CONTACTLESS, echo_card);
        channel.reconnect(PATIENCE).unwrap();
        assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
    });
}

#[test]
fn a_service_that_hangs_hangs_nobody() {
    isolated("faults::a_service_that_hangs_hangs_nobody", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let (_card, entry) = pcscd.insert_seen(CONTACTLESS, echo_card);
        let mut channel = CardChannel::open(&entry, PATIENCE).unwrap();
        let mut watch = watch().unwrap();
        assert_eq!(next(&mut watch), Seen::Started);
        pcscd.signal("STOP");
        assert_eq!(list(), Err(PcscError::DeadlineExceeded));
        assert_eq!(
            channel.transmit(&ECHO, SOON),
            Err(TransportError::DeadlineExceeded)
        );
        assert!(CardChannel::open(&entry, SOON).is_err());
        drop(watch);
        pcscd.signal("CONT");
        channel.reconnect(PATIENCE).unwrap();
        assert_eq!(channel.transmit(&ECHO, PATIENCE).unwrap(), ECHOED);
        first_card();
    });
}

#[derive(Debug, PartialEq)]
enum Seen {
    Started,
    Stopped,
    Reader(String),
    ReaderGone(String),
    Card(String),
    CardGone(String),
}

fn next(watch: &mut Watch) -> Seen {
    match watch.next_event(PATIENCE).unwrap().expect("an event") {
        Event::ServiceStarted => Seen::Started,
        Event::ServiceStopped => Seen::Stopped,
        Event::ReaderAdded(entry) => Seen::Reader(entry.name.into()),
        Event::ReaderRemoved(entry) => Seen::ReaderGone(entry.name.into()),
        Event::CardInserted(entry) => Seen::Card(entry.name.into()),
        Event::CardRemoved(entry) => Seen::CardGone(entry.name.into()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn watch_sees_readers_cards_and_the_service_come_and_go() {
    isolated(
        "faults::watch_sees_readers_cards_and_the_service_come_and_go",
        |folder| {
            let [one, two] = ["Virtual PCD 00 00", "Virtual PCD 00 01"].map(str::to_owned);
            let mut watch = watch().unwrap();
            assert_eq!(next(&mut watch), Seen::Stopped);
            for _ in 0..2 {
                let pcscd = Pcscd::start(folder, true);
                assert_eq!(next(&mut watch), Seen::Started);
                let mut readers = [next(&mut watch), next(&mut watch)].map(|seen| format!("{seen:?}"));
                readers.sort();
                assert_eq!(
                    readers,
                    [&one, &two].map(|name| format!("{:?}", Seen::Reader(name.clone())))
                );
                let card = pcscd.insert(0, CONTACTLESS, echo_card);
                assert_eq!(next(&mut watch), Seen::Card(one.clone()));
                drop(card);
                assert_eq!(next(&mut watch), Seen::CardGone(one.clone()));
                let _card = pcscd.insert(1, CONTACTLESS, echo_card);
                assert_eq!(next(&mut watch), Seen::Card(two.clone()));
                drop(pcscd);
                let mut gone =
                    [next(&mut watch), next(&mut watch), next(&mut watch)].map(|seen| format!("{seen:?}"));
                gone.sort();
                assert_eq!(
                    gone,
                    [
                        format!("{:?}", Seen::CardGone(two.clone())),
                        format!("{:?}", Seen::ReaderGone(one.clone())),
                        format!("{:?}", Seen::ReaderGone(two.clone())),
                    ]
                );
                assert_eq!(next(&mut watch), Seen::Stopped);
            }
            assert_eq!(watch.next_event(SOON).unwrap(), None);

            // Dropped while the service runs, and while it waits in it: the thread ends.
            let _pcscd = Pcscd::start(folder, true);
            assert_eq!(next(&mut watch), Seen::Started);
            assert_eq!(threads("pcsc watch"), 1);
            drop(watch);
            threads_end("pcsc watch");
        },
    );
}
