//! python-fido2's own tests of an authenticator (`tests/device` in its source archive, which pip downloads), over
//! PC/SC: they find the card in its reader themselves, and judge what the virtual key answers.

use std::collections::BTreeSet;

use fido_unlock_stacks_tests::{fido2_pcsc, witness};
use fido_unlock_tests::python::run;

use crate::pcscd::{Pcscd, isolated};
use crate::support::{card_in, insert, keep_transcript};

/// So that a suite which begins to skip is seen. The same tests pass in one process with the authenticator
/// (`tests/tests/witness_python_fido2.rs`).
const PASSED: u32 = 44;

/// "Algorithm ES256K not supported", and the others that python-fido2 and its `cryptography` know beside ES256.
const OTHER_ALGORITHM: &str = "Algorithm";

/// What is left out, and why: python-fido2's own words. The README says more.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "test_bioenroll.py",
        "BioEnrollment not supported by authenticator",
    ),
    ("test_config.py", "Enterprise Attestation not supported"),
    ("test_credblob.py", "CredBlob not supported by authenticator"),
    ("test_credentials.py", OTHER_ALGORITHM),
    ("test_credman.py", OTHER_ALGORITHM),
    ("test_credman.py", "Persistent PUAT not supported"),
    ("test_hid.py", "Device is not a CtapHidDevice"),
    (
        "test_payment.py",
        "thirdPartyPayment not supported by authenticator",
    ),
    ("test_prf.py", "hmac-secret-mc not supported by authenticator"),
    (
        "test_preview_sign.py",
        "previewSign not supported by authenticator",
    ),
    (
        "test_sign_extension_v4.py",
        "previewSign not supported by authenticator",
    ),
];

fn device_tests(name: &str, card: &[&str]) {
    let fido2 = fido2_pcsc();
    isolated(&format!("suite::{name}"), |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let control = folder.join("control");
        let arguments = [card, &["--control", control.to_str().unwrap()]].concat();
        let _key = insert(folder, 0, &arguments);
        card_in(0);
        let report = run(fido2
            .python()
            .args([
                "-m",
                "pytest",
                "-q",
                "-rs",
                "-p",
                "no:cacheprovider",
                "-p",
                "card_suite",
            ])
            .args(["tests/device", "--reader", "Virtual PCD 00 00"])
            .env("PYTHONPATH", witness())
            .env("CARD_CONTROL", &control)
            .current_dir(fido2.source()));
        keep_transcript(&format!("python-fido2-{name}.txt"), &report);
        let summary = report.lines().last().unwrap();
        assert!(
            summary.starts_with(&format!("{PASSED} passed, ")) && !summary.contains("failed"),
            "{report}"
        );
        let left_out: BTreeSet<(&str, &str)> = LEFT_OUT.iter().copied().collect();
        assert_eq!(skipped(&report), left_out, "{report}");
    });
}

/// Of "SKIPPED [2] tests/device/test_config.py:185: Enterprise Attestation not supported": file and reason.
fn skipped(report: &str) -> BTreeSet<(&str, &str)> {
    report.lines().filter_map(skip_in).collect()
}

fn skip_in(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.strip_prefix("SKIPPED ")?.split_once("tests/device/")?;
    let (file, rest) = rest.split_once(':')?;
    let reason = rest.split_once(": ").map_or(rest, |(_, reason)| reason);
    let reason = if reason.starts_with(OTHER_ALGORITHM) {
        OTHER_ALGORITHM
    } else {
        reason
    };
    Some((file, reason))
}

#[test]
fn over_a_contactless_card() {
    device_tests("over_a_contactless_card", &[]);
}

/// What an ATR with card capabilities changes for a client, and a card that gives its data without Le.
#[test]
fn over_a_contact_card_that_says_what_it_takes() {
    let card = ["--contact", "--extended-length", "yes", "--data-without-le"];
    device_tests("over_a_contact_card_that_says_what_it_takes", &card);
}
