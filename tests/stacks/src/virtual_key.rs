//! `fido-unlock-virtual` as a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::PATIENCE;

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

    /// CTAP messages that it handled, and touches that it waited for.
    pub fn counts(&mut self) -> (u64, u64) {
        let status = self.tell("status");
        let words: Vec<&str> = status.split_whitespace().collect();
        let [_, "messages", messages, "touches", touches] = words[..] else {
            panic!("{status}");
        };
        (messages.parse().unwrap(), touches.parse().unwrap())
    }

    /// Runs `work` with a cancel flag, which is set once the key's counts are as wanted.
    pub fn cancel_when<R>(
        &mut self,
        are_they: impl Fn((u64, u64)) -> bool + Sync,
        work: impl FnOnce(&AtomicBool) -> R,
    ) -> R {
        let cancel = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let begun = Instant::now();
                while !are_they(self.counts()) && begun.elapsed() < PATIENCE {
                    std::thread::sleep(Duration::from_millis(10));
                }
                cancel.store(true, Ordering::Relaxed);
            });
            work(&cancel)
        })
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
