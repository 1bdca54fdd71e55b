//! A backup in the database's place: refused until an Administrator says so, and then what is lost counts as unknown.

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::{KeyName, NoteSigner, SoftwareNoteSigner, TreeHead};
use fido_unlock::desk::ports::{Anchor, StorageError, Table};
use fido_unlock::desk::{Desk, DeskError, DeskParts, OperatorId, Rules, SeenLog, UserClass};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, START, challenge, code_of, device, new_device, operator_id, ring, user,
    user_id,
};

const NOTE: &str = "the disk broke";

/// A house whose database was set back to a backup, from before a code was given for device 1 at counter 0.
fn set_back() -> House {
    let mut house = House::new();
    house.world.anchored = true;
    house.reopen();
    let anna = house.sign_in(ANNA);
    let open = house.ready(&anna, 2, 0xB0, 0);
    let backup = house.world.store.content();
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.done(&anna, id).unwrap();
    house.reopen();
    house.world.store.set_content(backup);
    assert_eq!(code_of(house.desk.request(&anna, open)), ErrorCode::StoreSetBack);
    house
}

fn restore_as(house: &House, operator: &OperatorId, password: &str, note: &str) -> Result<Desk, DeskError> {
    Desk::restore(house.world.parts(ring()), operator, password, note)
}

fn restored() -> House {
    let mut house = set_back();
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    house
}

fn checkpoint(house: &mut House) -> TreeHead {
    let admin = house.sign_in(ADMIN);
    let mut signer = SoftwareNoteSigner::from_seed(KeyName::new("log").unwrap(), &[7; 32]);
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    TreeHead::parse(note.verify(&[signer.verifier()]).unwrap()).unwrap()
}

#[test]
fn a_backup_is_refused_until_an_administrator_restores_it() {
    let mut house = set_back();
    for (operator, password, note, error) in [
        (ADMIN.0, "wrong", NOTE, ErrorCode::OperatorUnknown),
        (BERT.0, BERT.1, NOTE, ErrorCode::PrivilegeMissing),
        (ADMIN.0, ADMIN.1, " ", ErrorCode::ReasonMissing),
    ] {
        let refused = restore_as(&house, &operator_id(operator), password, note);
        assert_eq!(code_of(refused), error);
        // The anchor was not made to believe the backup.
        let opened = Desk::open(house.world.parts(ring()));
        assert_eq!(code_of(opened), ErrorCode::StoreSetBack);
    }
    let other = Desk::open(house.world.parts(ring()));
    assert_eq!(code_of(other), ErrorCode::StoreSetBack);
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    house.reopen();
    house.desk.verify_audit(&[]).unwrap();
}

/// Each attempt adds an entry: in the end the backup's log is longer than what was seen.
#[test]
fn attempts_that_fail_do_not_make_the_anchor_believe_the_backup() {
    let house = set_back();
    for _ in 0..100 {
        restore_as(&house, &operator_id(ADMIN.0), "wrong", NOTE)
            .err()
            .unwrap();
    }
    let opened = Desk::open(house.world.parts(ring()));
    assert_eq!(code_of(opened), ErrorCode::StoreSetBack);
}

/// An anchor on a disk that is full.
struct Full;

impl Anchor for Full {
    fn load(&self) -> Result<Option<SeenLog>, StorageError> {
        Ok(None)
    }

    fn save(&mut self, _: &SeenLog) -> Result<(), StorageError> {
        Err(StorageError::Full {
            detail: "anchor".into(),
        })
    }
}

