//! Three keys enrolled one after another, registered from the file, and one of them unlocked.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock_stacks_tests::{CommandLine, NEW_PIN, block, try_pin};
use serde_json::Value;

use crate::pcscd::{Pcscd, isolated};
use crate::support::{card_in, fido_entry, insert_state};

const PASSWORD: &str = "admin-password-7";
const PASSPHRASE: &str = "correct horse battery";

/// The help desk's side, by the command line.
struct Desk<'a> {
    command_line: &'a CommandLine<'a>,
    folder: String,
}

impl<'a> Desk<'a> {
    fn make(command_line: &'a CommandLine<'a>, folder: &Path) -> Self {
        let desk = Self {
            command_line,
            folder: folder.join("desk").to_str().unwrap().to_owned(),
        };
        let secrets = format!("{PASSWORD}\n{PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
        command_line.run(
            &[
                "--stdin",
                "desk",
                "init",
                "--desk",
                &desk.folder,
                "--admin",
                "admin",
            ],
            &secrets,
        );
        desk.run(&["issuer", "generate", "--suite", "2", "--slot", "1"], "");
        for user in ["alice", "bob", "carol"] {
            let words = ["desk", "add-user", "--user", user, "--name", user];
            desk.command_line
                .run(&desk.words(&words), &format!("{PASSWORD}\n"));
        }
        desk
    }

    fn words<'b>(&'b self, words: &[&'b str]) -> Vec<&'b str> {
        [
            &["--stdin"],
            words,
            &["--desk", &self.folder, "--operator", "admin"],
        ]
        .concat()
    }

    fn secrets(more: &str) -> String {
        format!("{PASSWORD}\n{PASSPHRASE}\n{more}")
    }

    fn run(&self, words: &[&str], more: &str) -> Value {
        self.command_line
            .run_json(&self.words(words), &Self::secrets(more))
    }
}

#[test]
fn three_keys_one_after_another() {
    let program = CommandLine::build();
    isolated("bulk::three_keys_one_after_another", |folder| {
        let command_line = CommandLine {
            program: &program,
            state: &folder.join("home"),
        };
        let desk = Desk::make(&command_line, folder);
        let _pcscd = Pcscd::start(folder, true);
        let (names, csv) = (folder.join("names.txt"), folder.join("devices.csv"));
        std::fs::write(&names, "alice\nbob\ncarol\n").unwrap();
        let state = |number: usize| folder.join(format!("bulk{number}"));
        let key = |number| insert_state(folder, 0, &state(number), &[]);

        let (names, csv) = (names.to_str().unwrap(), csv.to_str().unwrap());
        let words = desk.words(&["enroll", "--watch", "--users", names, "--csv", csv]);
        let mut going = command_line.go(&words, &Desk::secrets(""));
        let mut ids = Vec::new();
        for (number, user) in ["alice", "bob", "carol"].into_iter().enumerate() {
            let inserted = key(number);
            let enrolled = going.event();
            assert_eq!(
                (&enrolled["event"], &enrolled["user"]),
                (&"enrolled".into(), &user.into())
            );
            assert_eq!(enrolled["probed"], true);
            ids.push(enrolled["device_id"].clone());
            // The row is there before the key may be taken out.
            let rows = std::fs::read_to_string(csv).unwrap();
            assert_eq!(rows.lines().count(), number + 2);
            assert!(rows.contains(ids[number].as_str().unwrap()), "{rows}");
            drop(inserted);
            if number == 1 {
                // The first one once more.
                let _again = key(0);
                let skipped = going.event();
                assert_eq!(
                    (&skipped["event"], &skipped["device_id"]),
                    (&"skipped".into(), &ids[0])
                );
            }
        }
        let end: Value = serde_json::from_str(&going.end()).unwrap();
        assert_eq!(
            (&end["enrolled"], &end["skipped"], &end["failed"]),
            (&3.into(), &1.into(), &0.into())
        );

        let registered = desk.run(&["desk", "import", csv], "");
        assert_eq!(registered["device_ids"], Value::from(ids.clone()));

        block(&state(1));
        let _key = key(1);
        card_in(0);
        let shown = command_line.run_json(&["challenge"], "");
        assert_eq!(shown["device_id"], ids[1]);
        let given = desk.run(
            &[
                "respond",
                "--user",
                "bob",
                "--method",
                "call-back",
                "--statement",
                "called",
                "--reason",
                "T-1",
            ],
            &format!("{}\n", shown["device_challenge"].as_str().unwrap()),
        );
        let code = given["response_code"].as_str().unwrap();
        command_line.run(&["--stdin", "unlock"], &format!("{code}\n{NEW_PIN}\n{NEW_PIN}\n"));
        let mut transport = fido_unlock_pcsc::open(&fido_entry(&card_in(0))).unwrap();
        assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
        assert_eq!(try_pin(&mut transport, "oldpin42"), Err(ErrorCode::PinInvalid));
    });
}
