//! `fido-unlock`, as a new user would try it: no option says which device, or where.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::{Desk, NEW_PIN};

/// The program, with a folder for what it keeps.
pub struct CommandLine<'a> {
    pub program: &'a Path,
    pub state: &'a Path,
}

impl CommandLine<'_> {
    /// Builds it with both adapters, beside the test that runs.
    pub fn build() -> PathBuf {
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

    fn start(&self, arguments: &[&str], input: &str) -> Output {
        let mut process = Command::new(self.program)
            .args(arguments)
            .env("XDG_STATE_HOME", self.state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
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
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        value["error"]["number"]
            .as_u64()
            .unwrap_or_else(|| panic!("{value}"))
    }

    fn json(&self, command: &str) -> Value {
        serde_json::from_str(&self.run(&["--json", command], "")).unwrap()
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