#[test]
fn an_anchor_that_cannot_be_written_is_an_error_and_the_backup_can_be_restored_again() {
    let mut house = set_back();
    let parts = DeskParts {
        anchor: Some(Box::new(Full)),
        ..house.world.parts(ring())
    };
    let restored = Desk::restore(parts, &operator_id(ADMIN.0), ADMIN.1, NOTE);
    assert_eq!(code_of(restored), ErrorCode::StoreFull);
    // The log goes on, and the anchor that is there does not know it.
    let opened = Desk::open(house.world.parts(ring()));
    assert_eq!(code_of(opened), ErrorCode::StoreSetBack);
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    house.reopen();
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_new_desk_says_that_its_anchor_cannot_be_written_and_is_there() {
    let mut house = House::new();
    house.world.store.set_content(Default::default());
    let parts = DeskParts {
        anchor: Some(Box::new(Full)),
        ..house.world.parts(ring())
    };
    let made = Desk::create(parts, Rules::default(), &operator_id(ADMIN.0), ADMIN.1);
    assert_eq!(code_of(made), ErrorCode::StoreFull);
    house.world.anchored = true;
    house.reopen();
    house.sign_in(ADMIN);
    house.reopen();
    assert!(house.world.anchor.load().unwrap().is_some());
}

#[test]
fn a_new_desk_does_not_take_the_anchor_of_another_log() {
    let mut house = House::new();
    house.world.anchored = true;
    house.reopen();
    house.sign_in(ADMIN);
    house.reopen();
    let seen = house.world.anchor.load().unwrap();
    let database = house.world.store.content();
    house.world.store.set_content(Default::default());
    let create = |house: &House| {
        let administrator = operator_id(ADMIN.0);
        Desk::create(
            house.world.parts(ring()),
            Rules::default(),
            &administrator,
            ADMIN.1,
        )
    };
    assert_eq!(code_of(create(&house)), ErrorCode::StoreSetBack);
    assert_eq!(house.world.anchor.load().unwrap(), seen);
    assert!(house.world.store.content().entries.is_empty());
    // What is done then: the database is found again, or nobody wants it any more.
    house.world.store.set_content(database);
    house.reopen();
    house.world.store.set_content(Default::default());
    house.world.anchor = Default::default();
    house.desk = create(&house).unwrap();
    house.reopen();
}

/// A clock that ran ahead, and was set right after the backup was made: an anchor keeps the backup from being opened, so
/// that its clock cannot be accepted there first.
#[test]
fn a_backup_that_is_ahead_of_the_clock_is_restored_by_a_word_about_the_clock_too() {
    let mut house = House::new();
    house.world.anchored = true;
    house.reopen();
    house.later(3 * DAY);
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    let backup = house.world.store.content();
    house.sign_in(ANNA);
    house.reopen();
    house.world.store.set_content(backup);
    house.world.clock.set(START + 60);

    let accept = |house: &mut House| house.desk.accept_clock(&operator_id(ADMIN.0), ADMIN.1, NOTE);
    assert_eq!(code_of(accept(&mut house)), ErrorCode::StoreSetBack);
    let administrator = operator_id(ADMIN.0);
    let refused = restore_as(&house, &administrator, ADMIN.1, NOTE);
    assert_eq!(code_of(refused), ErrorCode::ClockWentBack);
    let restore = |house: &House, password: &str, note: &str| {
        Desk::restore_and_accept_clock(house.world.parts(ring()), &administrator, password, note)
    };
    assert_eq!(
        code_of(restore(&house, "wrong", NOTE)),
        ErrorCode::OperatorUnknown
    );
    assert_eq!(code_of(restore(&house, ADMIN.1, " ")), ErrorCode::ReasonMissing);
    house.desk = restore(&house, ADMIN.1, NOTE).unwrap();
    house.reopen();

    // Time goes back with the entry that says so, and with no other.
    let told = house.log_from(0);
    let place = |name: &str| told.iter().position(|told| told == name).unwrap();
    assert_eq!(place("ClockAccepted"), place("LogRestored") + 1);
    house.desk.verify_audit(&[]).unwrap();
    // What rested by the clock that was wrong rests anew.
    let class = |house: &mut House| {
        let anna = house.sign_in(ANNA);
        house.desk.search(&anna, "boss").unwrap().remove(0).user.class
    };
    house.later(DAY - 60);
    assert_eq!(class(&mut house), UserClass::Privileged);
    house.later(60);
    assert_eq!(class(&mut house), UserClass::Ordinary);
}

/// Where the clock is right, the word about it changes nothing.
#[test]
fn a_clock_that_is_not_behind_the_backup_is_not_accepted() {
    let mut house = set_back();
    let administrator = operator_id(ADMIN.0);
    house.desk =
        Desk::restore_and_accept_clock(house.world.parts(ring()), &administrator, ADMIN.1, NOTE).unwrap();
    let told = house.log_from(0);
    assert!(told.contains(&"LogRestored".into()) && !told.contains(&"ClockAccepted".into()));
}

/// Who guesses at a desk that they can set back need not wait: docs/security.md says what that is worth.
#[test]
fn wrong_passwords_are_forgotten_with_what_was_written_after_the_backup() {
    let mut house = set_back();
    let locked = |house: &mut House| {
        for _ in 0..7 {
            house.desk.sign_in(&operator_id(BERT.0), "wrong").unwrap_err();
        }
        code_of(house.desk.sign_in(&operator_id(BERT.0), BERT.1))
    };
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    assert_eq!(locked(&mut house), ErrorCode::SignInLocked);
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    house.sign_in(BERT);
    // At the restore itself they are counted, as long as it is over one database.
    for _ in 0..7 {
        restore_as(&house, &operator_id(ADMIN.0), "wrong", NOTE)
            .err()
            .unwrap();
    }
    let waits = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE);
    assert_eq!(code_of(waits), ErrorCode::SignInLocked);
}

