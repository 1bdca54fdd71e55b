//! A desk on a day on which everything happens once.

use fido_unlock::desk::ports::{ApprovalError, Approver, IssuerInfo};
use fido_unlock::desk::{
    Approval, ApprovalTask, Delivery, KeyEvent, Operator, OperatorSession, Privilege, Role, Rules, UserClass,
    VerificationMethod, Vouched,
};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_mock::desk::{ScriptedVerifier, TestDesk};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, SLOT, START, approve_operator, approve_rules, approve_user, challenge,
    code_of, device, operator_id, user, user_id,
};

const CHIEF: (&str, &str) = ("chief", "nine green lanterns");
const GUEST: (&str, &str) = ("guest", "a paper boat at noon");

/// Another system, in which BERT says yes.
struct Elsewhere;

impl Approver for Elsewhere {
    fn ask(&mut self, task: ApprovalTask) -> Result<Approval, ApprovalError> {
        Ok(task.approved_by(operator_id(BERT.0), [7; 32]))
    }
}

fn operator((name, _): (&str, &str), roles: Vec<Role>) -> Operator {
    Operator {
        id: operator_id(name),
        roles,
        privileges: vec![Privilege::Unlock],
        user: None,
    }
}

/// The desk, and an Administrator who has signed in.
pub fn house() -> (House, OperatorSession) {
    let mut house = House::in_set_up();
    let admin = house.sign_in(ADMIN);
    let chief = operator(CHIEF, vec![Role::Administrator]);
    house.desk.put_operator(&admin, &chief, Some(CHIEF.1)).unwrap();
    house.desk.open_desk(&admin).unwrap();
    a_clock_that_goes_back(&mut house);
    // Channels have rested.
    house.later(8 * DAY);
    let (anna, admin, chief) = (house.sign_in(ANNA), house.sign_in(ADMIN), house.sign_in(CHIEF));
    calls(&mut house, &anna, &admin);
    operators_and_rules(&mut house, &admin, &chief);
    users(&mut house, &admin, &chief);
    keys_and_devices(&mut house, &anna, &admin);
    a_call_that_waits(&mut house, &anna);
    house.desk.audit_entries(&admin, 0, 3).unwrap();
    (house, admin)
}

fn a_clock_that_goes_back(house: &mut House) {
    house.later(DAY);
    house.sign_in(ANNA);
    house.world.clock.set(START + 10);
    let admin = operator_id(ADMIN.0);
    house
        .desk
        .accept_clock(&admin, ADMIN.1, "the battery was empty")
        .unwrap();
}

fn calls(house: &mut House, anna: &OperatorSession, admin: &OperatorSession) {
    let bert = house.sign_in(BERT);
    let by_mail = Delivery::Channel("mail".into());
    // One that goes well, approved elsewhere, its code sent.
    let id = house.ready(anna, 1, 0xA1, 0);
    house.desk.set_reason(anna, id, "ticket 4712").unwrap();
    house.desk.set_delivery(anna, id, &by_mail).unwrap();
    house.desk.ask_approval(anna, id, &mut Elsewhere).unwrap();
    house.desk.authorise(anna, id, &by_mail).unwrap();
    house.desk.done(anna, id).unwrap();
    assert!(house.desk.send_notice().unwrap());
    // One that is given up, and whose owner cannot be told.
    let id = house.ready(anna, 2, 0xA2, 0);
    house.code(anna, id).unwrap();
    house.desk.abandon(anna, id).unwrap();
    house.world.outbox.set_broken(true);
    assert!(!house.desk.send_notice().unwrap());
    house.world.outbox.set_broken(false);
    // One that another operator takes over.
    let id = house.open(anna, 2);
    house.desk.take_over(&bert, id).unwrap();
    // Counters that moved and went back: one alarm is explained, one stands.
    let id = house.open(anna, 1);
    let moved = house.desk.enter_challenge(anna, id, &challenge(0xA3, 9));
    assert_eq!(code_of(moved), ErrorCode::CounterMoved);
    house.desk.acknowledge(admin, 0, "used offline").unwrap();
    let back = house.desk.enter_challenge(anna, id, &challenge(0xA4, 3));
    assert_eq!(code_of(back), ErrorCode::CounterWentBack);
    house.desk.find_user(anna, &user_id("zoe")).unwrap();
    house.desk.find_device(anna, &device(1)).unwrap();
    house.desk.record_pin_block(anna, &device(1)).unwrap();
    house.desk.search(anna, "Zo\u{eb} \"Z\"\t\\").unwrap();
}

