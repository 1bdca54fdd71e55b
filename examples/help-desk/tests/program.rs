//! The program as it is started: what it prints, what it refuses, how it ends.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn help_desk() -> Command {
    Command::new(env!("CARGO_BIN_EXE_help-desk"))
}

fn refused(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = help_desk().args(arguments).output().unwrap();
    assert_eq!(status.code(), Some(2));
    String::from_utf8(stderr).unwrap()
}

#[test]
fn a_demonstration_is_only_on_this_machine() {
    let said = refused(&[]);
    assert!(said.contains("--demo") && said.contains("--config"), "{said}");
    for both in [
        &["--demo", "--config", "a.toml"][..],
        &["--yes"],
        &["--listen", "0"],
        &["--json"],
        &["--demo", "--json", "--yes"],
        &["--demo", "--key", "a.bin", "--key-port", "0"],
        &["--demo", "--suite", "4"],
    ] {
        refused(both);
    }
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let said = refused(&["--demo", "--listen", address]);
        assert!(said.contains("only this machine's own address"), "{said}");
    }
    assert!(refused(&["--demo", "--listen", "here"]).contains("not an address and port"));
}

#[cfg(unix)]
#[test]
fn it_says_where_it_is_and_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let mut process = help_desk()
        .args(["--demo", "--listen", "0"])
        .env("TMPDIR", place.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first = lines.next().unwrap();
    let address = first
        .rsplit_once("http://")
        .unwrap()
        .1
        .trim_end_matches('/')
        .to_owned();
    let said: Vec<String> = lines.by_ref().take(13).collect();
    let operators = [
        "admin-1",
        "admin-2",
        "devices-1",
        "desk-1",
        "desk-2",
        "platform-1",
        "audit-1",
        "manager-1",
    ];
    for operator in operators {
        assert!(said.iter().any(|line| line.contains(operator)), "{said:?}");
    }
    assert_eq!(place.path().read_dir().unwrap().count(), 1);

    let mut stream = TcpStream::connect(&address).unwrap();
    let request = format!("GET /sign-in HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

    // As a service manager ends it, while somebody has sent half a request and waits.
    let mut half = TcpStream::connect(&address).unwrap();
    half.write_all(b"GET /sign-in HTTP/1.1\r\n").unwrap();
    let pid = process.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(process.wait().unwrap().success());
    drop(half);
    assert_eq!(place.path().read_dir().unwrap().count(), 0);
    assert_eq!(lines.count(), 0, "it prints nothing of a request");
}

#[test]
fn a_whole_call_is_played_over_http_and_nothing_stays() {
    let place = tempfile::tempdir().unwrap();
    let ran = help_desk()
        .args(["--demo", "--yes"])
        .env("TMPDIR", place.path())
        // Nothing goes through it.
        .envs([
            ("HTTP_PROXY", "http://127.0.0.1:1"),
            ("http_proxy", "http://127.0.0.1:1"),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let steps = [
        "Device Challenge ",
        "has found robin.sample",
        "Response Code ",
        "the key is unlocked",
        "has recorded it",
        "signs in with the new PIN",
    ];
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), steps.len(), "{said}");
    for (line, step) in lines.iter().zip(steps) {
        assert!(line.contains(step), "{step} in {line}");
    }
    assert_eq!(place.path().read_dir().unwrap().count(), 0);
}

/// Started by a program: the process, and what its first line tells.
fn for_programs(place: &Path, arguments: &[&str]) -> (Child, Value) {
    let mut process = help_desk()
        .args(["--demo", "--json"])
        .args(arguments)
        .env("TMPDIR", place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    (process, serde_json::from_str(&line).unwrap())
}

fn asks(told: &Value, path: &str) -> String {
    let address = told["desk"].as_str().unwrap().strip_prefix("http://").unwrap();
    let token = told["token"].as_str().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn programs_are_told_where_it_is_and_it_ends_with_whoever_started_it() {
    let place = tempfile::tempdir().unwrap();
    for suite in ["1", "2", "3"] {
        let (mut process, told) = for_programs(place.path(), &["--suite", suite]);
        let devices = asks(&told, "/api/v1/users?q=robin.sample");
        assert!(devices.contains(&format!("\"suite\":{suite}")), "{devices}");
        assert_eq!(told["user"], "robin.sample");
        assert_ne!(told["token"], told["approver_token"]);
        let port = u16::try_from(told["key_port"].as_u64().unwrap()).unwrap();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        drop(process.stdin.take());
        assert!(process.wait().unwrap().success());
        assert_eq!(place.path().read_dir().unwrap().count(), 0);
    }
}

#[test]
fn the_key_is_made_in_a_new_file_for_another_program() {
    let place = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.bin");
    let key = ["--key", file.to_str().unwrap()];
    let (mut process, told) = for_programs(place.path(), &key);
    assert_eq!(told["key_port"], Value::Null);
    drop(process.stdin.take());
    assert!(process.wait().unwrap().success());
    let made = std::fs::read(&file).unwrap();
    let again = help_desk()
        .args(["--demo", "--json"])
        .args(key)
        .env("TMPDIR", place.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("it is there already"));
    assert_eq!(std::fs::read(&file).unwrap(), made);
}
