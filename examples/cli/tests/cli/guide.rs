//! Every command of docs/for-help-desks.md, in its order, by the people whom it names.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, OLD_PIN, PASSPHRASE, text};

const GUIDE: &str = include_str!("../../../../docs/for-help-desks.md");
/// What stands for a request's number.
const REQUEST: &str = "BW64-GRYH-PWN9-W56P-RW2T";
const GIVEN_PASSWORD: &str = "green lamps 4711";
const OWN_PASSWORD: &str = "four copper kettles";

/// The lines of the fenced commands, continuation lines joined.
fn commands() -> Vec<String> {
    let joined = GUIDE.replace("\\\n", " ");
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in joined.lines() {
        if line.starts_with("```") {
            fenced = line == "```sh";
            // Those of the console, and at it, have tests beside it.
            assert!(
                fenced || ["```", "```sh console", "```sh remote"].contains(&line),
                "{line}"
            );
        } else if fenced {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Words as a shell splits them: double quotes, a comment at the end.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            '#' if !quoted => break,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Who works there, and what happened so far.
struct House {
    bench: Bench,
    passwords: BTreeMap<String, &'static str>,
    request: String,
    response: String,
}

impl House {
    fn secrets(&mut self, words: &[String]) -> Vec<String> {
        let after = |option: &str| {
            let at = words.iter().position(|word| word == option)?;
            words.get(at + 1).cloned()
        };
        let passphrase = || PASSPHRASE.to_owned();
        let command: Vec<&str> = words.iter().map(String::as_str).take(2).collect();
        if command == ["audit", "verify"] {
            return vec![passphrase()];
        }
        let operator = after("--operator").or(after("--admin")).unwrap();
        let password = self.passwords[&operator].to_owned();
        match command.as_slice() {
            ["desk", "init"] => vec![password.clone(), password, passphrase(), passphrase()],
            ["desk", "add-operator"] => {
                self.passwords.insert(after("--name").unwrap(), GIVEN_PASSWORD);
                vec![
                    password,
                    passphrase(),
                    GIVEN_PASSWORD.into(),
                    GIVEN_PASSWORD.into(),
                ]
            }
            ["desk", "password"] => {
                self.passwords.insert(operator, OWN_PASSWORD);
                vec![password, passphrase(), OWN_PASSWORD.into(), OWN_PASSWORD.into()]
            }
            ["respond", ..] => {
                let breaks_off = after("--reason").as_deref() == Some("T-1002");
                let challenge = if breaks_off {
                    "00".into()
                } else {
                    self.bench.challenge()
                };
                let approver = after("--approver").map(|name| self.passwords[&name].to_owned());
                [password, passphrase(), challenge]
                    .into_iter()
                    .chain(approver)
                    .collect()
            }
            _ => vec![password, passphrase()],
        }
    }

    /// Runs one, as its people would.
    fn run(&mut self, line: &str) {
        if line.starts_with("cp ") {
            let folder = self.bench.path("");
            let copied = Command::new("sh").args(["-c", line]).current_dir(folder).status();
            assert!(copied.unwrap().success(), "{line}");
            return;
        }
        let mut all = words(&line.replace(REQUEST, &self.request));
        assert_eq!(all.remove(0), "fido-unlock", "{line}");
        let to = all
            .iter()
            .position(|word| word == ">")
            .map(|at| all.split_off(at)[1].clone());
        let input = self.secrets(&all).join("\n") + "\n";
        let name = all
            .iter()
            .take(2)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        self.before(&name);
        let mut given: Vec<&str> = all.iter().map(String::as_str).collect();
        if name.starts_with("enroll") {
            given.splice(0..0, ["--mock", "key.bin"]);
        }
        given.push("--stdin");
        if to.is_none() {
            given.push("--json");
        }
        let ran = self.bench.run_words(&given, &input);
        if line.contains("breaks off") {
            ran.error(201);
            return self.find_request();
        }
        if let Some(to) = to {
            assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
            return self.loosen(&to, &ran.stdout);
        }
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
        let said = ran.ok();
        self.after(&name, &all, &said);
    }

    /// What happens on the caller's side, and what is not said on the page.
    fn before(&mut self, name: &str) {
        match name {
            "desk acknowledge" => {
                // The code of a request that was given up was used after all.
                self.bench.unlock(&self.response, NEW_PIN, NEW_PIN).ok();
                self.bench.mock("mock lock", "").ok();
                let words = "respond --desk desk --operator olga --user alice --method in-person --statement x --reason T";
                let input = format!("{OWN_PASSWORD}\n{PASSPHRASE}\n{}\n", self.bench.challenge());
                self.bench.run(words, &input).error(420);
            }
            "enroll --desk" => {
                self.bench.mock("mock new", "").ok();
            }
            _ => {}
        }
    }

    fn after(&mut self, name: &str, words: &[String], said: &Value) {
        match name {
            "desk init" | "issuer generate" => self.bench.quicken(),
            "desk open" => assert_eq!(said["missing"], serde_json::json!([])),
            "enroll --desk" => {
                self.bench.mock("mock make-passkey", OLD_PIN).ok();
                self.bench.mock("mock lock", "").ok();
            }
            "respond --desk" => {
                (self.request, self.response) = (text(&said["request"]), text(&said["response_code"]));
                if words.iter().any(|word| word == "T-1001") {
                    self.bench.unlock(&self.response, "newpin99", "newpin99").ok();
                    self.bench.mock("mock lock", "").ok();
                }
            }
            "desk list" => assert_eq!(said["next"], Value::Null),
            "audit verify" => assert!(said["covered"].as_u64().unwrap() > 0),
            _ => {}
        }
    }

    fn find_request(&mut self) {
        let status = self.bench.admin("desk status", "").ok();
        let open = status["open_requests"].as_array().unwrap().iter();
        let without: Vec<&Value> = open.filter(|request| request["code"] == false).collect();
        assert_eq!(without.len(), 1);
        self.request = text(&without[0]["request"]);
    }

    /// The file as somebody edits it.
    fn loosen(&self, to: &str, rules: &str) {
        let mut rules: Value = serde_json::from_str(rules).unwrap();
        rules["limits"]["device"]["refuse_from"] = 9.into();
        std::fs::write(self.bench.path(to), rules.to_string()).unwrap();
    }
}

#[test]
fn each_command_of_the_guide_does_what_it_says() {
    let bench = Bench::empty();
    bench.write_vendor();
    let mut house = House {
        bench,
        passwords: BTreeMap::from([("admin".into(), ADMIN_PASSWORD)]),
        request: REQUEST.into(),
        response: String::new(),
    };
    let commands = commands();
    assert!(commands.len() > 40, "{}", commands.len());
    for line in &commands {
        house.run(line);
    }
    // The way to the end was the one that the page tells.
    house
        .bench
        .mock("unlock", &format!("{}\n{NEW_PIN}\n{NEW_PIN}", house.response))
        .ok();
    house.bench.sign_in(NEW_PIN).ok();
}