fn operators_and_rules(house: &mut House, admin: &OperatorSession, chief: &OperatorSession) {
    let wrong = house.desk.sign_in(&operator_id(BERT.0), "wrong");
    assert_eq!(code_of(wrong), ErrorCode::OperatorUnknown);
    let bert = house.sign_in(BERT);
    house.desk.sign_out(&bert).unwrap();
    let wrong = house.desk.sign_in(&operator_id(BERT.0), "wrong");
    assert_eq!(code_of(wrong), ErrorCode::OperatorUnknown);
    let guest = operator(GUEST, vec![]);
    let desk = &mut house.desk;
    desk.put_operator(admin, &guest, Some(GUEST.1)).unwrap();
    approve_operator(desk, chief, GUEST.0).unwrap();
    let session = desk.sign_in(&guest.id, GUEST.1).unwrap();
    desk.change_password(&session, "a paper boat at midnight")
        .unwrap();
    desk.remove_operator(admin, &guest.id).unwrap();
    for hours in [2, 3] {
        let rules = Rules {
            request_seconds: hours * 60 * 60,
            ..Rules::default()
        };
        desk.put_rules(admin, &rules).unwrap();
        if hours == 2 {
            approve_rules(desk, chief).unwrap();
        }
    }
    desk.set_service(admin, false).unwrap();
    desk.set_service(admin, true).unwrap();
    desk.put_licence(admin, &TestDesk::licence(START + 1, 900))
        .unwrap();
    desk.record_download(admin, "fido-unlock.msi").unwrap();
}

fn users(house: &mut House, admin: &OperatorSession, chief: &OperatorSession) {
    let desk = &mut house.desk;
    for (name, settled) in [("kim", true), ("lee", false), ("gone", false)] {
        desk.put_user(admin, &user(name, UserClass::Privileged)).unwrap();
        let mut lower = user(name, UserClass::Ordinary);
        lower.channels.clear();
        desk.put_user(admin, &lower).unwrap();
        if settled {
            approve_user(desk, chief, name).unwrap();
        }
    }
    desk.erase_user(admin, &user_id("gone")).unwrap();
}

fn keys_and_devices(house: &mut House, anna: &OperatorSession, admin: &OperatorSession) {
    let new = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x22; 32]).unwrap();
    let public = new.public().unwrap();
    let desk = &mut house.desk;
    let made = KeyEvent::Made { slot: SLOT, public };
    for event in [KeyEvent::BackedUp, KeyEvent::Restored, made] {
        desk.record_key_event(admin, event).unwrap();
    }
    let info = IssuerInfo {
        slot: SLOT,
        suite: Suite::P256Ecdsa,
        public,
        retired: false,
    };
    desk.put_issuer(admin, &info).unwrap();
    desk.record_rotation(anna, &device(2), public, 1).unwrap();
    desk.slots_seen(anna, &device(2), &[]).unwrap();
    desk.retire_device(anna, &device(2)).unwrap();
}

/// It is approved as it is, by a second operator.
pub fn a_call_that_waits(house: &mut House, anna: &OperatorSession) {
    house.later(60);
    let bert = house.sign_in(BERT);
    let id = house.open(anna, 3);
    let mut machine = ScriptedVerifier {
        method: Some(VerificationMethod::EnrolledFactor),
        vouched: Vouched::Machine,
    };
    let desk = &mut house.desk;
    desk.verify_caller(anna, id, &mut machine).unwrap();
    desk.enter_challenge(anna, id, &challenge(0xB1, 0)).unwrap();
    desk.set_delivery(anna, id, &Delivery::Channel("mail".into()))
        .unwrap();
    desk.approve(&bert, id).unwrap();
    let wrong = desk.sign_in(&operator_id(BERT.0), "wrong");
    assert_eq!(code_of(wrong), ErrorCode::OperatorUnknown);
}
