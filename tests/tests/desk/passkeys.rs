//! Passkeys of operators, their sessions, and what they may change of both.

use fido_unlock::desk::ports::Table;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    BegunAssertion, Desk, DeskError, Operator, OperatorSession, OwnAccount, Privilege, Role, SignIn,
};
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_mock::desk::FakeBrowser;

use crate::house::{ADMIN, ANNA, BERT, House, MINUTE, code_of, operator_id};

const SHORT: &str = "red bike";

fn account(house: &mut House, session: &OperatorSession) -> OwnAccount {
    house.desk.own_account(session).unwrap()
}

/// Adds a passkey to the session's operator's.
fn add(
    house: &mut House,
    browser: &mut FakeBrowser,
    session: &OperatorSession,
    name: &str,
) -> Result<(), DeskError> {
    let (options, begun) = house.desk.begin_passkey(session)?;
    let answer = browser.create(&options);
    house.desk.finish_passkey(session, begun, name, &answer)
}

/// Anna with a passkey, signed in.
fn with_passkey() -> (House, FakeBrowser, OperatorSession) {
    let mut house = House::new();
    let mut browser = FakeBrowser::default();
    let anna = house.sign_in(ANNA);
    add(&mut house, &mut browser, &anna, "blue key").unwrap();
    (house, browser, anna)
}

fn ask(house: &mut House, name: &str) -> (String, BegunAssertion) {
    let asked = house.desk.begin_passkey_sign_in(&operator_id(name)).unwrap();
    (asked.options, asked.begun)
}

/// Signs anna in by the passkey alone.
fn by_passkey(house: &mut House, browser: &mut FakeBrowser) -> Result<OperatorSession, DeskError> {
    let (options, begun) = ask(house, "anna");
    let [id] = FakeBrowser::allowed(&options).try_into().unwrap();
    let answer = browser.get(&options, &id);
    house.desk.finish_sign_in(begun, &answer)
}

#[test]
fn a_passkey_alone_signs_in_and_beside_the_password_it_is_wanted() {
    let (mut house, mut browser, anna) = with_passkey();
    let session = by_passkey(&mut house, &mut browser).unwrap();
    assert!(house.desk.may(&session, Privilege::Unlock).unwrap());
    assert!(account(&mut house, &anna).passkeys[0].used.is_some());

    // The password alone is not enough any more.
    assert_eq!(
        code_of(house.desk.sign_in(&operator_id("anna"), ANNA.1)),
        ErrorCode::PasskeyWanted
    );
    let SignIn::Passkey(asked) = house.desk.begin_sign_in(&operator_id("anna"), ANNA.1).unwrap() else {
        panic!("it was enough");
    };
    let [id] = FakeBrowser::allowed(&asked.options).try_into().unwrap();
    let answer = browser.get(&asked.options, &id);
    house.desk.finish_sign_in(asked.begun, &answer).unwrap();
    // And a wrong one asks for no passkey.
    let wrong = house.desk.begin_sign_in(&operator_id("anna"), BERT.1);
    assert_eq!(code_of(wrong.map(drop)), ErrorCode::OperatorUnknown);
    // Somebody without a passkey signs in as ever.
    let bert = house.desk.begin_sign_in(&operator_id("bert"), BERT.1).unwrap();
    assert!(matches!(bert, SignIn::Done(_)));
}

#[test]
fn an_answer_is_good_once_in_time_and_of_the_right_passkey() {
    let (mut house, mut browser, _) = with_passkey();
    let refused = ErrorCode::PasskeyRefused;
    // Of another ask: what was seen on the way does not sign in again.
    let (options, begun) = ask(&mut house, "anna");
    let [id] = FakeBrowser::allowed(&options).try_into().unwrap();
    let answer = browser.get(&options, &id);
    house.desk.finish_sign_in(begun, &answer).unwrap();
    let (_, begun) = ask(&mut house, "anna");
    assert_eq!(code_of(house.desk.finish_sign_in(begun, &answer)), refused);
    // Too late.
    let (options, begun) = ask(&mut house, "anna");
    let answer = browser.get(&options, &id);
    house.later(5 * MINUTE + 1);
    assert_eq!(code_of(house.desk.finish_sign_in(begun, &answer)), refused);
    // A page of somebody else's, an authenticator that did not look who holds it, another key.
    let wrong: [fn(&mut FakeBrowser); 3] = [
        |browser| browser.origin = "https://thief.example".into(),
        |browser| browser.verifies = false,
        |browser| browser.key += 1,
    ];
    for wrong in wrong {
        let mut other = browser.clone();
        wrong(&mut other);
        assert_eq!(code_of(by_passkey(&mut house, &mut other)), refused);
    }
    // One that was looked at before another answer moved its counter.
    let (options, begun) = ask(&mut house, "anna");
    let (later, begun_later) = ask(&mut house, "anna");
    let (first, second) = (browser.get(&options, &id), browser.get(&later, &id));
    house.desk.finish_sign_in(begun_later, &second).unwrap();
    assert_eq!(code_of(house.desk.finish_sign_in(begun, &first)), refused);
    assert!(house.count(DeskEvent::SignInsRefused) >= 4, "they are counted");
}

