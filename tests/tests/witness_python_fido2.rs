//! The software authenticator as python-fido2 2.2.1 sees it: its client, and its own device tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;

use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::{HidTransport, Interface};
use fido_unlock::host::{CtapUnlockDevice, DefaultPinPolicy, NewPin, Session};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::{AuthoriseFields, IssuerKey};
use fido_unlock::{Challenge, Pin, Purpose, Suite};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::{SoftAuthenticator, Storage, TestTicks};
use fido_unlock_tests::python::{Fido2, run, witness};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, enroll_device, issuer_key, with_call};
use getrandom::SysRng;

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

/// Its credentials, hmac-secret outputs and large blobs of before the lock serve it after the unlock.
#[test]
fn its_credentials_survive_the_unlock() {
    let fido2 = Fido2::new();
    for (protocol, number) in [(PinProtocol::One, "1"), (PinProtocol::Two, "2")] {
        let folder = tempfile::tempdir().unwrap();
        let (file, notes) = (folder.path().join("key"), folder.path().join("notes.json"));
        let ticks = TestTicks::new();
        let issuer = issuer_key(Suite::P256EcdhMac);
        let enrolled = {
            let device = plug_in(&file, &ticks);
            let transport = HidTransport::new(device.hid(Interface::Fido), SysRng, Interface::Fido);
            enroll_device(transport, &ticks, &issuer, protocol, EnrollOptions::default())
        };
        let python = |step| {
            run(fido2
                .python()
                .arg(witness().join("before_and_after.py"))
                .args([step, KEY, number])
                .args([&file, &notes])
                .args([OLD_PIN, NEW_PIN]))
        };
        assert_eq!(python("before"), "before\n");
        unlock(&plug_in(&file, &ticks), &ticks, &issuer, |challenge| {
            AuthoriseFields {
                purpose: Purpose::Authorise,
                suite: Suite::P256EcdhMac,
                device_id: enrolled.device_id,
                issuer: issuer.public().unwrap(),
                device_key: Some(enrolled.device_key),
                challenge,
            }
        });
        assert_eq!(python("after"), "after\n");
    }
}

fn plug_in(file: &Path, ticks: &TestTicks) -> Device<SoftAuthenticator> {
    let key = SoftAuthenticator::builder()
        .storage(Storage::File(file.into()))
        .ticks(ticks.clone())
        .build();
    Device::new(key.unwrap(), ticks.clone())
}

fn unlock(
    device: &Device<SoftAuthenticator>,
    ticks: &TestTicks,
    issuer: &IssuerKey,
    fields: impl FnOnce(fido_unlock::DeviceChallenge) -> AuthoriseFields,
) {
    let transport = HidTransport::new(device.hid(Interface::Vendor), SysRng, Interface::Vendor);
    let mut device = CtapUnlockDevice::new(transport);
    let session = with_call(ticks, |call| Session::begin(&mut device, None, call)).unwrap();
    let Challenge::Line(challenge) = session.challenge() else {
        panic!("suite 2 has a line");
    };
    let response = issuer.respond(&fields(*challenge)).unwrap();
    let pin = Pin::new(NEW_PIN.into());
    let pin = NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules()).unwrap();
    with_call(ticks, |call| {
        session.unlock(&mut device, &response, &pin, &mut SysRng, call)
    })
    .unwrap();
}
