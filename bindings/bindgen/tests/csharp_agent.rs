//! The sample agent in C# (`examples/agent-csharp`) as a process, on mono and on .NET, against the
//! help desk's console and the software authenticator behind a pipe written in C#.
//!
//! Needs what `csharp_unlock.rs` needs, and Debian's `libmono-system-net-http4.0-cil`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "support/agent.rs"]
mod agent;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use agent::asked::console::Console;
use agent::asked::key::Key;
use agent::asked::proxy::WatchedProxy;
use agent::asked::relay::{Fate, Relay};
use agent::{Program, call, compile_agent, id, runtimes};
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::Call;
use fido_unlock::host::{CtapUnlockDevice, Session};
use fido_unlock::{ErrorCode, Interface, Suite};
use fido_unlock_mock::serve::{KeyServer, Wire};
use getrandom::SysRng;
use serde_json::json;
use support::scratch;

const NEW_PIN: &str = "Spring43";
/// Every code wants a second operator.
const APPROVED: &[&str] = &["--approval-from", "0"];

struct World {
    console: Console,
    served: KeyServer,
    state: tempfile::TempDir,
}

impl World {
    fn new(arguments: &[&str]) -> Self {
        let console = Console::start(arguments);
        Self {
            served: KeyServer::start(console.key().device(), Wire::Hid, Interface::Vendor, 0).unwrap(),
            console,
            state: tempfile::tempdir().unwrap(),
        }
    }

    /// With the console, asked at this address.
    fn start_at(&self, program: &Program<'_>, url: &str) -> agent::Agent {
        let port = self.served.port().to_string();
        let desk = Some((&self.console, url));
        program.start(self.state.path(), desk, &["--key-port", &port])
    }

    fn start(&self, program: &Program<'_>) -> agent::Agent {
        self.start_at(program, self.console.url())
    }

    fn try_pin(&self, pin: &str) -> Result<(), ErrorCode> {
        self.console.key().try_pin(pin)
    }
}

/// A code for this key, which is not for another one.
fn code_of(console: &Console) -> String {
    let (id, challenge) = shown(console.key());
    console.read_out(&id, &challenge)
}

/// Device ID and challenge.
fn shown(key: &Key) -> (String, String) {
    let hid = key.device().hid(Interface::Vendor);
    let mut device = CtapUnlockDevice::new(HidTransport::new(hid, SysRng, Interface::Vendor));
    let session = Session::begin(&mut device, None, &mut Call::quick()).unwrap();
    (session.device_id().to_code(), session.challenge().to_code())
}

fn a_code_from_the_desk(program: &Program<'_>) {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = World::new(&["--suite", &suite.number().to_string()]);
        let mut agent = world.start(program);
        let locked = agent.next("locked");
        assert_eq!(
            (&locked["suite"], &locked["resumed"]),
            (&json!(suite.number()), &json!(false))
        );
        agent.next("requested");
        agent.next("answered");
        agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
        agent.next("touch");
        agent.next("unlocked");
        let said = agent.end();
        assert!(!said.contains(NEW_PIN), "{said}");
        assert_eq!(world.try_pin(NEW_PIN), Ok(()));
        assert_eq!(world.try_pin(world.console.old_pin()), Err(ErrorCode::PinInvalid));
        assert_eq!(
            fs::read_dir(world.state.path()).unwrap().count(),
            0,
            "a session is kept"
        );
        assert_eq!(world.console.requests(), [json!(null); 0], "the desk was told");
    }
}

fn a_typed_code(program: &Program<'_>) {
    let world = World::new(&[]);
    let port = world.served.port().to_string();
    let mut agent = program.start(world.state.path(), None, &["--key-port", &port]);
    let locked = agent.next("locked");
    let id = id(&locked);
    agent.type_line("\u{feff}pin");
    agent.error(ErrorCode::Usage);
    agent.type_line("cancel 0000");
    agent.error(ErrorCode::InvalidArgument);
    agent.type_line(&format!("code {id} {}", locked["challenge"].as_str().unwrap()));
    agent.type_line(&format!("pin {id} 12"));
    agent.error(ErrorCode::CodeKind);
    let code = code_of(&world.console);
    agent.type_line(&format!("code {id} {code}"));
    agent.error(ErrorCode::PinTooShort);
    // The last line may have no end.
    agent.type_last(&format!("pin {id} {NEW_PIN}"));
    agent.next("touch");
    agent.next("unlocked");
    assert!(!agent.end().contains(&code));
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}

