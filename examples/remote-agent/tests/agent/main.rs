//! The agent, by `app()`, against the software authenticator and the help desk's console: whole stories,
//! judged by the lines that it writes and by the key's own answer to a sign-in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod failures;
mod running;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fido_unlock::{ErrorCode, Interface, Suite};
use fido_unlock_mock::serve::{KeyServer, Wire};
use remote_agent::DeskOptions;
use remote_agent::keys::Change;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use running::{Running, SoftRoute};
use support::console::Console;
use support::proxy::WatchedProxy;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(60);
const NEW_PIN: &str = "Spring43";

/// Every code wants a second operator.
const APPROVED: &[&str] = &["--approval-from", "0"];

struct World {
    console: Console,
    folder: tempfile::TempDir,
}

impl World {
    fn new(arguments: &[&str]) -> Self {
        Self {
            console: Console::start(arguments),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn desk(&self) -> DeskOptions {
        DeskOptions {
            url: self.console.url().into(),
            user: self.console.user().into(),
            reason: "INC-4711".into(),
            method: "call-back".into(),
            statement: "called back on the number on record".into(),
            token: Arc::new(Zeroizing::new(self.console.token().into())),
            poll: Duration::from_millis(20),
            deadline: PATIENCE,
        }
    }

    fn route(&self) -> SoftRoute {
        SoftRoute {
            key: self.console.key().clone(),
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

    fn try_pin(&self, pin: &str) -> Result<(), ErrorCode> {
        self.console.key().try_pin(pin)
    }
}

fn id(said: &Value) -> String {
    said["device_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_code_from_the_desk_and_a_pin_from_the_input_unlock_a_key_of_each_suite() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = World::new(&["--suite", &suite.number().to_string()]);
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
        assert_eq!(world.try_pin(NEW_PIN), Ok(()));
        assert_eq!(world.try_pin(world.console.old_pin()), Err(ErrorCode::PinInvalid));
        assert!(!said.contains(NEW_PIN), "{said}");
        assert_eq!(world.saved(), 0, "a session of an unlocked key is kept");
        assert_eq!(world.console.requests(), [json!(null); 0], "the desk was told");
    }
}

#[test]
fn without_a_desk_the_code_is_typed_and_each_mistake_is_told_by_number() {
    let world = World::new(&[]);
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

    let code = world.console.read_out(&id, challenge);
    agent.type_line(&format!("pin {id} 12"));
    agent.type_line(&format!("code {id} {code}"));
    agent.error(ErrorCode::PinTooShort);
    // The code was kept.
    agent.type_line(&format!("pin {id} {NEW_PIN}"));
    agent.next("touch");
    agent.next("unlocked");
    let said = agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
    assert!(
        !said.contains(&code) && !said.contains(&code.replace('-', "")),
        "{said}"
    );
}

#[test]
fn a_restart_goes_on_with_the_same_challenge_and_request() {
    let world = World::new(APPROVED);
    let first = world.start();
    first.arrive(world.route());
    let shown = first.next("locked");
    first.next("requested");
    let before = world.console.ready();
    // Nobody has approved yet: the input's end ends the agent.
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
    world.console.approve();
    second.next("answered");
    let after = world.console.ready();
    assert_eq!(
        (&after["id"], &after["operator"]),
        (&before["id"], &json!("platform-1"))
    );
    second.type_line(&format!("pin {} {NEW_PIN}", id(&again)));
    second.next("touch");
    second.next("unlocked");
    second.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}

#[test]
fn a_key_that_is_busy_or_pulled_is_tried_again_and_a_cancel_ends_it() {
    let world = World::new(&[]);
    let agent = world.start();
    agent.arrive(world.route());
    let locked = agent.next("locked");
    agent.next("requested");
    agent.next("answered");
    agent.plug.send(Change::Left("soft".into())).unwrap();
    agent.next("left");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    world.console.key().replug();
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

    let other = World::new(APPROVED);
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
    assert_eq!(other.console.requests(), [json!(null); 0], "the desk was told");
    assert_eq!(other.try_pin(NEW_PIN), Err(ErrorCode::PinBlocked));
}

/// As a process, since a proxy is named by the environment.
#[test]
fn a_desk_on_this_machine_is_asked_without_the_proxy() {
    let world = World::new(&[]);
    let key = KeyServer::start(world.console.key().device(), Wire::Hid, Interface::Vendor, 0).unwrap();
    let proxy = WatchedProxy::start();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_remote-agent"))
        .args([
            "--key-port",
            &key.port().to_string(),
            "--poll",
            "0",
            "--deadline",
            "300",
        ])
        .args(["--desk", world.console.url(), "--user", world.console.user()])
        .args([
            "--reason",
            "INC-4711",
            "--verified",
            "call-back",
            "--statement",
            "called back",
            "--state",
        ])
        .arg(world.folder.path())
        .env("FIDO_UNLOCK_DESK_TOKEN", world.console.token())
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
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}
