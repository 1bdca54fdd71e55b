//! The log as people read it: by time, operator, device and kind, in pages; a device's history; checkpoints once more.

use std::ops::ControlFlow;

use fido_unlock::desk::log::{NoteSigner, SignedNote, SoftwareNoteSigner, TreeHead, sign_note};
use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    KeyEvent, LogFilter, OperatorSession, PersonNumber, Privilege, ShownEntry, UnixTime, VerifyProgress,
};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, HasCode, Suite};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, SLOT, START, code_of, device, new_device, operator_id, user_id,
};

/// Everything that a filter finds, in pages of `limit`, and whether a page was cut short.
fn all(house: &mut House, session: &OperatorSession, filter: &LogFilter, limit: u32) -> Vec<ShownEntry> {
    let mut reading = house.desk.read_log(session, filter.clone(), None).unwrap();
    let mut found = Vec::new();
    while reading.next().is_some() {
        let page = house.desk.read_on(&mut reading, limit).unwrap();
        assert!(page.len() <= limit as usize);
        found.extend(page);
    }
    assert!(house.desk.read_on(&mut reading, limit).unwrap().is_empty());
    found
}

/// What the whole log, read entry after entry, has of it: before the reading itself.
fn wanted(house: &House, filter: &LogFilter, size: u64) -> Vec<u64> {
    let entries = house.entries();
    let fits = entries
        .iter()
        .filter(|entry| filter.fits(entry) && entry.sequence < size);
    let mut places: Vec<_> = fits.map(|entry| entry.sequence).collect();
    places.reverse();
    places
}

#[track_caller]
fn finds(house: &mut House, session: &OperatorSession, filter: &LogFilter) -> usize {
    let mut count = 0;
    for limit in [3, 1000] {
        let size = house.log_size();
        let found = all(house, session, filter, limit);
        let places: Vec<_> = found.iter().map(|shown| shown.entry.sequence).collect();
        assert_eq!(
            places,
            wanted(house, filter, size),
            "{filter:?} in pages of {limit}"
        );
        count = places.len();
    }
    count
}

fn number(house: &mut House, session: &OperatorSession, name: &str) -> PersonNumber {
    house.desk.person_number(session, name).unwrap().unwrap()
}

/// Two days on which anna and bert give codes, and a clock that was a day ahead in between.
fn eventful() -> (House, OperatorSession) {
    let mut house = House::new();
    for (day, names) in [[ANNA, BERT], [BERT, ANNA]].into_iter().enumerate() {
        for (turn, operator) in names.into_iter().enumerate() {
            let session = house.sign_in(operator);
            let nonce = 0xA0 + (2 * day + turn) as u8;
            let id = house.ready(&session, 1 + turn as u8, nonce, 0);
            house.code(&session, id).unwrap();
            house.desk.find_device(&session, &device(2)).unwrap();
            house.later(600);
        }
        if day == 0 {
            house.later(DAY);
            house.sign_in(ANNA);
            house.world.clock.set(START + 2000);
            house
                .desk
                .accept_clock(&operator_id(ADMIN.0), ADMIN.1, "it ran ahead")
                .unwrap();
        }
    }
    let admin = house.sign_in(ADMIN);
    (house, admin)
}

#[test]
fn each_filter_finds_what_fits_and_nothing_else_however_it_is_cut_into_pages() {
    let (mut house, admin) = eventful();
    let anna = number(&mut house, &admin, ANNA.0);
    assert_eq!(house.desk.person_number(&admin, "nobody").unwrap(), None);
    let operators = [None, Some(anna), Some(PersonNumber([9; 10]))];
    let devices = [None, Some(device(1)), Some(device(2)), Some(device(9))];
    let events = [
        None,
        Some(DeskEvent::SignedIn),
        Some(DeskEvent::Searched),
        Some(DeskEvent::CodeMade),
        Some(DeskEvent::ClockAccepted),
        Some(DeskEvent::UserErased),
    ];
    // Before everything, on the way, after the wrong clock, after everything.
    let moments = [0, START, START + 700, START + 2100, START + DAY, START + 9 * DAY].map(UnixTime);
    let bounds = moments.into_iter().map(Some).chain([None]);
    let mut found = 0;
    for from in bounds.clone() {
        for until in bounds.clone() {
            let filter = LogFilter {
                from,
                until,
                ..LogFilter::default()
            };
            found += finds(&mut house, &admin, &filter);
        }
    }
    for operator in operators {
        for device in devices {
            for event in events {
                for (from, until) in [(None, None), (Some(moments[2]), Some(moments[4]))] {
                    let filter = LogFilter {
                        from,
                        until,
                        operator,
                        device,
                        event,
                    };
                    found += finds(&mut house, &admin, &filter);
                }
            }
        }
    }
    assert!(found > 500, "{found}");
}

