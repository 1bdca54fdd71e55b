//! A desk and a device whose ports are the host's, here in Rust: a whole unlock in each suite, and what a port that
//! does wrong comes to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod approvals;
mod at_work;
mod checkpoints;
#[cfg(feature = "files")]
mod folder;
mod host;
mod issuer_list;
mod plugged;
mod provers;

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;
use host::{CalledBack, Hsm, Messages, PASSWORD, START};

const NEW_PIN: &str = "Spring43";

/// Everything: database, HSM, mail server, an enrolled and blocked key, the desk.
struct Scene {
    database: Arc<MockDatabase>,
    hsm: Arc<Hsm>,
    messages: Arc<Messages>,
    key: Arc<MockKey>,
    enrolled: EnrolledDevice,
    suite: Suite,
    desk: Arc<HelpDesk>,
    session: Arc<OperatorSession>,
}

fn user() -> DeskUser {
    let mail = DeskChannel {
        id: "mail".into(),
        kind: ChannelKind::Mail,
        address: "user-1@corp.example".into(),
        changed_at: 0,
    };
    DeskUser {
        id: "user-1".into(),
        name: "User One".into(),
        privileged: false,
        channels: vec![mail],
    }
}

/// Channels need no rest.
fn rules() -> DeskRules {
    DeskRules {
        channel_rest_seconds: 100,
        ..default_desk_rules()
    }
}

fn operator(id: &str, privileges: Vec<DeskPrivilege>) -> DeskOperator {
    DeskOperator {
        id: id.into(),
        roles: Vec::new(),
        privileges,
    }
}

fn new_device(enrolled: &EnrolledDevice, suite: Suite, hsm: &Hsm) -> NewDevice {
    NewDevice {
        device_id: enrolled.device_id.clone(),
        owner: "user-1".into(),
        suite,
        slot: 1,
        issuer: (suite != Suite::AesAdminKey).then(|| hsm.public()),
        device_key: Some(enrolled.device_key.clone()),
        other_slots: Vec::new(),
        counter: 0,
        rotation: 0,
        label: None,
    }
}

/// A desk that is set up but not opened.
fn in_set_up(suite: Suite) -> Scene {
    let (messages, hsm) = (Arc::new(Messages::default()), Hsm::new(suite));
    let database = MockDatabase::new(START);
    let key = MockKey::new().unwrap();
    let plan = Enrollment::new();
    let admin_key = IssuerKey::make(Suite::AesAdminKey).unwrap();
    match suite {
        Suite::AesAdminKey => plan.add_key(1, Arc::clone(&admin_key)).unwrap(),
        suite => plan.add_public_key(1, suite, hsm.public()).unwrap(),
    }
    let device = key.open(MockWire::Hid, Interface::Fido);
    let enrolled = plan.run(device, None, None, None).unwrap();
    key.set_pin("Winter42".into()).unwrap();
    key.block("Winter24".into()).unwrap();

    let (notifier, delivery) = (Arc::clone(&messages) as _, Some(Arc::clone(&messages) as _));
    let signer = DeskSigner::host(Arc::clone(&hsm) as _);
    let desk = database.create(
        signer,
        notifier,
        delivery,
        rules(),
        "desk-1".into(),
        PASSWORD.into(),
    );
    let desk = desk.unwrap();
    let session = desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
    let scene = Scene {
        database,
        hsm,
        messages,
        key,
        enrolled,
        suite,
        desk,
        session,
    };
    let desk = &scene.desk;
    desk.put_licence(scene.session(), mock_licence(START, 3)).unwrap();
    for operator in [
        operator("desk-2", vec![DeskPrivilege::Unlock]),
        operator("desk-3", vec![DeskPrivilege::Downloads]),
    ] {
        desk.put_operator(scene.session(), operator, PASSWORD.into())
            .unwrap();
    }
    desk.put_user(scene.session(), user()).unwrap();
    if suite != Suite::AesAdminKey {
        scene.put_issuer(scene.hsm.public());
    }
    let new = new_device(&scene.enrolled, suite, &scene.hsm);
    let admin_key = (suite == Suite::AesAdminKey).then_some(admin_key);
    desk.may_register(scene.session(), new.clone(), admin_key.clone())
        .unwrap();
    desk.register_device(scene.session(), new, admin_key).unwrap();
    scene
}

fn scene(suite: Suite) -> Scene {
    let scene = in_set_up(suite);
    scene.desk.open_desk(scene.session()).unwrap();
    scene
}