#[test]
fn the_log_goes_on_under_a_new_id_and_names_the_old_head() {
    let mut house = House::new();
    let before = checkpoint(&mut house);
    let backup = house.world.store.content();
    let lost = checkpoint(&mut house);
    house.world.store.set_content(backup);
    let state = {
        let mut old = Desk::open(house.world.parts(ring())).unwrap();
        old.log_state().unwrap()
    };
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    let now = house.desk.log_state().unwrap();
    assert_ne!(now.log_id, state.log_id);
    assert_eq!(now.size, state.size + 1);
    let admin = house.sign_in(ADMIN);
    let entry = house.desk.audit_entries(&admin, state.size, 1).unwrap().remove(0);
    assert_eq!(entry.entry.event.name(), "LogRestored");
    assert_eq!(entry.entry.log_id, now.log_id);
    let old = TreeHead {
        origin: before.origin.clone(),
        size: state.size,
        root: state.root,
    };
    assert_eq!(entry.text, Some(format!("{}\n{NOTE}", old.to_text())));
    let after = checkpoint(&mut house);
    assert_ne!(after.origin, before.origin);
    // Checkpoints from both sides hold, each under the id of its time; one of what is lost does not.
    let report = house.desk.verify_audit(&[before.clone(), after.clone()]).unwrap();
    assert_eq!(report.covered, after.size);
    let swapped = TreeHead {
        origin: after.origin.clone(),
        ..before.clone()
    };
    let old_name = TreeHead {
        origin: before.origin,
        ..after
    };
    for wrong in [lost, swapped, old_name] {
        assert_eq!(
            code_of(house.desk.verify_audit(&[wrong])),
            ErrorCode::AuditCheckpoint
        );
    }
}

#[test]
fn an_old_checkpoint_still_proves_its_entries() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let mut signer = SoftwareNoteSigner::from_seed(KeyName::new("log").unwrap(), &[7; 32]);
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    house.desk.prove(3, &note).unwrap();
}

#[test]
fn a_change_of_id_without_the_old_head_is_found() {
    let mut house = restored();
    let place = house.desk.log_state().unwrap().size - 1;
    let good = house.world.store.content();
    house.desk.verify_audit(&[]).unwrap();
    let key = (Table::Texts, place.to_be_bytes().to_vec());
    for change in [true, false] {
        let mut content = good.clone();
        if change {
            *content.rows.get_mut(&key).unwrap().0.last_mut().unwrap() ^= 1;
        } else {
            content.rows.remove(&key).unwrap();
        }
        house.world.store.set_content(content);
        assert_eq!(code_of(house.desk.verify_audit(&[])), ErrorCode::AuditBroken);
    }
}

#[test]
fn sessions_and_requests_end() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    assert_eq!(
        code_of(house.desk.search(&anna, "zoe")),
        ErrorCode::OperatorUnknown
    );
    let anna = house.sign_in(ANNA);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::RequestExpired);
}

