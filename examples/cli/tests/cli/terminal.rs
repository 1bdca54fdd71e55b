//! A person at a terminal: what is asked, what is shown, and what is not.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use rustix::termios::{Termios, tcgetattr, tcgetpgrp, tcgetsid};

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, PASSPHRASE, text};
use crate::typing::wrong_at;

/// Of a shell in a terminal.
pub const PROMPT: &str = "shell> ";
/// Only a program that asks something else makes a test wait this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process with a terminal of its own.
pub struct Terminal {
    child: Child,
    keyboard: File,
    slave: String,
    screen: Receiver<Vec<u8>>,
    pub shown: String,
    /// How much of `shown` was looked at.
    seen: usize,
}

impl Terminal {
    /// The program itself.
    pub fn run(bench: &Bench, words: &str) -> Self {
        let mut program = vec![env!("CARGO_BIN_EXE_fido-unlock")];
        program.extend(words.split_whitespace());
        Self::start(bench, &program)
    }

    /// Any program.
    pub fn start(bench: &Bench, program: &[&str]) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = || File::options().read(true).write(true).open(&name).unwrap();
        // What started the tests may ignore signals, as a shell does for what it starts in the background. `setsid
        // --ctty` makes it the controlling terminal, which passwords are read from.
        let child = Command::new("env")
            .args(["--default-signal", "setsid", "--ctty", "--wait"])
            .args(program)
            .current_dir(bench.path(""))
            .env("PS1", PROMPT)
            .env("ENV", "")
            .env("FIDO", env!("CARGO_BIN_EXE_fido-unlock"))
            .stdin(slave())
            .stdout(slave())
            .stderr(slave())
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            // Linux answers EIO when the last process has closed its side.
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            slave: name,
            screen,
            shown: String::new(),
            seen: 0,
        }
    }

    /// Waits until `text` is on the screen, behind what was waited for before.
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            let more = self
                .screen
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("{text:?} was not shown: {}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
    }

    /// Types as it is, without Enter.
    pub fn type_keys(&mut self, keys: &str) -> &mut Self {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits until `question` is on the screen, then types the answer. The echo is off by then, where it is to
    /// be off.
    pub fn answer(&mut self, question: &str, answer: &str) -> &mut Self {
        self.wait_for(question).type_keys(&format!("{answer}\n"))
    }

    /// How the terminal is set: local modes, and the others.
    pub fn modes(&self) -> Termios {
        let slave = File::options().read(true).write(true).open(&self.slave).unwrap();
        tcgetattr(&slave).unwrap()
    }

    /// The processes in its foreground.
    pub fn foreground(&self) -> Pid {
        tcgetpgrp(&self.keyboard).unwrap()
    }

    /// The exit code and all that was shown.
    pub fn end(mut self) -> (i32, String) {
        // A program that asks once more than the test answers would wait for ever.
        loop {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(more) => self.shown.push_str(&String::from_utf8_lossy(&more)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.shown),
            }
        }
        let code = self.child.wait().unwrap().code().unwrap();
        (code, std::mem::take(&mut self.shown))
    }
}

