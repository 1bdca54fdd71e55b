//! What this library does over a transport, timed.

use std::time::Duration;

use fido_unlock::ctap2::client_pin::{ClientPinRequest, SubCommand};
use fido_unlock::ctap2::command;
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, Ticks, Transport, UnlockDevice};
use fido_unlock::host::{Session, agree, client_pin};
use fido_unlock::pin_protocol::{KeyAgreementKey, PinProtocol, encapsulate, hash_pin, pad_pin};
use fido_unlock_stacks_tests::PATIENCE;
use fido_unlock_tests::NEW_PIN;
use getrandom::SysRng;
use quanta::{Clock, Instant};

use crate::device::Key;

/// Of the unlock.
const PROTOCOL: PinProtocol = PinProtocol::Two;
/// Bytes under the MAC of an unlock of suite 2 with protocol two.
const AUTHENTICATED: usize = 133;

fn timed<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    let begin = std::time::Instant::now();
    let result = work();
    (begin.elapsed(), result)
}

/// Core's clock by the processor's counter, as a system's own clock is read everywhere but in user-mode
/// Linux, where each look at it is a call that is trapped.
pub struct Counter {
    clock: Clock,
    begin: Instant,
}

impl Counter {
    pub fn new() -> Self {
        let clock = Clock::new();
        let begin = clock.now();
        Self { clock, begin }
    }
}

impl Ticks for Counter {
    fn now(&self) -> Duration {
        self.clock.now() - self.begin
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

fn by<R>(ticks: &dyn Ticks, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    work(&mut Call::new(ticks, PATIENCE, &NeverCancel, &mut NoProgress))
}

/// From `getInfo` to the new PIN; the help desk's work is left out.
pub fn unlock(ticks: &dyn Ticks, key: &Key, device: &mut dyn UnlockDevice) -> Duration {
    let (first, session) = timed(|| by(ticks, |call| Session::begin(device, None, call)).unwrap());
    let response = key.world.respond(&session);
    let pin = key.world.new_pin(&session, NEW_PIN);
    let (second, ()) = timed(|| {
        by(ticks, |call| {
            session.unlock(device, &response, &pin, &mut SysRng, call)
        })
        .unwrap();
    });
    first + second
}

/// The session that a person was shown.
pub fn begin(ticks: &dyn Ticks, device: &mut dyn UnlockDevice) -> Session {
    by(ticks, |call| Session::begin(device, None, call)).unwrap()
}

/// With the code at hand: `getInfo`, as `diagnose` makes it, and the rest.
pub fn unlock_kept(
    ticks: &dyn Ticks,
    key: &Key,
    device: &mut dyn UnlockDevice,
    session: &Session,
) -> Duration {
    let response = key.world.respond(session);
    let pin = key.world.new_pin(session, NEW_PIN);
    let (time, ()) = timed(|| {
        assert!(by(ticks, |call| device.info(call)).unwrap().is_blocked());
        by(ticks, |call| {
            session.unlock(device, &response, &pin, &mut SysRng, call)
        })
        .unwrap();
    });
    time
}

/// The cryptography of the host in one unlock, with nothing around it.
pub fn cryptography() -> Duration {
    let device = KeyAgreementKey::make(&mut SysRng).unwrap().public();
    let message = [7; AUTHENTICATED];
    let (time, _) = timed(|| {
        let (_, secret) = encapsulate(PROTOCOL, &device, &mut SysRng).unwrap();
        let padded = pad_pin(NEW_PIN.as_bytes()).unwrap();
        let new_pin_enc = PROTOCOL.encrypt(&secret, &*padded, &mut SysRng).unwrap();
        (new_pin_enc, PROTOCOL.authenticate(&secret, &message).unwrap())
    });
    time
}

/// `authenticatorGetInfo`.
pub fn get_info(ticks: &dyn Ticks, transport: &mut dyn Transport) -> Duration {
    let (time, answer) = timed(|| by(ticks, |call| transport.transact(&[command::GET_INFO], call)).unwrap());
    assert_eq!(answer[0], 0);
    time
}

/// `getKeyAgreement` and `changePIN`.
pub fn change_pin(
    ticks: &dyn Ticks,
    transport: &mut dyn Transport,
    protocol: PinProtocol,
    old: &str,
    new: &str,
) -> Duration {
    let (time, ()) = timed(|| {
        by(ticks, |call| {
            let (key, secret) = agree(transport, protocol, &mut SysRng, call).unwrap();
            let padded = pad_pin(new.as_bytes()).unwrap();
            let new_pin_enc = protocol.encrypt(&secret, &*padded, &mut SysRng).unwrap();
            let old_hash = hash_pin(old.as_bytes());
            let pin_hash_enc = protocol.encrypt(&secret, &*old_hash, &mut SysRng).unwrap();
            let message = [&new_pin_enc[..], &pin_hash_enc].concat();
            let mut request = ClientPinRequest::new(SubCommand::ChangePin, Some(protocol));
            request.key_agreement = Some(key);
            request.pin_uv_auth_param = protocol.authenticate(&secret, &message).ok();
            request.new_pin_enc = Some(new_pin_enc);
            request.pin_hash_enc = Some(pin_hash_enc);
            client_pin(transport, &request, call).unwrap();
        });
    });
    time
}
