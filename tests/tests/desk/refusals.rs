//! Each refusal of the desk has its own number, its own record, and a test here or beside that fails when the one check
//! behind it is removed.

use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    AcceptedMethod, Channel, ChannelKind, Delivery, Desk, DeskError, KeyEvent, LimitRule, LimitRules,
    NewDevice, Operator, OperatorSession, OperatorStatement, Privilege, RequestId, Rules, UnixTime,
    UserClass, VerificationMethod, Vouched,
};
use fido_unlock::{AdminKey, Challenge, ErrorCode, Suite};
use fido_unlock_mock::desk::{OneTimeCode, ScriptedVerifier, TestDesk};

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, SLOT, START, challenge, code_of, device, issuer, new_device,
    operator_id, ring, user, user_id,
};
use crate::suites::{ADMIN_KEY, aes_device, challenge_of, mac_device, mac_key};

const HOUR: u64 = 60 * MINUTE;
const NOBODYS: RequestId = RequestId::from_bytes([0xEE; 10]);

type Act = fn(&mut Desk, &OperatorSession, RequestId) -> Result<(), DeskError>;

fn by_code(desk: &mut Desk, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
    desk.verify_caller(session, id, &mut OneTimeCode::new("1", "1"))
}

fn a_challenge() -> Challenge {
    challenge_of(Suite::P256Ecdsa, 9)
}

/// What the operator whose request it is does for a caller.
const OF_ITS_OPERATOR: [Act; 7] = [
    by_code,
    |desk, session, id| desk.enter_challenge(session, id, &challenge(9, 0)),
    |desk, session, id| desk.enter_read_challenge(session, id, &a_challenge()),
    |desk, session, id| desk.set_reason(session, id, "r"),
    |desk, session, id| desk.set_delivery(session, id, &Delivery::Show),
    |desk, session, id| desk.begin_approval(session, id).map(|_| ()),
    |desk, session, id| desk.authorise(session, id, &Delivery::Show).map(|_| ()),
];

/// What a second operator does with it.
const OF_ANOTHER: [Act; 2] = [
    |desk, session, id| desk.approve(session, id),
    |desk, session, id| desk.take_over(session, id),
];

/// What needs no licence either.
const LOOKS: [Act; 6] = [
    |desk, session, _| desk.search(session, "zoe").map(|_| ()),
    |desk, session, _| desk.suggest(session, "zoe").map(|_| ()),
    |desk, session, _| desk.find_device(session, &device(1)).map(|_| ()),
    |desk, session, _| desk.device(session, &device(1)).map(|_| ()),
    |desk, session, _| desk.find_user(session, &user_id("zoe")).map(|_| ()),
    |desk, session, _| desk.users(session, None, 9).map(|_| ()),
];

/// What needs no request.
const BEFORE: [Act; 1] = [|desk, session, _| {
    desk.open_request(session, &user_id("zoe"), &device(1), "r")
        .map(|_| ())
}];

/// Everything that an operator does for a caller is refused with `code`; what they look at is so only without the
/// privilege.
fn assert_no_service(house: &mut House, session: &OperatorSession, id: RequestId, code: ErrorCode) {
    let [approve, take_over] = OF_ANOTHER;
    for act in BEFORE.iter().chain(&OF_ITS_OPERATOR).chain([&take_over]) {
        house.refused(code, |desk| act(desk, session, id));
    }
    for act in LOOKS {
        match code {
            ErrorCode::PrivilegeMissing => drop(house.refused(code, |desk| act(desk, session, id))),
            // Nobody's desk has neither users nor devices.
            _ if id == NOBODYS => {}
            _ => act(&mut house.desk, session, id).unwrap(),
        }
    }
    // Told to the operator whose request it is, who must know that it is not they who lack the privilege.
    let code = match code {
        ErrorCode::PrivilegeMissing => ErrorCode::ApproverPrivilege,
        other => other,
    };
    house.refused(code, |desk| approve(desk, session, id));
}

