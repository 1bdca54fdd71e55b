//! A call from its opening to its end.

use fido_unlock::desk::ports::{ApprovalError, Approver, Clock};
use fido_unlock::desk::{
    Approval, ApprovalTask, CodeOutcome, Delivery, DeskError, GivenCode, Operator, OperatorStatement,
    Privilege, RequestId, Rules, VerificationMethod, Vouched,
};
use fido_unlock::suite::p256_ecdsa;
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_mock::desk::ScriptedVerifier;

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, challenge, code_of, device, issuer, operator_id, user_id,
};

#[test]
fn a_call_ends_in_a_code_that_is_the_issuers() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let from = house.log_size();
    let found = house.desk.search(&anna, "ZOE@corp").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].devices.len(), 2);
    let id = house.ready(&anna, 1, 0xA1, 0);
    let view = house.desk.request(&anna, id).unwrap();
    assert_eq!(view.user.name, "zoe Example");
    assert_eq!(
        view.caller,
        Some((VerificationMethod::CallBack, Vouched::Operator))
    );
    let task = view.challenge.unwrap();
    let code = house.code(&anna, id).unwrap();
    let message = {
        let fields = fido_unlock::suite::AuthoriseFields {
            purpose: fido_unlock::Purpose::Authorise,
            suite: Suite::P256Ecdsa,
            device_id: device(1),
            issuer: issuer(),
            device_key: None,
            challenge: match task {
                fido_unlock::Challenge::Line(line) => line,
                fido_unlock::Challenge::Aes(_) => panic!("suite 1 has a line"),
            },
        };
        fields.message()
    };
    assert!(p256_ecdsa::verify(&issuer(), &message, code.expose_bytes()));
    assert_eq!(house.desk.open_codes(&anna, &device(1)).unwrap().len(), 1);
    house.desk.done(&anna, id).unwrap();
    assert!(house.desk.open_codes(&anna, &device(1)).unwrap().is_empty());
    while house.desk.send_notice().unwrap() {}
    assert_eq!(house.world.outbox.notices().len(), 2);
    assert_eq!(
        house.log_from(from)[..9],
        [
            "Searched",
            "RequestOpened",
            "CallerVerified",
            "ChallengeAccepted",
            "Authorised",
            "CodeMade",
            "Done",
            "NoticeSent",
            "NoticeSent"
        ]
    );
    // Whoever calls next is asked whether it was locked again so soon.
    let heard = house.desk.find_device(&anna, &device(1)).unwrap().devices[0].last_unlock;
    assert_eq!(
        (found[0].devices[0].last_unlock, heard),
        (None, Some(house.world.clock.now()))
    );
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_request_is_read_out_as_a_line() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 1);
    let line = id.to_string();
    assert_eq!(line.len(), 24);
    assert_eq!(RequestId::parse(&line.to_lowercase().replace('-', " ")), Ok(id));
    // A Device ID in its place is told as what it is.
    assert!(RequestId::parse(&device(1).to_code()).is_err());
}

#[test]
fn while_the_set_up_lasts_no_code_is_given() {
    let mut house = House::in_set_up();
    let anna = house.sign_in(ANNA);
    let opened = house.desk.open_request(&anna, &user_id("zoe"), &device(1), "r");
    assert_eq!(code_of(opened), ErrorCode::DeskNotOpen);
    let admin = house.sign_in(ADMIN);
    house.desk.open_desk(&admin).unwrap();
    assert_eq!(code_of(house.desk.open_desk(&admin)), ErrorCode::SetUpEnded);
    house.open(&anna, 1);
}

#[test]
fn a_code_is_made_again_for_its_operator_and_not_counted() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.ready(&anna, 1, 0xA1, 0);
    let from = house.log_size();
    let first = house.code(&anna, id).unwrap();
    for _ in 0..10 {
        assert!(house.code(&anna, id).unwrap().ct_eq(&first));
    }
    assert_eq!(code_of(house.code(&bert, id)), ErrorCode::RequestUnknown);
    let log = house.log_from(from);
    assert_eq!(log.iter().filter(|event| *event == "Authorised").count(), 1);
    assert_eq!(log.iter().filter(|event| *event == "CodeMade").count(), 11);
    house.later(60 * MINUTE + 1);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::RequestExpired);
}

