//! `fido-unlock`, as a new user would try it: no option says which device, or where.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use crate::{Desk, NEW_PIN};

/// The program, with a folder for what it keeps.
pub struct CommandLine<'a> {
    pub program: &'a Path,
    pub state: &'a Path,
}

impl CommandLine<'_> {
    /// Builds it with both adapters, unless FIDO_UNLOCK_BUILT says where that was done.
    pub fn build() -> PathBuf {
        if let Some(folder) = std::env::var_os("FIDO_UNLOCK_BUILT") {
            return Path::new(&folder).join("fido-unlock");
        }
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().unwrap().parent().unwrap();
        let mut build = Command::new(env!("CARGO"));
        build
            .args([
                "build",
                "--quiet",
                "-p",
                "fido-unlock-cli",
                "--features",
                "hid,pcsc",
            ])
            .arg("--target-dir")
            .arg(profile.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
        profile.join("fido-unlock")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(arguments)
            .env("XDG_STATE_HOME", self.state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    fn start(&self, arguments: &[&str], input: &str) -> Output {
        let mut process = self.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
        // It may have ended already, having asked for nothing.
        let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
        let output = process.wait_with_output().unwrap();
        println!(
            "$ fido-unlock {}\n{}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Runs it to a good end; what it printed.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = self.start(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it to a bad end: the number of its error.
    pub fn fail(&self, command: &str) -> u64 {
        let output = self.start(&["--json", command], "");
        assert!(!output.status.success());
        error_number(&output.stdout)
    }

    fn json(&self, command: &str) -> Value {
        self.run_json(&[command], "")
    }

    /// The object that it printed.
    pub fn run_json(&self, arguments: &[&str], input: &str) -> Value {
        serde_json::from_str(&self.run(&[&["--json"], arguments].concat(), input)).unwrap()
    }

    /// Starts a command that goes on.
    pub fn go(&self, arguments: &[&str], input: &str) -> Going {
        let mut process = self.command(&[&["--json"], arguments].concat()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Going { process, output }
    }

    /// From the list of devices to the new PIN; `name` is what the person sees of the device.
    pub fn unlock(&self, desk: &Desk, name: &str) {
        assert!(self.run(&["devices"], "").contains(name));
        assert_eq!(self.json("diagnose")["can_unlock"], true);
        let shown = self.json("challenge");
        let challenge = shown["device_challenge"]
            .as_str()
            .unwrap_or_else(|| panic!("{shown}"));
        let code = desk.read_out(challenge);
        self.run(&["--stdin", "unlock"], &format!("{code}\n{NEW_PIN}\n{NEW_PIN}\n"));
        assert_eq!(self.json("diagnose")["can_unlock"], false);
    }
}

fn error_number(printed: &[u8]) -> u64 {
    let value: Value = serde_json::from_slice(printed).unwrap();
    value["error"]["number"]
        .as_u64()
        .unwrap_or_else(|| panic!("{value}"))
}

/// A command that prints an event a line; ended when dropped.
pub struct Going {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Going {
    /// The next event.
    pub fn event(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        print!("{line}");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no event: {line}"))
    }

    /// The next event of this name, others passed over.
    pub fn event_named(&mut self, name: &str) -> Value {
        loop {
            let event = self.event();
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Ends as a person ends it; what it still printed.
    pub fn interrupt(mut self) -> String {
        self.ctrl_c();
        self.end()
    }

    /// The same where that is a failure: the number of its error.
    pub fn interrupt_failing(mut self) -> u64 {
        self.ctrl_c();
        let mut printed = String::new();
        self.output.read_to_string(&mut printed).unwrap();
        assert!(!self.process.wait().unwrap().success(), "{printed}");
        error_number(printed.as_bytes())
    }

    fn ctrl_c(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", "INT", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// It ends by itself; what it still printed.
    pub fn end(&mut self) -> String {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success());
        rest
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
