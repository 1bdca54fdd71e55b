//! The agent, by `app()`, against the software authenticator and the stub help desk: whole stories,
//! judged by the lines that it writes and by the key's own answer to a sign-in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::Transport;
use fido_unlock::{ErrorCode, Interface, Suite};
use fido_unlock_mock::serve::{KeyServer, Wire};
use fido_unlock_system::SystemEntropy;
use help_desk_stub::{Desk, Key, OLD_PIN, Service, USER, WatchedProxy};
use remote_agent::keys::{Change, Keys, Route};
use remote_agent::{DeskOptions, Failure, Options, app};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(60);
const NEW_PIN: &str = "Spring43";

/// Keys that come and go when the test says so.
struct Scripted(Receiver<Change>);

impl Keys for Scripted {
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure> {
        Ok(self.0.recv_timeout(timeout).ok())
    }
}

struct SoftRoute {
    key: Key,
    interface: Interface,
    path: &'static str,
    /// How often opening it fails first.
    busy: Mutex<u32>,
}

impl Route for SoftRoute {
    fn name(&self) -> &str {
        "Software key"
    }
    fn kind(&self) -> &'static str {
        "port"
    }
    fn path(&self) -> &str {
        self.path
    }
    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        let mut busy = self.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            return Err(ErrorCode::Busy.into());
        }
        let hid = self.key.device().hid(self.interface);
        Ok(Box::new(HidTransport::new(hid, SystemEntropy, self.interface)))
    }
}

/// Standard input that the test writes.
struct Typed {
    lines: Receiver<Vec<u8>>,
    left: Vec<u8>,
}

