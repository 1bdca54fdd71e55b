//! `fido-unlock-virtual` as a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Runs until dropped.
pub struct VirtualKey {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl VirtualKey {
    /// Starts `program` (a test's `env!("CARGO_BIN_EXE_virtual_key")`) and waits until it is ready.
    pub fn start(program: impl AsRef<OsStr>, way: &str, state: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(program)
            .arg(way)
            .arg("--state")
            .arg(state)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut key = Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        assert_eq!(key.line(), "ready");
        key
    }

    /// Gives it a command, which must be taken; its answer without the "ok".
    pub fn tell(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}").unwrap();
        let line = self.line();
        let answer = line
            .strip_prefix("ok")
            .unwrap_or_else(|| panic!("{command}: {line}"));
        answer.trim().to_owned()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for VirtualKey {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
