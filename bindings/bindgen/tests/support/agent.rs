//! The sample agent in C#, compiled, and as a process.
#![allow(dead_code)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fido_unlock::ErrorCode;
use serde_json::Value;

#[path = "../../../../examples/remote-agent/tests/support/mod.rs"]
pub mod asked;
use asked::console::Console;

use crate::support::{build, compile_with, dotnet_program, here, sources};

const PATIENCE: Duration = Duration::from_secs(60);

/// Compiles it into `out`, beside the library that ships, where FIDO_UNLOCK_SHIPPED names it, or one with what
/// these options ask for.
pub fn compile_agent(out: &Path, features: &[&str]) {
    let name = "libfido_unlock_ffi.so";
    let shipped = std::env::var_os("FIDO_UNLOCK_SHIPPED");
    let library = shipped.map_or_else(|| build("fido-unlock-ffi", features).join(name), PathBuf::from);
    fs::copy(library, out.join(name)).unwrap();
    let csharp = here().join("../csharp/FidoUnlock");
    let files: Vec<PathBuf> = [
        sources(&here().join("../../examples/agent-csharp")),
        sources(&csharp),
        sources(&csharp.join("Generated")),
    ]
    .concat();
    compile_with(&out.join("agent.exe"), &files, &["-r:System.Net.Http"]);
}

/// What runs it: mono and .NET.
pub fn runtimes() -> [Vec<String>; 2] {
    let dotnet = dotnet_program().display().to_string();
    [vec!["mono".to_owned()], vec![dotnet, "exec".to_owned()]]
}

/// The agent, compiled, and a runtime for it.
pub struct Program<'a> {
    pub runtime: &'a [String],
    pub folder: &'a Path,
    /// More of the environment.
    pub variables: &'a [(&'static str, String)],
}

impl Program<'_> {
    pub fn command(&self) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", "300"])
            .args(self.runtime)
            .arg(self.folder.join("agent.exe"))
            .env("LD_LIBRARY_PATH", self.folder)
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .envs(self.variables.iter().cloned());
        command
    }

    /// `desk`: the console, and where it is asked. `arguments`: more of them, such as the key. Without a deadline among them
    /// no slow machine meets it.
    pub fn start(&self, state: &Path, desk: Option<(&Console, &str)>, arguments: &[&str]) -> Agent {
        let mut command = self.command();
        command.arg("--state").arg(state).args(arguments);
        if let Some((console, url)) = desk {
            command
                .env("FIDO_UNLOCK_DESK_TOKEN", console.token())
                .args(["--desk", url, "--poll", "0.05"])
                .args(call(console.user()));
            if !arguments.contains(&"--deadline") {
                command.args(["--deadline", "300"]);
            }
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

/// What the desk is told of a call.
pub fn call(user: &str) -> [&str; 8] {
    let statement = "called back on the number on record";
    [
        "--user",
        user,
        "--reason",
        "INC-4711",
        "--verified",
        "call-back",
        "--statement",
        statement,
    ]
}

/// The agent as it runs.
pub struct Agent {
    pub process: Child,
    pub input: Option<ChildStdin>,
    said: Receiver<String>,
    text: String,
}

impl Agent {
    /// The next event, which must be this one.
    pub fn next(&mut self, event: &str) -> Value {
        let line = self
            .said
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no {event} after\n{}", self.text));
        self.text.push_str(&line);
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["event"], event, "{said}");
        said
    }

    pub fn error(&mut self, code: ErrorCode) {
        let said = self.next("error");
        assert_eq!(said["error"]["number"], code.number(), "{said}");
        assert_eq!(said["error"]["name"], code.name());
        assert_eq!(said["error"]["next_step"], code.next_step());
    }

    pub fn type_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// A line without an end, and the end of the input.
    pub fn type_last(&mut self, line: &str) {
        write!(self.input.take().unwrap(), "{line}").unwrap();
    }

    /// As at a power cut. `timeout` leads the group that the agent is in.
    pub fn dies(mut self) {
        let group = format!("-{}", self.process.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.unwrap().success());
        self.process.wait().unwrap();
    }

    /// Ends the input; the agent must end well and say nothing more.
    pub fn end(mut self) -> String {
        self.input = None;
        assert!(self.process.wait().unwrap().success());
        let left: Vec<String> = self.said.iter().collect();
        assert!(left.is_empty(), "{left:?}");
        self.text
    }
}

/// Its Device ID.
pub fn id(said: &Value) -> String {
    said["device_id"].as_str().unwrap().to_owned()
}
