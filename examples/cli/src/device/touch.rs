//! What a person is asked to do where the device wants their presence: a key is touched, a card lies on the
//! reader (CTAP 2.1 section 11.3: the tap is the presence).

use std::sync::atomic::{AtomicU8, Ordering};

use fido_unlock::host::FoundDevice;
use fido_unlock::host::ports::RouteKind;

const KEY: u8 = 1;
const CARD: u8 = 2;

/// How the device that is spoken to is reached. There is one at a time.
static BY: AtomicU8 = AtomicU8::new(KEY);

/// From now on this device is spoken to. Which of its routes will be taken is not known here.
pub fn is_with(device: &FoundDevice) {
    let by = device.routes.iter().fold(0, |by, found| {
        by | match found.route.kind {
            RouteKind::Card => CARD,
            _ => KEY,
        }
    });
    BY.store(by, Ordering::Relaxed);
}

/// The sentence.
pub fn wanted() -> &'static str {
    match BY.load(Ordering::Relaxed) {
        CARD => {
            "Hold the card on the reader until this is done; if it is lying there, lift it and put it back."
        }
        KEY => "Touch your key.",
        _ => "Touch your key, or hold it on the reader.",
    }
}
