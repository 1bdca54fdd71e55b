//! A program with a terminal of its own, as passwords are read from one.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::PATIENCE;

/// What is typed and shown, by `script` of util-linux; ended when dropped.
pub struct Terminal {
    process: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    /// Starts `program`, a path without spaces.
    pub fn start(program: &str) -> Self {
        let mut process = Command::new("script")
            .args(["--quiet", "--return", "--command", program, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, from Debian's package bsdutils");
        let mut output = process.stdout.take().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keyboard: process.stdin.take().unwrap(),
            process,
            screen,
            shown: String::new(),
        }
    }

    /// Waits until `question` is asked; what was shown since the last one.
    pub fn asked(&mut self, question: &str) -> String {
        loop {
            if let Some((before, after)) = self.shown.split_once(question) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.shown = after;
                return before;
            }
            let more = self.screen.recv_timeout(PATIENCE);
            let more = more.unwrap_or_else(|_| panic!("{question:?} was not asked: {}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
    }

    /// Types a line.
    pub fn answer(&mut self, line: &str) {
        // The echo is switched off a moment after the question is shown.
        std::thread::sleep(Duration::from_millis(100));
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Waits for its end: whether it was a good one, and what it still showed.
    pub fn end(mut self) -> (bool, String) {
        let good = self.process.wait().unwrap().success();
        while let Ok(more) = self.screen.recv_timeout(PATIENCE) {
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
        (good, std::mem::take(&mut self.shown))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