impl Scene {
    fn session(&self) -> Arc<OperatorSession> {
        Arc::clone(&self.session)
    }

    fn sign_in(&self, operator: &str) -> Arc<OperatorSession> {
        self.desk.sign_in(operator.into(), PASSWORD.into()).unwrap()
    }

    fn put_issuer(&self, public_key: Vec<u8>) {
        let info = IssuerInfo {
            slot: 1,
            suite: self.suite,
            public_key,
            retired: false,
        };
        self.desk.put_issuer(self.session(), info).unwrap();
    }

    /// Another desk over the same database.
    fn open_again(&self) -> Result<Arc<HelpDesk>, UnlockError> {
        let signer = DeskSigner::host(Arc::clone(&self.hsm) as _);
        self.database.open(signer, Arc::clone(&self.messages) as _, None)
    }

    /// The locked key as a device of the host's, and its conversation.
    fn begin(&self) -> (Arc<Device>, Arc<UnlockSession>) {
        let device = Device::open_unlock_device(self.key.unlock_device(Interface::Vendor));
        let unlock = UnlockSession::begin(Arc::clone(&device), None, None, None).unwrap();
        (device, unlock)
    }

    /// A request whose caller is verified and whose challenge is entered.
    fn request(&self, unlock: &UnlockSession) -> String {
        let device = self.enrolled.device_id.clone();
        let request = self
            .desk
            .open_request(self.session(), "user-1".into(), device, "forgotten PIN".into());
        let id = request.unwrap().id;
        let verified = self
            .desk
            .verify_caller(self.session(), id.clone(), Arc::new(CalledBack));
        verified.unwrap();
        let challenge = unlock.challenge();
        let entered = self.desk.enter_challenge(self.session(), id.clone(), challenge);
        entered.unwrap();
        id
    }

    fn send_notices(&self) {
        while self.desk.send_notice().unwrap() {}
    }
}

fn unlock(session: &UnlockSession, device: Arc<Device>, code: String) {
    let pin = || NEW_PIN.to_owned();
    let unlocked = session.unlock(device, code, pin(), pin(), None, None, None, None);
    unlocked.unwrap();
}

fn number<T>(result: Result<T, UnlockError>) -> u16 {
    result.err().expect("it must fail").number()
}

#[test]
fn from_the_call_to_the_unlock_with_nothing_but_the_hosts_ports() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let scene = scene(suite);
        let (device, session) = scene.begin();
        let id = scene.request(&session);
        let view = scene.desk.request(scene.session(), id.to_lowercase()).unwrap();
        assert_eq!((view.id, view.suite, view.outcome), (id.clone(), suite, None));
        assert_eq!(view.challenge, Some(session.challenge()));
        assert_eq!(
            (view.method, view.by_machine),
            (Some(VerificationMethod::CallBack), false)
        );
        let code = scene.desk.authorise(scene.session(), id.clone()).unwrap();
        // Made again, it is the same in the suites that have one answer only; it counts once.
        let again = scene.desk.authorise(scene.session(), id.clone()).unwrap();
        assert!(again == code || suite == Suite::P256Ecdsa);
        unlock(&session, Arc::clone(&device), again);
        scene.desk.done(scene.session(), id.clone()).unwrap();
        scene.key.try_pin(NEW_PIN.into()).unwrap();
        scene.send_notices();
        let kinds = scene.messages.kinds();
        assert_eq!(kinds, [NoticeKind::CodeGiven, NoticeKind::Done]);
        assert_eq!(scene.messages.notices.lock().unwrap()[0].request, Some(id));

        // The next process.
        let again = scene.open_again().unwrap();
        let operator = again.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
        let device = scene.enrolled.device_id.clone();
        assert_eq!(again.open_codes(operator, device).unwrap(), []);
    }
}

