//! The software authenticator as python-fido2 2.2.1 sees it: its client, and its own device tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock_tests::python::{Fido2, run, witness};

const KEY: &str = env!("CARGO_BIN_EXE_ctap_pipe");

fn client_over_protocol(protocol: &str) {
    let steps = run(Fido2::new()
        .python()
        .arg(witness().join("ctap_pipe.py"))
        .args([KEY, protocol]));
    assert_eq!(steps.lines().last(), Some("reset"), "{steps}");
}

#[test]
fn client_over_protocol_one() {
    client_over_protocol("1");
}

#[test]
fn client_over_protocol_two() {
    client_over_protocol("2");
}

/// python-fido2's tests/device. What it skips is what getInfo does not list: other algorithms,
/// biometric enrolment, enterprise attestation, and extensions that are not in CTAP 2.1.
#[test]
fn its_own_device_tests_pass() {
    let fido2 = Fido2::new();
    let report = run(fido2
        .python()
        .args([
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "upstream_suite",
        ])
        .arg("tests/device")
        .env("CTAP_PIPE", KEY)
        .current_dir(fido2.source()));
    let summary = report.lines().last().unwrap();
    assert!(
        summary.starts_with(&format!("{PASSED} passed, ")) && !summary.contains("failed"),
        "{report}"
    );
}

/// So that a suite which begins to skip is seen.
const PASSED: u32 = 44;