#[test]
fn without_licence_switch_or_privilege_there_is_no_service() {
    let mut house = House::new();
    let reader = house.operator("reader", &[Privilege::Downloads]);
    house.later(DAY);
    let (admin, anna, reader) = (house.sign_in(ADMIN), house.sign_in(ANNA), house.sign_in(reader));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.desk.set_service(&admin, false).unwrap();
    assert_no_service(&mut house, &anna, id, ErrorCode::ServiceOff);
    house.desk.set_service(&admin, true).unwrap();
    assert_no_service(&mut house, &reader, id, ErrorCode::PrivilegeMissing);

    let fewer = TestDesk::licence(START, 2);
    house.desk.put_licence(&admin, &fewer).unwrap();
    assert_no_service(&mut house, &anna, id, ErrorCode::LicenceDevices);
    house
        .desk
        .put_licence(&admin, &TestDesk::licence(START, 1000))
        .unwrap();
    house.code(&anna, id).unwrap();

    // Taken away in the middle of a session.
    house.disarm("anna");
    assert_no_service(&mut house, &anna, id, ErrorCode::PrivilegeMissing);
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.done(&anna, id));

    house.world.clock.set(START + 365 * DAY);
    let bert = house.sign_in(BERT);
    house.desk.search(&bert, "zoe").unwrap();
    house.later(1);
    assert_no_service(&mut house, &bert, id, ErrorCode::LicenceExpired);
}

#[test]
fn without_any_licence_the_rules_say_whom_to_ask() {
    let mut house = House::new();
    let mut world = TestDesk::new(START);
    let rules = Rules {
        licence_contact: "desk@corp.example".into(),
        ..Rules::default()
    };
    house.desk = Desk::create(world.parts(ring()), rules, &operator_id(ADMIN.0), ADMIN.1).unwrap();
    std::mem::swap(&mut house.world, &mut world);
    let admin = house.sign_in(ADMIN);
    assert_no_service(&mut house, &admin, NOBODYS, ErrorCode::LicenceMissing);
    house.desk.search(&admin, "zoe").unwrap();
    let error = house.desk.open_request(&admin, &user_id("zoe"), &device(1), "r");
    let error = error.unwrap_err();
    assert!(error.to_string().contains("desk@corp.example"), "{error}");
}

#[test]
fn each_privilege_is_its_own() {
    const OF_UNLOCK: [Act; 7] = [
        |desk, session, id| desk.request(session, id).map(|_| ()),
        |desk, session, _| desk.open_requests(session, None, 10).map(|_| ()),
        |desk, session, _| desk.open_codes(session, &device(1)).map(|_| ()),
        |desk, session, _| desk.alarms(session, 0, 10).map(|_| ()),
        |desk, session, id| desk.done(session, id),
        |desk, session, id| desk.abandon(session, id),
        |desk, session, id| desk.report_impostor(session, id, "not them"),
    ];
    const OF_OTHERS: [Act; 16] = [
        |desk, session, _| desk.record_key_event(session, KeyEvent::BackedUp),
        |desk, session, _| desk.register_device(session, &new_device(0x71, "zoe")),
        |desk, session, _| desk.record_rotation(session, &device(1), issuer(), 1),
        |desk, session, _| desk.slots_seen(session, &device(1), &[]),
        |desk, session, _| desk.retire_device(session, &device(1)),
        |desk, session, _| desk.put_user(session, &user("zoe", UserClass::Ordinary)),
        |desk, session, _| desk.erase_user(session, &user_id("zoe")),
        |desk, session, _| desk.remove_operator(session, &operator_id("bert")),
        |desk, session, _| desk.acknowledge(session, 0, "note"),
        |desk, session, _| desk.set_service(session, true),
        |desk, session, _| desk.put_rules(session, &Rules::default()),
        |desk, session, _| {
            desk.put_licence(session, &TestDesk::licence(START, 9))
                .map(|_| ())
        },
        |desk, session, _| {
            let info = IssuerInfo {
                slot: 7,
                suite: Suite::P256EcdhMac,
                public: mac_key(0x77).public().unwrap(),
                retired: false,
            };
            desk.put_issuer(session, &info)
        },
        |desk, session, _| desk.audit_entries(session, 0, 1).map(|_| ()),
        |desk, session, _| desk.record_download(session, "app"),
        |desk, session, _| {
            let operator = Operator {
                id: operator_id("new"),
                roles: vec![],
                privileges: vec![],
                user: None,
            };
            desk.put_operator(session, &operator, Some("a long enough pass phrase"))
        },
    ];
    let mut house = House::new();
    let reader = house.operator("reader", &[Privilege::Downloads]);
    let unlocker = house.operator("unlocker", &[Privilege::Unlock]);
    house.later(DAY);
    let (anna, reader, unlocker) = (
        house.sign_in(ANNA),
        house.sign_in(reader),
        house.sign_in(unlocker),
    );
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    for act in OF_UNLOCK {
        house.refused(ErrorCode::PrivilegeMissing, |desk| act(desk, &reader, id));
    }
    house.desk.record_download(&reader, "app").unwrap();
    house.desk.request(&unlocker, id).unwrap();
    for act in OF_OTHERS {
        house.refused(ErrorCode::PrivilegeMissing, |desk| act(desk, &unlocker, id));
    }
}

