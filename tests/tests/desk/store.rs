//! What the store may do to a desk: fail, lose an answer, be changed, be set back.

use fido_unlock::ErrorCode;
use fido_unlock::desk::Desk;
use fido_unlock::desk::UnixTime;
use fido_unlock::desk::log::TreeHead;
use fido_unlock::desk::ports::Table;
use fido_unlock::desk::{DeskError, OperatorSession, RequestId};
use fido_unlock_mock::desk::{NextCommit, Record, RecordingStore, StoreContent};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, START, challenge, code_of, device, operator_id, ring, user_id,
};

#[test]
fn two_desks_over_one_store_are_one() {
    let mut house = House::new();
    let mut other = Desk::open(house.world.parts(ring())).unwrap();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    // The session and the request are there in the other process too.
    other.enter_challenge(&anna, id, &challenge(0xA2, 0)).unwrap();
    house.code(&anna, id).unwrap();
    other.done(&anna, id).unwrap();
    assert_eq!(code_of(house.desk.done(&anna, id)), ErrorCode::RequestUsed);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_desk_that_is_killed_loses_nothing_that_was_answered() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.reopen();
    let view = house.desk.request(&anna, id).unwrap();
    assert_eq!(view.open_codes.len(), 1);
    house.desk.done(&anna, id).unwrap();
}

// M-audit-15
#[test]
fn a_commit_that_fails_changes_nothing_and_a_lost_answer_is_looked_up() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let (zoe, before) = (user_id("zoe"), house.world.store.content());
    for (next, error) in [
        (NextCommit::Fails, Some(ErrorCode::StoreWrite)),
        (NextCommit::Lost, Some(ErrorCode::StoreWrite)),
        (NextCommit::AnswerLost, None),
    ] {
        house.world.store.next_commit(next);
        let opened = house.desk.open_request(&anna, &zoe, &device(1), "r");
        match error {
            Some(error) => {
                assert_eq!(code_of(opened), error);
                assert!(house.world.store.content() == before, "{next:?}");
            }
            None => {
                let id = opened.unwrap().id;
                house.desk.request(&anna, id).unwrap();
            }
        }
    }
}

type Look = fn(&mut House, &OperatorSession, RequestId) -> Result<(), DeskError>;

#[test]
fn nothing_is_told_that_was_read_and_is_not_on_disk() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    let store = house.world.store.clone();
    let before = store.content();
    let looks: [Look; 5] = [
        |house, anna, id| house.desk.request(anna, id).map(drop),
        |house, anna, _| house.desk.suggest(anna, "zoe").map(drop),
        // Nothing is written for a code that is made again before the signer is asked.
        |house, anna, id| house.code(anna, id).map(drop),
        |house, _, _| house.desk.log_state().map(|_| ()),
        |house, _, _| Desk::open(house.world.parts(ring())).map(drop),
    ];
    for look in looks {
        store.next_end_fails();
        assert_eq!(code_of(look(&mut house, &anna, id)), ErrorCode::StoreRead);
        assert!(store.content() == before);
        look(&mut house, &anna, id).unwrap();
        store.set_content(before.clone());
        house.reopen();
    }
    // Whether a lost commit is there is not told either.
    store.next_commit(NextCommit::AnswerLost);
    store.next_end_fails();
    assert_eq!(code_of(house.desk.done(&anna, id)), ErrorCode::StoreRead);
}

#[test]
fn what_others_have_added_is_read_once_by_one_who_only_looks() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let record = Record::default();
    let mut parts = house.world.parts(ring());
    parts.store = Box::new(RecordingStore::new(parts.store, &record));
    let mut other = Desk::open(parts).unwrap();
    for _ in 0..5 {
        house.desk.find_device(&anna, &device(1)).unwrap();
    }
    let mut read = |look: fn(&mut Desk, &OperatorSession) -> Result<(), DeskError>| {
        record.start();
        look(&mut other, &anna).unwrap();
        record.take().entries
    };
    let suggest = |desk: &mut Desk, anna: &OperatorSession| desk.suggest(anna, "zoe").map(drop);
    let state = |desk: &mut Desk, _: &OperatorSession| desk.log_state().map(|_| ());
    assert_eq!(read(suggest), 5);
    assert_eq!(read(suggest), 0);
    house.desk.find_device(&anna, &device(1)).unwrap();
    assert_eq!(read(state), 1);
    assert_eq!(read(state), 0);
}

