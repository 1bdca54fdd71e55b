//! After an unlock the memory of the user's process holds neither the PIN nor the Response Code nor
//! what was agreed on with the device. The process is a child, the device lives here.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "no_secret_in_memory/search.rs"]
mod search;

use core::time::Duration;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::HidReports;
use fido_unlock::pin_protocol::{CoseKey, KeyAgreementKey, PinProtocol};
use fido_unlock::ports::Entropy;
use fido_unlock::{Challenge, Suite};
use fido_unlock_mock::authenticator::SeededEntropy;
use fido_unlock_tests::{SLOT, Way, World};

use search::Secrets;

const PIN: &str = "Qz8vR2memPIN5kLw";
/// Plays the device's end of the child's pipes until the child is done.
fn serve(world: &World, child: &mut Child) -> String {
    let mut to = child.stdin.take().unwrap();
    let mut from = child.stdout.take().unwrap();
    let mut device = world.device.hid(Interface::Vendor);
    let mut code = String::new();
    say(&mut to, PIN);
    loop {
        let mut letter = [0];
        from.read_exact(&mut letter).unwrap();
        match letter[0] {
            b'W' => {
                let mut report = [0; 64];
                from.read_exact(&mut report).unwrap();
                device.write_report(&report).unwrap();
            }
            b'R' => {
                let mut report = [0; 64];
                let length = device
                    .read_report(&mut report, Duration::from_millis(50))
                    .unwrap();
                to.write_all(&[u8::try_from(length).unwrap()]).unwrap();
                to.write_all(&report[..length]).unwrap();
            }
            b'C' => {
                let mut length = [0];
                from.read_exact(&mut length).unwrap();
                let mut bytes = vec![0; length[0].into()];
                from.read_exact(&mut bytes).unwrap();
                let challenge = Challenge::from_bytes(world.issuer.suite(), &bytes).unwrap();
                code = world.response_to(&challenge).expose_code().to_string();
                say(&mut to, &code);
            }
            b'E' => {
                child.stdin = Some(to);
                return code;
            }
            other => panic!("{other}"),
        }
    }
}

fn say(to: &mut impl Write, text: &str) {
    to.write_all(&[u8::try_from(text.len()).unwrap()]).unwrap();
    to.write_all(text.as_bytes()).unwrap();
}

/// What both sides agree on: the platform's key comes from the child's fixed seed.
fn agreed(protocol: PinProtocol, device: &CoseKey) -> Vec<(&'static str, Vec<u8>)> {
    let mut scalar = [0; 32];
    SeededEntropy::new(11).fill(&mut scalar).unwrap();
    let platform = KeyAgreementKey::from_scalar(&scalar).unwrap();
    let shared = platform.decapsulate(protocol, device).unwrap();
    let secret = p256::SecretKey::from_slice(&scalar).unwrap();
    let point = device.to_public_key().unwrap();
    let z = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), point.as_affine());
    vec![
        ("platform key", scalar.to_vec()),
        ("shared secret", shared.expose_bytes().to_vec()),
        ("ECDH's x", z.raw_secret_bytes().to_vec()),
    ]
}

fn look(suite: Suite, protocol: PinProtocol, planted: &str) -> Vec<String> {
    let world = World::new(Way::Hid, suite, protocol);
    world.block();
    world.device.replug();
    let key_agreement = world
        .try_challenge(Interface::Vendor, SLOT, false)
        .unwrap()
        .key_agreement;
    let mut child = Command::new(env!("CARGO_BIN_EXE_unlock_child"))
        .arg(planted)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let code = serve(&world, &mut child);
    let response = fido_unlock::ResponseCode::parse(suite, &code).unwrap();
    let mut secrets = agreed(protocol, &key_agreement);
    secrets.push(("PIN", PIN.as_bytes().to_vec()));
    secrets.push(("code", code.as_bytes().to_vec()));
    secrets.push(("response", response.expose_bytes().to_vec()));
    let found = Secrets(secrets).find(child.id());
    // Closes its input, and so ends it.
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    world.sign_in(PIN).unwrap();
    found
}

#[test]
fn nothing_is_left_after_an_unlock() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        for protocol in [PinProtocol::One, PinProtocol::Two] {
            let found = look(suite, protocol, "nothing");
            assert!(found.is_empty(), "{suite:?} {protocol:?}: {found:#?}");
        }
    }
}

#[test]
fn what_is_planted_is_found() {
    for (planted, name) in [("pin", "PIN"), ("code", "code")] {
        let found = look(Suite::P256EcdhMac, PinProtocol::Two, planted);
        assert!(found.iter().any(|place| place.starts_with(name)), "{found:#?}");
    }
}
