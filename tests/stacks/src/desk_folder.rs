//! A help desk in a folder, by the command line, and keys that are enrolled one after another with it.

use std::path::Path;

use serde_json::Value;

use crate::{CommandLine, VirtualKey};

const PASSWORD: &str = "seven wooden bicycles";
const PASSPHRASE: &str = "correct horse battery";
/// Of the keys, in their order.
const OWNERS: [&str; 3] = ["alice", "bob", "carol"];

/// The help desk's side.
pub struct DeskFolder<'a> {
    command_line: &'a CommandLine<'a>,
    folder: String,
}

impl<'a> DeskFolder<'a> {
    /// One that is there.
    #[must_use]
    pub fn at(command_line: &'a CommandLine<'a>, folder: &Path) -> Self {
        Self {
            command_line,
            folder: folder.to_str().unwrap().to_owned(),
        }
    }

    /// A new one, open, with an issuer key of suite 2 and three users.
    #[must_use]
    pub fn make(command_line: &'a CommandLine<'a>, folder: &Path) -> Self {
        let desk = Self::at(command_line, folder);
        let secrets = format!("{PASSWORD}\n{PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
        let beside = |name: &str| folder.with_file_name(name).to_str().unwrap().to_owned();
        let (key, public, licence) = (beside("vendor.age"), beside("vendor.pub"), beside("licence.txt"));
        let vendor = ["--stdin", "licence"];
        let words = ["generate", "--name", "vendor.example", "--key", &key];
        let made = command_line.run(
            &[&vendor[..], &words].concat(),
            &format!("{PASSPHRASE}\n{PASSPHRASE}\n"),
        );
        std::fs::write(&public, made).unwrap();
        let words = [
            "sign",
            "--name",
            "vendor.example",
            "--key",
            &key,
            "--holder",
            "Example",
            "--contact",
            "vendor",
        ];
        let signed = command_line.run(&[&vendor[..], &words].concat(), &format!("{PASSPHRASE}\n"));
        std::fs::write(&licence, signed).unwrap();
        let words = [
            "--stdin", "desk", "init", "--admin", "admin", "--vendor", &public, "--desk",
        ];
        command_line.run(&[&words[..], &[&desk.folder]].concat(), &secrets);
        desk.run(&["desk", "licence", &licence], "");
        desk.run(&["issuer", "generate", "--suite", "2", "--slot", "1"], "");
        for user in OWNERS {
            desk.run(&["desk", "add-user", "--user", user, "--name", user], "");
        }
        desk.run(&["desk", "open"], "");
        desk
    }

    /// The words of an enrolment for the first user, and what it reads: at the desk, and at a station
    /// that has the public key alone.
    #[must_use]
    pub fn enrolments(&self, folder: &Path) -> [(Vec<String>, String); 2] {
        let show = ["issuer", "show", "--public", "--desk", &self.folder];
        let public = folder.join("issuer.pub");
        std::fs::write(&public, self.command_line.run(&show, "")).unwrap();
        let enroll = ["enroll", "--user", OWNERS[0]];
        let at_station = [&enroll[..], &["--issuer", public.to_str().unwrap()]].concat();
        [
            (self.words(&enroll), Self::secrets("")),
            (at_station, String::new()),
        ]
        .map(|(words, secrets)| (words.into_iter().map(str::to_owned).collect(), secrets))
    }

    fn words<'b>(&'b self, words: &[&'b str]) -> Vec<&'b str> {
        let desk = ["--desk", &self.folder, "--operator", "admin"];
        [&["--stdin"], words, &desk].concat()
    }

    fn secrets(more: &str) -> String {
        format!("{PASSWORD}\n{PASSPHRASE}\n{more}")
    }

    fn run(&self, words: &[&str], more: &str) -> Value {
        self.command_line
            .run_json(&self.words(words), &Self::secrets(more))
    }

    /// `enroll --watch` while `put_in` puts three keys in, one after another, the first one a second time
    /// after the second; then `desk import`. Their Device IDs.
    pub fn enroll_three(&self, folder: &Path, put_in: impl Fn(usize) -> VirtualKey) -> Vec<Value> {
        let (names, csv) = (folder.join("names.txt"), folder.join("devices.csv"));
        std::fs::write(&names, OWNERS.join("\n")).unwrap();
        let (names, csv) = (names.to_str().unwrap(), csv.to_str().unwrap());
        let words = self.words(&["enroll", "--watch", "--users", names, "--csv", csv]);
        let mut going = self.command_line.go(&words, &Self::secrets(""));
        let mut ids = Vec::new();
        for (number, user) in OWNERS.into_iter().enumerate() {
            let inserted = put_in(number);
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
                let _again = put_in(0);
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
        let registered = self.run(&["desk", "import", csv], "");
        assert_eq!(registered["device_ids"], Value::from(ids.clone()));
        ids
    }

    /// The second key, which is in and blocked, gets this PIN by a code of the desk.
    pub fn unlock_second(&self, ids: &[Value], pin: &str) {
        let shown = self.command_line.run_json(&["challenge"], "");
        assert_eq!(shown["device_id"], ids[1]);
        let words = [
            "respond",
            "--user",
            OWNERS[1],
            "--method",
            "call-back",
            "--statement",
            "called",
            "--reason",
            "T-1",
        ];
        let given = self.run(
            &words,
            &format!("{}\n", shown["device_challenge"].as_str().unwrap()),
        );
        let code = given["response_code"].as_str().unwrap();
        self.command_line
            .run(&["--stdin", "unlock"], &format!("{code}\n{pin}\n{pin}\n"));
    }
}
