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

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fido_unlock::ports::Interface;
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_mock::serve::{KeyServer, Wire};
use help_desk_stub::{Answer, Desk, Key, OLD_PIN, Service, USER};
use serde_json::{Value, json};

use support::{build, compile_with, dotnet_program, here, scratch, sources};

const PATIENCE: Duration = Duration::from_secs(60);
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
        key.block().unwrap();
        Self {
            served: KeyServer::start(key.device(), Wire::Hid, Interface::Vendor, 0).unwrap(),
            key,
            service: Service::start(desk, 0).unwrap(),
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn code_for(&self, locked: &Value) -> String {
        let mut desk = self.service.desk();
        let asked = json!({
            "device_id": locked["device_id"], "challenge": locked["challenge"], "user": USER,
        });
        let name = desk.ask(serde_json::from_value(asked).unwrap()).unwrap();
        match desk.answer(&name).unwrap() {
            Answer::Code(code) => code.to_string(),
            _ => panic!("no code"),
        }
    }
}

/// The agent, compiled, and a runtime for it.
struct Program<'a> {
    runtime: &'a [String],
    folder: &'a Path,
}

impl Program<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", "300"])
            .args(self.runtime)
            .arg(self.folder.join("agent.exe"))
            .env("LD_LIBRARY_PATH", self.folder)
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        command
    }

    fn start(&self, world: &World, desk: Option<&str>) -> Agent {
        let mut command = self.command();
        command
            .arg("--state")
            .arg(world.state.path())
            .args(["--key-port", &world.served.port().to_string()])
            .env("FIDO_UNLOCK_DESK_TOKEN", world.service.token());
        if let Some(desk) = desk {
            command.args([
                "--desk",
                desk,
                "--user",
                USER,
                "--poll",
                "0.05",
                "--deadline",
                "5",
            ]);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                // The test may have seen enough.
                let _ = tell.send(line.unwrap());
            }
        });
        Agent {
            input: process.stdin.take(),
            process,
            said,
            text: String::new(),
        }
    }
}

struct Agent {
    process: Child,
    input: Option<ChildStdin>,
    said: Receiver<String>,
    text: String,
}

impl Agent {
    fn next(&mut self, event: &str) -> Value {
        let line = self
            .said
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no {event} after\n{}", self.text));
        self.text.push_str(&line);
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["event"], event, "{said}");
        said
    }

    fn error(&mut self, code: ErrorCode) {
        let said = self.next("error");
        assert_eq!(said["error"]["number"], code.number(), "{said}");
        assert_eq!(said["error"]["name"], code.name());
        assert_eq!(said["error"]["next_step"], code.next_step());
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Ends the input; the agent must end well and say nothing more.
    fn end(mut self) -> String {
        self.input = None;
        assert!(self.process.wait().unwrap().success());
        let left: Vec<String> = self.said.iter().collect();
        assert!(left.is_empty(), "{left:?}");
        self.text
    }
}

fn id(said: &Value) -> String {
    said["device_id"].as_str().unwrap().to_owned()
}

fn a_code_from_the_desk(program: &Program<'_>) {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = World::new(suite, Duration::from_millis(100));
        let mut agent = program.start(&world, Some(&world.service.url()));
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
    let mut agent = program.start(&world, None);
    let locked = agent.next("locked");
    let id = id(&locked);
    agent.type_line("pin");
    agent.error(ErrorCode::Usage);
    agent.type_line("cancel 0000");
    agent.error(ErrorCode::InvalidArgument);
    agent.type_line(&format!("code {id} {}", locked["challenge"].as_str().unwrap()));
    agent.type_line(&format!("pin {id} 12"));
    agent.error(ErrorCode::CodeKind);
    let code = world.code_for(&locked);
    agent.type_line(&format!("code {id} {code}"));
    agent.error(ErrorCode::PinTooShort);
    agent.type_line(&format!("pin {id} {NEW_PIN}"));
    agent.next("touch");
    agent.next("unlocked");
    assert!(!agent.end().contains(&code));
    assert_eq!(world.key.try_pin(NEW_PIN), Ok(()));
}

fn a_restart(program: &Program<'_>) {
    let world = World::new(Suite::P256EcdhMac, Duration::from_secs(2));
    let mut first = program.start(&world, Some(&world.service.url()));
    let shown = first.next("locked");
    first.next("requested");
    // It dies, as at a power cut.
    first.process.kill().unwrap();
    first.process.wait().unwrap();

    let mut second = program.start(&world, Some(&world.service.url()));
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
    let mut agent = program.start(&world, Some(&world.service.url()));
    let locked = agent.next("locked");
    agent.next("requested");
    agent.type_line(&format!("cancel {}", id(&locked)));
    agent.next("cancelled");
    agent.end();
    assert_eq!(world.key.try_pin(NEW_PIN), Err(ErrorCode::PinBlocked));
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
    let mut agent = program.start(&world, Some("http://127.0.0.1:9"));
    agent.next("locked");
    agent.error(ErrorCode::RequestExpired);
    // A session that was kept is shown again as itself.
    drop(agent.input.take());
    agent.process.wait().unwrap();
}

#[test]
fn the_agent_unlocks_on_mono_and_dotnet() {
    let libraries = build("fido-unlock-ffi", &[]);
    let out = scratch("csharp-agent");
    fs::copy(
        libraries.join("libfido_unlock_ffi.so"),
        out.join("libfido_unlock_ffi.so"),
    )
    .unwrap();
    let csharp = here().join("../csharp/FidoUnlock");
    let files: Vec<PathBuf> = [
        sources(&here().join("../../examples/agent-csharp")),
        sources(&csharp),
        sources(&csharp.join("Generated")),
    ]
    .concat();
    compile_with(&out.join("agent.exe"), &files, &["-r:System.Net.Http"]);
    let dotnet = dotnet_program().display().to_string();
    for runtime in [vec!["mono".to_owned()], vec![dotnet, "exec".to_owned()]] {
        let program = Program {
            runtime: &runtime,
            folder: &out,
        };
        for story in [
            a_code_from_the_desk,
            a_typed_code,
            a_restart,
            a_cancel,
            what_cannot_work,
        ] {
            story(&program);
        }
        println!("{}: 5 stories", runtime[0]);
    }
}
