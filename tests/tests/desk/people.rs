//! Signing in, operators, users, and changes that rest.

use fido_unlock::desk::ports::{IssuerInfo, NoticeKind, Table};
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    Channel, ChannelKind, Desk, DeskError, KeyEvent, KnownOperator, KnownUser, LicenceFile, NewManager,
    Operator, OperatorSession, Privilege, Role, Rule, Rules, SetUp, Standing, UnixTime, User, UserClass,
    UserId, WantedUser,
};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::desk::TestDesk;

use crate::house::{
    ADMIN, ANNA, BERT, DAY, House, MINUTE, SLOT, START, approve_rules, approve_user, code_of, device,
    new_device, operator_id, ring, user, user_id,
};

fn operator(name: &str, roles: &[Role]) -> Operator {
    Operator {
        id: operator_id(name),
        roles: roles.to_vec(),
        privileges: vec![],
        user: None,
    }
}

#[test]
fn wrong_passwords_make_the_next_ones_wait() {
    let mut house = House::new();
    let from = house.log_size();
    for _ in 0..5 {
        let wrong = house.desk.sign_in(&operator_id("anna"), "a wrong pass phrase");
        assert_eq!(code_of(wrong), ErrorCode::OperatorUnknown);
    }
    assert!(matches!(
        house.desk.sign_in(&operator_id("anna"), ANNA.1),
        Err(DeskError::SignInLocked { .. })
    ));
    house.later(30);
    house.sign_in(ANNA);
    // An unknown name may be a password in the wrong field: it is in no entry.
    let nobody = house.desk.sign_in(&operator_id("hunter2hunter2"), "x");
    assert_eq!(code_of(nobody), ErrorCode::OperatorUnknown);
    let admin = house.sign_in(ADMIN);
    let entries = house.desk.audit_entries(&admin, from, u32::MAX).unwrap();
    assert!(!format!("{entries:?}").contains("hunter2"));
    let refused = entries
        .iter()
        .filter(|shown| shown.entry.event.name() == "SignInsRefused");
    assert_eq!(refused.count(), 6);
}

#[test]
fn guesses_within_a_window_are_one_entry() {
    let mut house = House::new();
    house.world.guess_window_seconds = 60;
    house.reopen();
    let from = house.log_size();
    for _ in 0..4 {
        let _ = house.desk.sign_in(&operator_id("anna"), "a wrong pass phrase");
    }
    assert_eq!(house.log_size(), from);
    // A desk that ends writes down what it has counted.
    house.reopen();
    assert_eq!(house.log_from(from)[0], "SignInsRefused 427");
}

#[test]
fn a_session_ends_with_its_time_its_password_and_its_operator() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let ends = |house: &mut House, end: &dyn Fn(&mut House)| {
        let anna = house.sign_in(ANNA);
        assert!(house.desk.may(&anna, Privilege::Unlock).unwrap());
        end(house);
        assert_eq!(
            code_of(house.desk.may(&anna, Privilege::Unlock)),
            ErrorCode::OperatorUnknown
        );
    };
    ends(&mut house, &|house| house.later(10 * 60 * MINUTE + 1));
    let admin = if house.desk.may(&admin, Privilege::Unlock).is_ok() {
        admin
    } else {
        house.sign_in(ADMIN)
    };
    ends(&mut house, &|house| {
        let anna = house.sign_in(ANNA);
        house.desk.change_password(&anna, "nine quiet bicycles").unwrap();
    });
    house
        .desk
        .put_operator(
            &admin,
            &operator("anna", &[Role::DeviceServiceAdministrator]),
            Some(ANNA.1),
        )
        .unwrap();
    ends(&mut house, &|house| {
        house.desk.remove_operator(&admin, &operator_id("anna")).unwrap();
    });
    let bert = house.sign_in(BERT);
    house.desk.sign_out(&bert).unwrap();
    assert_eq!(code_of(house.desk.sign_out(&bert)), ErrorCode::OperatorUnknown);
}

#[test]
fn sessions_of_an_old_password_are_cleared_away_at_the_next_sign_in() {
    let mut house = House::new();
    let sessions = |house: &House| {
        let content = house.world.store.content();
        content
            .rows
            .keys()
            .filter(|(of, _)| *of == Table::Sessions)
            .count()
    };
    let before = sessions(&house);
    let (old, anna) = (house.sign_in(ANNA), house.sign_in(ANNA));
    house.desk.change_password(&anna, BERT.1).unwrap();
    house.sign_in((ANNA.0, BERT.1));
    assert_eq!(sessions(&house), before + 1);
    assert_eq!(
        code_of(house.desk.may(&old, Privilege::Unlock)),
        ErrorCode::OperatorUnknown
    );
}

#[test]
fn a_session_is_of_one_desk() {
    let mut one = House::new();
    let mut other = House::new();
    // The two worlds have different random numbers, hence logs.
    let anna = one.sign_in(ANNA);
    let mut world = TestDesk::new(START);
    world.entropy = one.world.entropy.clone();
    let admin = operator_id(ADMIN.0);
    other.desk = Desk::create(world.parts(ring()), Rules::default(), &admin, ADMIN.1).unwrap();
    assert_eq!(
        code_of(other.desk.may(&anna, Privilege::Unlock)),
        ErrorCode::OperatorUnknown
    );
}

#[test]
fn passwords_that_are_guessed_first_are_refused() {
    let world = TestDesk::new(START);
    let admin = operator_id("administrator");
    for weak in [
        "short",
        "fourteen chars",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "administratoradministrator",
        "abcdefghijklmnopqrst",
        "passwordpasswordpassword",
    ] {
        let made = Desk::create(world.parts(ring()), Rules::default(), &admin, weak);
        assert_eq!(code_of(made), ErrorCode::PasswordWeak, "{weak}");
    }
    Desk::create(world.parts(ring()), Rules::default(), &admin, "fifteen letters").unwrap();
    let again = Desk::create(world.parts(ring()), Rules::default(), &admin, "fifteen letters");
    assert_eq!(code_of(again), ErrorCode::StoreWrite);
}

