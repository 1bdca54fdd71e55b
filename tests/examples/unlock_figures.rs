//! What one unlock takes: transactions, packets or APDUs, bytes, and its time over the software
//! authenticator, beside the time of the same cryptography alone in the same run.
//!
//! `cargo run --release -p fido-unlock-tests --example unlock_figures`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::{Duration, Instant};

use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::host::framing::{HidTransport, Interface, NfcTransport, Statistics};
use fido_unlock::host::ports::Transport;
use fido_unlock::pin_protocol::{KeyAgreementKey, PinProtocol, encapsulate, hash_pin};
use fido_unlock::suite::{DeviceSecretKey, IssuerKey, p256_ecdsa};
use fido_unlock::{Challenge, Suite};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World, issuer_key};
use getrandom::SysRng;

const RUNS: usize = 60;

fn main() {
    println!(
        "| way | suite | PIN protocol | transactions | out | in | bytes out | bytes in | unlock, ms | cryptography, ms | ours, ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for way in [Way::Hid, Way::Nfc] {
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            for protocol in [PinProtocol::One, PinProtocol::Two] {
                row(way, suite, protocol);
            }
        }
    }
}

fn row(way: Way, suite: Suite, protocol: PinProtocol) {
    let world = World::new(way, suite, protocol);
    let mut figures = Statistics::default();
    let mut whole = Vec::new();
    let mut alone = Vec::new();
    for run in 0..RUNS {
        let (old, new) = if run % 2 == 0 {
            (OLD_PIN, NEW_PIN)
        } else {
            (NEW_PIN, OLD_PIN)
        };
        world.sign_in(old).unwrap();
        world.block();
        let (time, statistics) = match way {
            Way::Hid => {
                let transport =
                    HidTransport::new(world.device.hid(Interface::Vendor), SysRng, Interface::Vendor);
                unlock(&world, transport, new, HidTransport::statistics)
            }
            Way::Nfc => {
                let transport = NfcTransport::new(world.device.card(), Interface::Vendor);
                unlock(&world, transport, new, NfcTransport::statistics)
            }
        };
        whole.push(time);
        figures = statistics;
        alone.push(cryptography(&world.issuer, suite, protocol));
    }
    let (whole, alone) = (median(whole), median(alone));
    println!(
        "| {way:?} | {} | {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {:.3} |",
        suite.number(),
        protocol.number(),
        figures.transactions,
        figures.sent,
        figures.received,
        figures.bytes_sent,
        figures.bytes_received,
        ms(whole),
        ms(alone),
        ms(whole.saturating_sub(alone)),
    );
}

/// From `getInfo` to the new PIN, the help desk's own work left out.
fn unlock<T: Transport>(
    world: &World,
    transport: T,
    pin: &str,
    statistics: impl FnOnce(&T) -> Statistics,
) -> (Duration, Statistics) {
    let mut device = CtapUnlockDevice::new(transport);
    let begin = Instant::now();
    let session = world.begin(&mut device).unwrap();
    let first = begin.elapsed();
    let response = world.respond(&session);
    let begin = Instant::now();
    world.unlock(&mut device, &session, &response, pin).unwrap();
    let time = first + begin.elapsed();
    (time, statistics(device.transport()))
}

/// The same operations without anything around them: the device's key agreement key, encapsulation
/// and decapsulation, encryption, MAC and their counterparts, the response's verification.
fn cryptography(issuer: &IssuerKey, suite: Suite, protocol: PinProtocol) -> Duration {
    let fresh = issuer_key(suite);
    let device_key = DeviceSecretKey::make(&mut SysRng).unwrap();
    let message = [7; 118];
    let signature = match suite {
        Suite::P256Ecdsa => {
            let scalar = fresh.expose_p256_scalar().unwrap();
            let key = p256::ecdsa::SigningKey::from_slice(&scalar[..]).unwrap();
            Some(p256_ecdsa::respond(&key, &message).unwrap())
        }
        _ => None,
    };
    let begin = Instant::now();
    let device = KeyAgreementKey::make(&mut SysRng).unwrap();
    let (platform_key, secret) = encapsulate(protocol, &device.public(), &mut SysRng).unwrap();
    let cipher = protocol.encrypt(&secret, &[1; 64], &mut SysRng).unwrap();
    let tag = protocol.authenticate(&secret, &cipher).unwrap();
    let other = device.decapsulate(protocol, &platform_key).unwrap();
    assert!(protocol.verify(&other, &cipher, &tag));
    let plain = protocol.decrypt(&other, &cipher).unwrap();
    let _ = hash_pin(&plain);
    match suite {
        Suite::P256Ecdsa => {
            assert!(p256_ecdsa::verify(
                &fresh.public().unwrap(),
                &message,
                &signature.unwrap()
            ));
        }
        Suite::P256EcdhMac => {
            let z = device_key.derive_z(&fresh.public().unwrap()).unwrap();
            let _ = (device_key.public(), z.respond(&message).unwrap());
        }
        Suite::AesAdminKey => {
            let Ok(Challenge::Aes(challenge)) = Challenge::from_bytes(suite, &[3; 16]) else {
                panic!("suite 3")
            };
            let _ = issuer.respond_aes(&challenge).unwrap();
        }
    }
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
