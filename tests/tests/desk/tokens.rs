//! Access tokens: by them programs act in an operator's name.

use fido_unlock::ErrorCode;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{AccessToken, Desk, OperatorSession, Privilege, Rules, Scope};
use fido_unlock_mock::desk::{FakeBrowser, TestDesk};

use crate::house::{ADMIN, ANNA, BERT, DAY, House, START, code_of, device, operator_id, ring, user_id};

const MINUTE: u64 = 60;

fn make(house: &mut House, who: (&str, &str), scopes: &[Scope]) -> AccessToken {
    let session = house.sign_in(who);
    house.desk.make_token(&session, "a script", scopes, 30).unwrap()
}

fn by(house: &mut House, token: &AccessToken) -> OperatorSession {
    let (session, may) = house.desk.by_token(token).unwrap().unwrap();
    assert_eq!(may, house.desk.privileges(&session).unwrap());
    session
}

#[track_caller]
fn is_gone(house: &mut House, token: &AccessToken, session: &OperatorSession) {
    assert!(house.desk.by_token(token).unwrap().is_none());
    // Whoever had begun with it is stopped too.
    assert_eq!(
        code_of(house.desk.suggest(session, "zoe")),
        ErrorCode::OperatorUnknown
    );
}

#[test]
fn a_token_is_its_operators_as_far_as_it_is_for() {
    let mut house = House::new();
    let token = make(&mut house, ADMIN, &[Scope::Unlock, Scope::Audit, Scope::Unlock]);
    let session = by(&mut house, &token);
    assert_eq!(session.operator(), &operator_id(ADMIN.0));
    let may = house.desk.privileges(&session).unwrap();
    assert_eq!(may, [Privilege::Unlock, Privilege::Audit]);
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.operators(&session));
    let text = token.expose();
    let last = house.entries();
    let made = last
        .iter()
        .find(|entry| entry.event == DeskEvent::TokenMade)
        .unwrap();
    assert!(made.text.is_some());
    let admin = house.sign_in(ADMIN);
    let shown = house.desk.audit_entries(&admin, made.sequence, 1).unwrap();
    let said = shown[0].text.as_deref().unwrap();
    assert!(said.starts_with("unlock, audit until 20"), "{said}");
    for line in house.log_from(0) {
        assert!(!line.contains(text.as_str()), "{line}");
    }
    // No more than the operator may now.
    let token = make(&mut house, ANNA, Scope::ALL);
    let session = by(&mut house, &token);
    let anna = house.sign_in(ANNA);
    for scope in Scope::ALL {
        let (by_token, in_person) = (
            house.desk.may(&session, scope.privilege()).unwrap(),
            house.desk.may(&anna, scope.privilege()).unwrap(),
        );
        assert_eq!(by_token, in_person, "{scope}");
    }
    assert!(!house.desk.may(&session, Privilege::Audit).unwrap());
}

#[test]
fn a_call_by_a_token_is_a_call() {
    let mut house = House::new();
    let token = make(&mut house, ANNA, &[Scope::Unlock]);
    let session = by(&mut house, &token);
    let ready = house.ready(&session, 1, 0xA1, 0);
    let again = by(&mut house, &token);
    house.code(&again, ready).unwrap();
    house.desk.done(&again, ready).unwrap();
    let code = house.entries();
    let code = code
        .iter()
        .find(|entry| entry.event == DeskEvent::CodeMade)
        .unwrap();
    let anna = house.sign_in(ANNA);
    let (of_token, of_anna) = (code.operator, house.entries().last().unwrap().operator);
    assert_eq!(of_token, of_anna);
    assert!(house.desk.may(&anna, Privilege::Unlock).unwrap());
}

#[test]
fn a_program_that_asks_twice_opens_one_request() {
    let mut house = House::new();
    let token = make(&mut house, ANNA, &[Scope::Unlock]);
    let anna = by(&mut house, &token);
    let bert = house.sign_in(BERT);
    let zoe = user_id("zoe");
    let first = house
        .desk
        .open_request_once(&anna, "k", &zoe, &device(1), "r")
        .unwrap();
    house.reopen();
    let again = house
        .desk
        .open_request_once(&anna, "k", &zoe, &device(1), "r")
        .unwrap();
    assert_eq!(first, again);
    assert_eq!(house.count(DeskEvent::RequestOpened), 1);
    let others = house
        .desk
        .open_request_once(&bert, "k", &zoe, &device(1), "r")
        .unwrap();
    let another = house
        .desk
        .open_request_once(&anna, "l", &zoe, &device(1), "r")
        .unwrap();
    assert!(first.id != others.id && first.id != another.id && others.id != another.id);
    // As it stands, also when it has ended.
    house.desk.abandon(&anna, first.id).unwrap();
    let ended = house
        .desk
        .open_request_once(&anna, "k", &zoe, &device(1), "r")
        .unwrap();
    assert!(ended.id == first.id && !ended.lives);
    let long = "k".repeat(256);
    for (key, number) in [("k", 2), ("", 1), (&*long, 1)] {
        house.refused(ErrorCode::InvalidArgument, |desk| {
            desk.open_request_once(&anna, key, &zoe, &device(number), "r")
        });
    }
}