#[test]
fn a_request_is_known_lives_is_its_operators_and_serves_once() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    for act in OF_ITS_OPERATOR.iter().chain(&OF_ANOTHER) {
        house.refused(ErrorCode::RequestUnknown, |desk| act(desk, &anna, NOBODYS));
    }
    let id = house.ready(&anna, 1, 0xA1, 0);
    for act in OF_ITS_OPERATOR {
        house.refused(ErrorCode::RequestUnknown, |desk| act(desk, &bert, id));
    }
    // Nothing is done with a code that there is not.
    house.refused(ErrorCode::RequestUnknown, |desk| desk.done(&anna, id));

    house.later(HOUR);
    house.verify(&anna, id).unwrap();
    house.desk.approve(&bert, id).unwrap();
    house.later(1);
    for act in OF_ITS_OPERATOR {
        house.refused(ErrorCode::RequestExpired, |desk| act(desk, &anna, id));
    }
    for act in OF_ANOTHER {
        house.refused(ErrorCode::RequestExpired, |desk| act(desk, &bert, id));
    }

    // What ran out, or goes no further, is given up by anybody, once, and nobody is told who was not told before.
    house.desk.abandon(&bert, id).unwrap();
    house.refused(ErrorCode::RequestUsed, |desk| desk.abandon(&anna, id));
    house.refused(ErrorCode::RequestUsed, |desk| desk.done(&anna, id));
    assert!(!house.desk.request(&anna, id).unwrap().lives);
    assert_eq!(house.desk.request(&anna, id).unwrap().code, None);
    assert_eq!(house.desk.open_requests(&anna, None, 50).unwrap(), []);
    while house.desk.send_notice().unwrap() {}
    assert_eq!(house.world.outbox.notices(), []);

    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    let (last, others) = OF_ITS_OPERATOR.split_last().unwrap();
    for act in others {
        house.refused(ErrorCode::RequestUsed, |desk| act(desk, &anna, id));
    }
    for act in OF_ANOTHER {
        house.refused(ErrorCode::RequestUsed, |desk| act(desk, &bert, id));
    }
    last(&mut house.desk, &anna, id).unwrap();
    house.desk.abandon(&anna, id).unwrap();
    house.refused(ErrorCode::RequestUsed, |desk| desk.abandon(&anna, id));
    house.desk.done(&bert, id).unwrap();
    house.refused(ErrorCode::RequestUsed, |desk| desk.done(&anna, id));
    house.refused(ErrorCode::RequestUsed, |desk| desk.abandon(&anna, id));
    house.refused(ErrorCode::RequestUsed, |desk| last(desk, &anna, id));
}

#[test]
fn a_caller_who_reads_another_code_back_is_not_verified() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 1);
    house
        .desk
        .enter_challenge(&anna, id, &challenge(0xA1, 0))
        .unwrap();
    house.refused(ErrorCode::CallerUnverified, |desk| {
        desk.verify_caller(&anna, id, &mut OneTimeCode::new("8812", "8813"))
    });
    house.refused(ErrorCode::CallerUnverified, |desk| {
        desk.authorise(&anna, id, &Delivery::Show)
    });
}

