//! What is printed where it cannot be written, and what cannot act on a terminal.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::bench::{ADMIN_PASSWORD, Bench, PASSPHRASE, text};

const RESPOND: &str =
    "respond --desk desk --operator admin --user alice --method call-back --statement called --reason T-1";

/// Runs `respond` with this standard output: exit code and standard error.
fn respond(bench: &Bench, json: &str, stdout: impl Into<Stdio>) -> (i32, String) {
    let input = format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n{}\n", bench.challenge());
    run(bench, &["--stdin", json], RESPOND, &input, stdout)
}

fn run(bench: &Bench, options: &[&str], words: &str, input: &str, stdout: impl Into<Stdio>) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_fido-unlock");
    let mut child = Command::new("dash")
        // A limit for each file's length, in 512 bytes; ignored, its signal is an error of the write.
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"", program])
        .args(options.iter().filter(|option| !option.is_empty()))
        .args(words.split_whitespace())
        .current_dir(bench.path(""))
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn open_codes(bench: &Bench) -> usize {
    let status = bench.admin("desk status", "").ok();
    let requests = status["open_requests"].as_array().unwrap().iter();
    requests.filter(|request| request["code"] == true).count()
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// A pipe that nobody reads.
fn closed() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn no_code_is_made_where_it_cannot_be_shown() {
    let bench = Bench::locked(2);
    for json in ["", "--json"] {
        for (code, said) in [
            respond(&bench, json, full()),
            respond(&bench, json, closed()),
            // What Rust's runtime makes of a closed one.
            respond(&bench, json, Stdio::null()),
            // `1< file`: not open for writing.
            respond(&bench, json, File::open("Cargo.toml").unwrap()),
        ] {
            assert_eq!(code, 80, "{said}");
            assert!(
                said.contains("OutputFailed") && said.contains("no code was made for request"),
                "{said}"
            );
        }
    }
    assert_eq!(open_codes(&bench), 0);
    let response = bench.response();
    assert_eq!(open_codes(&bench), 1);
    bench.unlock(&response, "newpin43", "newpin43").ok();
}

#[test]
fn a_code_that_was_made_and_not_shown_is_told_with_its_request() {
    let bench = Bench::locked(2);
    for json in ["--json", ""] {
        let path = bench.path("out");
        // Of the one byte that is tried.
        let room = (2048 * 512) - 1;
        File::create(&path).unwrap().set_len(room).unwrap();
        let (code, said) = respond(&bench, json, File::options().append(true).open(&path).unwrap());
        assert_eq!(code, 80, "{said}");
        let status = bench.admin("desk status", "").ok();
        // Of those of one second any may be the last.
        let open = status["open_requests"].as_array().unwrap().iter();
        let named = open.map(|one| text(&one["request"])).find(|request| {
            said.contains(&format!("the code of request {request} was made"))
                && said.contains(&format!("desk abandon --request {request}"))
        });
        assert!(named.is_some(), "{said}");
    }
}

/// What is refused at the very end, as the third code of a day for one device, announces none.
#[test]
fn a_code_that_is_not_made_is_not_announced() {
    let bench = Bench::locked(2);
    let input = format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n{}\n", bench.challenge());
    let words: Vec<&str> = RESPOND.split(' ').chain(["--stdin"]).collect();
    for _ in 0..2 {
        let ran = bench.run_words(&words, &input);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut lines = ran.stdout.trim_start().lines();
        let title = lines.next().unwrap();
        assert!(title.starts_with("Response Code of request "), "{}", ran.stdout);
        let code = lines.next().unwrap();
        assert!(code.contains('-') && !code.contains(' '), "{}", ran.stdout);
    }
    let ran = bench.run_words(&words, &input);
    assert!(ran.stderr.contains("error 409"), "{}", ran.stderr);
    assert_eq!(ran.stdout.trim(), "", "{}", ran.stdout);
}

#[test]
fn a_station_enrols_nothing_where_the_row_cannot_be_shown() {
    let bench = Bench::with_desk(2);
    let public = bench
        .run_words(&["issuer", "show", "--desk", "desk", "--public"], "")
        .stdout;
    std::fs::write(bench.path("issuer.json"), public).unwrap();
    bench.mock("mock new", "").ok();
    let words = "--mock key.bin enroll --issuer issuer.json --user alice";
    for json in ["", "--json"] {
        assert_eq!(run(&bench, &[json], words, "", full()).0, 80);
    }
    assert_eq!(bench.mock("info", "").ok()["enrolled"], false);
    let ran = bench.run_words(&words.split(' ').collect::<Vec<_>>(), "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout
            .starts_with("device_id,user,suite,slot,issuer,device_key,label\n"),
        "{}",
        ran.stdout
    );
    std::fs::write(bench.path("devices.csv"), ran.stdout).unwrap();
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    bench.admin("desk import devices.csv", "").ok();
}

#[test]
fn a_failure_is_told_on_the_other_stream() {
    let bench = Bench::empty();
    let output = |json: &[&str], out: Stdio, error: Stdio| {
        Command::new(env!("CARGO_BIN_EXE_fido-unlock"))
            .args(json)
            .args(["audit", "verify", "--desk", "nowhere"])
            .current_dir(bench.path(""))
            .stdout(out)
            .stderr(error)
            .output()
            .unwrap()
    };
    let ran = output(&["--json"], full().into(), Stdio::piped());
    let error: Value = serde_json::from_slice(&ran.stderr).unwrap();
    assert_eq!(
        (ran.status.code(), &error["error"]["number"]),
        (Some(70), &701.into())
    );
    let ran = output(&[], Stdio::piped(), full().into());
    assert_eq!(ran.status.code(), Some(70));
    assert!(String::from_utf8(ran.stdout).unwrap().contains("error 701"));
}

#[test]
fn what_others_named_does_not_act_on_the_terminal() {
    let bench = Bench::locked(2);
    let name = "Eve\u{1b}[2K\rAlice\u{202e}\nRequest 1.\u{7}\u{9b}";
    let seen = r"Eve\u{1b}[2K\rAlice\u{202e}\nRequest 1.\u{7}\u{9b}";
    let words = [
        "desk",
        "add-user",
        "--desk",
        "desk",
        "--operator",
        "admin",
        "--user",
        "alice",
        "--name",
        name,
        "--stdin",
    ];
    let said = bench.run_words(&words, &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n"));
    assert_eq!(said.stdout, format!("alice ({seen}) is registered.\n"));
    let input = format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n{}\n", bench.challenge());
    let mut words: Vec<&str> = RESPOND.split(' ').collect();
    words.push("--stdin");
    let ran = bench.run_words(&words, &input);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains(&format!("Read the owner's name back: {seen}\n")),
        "{}",
        ran.stderr
    );
    // A program gets the name itself, and its terminal does not.
    words.push("--json");
    let ran = bench.run_words(&words, &input);
    assert!(
        !ran.stdout.contains(['\u{202e}', '\u{9b}', '\u{1b}']),
        "{}",
        ran.stdout
    );
    assert_eq!(text(&ran.ok()["name"]), name);
    // Ids are refused at once.
    for id in ["bob\u{202e}", "bo\u{200b}b", "\u{feff}bob"] {
        let words = [
            "desk",
            "add-user",
            "--desk",
            "desk",
            "--operator",
            "admin",
            "--user",
            id,
            "--name",
            "B",
            "--stdin",
            "--json",
        ];
        bench
            .run_words(&words, &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n"))
            .error(804);
    }
}

#[test]
fn what_is_wanted_is_told_with_its_option_and_a_card_is_not_touched() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    for (words, number, option) in [
        (
            "respond --user alice --method call-back --statement x",
            408,
            "--reason TEXT",
        ),
        ("respond --user alice --reason T-1", 406, "--method METHOD"),
    ] {
        let error = bench.admin(words, &challenge).error(number);
        assert!(text(&error["detail"]).contains(option), "{error}");
    }
    let response = bench.response();
    let card = bench.over("nfc");
    let ran = card.unlock(&response, "newpin43", "newpin43");
    assert!(
        !ran.stderr.contains("Touch") || ran.stderr.contains("card"),
        "{}",
        ran.stderr
    );
    ran.ok();
}