impl Drop for Terminal {
    /// A test that fails leaves neither a shell nor what is stopped in it.
    fn drop(&mut self) {
        for group in [tcgetpgrp(&self.keyboard), tcgetsid(&self.keyboard)]
            .into_iter()
            .flatten()
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn group(code: &str, number: usize) -> &str {
    code.split('-').nth(number - 1).unwrap()
}

#[test]
fn a_correction_is_used_when_the_person_says_so() {
    let bench = Bench::locked(2);
    let response = bench.response();
    let mut terminal = Terminal::run(&bench, "--mock key.bin unlock");
    let offer = format!("Group 3 does not fit. Did you mean {}?", group(&response, 3));
    // Not confirmed, then twice more the same slip: no second offer, and nothing is sent.
    terminal
        .answer("Response Code: ", &wrong_at(&response, 9))
        .answer(&offer, "n")
        .answer("Response Code: ", &wrong_at(&response, 9))
        .answer("Response Code: ", &wrong_at(&response, 9));
    let (code, shown) = terminal.end();
    assert_eq!(code, 20, "{shown}");
    assert_eq!(shown.matches("does not fit").count(), 1);

    let mut terminal = Terminal::run(&bench, "--mock key.bin unlock");
    terminal
        .answer("Response Code: ", &wrong_at(&response, 9))
        .answer("Is it so? [y/N]: ", "y")
        .answer("New PIN: ", NEW_PIN)
        .answer("New PIN again: ", "newpin44")
        .answer("New PIN: ", NEW_PIN)
        .answer("New PIN again: ", NEW_PIN);
    let (code, shown) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("The new PIN: 6 to 63 letters and digits."),
        "{shown}"
    );
    assert!(shown.contains("the two PINs are not the same") && shown.contains("Unlocked"));
    for secret in [NEW_PIN, "newpin44", &response, group(&response, 1)] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    bench.sign_in(NEW_PIN).ok();
}

#[test]
fn four_lines_of_a_response_code() {
    let bench = Bench::locked(1);
    let response = bench.response();
    let lines: Vec<&str> = response.lines().collect();
    let mut terminal = Terminal::run(&bench, "--mock key.bin unlock");
    terminal
        .answer("line 1 of 4 (or all four): ", lines[0])
        .answer("line 2 of 4: ", lines[1])
        .answer("line 3 of 4: ", &wrong_at(lines[2], 4))
        .answer("line 4 of 4: ", lines[3])
        .answer(
            &format!("Group 2 does not fit. Did you mean {}?", group(lines[2], 2)),
            "y",
        )
        .answer("New PIN: ", NEW_PIN)
        .answer("New PIN again: ", NEW_PIN);
    let (code, shown) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(lines.iter().all(|line| !shown.contains(line)), "{shown}");
    bench.sign_in(NEW_PIN).ok();
}

#[test]
fn a_call_at_the_desk() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    let mut terminal = Terminal::run(&bench, "respond --desk desk");
    terminal
        .answer("Operator: ", "admin")
        .answer("Password of admin: ", ADMIN_PASSWORD)
        .answer("Passphrase of the keys: ", PASSPHRASE)
        .answer("User (empty: by Device ID): ", "ali")
        .answer("Reason or ticket number: ", "T-1")
        .answer("Which: ", "")
        .answer("Which: ", "5")
        .answer("Which: ", "x");
    let (code, shown) = terminal.end();
    assert_eq!(code, 40, "{shown}");
    assert!(shown.contains("Read the owner's name back: Alice"), "{shown}");
    assert!(shown.contains("406 CallerUnverified"), "{shown}");

    let mut terminal = Terminal::run(
        &bench,
        "respond --desk desk --operator admin --user alice --reason T-1",
    );
    terminal
        .answer("Password of admin: ", ADMIN_PASSWORD)
        .answer("Passphrase of the keys: ", PASSPHRASE)
        .answer("Which: ", "0")
        .answer("Which: ", "1")
        .answer("What was seen or heard: ", "called the number on record")
        .answer("Device Challenge: ", &wrong_at(&challenge, 13))
        .answer(
            &format!("Group 4 does not fit. Did you mean {}?", group(&challenge, 4)),
            "y",
        );
    let (code, shown) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    for secret in [ADMIN_PASSWORD, PASSPHRASE] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let line = shown
        .lines()
        .map(str::trim)
        .find(|line| line.len() == 29 && line.matches('-').count() == 5);
    let response = line.unwrap_or_else(|| panic!("no Response Code in {shown}"));
    bench.unlock(response, NEW_PIN, NEW_PIN).ok();
    let log = bench.admin("audit show", "").ok();
    let entries = log["entries"].as_array().unwrap().clone();
    assert!(entries.iter().any(|entry| entry["error"] == 203));
    assert!(
        entries
            .iter()
            .all(|entry| entry["text"] != text(&"called the number on record".into()))
    );
}