#[test]
fn what_loosens_rests_and_what_tightens_does_not() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_operator(&admin, &operator("carl", &[Role::Administrator]), Some(BERT.1))
        .unwrap();
    let carl = house.sign_in(("carl", BERT.1));
    assert!(!house.desk.may(&carl, Privilege::Administer).unwrap());
    house.later(DAY - 1);
    let carl = house.sign_in(("carl", BERT.1));
    assert!(!house.desk.may(&carl, Privilege::Administer).unwrap());
    house.later(1);
    assert!(house.desk.may(&carl, Privilege::Administer).unwrap());
    // Taken away at once.
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_operator(&admin, &operator("carl", &[]), None)
        .unwrap();
    assert!(!house.desk.may(&carl, Privilege::Unlock).unwrap());
}

#[test]
fn a_second_administrator_stands_in_for_the_rest() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_operator(&admin, &operator("carl", &[Role::Administrator]), Some(BERT.1))
        .unwrap();
    house.later(DAY);
    let (admin, carl) = (house.sign_in(ADMIN), house.sign_in(("carl", BERT.1)));
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    let class = |house: &mut House| house.desk.find_user(&admin, &user_id("boss")).unwrap().user.class;
    assert_eq!(class(&mut house), UserClass::Privileged);
    let boss = user_id("boss");
    let rests = house.desk.pending_class(&carl, &boss).unwrap().unwrap();
    assert_eq!(
        code_of(house.desk.approve_user(&admin, &boss, &rests, "fire")),
        ErrorCode::ApprovalSelf
    );
    assert_eq!(
        code_of(house.desk.approve_user(&carl, &boss, &rests, " ")),
        ErrorCode::ReasonMissing
    );
    house
        .desk
        .approve_user(&carl, &boss, &rests, "the house is on fire")
        .unwrap();
    assert_eq!(class(&mut house), UserClass::Ordinary);
    assert_eq!(
        code_of(house.desk.approve_user(&carl, &boss, &rests, "again")),
        ErrorCode::NothingRests
    );
    // Up again at once.
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Privileged))
        .unwrap();
    assert_eq!(class(&mut house), UserClass::Privileged);
    let looser = Rules {
        reason_wanted: false,
        ..Rules::default()
    };
    house.desk.put_rules(&carl, &looser).unwrap();
    assert!(house.desk.rules(&admin).unwrap().reason_wanted);
    approve_rules(&mut house.desk, &admin).unwrap();
    assert!(!house.desk.rules(&admin).unwrap().reason_wanted);
}

/// Who corrects a name says nothing of class and channels.
#[test]
fn another_name_leaves_class_what_rests_of_it_and_channels() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let boss = user_id("boss");
    let with_mail = User {
        channels: vec![Channel {
            id: "mail".into(),
            kind: ChannelKind::Mail,
            address: "boss@example.com".into(),
            changed_at: UnixTime(0),
        }],
        ..user("boss", UserClass::Privileged)
    };
    house.desk.put_user(&admin, &with_mail).unwrap();
    let before = house.desk.find_user(&admin, &boss).unwrap().user;
    // A lower class that was asked for goes on resting.
    house
        .desk
        .name_user(&admin, &boss, "Boss", Some(UserClass::Ordinary))
        .unwrap();
    house.desk.name_user(&admin, &boss, "The Boss", None).unwrap();
    let named = house.desk.find_user(&admin, &boss).unwrap().user;
    let expected = User {
        name: "The Boss".into(),
        ..before.clone()
    };
    assert_eq!(named, expected);
    assert_eq!(named.class, UserClass::Privileged);
    house.later(DAY);
    let admin = house.sign_in(ADMIN);
    assert_eq!(
        house.desk.find_user(&admin, &boss).unwrap().user.class,
        UserClass::Ordinary
    );
    // A new user is ordinary unless it is said.
    let (new, high) = (user_id("new"), user_id("high"));
    house.desk.name_user(&admin, &new, "New", None).unwrap();
    house
        .desk
        .name_user(&admin, &high, "High", Some(UserClass::Privileged))
        .unwrap();
    let mut class = |id: &UserId| house.desk.find_user(&admin, id).unwrap().user.class;
    assert_eq!(
        (class(&new), class(&high)),
        (UserClass::Ordinary, UserClass::Privileged)
    );
    let anna = house.sign_in(ANNA);
    assert_eq!(
        code_of(house.desk.name_user(&anna, &new, "N", None)),
        ErrorCode::PrivilegeMissing
    );
}

#[test]
fn an_operator_sees_from_when_on_they_may() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    assert_eq!(house.desk.pending_own(&admin), Ok(None));
    let carl = operator("carl", &[Role::Administrator]);
    house.desk.put_operator(&admin, &carl, Some(BERT.1)).unwrap();
    let session = house.sign_in(("carl", BERT.1));
    let pending = house.desk.pending_own(&session).unwrap().unwrap();
    assert_eq!(pending.value, carl);
    assert_eq!(pending.holds_from, UnixTime(START + DAY));
    assert_eq!(pending.asked_by.as_deref(), Some(ADMIN.0));
    house.later(DAY);
    let session = house.sign_in(("carl", BERT.1));
    assert_eq!(house.desk.pending_own(&session), Ok(None));
}

#[test]
fn how_the_desk_stands() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let mut standing = Standing {
        open: true,
        service_on: true,
        devices: 3,
    };
    assert_eq!(house.desk.standing(&admin), Ok(standing));
    house.desk.set_service(&admin, false).unwrap();
    standing.service_on = false;
    let anna = house.sign_in(ANNA);
    assert_eq!(house.desk.standing(&anna), Ok(standing));
    house.desk.set_service(&admin, true).unwrap();
    house.desk.retire_device(&admin, &device(3)).unwrap();
    assert_eq!(house.desk.standing(&anna).unwrap().devices, 2);
}

/// What was announced, and whether it rests.
fn told(house: &mut House, session: &OperatorSession) -> Vec<(DeskEvent, bool)> {
    let told = house.desk.announcements(session, 50).unwrap();
    told.iter().map(|one| (one.event, one.due.is_some())).collect()
}