impl Read for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left.is_empty() {
            self.left = self.lines.recv().unwrap_or_default();
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

struct Said(Sender<Value>, Arc<Mutex<String>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut text = self.1.lock().unwrap();
        let from = text.rfind('\n').map_or(0, |end| end + 1);
        text.push_str(std::str::from_utf8(bytes).unwrap());
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole > from {
            for line in text[from..whole].lines() {
                // The test may have seen enough.
                let _ = self.0.send(serde_json::from_str(line).unwrap());
            }
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The agent as it runs.
struct Running {
    plug: Sender<Change>,
    keyboard: Option<Sender<Vec<u8>>>,
    events: Receiver<Value>,
    text: Arc<Mutex<String>>,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Running {
    fn start(state: &Path, desk: Option<DeskOptions>) -> Self {
        let (plug, keys) = channel();
        let (keyboard, lines) = channel();
        let (said, events) = channel();
        let text = Arc::new(Mutex::new(String::new()));
        let options = Options {
            state: state.into(),
            desk,
            pause: Duration::from_millis(10),
        };
        let typed = Typed {
            lines,
            left: Vec::new(),
        };
        let output = Said(said, Arc::clone(&text));
        let thread = std::thread::spawn(move || app(options, Scripted(keys), BufReader::new(typed), output));
        Self {
            plug,
            keyboard: Some(keyboard),
            events,
            text,
            thread,
        }
    }

    fn arrive(&self, route: SoftRoute) {
        self.plug.send(Change::Arrived(Arc::new(route))).unwrap();
    }

    fn type_line(&self, line: &str) {
        let keyboard = self.keyboard.as_ref().unwrap();
        keyboard.send(format!("{line}\n").into_bytes()).unwrap();
    }

    /// The next event, which must be this one.
    fn next(&self, event: &str) -> Value {
        let said = self
            .events
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no {event}"));
        assert_eq!(said["event"], event, "{said}");
        said
    }

    fn error(&self, code: ErrorCode) {
        let said = self.next("error");
        assert_eq!(said["error"]["number"], code.number(), "{said}");
        assert_eq!(said["error"]["next_step"], code.next_step());
    }

    /// Ends the input and gives all that was said.
    fn end(mut self) -> String {
        self.keyboard = None;
        self.thread.join().unwrap().unwrap();
        let left: Vec<Value> = self.events.try_iter().collect();
        assert!(left.is_empty(), "{left:?}");
        self.text.lock().unwrap().clone()
    }
}

struct World {
    key: Key,
    service: Service,
    folder: tempfile::TempDir,
}

impl World {
    fn new(suite: Suite, thinks: Duration) -> Self {
        let mut desk = Desk::new(suite, thinks).unwrap();
        let key = Key::make(None).unwrap();
        let enrolled = key.enroll(desk.issuer()).unwrap();
        desk.register(&enrolled).unwrap();
        key.block().unwrap();
        Self {
            key,
            service: Service::start(desk, 0).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn desk(&self) -> DeskOptions {
        DeskOptions {
            url: self.service.url(),
            user: USER.into(),
            token: Arc::new(Zeroizing::new(self.service.token().into())),
            poll: Duration::from_millis(20),
            deadline: PATIENCE,
        }
    }

    fn route(&self) -> SoftRoute {
        SoftRoute {
            key: self.key.clone(),
            interface: Interface::Vendor,
            path: "soft",
            busy: Mutex::new(0),
        }
    }

    fn start(&self) -> Running {
        Running::start(self.folder.path(), Some(self.desk()))
    }

    fn saved(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

fn id(said: &Value) -> String {
    said["device_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_code_from_the_desk_and_a_pin_from_the_input_unlock_a_key_of_each_suite() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = World::new(suite, Duration::from_millis(60));
        let agent = world.start();
        agent.arrive(world.route());
        let locked = agent.next("locked");
        assert_eq!(
            (&locked["suite"], &locked["resumed"]),
            (&json!(suite.number()), &json!(false))
        );
        // Another interface of the same key says nothing new.
        agent.arrive(SoftRoute {
            interface: Interface::Fido,
            path: "soft-fido",
            ..world.route()
        });
        agent.next("requested");
        agent.next("answered");
        agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
        agent.next("touch");
        agent.next("unlocked");
        let said = agent.end();
        assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
        assert_eq!(world.key.try_pin(OLD_PIN), Err(ErrorCode::PinInvalid));
        assert!(!said.contains(NEW_PIN), "{said}");
        assert_eq!(world.saved(), 0, "a session of an unlocked key is kept");
        assert!(world.service.desk().verify_audit().unwrap() > 5);
    }
}

#[test]
fn without_a_desk_the_code_is_typed_and_each_mistake_is_told_by_number() {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    let agent = Running::start(world.folder.path(), None);
    agent.arrive(world.route());
    let locked = agent.next("locked");
    let id = id(&locked);
    let challenge = locked["challenge"].as_str().unwrap();

    agent.type_line("pin");
    agent.error(ErrorCode::Usage);
    agent.type_line(&format!("code {id} {challenge}"));
    agent.error(ErrorCode::CodeKind);
    agent.type_line(&format!(
        "pin {} {NEW_PIN}",
        fido_unlock::DeviceId::from_bytes([3; 10]).to_code()
    ));
    agent.error(ErrorCode::InvalidArgument);

    let code = code_for(&world, &locked);
    agent.type_line(&format!("pin {id} 12"));
    agent.type_line(&format!("code {id} {code}"));
    agent.error(ErrorCode::PinTooShort);
    // The code was kept.
    agent.type_line(&format!("pin {id} {NEW_PIN}"));
    agent.next("touch");
    agent.next("unlocked");
    let said = agent.end();
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
    assert!(
        !said.contains(&code) && !said.contains(&code.replace('-', "")),
        "{said}"
    );
}

/// What the desk reads out.
fn code_for(world: &World, locked: &Value) -> String {
    let mut desk = world.service.desk();
    let asked = json!({
        "device_id": locked["device_id"],
        "challenge": locked["challenge"],
        "user": USER,
    });
    let name = desk.ask(serde_json::from_value(asked).unwrap()).unwrap();
    match desk.answer(name).unwrap() {
        help_desk_stub::Answer::Code(code) => code.to_string(),
        _ => panic!("no code"),
    }
}

#[test]
fn a_restart_goes_on_with_the_same_challenge_and_request() {
    let world = World::new(Suite::P256EcdhMac, Duration::from_millis(300));
    let first = world.start();
    first.arrive(world.route());
    let shown = first.next("locked");
    first.next("requested");
    // It is still pending: the input's end ends the agent.
    first.end();
    assert_eq!(world.saved(), 1);

    let second = world.start();
    second.arrive(world.route());
    let again = second.next("locked");
    assert_eq!(
        (&again["challenge"], &again["resumed"]),
        (&shown["challenge"], &json!(true))
    );
    // Not "requested": it is the same request.
    second.next("answered");
    second.type_line(&format!("pin {} {NEW_PIN}", id(&again)));
    second.next("touch");
    second.next("unlocked");
    second.end();
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
}

#[test]
fn a_key_that_is_busy_or_pulled_is_tried_again_and_a_cancel_ends_it() {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    let agent = world.start();
    agent.arrive(world.route());
    let locked = agent.next("locked");
    agent.next("requested");
    agent.next("answered");
    agent.plug.send(Change::Left("soft".into())).unwrap();
    agent.next("left");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    world.key.replug();
    // The first time it is looked at, then the first try fails.
    let busy = SoftRoute {
        path: "soft-2",
        ..world.route()
    };
    *busy.busy.lock().unwrap() = 1;
    agent.arrive(busy);
    agent.error(ErrorCode::Busy);
    agent.arrive(world.route());
    let again = agent.next("locked");
    assert_eq!(again["resumed"], true);
    agent.next("touch");
    agent.next("unlocked");
    agent.end();

    let other = World::new(Suite::P256EcdhMac, Duration::from_secs(3600));
    let agent = other.start();
    agent.arrive(other.route());
    let locked = agent.next("locked");
    agent.next("requested");
    agent.type_line(&format!("cancel {}", id(&locked)));
    let mut events = vec![agent.events.recv_timeout(PATIENCE).unwrap()];
    events.extend(agent.events.recv_timeout(Duration::from_millis(500)));
    assert!(
        events.iter().any(|said| said["event"] == "cancelled"),
        "{events:?}"
    );
    agent.end();
    assert_eq!(other.saved(), 0);
    assert_eq!(other.key.try_pin(NEW_PIN), Err(ErrorCode::PinBlocked));
}

#[test]
fn a_desk_that_cannot_be_reached_is_asked_until_the_deadline() {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    let refused = DeskOptions {
        user: "nobody".into(),
        ..world.desk()
    };
    let unreachable = DeskOptions {
        url: "http://127.0.0.1:9".into(),
        deadline: Duration::from_millis(200),
        ..world.desk()
    };
    let stranger = DeskOptions {
        token: Arc::default(),
        ..world.desk()
    };
    for (desk, expected) in [
        (refused, ErrorCode::UserUnknown),
        (unreachable, ErrorCode::RequestExpired),
        (stranger, ErrorCode::PrivilegeMissing),
    ] {
        let agent = Running::start(world.folder.path(), Some(desk));
        agent.arrive(world.route());
        agent.next("locked");
        agent.error(expected);
        agent.end();
    }
}

/// As a process, since a proxy is named by the environment.
#[test]
fn a_desk_on_this_machine_is_asked_without_the_proxy() {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    let key = KeyServer::start(world.key.device(), Wire::Hid, Interface::Vendor, 0).unwrap();
    let proxy = WatchedProxy::start().unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_remote-agent"))
        .args([
            "--key-port",
            &key.port().to_string(),
            "--poll",
            "0",
            "--deadline",
            "300",
        ])
        .args(["--desk", &world.service.url(), "--user", USER, "--state"])
        .arg(world.folder.path())
        .env("FIDO_UNLOCK_DESK_TOKEN", world.service.token())
        .envs(proxy.variables())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = agent.stdin.take().unwrap();
    let mut events = Vec::new();
    for line in BufReader::new(agent.stdout.take().unwrap()).lines() {
        let said: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if said["event"] == "locked" {
            writeln!(input, "pin {} {NEW_PIN}", id(&said)).unwrap();
        }
        events.push(said["event"].as_str().unwrap().to_owned());
        if said["event"] == "unlocked" || said["event"] == "error" {
            break;
        }
    }
    drop(input);
    agent.wait().unwrap();
    assert_eq!(proxy.got(), "");
    assert_eq!(events.last().unwrap(), "unlocked", "{events:?}");
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
}
