//! `enroll --watch` and `devices --watch`, with the one software authenticator that `--mock` puts in.
//! Several keys one after another: `tests/stacks`, over PC/SC.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::bench::{ADMIN_PASSWORD, Bench, OLD_PIN, PASSPHRASE, Ran, text};

const AT_THE_DESK: &str = "enroll --watch --desk desk --operator admin --csv devices.csv";

/// One JSON object a line, the last one the end.
fn events(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A command that goes on.
struct Going {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Going {
    fn start(bench: &Bench, words: &str, input: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fido-unlock"))
            .args(["--mock", "key.bin", "--json", "--stdin"])
            .args(words.split_whitespace())
            .current_dir(bench.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no event: {line}"))
    }

    #[cfg(unix)]
    fn interrupt(mut self) -> Vec<Value> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", "INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let events = self.output.by_ref().lines();
        let events = events
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        assert!(self.child.wait().unwrap().success());
        events
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn passwords() -> String {
    format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n")
}

#[test]
fn a_list_at_the_desk() {
    for suite in [1, 2] {
        let bench = Bench::with_desk(suite);
        bench.mock("mock new", "").ok();
        std::fs::write(bench.path("names.txt"), "\n alice \n\n").unwrap();
        let ran = bench.mock(&format!("{AT_THE_DESK} --users names.txt"), &passwords());
        let events = events(&ran);
        let [enrolled, end] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(
            (&enrolled["event"], &enrolled["user"]),
            (&"enrolled".into(), &"alice".into())
        );
        assert_eq!(
            (&enrolled["probed"], &enrolled["suite"]),
            (&true.into(), &suite.into())
        );
        assert_eq!(
            (&end["event"], &end["enrolled"], &end["left"]),
            (&"end".into(), &1.into(), &0.into())
        );

        // The registry was left alone; the row is what it takes.
        bench.admin("desk add-user --user alice --name Alice", "").ok();
        let registered = bench.admin("desk import devices.csv", "").ok();
        assert_eq!(registered["device_ids"][0], enrolled["device_id"]);
        bench.mock("mock make-passkey", OLD_PIN).ok();
        bench.mock("mock lock", "").ok();
        bench.response();
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_is_enrolled_already_is_told_and_left() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    std::fs::write(bench.path("names.txt"), "alice").unwrap();
    let command = format!("{AT_THE_DESK} --users names.txt");
    let first = events(&bench.mock(&command, &passwords()));
    let rows = std::fs::read(bench.path("devices.csv")).unwrap();
    for (file, reason) in [
        ("devices.csv", "already has a row, for alice"),
        (
            "other.csv",
            "already enrolled; only a reset allows a new enrolment",
        ),
    ] {
        let mut going = Going::start(&bench, &command.replace("devices.csv", file), &passwords());
        let skipped = going.event();
        assert_eq!(skipped["event"], "skipped");
        assert_eq!(skipped["device_id"], first[0]["device_id"]);
        assert_eq!(skipped["reason"], reason);
        let end = going.interrupt();
        assert_eq!(
            (end.len(), &end[0]["skipped"], &end[0]["left"]),
            (1, &1.into(), &1.into())
        );
    }
    assert_eq!(std::fs::read(bench.path("devices.csv")).unwrap(), rows);
}

#[test]
fn a_station_without_a_signing_key_says_that_it_did_not_probe() {
    let bench = Bench::with_desk(2);
    let public = bench.run_words(&["issuer", "show", "--desk", "desk", "--public"], "");
    std::fs::write(bench.path("issuer.json"), public.stdout).unwrap();
    bench.mock("mock new", "").ok();
    std::fs::write(bench.path("names.txt"), "alice").unwrap();
    let command = "--mock key.bin enroll --watch --issuer issuer.json --users names.txt --csv devices.csv";
    let words: Vec<&str> = command.split(' ').collect();
    let ran = bench.run_words(&words, "");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("Not probed: this station has no signing key."),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("Its row is written. Take the key out."),
        "{}",
        ran.stdout
    );
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    bench.admin("desk import devices.csv", "").ok();
}

#[test]
fn the_operator_names_the_owner_or_ends() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    let ended = events(&bench.mock(AT_THE_DESK, &passwords()));
    assert_eq!((ended.len(), &ended[0]["enrolled"]), (1, &0.into()));
    assert_eq!(bench.mock("info --interface fido", "").ok()["enrolled"], false);

    let mut going = Going::start(&bench, AT_THE_DESK, &format!("{}bob\n", passwords()));
    let enrolled = going.event();
    assert_eq!(
        (&enrolled["event"], &enrolled["user"]),
        (&"enrolled".into(), &"bob".into())
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_fails_is_told_and_the_next_may_come() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    bench.mock("mock make-passkey", OLD_PIN).ok();
    std::fs::write(bench.path("names.txt"), "alice").unwrap();
    let mut going = Going::start(&bench, &format!("{AT_THE_DESK} --users names.txt"), &passwords());
    let failed = going.event();
    assert_eq!(
        (&failed["event"], &failed["error"]["number"]),
        (&"failed".into(), &126.into())
    );
    let end = going.interrupt();
    assert_eq!((&end[0]["failed"], &end[0]["left"]), (&1.into(), &1.into()));

    // With its PIN it is taken.
    let input = format!("{}{OLD_PIN}\n", passwords());
    let events = events(&bench.mock(&format!("{AT_THE_DESK} --users names.txt --with-pin"), &input));
    assert_eq!(events[0]["event"], "enrolled");
}

#[test]
fn what_cannot_be_done_is_said_before_a_key_is_touched() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    bench
        .mock(&format!("{AT_THE_DESK} --suite 3"), &passwords())
        .error(804);
    bench
        .mock(&format!("{AT_THE_DESK} --users nobody.txt"), &passwords())
        .error(701);
    std::fs::write(bench.path("devices.csv"), "device_id,us").unwrap();
    bench.mock(AT_THE_DESK, &passwords()).error(711);
    assert_eq!(bench.mock("info --interface fido", "").ok()["enrolled"], false);
}

#[test]
fn import_goes_on_after_a_row_that_is_refused() {
    let bench = Bench::with_desk(2);
    bench.admin("desk add-user --user bob --name Bob", "").ok();
    let mut rows = String::new();
    for (number, user) in ["alice", "bob"].into_iter().enumerate() {
        let public = bench.run_words(&["issuer", "show", "--desk", "desk", "--public"], "");
        std::fs::write(bench.path("issuer.json"), public.stdout).unwrap();
        bench.mock("mock new --force", "").ok();
        let enrolled = bench
            .mock(&format!("enroll --issuer issuer.json --user {user}"), "")
            .ok();
        let csv = text(&enrolled["csv"]);
        rows += csv
            .split_inclusive('\n')
            .skip(usize::from(number > 0))
            .collect::<String>()
            .as_str();
    }
    std::fs::write(bench.path("devices.csv"), rows).unwrap();
    let refused = bench.admin("desk import devices.csv", "").error(416);
    assert!(
        text(&refused["detail"]).contains("1 of 2 are registered"),
        "{refused}"
    );
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    let again = bench.admin("desk import devices.csv", "").error(431);
    assert!(
        text(&again["detail"]).contains("1 of 2 are registered"),
        "{again}"
    );
}

#[cfg(unix)]
#[test]
fn devices_that_are_there_are_told_first_until_ctrl_c() {
    let bench = Bench::empty();
    bench.mock("mock new", "").ok();
    let mut going = Going::start(&bench, "devices --watch", "");
    let arrived = going.event();
    assert_eq!(arrived["event"], "arrived");
    assert_eq!(arrived["device"]["condition"], "pin-not-set");
    assert_eq!(arrived["device"]["routes"].as_array().unwrap().len(), 2);
    assert!(going.interrupt().is_empty());
}