#[test]
fn methods_that_are_too_weak() {
    // Even rules that say otherwise let the operator's word never count for a privileged user.
    let mut rules = Rules::default();
    rules.privileged_methods.push(AcceptedMethod {
        method: VerificationMethod::CallBack,
        at_least: Vouched::Operator,
    });
    let mut house = House::with(rules);
    let anna = house.sign_in(ANNA);
    let (zoe, boss) = (house.open(&anna, 1), house.open(&anna, 3));
    for (id, method, vouched) in [
        (zoe, VerificationMethod::Questions, Vouched::Machine),
        (zoe, VerificationMethod::Questions, Vouched::Operator),
        (zoe, VerificationMethod::EnrolledFactor, Vouched::Operator),
        (boss, VerificationMethod::CallBack, Vouched::Operator),
        (boss, VerificationMethod::EnrolledFactor, Vouched::Operator),
        (boss, VerificationMethod::Manager, Vouched::Machine),
    ] {
        let method = Some(method);
        let mut verifier = ScriptedVerifier { method, vouched };
        house.refused(ErrorCode::CallerMethod, |desk| {
            desk.verify_caller(&anna, id, &mut verifier)
        });
    }
    let mut statement = OperatorStatement::new(VerificationMethod::CallBack, "called back, spoke to her");
    house.desk.verify_caller(&anna, zoe, &mut statement).unwrap();
    house
        .desk
        .enter_challenge(&anna, zoe, &challenge(0xA1, 0))
        .unwrap();
    // Zoe becomes privileged between the check and the code.
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_user(&admin, &user("zoe", UserClass::Privileged))
        .unwrap();
    house.refused(ErrorCode::CallerMethod, |desk| {
        desk.authorise(&anna, zoe, &Delivery::Show)
    });
}

#[test]
fn limits_of_device_operator_and_issuer() {
    type Limit = fn(&mut LimitRules) -> &mut LimitRule;
    let limits: [(Limit, ErrorCode); 3] = [
        (|rules| &mut rules.device, ErrorCode::LimitDevice),
        (|rules| &mut rules.operator, ErrorCode::LimitOperator),
        (|rules| &mut rules.issuer, ErrorCode::LimitIssuer),
    ];
    for (limit, code) in limits {
        let mut rules = Rules::default();
        limit(&mut rules.limits).approval_from = 1;
        limit(&mut rules.limits).refuse_from = 2;
        let mut house = House::with(rules);
        let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
        let first = house.ready(&anna, 1, 0xA1, 0);
        house.code(&anna, first).unwrap();
        // Past the first threshold a second operator must approve; nothing is counted until then.
        let second = house.ready(&anna, 1, 0xA1, 0);
        for _ in 0..3 {
            house.refused(ErrorCode::ApprovalMissing, |desk| {
                desk.authorise(&anna, second, &Delivery::Show)
            });
        }
        house.desk.approve(&bert, second).unwrap();
        house.code(&anna, second).unwrap();
        // Past the second one nobody can, and a restart changes nothing.
        house.reopen();
        let third = house.ready(&anna, 1, 0xA1, 0);
        house.desk.approve(&bert, third).unwrap();
        house.refused(code, |desk| desk.authorise(&anna, third, &Delivery::Show));
        // At most a 48th of the window longer than the rule says.
        house.later(DAY + DAY / 48);
        let anna = house.sign_in(ANNA);
        let id = house.ready(&anna, 1, 0xA1, 0);
        house.code(&anna, id).unwrap();
    }
}

#[test]
fn limits_count_only_their_own() {
    let of = |limit: fn(&mut LimitRules) -> &mut LimitRule| {
        let mut rules = Rules::default();
        limit(&mut rules.limits).refuse_from = 1;
        let mut house = House::with(rules).of_all_suites();
        let anna = house.sign_in(ANNA);
        let id = house.ready(&anna, 1, 0xA1, 0);
        house.code(&anna, id).unwrap();
        (house, anna)
    };
    let (mut house, anna) = of(|rules| &mut rules.device);
    let id = house.ready(&anna, 2, 0xA2, 0);
    house.code(&anna, id).unwrap();
    let (mut house, _) = of(|rules| &mut rules.operator);
    let bert = house.sign_in(BERT);
    let id = house.ready(&bert, 1, 0xA1, 0);
    house.code(&bert, id).unwrap();
    let (mut house, anna) = of(|rules| &mut rules.issuer);
    let mac = Suite::P256EcdhMac;
    let id = house.ready_in(&anna, mac, &challenge_of(mac, 0xA2));
    house.code(&anna, id).unwrap();
}