/// Operators have no channels: each Administrator is told where they sign in, until they have read it.
#[test]
fn every_administrator_is_told_of_what_loosens() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    // Of the set-up nobody is told, since nothing rests there.
    assert_eq!(told(&mut house, &admin), []);
    let carl = operator("carl", &[Role::Administrator]);
    house.desk.put_operator(&admin, &carl, Some(BERT.1)).unwrap();
    house.later(DAY);
    let (admin, carl) = (house.sign_in(ADMIN), house.sign_in(("carl", BERT.1)));
    let looser = Rules {
        reason_wanted: false,
        ..Rules::default()
    };
    house.desk.put_rules(&admin, &looser).unwrap();
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    approve_rules(&mut house.desk, &carl).unwrap();
    approve_user(&mut house.desk, &carl, "boss").unwrap();
    let all = [
        (DeskEvent::RulesChanged, true),
        (DeskEvent::UserChanged, true),
        (DeskEvent::ChangeApproved, false),
        (DeskEvent::ChangeApproved, false),
    ];
    // Carl too, of what came before his own coming not.
    assert_eq!(told(&mut house, &carl)[1..], all);
    assert_eq!(
        told(&mut house, &admin),
        [&[(DeskEvent::OperatorChanged, true)], &all[..]].concat()
    );
    // What tightens is no news.
    house.desk.put_rules(&admin, &Rules::default()).unwrap();
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Privileged))
        .unwrap();
    house
        .desk
        .put_operator(&admin, &operator("carla", &[]), Some(BERT.1))
        .unwrap();
    let shown = house.desk.announcements(&admin, 50).unwrap();
    assert_eq!(shown.len(), 5);
    let last = shown.last().unwrap();
    assert_eq!(last.operator.as_deref(), Some("carl"));
    assert_eq!(last.user.as_deref(), Some("boss"));
    assert_eq!(last.text.as_deref(), Some("urgent"));
    let entry = &house.desk.audit_entries(&admin, last.entry, 1).unwrap()[0].entry;
    assert_eq!((entry.event, entry.at), (last.event, last.at));
    let due = house.desk.announcements(&admin, 1).unwrap()[0].due;
    assert_eq!(due, Some(UnixTime(START + DAY)));

    // Read by one, and by nobody else.
    house.desk.announcements_read(&admin, shown[1].number).unwrap();
    let read = house.entries().pop().unwrap();
    assert_eq!((read.event, read.count), (DeskEvent::AnnouncementsRead, Some(2)));
    assert_eq!(told(&mut house, &admin), all[1..]);
    assert_eq!(told(&mut house, &carl)[1..], all);
    for number in [shown[1].number, last.number + 1, u64::MAX] {
        let wrong = house.desk.announcements_read(&admin, number);
        assert_eq!(code_of(wrong), ErrorCode::InvalidArgument, "{number}");
    }
    house.desk.announcements_read(&admin, last.number).unwrap();
    assert_eq!(told(&mut house, &admin), []);
    // None of it is for others.
    let anna = house.sign_in(ANNA);
    let missing = ErrorCode::PrivilegeMissing;
    assert_eq!(code_of(house.desk.announcements(&anna, 50)), missing);
    assert_eq!(code_of(house.desk.announcements_read(&anna, 0)), missing);
}

/// Without a rest it holds before anybody could object, so they hear of it at least.
#[test]
fn every_administrator_is_told_of_what_loosens_without_a_rest_and_of_who_no_longer_administers() {
    let mut house = House::with(Rules {
        rest_seconds: 0,
        ..Rules::default()
    });
    let admin = house.sign_in(ADMIN);
    for name in ["carl", "dora"] {
        let new = operator(name, &[Role::Administrator]);
        house.desk.put_operator(&admin, &new, Some(BERT.1)).unwrap();
    }
    house
        .desk
        .put_user(&admin, &user("boss", UserClass::Ordinary))
        .unwrap();
    let looser = Rules {
        reason_wanted: false,
        ..house.desk.rules(&admin).unwrap()
    };
    house.desk.put_rules(&admin, &looser).unwrap();
    house
        .desk
        .put_operator(&admin, &operator("carl", &[]), None)
        .unwrap();
    house.desk.remove_operator(&admin, &operator_id("dora")).unwrap();
    // Neither a user who is new nor an operator who did not administer.
    house
        .desk
        .put_user(&admin, &user("new", UserClass::Ordinary))
        .unwrap();
    house.desk.remove_operator(&admin, &operator_id("carl")).unwrap();
    assert_eq!(
        told(&mut house, &admin),
        [
            (DeskEvent::OperatorChanged, false),
            (DeskEvent::OperatorChanged, false),
            (DeskEvent::UserChanged, false),
            (DeskEvent::RulesChanged, false),
            (DeskEvent::OperatorChanged, false),
            (DeskEvent::OperatorRemoved, false)
        ]
    );
}

fn mail(id: &str, address: &str) -> Channel {
    Channel {
        id: id.into(),
        kind: ChannelKind::Mail,
        address: address.into(),
        changed_at: UnixTime(0),
    }
}

/// Who changes an address to have a code sent there cannot keep it from whoever reads the old one.
#[test]
fn a_changed_channel_is_told_to_the_old_address_and_to_the_new_one() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let with = |channels: &[Channel]| User {
        channels: channels.to_vec(),
        ..user("yves", UserClass::Ordinary)
    };
    // Somebody new has no other address.
    let (old, phone) = (mail("mail", "yves@old.example"), mail("phone", "phone.example"));
    house
        .desk
        .put_user(&admin, &with(&[old.clone(), phone.clone()]))
        .unwrap();
    assert!(!house.desk.send_notice().unwrap());

    let new = mail("mail", "yves@new.example");
    house
        .desk
        .put_user(&admin, &with(&[new.clone(), phone.clone()]))
        .unwrap();
    // Nothing changed, and nobody is told.
    house
        .desk
        .put_user(&admin, &with(&[new.clone(), phone.clone()]))
        .unwrap();
    let addresses = |house: &mut House, from: usize| -> Vec<String> {
        while house.desk.send_notice().unwrap() {}
        let told = house.world.outbox.notices().split_off(from);
        for notice in &told {
            assert_eq!(notice.kind, NoticeKind::ChannelChanged);
            assert_eq!(
                (notice.user.as_str(), notice.operator.as_str()),
                ("yves", ADMIN.0)
            );
            assert_eq!((notice.device, notice.request), (None, None));
        }
        told.into_iter().map(|notice| notice.address.unwrap()).collect()
    };
    assert_eq!(
        addresses(&mut house, 0),
        ["yves@old.example", "phone.example", "yves@new.example"]
    );
    // Added, and taken away.
    let more = mail("second", "more.example");
    house
        .desk
        .put_user(&admin, &with(&[new.clone(), phone.clone(), more.clone()]))
        .unwrap();
    assert_eq!(
        addresses(&mut house, 3),
        ["yves@new.example", "phone.example", "more.example"]
    );
    house.desk.put_user(&admin, &with(&[new, more])).unwrap();
    assert_eq!(
        addresses(&mut house, 6),
        ["yves@new.example", "phone.example", "more.example"]
    );
    assert_eq!(house.count(DeskEvent::NoticeSent), 9);
    // Whoever is forgotten is told nothing more.
    house.desk.put_user(&admin, &with(&[])).unwrap();
    house.desk.erase_user(&admin, &user_id("yves")).unwrap();
    assert_eq!(addresses(&mut house, 9), [""; 0]);
}