#[test]
fn looking_a_token_up_writes_nothing() {
    let mut house = House::new();
    let token = make(&mut house, ANNA, &[Scope::Unlock]);
    let size = house.log_size();
    let session = by(&mut house, &token);
    house.desk.suggest(&session, "zoe").unwrap();
    let nobodys = AccessToken::from_bytes([9; 32]);
    assert!(house.desk.by_token(&nobodys).unwrap().is_none());
    assert_eq!(house.log_size(), size);
}

#[test]
fn a_token_ends() {
    let mut house = House::with(Rules {
        session_seconds: DAY,
        ..Rules::default()
    });
    let anna = house.sign_in(ANNA);
    let token = house.desk.make_token(&anna, "x", &[Scope::Unlock], 1).unwrap();
    let session = by(&mut house, &token);
    house.later(DAY);
    by(&mut house, &token);
    house.later(1);
    is_gone(&mut house, &token, &session);
    let anna = house.sign_in(ANNA);
    assert!(house.desk.own_account(&anna).unwrap().tokens.is_empty());

    // By its operator.
    let token = make(&mut house, ANNA, &[Scope::Unlock]);
    let session = by(&mut house, &token);
    let known = house.desk.own_account(&anna).unwrap().tokens;
    let bert = house.sign_in(BERT);
    house.desk.revoke_token(&bert, &known[0].id).unwrap();
    by(&mut house, &token);
    house.desk.revoke_token(&anna, &known[0].id).unwrap();
    is_gone(&mut house, &token, &session);
    house.desk.revoke_token(&anna, &known[0].id).unwrap();
    assert_eq!(house.count(DeskEvent::TokenRevoked), 1);

    // With a password, and with a passkey that is removed.
    let token = make(&mut house, ANNA, &[Scope::Unlock]);
    let session = by(&mut house, &token);
    let mut browser = FakeBrowser::default();
    let (options, begun) = house.desk.begin_passkey(&anna).unwrap();
    let answer = browser.create(&options);
    house.desk.finish_passkey(&anna, begun, "blue", &answer).unwrap();
    by(&mut house, &token);
    let passkey = house.desk.own_account(&anna).unwrap().passkeys[0].id;
    house.desk.remove_passkey(&anna, &passkey).unwrap();
    is_gone(&mut house, &token, &session);
    let token = make(&mut house, ANNA, &[Scope::Unlock]);
    let session = by(&mut house, &token);
    house.desk.change_password(&anna, "nine quiet bicycles").unwrap();
    is_gone(&mut house, &token, &session);

    // With a code, and with the operator.
    let admin = house.sign_in(ADMIN);
    let token = make(&mut house, ("anna", "nine quiet bicycles"), &[Scope::Unlock]);
    let session = by(&mut house, &token);
    house.desk.give_code(&admin, &operator_id("anna")).unwrap();
    is_gone(&mut house, &token, &session);
    let token = make(&mut house, BERT, &[Scope::Unlock]);
    let session = by(&mut house, &token);
    house.desk.remove_operator(&admin, &operator_id(BERT.0)).unwrap();
    is_gone(&mut house, &token, &session);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_token_does_not_touch_the_account() {
    let mut house = House::new();
    let token = make(&mut house, ANNA, Scope::ALL);
    let session = by(&mut house, &token);
    let missing = ErrorCode::PrivilegeMissing;
    let id = [0; 32];
    house.refused(missing, |desk| {
        desk.make_token(&session, "x", &[Scope::Unlock], 1).map(drop)
    });
    house.refused(missing, |desk| desk.revoke_token(&session, &id));
    house.refused(missing, |desk| desk.own_account(&session));
    house.refused(missing, |desk| desk.end_other_sessions(&session));
    house.refused(missing, |desk| desk.end_session(&session, &id));
    house.refused(missing, |desk| desk.sign_out(&session));
    house.refused(missing, |desk| desk.confirm(&session, ANNA.1));
    house.refused(missing, |desk| desk.begin_passkey_confirm(&session).map(drop));
    house.refused(missing, |desk| desk.begin_passkey(&session).map(drop));
    house.refused(missing, |desk| desk.name_passkey(&session, &id, "x"));
    house.refused(missing, |desk| desk.remove_passkey(&session, &id));
    house.refused(missing, |desk| {
        desk.change_password(&session, "nine quiet bicycles")
    });
    by(&mut house, &token);
}

#[test]
fn a_token_is_made_by_who_has_shown_of_late_that_it_is_they() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    house.later(5 * MINUTE + 1);
    house.refused(ErrorCode::ConfirmationMissing, |desk| {
        desk.make_token(&anna, "x", &[Scope::Unlock], 1).map(drop)
    });
    house.desk.confirm(&anna, ANNA.1).unwrap();
    let wrong = ErrorCode::InvalidArgument;
    for (name, scopes, days) in [
        ("", &[Scope::Unlock][..], 1),
        ("a\u{202e}b", &[Scope::Unlock], 1),
        ("x", &[], 1),
        ("x", &[Scope::Unlock], 0),
        ("x", &[Scope::Unlock], 366),
    ] {
        house.refused(wrong, |desk| desk.make_token(&anna, name, scopes, days).map(drop));
    }
    for _ in 0..20 {
        house.desk.make_token(&anna, "x", &[Scope::Unlock], 365).unwrap();
    }
    house.refused(wrong, |desk| {
        desk.make_token(&anna, "x", &[Scope::Unlock], 365).map(drop)
    });
    assert_eq!(house.desk.own_account(&anna).unwrap().tokens.len(), 20);
}