// M-audit-16
#[test]
fn no_code_is_seen_whose_record_is_not_written() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.world.store.next_commit(NextCommit::Fails);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::StoreWrite);
    let log = house.log_from(0);
    assert!(
        !log.iter()
            .any(|event| event == "Authorised" || event == "CodeMade")
    );
    house.code(&anna, id).unwrap();
}

// M-audit-25
/// Every row that decisions read, changed, set back, taken out and added by hand: refused when it is used.
#[test]
fn a_row_that_somebody_changed_is_refused_when_it_is_used() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let early = house.world.store.content();
    let id = house.ready(&anna, 1, 0xA1, 0);
    let good = house.world.store.content();
    let used = [
        Table::Settings,
        Table::Licence,
        Table::Counts,
        Table::Users,
        Table::Operators,
        Table::Sessions,
        Table::Devices,
        Table::DeviceStates,
        Table::Requests,
    ];
    for table in used {
        let keys: Vec<_> = good.rows.keys().filter(|(of, _)| *of == table).cloned().collect();
        let mut refused = 0;
        for key in keys {
            let mut content = good.clone();
            let row = &mut content.rows.get_mut(&key).unwrap().0;
            let last = row.last_mut().unwrap();
            *last ^= 1;
            house.world.store.set_content(content);
            refused += u32::from(
                house
                    .code(&anna, id)
                    .is_err_and(|error| fido_unlock::HasCode::code(&error) == ErrorCode::StoreTampered),
            );
            let mut content = good.clone();
            content.rows.remove(&key);
            house.world.store.set_content(content);
            house.desk = Desk::open(house.world.parts(ring())).unwrap();
            refused += u32::from(
                house
                    .code(&anna, id)
                    .is_err_and(|error| fido_unlock::HasCode::code(&error) == ErrorCode::StoreTampered),
            );
            house.world.store.set_content(good.clone());
            house.desk = Desk::open(house.world.parts(ring())).unwrap();
        }
        assert!(refused >= 2, "{table:?}");
    }
    // The request set back to how it was before the caller was verified, with its old map nodes and all.
    let mut content = good.clone();
    content.nodes = early.nodes.clone();
    house.world.store.set_content(content);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::StoreTampered);
}

#[test]
fn a_head_that_somebody_made_is_refused() {
    let house = House::new();
    let mut content = house.world.store.content();
    let head = content.head.as_mut().unwrap();
    head[20] ^= 1;
    house.world.store.set_content(content);
    assert_eq!(
        code_of(Desk::open(house.world.parts(ring()))),
        ErrorCode::StoreTampered
    );
}

#[test]
fn a_store_that_is_set_back_is_refused_by_who_saw_it_later() {
    let mut house = House::new();
    house.world.anchored = true;
    house.reopen();
    let early = house.world.store.content();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.world.store.set_content(early.clone());
    assert_eq!(code_of(house.desk.search(&anna, "zoe")), ErrorCode::StoreSetBack);
    // After a restart the anchor tells.
    drop(std::mem::replace(&mut house.desk, {
        let other = House::new();
        other.desk
    }));
    assert_eq!(
        code_of(Desk::open(house.world.parts(ring()))),
        ErrorCode::StoreSetBack
    );
    // Without one nobody can: docs/security.md says so.
    house.world.anchored = false;
    Desk::open(house.world.parts(ring())).unwrap();
}

#[test]
fn a_log_of_the_same_length_and_other_entries_is_refused() {
    let mut house = House::new();
    let early = house.world.store.content();
    house.sign_in(ANNA);
    let one = house.world.store.content();
    house.world.store.set_content(early);
    let mut other = Desk::open(house.world.parts(ring())).unwrap();
    other.sign_in(&operator_id(BERT.0), BERT.1).unwrap();
    assert_eq!(house.world.store.content().entries.len(), one.entries.len());
    let admin = house.desk.sign_in(&operator_id(ADMIN.0), ADMIN.1);
    assert_eq!(code_of(admin), ErrorCode::StoreSetBack);
}

