//! `cargo run -p embed`: an app that brings its own way to the device and its own PIN policy, and asks
//! what can be done for the key that is plugged in.
//!
//! The way here leads to a software authenticator in the same process; yours leads to a bridge, a
//! remote desktop channel or a vendor's driver. Whoever has reports or APDUs rather than whole CTAP
//! messages implements `HidReports` or `ApduChannel` and leaves the framing to the library.

use fido_unlock::host::ports::{
    Call, PinError, PinPolicy, ProgressEvent, Transport, TransportError, UnlockDevice,
};
use fido_unlock::host::{CtapUnlockDevice, NewPin, PinRules, diagnose};
use fido_unlock::{ErrorCode, HasCode, Interface, Pin};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::CtapHandler;

/// Whole CTAP messages out and in, by our own road.
struct OurWay(SoftAuthenticator);

impl Transport for OurWay {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        call.tell(ProgressEvent::Processing);
        Ok(self.0.handle(Interface::Fido, message, &mut |_| false))
    }
}

/// Our organisation's rule: eight characters, two of them digits.
struct TwoDigits;

impl PinPolicy for TwoDigits {
    fn check(&self, pin: &str) -> Result<(), PinError> {
        match pin.chars().filter(char::is_ascii_digit).count() {
            _ if pin.chars().count() < 8 => Err(PinError::TooShort { minimum: 8 }),
            0 | 1 => Err(PinError::Character),
            _ => Ok(()),
        }
    }
}

fn main() -> Result<(), ErrorCode> {
    let authenticator = SoftAuthenticator::builder()
        .build()
        .map_err(|_| ErrorCode::StoreBroken)?;
    let mut device = CtapUnlockDevice::new(OurWay(authenticator));
    let mut progress = |event| println!("progress: {event:?}");
    let info = device.info(&mut Call::quick().telling(&mut progress));
    let diagnosis = diagnose(&info, &[]).ok_or(ErrorCode::NotSupported)?;
    println!("{}", diagnosis.sentence());

    let rules = PinRules::of(&info.map_err(|error| error.code())?);
    for pin in ["short1", "longenough", "longenough12"] {
        let pin = Pin::new(pin.into());
        match NewPin::judge(&pin, &TwoDigits, &rules) {
            Ok(_) => println!("accepted"),
            Err(error) => println!("refused: {error}. {}", error.code().next_step()),
        }
    }
    Ok(())
}