#[test]
fn a_name_that_has_no_passkey_is_asked_as_one_that_has() {
    let (mut house, mut browser, _) = with_passkey();
    let allowed = |house: &mut House, name: &str| FakeBrowser::allowed(&ask(house, name).0);
    for name in ["nobody", "hunter2", "bert"] {
        let ids = allowed(&mut house, name);
        assert!((1..=2).contains(&ids.len()), "{ids:?}");
        assert!(
            ids.iter().all(|id| [16, 20, 32, 64].contains(&id.len())),
            "{ids:?}"
        );
        // Each time the same, in each process.
        assert_eq!(allowed(&mut house, name), ids);
        house.reopen();
        assert_eq!(allowed(&mut house, name), ids);
        let (options, begun) = ask(&mut house, name);
        let answer = browser.get(&options, &ids[0]);
        let refused = house.desk.finish_sign_in(begun, &answer);
        assert_eq!(code_of(refused), ErrorCode::PasskeyRefused, "{name}");
    }
    assert_ne!(allowed(&mut house, "nobody"), allowed(&mut house, "nobody2"));
    // Anna's own passkey is refused in the same words.
    let mut other = FakeBrowser {
        key: 1,
        ..FakeBrowser::default()
    };
    assert_eq!(
        code_of(by_passkey(&mut house, &mut other)),
        ErrorCode::PasskeyRefused
    );
    // Anna's passkey under another's name.
    let (options, begun) = ask(&mut house, "bert");
    let anna = allowed(&mut house, "anna").remove(0);
    let answer = browser.get(&options, &anna);
    assert_eq!(
        code_of(house.desk.finish_sign_in(begun, &answer)),
        ErrorCode::PasskeyRefused
    );
    assert!(!format!("{:?}", house.entries()).contains("hunter2"));
}

#[test]
fn guesses_make_a_password_wait_and_keep_nobody_out_who_has_a_passkey() {
    let (mut house, mut browser, _) = with_passkey();
    for _ in 0..5 {
        let mut other = browser.clone();
        other.key += 1;
        by_passkey(&mut house, &mut other).unwrap_err();
    }
    let anna = operator_id("anna");
    let by_password = house.desk.begin_sign_in(&anna, "whatever it may be");
    assert_eq!(by_password.map(drop).unwrap_err().code(), ErrorCode::SignInLocked);
    let session = by_passkey(&mut house, &mut browser).unwrap();
    assert!(account(&mut house, &session).confirmed);
}

#[test]
fn what_one_signs_in_with_changes_after_a_sign_in_of_late_alone() {
    let (mut house, mut browser, _) = with_passkey();
    let anna = by_passkey(&mut house, &mut browser).unwrap();
    let passkey = account(&mut house, &anna).passkeys[0].id;
    house.later(5 * MINUTE);
    assert!(account(&mut house, &anna).confirmed);
    house.later(1);
    assert!(!account(&mut house, &anna).confirmed);
    let missing = ErrorCode::ConfirmationMissing;
    house.refused(missing, |desk| desk.begin_passkey(&anna).map(drop));
    house.refused(missing, |desk| desk.remove_passkey(&anna, &passkey));
    house.refused(missing, |desk| desk.change_password(&anna, "nine quiet bicycles"));
    let own = Operator {
        id: operator_id(ADMIN.0),
        roles: vec![Role::Administrator],
        privileges: vec![],
        user: None,
    };
    let admin = house.sign_in(ADMIN);
    house.later(5 * MINUTE + 1);
    house.refused(missing, |desk| desk.put_operator(&admin, &own, Some(BERT.1)));

    // By the password where there is no passkey; a wrong one counts.
    let bert = house.sign_in(BERT);
    house.later(5 * MINUTE + 1);
    let wrong = house.desk.confirm(&bert, ANNA.1);
    assert_eq!(code_of(wrong), ErrorCode::OperatorUnknown);
    house.desk.confirm(&bert, BERT.1).unwrap();
    assert!(account(&mut house, &bert).confirmed);
    // By the passkey where there is one, as at the sign-in.
    let alone = house.desk.confirm(&anna, ANNA.1);
    assert_eq!(code_of(alone), ErrorCode::PasskeyWanted);
    assert!(!account(&mut house, &anna).confirmed);
    let asked = house.desk.begin_passkey_confirm(&anna).unwrap();
    let [id] = FakeBrowser::allowed(&asked.options).try_into().unwrap();
    let answer = browser.get(&asked.options, &id);
    house
        .desk
        .finish_passkey_confirm(&anna, asked.begun, &answer)
        .unwrap();
    assert_eq!(house.count(DeskEvent::SignInConfirmed), 2);
    // Another one's confirmation is none of theirs.
    let bert = house.sign_in(BERT);
    house.later(5 * MINUTE + 1);
    let (options, begun) = ask(&mut house, "anna");
    let answer = browser.get(&options, &id);
    let foreign = house.desk.finish_passkey_confirm(&bert, begun, &answer);
    assert_eq!(code_of(foreign), ErrorCode::OperatorUnknown);
    assert!(!account(&mut house, &bert).confirmed);
    let asked = house.desk.begin_passkey_confirm(&anna).unwrap();
    let answer = browser.get(&asked.options, &id);
    house
        .desk
        .finish_passkey_confirm(&anna, asked.begun, &answer)
        .unwrap();
    house.desk.remove_passkey(&anna, &passkey).unwrap();
}

