//! The demonstration itself, every suite over every way, as a person starts it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::process::Command;

use serde_json::Value;

fn run(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(["--yes", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_suite_over_every_way_ends_in_a_sign_in() {
    for suite in ["1", "2", "3"] {
        for way in ["hid", "nfc"] {
            let steps = run(&["--suite", suite, "--transport", way]);
            let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
            assert_eq!(names.last(), Some(&"old-pin-refused"), "{suite} {way}");
            for name in [
                "sign-in-refused",
                "challenge",
                "response",
                "unlocked",
                "done",
                "signed-in-again",
            ] {
                assert!(names.contains(&name), "{suite} {way}: {name}");
            }
            // Suite 3's codes carry no check, and both sides are told so.
            for name in ["challenge", "response"] {
                let step = steps.iter().find(|step| step["step"] == name).unwrap();
                let told = step["text"].as_str().unwrap().contains("has no check");
                assert_eq!(told, suite == "3", "{suite} {way}: {name}");
            }
            let unlocked = steps.iter().find(|step| step["step"] == "unlocked").unwrap();
            // getInfo, getChallenge, and after the call getChallenge again and unlock.
            assert_eq!(unlocked["transactions"], 4, "{suite} {way}");
        }
    }
}

#[test]
fn an_unknown_option_is_no_success() {
    let output = Command::new(env!("CARGO_BIN_EXE_demo"))
        .arg("--suite")
        .arg("4")
        .output()
        .unwrap();
    assert!(!output.status.success());
}
