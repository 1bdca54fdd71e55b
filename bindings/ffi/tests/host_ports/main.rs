//! A desk and a device whose ports are the host's, here in Rust: the contracts, a whole unlock in each
//! suite, and what a port that does wrong comes to.
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
mod host;
mod plugged;
mod provers;

use std::sync::{Arc, Mutex};

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;
use host::{Hands, Hsm, Memory, PASSWORD, START, administrator};

const NEW_PIN: &str = "Spring43";

/// Everything: database, HSM, clock, an enrolled and blocked key, the desk.
struct Scene {
    memory: Arc<Memory>,
    hsm: Arc<Hsm>,
    hands: Arc<Hands>,
    key: Arc<MockKey>,
    enrolled: EnrolledDevice,
    desk: Arc<HelpDesk>,
    session: Arc<OperatorSession>,
}

fn builder(memory: &Arc<Memory>, hsm: &Arc<Hsm>, hands: &Arc<Hands>) -> Arc<DeskBuilder> {
    let builder = DeskBuilder::new();
    builder.set_clock(Arc::clone(hands) as _).unwrap();
    builder.set_licence(Arc::clone(memory) as _).unwrap();
    builder.set_operators(Arc::clone(memory) as _).unwrap();
    builder.set_directory(Arc::clone(memory) as _).unwrap();
    builder.set_limits(Arc::clone(memory) as _).unwrap();
    builder.set_audit_log(Arc::clone(memory) as _).unwrap();
    builder.set_signer(Arc::clone(hsm) as _).unwrap();
    builder.set_notifier(Arc::clone(memory) as _).unwrap();
    builder.set_delivery(Arc::clone(memory) as _).unwrap();
    builder
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

fn scene(suite: Suite) -> Scene {
    let (memory, hsm) = (Arc::new(Memory::default()), Hsm::new(suite));
    let hands = Arc::new(Hands(Mutex::new(Ok(START))));
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

    let builder = builder(&memory, &hsm, &hands);
    let policy = DeskPolicy {
        channel_rest_seconds: 100,
        ..default_desk_policy()
    };
    builder.set_policy(policy).unwrap();
    let desk = builder.open().unwrap();
    let session = desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
    let signed_in = || Arc::clone(&session);
    desk.put_user(signed_in(), user()).unwrap();
    let (owner, device) = ("user-1".to_owned(), enrolled.clone());
    let registered = match suite {
        Suite::AesAdminKey => desk.register_device(signed_in(), owner, device, 1, admin_key),
        suite => desk.register_device_by_public_key(signed_in(), owner, device, 1, suite, hsm.public()),
    };
    registered.unwrap();
    Scene {
        memory,
        hsm,
        hands,
        key,
        enrolled,
        desk,
        session,
    }
}

impl Scene {
    fn session(&self) -> Arc<OperatorSession> {
        Arc::clone(&self.session)
    }

    /// The locked key as a device of the host's, and its conversation.
    fn begin(&self) -> (Arc<Device>, Arc<UnlockSession>) {
        let device = Device::open_unlock_device(self.key.unlock_device(Interface::Vendor));
        let unlock = UnlockSession::begin(Arc::clone(&device), None, None, None).unwrap();
        (device, unlock)
    }

    /// A request whose caller is verified and whose challenge is entered.
    fn request(&self, unlock: &UnlockSession) -> u64 {
        let device = self.enrolled.device_id.clone();
        let request = self
            .desk
            .open_request(self.session(), "user-1".into(), device, "forgotten PIN".into());
        let id = request.unwrap().id;
        let verifier = Arc::clone(&self.memory) as _;
        self.desk.verify_caller(self.session(), id, verifier).unwrap();
        let entered = self.desk.enter_challenge(self.session(), id, unlock.challenge());
        entered.unwrap();
        id
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
fn stores_of_the_host_keep_the_contracts() {
    let memory = Arc::new(Memory::default());
    mock_check_directory(Arc::clone(&memory) as _).unwrap();
    mock_check_audit_log(Arc::clone(&memory) as _).unwrap();
    mock_check_limits(Arc::clone(&memory) as _).unwrap();
    mock_check_operators(Arc::clone(&memory) as _, administrator(), PASSWORD.into()).unwrap();
    // They bite.
    let broken = mock_check_directory(Arc::clone(&memory) as _).err().unwrap();
    let text = "the contract is broken: a new registry has no users";
    assert_eq!(broken.text(), text);
    let other = mock_check_operators(memory, administrator(), "another".into());
    assert_eq!(number(other), ErrorCode::InvalidArgument.number());
}

#[test]
fn from_the_call_to_the_unlock_with_nothing_but_the_hosts_ports() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let scene = scene(suite);
        let (device, session) = scene.begin();
        let id = scene.request(&session);
        let code = scene.desk.authorise(scene.session(), id).unwrap();
        unlock(&session, Arc::clone(&device), code.clone());
        scene.desk.done(scene.session(), id).unwrap();
        scene.key.try_pin(NEW_PIN.into()).unwrap();
        let notices = scene.memory.notices.lock().unwrap().clone();
        assert_eq!(notices, [NoticeKind::CodeGiven, NoticeKind::Done]);
        let line = code.lines().next().unwrap();
        let log = scene.memory.log.lock().unwrap().concat();
        assert!(!String::from_utf8_lossy(&log).contains(line));
        let kept = scene.memory.count().unwrap();
        assert_eq!(scene.desk.verify_audit().unwrap().entries, kept);
        let counted = scene.memory.limits.lock().unwrap()[0].device_id.clone();
        assert_eq!(counted, scene.enrolled.device_id);

        // The next process: the desk takes its state from the host's log.
        let again = builder(&scene.memory, &scene.hsm, &scene.hands).open().unwrap();
        let operator = again.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
        assert_eq!(again.open_codes(operator).unwrap(), []);
    }
}

#[test]
fn a_code_goes_to_a_channel_that_has_rested() {
    let scene = scene(Suite::P256EcdhMac);
    let (device, session) = scene.begin();
    let id = scene.request(&session);
    let send = |channel: &str| {
        let channel = channel.to_owned();
        scene.desk.authorise_to_channel(scene.session(), id, channel)
    };
    assert_eq!(number(send("mail")), ErrorCode::ChannelUnusable.number());
    *scene.hands.0.lock().unwrap() = Ok(START + 101);
    assert_eq!(number(send("letter")), ErrorCode::ChannelUnusable.number());
    send("mail").unwrap();
    let code = scene.memory.sent.lock().unwrap().take().unwrap();
    unlock(&session, device, code);
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
    for (instead, expected) in table {
        let scene = scene(Suite::P256Ecdsa);
        let (_device, session) = scene.begin();
        let id = scene.request(&session);
        *scene.hsm.instead.lock().unwrap() = Some(instead.clone());
        let failed = scene.desk.authorise(scene.session(), id);
        assert_eq!(number(failed), expected.number(), "{instead:?}");
    }
}

#[test]
fn a_clock_that_fails_stops_the_desk() {
    let scene = scene(Suite::P256Ecdsa);
    let desk = &scene.desk;
    let accept = || desk.accept_clock("desk-1".into(), PASSWORD.into(), "battery changed".into());
    *scene.hands.0.lock().unwrap() = Err(HostError::HostFailed);
    let failed = [
        number(desk.search(scene.session(), String::new())),
        number(desk.sign_in("desk-1".into(), PASSWORD.into())),
        number(accept()),
        number(builder(&scene.memory, &scene.hsm, &scene.hands).open()),
    ];
    assert_eq!(failed, [ErrorCode::HostFailed.number(); 4]);
    // Set back, it is the clock's own error, and an Administrator may go on.
    *scene.hands.0.lock().unwrap() = Ok(START - 500);
    let behind = desk.search(scene.session(), String::new());
    assert_eq!(number(behind), ErrorCode::ClockWentBack.number());
    accept().unwrap();
    desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
}

#[test]
fn what_is_in_the_database_is_not_taken_on_trust() {
    let scene = scene(Suite::P256EcdhMac);
    let id = scene.enrolled.device_id.clone();
    let find = || scene.desk.find_device(scene.session(), id.clone());
    assert_eq!(find().unwrap().devices[0].device_id, id);
    let good = scene.memory.devices.lock().unwrap()[&id].clone();
    let wrongs: [fn(&mut RegisteredDevice); 6] = [
        |device| device.device_key = None,
        |device| device.issuer = Some(vec![0; 33]),
        |device| device.owner = " ".into(),
        |device| device.slot = 16,
        |device| device.counter = None,
        |device| device.device_id = "7HF8-3D0C-BV38-W153-J2Z2".into(),
    ];
    for (at, wrong) in wrongs.iter().enumerate() {
        wrong(scene.memory.devices.lock().unwrap().get_mut(&id).unwrap());
        assert_eq!(number(find()), ErrorCode::StoreCorrupt.number(), "{at}");
        scene
            .memory
            .devices
            .lock()
            .unwrap()
            .insert(id.clone(), good.clone());
    }
    find().unwrap();
    // A log whose head was cut off does not open.
    let log = Arc::new(Memory {
        log: Mutex::new(scene.memory.log.lock().unwrap()[1..].to_vec()),
        ..Memory::default()
    });
    let other = builder(&log, &scene.hsm, &scene.hands);
    assert_eq!(number(other.open()), ErrorCode::AuditBroken.number());
    // Nor does the open desk miss a tail that was.
    scene.memory.log.lock().unwrap().pop();
    assert_eq!(number(scene.desk.verify_audit()), ErrorCode::AuditBroken.number());
}

#[test]
fn a_desk_needs_its_ports_and_opens_once() {
    let error = DeskBuilder::new().open().err().unwrap();
    assert_eq!(error.number(), ErrorCode::InvalidArgument.number());
    assert!(error.text().ends_with("the desk has no licence"), "{error}");
    let (memory, hsm) = (Arc::new(Memory::default()), Hsm::new(Suite::P256Ecdsa));
    let hands = Arc::new(Hands(Mutex::new(Ok(START))));
    let builder = builder(&memory, &hsm, &hands);
    let desk = builder.open().unwrap();
    assert_eq!(number(builder.open()), ErrorCode::WrongState.number());
    let session = desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
    desk.set_service(Arc::clone(&session), false).unwrap();
    let off = desk.open_request(
        Arc::clone(&session),
        "user-1".into(),
        "7HF8-3D0C-BV38-W153-J2Z2".into(),
        "x".into(),
    );
    assert_eq!(number(off), ErrorCode::ServiceOff.number());
    assert_eq!(desk.alarms(session).unwrap(), []);
}