#[test]
fn a_short_password_stands_beside_a_passkey_alone() {
    let (mut house, mut browser, anna) = with_passkey();
    let bert = house.sign_in(BERT);
    let weak = ErrorCode::PasswordWeak;
    house.refused(weak, |desk| desk.change_password(&bert, SHORT));
    house.refused(weak, |desk| desk.change_password(&anna, "7 chars"));
    house.desk.change_password(&anna, SHORT).unwrap();
    let anna = by_passkey(&mut house, &mut browser).unwrap();
    let passkey = account(&mut house, &anna).passkeys[0].id;
    house.refused(weak, |desk| desk.remove_passkey(&anna, &passkey));
    house.desk.change_password(&anna, "nine quiet bicycles").unwrap();
    let anna = by_passkey(&mut house, &mut browser).unwrap();
    house.desk.remove_passkey(&anna, &passkey).unwrap();
    house.sign_in(("anna", "nine quiet bicycles"));
}

#[test]
fn a_passkey_that_was_removed_signs_nobody_in_and_ends_other_sessions() {
    let (mut house, mut browser, _) = with_passkey();
    let (other, anna) = (
        by_passkey(&mut house, &mut browser).unwrap(),
        by_passkey(&mut house, &mut browser).unwrap(),
    );
    // Begun before, and finished after.
    let (options, begun) = ask(&mut house, "anna");
    let [id] = FakeBrowser::allowed(&options).try_into().unwrap();
    let passkey = account(&mut house, &anna).passkeys[0].id;
    house.desk.remove_passkey(&anna, &passkey).unwrap();
    let answer = browser.get(&options, &id);
    assert_eq!(
        code_of(house.desk.finish_sign_in(begun, &answer)),
        ErrorCode::PasskeyRefused
    );
    let (options, begun) = ask(&mut house, "anna");
    let answer = browser.get(&options, &id);
    assert_eq!(
        code_of(house.desk.finish_sign_in(begun, &answer)),
        ErrorCode::PasskeyRefused
    );
    let gone = ErrorCode::OperatorUnknown;
    assert_eq!(code_of(house.desk.may(&other, Privilege::Unlock)), gone);
    assert!(house.desk.may(&anna, Privilege::Unlock).unwrap());
    assert_eq!(account(&mut house, &anna).sessions.len(), 1);
    let rows = house.world.store.content().rows;
    assert!(!rows.keys().any(|(table, _)| *table == Table::Passkeys));
    let again = house.desk.remove_passkey(&anna, &passkey);
    assert_eq!(code_of(again), ErrorCode::PasskeyRefused);
}

#[test]
fn a_passkey_is_of_one_operator_has_a_name_and_there_are_ten_at_most() {
    let (mut house, mut browser, anna) = with_passkey();
    let refused = ErrorCode::PasskeyRefused;
    // The same authenticator for another operator, without what it has made.
    let bert = house.sign_in(BERT);
    let mut same = FakeBrowser::default();
    let added = add(&mut house, &mut same, &bert, "stolen");
    assert_eq!(code_of(added), refused);
    // What anna began, bert does not finish.
    let (options, begun) = house.desk.begin_passkey(&anna).unwrap();
    let answer = browser.create(&options);
    let taken = house.desk.finish_passkey(&bert, begun, "mine", &answer);
    assert_eq!(code_of(taken), refused);
    for name in ["", "  ", &"a".repeat(61), "a\u{202e}b", "a\nb"] {
        let added = add(&mut house, &mut browser, &anna, name);
        assert_eq!(code_of(added), ErrorCode::InvalidArgument, "{name:?}");
    }
    let passkey = account(&mut house, &anna).passkeys[0].id;
    house.desk.name_passkey(&anna, &passkey, " red key ").unwrap();
    assert_eq!(account(&mut house, &anna).passkeys[0].name, "red key");
    let foreign = house.desk.name_passkey(&bert, &passkey, "mine");
    assert_eq!(code_of(foreign), refused);
    let foreign = house.desk.remove_passkey(&bert, &passkey);
    assert_eq!(code_of(foreign), refused);
    for number in 2..=10 {
        add(&mut house, &mut browser, &anna, &number.to_string()).unwrap();
    }
    house.refused(refused, |desk| desk.begin_passkey(&anna).map(drop));
    // The log has no name of any of them.
    assert_eq!(house.count(DeskEvent::PasskeyAdded), 10);
    let entries = format!("{:?}", house.entries());
    assert!(!entries.contains("red key") && !entries.contains("blue key"));
    house.desk.verify_audit(&[]).unwrap();
    // Whoever is removed takes them along.
    let admin = house.sign_in(ADMIN);
    house.desk.remove_operator(&admin, &operator_id("anna")).unwrap();
    let rows = house.world.store.content().rows;
    assert!(!rows.keys().any(|(table, _)| *table == Table::Passkeys));
}

