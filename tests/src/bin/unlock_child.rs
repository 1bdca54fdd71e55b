//! The user's side in a process of its own, for `no_secret_in_memory`: it unlocks a device that lives
//! in its parent, drops everything, and waits to be looked into.
//!
//! Both pipes are used without buffers, since a buffer would keep what went through it. A request is
//! one letter and its bytes: `W` report; `R` (answered by a length byte and a report); `C` challenge
//! (answered by the Response Code); `E` the end. At the start comes the PIN. A text is its length in
//! one byte, then UTF-8.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use core::time::Duration;
use std::fs::File;
use std::io::{Read, Write};

use fido_unlock::host::framing::{HidTransport, Interface};
use fido_unlock::host::ports::{Call, HidReports, NeverCancel, NoProgress, SystemTicks, TransportError};
use fido_unlock::host::{CtapUnlockDevice, DefaultPinPolicy, NewPin, Session, confirm_pin};
use fido_unlock::{Pin, ResponseCode};
use fido_unlock_mock::authenticator::SeededEntropy;
use zeroize::{Zeroize, Zeroizing};

struct Parent {
    from: File,
    to: File,
}

impl Parent {
    fn open() -> Self {
        Self {
            from: File::open("/dev/stdin").unwrap(),
            to: File::options().write(true).open("/dev/stdout").unwrap(),
        }
    }

    fn text(&mut self) -> Zeroizing<String> {
        let mut length = [0];
        self.from.read_exact(&mut length).unwrap();
        let mut bytes = vec![0; length[0].into()];
        self.from.read_exact(&mut bytes).unwrap();
        // Takes the buffer over.
        Zeroizing::new(String::from_utf8(bytes).unwrap())
    }
}

impl HidReports for Parent {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        self.to.write_all(b"W").unwrap();
        self.to.write_all(report).unwrap();
        Ok(())
    }

    fn read_report(&mut self, report: &mut [u8], _timeout: Duration) -> Result<usize, TransportError> {
        self.to.write_all(b"R").unwrap();
        let mut length = [0];
        self.from.read_exact(&mut length).unwrap();
        let length = usize::from(length[0]);
        self.from.read_exact(&mut report[..length]).unwrap();
        Ok(length)
    }
}

fn main() {
    let planted = std::env::args().nth(1).unwrap();
    let kept = unlock(&planted);
    let mut parent = Parent::open();
    parent.to.write_all(b"E").unwrap();
    // Looked into until the parent says so.
    let _ = parent.from.read_exact(&mut [0]);
    drop(kept);
}

/// Gives what is to be found, if anything is.
#[inline(never)]
fn unlock(planted: &str) -> Option<String> {
    let mut parent = Parent::open();
    let ticks = SystemTicks::new();
    let mut progress = NoProgress;
    let mut call = Call::new(&ticks, Call::WITH_TOUCH, &NeverCancel, &mut progress);
    let mut typed = parent.text();
    let pin = Pin::new(core::mem::take(&mut *typed));
    let transport = HidTransport::new(Parent::open(), SeededEntropy::new(1), Interface::Vendor);
    let mut device = CtapUnlockDevice::new(transport);
    let session = Session::begin(&mut device, None, &mut call).unwrap();
    // With itself: the parent counts the copies that it sent.
    confirm_pin(&pin, &pin).unwrap();
    let new_pin = NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules()).unwrap();
    let challenge = session.challenge().as_bytes();
    parent.to.write_all(b"C").unwrap();
    parent
        .to
        .write_all(&[u8::try_from(challenge.len()).unwrap()])
        .unwrap();
    parent.to.write_all(challenge).unwrap();
    let mut code = parent.text();
    let response = ResponseCode::parse(session.suite(), &code).unwrap();
    session
        .unlock(
            &mut device,
            &response,
            &new_pin,
            &mut SeededEntropy::new(11),
            &mut call,
        )
        .unwrap();
    let kept = match planted {
        "pin" => Some(pin.expose_text().to_owned()),
        "code" => Some(code.to_string()),
        _ => None,
    };
    code.zeroize();
    kept
}