/// Every byte of an entry, a byte of each, and every gap.
#[test]
fn an_entry_that_somebody_changed_is_found() {
    let mut house = House::new();
    let good = house.world.store.content();
    let mut changed = Vec::new();
    for at in 0..good.entries.len() {
        let every = if at == 3 { good.entries[at].len() } else { 1 };
        for byte in (0..good.entries[at].len()).rev().take(every) {
            let mut entries = good.entries.clone();
            entries[at][byte] ^= 1;
            changed.push(entries);
        }
        let mut fewer = good.entries.clone();
        fewer.remove(at);
        changed.push(fewer);
        let mut swapped = good.entries.clone();
        swapped.swap(at, (at + 1) % good.entries.len());
        changed.push(swapped);
    }
    for entries in changed {
        let content = StoreContent {
            entries,
            ..good.clone()
        };
        house.world.store.set_content(content);
        let found = code_of(house.desk.verify_audit(&[]));
        // Some of its bytes make it one of a later version.
        let known = [ErrorCode::AuditBroken, ErrorCode::StoreVersion];
        assert!(known.contains(&found), "{found:?}");
    }
    house.world.store.set_content(good);
    house.desk.verify_audit(&[]).unwrap();
}

/// Whoever has the whole store can set it back, or go on from there with another day: only what was kept elsewhere tells.
#[test]
fn a_log_that_was_cut_or_rewritten_is_found_by_a_checkpoint() {
    let mut house = House::new();
    let early = house.world.store.content();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    let state = house.desk.log_state().unwrap();
    let head = TreeHead {
        origin: house.desk.origin().unwrap(),
        size: state.size,
        root: state.root,
    };
    house.desk.done(&anna, id).unwrap();
    let report = house.desk.verify_audit(std::slice::from_ref(&head)).unwrap();
    assert_eq!(report.covered, state.size);
    assert!(report.state.size > state.size);

    house.world.store.set_content(early);
    let mut other = Desk::open(house.world.parts(ring())).unwrap();
    for _ in 0..state.size + 2 {
        other.verify_audit(&[]).unwrap();
        let verified = other.verify_audit(std::slice::from_ref(&head));
        assert_eq!(code_of(verified), ErrorCode::AuditCheckpoint);
        other.sign_in(&operator_id(BERT.0), BERT.1).unwrap();
    }
}

#[test]
fn a_clock_that_went_back_stops_all_until_an_administrator_accepts_it() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    house.later(DAY);
    let anna_later = house.sign_in(ANNA);
    let id = house.open(&anna_later, 1);
    house.world.clock.set(START + 10);
    assert_eq!(code_of(house.desk.search(&anna, "zoe")), ErrorCode::ClockWentBack);
    let (admin, note) = (operator_id(ADMIN.0), "the battery was empty");
    assert_eq!(
        code_of(house.desk.accept_clock(&admin, "wrong", note)),
        ErrorCode::OperatorUnknown
    );
    let bert = house.desk.accept_clock(&operator_id(BERT.0), BERT.1, note);
    assert_eq!(code_of(bert), ErrorCode::PrivilegeMissing);
    house.desk.accept_clock(&admin, ADMIN.1, note).unwrap();
    // What lived by the wrong clock has ended.
    assert_eq!(
        code_of(house.desk.search(&anna_later, "zoe")),
        ErrorCode::OperatorUnknown
    );
    let anna = house.sign_in(ANNA);
    assert_eq!(code_of(house.verify(&anna, id)), ErrorCode::RequestExpired);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_small_step_back_waits_and_a_clock_that_differs_is_refused() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    house.world.clock.set(START - 5);
    house.desk.search(&anna, "zoe").unwrap();
    house.world.clock.set(START);
    house.world.store.set_clock(Some(UnixTime(START + 6)));
    assert_eq!(code_of(house.desk.search(&anna, "zoe")), ErrorCode::ClockDiffers);
    house.world.store.set_clock(Some(UnixTime(START + 5)));
    house.desk.search(&anna, "zoe").unwrap();
}