#[test]
fn two_desks_over_one_database_are_one() {
    let scene = scene(Suite::P256EcdhMac);
    let other = scene.open_again().unwrap();
    let (_device, session) = scene.begin();
    let id = scene.request(&session);
    // The session is of both, and what one did the other knows.
    let code = other.authorise(scene.session(), id.clone()).unwrap();
    assert_eq!(scene.desk.authorise(scene.session(), id.clone()).unwrap(), code);
    let (user, device) = ("user-1", scene.enrolled.device_id.clone());
    let open = scene.desk.open_codes(scene.session(), device.clone()).unwrap();
    let open: Vec<_> = open.iter().map(|code| (&code.request, code.outcome)).collect();
    assert_eq!(open, [(&id, CodeOutcome::Open)]);
    other.abandon(scene.session(), id.clone()).unwrap();
    let view = scene.desk.request(scene.session(), id).unwrap();
    assert_eq!(view.outcome, Some(CodeOutcome::Abandoned));
    // Lists come in pages, without what has ended.
    let opened = |_| {
        let reason = "another".into();
        let request = other.open_request(scene.session(), user.into(), device.clone(), reason);
        request.unwrap().id
    };
    let mut opened: Vec<_> = (0..3).map(opened).collect();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = scene.desk.open_requests(scene.session(), after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(RequestPlace {
            opened_at: last.opened_at,
            id: last.id.clone(),
        });
        seen.extend(page.into_iter().map(|request| request.id));
    }
    seen.sort();
    opened.sort();
    assert_eq!(seen, opened);
    let users = |after| other.users(scene.session(), after, 10).unwrap();
    assert_eq!(users(None)[0].user.id, user);
    assert_eq!(users(Some(user.into())), []);
}

#[test]
fn a_code_goes_to_a_channel_that_has_rested() {
    let scene = scene(Suite::P256EcdhMac);
    let (device, session) = scene.begin();
    let id = scene.request(&session);
    let send = |channel: &str| {
        let channel = channel.to_owned();
        scene
            .desk
            .authorise_to_channel(scene.session(), id.clone(), channel)
    };
    assert_eq!(number(send("mail")), ErrorCode::ChannelUnusable.number());
    scene.database.set_clock(START + 101);
    assert_eq!(number(send("letter")), ErrorCode::ChannelUnusable.number());
    *scene.messages.broken.lock().unwrap() = true;
    assert_eq!(number(send("mail")), ErrorCode::HostFailed.number());
    *scene.messages.broken.lock().unwrap() = false;
    send("mail").unwrap();
    let code = scene.messages.sent.lock().unwrap().take().unwrap();
    unlock(&session, device, code);
    // A desk without a way to send.
    let other = scene.open_again().unwrap();
    let refused = other.authorise_to_channel(scene.session(), id.clone(), "mail".into());
    assert_eq!(number(refused), ErrorCode::ChannelUnusable.number());
}

#[test]
fn a_notice_that_could_not_be_sent_is_sent_again() {
    let scene = scene(Suite::P256EcdhMac);
    let (_device, session) = scene.begin();
    let id = scene.request(&session);
    scene.desk.authorise(scene.session(), id).unwrap();
    *scene.messages.broken.lock().unwrap() = true;
    assert!(!scene.desk.send_notice().unwrap());
    *scene.messages.broken.lock().unwrap() = false;
    scene.database.set_clock(START + 60 * 60);
    scene.send_notices();
    assert_eq!(scene.messages.kinds(), [NoticeKind::CodeGiven]);
}

#[test]
fn what_the_signer_makes_is_looked_at() {
    let table = [
        (Ok("no digits".into()), ErrorCode::SignerFailed),
        (Ok("00".repeat(32)), ErrorCode::SignerFailed),
        (Ok("01".repeat(64)), ErrorCode::SignerFailed),
        (Err(SigningError::Refused { code: 0x30 }), ErrorCode::SignerFailed),
        (
            Err(SigningError::Unavailable { code: 5 }),
            ErrorCode::SignerUnavailable,
        ),
        (Err(SigningError::KeyMissing), ErrorCode::KeyMissing),
        (Err(SigningError::WrongSuite), ErrorCode::SignerSuite),
        (Err(SigningError::HostFailed), ErrorCode::HostFailed),
    ];
    let scene = scene(Suite::P256Ecdsa);
    let (device, session) = scene.begin();
    let id = scene.request(&session);
    for (instead, expected) in table {
        *scene.hsm.instead.lock().unwrap() = Some(instead.clone());
        let failed = scene.desk.authorise(scene.session(), id.clone());
        assert_eq!(number(failed), expected.number(), "{instead:?}");
    }
    // The request lives on: its operator has the code made again.
    let code = scene.desk.authorise(scene.session(), id).unwrap();
    unlock(&session, device, code);
}

#[test]
fn a_clock_that_was_set_back_stops_the_desk_until_it_is_accepted() {
    let scene = scene(Suite::P256Ecdsa);
    let desk = &scene.desk;
    scene.database.set_clock(START - 500);
    let behind = desk.search(scene.session(), "user".into());
    assert_eq!(number(behind), ErrorCode::ClockWentBack.number());
    let accept = |note: &str| desk.accept_clock("desk-1".into(), PASSWORD.into(), note.into());
    assert_eq!(number(accept(" ")), ErrorCode::ReasonMissing.number());
    accept("battery changed").unwrap();
    desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
}