/// The desk would give the same one again, until the key takes none any more.
fn a_wrong_code(program: &Program<'_>) {
    let (world, other) = (World::new(&[]), Console::start(&[]));
    let wrong = json!({ "code": code_of(&other), "spoken": "" }).to_string();
    let relay = Relay::start(world.console.url(), move |asked| {
        if asked.ends_with("/code") {
            Fate::Instead(wrong.clone())
        } else {
            Fate::Answered
        }
    });
    let mut agent = world.start_at(program, &relay.url());
    let locked = agent.next("locked");
    agent.next("requested");
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.error(ErrorCode::ResponseWrong);
    let right = code_of(&world.console);
    agent.type_line(&format!("code {} {right}", id(&locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
    // The agent's own request got no code from the desk, and was given up; the caller's is the operator's to end.
    let left = world.console.requests();
    assert_eq!((left.len(), &left[0]["operator"]), (1, &json!("desk-2")));
}

/// Each step is asked again, and done once.
fn lost_answers(program: &Program<'_>) {
    let world = World::new(APPROVED);
    let mut times = BTreeMap::new();
    let relay = Relay::start(world.console.url(), move |asked| {
        let times = times.entry(asked.to_owned()).or_insert(0);
        *times += 1;
        match times {
            1 => Fate::Busy,
            2 => Fate::Lost,
            _ => Fate::Answered,
        }
    });
    let mut agent = world.start_at(program, &relay.url());
    let locked = agent.next("locked");
    agent.next("requested");
    world.console.approve();
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
    assert_eq!(world.console.requests(), [json!(null); 0], "one, which was ended");
}

/// It is asked for anew, by another request.
fn a_request_that_was_ended_at_the_desk(program: &Program<'_>) {
    let world = World::new(APPROVED);
    let mut agent = world.start(program);
    agent.next("locked");
    agent.next("requested");
    world.console.abandon();
    agent.error(ErrorCode::RequestExpired);
    agent.dies();
    let mut agent = world.start(program);
    let again = agent.next("locked");
    assert_eq!(again["resumed"], true);
    agent.next("requested");
    world.console.approve();
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&again)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}

fn a_restart(program: &Program<'_>) {
    let world = World::new(APPROVED);
    let mut first = world.start(program);
    let shown = first.next("locked");
    first.next("requested");
    let before = world.console.ready();
    first.dies();

    let mut second = world.start(program);
    let again = second.next("locked");
    assert_eq!(
        (&again["challenge"], &again["resumed"]),
        (&shown["challenge"], &json!(true))
    );
    // Not "requested": it is the same request.
    world.console.approve();
    second.next("answered");
    assert_eq!(world.console.ready()["id"], before["id"]);
    second.type_line(&format!("pin {} {NEW_PIN}", id(&again)));
    second.next("touch");
    second.next("unlocked");
    second.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}

fn a_cancel(program: &Program<'_>) {
    let world = World::new(APPROVED);
    let mut agent = world.start(program);
    let locked = agent.next("locked");
    agent.next("requested");
    agent.type_line(&format!("cancel {}", id(&locked)));
    agent.next("cancelled");
    agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Err(ErrorCode::PinBlocked));
    assert_eq!(world.console.requests(), [json!(null); 0], "the desk was told");
}

/// A proxy would see token and Response Code.
fn a_proxy(program: &Program<'_>) {
    let world = World::new(&[]);
    let proxy = WatchedProxy::start();
    let through = Program {
        variables: &proxy.variables(),
        ..*program
    };
    let mut agent = world.start(&through);
    let locked = agent.next("locked");
    agent.next("requested");
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(proxy.got(), "");
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}

fn what_cannot_work(program: &Program<'_>) {
    let world = World::new(&[]);
    let call = call("robin.sample");
    let whole = |head: &[&'static str]| [head, &call].concat();
    for arguments in [
        whole(&["--desk", "http://127.0.0.1:1"]),
        whole(&["--state", "x", "--desk", "http://desk.example", "--key-port", "1"]),
        whole(&["--state", "x"]),
        vec![
            "--state",
            "x",
            "--desk",
            "http://127.0.0.1:1",
            "--user",
            "robin.sample",
        ],
    ] {
        let output = program
            .command()
            .args(&arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(80), "{arguments:?}: {output:?}");
    }
    let port = world.served.port().to_string();
    let short = ["--key-port", &port, "--deadline", "5"];
    let nowhere = Some((&world.console, "http://127.0.0.1:9"));
    let mut agent = program.start(world.state.path(), nowhere, &short);
    agent.next("locked");
    agent.error(ErrorCode::RequestExpired);
    // A session that was kept is shown again as itself.
    drop(agent.input.take());
    agent.process.wait().unwrap();
}

#[test]
fn the_agent_unlocks_on_mono_and_dotnet() {
    let out = scratch("csharp-agent");
    compile_agent(&out, &[]);
    for runtime in runtimes() {
        let program = Program {
            runtime: &runtime,
            folder: &out,
            variables: &[],
        };
        for story in [
            a_code_from_the_desk,
            a_typed_code,
            a_wrong_code,
            lost_answers,
            a_request_that_was_ended_at_the_desk,
            a_restart,
            a_cancel,
            a_proxy,
            what_cannot_work,
        ] {
            story(&program);
        }
        println!("{}: 9 stories", runtime[0]);
    }
}