#[test]
fn a_reading_is_recorded_once_and_ends_with_the_right_to_it() {
    let (mut house, _) = eventful();
    let reader = house.operator("reader", &[Privilege::Audit]);
    let unlocker = house.operator("unlocker", &[Privilege::Unlock]);
    house.later(DAY);
    let (reader, unlocker) = (house.sign_in(reader), house.sign_in(unlocker));
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.read_log(&unlocker, LogFilter::default(), None)
    });
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.person_number(&unlocker, "anna")
    });
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.audit_entry(&unlocker, 0));
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.checkpoint_head(&unlocker, 0)
    });
    assert_eq!(
        code_of(house.desk.last_checkpoint(&unlocker)),
        ErrorCode::PrivilegeMissing
    );

    let before = house.log_size();
    let mut reading = house.desk.read_log(&reader, LogFilter::default(), None).unwrap();
    for _ in 0..5 {
        assert_eq!(house.desk.read_on(&mut reading, 2).unwrap().len(), 2);
    }
    assert_eq!(house.log_size(), before + 1);
    assert_eq!(house.entries().pop().unwrap().event, DeskEvent::LogRead);
    // Its own entry, and what comes since, is none of it.
    assert_eq!(reading.next(), Some(before - 10));
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .remove_operator(&admin, &operator_id("reader"))
        .unwrap();
    assert_eq!(
        code_of(house.desk.read_on(&mut reading, 2)),
        ErrorCode::OperatorUnknown
    );
}

#[test]
fn who_is_gone_is_found_by_number() {
    let (mut house, admin) = eventful();
    let bert = number(&mut house, &admin, BERT.0);
    let zoe = number(&mut house, &admin, "zoe");
    house.desk.remove_operator(&admin, &operator_id(BERT.0)).unwrap();
    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    assert_eq!(house.desk.person_number(&admin, BERT.0).unwrap(), None);
    assert_eq!(house.desk.person_number(&admin, "zoe").unwrap(), None);
    let filter = LogFilter {
        operator: Some(bert),
        ..LogFilter::default()
    };
    let found = all(&mut house, &admin, &filter, 100);
    // Who did what stays known of an operator who was removed; a user who was erased is a number.
    assert!(
        found.len() > 5
            && found
                .iter()
                .all(|shown| shown.operator.as_deref() == Some(BERT.0))
    );
    let opened = found
        .iter()
        .find(|shown| shown.entry.event == DeskEvent::RequestOpened);
    let opened = opened.unwrap();
    assert_eq!(
        (opened.entry.user, &opened.user, &opened.text),
        (Some(zoe), &None, &None)
    );
    assert!(opened.entry.text.is_some());
    let fields = opened.fields();
    let field = |name: &str| fields.iter().find(|(own, _)| *own == name).unwrap().1.clone();
    let text = |text: String| Some(fido_unlock::desk::FieldValue::Text(text));
    assert_eq!(field("operator"), text(BERT.0.into()));
    assert_eq!(field("user"), text(zoe.to_string()));
    assert_eq!(field("event"), text("RequestOpened".into()));
    assert_eq!(field("device_id"), text(opened.entry.device().unwrap().to_code()));
    assert_eq!(field("text"), None);
    let names = fields.map(|(name, _)| name);
    assert_eq!(ShownEntry::names(), names);
}

#[test]
fn a_devices_history_is_for_those_who_serve_it_and_looks_are_none_of_it() {
    let (mut house, _) = eventful();
    let downloader = house.operator("downloader", &[Privilege::Downloads]);
    let unlocker = house.operator("unlocker", &[Privilege::Unlock]);
    let keeper = house.operator("keeper", &[Privilege::ManageDevices]);
    house.later(DAY);
    let (admin, downloader, unlocker, keeper) = (
        house.sign_in(ADMIN),
        house.sign_in(downloader),
        house.sign_in(unlocker),
        house.sign_in(keeper),
    );
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.device_history(&downloader, &device(2), None, 5)
    });
    house.refused(ErrorCode::DeviceUnknown, |desk| {
        desk.device_history(&keeper, &device(9), None, 5)
    });
    for (session, texts) in [(&admin, true), (&unlocker, false), (&keeper, false)] {
        let (mut next, mut found) = (None, Vec::new());
        loop {
            let (page, more) = house.desk.device_history(session, &device(2), next, 3).unwrap();
            let looked = house.entries().pop().unwrap();
            assert_eq!(
                (looked.event, looked.device()),
                (DeskEvent::Searched, Some(device(2)))
            );
            found.extend(page);
            next = more;
            if next.is_none() {
                break;
            }
        }
        let events: Vec<_> = found.iter().map(|shown| shown.entry.event).collect();
        assert!(events.contains(&DeskEvent::CodeMade) && events.last() == Some(&DeskEvent::DeviceRegistered));
        assert!(!events.contains(&DeskEvent::Searched));
        let opened = found
            .iter()
            .find(|shown| shown.entry.event == DeskEvent::RequestOpened)
            .unwrap();
        assert_eq!(opened.text.as_deref(), texts.then_some("ticket 4711"));
        assert!(opened.operator.is_some() && opened.user.as_deref() == Some("zoe"));
    }
}