/// It may have been withdrawn in the days that are lost.
#[test]
fn a_rest_that_ended_in_the_lost_days_begins_again_and_one_that_had_ended_holds() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    house.later(DAY);
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("zoe", UserClass::Privileged))
        .unwrap();
    house
        .desk
        .put_user(&admin, &user("zoe", UserClass::Ordinary))
        .unwrap();
    let backup = house.world.store.content();
    house.later(2 * DAY);
    house.world.store.set_content(backup);
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    let class = |house: &mut House, name: &str| {
        let anna = house.sign_in(ANNA);
        house.desk.search(&anna, name).unwrap().remove(0).user.class
    };
    assert_eq!(class(&mut house, "boss"), UserClass::Ordinary);
    assert_eq!(class(&mut house, "zoe"), UserClass::Privileged);
    house.later(DAY - 60);
    assert_eq!(class(&mut house, "zoe"), UserClass::Privileged);
    house.later(60);
    assert_eq!(class(&mut house, "zoe"), UserClass::Ordinary);
}

/// The code that was given after the backup has moved the counter: that is no alarm, and nobody knows how many codes were
/// given meanwhile.
#[test]
fn the_first_code_of_a_device_takes_its_counter_and_a_second_operator() {
    let mut house = restored();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.ready(&anna, 1, 0xA2, 41);
    assert!(house.desk.request(&anna, id).unwrap().unknown_since_backup);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
    house.desk.approve(&bert, id).unwrap();
    house.code(&anna, id).unwrap();
    assert!(!house.desk.request(&anna, id).unwrap().unknown_since_backup);
    house.desk.done(&anna, id).unwrap();
    let admin = house.sign_in(ADMIN);
    assert_eq!(house.desk.alarms(&admin, 0, 10).unwrap(), []);
    // From then on it is as before.
    let next = house.open(&anna, 1);
    house.verify(&anna, next).unwrap();
    let wrong = house.desk.enter_challenge(&anna, next, &challenge(0xA3, 41));
    assert_eq!(code_of(wrong), ErrorCode::CounterWentBack);
    house
        .desk
        .enter_challenge(&anna, next, &challenge(0xA4, 42))
        .unwrap();
    house.code(&anna, next).unwrap();
}

/// A made-up challenge must not be taken as the counter's truth twice.
#[test]
fn the_counter_that_was_taken_holds_from_then_on() {
    let mut house = restored();
    let anna = house.sign_in(ANNA);
    house.ready(&anna, 1, 0xA2, 41);
    let next = house.open(&anna, 1);
    let wrong = house.desk.enter_challenge(&anna, next, &challenge(0xA3, 40));
    assert_eq!(code_of(wrong), ErrorCode::CounterWentBack);
}

#[test]
fn a_device_that_is_registered_afterwards_is_known() {
    let mut house = restored();
    let admin = house.sign_in(ADMIN);
    house.desk.register_device(&admin, &new_device(4, "zoe")).unwrap();
    let anna = house.sign_in(ANNA);
    let (zoe, four) = (user_id("zoe"), device(4));
    let view = house
        .desk
        .open_request(&anna, &zoe, &four, "ticket 4711")
        .unwrap();
    assert!(!view.unknown_since_backup);
    house.verify(&anna, view.id).unwrap();
    let wrong = house.desk.enter_challenge(&anna, view.id, &challenge(0xA3, 9));
    assert_eq!(code_of(wrong), ErrorCode::CounterMoved);
    house
        .desk
        .enter_challenge(&anna, view.id, &challenge(0xA4, 0))
        .unwrap();
    house.code(&anna, view.id).unwrap();
}

/// A second backup makes all unknown again, also what was learned after the first.
#[test]
fn each_backup_makes_devices_unknown_again() {
    let mut house = restored();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.ready(&anna, 1, 0xA2, 41);
    house.desk.approve(&bert, id).unwrap();
    house.code(&anna, id).unwrap();
    house.desk = restore_as(&house, &operator_id(ADMIN.0), ADMIN.1, NOTE).unwrap();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA5, 77);
    assert!(house.desk.request(&anna, id).unwrap().unknown_since_backup);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
    house.desk.verify_audit(&[]).unwrap();
}