#[test]
fn what_is_missing_is_told_and_recorded() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let from = house.log_size();
    let id = house.open(&anna, 1);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerUnverified);
    house.verify(&anna, id).unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::WrongState);
    house
        .desk
        .enter_challenge(&anna, id, &challenge(0xA1, 0))
        .unwrap();
    house.desk.set_reason(&anna, id, " ").unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ReasonMissing);
    house.desk.set_reason(&anna, id, "ticket").unwrap();
    house.later(15 * MINUTE + 1);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerUnverified);
    house.verify(&anna, id).unwrap();
    house.code(&anna, id).unwrap();
    let refused = house.log_from(from);
    assert_eq!(
        refused
            .iter()
            .filter(|event| event.starts_with("Refused"))
            .count(),
        4
    );
}

#[test]
fn a_privileged_user_needs_a_machine_and_a_second_operator() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.open(&anna, 3);
    assert_eq!(code_of(house.verify(&anna, id)), ErrorCode::CallerMethod);
    let mut machine = ScriptedVerifier {
        method: Some(VerificationMethod::EnrolledFactor),
        vouched: Vouched::Machine,
    };
    house.desk.verify_caller(&anna, id, &mut machine).unwrap();
    house
        .desk
        .enter_challenge(&anna, id, &challenge(0xA1, 0))
        .unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
    assert_eq!(code_of(house.desk.approve(&anna, id)), ErrorCode::ApprovalSelf);
    house.desk.approve(&bert, id).unwrap();
    // Another reason, another challenge or another way make it another request.
    house.desk.set_reason(&anna, id, "other").unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
    house.desk.approve(&bert, id).unwrap();
    house.later(10 * MINUTE + 1);
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
    house.desk.approve(&bert, id).unwrap();
    let elsewhere = house.desk.authorise(&anna, id, &Delivery::Channel("mail".into()));
    assert_eq!(code_of(elsewhere), ErrorCode::ChannelUnusable);
    house.code(&anna, id).unwrap();
}

#[test]
fn who_approved_cannot_take_it_over_and_use_their_own_word() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.open(&anna, 3);
    let mut machine = ScriptedVerifier {
        method: Some(VerificationMethod::EnrolledFactor),
        vouched: Vouched::Machine,
    };
    house.desk.verify_caller(&anna, id, &mut machine).unwrap();
    house
        .desk
        .enter_challenge(&anna, id, &challenge(0xA1, 0))
        .unwrap();
    house.desk.approve(&bert, id).unwrap();
    house.desk.take_over(&bert, id).unwrap();
    assert_eq!(
        code_of(
            house
                .desk
                .request(&bert, id)
                .map(|view| {
                    assert_eq!((view.caller, view.approved_by), (None, None));
                    Err::<(), _>(DeskError::from(ErrorCode::WrongState))
                })
                .unwrap()
        ),
        ErrorCode::WrongState
    );
    assert_eq!(code_of(house.code(&bert, id)), ErrorCode::CallerUnverified);
    house.desk.verify_caller(&bert, id, &mut machine).unwrap();
    assert_eq!(code_of(house.code(&bert, id)), ErrorCode::ApprovalMissing);
    assert_eq!(code_of(house.desk.approve(&bert, id)), ErrorCode::ApprovalSelf);
    house.desk.approve(&anna, id).unwrap();
    house.code(&bert, id).unwrap();
}

#[test]
fn a_challenge_is_answered_for_one_device_alone() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    // Entered for another device before it is answered for the first.
    let other = house.ready(&anna, 2, 0xA1, 0);
    house.code(&anna, id).unwrap();
    assert_eq!(code_of(house.code(&anna, other)), ErrorCode::ChallengeElsewhere);
    let third = house.open(&anna, 2);
    let entered = house.desk.enter_challenge(&anna, third, &challenge(0xA1, 0));
    assert_eq!(code_of(entered), ErrorCode::ChallengeElsewhere);
    let alarms = house.desk.alarms(&anna, 0, 10).unwrap();
    assert_eq!(alarms.len(), 1, "the same alarm stands once");
    assert_eq!(alarms[0].device, Some(device(2)));
    // For its own device it is answered again, in another request.
    let again = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, again).unwrap();
}

