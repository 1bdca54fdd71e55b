//! The sample agent in C# (`examples/agent-csharp`) as a process, on mono and on .NET, against the stub
//! help desk and the software authenticator behind a pipe written in C#.
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

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use agent::{Program, compile_agent, id, runtimes};
use fido_unlock::{ErrorCode, Interface, Suite};
use fido_unlock_mock::serve::{KeyServer, Wire};
use help_desk_stub::{Answer, Desk, Key, OLD_PIN, Service, USER, WatchedProxy};
use serde_json::{Value, json};
use support::scratch;

const NEW_PIN: &str = "Spring43";

struct World {
    key: Key,
    served: KeyServer,
    service: Service,
    state: tempfile::TempDir,
}

impl World {
    fn new(suite: Suite, thinks: Duration) -> Self {
        let mut desk = Desk::new(suite, thinks).unwrap();
        let key = Key::make(None).unwrap();
        let enrolled = key.enroll(desk.issuer()).unwrap();
        desk.register(&enrolled).unwrap();
        Self::of(desk, key)
    }

    fn of(desk: Desk, key: Key) -> Self {
        key.block().unwrap();
        Self {
            served: KeyServer::start(key.device(), Wire::Hid, Interface::Vendor, 0).unwrap(),
            key,
            service: Service::start(desk, 0).unwrap(),
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn start(&self, program: &Program<'_>, desk: Option<&str>) -> agent::Agent {
        let port = self.served.port().to_string();
        program.start(self.state.path(), &self.service, desk, &["--key-port", &port])
    }
}

fn code_of(desk: &mut Desk, locked: &Value) -> String {
    let asked = json!({
        "device_id": locked["device_id"], "challenge": locked["challenge"], "user": USER,
    });
    let name = desk.ask(serde_json::from_value(asked).unwrap()).unwrap();
    match desk.answer(name).unwrap() {
        Answer::Code(code) => code.to_string(),
        _ => panic!("no code"),
    }
}

fn a_code_from_the_desk(program: &Program<'_>) {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = World::new(suite, Duration::from_millis(100));
        let mut agent = world.start(program, Some(&world.service.url()));
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
        assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
        assert_eq!(world.key.try_pin(OLD_PIN), Err(ErrorCode::PinInvalid));
        assert_eq!(
            fs::read_dir(world.state.path()).unwrap().count(),
            0,
            "a session is kept"
        );
    }
}

fn a_typed_code(program: &Program<'_>) {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    let mut agent = world.start(program, None);
    let locked = agent.next("locked");
    let id = id(&locked);
    agent.type_line("\u{feff}pin");
    agent.error(ErrorCode::Usage);
    agent.type_line("cancel 0000");
    agent.error(ErrorCode::InvalidArgument);
    agent.type_line(&format!("code {id} {}", locked["challenge"].as_str().unwrap()));
    agent.type_line(&format!("pin {id} 12"));
    agent.error(ErrorCode::CodeKind);
    let code = code_of(&mut world.service.desk(), &locked);
    agent.type_line(&format!("code {id} {code}"));
    agent.error(ErrorCode::PinTooShort);
    // The last line may have no end.
    agent.type_last(&format!("pin {id} {NEW_PIN}"));
    agent.next("touch");
    agent.next("unlocked");
    assert!(!agent.end().contains(&code));
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
}

/// The desk would give the same one again, until the key takes none any more.
fn a_wrong_code(program: &Program<'_>) {
    let suite = Suite::AesAdminKey;
    let [mut right, mut wrong] = [0, 1].map(|_| Desk::new(suite, Duration::ZERO).unwrap());
    let key = Key::make(None).unwrap();
    let enrolled = key.enroll(right.issuer()).unwrap();
    right.register(&enrolled).unwrap();
    wrong.register(&enrolled).unwrap();
    let world = World::of(wrong, key);
    let mut agent = world.start(program, Some(&world.service.url()));
    let locked = agent.next("locked");
    agent.next("requested");
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.error(ErrorCode::ResponseWrong);
    agent.type_line(&format!("code {} {}", id(&locked), code_of(&mut right, &locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
}

fn a_restart(program: &Program<'_>) {
    let world = World::new(Suite::P256EcdhMac, Duration::from_secs(2));
    let mut first = world.start(program, Some(&world.service.url()));
    let shown = first.next("locked");
    first.next("requested");
    // It dies, as at a power cut.
    first.process.kill().unwrap();
    first.process.wait().unwrap();

    let mut second = world.start(program, Some(&world.service.url()));
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

fn a_cancel(program: &Program<'_>) {
    let world = World::new(Suite::P256EcdhMac, Duration::from_secs(3600));
    let mut agent = world.start(program, Some(&world.service.url()));
    let locked = agent.next("locked");
    agent.next("requested");
    agent.type_line(&format!("cancel {}", id(&locked)));
    agent.next("cancelled");
    agent.end();
    assert_eq!(world.key.try_pin(NEW_PIN), Err(ErrorCode::PinBlocked));
}

/// A proxy would see token and Response Code.
fn a_proxy(program: &Program<'_>) {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    let proxy = WatchedProxy::start().unwrap();
    let through = Program {
        variables: &proxy.variables(),
        ..*program
    };
    let mut agent = world.start(&through, Some(&world.service.url()));
    let locked = agent.next("locked");
    agent.next("requested");
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(proxy.got(), "");
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
}

fn what_cannot_work(program: &Program<'_>) {
    let world = World::new(Suite::P256EcdhMac, Duration::ZERO);
    for arguments in [
        &["--desk", "http://127.0.0.1:1", "--user", USER][..],
        &[
            "--state",
            "x",
            "--desk",
            "http://desk.example",
            "--user",
            USER,
            "--key-port",
            "1",
        ],
        &["--state", "x", "--user", USER],
    ] {
        let output = program
            .command()
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(80), "{arguments:?}: {output:?}");
    }
    let port = world.served.port().to_string();
    let short = ["--key-port", &port, "--deadline", "5"];
    let mut agent = program.start(
        world.state.path(),
        &world.service,
        Some("http://127.0.0.1:9"),
        &short,
    );
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
            a_restart,
            a_cancel,
            a_proxy,
            what_cannot_work,
        ] {
            story(&program);
        }
        println!("{}: 7 stories", runtime[0]);
    }
}