#[test]
fn every_administrator_is_told_of_an_accepted_clock_and_of_a_backup() {
    let mut house = House::new();
    house.later(DAY);
    house.sign_in(ADMIN);
    house.world.clock.set(START);
    let admin = operator_id(ADMIN.0);
    house
        .desk
        .accept_clock(&admin, ADMIN.1, "it was a day ahead")
        .unwrap();
    let parts = house.parts();
    house.desk = Desk::restore(parts, &admin, ADMIN.1, "the disk broke").unwrap();
    let session = house.sign_in(ADMIN);
    let shown = house.desk.announcements(&session, 50).unwrap();
    let of: Vec<_> = shown
        .iter()
        .map(|one| (one.event, one.operator.as_deref()))
        .collect();
    assert_eq!(
        of,
        [
            (DeskEvent::ClockAccepted, Some(ADMIN.0)),
            (DeskEvent::LogRestored, Some(ADMIN.0))
        ]
    );
    assert_eq!(shown[0].text.as_deref(), Some("it was a day ahead"));
    assert!(shown[1].text.as_deref().unwrap().ends_with("\nthe disk broke"));
}

#[test]
fn the_last_administrator_stays() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let gone = house.desk.remove_operator(&admin, &operator_id(ADMIN.0));
    assert_eq!(code_of(gone), ErrorCode::LastAdministrator);
    let lower = house.desk.put_operator(&admin, &operator(ADMIN.0, &[]), None);
    assert_eq!(code_of(lower), ErrorCode::LastAdministrator);
}

#[test]
fn one_who_is_erased_is_in_no_row_and_no_search() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.desk.set_reason(&anna, id, "zoe lost her bag").unwrap();
    house.code(&anna, id).unwrap();
    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    let content = house.world.store.content();
    for ((table, key), (row, derived)) in &content.rows {
        let all = [key.as_slice(), row].concat();
        assert!(!all.windows(3).any(|part| part == b"zoe"), "{table:?}");
        assert!(
            derived.texts.iter().all(|text| !text.contains("zoe")),
            "{table:?}"
        );
    }
    assert!(house.desk.search(&admin, "zoe").unwrap().is_empty());
    let found = house.desk.find_device(&admin, &device(1));
    assert_eq!(code_of(found), ErrorCode::UserUnknown);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_licence_is_the_vendors() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let good = TestDesk::licence(START, 2);
    for bad in [
        good.replace("devices 2", "devices 3"),
        good.replace("vendor.example", "vendor.test"),
        String::new(),
        "fido-unlock licence\n".into(),
    ] {
        for said in [
            house.desk.read_licence(&admin, &bad),
            house.desk.put_licence(&admin, &bad),
        ] {
            assert_eq!(code_of(said), ErrorCode::LicenceRefused);
        }
    }
    // Reading one changes nothing.
    assert_eq!(house.desk.read_licence(&admin, &good).unwrap().devices, 2);
    assert_eq!(house.desk.licence(&admin).unwrap().unwrap().devices, 1000);
    // Fewer devices than are registered: nothing more is answered, and whom to ask is said.
    house.desk.put_licence(&admin, &good).unwrap();
    let open = |desk: &mut Desk, session: &OperatorSession| {
        desk.open_request(session, &user_id("zoe"), &device(1), "r")
            .map(drop)
    };
    let Err(DeskError::Licence { code, contact }) = open(&mut house.desk, &anna) else {
        panic!("three devices are more than two");
    };
    assert_eq!(
        (code, contact.as_str()),
        (ErrorCode::LicenceDevices, "licences@vendor.example")
    );
    house.desk.retire_device(&admin, &device(2)).unwrap();
    open(&mut house.desk, &anna).unwrap();
    let more = house.desk.register_device(&admin, &new_device(9, "zoe"));
    assert_eq!(code_of(more), ErrorCode::LicenceDevices);
    house.later(366 * DAY);
    let anna = house.sign_in(ANNA);
    assert_eq!(code_of(open(&mut house.desk, &anna)), ErrorCode::LicenceExpired);
    house.desk.search(&anna, "zoe").unwrap();
    let licence: Option<LicenceFile> = house.desk.licence(&anna).unwrap();
    assert_eq!(licence.unwrap().devices, 2);
}