#[test]
fn a_checkpoint_signed_once_more_is_the_same_and_covers_its_own_entry() {
    let (mut house, admin) = eventful();
    assert_eq!(house.desk.last_checkpoint(&admin).unwrap(), None);
    let mut signer = SoftwareNoteSigner::from_seed(house.desk.origin().unwrap(), &[0x43; 32]);
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let place = house.desk.last_checkpoint(&admin).unwrap().unwrap();
    house.sign_in(ANNA);
    let again = |house: &mut House, signer: &mut dyn NoteSigner| -> SignedNote {
        let head: TreeHead = house.desk.checkpoint_head(&admin, place).unwrap();
        assert_eq!(head.size, place + 1);
        sign_note(head.to_text(), signer).unwrap()
    };
    assert_eq!(again(&mut house, &mut signer).to_text(), note.to_text());
    house.desk.prove(place, &note).unwrap();
    for other in [0, place - 1, place + 1, u64::MAX] {
        assert_eq!(
            code_of(house.desk.checkpoint_head(&admin, other)),
            ErrorCode::EntryUnknown
        );
    }
}

#[test]
fn devices_are_counted_under_the_key_whose_codes_they_take() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let counts = |house: &mut House| -> Vec<Option<u32>> {
        let known = house.desk.known_issuers(&admin).unwrap();
        known.iter().map(|known| known.devices).collect()
    };
    assert_eq!(counts(&mut house), [Some(3)]);
    house.desk.register_device(&admin, &new_device(4, "zoe")).unwrap();
    assert_eq!(counts(&mut house), [Some(4)]);
    let new = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x22; 32]).unwrap();
    let info = IssuerInfo {
        slot: SLOT,
        suite: Suite::P256Ecdsa,
        public: new.public().unwrap(),
        retired: false,
    };
    house.desk.put_issuer(&admin, &info).unwrap();
    assert_eq!(counts(&mut house), [Some(0), Some(4)]);
    house
        .desk
        .record_rotation(&admin, &device(1), info.public, 1)
        .unwrap();
    assert_eq!(counts(&mut house), [Some(1), Some(3)]);
    house.desk.retire_device(&admin, &device(1)).unwrap();
    house.desk.retire_device(&admin, &device(2)).unwrap();
    assert_eq!(counts(&mut house), [Some(0), Some(2)]);

    let records = house.desk.key_records(&admin).unwrap();
    assert!(records.made.is_some() && records.backed_up.is_none() && records.restored.is_none());
    house.desk.record_key_event(&admin, KeyEvent::BackedUp).unwrap();
    let backed_up = house.desk.key_records(&admin).unwrap().backed_up.unwrap();
    assert_eq!(backed_up.operator.as_deref(), Some(ADMIN.0));
    let anna = house.sign_in(ANNA);
    assert_eq!(
        code_of(house.desk.key_records(&anna)),
        ErrorCode::PrivilegeMissing
    );
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.known_issuers(&anna));
}

#[test]
fn a_verification_says_how_far_it_is_and_can_be_stopped() {
    let (mut house, _) = eventful();
    let size = house.log_size();
    let mut told = Vec::new();
    let report = house.desk.verify_audit_watched(&[], &mut |progress| {
        told.push(progress);
        ControlFlow::Continue(())
    });
    assert_eq!(report.unwrap().state.size, size);
    assert_eq!(told.first(), Some(&VerifyProgress::Entries { done: 0, of: size }));
    assert!(told.contains(&VerifyProgress::Rows { done: 0 }));
    let count = told.len();
    for stop in 1..=count {
        let mut left = stop;
        let stopped = house.desk.verify_audit_watched(&[], &mut |_| {
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(
            stopped.unwrap_err().code(),
            ErrorCode::Cancelled,
            "{stop} of {count}"
        );
        assert_eq!(left, 0);
    }
    assert_eq!(house.log_size(), size, "nothing is recorded");
}