#[test]
fn a_token_is_of_one_desk() {
    let mut one = House::new();
    let token = make(&mut one, ANNA, &[Scope::Unlock]);
    let world = TestDesk::new(START);
    // The two worlds have the same random numbers but for the first.
    fido_unlock::ports::Entropy::fill(&mut world.entropy.clone(), &mut [0; 8]).unwrap();
    let admin = operator_id(ADMIN.0);
    let mut other = Desk::create(world.parts(ring()), Rules::default(), &admin, ADMIN.1).unwrap();
    assert!(other.by_token(&token).unwrap().is_none());
    by(&mut one, &token);
}

#[test]
fn a_text_is_a_token_in_one_form_alone() {
    let token = AccessToken::from_bytes([0xFB; 32]);
    let text = token.expose();
    assert!(AccessToken::parse(&text).is_some());
    let digits = text.strip_prefix("fud_").unwrap();
    for other in [
        digits.to_owned(),
        format!("FUD_{digits}"),
        format!("{}=", text.as_str()),
        format!("{} ", text.as_str()),
        text.replace('-', "+"),
        text[..text.len() - 1].to_owned(),
        // Bits that mean nothing.
        format!("{}t", &text[..text.len() - 1]),
        String::new(),
    ] {
        assert!(AccessToken::parse(&other).is_none(), "{other}");
    }
}

#[test]
fn a_short_token_ends_in_a_day_at_most_and_its_program_gives_it_up() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let short =
        |house: &mut House, seconds| house.desk.make_short_token(&anna, "x", &[Scope::Unlock], seconds);
    for seconds in [0, DAY as u32 + 1] {
        assert_eq!(code_of(short(&mut house, seconds)), ErrorCode::InvalidArgument);
    }
    let token = short(&mut house, 600).unwrap();
    let session = by(&mut house, &token);
    assert_eq!(
        house.desk.own_account(&anna).unwrap().tokens[0].until,
        fido_unlock::desk::UnixTime(START + 600)
    );
    // Whoever is there themselves has none to give up.
    house.refused(ErrorCode::InvalidArgument, |desk| desk.give_token_up(&anna));
    let other = short(&mut house, 600).unwrap();
    house.desk.give_token_up(&session).unwrap();
    is_gone(&mut house, &token, &session);
    assert_eq!(
        code_of(house.desk.give_token_up(&session)),
        ErrorCode::OperatorUnknown
    );
    by(&mut house, &other);
    assert_eq!(house.desk.own_account(&anna).unwrap().tokens.len(), 1);
    assert_eq!(house.count(DeskEvent::TokenRevoked), 1);
    // Not from an open console that somebody has found.
    house.later(5 * MINUTE + 1);
    assert_eq!(code_of(short(&mut house, 600)), ErrorCode::ConfirmationMissing);
    house.desk.verify_audit(&[]).unwrap();
}