#[test]
fn what_would_become_of_devices_is_what_becomes_of_them() {
    let mut house = House::new();
    let (admin, from) = (house.sign_in(ADMIN), house.log_size());
    let devices = || {
        [
            new_device(9, "zoe"),
            new_device(1, "zoe"),
            // The same again, and one more than the licence covers.
            new_device(9, "boss"),
            new_device(8, "zoe"),
        ]
    };
    let codes = |judged: Vec<Result<(), DeskError>>| -> Vec<_> {
        judged
            .into_iter()
            .map(|judged| judged.err().map(|error| error.code()))
            .collect()
    };
    house
        .desk
        .put_licence(&admin, &TestDesk::licence(START, 4))
        .unwrap();
    let size = house.log_size();
    let judged = house.desk.try_devices(&admin, &devices()).unwrap();
    let (exists, licence) = (ErrorCode::DeviceExists, ErrorCode::LicenceDevices);
    // The fifth device has no place whatever it is.
    assert_eq!(codes(judged), [None, Some(licence), Some(licence), Some(licence)]);
    house
        .desk
        .put_licence(&admin, &TestDesk::licence(START, 1000))
        .unwrap();
    let judged = house.desk.try_devices(&admin, &devices()).unwrap();
    assert_eq!(codes(judged), [None, Some(exists), Some(exists), None]);
    // Nothing was changed, and nothing is told of it in the log.
    assert_eq!(house.log_size(), size + 1);
    assert_eq!(
        code_of(house.desk.device(&admin, &device(9))),
        ErrorCode::DeviceUnknown
    );

    assert_eq!(code_of(house.desk.register_all(&admin, &devices())), exists);
    assert_eq!(
        code_of(house.desk.device(&admin, &device(9))),
        ErrorCode::DeviceUnknown
    );
    let good = [new_device(9, "zoe"), new_device(8, "zoe")];
    house.desk.register_all(&admin, &good).unwrap();
    assert_eq!(house.desk.standing(&admin).unwrap().devices, 5);
    let registered = |name: &&String| *name == "DeviceRegistered";
    assert_eq!(house.log_from(from).iter().filter(registered).count(), 2);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn a_device_is_seen_with_all_that_is_known_of_it() {
    let mut house = House::new();
    let keeper = house.operator("keeper", &[Privilege::ManageDevices]);
    house.later(DAY);
    let (admin, anna, keeper) = (house.sign_in(ADMIN), house.sign_in(ANNA), house.sign_in(keeper));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    let view = house.desk.device(&keeper, &device(1)).unwrap();
    assert_eq!(view.owner.unwrap().id, user_id("zoe"));
    assert_eq!(
        (view.open_codes, view.retired, view.issuer_present),
        (1, false, Some(true))
    );
    // The keys of a slot change, and the device has not been rotated yet.
    let other = IssuerInfo {
        slot: SLOT,
        suite: Suite::P256Ecdsa,
        public: IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x22; 32])
            .unwrap()
            .public()
            .unwrap(),
        retired: false,
    };
    house.desk.put_issuer(&admin, &other).unwrap();
    assert_eq!(
        house.desk.device(&keeper, &device(1)).unwrap().issuer_present,
        Some(false)
    );
    house
        .desk
        .record_rotation(&keeper, &device(1), other.public, 1)
        .unwrap();
    let view = house.desk.device(&keeper, &device(1)).unwrap();
    assert_eq!(
        (view.open_codes, view.rotation, view.issuer_present),
        (0, 1, Some(true))
    );

    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    assert_eq!(house.desk.device(&keeper, &device(1)).unwrap().owner, None);
    house.desk.retire_device(&keeper, &device(1)).unwrap();
    assert!(house.desk.device(&keeper, &device(1)).unwrap().retired);
    let reader = house.operator("reader", &[Privilege::Downloads]);
    let reader = house.sign_in(reader);
    house.refused(ErrorCode::PrivilegeMissing, |desk| {
        desk.device(&reader, &device(1))
    });
}

fn wanted(user: User, known: Option<KnownUser>) -> WantedUser {
    WantedUser {
        user,
        manager: NewManager::Same,
        known,
    }
}

#[test]
fn users_are_changed_as_they_were_shown_or_not_at_all() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let ids = [user_id("zoe"), user_id("carl")];
    let mut known = house.desk.known_users(&admin, &ids).unwrap();
    let zoe = user("zoe", UserClass::Privileged);
    let carl = user("carl", UserClass::Ordinary);
    let changes = [wanted(zoe, known.remove(0)), wanted(carl, known.remove(0))];
    let named = |house: &mut House, name: &str| house.desk.find_user(&admin, &user_id(name));
    house
        .desk
        .name_user(&admin, &user_id("zoe"), "Zoe Else", None)
        .unwrap();
    assert!(!house.desk.put_users_known(&admin, &changes).unwrap());
    assert_eq!(code_of(named(&mut house, "carl")), ErrorCode::UserUnknown);
    assert_eq!(named(&mut house, "zoe").unwrap().user.name, "Zoe Else");

    let [zoe, carl] = changes.map(|wanted| wanted.user);
    let mut known = house.desk.known_users(&admin, &ids).unwrap();
    let changes = [wanted(zoe, known.remove(0)), wanted(carl, known.remove(0))];
    assert!(house.desk.put_users_known(&admin, &changes).unwrap());
    assert_eq!(
        named(&mut house, "zoe").unwrap().user.class,
        UserClass::Privileged
    );
    named(&mut house, "carl").unwrap();
    // A lower class was asked for: whoever changes something else does not ask for it again.
    let ordinary = user("zoe", UserClass::Ordinary);
    house.desk.put_user(&admin, &ordinary).unwrap();
    let rests = house.desk.pending_class(&admin, &user_id("zoe")).unwrap();
    house.later(60);
    let known = house
        .desk
        .known_users(&admin, &[user_id("zoe")])
        .unwrap()
        .remove(0);
    let named = User {
        name: "Zoe Once More".into(),
        ..ordinary
    };
    assert!(
        house
            .desk
            .put_users_known(&admin, &[wanted(named, known)])
            .unwrap()
    );
    assert_eq!(house.desk.pending_class(&admin, &user_id("zoe")).unwrap(), rests);
    assert!(rests.is_some());
    // A second time they are others than they were shown.
    assert!(!house.desk.put_users_known(&admin, &changes).unwrap());
}

#[test]
fn a_password_that_is_given_leaves_what_rests_and_who_asked_for_it() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    house
        .desk
        .put_operator(&admin, &operator("dora", &[Role::Administrator]), Some(BERT.1))
        .unwrap();
    house.later(DAY);
    let (admin, dora) = (house.sign_in(ADMIN), house.sign_in(("dora", BERT.1)));
    let carl = operator("carl", &[Role::DeviceServiceAdministrator]);
    house.desk.add_operator(&admin, &carl, ANNA.1).unwrap();
    let again = house.desk.add_operator(&dora, &carl, BERT.1);
    assert_eq!(code_of(again), ErrorCode::OperatorExists);
    house.sign_in(("carl", ANNA.1));
    let rests = house.desk.pending_operators(&dora).unwrap();
    assert_eq!(rests[0].asked_by.as_deref(), Some("admin"));

    house.later(60);
    house.desk.give_password(&dora, &carl.id, BERT.1).unwrap();
    assert_eq!(house.desk.pending_operators(&dora).unwrap(), rests);
    assert_eq!(
        code_of(house.desk.sign_in(&carl.id, ANNA.1)),
        ErrorCode::OperatorUnknown
    );
    house.sign_in(("carl", BERT.1));
    let told = house.desk.announcements(&admin, 9).unwrap();
    assert_eq!(told.last().unwrap().event, DeskEvent::PasswordChanged);
    // It was not dora who asked: she may stand in for the rest.
    house
        .desk
        .approve_operator(&dora, &rests[0], "one is ill")
        .unwrap();

    let anna = house.sign_in(ANNA);
    let given = house.desk.give_password(&anna, &carl.id, ANNA.1);
    assert_eq!(code_of(given), ErrorCode::PrivilegeMissing);
    let nobody = house.desk.give_password(&dora, &operator_id("nobody"), ANNA.1);
    assert_eq!(code_of(nobody), ErrorCode::OperatorMissing);
    house.desk.verify_audit(&[]).unwrap();
}