#[test]
fn a_device_is_registered_once_in_its_form_with_keys_of_the_desk() {
    let mut house = House::new().of_all_suites();
    let (anna, public) = (house.sign_in(ANNA), mac_key(0x22).public().unwrap());
    let good = || mac_device(0x71, public);
    let mut other_key = ADMIN_KEY;
    other_key[0] ^= 1;
    let refusals = [
        (
            NewDevice {
                owner: user_id("carol"),
                ..good()
            },
            ErrorCode::UserUnknown,
        ),
        (NewDevice { slot: SLOT, ..good() }, ErrorCode::KeyMissing),
        (
            mac_device(0x71, mac_key(0x55).public().unwrap()),
            ErrorCode::KeyMissing,
        ),
        (NewDevice { slot: 16, ..good() }, ErrorCode::InvalidArgument),
        (
            NewDevice {
                counter: None,
                ..good()
            },
            ErrorCode::InvalidArgument,
        ),
        (
            NewDevice {
                admin_key: AdminKey::new(&other_key),
                ..good()
            },
            ErrorCode::InvalidArgument,
        ),
        (
            NewDevice {
                admin_key: None,
                ..aes_device(0x71, &other_key)
            },
            ErrorCode::InvalidArgument,
        ),
        (new_device(1, "zoe"), ErrorCode::DeviceExists),
    ];
    for (device, code) in refusals {
        house.refused(code, |desk| desk.may_register(&anna, &device));
        house.refused(code, |desk| desk.register_device(&anna, &device));
    }
    house.desk.may_register(&anna, &good()).unwrap();
    house.desk.register_device(&anna, &good()).unwrap();

    let id = house.open(&anna, 0x71);
    house.refused(ErrorCode::DeviceNotUsers, |desk| {
        desk.open_request(&anna, &user_id("boss"), &device(0x71), "r")
    });
    house.desk.retire_device(&anna, &device(0x71)).unwrap();
    let mac = challenge_of(Suite::P256EcdhMac, 9);
    let retired = ErrorCode::DeviceRetired;
    house.refused(retired, |desk| desk.enter_read_challenge(&anna, id, &mac));
    house.refused(retired, |desk| {
        desk.open_request(&anna, &user_id("zoe"), &device(0x71), "r")
    });
    house.refused(retired, |desk| desk.retire_device(&anna, &device(0x71)));
    house.refused(ErrorCode::DeviceExists, |desk| {
        desk.register_device(&anna, &good())
    });
}

// M-suites-6 M-suites-7
#[test]
fn default_and_shared_admin_keys() {
    let mut house = House::new().of_all_suites();
    let anna = house.sign_in(ANNA);
    let mut own = ADMIN_KEY;
    own[0] ^= 1;
    for (key, code) in [
        (&[0; 32][..], ErrorCode::AdminKeyDefault),
        (&ADMIN_KEY, ErrorCode::AdminKeyShared),
    ] {
        let device = aes_device(0x71, key);
        house.refused(code, |desk| desk.may_register(&anna, &device));
        house.refused(code, |desk| desk.register_device(&anna, &device));
    }
    house
        .desk
        .register_device(&anna, &aes_device(0x71, &own))
        .unwrap();
    house.refused(ErrorCode::AdminKeyShared, |desk| {
        desk.register_device(&anna, &aes_device(0x72, &own))
    });
}

#[test]
fn users_and_devices_that_are_unknown() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let (carol, nothing) = (user_id("carol"), device(0xEE));
    house.refused(ErrorCode::UserUnknown, |desk| {
        desk.open_request(&anna, &carol, &device(1), "r")
    });
    house.refused(ErrorCode::DeviceUnknown, |desk| {
        desk.open_request(&anna, &user_id("zoe"), &nothing, "r")
    });
    house.refused(ErrorCode::UserUnknown, |desk| desk.find_user(&anna, &carol));
    house.refused(ErrorCode::DeviceUnknown, |desk| desk.find_device(&anna, &nothing));
    house.refused(ErrorCode::DeviceUnknown, |desk| {
        desk.retire_device(&anna, &nothing)
    });
    let admin = house.sign_in(ADMIN);
    house.refused(ErrorCode::UserUnknown, |desk| desk.erase_user(&admin, &carol));
    house.refused(ErrorCode::AlarmUnknown, |desk| {
        desk.acknowledge(&admin, 1000, "note")
    });
}