#[test]
fn rules_of_the_desk() {
    let scene = in_set_up(Suite::P256Ecdsa);
    let desk = &scene.desk;
    let device = scene.enrolled.device_id.clone();
    let open = || desk.open_request(scene.session(), "user-1".into(), device.clone(), "x".into());
    assert_eq!(number(open()), ErrorCode::DeskNotOpen.number());
    desk.open_desk(scene.session()).unwrap();
    assert_eq!(
        number(desk.open_desk(scene.session())),
        ErrorCode::SetUpEnded.number()
    );
    let id = open().unwrap().id;
    assert_eq!(
        number(desk.authorise(scene.session(), id.clone())),
        ErrorCode::CallerUnverified.number()
    );
    let typed = desk.request(scene.session(), "7HF8-3D0C-BV38-W153-J2Z3".into());
    assert_eq!(number(typed), ErrorCode::CodeCheck.number());
    let second = scene.sign_in("desk-2");
    assert!(desk.may(Arc::clone(&second), DeskPrivilege::Unlock).unwrap());
    let taken = desk.take_over(Arc::clone(&second), id.clone());
    taken.unwrap();
    assert_eq!(desk.request(scene.session(), id).unwrap().operator, "desk-2");
    let put = desk.put_user(second, user());
    assert_eq!(number(put), ErrorCode::PrivilegeMissing.number());

    // What loosens rests; a second Administrator may let it hold at once.
    let looser = DeskRules {
        reason_wanted: false,
        ..rules()
    };
    desk.put_rules(scene.session(), looser.clone()).unwrap();
    assert_eq!(desk.rules(scene.session()).unwrap(), rules());
    let rest = desk.pending_rules(scene.session()).unwrap().unwrap();
    assert_eq!((&rest.rules, rest.asked_by.as_deref()), (&looser, Some("desk-1")));
    let more = DeskOperator {
        id: "desk-2".into(),
        roles: vec![],
        privileges: vec![DeskPrivilege::Unlock, DeskPrivilege::Audit],
    };
    desk.change_operator(scene.session(), more.clone()).unwrap();
    let pending = desk.pending_operators(scene.session()).unwrap();
    assert_eq!(
        pending.iter().map(|one| &one.operator).collect::<Vec<_>>(),
        [&more]
    );
    assert_eq!(pending[0].holds_from, START + 24 * 60 * 60);
    assert_eq!(desk.pending_class(scene.session(), user().id).unwrap(), None);
    let own = desk.approve_rules(scene.session(), rest, "urgent".into());
    assert_eq!(number(own), ErrorCode::ApprovalSelf.number());
    scene.database.set_clock(START + 24 * 60 * 60);
    let session = scene.sign_in("desk-1");
    assert_eq!(desk.rules(Arc::clone(&session)).unwrap(), looser);

    let weak = desk.change_password(Arc::clone(&session), "short".into());
    assert_eq!(number(weak), ErrorCode::PasswordWeak.number());
    let last = desk.remove_operator(Arc::clone(&session), "desk-1".into());
    assert_eq!(number(last), ErrorCode::LastAdministrator.number());
    desk.remove_operator(Arc::clone(&session), "desk-3".into())
        .unwrap();
    let names = desk.operators(Arc::clone(&session)).unwrap();
    let names: Vec<_> = names.iter().map(|operator| operator.id.as_str()).collect();
    assert_eq!(names, ["desk-1", "desk-2"]);

    let licence = desk.licence(Arc::clone(&session)).unwrap().unwrap();
    assert_eq!(licence.devices, 3);
    let forged = mock_licence(START, 3).replace("devices 3", "devices 4");
    let forged = desk.put_licence(Arc::clone(&session), forged);
    assert_eq!(number(forged), ErrorCode::LicenceRefused.number());
    desk.set_service(Arc::clone(&session), false).unwrap();
    // Who has a device is still found; no call begins.
    desk.search(Arc::clone(&session), "user".into()).unwrap();
    let off = desk.open_request(Arc::clone(&session), "user-1".into(), device.clone(), "x".into());
    assert_eq!(number(off), ErrorCode::ServiceOff.number());
    desk.set_service(Arc::clone(&session), true).unwrap();

    let foreign = DeviceSlot {
        slot: 2,
        suite: Suite::P256Ecdsa,
        issuer: Some(scene.hsm.next_public()),
        rotation: 0,
    };
    let seen = desk.slots_seen(Arc::clone(&session), device.clone(), vec![foreign]);
    assert_eq!(number(seen), ErrorCode::ForeignIssuer.number());
    let event = IssuerKeyEvent::BackedUp;
    desk.record_key_event(Arc::clone(&session), event).unwrap();
    desk.record_pin_block(Arc::clone(&session), device.clone())
        .unwrap();
    desk.record_download(Arc::clone(&session), "agent.msi".into())
        .unwrap();
    desk.retire_device(Arc::clone(&session), device.clone()).unwrap();
    assert!(desk.find_device(Arc::clone(&session), device).unwrap().devices[0].retired);
    desk.erase_user(Arc::clone(&session), "user-1".into()).unwrap();
    let gone = desk.find_user(Arc::clone(&session), "user-1".into());
    assert_eq!(number(gone), ErrorCode::UserUnknown.number());
    assert!(!scene.database.contains("User One".into()));
    desk.sign_out(Arc::clone(&session)).unwrap();
    assert_eq!(
        number(desk.operators(session)),
        ErrorCode::OperatorUnknown.number()
    );
}