#[test]
fn how_far_the_set_up_is() {
    let mut house = House::in_set_up();
    let admin = house.sign_in(ADMIN);
    let expected = SetUp {
        open: false,
        licensed: true,
        issuers: 1,
        administrators: 1,
        callers: 3,
        devices: 3,
        backed_up: Some(false),
    };
    assert_eq!(house.desk.set_up(&admin).unwrap(), expected);
    house.desk.record_key_event(&admin, KeyEvent::BackedUp).unwrap();
    // A page of entries may lie behind it.
    for _ in 0..300 {
        house.desk.search(&admin, "zoe").unwrap();
    }
    assert_eq!(house.desk.set_up(&admin).unwrap().backed_up, Some(true));
    let info = IssuerInfo {
        slot: 2,
        suite: Suite::P256Ecdsa,
        public: IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x22; 32])
            .unwrap()
            .public()
            .unwrap(),
        retired: false,
    };
    house.desk.put_issuer(&admin, &info).unwrap();
    let expected = SetUp {
        issuers: 2,
        ..expected
    };
    assert_eq!(house.desk.set_up(&admin).unwrap(), expected);
    house.desk.open_desk(&admin).unwrap();
    house.later(366 * DAY);
    let admin = house.sign_in(ADMIN);
    let later = house.desk.set_up(&admin).unwrap();
    assert!(later.open && !later.licensed);
    let anna = house.sign_in(ANNA);
    house.refused(ErrorCode::PrivilegeMissing, |desk| desk.set_up(&anna));
}

#[test]
fn all_privileges_are_told_at_once() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    assert_eq!(house.desk.privileges(&admin).unwrap(), Privilege::ALL);
    assert_eq!(
        house.desk.privileges(&anna).unwrap(),
        [Privilege::Unlock, Privilege::Downloads, Privilege::ManageDevices]
    );
}

#[test]
fn of_many_devices_one_that_is_refused_keeps_no_other_out() {
    let mut house = House::new();
    let (admin, from) = (house.sign_in(ADMIN), house.log_size());
    let devices = [
        new_device(9, "zoe"),
        new_device(1, "zoe"),
        new_device(8, "nobody"),
        new_device(7, "boss"),
    ];
    let done = house.desk.register_devices(&admin, &devices).unwrap();
    let codes: Vec<_> = done
        .into_iter()
        .map(|done| done.err().map(|error| error.code()))
        .collect();
    let (exists, unknown) = (ErrorCode::DeviceExists, ErrorCode::UserUnknown);
    assert_eq!(codes, [None, Some(exists), Some(unknown), None]);
    let log = house.log_from(from);
    assert_eq!(
        log[..4],
        [
            "DeviceRegistered",
            "Refused 431",
            "Refused 416",
            "DeviceRegistered"
        ]
    );
    let anna = house.sign_in(ANNA);
    let refused = house.desk.register_devices(&anna, &devices).unwrap();
    assert!(refused.iter().all(Result::is_err));
}

#[test]
fn the_service_is_switched_off_for_everybody() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.desk.set_service(&admin, false).unwrap();
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::ServiceOff);
    assert_eq!(
        code_of(house.desk.set_service(&anna, true)),
        ErrorCode::PrivilegeMissing
    );
    house.desk.set_service(&admin, true).unwrap();
    house.code(&anna, id).unwrap();
}

#[test]
fn errors_have_their_numbers() {
    let locked = DeskError::SignInLocked { until: UnixTime(0) };
    assert_eq!(locked.code().number(), 438);
}

/// Whoever has only asked to be one cannot do an Administrator's work yet.
#[test]
fn who_administers_now_stays_until_somebody_else_does() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let carl = operator("carl", &[Role::Administrator]);
    house.desk.put_operator(&admin, &carl, Some(BERT.1)).unwrap();
    let last = ErrorCode::LastAdministrator;
    let me = operator_id(ADMIN.0);
    assert_eq!(code_of(house.desk.remove_operator(&admin, &me)), last);
    let demoted = house.desk.put_operator(&admin, &operator(ADMIN.0, &[]), None);
    assert_eq!(code_of(demoted), last);
    // His own asked-for role can be taken back.
    house
        .desk
        .put_operator(&admin, &operator("carl", &[]), None)
        .unwrap();
    house.desk.put_operator(&admin, &carl, None).unwrap();
    house.later(DAY);
    let admin = house.sign_in(ADMIN);
    house.desk.remove_operator(&admin, &me).unwrap();
    house.sign_in(("carl", BERT.1));
}

#[test]
fn a_new_operator_is_not_read_as_another() {
    let mut house = House::in_set_up();
    let admin = house.sign_in(ADMIN);
    for name in ["Anna", "ANNA", "\u{430}nn\u{430}", "ann\u{430}"] {
        let new = operator(name, &[]);
        let answer = house
            .desk
            .put_operator(&admin, &new, Some("quite another pass phrase"));
        assert_eq!(code_of(answer), ErrorCode::OperatorExists, "{name}");
    }
    house.sign_in(ANNA);
    let other = operator("annika", &[]);
    house.desk.put_operator(&admin, &other, Some(BERT.1)).unwrap();
    // One who is gone takes the name along.
    house
        .desk
        .remove_operator(&admin, &operator_id("annika"))
        .unwrap();
    let again = operator("Annika", &[]);
    house.desk.put_operator(&admin, &again, Some(BERT.1)).unwrap();
}