#[test]
fn a_channel_is_registered_and_has_rested() {
    let mut house = House::new();
    house.later(7 * DAY);
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let id = house.ready(&anna, 1, 0xA1, 0);
    let unusable = ErrorCode::ChannelUnusable;
    let to = |channel: &str| Delivery::Channel(channel.into());
    house.refused(unusable, |desk| {
        desk.authorise(&anna, id, &to("typed@corp.example"))
    });
    let mut zoe = user("zoe", UserClass::Ordinary);
    zoe.channels.push(Channel {
        id: "phone".into(),
        kind: ChannelKind::TextMessage,
        address: "+00 1".into(),
        // It is the desk that says when.
        changed_at: UnixTime(START - 300 * DAY),
    });
    house.desk.put_user(&admin, &zoe).unwrap();
    house.refused(unusable, |desk| desk.authorise(&anna, id, &to("phone")));
    assert_eq!(house.count(DeskEvent::Authorised), 0);
    // The old one has rested, and still does after the change of another.
    house.desk.authorise(&anna, id, &to("mail")).unwrap();
    assert_eq!(house.world.outbox.codes()[0].0, "zoe@corp.example");

    zoe.channels[0].address = "mallory@elsewhere.example".into();
    house.desk.put_user(&admin, &zoe).unwrap();
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.refused(unusable, |desk| desk.authorise(&anna, id, &to("mail")));
    house.later(7 * DAY);
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.desk.authorise(&anna, id, &to("phone")).unwrap();

    let mut parts = house.world.parts(ring());
    parts.delivery = None;
    house.desk = Desk::open(parts).unwrap();
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.refused(unusable, |desk| desk.authorise(&anna, id, &to("phone")));
}

#[test]
fn a_code_that_could_not_be_sent_may_still_be_good() {
    let mut house = House::new();
    house.later(7 * DAY);
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.world.outbox.set_broken(true);
    let sent = house.desk.authorise(&anna, id, &Delivery::Channel("mail".into()));
    assert_eq!(code_of(sent), ErrorCode::HostFailed);
    let refused = house.entries().pop().unwrap();
    assert_eq!((refused.event, refused.request), (DeskEvent::Refused, Some(id)));
    assert_eq!(house.desk.open_codes(&anna, &device(1)).unwrap()[0].request, id);
    // A notice that fails is recorded, holds nothing up and is tried again.
    house.desk.send_notice().unwrap();
    assert_eq!(house.count(DeskEvent::NoticeFailed), 1);
    house.world.outbox.set_broken(false);
    while house.desk.send_notice().unwrap() {}
    assert_eq!(house.count(DeskEvent::NoticeSent), 1);
}

#[test]
fn a_clock_that_went_back_stops_signing_in_too() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    house.later(DAY);
    house.sign_in(BERT);
    house.world.clock.set(START + DAY - 6);
    for act in BEFORE {
        house.refused(ErrorCode::ClockWentBack, |desk| act(desk, &anna, NOBODYS));
    }
    house.refused(ErrorCode::ClockWentBack, |desk| {
        desk.sign_in(&operator_id(ANNA.0), ANNA.1)
    });
    house.reopen();
    house.refused(ErrorCode::ClockWentBack, |desk| {
        desk.sign_in(&operator_id(ANNA.0), ANNA.1)
    });
    house.refused(ErrorCode::ReasonMissing, |desk| {
        desk.accept_clock(&operator_id(ADMIN.0), ADMIN.1, " ")
    });
    // The refusals are in the log, and its time did not go back.
    house.desk.verify_audit(&[]).unwrap();
    house.world.clock.set(START + DAY);
    house.sign_in(ANNA);
}
