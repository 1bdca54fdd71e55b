//! The sample agent in Swift, as a process: a locked card in a virtual reader, the help desk's console, a PIN that
//! is refused and one that is not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::debian::{Debian, shared};
use crate::step::{Done, Failed};
use crate::workspace;

/// Its package.
pub const PACKAGE: &str = "examples/agent-swift";
const NEW_PIN: &str = "Spring43";
const PATIENCE: Duration = Duration::from_secs(300);
/// Where pcscd's socket lies.
const SOCKET: &str = "/run/pcscd/pcscd.comm";
/// The card service of that Debian beside the agent, whose end is the end of both.
const BOTH: &str = concat!(
    "mkdir -p /run/pcscd\npcscd --foreground --disable-polkit --config ",
    shared!("/target/agent/readers"),
    " >",
    shared!("/target/agent/pcscd.log"),
    " 2>&1 &\nwhile [ ! -S /run/pcscd/pcscd.comm ]; do sleep 0.1; done\nexec \"$@\"",
);
const AGENT: &str = shared!("/examples/agent-swift/.build/debug/agent");

/// Both stories; `shared` holds the agent, built.
pub fn test(debian: &Debian, shared: &Path) -> Done {
    let folder = shared.join("target/agent");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("readers")).map_err(|error| failed(&folder, error))?;
    unlocks(debian, shared, &folder)?;
    tells_problems(debian, shared, &folder)
}

fn unlocks(debian: &Debian, shared: &Path, folder: &Path) -> Done {
    let key = folder.join("key.bin");
    let mut console = workspace::console_program()?;
    let console = Program::start(console.args(["--demo", "--json", "--key"]).arg(&key))?;
    let world = console.next()?;
    let text = |name: &str| {
        world
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let port = free_port()?;
    let reader = format!(
        "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x{port:04X}\n\
         LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x{port:04X}\n"
    );
    std::fs::write(folder.join("readers/vpcd"), reader).map_err(|error| failed(folder, error))?;
    // Of a run before.
    let socket = debian.file(SOCKET);
    let _ = std::fs::remove_file(&socket);
    let command = [
        "sh",
        "-c",
        BOTH,
        "sh",
        AGENT,
        "--desk",
        &text("desk"),
        "--user",
        &text("user"),
        "--reason",
        "INC-4711",
        "--verified",
        "call-back",
        "--statement",
        "called back on the number on record",
    ];
    let mut agent = Program::start(
        debian
            .command(shared, &command)
            .env("LD_LIBRARY_PATH", shared!("/target"))
            .env("FIDO_UNLOCK_DESK_TOKEN", text("token")),
    )?;
    let begun = Instant::now();
    while !socket.exists() {
        if begun.elapsed() > PATIENCE {
            let log = std::fs::read_to_string(folder.join("pcscd.log")).unwrap_or_default();
            return Err(Failed(format!("agent-swift: no pcscd: {log}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut card = workspace::program("fido-unlock-virtual")?;
    card.args(["card", "--reader-port", &port.to_string(), "--state"]);
    let card = Program::start(card.arg(&key))?;

    for event in ["locked", "requested", "answered"] {
        agent.event(event)?;
    }
    agent.type_line("Ab1")?;
    number(&agent.event("error")?, 301)?;
    agent.type_line(NEW_PIN)?;
    agent.event("touch")?;
    agent.event("unlocked")?;
    agent.ends_well()?;
    drop((card, console));
    // What the key says of itself.
    let mut look = workspace::program("fido-unlock")?;
    let output = look
        .arg("--mock")
        .arg(&key)
        .args(["info", "--json"])
        .output()
        .map_err(|error| failed(&key, error))?;
    let info: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if info.get("unlock_counter") == Some(&1.into()) && info.get("pin_retries") == Some(&8.into()) {
        Ok(())
    } else {
        Err(Failed(format!("agent-swift: the key was not unlocked: {info}")))
    }
}

/// A card service that hangs up on its client, as one does that may not serve this user.
fn tells_problems(debian: &Debian, shared: &Path, folder: &Path) -> Done {
    let socket = folder.join("refusing.comm");
    let listener = std::os::unix::net::UnixListener::bind(&socket).map_err(|error| failed(&socket, error))?;
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut command = vec![AGENT];
    for name in ["--user", "--reason", "--verified", "--statement"] {
        command.extend([name, "nothing"]);
    }
    command.extend(["--desk", "http://127.0.0.1:9"]);
    let mut agent = Program::start(
        debian
            .command(shared, &command)
            .env("LD_LIBRARY_PATH", shared!("/target"))
            .env("PCSCLITE_CSOCK_NAME", shared!("/target/agent/refusing.comm")),
    )?;
    number(&agent.event("error")?, 518)
}

fn number(told: &Value, wanted: u16) -> Done {
    let number = told.pointer("/error/number").and_then(Value::as_u64);
    if number == Some(wanted.into()) {
        Ok(())
    } else {
        Err(Failed(format!("agent-swift: not {wanted}: {told}")))
    }
}

fn failed(path: &Path, error: std::io::Error) -> Failed {
    Failed(format!("{}: {error}", path.display()))
}

/// One that nobody listens on now.
fn free_port() -> Result<u16, Failed> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| Ok(listener.local_addr()?.port()))
        .map_err(|error| Failed(format!("no free port: {error}")))
}

/// A process that talks in lines; it ends with this.
struct Program {
    process: Child,
    said: Receiver<String>,
}

impl Program {
    fn start(command: &mut Command) -> Result<Self, Failed> {
        let name = format!("{:?}", command.get_program());
        let no = |error: std::io::Error| Failed(format!("{name}: {error}"));
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(no)?;
        let output = process.stdout.take().ok_or_else(|| Failed(name.clone()))?;
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Whoever started it may have heard enough.
                let _ = tell.send(line);
            }
        });
        Ok(Self { process, said })
    }

    fn next(&self) -> Result<Value, Failed> {
        let line = self.said.recv_timeout(PATIENCE);
        let line = line.map_err(|error| Failed(format!("agent-swift: nothing is said: {error}")))?;
        println!("    {line}");
        serde_json::from_str(&line).map_err(|error| Failed(format!("agent-swift: {line}: {error}")))
    }

    /// The next line, which must be this event.
    fn event(&mut self, event: &str) -> Result<Value, Failed> {
        let told = self.next()?;
        if told.get("event").and_then(Value::as_str) == Some(event) {
            Ok(told)
        } else {
            Err(Failed(format!("agent-swift: not {event} but {told}")))
        }
    }

    fn type_line(&mut self, line: &str) -> Done {
        let input = self.process.stdin.as_mut();
        let input = input.ok_or_else(|| Failed("agent-swift: no input".into()))?;
        writeln!(input, "{line}").map_err(|error| Failed(format!("agent-swift: {error}")))
    }

    fn ends_well(&mut self) -> Done {
        let status = self.process.wait();
        let status = status.map_err(|error| Failed(format!("agent-swift: {error}")))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failed(format!("agent-swift: {status}")))
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