/// A second Administrator sees what they let hold.
#[test]
fn what_rests_is_shown_as_it_will_be() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    assert_eq!(house.desk.pending_rules(&admin).unwrap(), None);
    assert_eq!(house.desk.pending_operators(&admin).unwrap(), []);
    assert_eq!(house.desk.pending_class(&admin, &user_id("boss")).unwrap(), None);
    let looser = Rules {
        reason_wanted: false,
        ..house.desk.rules(&admin).unwrap()
    };
    house.desk.put_rules(&admin, &looser).unwrap();
    let carl = operator("carl", &[Role::Administrator]);
    house.desk.put_operator(&admin, &carl, Some(BERT.1)).unwrap();
    let boss = user("boss", UserClass::Ordinary);
    house.desk.put_user(&admin, &boss).unwrap();
    let rules = house.desk.pending_rules(&admin).unwrap().unwrap();
    assert_eq!(rules.value, looser);
    assert_eq!(rules.holds_from, UnixTime(START + DAY));
    assert_eq!(rules.asked_by.as_deref(), Some(ADMIN.0));
    let operators = house.desk.pending_operators(&admin).unwrap();
    assert_eq!(
        operators.iter().map(|one| &one.value).collect::<Vec<_>>(),
        [&carl]
    );
    let class = house.desk.pending_class(&admin, &boss.id).unwrap().unwrap();
    assert_eq!(class.value, UserClass::Ordinary);
    let anna = house.sign_in(ANNA);
    assert_eq!(
        code_of(house.desk.pending_rules(&anna)),
        ErrorCode::PrivilegeMissing
    );
    house.later(DAY);
    let admin = house.sign_in(ADMIN);
    assert_eq!(house.desk.pending_rules(&admin).unwrap(), None);
    // Nothing rests any more.
    let nothing = ErrorCode::NothingRests;
    let carl = house.sign_in(("carl", BERT.1));
    assert_eq!(code_of(house.desk.approve_rules(&carl, &rules, "why")), nothing);
    let again = house.desk.approve_user(&carl, &boss.id, &class, "why");
    assert_eq!(code_of(again), nothing);
    let mut rests = operators[0].clone();
    let again = house.desk.approve_operator(&admin, &rests, "why");
    assert_eq!(code_of(again), nothing);
    let nobody = operator_id("nobody");
    rests.value.id = nobody.clone();
    let missing = ErrorCode::OperatorMissing;
    assert_eq!(
        code_of(house.desk.approve_operator(&admin, &rests, "why")),
        missing
    );
    assert_eq!(code_of(house.desk.remove_operator(&admin, &nobody)), missing);
}

/// Nobody could name the user of a request that stayed open.
#[test]
fn the_requests_of_one_who_is_erased_end() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let given = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, given).unwrap();
    let open = house.open(&anna, 1);
    let other = house
        .desk
        .open_request(&anna, &user_id("boss"), &device(3), "his own");
    let from = house.log_size();
    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    let ended: Vec<_> = house.entries().split_off(usize::try_from(from).unwrap());
    let ended: Vec<_> = ended
        .iter()
        .filter(|entry| entry.event == DeskEvent::Abandoned)
        .map(|entry| entry.request.unwrap())
        .collect();
    assert_eq!(ended, [given, open]);
    let left = house.desk.open_requests(&anna, None, 50).unwrap();
    assert_eq!(left.len(), usize::from(other.is_ok()));
    assert_eq!(code_of(house.desk.abandon(&anna, given)), ErrorCode::RequestUsed);
}

/// While the second Administrator reads, the first may ask for more.
#[test]
fn only_what_was_shown_is_let_hold() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let dora = operator("dora", &[Role::Administrator]);
    house.desk.put_operator(&admin, &dora, Some(BERT.1)).unwrap();
    house.later(DAY);
    let (admin, dora) = (house.sign_in(ADMIN), house.sign_in(("dora", BERT.1)));
    let elsewhere = ErrorCode::ApprovalElsewhere;
    let carl = |roles: &[Role]| operator("carl", roles);
    let little = carl(&[Role::DeviceServiceAdministrator]);
    house.desk.put_operator(&admin, &little, Some(BERT.1)).unwrap();
    let shown = house.desk.pending_operators(&dora).unwrap().pop().unwrap();
    house
        .desk
        .put_operator(&admin, &carl(&[Role::Administrator]), None)
        .unwrap();
    let more = house.desk.approve_operator(&dora, &shown, "tonight");
    assert_eq!(code_of(more), elsewhere);
    house.desk.put_operator(&admin, &little, None).unwrap();
    house.desk.approve_operator(&dora, &shown, "tonight").unwrap();

    let boss = user("boss", UserClass::Ordinary);
    house.desk.put_user(&admin, &boss).unwrap();
    let shown = house.desk.pending_class(&dora, &boss.id).unwrap().unwrap();
    house.later(1);
    house.desk.put_user(&admin, &boss).unwrap();
    let again = house.desk.approve_user(&dora, &boss.id, &shown, "why");
    assert_eq!(code_of(again), elsewhere);
    let shown = house.desk.pending_class(&dora, &boss.id).unwrap().unwrap();
    house.desk.approve_user(&dora, &boss.id, &shown, "why").unwrap();

    let rules = |house: &mut House, admin: &OperatorSession, reason_wanted, rest_seconds| {
        let rules = Rules {
            reason_wanted,
            rest_seconds,
            ..house.desk.rules(admin).unwrap()
        };
        house.desk.put_rules(admin, &rules).unwrap();
        house.desk.pending_rules(admin).unwrap().unwrap()
    };
    let shown = rules(&mut house, &admin, false, DAY);
    let other = rules(&mut house, &admin, false, 0);
    assert_eq!(code_of(house.desk.approve_rules(&dora, &shown, "why")), elsewhere);
    house.desk.approve_rules(&dora, &other, "why").unwrap();
}