/// A code that was used without a word of it explains a counter that it alone can give, and no other.
#[test]
fn a_counter_that_moved_names_the_code_that_nobody_has_reported() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let given = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, given).unwrap();
    let next = house.open(&anna, 1);
    let explained = |house: &mut House, nonce, counter| {
        let error = house
            .desk
            .enter_challenge(&anna, next, &challenge(nonce, counter));
        match error {
            Err(DeskError::Counter { explained_by, .. }) => explained_by,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(explained(&mut house, 0xA2, 1), Some(given));
    assert_eq!(explained(&mut house, 0xA2, 2), None);
    assert_eq!(explained(&mut house, 0xA2, 0xFFFF), None);
    let error = house.desk.enter_challenge(&anna, next, &challenge(0xA2, 1));
    assert!(error.unwrap_err().to_string().contains(&given.to_string()));
    // Given up is not taken back.
    house.desk.abandon(&anna, given).unwrap();
    assert_eq!(explained(&mut house, 0xA2, 1), Some(given));

    house.desk.done(&anna, given).unwrap();
    house
        .desk
        .enter_challenge(&anna, next, &challenge(0xA2, 1))
        .unwrap();
    // Once it is reported it explains nothing more.
    assert_eq!(explained(&mut house, 0xA3, 2), None);
}

#[test]
fn a_counter_that_moved_or_went_back_is_an_alarm_until_it_is_acknowledged() {
    let mut house = House::new();
    let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.done(&anna, id).unwrap();
    let next = house.open(&anna, 1);
    let old = house.desk.enter_challenge(&anna, next, &challenge(0xA2, 0));
    assert_eq!(code_of(old), ErrorCode::CounterWentBack);
    let moved = house.desk.enter_challenge(&anna, next, &challenge(0xA3, 5));
    assert_eq!(code_of(moved), ErrorCode::CounterMoved);
    let alarms = house.desk.alarms(&anna, 0, 10).unwrap();
    assert_eq!(alarms.len(), 2);
    assert_eq!(
        code_of(house.desk.acknowledge(&anna, 1, "n")),
        ErrorCode::PrivilegeMissing
    );
    assert_eq!(
        code_of(house.desk.acknowledge(&admin, 1, " ")),
        ErrorCode::ReasonMissing
    );
    house
        .desk
        .acknowledge(&admin, alarms[1].id, "restored from a backup")
        .unwrap();
    assert_eq!(house.desk.alarms(&anna, 0, 10).unwrap().len(), 1);
    house
        .desk
        .enter_challenge(&anna, next, &challenge(0xA3, 5))
        .unwrap();
}

#[test]
fn done_that_is_said_late_does_not_take_the_counter_back() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let early = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, early).unwrap();
    for (nonce, counter) in [(0xA2, 0), (0xA3, 1)] {
        let id = house.ready(&anna, 1, nonce, counter);
        // The third code of a day is approved.
        let bert = house.sign_in(BERT);
        house.desk.approve(&bert, id).unwrap();
        house.code(&anna, id).unwrap();
        house.desk.done(&anna, id).unwrap();
    }
    house.desk.done(&anna, early).unwrap();
    let next = house.open(&anna, 1);
    let old = house.desk.enter_challenge(&anna, next, &challenge(0xA4, 1));
    assert_eq!(code_of(old), ErrorCode::CounterWentBack);
    house
        .desk
        .enter_challenge(&anna, next, &challenge(0xA4, 2))
        .unwrap();
}

#[test]
fn a_code_that_is_made_again_stands_in_the_list() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let first = house.ready(&anna, 1, 0xA1, 0);
    let second = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, first).unwrap();
    house.code(&anna, second).unwrap();
    // One unlock ends the codes of its challenge.
    house.desk.done(&anna, first).unwrap();
    assert!(house.desk.open_codes(&anna, &device(1)).unwrap().is_empty());
    house.code(&anna, second).unwrap();
    let open = house.desk.open_codes(&anna, &device(1)).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].request, second);
}

#[test]
fn codes_that_may_still_be_good_are_told_by_what_is_known() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.abandon(&anna, id).unwrap();
    let outcome = |house: &mut House| {
        let codes = house.desk.open_codes(&anna, &device(1)).unwrap();
        codes.iter().map(|code| code.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcome(&mut house), [CodeOutcome::Abandoned]);
    // A caller makes a challenge up: the code is said to be superseded, and stays on the list.
    let second = house.ready(&anna, 1, 0xB2, 0);
    assert_eq!(outcome(&mut house), [CodeOutcome::Superseded]);
    house
        .desk
        .enter_challenge(&anna, second, &challenge(0xA1, 0))
        .unwrap();
    assert_eq!(outcome(&mut house), [CodeOutcome::Open]);
}