#[test]
fn an_alarm_stands_until_it_is_acknowledged() {
    let scene = scene(Suite::P256Ecdsa);
    let (device, session) = scene.begin();
    let id = scene.request(&session);
    let code = scene.desk.authorise(scene.session(), id.clone()).unwrap();
    unlock(&session, device, code);
    // Nobody says that it was done, and the next call shows another counter.
    scene.key.block("Winter24".into()).unwrap();
    let (_device, next) = scene.begin();
    let device = scene.enrolled.device_id.clone();
    let opened = scene
        .desk
        .open_request(scene.session(), "user-1".into(), device.clone(), "again".into());
    let id = opened.unwrap().id;
    let enter = || {
        let challenge = next.challenge();
        scene.desk.enter_challenge(scene.session(), id.clone(), challenge)
    };
    assert_eq!(number(enter()), ErrorCode::CounterMoved.number());
    let alarms = scene.desk.alarms(scene.session(), 0, 10).unwrap();
    let [alarm] = alarms.as_slice() else {
        panic!("{alarms:?}")
    };
    assert_eq!(alarm.number, ErrorCode::CounterMoved.number());
    assert_eq!(
        (alarm.device_id.as_ref(), alarm.counter),
        (Some(&device), Some(1))
    );
    assert_eq!(scene.desk.alarms(scene.session(), alarm.id + 1, 10).unwrap(), []);
    let note = "she had unlocked it".into();
    scene.desk.acknowledge(scene.session(), alarm.id, note).unwrap();
    enter().unwrap();
}

#[test]
fn a_database_that_cannot_write_says_so() {
    let scene = scene(Suite::P256Ecdsa);
    scene.database.fail_next_write();
    let put = scene.desk.put_user(scene.session(), user());
    assert_eq!(number(put), ErrorCode::StoreWrite.number());
    scene.desk.put_user(scene.session(), user()).unwrap();
}

/// Answers for each slot with the key of slot 1.
struct AnySlot(Arc<Hsm>);

impl ResponseSigner for AnySlot {
    fn sign(&self, task: SigningTask) -> Result<String, SigningError> {
        self.0.sign(SigningTask { slot: 1, ..task })
    }

    fn device_with_admin_key(&self, admin_key: String) -> Result<Option<String>, SigningError> {
        self.0.device_with_admin_key(admin_key)
    }

    fn store_admin_key(&self, device_id: String, admin_key: String) -> Result<(), SigningError> {
        self.0.store_admin_key(device_id, admin_key)
    }
}

#[test]
fn a_signer_of_the_host_keeps_the_contract() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac] {
        let hsm = Hsm::new(suite);
        let info = IssuerInfo {
            slot: 1,
            suite,
            public_key: hsm.public(),
            retired: false,
        };
        mock_check_signer(Arc::clone(&hsm) as _, vec![info.clone()], true).unwrap();
        // It bites.
        let broken = mock_check_signer(Arc::new(AnySlot(hsm)), vec![info], false);
        let text = "the contract is broken: a key answers in its own slot alone";
        assert_eq!(broken.err().unwrap().text(), text);
    }
}