/// A file of users does not bury what else every Administrator is told.
#[test]
fn what_a_file_of_users_loosens_is_told_once() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let names = ["kim", "lee", "max"];
    let privileged = names.map(|name| user(name, UserClass::Privileged));
    house.desk.put_users(&admin, &privileged).unwrap();
    assert_eq!(told(&mut house, &admin), []);
    let ids = names.map(user_id);
    let wanted = |house: &mut House| {
        let known = house.desk.known_users(&admin, &ids).unwrap().into_iter();
        let wanted = names.iter().zip(known).map(|(name, known)| WantedUser {
            user: user(name, UserClass::Ordinary),
            known,
            manager: NewManager::Is(user_id("boss")),
        });
        wanted.collect::<Vec<_>>()
    };
    let all = wanted(&mut house);
    assert!(house.desk.put_users_known(&admin, &all).unwrap());
    assert_eq!(told(&mut house, &admin), [(DeskEvent::UserChanged, true)]);
    let one = house.desk.announcements(&admin, 9).unwrap().remove(0);
    assert_eq!((one.user, one.due), (None, Some(UnixTime(START + DAY))));
    let entry = house.entries()[usize::try_from(one.entry).unwrap()].clone();
    assert_eq!((entry.user, entry.count), (None, Some(6)));
    // The same again loosens nothing more.
    let again = wanted(&mut house);
    assert!(house.desk.put_users_known(&admin, &again).unwrap());
    assert_eq!(told(&mut house, &admin).len(), 1);
    // One is told by itself, as who they are.
    house.desk.put_user(&admin, &privileged[0]).unwrap();
    house
        .desk
        .put_users(&admin, &[user("kim", UserClass::Ordinary)])
        .unwrap();
    let last = house.desk.announcements(&admin, 9).unwrap().pop().unwrap();
    assert_eq!(last.user.as_deref(), Some("kim"));
    // The other ways are told once too.
    house.desk.put_users(&admin, &privileged).unwrap();
    let lower = names.map(|name| user(name, UserClass::Ordinary));
    house.desk.put_users(&admin, &lower).unwrap();
    assert_eq!(told(&mut house, &admin).len(), 3);
    let nobody = ids.clone().map(|id| (id, NewManager::Nobody));
    house.desk.put_managers(&admin, &nobody).unwrap();
    assert_eq!(told(&mut house, &admin).len(), 3);
    let zoe = ids.map(|id| (id, NewManager::Is(user_id("zoe"))));
    house.desk.put_managers(&admin, &zoe).unwrap();
    assert_eq!(told(&mut house, &admin).len(), 4);
    house.desk.verify_audit(&[]).unwrap();
}

/// While one Administrator fills in the form, another one changes the operator.
#[test]
fn only_an_operator_as_they_were_shown_is_changed() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let known = |house: &mut House| {
        let operators = house.desk.operators(&admin).unwrap();
        let rests = house.desk.pending_operators(&admin).unwrap();
        KnownOperator {
            operator: operators
                .into_iter()
                .find(|one| one.id.as_str() == "anna")
                .unwrap(),
            rests: rests.into_iter().find(|one| one.value.id.as_str() == "anna"),
        }
    };
    let reader = Operator {
        privileges: vec![Privilege::Downloads],
        ..operator("anna", &[])
    };
    let first = known(&mut house);
    house
        .desk
        .put_operator_shown(&admin, &operator("anna", &[Role::Administrator]), &first)
        .unwrap();
    let elsewhere = ErrorCode::ApprovalElsewhere;
    house.refused(elsewhere, |desk| desk.put_operator_shown(&admin, &reader, &first));
    // What rests of them is a part of it.
    let second = known(&mut house);
    assert!(second.rests.is_some());
    house.later(1);
    let again = operator("anna", &[Role::Administrator]);
    house.desk.put_operator_shown(&admin, &again, &second).unwrap();
    house.refused(elsewhere, |desk| {
        desk.put_operator_shown(&admin, &reader, &second)
    });
    let third = known(&mut house);
    house.desk.put_operator_shown(&admin, &reader, &third).unwrap();
    let nobody = operator("nobody", &[]);
    house.refused(ErrorCode::OperatorMissing, |desk| {
        desk.put_operator_shown(&admin, &nobody, &third)
    });
}

/// The log does not say that somebody was told who was not, and the other Administrators hear of it.
#[test]
fn a_notice_to_one_who_was_erased_is_not_told_as_sent() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    while house.desk.send_notice().unwrap() {}
    assert_eq!(house.world.outbox.notices(), []);
    assert_eq!(house.count(DeskEvent::NoticeSent), 0);
    assert_eq!(house.count(DeskEvent::NoticeFailed), 1);
    assert_eq!(told(&mut house, &admin), [(DeskEvent::UserErased, false)]);
}

/// It would hold at once: nobody could end a call, or sign in for long enough to take it back.
#[test]
fn calls_and_sessions_have_the_time_that_they_need() {
    let mut house = House::new();
    type Time = fn(&mut Rules) -> &mut u64;
    let times: [(Rule, u64, Time); 4] = [
        (Rule::RequestSeconds, 5 * MINUTE, |rules| {
            &mut rules.request_seconds
        }),
        (Rule::SessionSeconds, 5 * MINUTE, |rules| {
            &mut rules.session_seconds
        }),
        (Rule::VerificationSeconds, MINUTE, |rules| {
            &mut rules.verification_seconds
        }),
        (Rule::ApprovalSeconds, MINUTE, |rules| &mut rules.approval_seconds),
    ];
    for (rule, least, time) in times {
        let admin = house.sign_in(ADMIN);
        let with = |seconds| {
            let mut rules = Rules::default();
            *time(&mut rules) = seconds;
            rules
        };
        let short = DeskError::RuleTooShort { rule, least };
        assert!(
            short
                .to_string()
                .ends_with(&format!("{} must be {least} at least", rule.name()))
        );
        for seconds in [0, 1, least - 1] {
            house.refused(ErrorCode::InvalidArgument, |desk| {
                desk.put_rules(&admin, &with(seconds))
            });
            let shown = house.desk.preview_rules(&admin, &with(seconds));
            assert_eq!(shown.map(drop), Err(short.clone()));
            let world = TestDesk::new(START);
            let made = Desk::create(world.parts(ring()), with(seconds), &operator_id(ADMIN.0), ADMIN.1);
            assert_eq!(made.map(drop).unwrap_err(), short);
        }
        // All are told, as of what loosens; of the same again nobody.
        let before = told(&mut house, &admin).len();
        house.desk.put_rules(&admin, &with(least)).unwrap();
        assert_eq!(
            told(&mut house, &admin)[before..],
            [(DeskEvent::RulesChanged, false)]
        );
        house.desk.put_rules(&admin, &with(least)).unwrap();
        assert_eq!(told(&mut house, &admin).len(), before + 1);
        house.desk.put_rules(&admin, &Rules::default()).unwrap();
        house.later(DAY);
    }
}