#[test]
fn limits_ask_for_a_second_operator_and_then_refuse() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    for nonce in 0..5_u8 {
        let id = house.ready(&anna, 1, nonce + 1, 0);
        if nonce >= 2 {
            assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ApprovalMissing);
            house.desk.approve(&bert, id).unwrap();
        }
        house.code(&anna, id).unwrap();
    }
    let id = house.ready(&anna, 1, 0x99, 0);
    house.desk.approve(&bert, id).unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::LimitDevice);
    // At most a 48th of the window longer than the rule says.
    house.later(DAY + DAY / 48);
    let (anna, _) = (house.sign_in(ANNA), ());
    let id = house.ready(&anna, 1, 0x98, 0);
    house.code(&anna, id).unwrap();
}

#[test]
fn a_code_goes_to_a_channel_that_has_rested() {
    let mut house = House::new();
    house.later(7 * DAY);
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.world.outbox.set_broken(true);
    let to = Delivery::Channel("mail".into());
    assert!(matches!(
        house.desk.authorise(&anna, id, &to),
        Err(DeskError::Delivery(_))
    ));
    house.world.outbox.set_broken(false);
    let Ok(GivenCode::Sent { channel }) = house.desk.authorise(&anna, id, &to) else {
        panic!("the code was not sent");
    };
    assert_eq!(channel, "mail");
    assert_eq!(house.world.outbox.codes()[0].0, "zoe@corp.example");
    // It cannot be had on the screen afterwards.
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::RequestUsed);
}

#[test]
fn a_stale_verification_is_none() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 1);
    let (begun, task) = house.desk.begin_verification(&anna, id).unwrap();
    house.desk.set_reason(&anna, id, "another").unwrap();
    let answer = Ok(task.vouch(VerificationMethod::EnrolledFactor, Vouched::Machine, [1; 32]));
    let finished = house.desk.finish_verification(&begun, &answer);
    assert_eq!(code_of(finished), ErrorCode::CallerUnverified);
}

struct Says(&'static str);

impl Approver for Says {
    fn ask(&mut self, task: ApprovalTask) -> Result<Approval, ApprovalError> {
        Ok(task.approved_by(operator_id(self.0), [7; 32]))
    }
}

#[test]
fn another_system_approves_what_it_was_asked_last() {
    let mut house = House::new();
    let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
    let id = house.ready(&anna, 1, 0xA1, 0);
    assert_eq!(
        code_of(house.desk.ask_approval(&anna, id, &mut Says("anna"))),
        ErrorCode::ApprovalSelf
    );
    assert_eq!(
        code_of(house.desk.ask_approval(&anna, id, &mut Says("nobody"))),
        ErrorCode::ApproverUnknown
    );
    let reader = Operator {
        id: operator_id("reader"),
        roles: vec![],
        privileges: vec![Privilege::Downloads],
        user: None,
    };
    house
        .desk
        .put_operator(&admin, &reader, Some("a long enough pass phrase"))
        .unwrap();
    assert_eq!(
        code_of(house.desk.ask_approval(&anna, id, &mut Says("reader"))),
        ErrorCode::ApproverPrivilege
    );
    let (first, task) = house.desk.begin_approval(&anna, id).unwrap();
    let late = Says("bert").ask(task);
    let (second, task) = house.desk.begin_approval(&anna, id).unwrap();
    assert_eq!(
        code_of(house.desk.finish_approval(&first, &late)),
        ErrorCode::ApprovalElsewhere
    );
    house
        .desk
        .finish_approval(&second, &Says("bert").ask(task))
        .unwrap();
    let view = house.desk.request(&anna, id).unwrap();
    assert_eq!(view.approved_by, Some(operator_id("bert")));
}

#[test]
fn rules_that_are_changed_hold_for_what_is_under_way() {
    let mut house = House::new();
    let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
    let id = house.ready(&anna, 1, 0xA1, 0);
    let stricter = Rules {
        ordinary_methods: Vec::new(),
        ..Rules::default()
    };
    house.desk.put_rules(&admin, &stricter).unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerMethod);
    let mut empty = OperatorStatement::new(VerificationMethod::CallBack, " ");
    assert_eq!(
        code_of(house.desk.verify_caller(&anna, id, &mut empty)),
        ErrorCode::CallerUnverified
    );
}