#[test]
fn a_passkey_that_was_changed_in_the_database_is_refused() {
    let (mut house, mut browser, _) = with_passkey();
    let mut content = house.world.store.content();
    let row = content
        .rows
        .iter_mut()
        .find(|((table, _), _)| *table == Table::Passkeys);
    let ((_, key), (row, _)) = row.unwrap();
    *row.last_mut().unwrap() ^= 1;
    let key = key.clone();
    let good = house.world.store.content();
    house.world.store.set_content(content);
    let begun = house.desk.begin_passkey_sign_in(&operator_id("anna"));
    assert_eq!(begun.map(drop).unwrap_err().code(), ErrorCode::StoreTampered);
    // And one that is missing is named.
    let mut content = good.clone();
    content.rows.remove(&(Table::Passkeys, key));
    house.world.store.set_content(content);
    house.reopen();
    let found = house.desk.verify_audit(&[]).unwrap_err().to_string();
    assert!(found.contains("passkeys") && found.contains("missing"), "{found}");
    house.world.store.set_content(good);
    house.reopen();
    by_passkey(&mut house, &mut browser).unwrap();
}

#[test]
fn a_desk_without_passkeys_tells_who_has_one_where_to_sign_in() {
    let (mut house, ..) = with_passkey();
    let mut parts = house.parts();
    parts.passkeys = None;
    house.desk = Desk::open(parts).unwrap();
    let by_password = house.desk.sign_in(&operator_id("anna"), ANNA.1);
    assert_eq!(code_of(by_password), ErrorCode::PasskeyWanted);
    let begun = house.desk.begin_passkey_sign_in(&operator_id("anna"));
    assert_eq!(begun.map(drop).unwrap_err().code(), ErrorCode::PasskeyRefused);
}

#[test]
fn an_operator_sees_and_ends_their_own_sessions() {
    let mut house = House::new();
    let first = house.sign_in(ANNA);
    house.later(MINUTE);
    let (second, third) = (house.sign_in(ANNA), house.sign_in(ANNA));
    let bert = house.sign_in(BERT);
    let shown = account(&mut house, &second).sessions;
    assert_eq!(shown.len(), 3);
    assert_eq!(
        shown.iter().map(|one| one.own).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert_eq!(shown[0].since, first.since());
    assert_eq!(shown[0].until, first.since().plus_seconds(10 * 60 * MINUTE));

    // Nobody ends another's.
    let berts = account(&mut house, &bert).sessions[0].id;
    house.desk.end_session(&second, &berts).unwrap();
    assert!(house.desk.may(&bert, Privilege::Unlock).unwrap());
    house.desk.end_session(&second, &shown[0].id).unwrap();
    let gone = ErrorCode::OperatorUnknown;
    assert_eq!(code_of(house.desk.may(&first, Privilege::Unlock)), gone);
    house.desk.end_session(&second, &shown[0].id).unwrap();
    assert_eq!(house.desk.end_other_sessions(&second).unwrap(), 1);
    assert_eq!(code_of(house.desk.may(&third, Privilege::Unlock)), gone);
    assert!(house.desk.may(&second, Privilege::Unlock).unwrap());
    assert_eq!(house.desk.end_other_sessions(&second).unwrap(), 0);
    let ended = house.entries();
    let ended = ended.iter().filter(|entry| entry.event == DeskEvent::SignedOut);
    assert_eq!(
        ended.map(|entry| entry.count).collect::<Vec<_>>(),
        [Some(1), Some(1)]
    );
    // One that has run out is not shown.
    house.later(10 * 60 * MINUTE - 1);
    assert_eq!(account(&mut house, &second).sessions.len(), 1);
}
