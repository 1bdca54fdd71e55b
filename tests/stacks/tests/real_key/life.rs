//! From an empty key to the sign-in after the unlock.

use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::UnlockDevice;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Pin, Suite};
use fido_unlock_mock::platform::{Platform, PlatformError, RelyingParty, StoredCredential};
use fido_unlock_stacks_tests::{Desk, NEW_PIN, OLD_PIN, call, try_pin};
use getrandom::SysRng;

use crate::hand::Hand;
use crate::place::Place;

/// Why a key is not for this test.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    HasPin,
    HoldsCredentials,
    Sealed,
    /// The key does not know the unlock.
    NotSupported,
}

/// Runs it. `Err`: nothing was changed.
pub fn whole_life(place: &mut Place, hand: &mut dyn Hand) -> Result<(), Refused> {
    let retries = refuse_used(place)?;
    hand.read(&format!(
        "The key is enrolled with an issuer key that is thrown away, and gets the PIN {OLD_PIN:?}. It is \
         SEALED UNTIL IT IS RESET; a reset destroys every credential that is made on it meanwhile. \
         Touching it is your consent; unplug it to stop. Touch it whenever it blinks."
    ));
    // Only the device knows whether it holds credentials: without a PIN nobody else may list them.
    // It judges before it asks for the touch.
    let desk =
        Desk::try_enroll(Suite::P256EcdhMac, place.open(Interface::Fido)).map_err(|error| {
            match error.code() {
                ErrorCode::EnrolmentRefused => Refused::HoldsCredentials,
                ErrorCode::Sealed => Refused::Sealed,
                other => panic!("{other:?}: {error}"),
            }
        })?;
    platform(place, |platform| platform.set_pin(&pin(OLD_PIN))).unwrap();
    let passkey = Passkey::make(place);
    passkey.sign_in(place, OLD_PIN).unwrap();

    loop {
        match try_pin(&mut *place.open(Interface::Fido), "wrong-pin").unwrap_err() {
            ErrorCode::PinInvalid => {}
            ErrorCode::PinAuthBlocked => place.replug(hand),
            ErrorCode::PinBlocked => break,
            other => panic!("{other:?}"),
        }
    }
    let right = try_pin(&mut *place.open(Interface::Fido), OLD_PIN);
    assert_eq!(right, Err(ErrorCode::PinBlocked));

    let mut device = CtapUnlockDevice::new(place.open(Interface::Vendor));
    desk.unlock(&mut device, NEW_PIN).unwrap();
    drop(device);

    passkey.sign_in(place, NEW_PIN).unwrap();
    let old = try_pin(&mut *place.open(Interface::Fido), OLD_PIN);
    assert_eq!(old, Err(ErrorCode::PinInvalid));
    passkey.sign_in(place, NEW_PIN).unwrap();
    let left = platform(place, |platform| platform.pin_retries()).unwrap();
    assert_eq!(left, (retries, false));
    hand.read(&format!(
        "Done. The key is sealed until it is reset, and its PIN is {NEW_PIN:?}."
    ));
    Ok(())
}

/// What the key says of itself; its PIN tries.
fn refuse_used(place: &Place) -> Result<u8, Refused> {
    let mut device = CtapUnlockDevice::new(place.open(Interface::Fido));
    let info = match call(|call| device.info(call)) {
        Err(error) if error.code() == ErrorCode::NotSupported => return Err(Refused::NotSupported),
        info => info.unwrap(),
    };
    drop(device);
    let client_pin = platform(place, |platform| platform.get_info())
        .unwrap()
        .client_pin;
    if info.sealed {
        Err(Refused::Sealed)
    } else if info.pin_set || client_pin != Some(false) {
        Err(Refused::HasPin)
    } else {
        Ok(info.pin_retries)
    }
}

fn pin(text: &str) -> Pin {
    Pin::new(text.to_owned())
}

fn platform<R>(
    place: &Place,
    work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
) -> Result<R, PlatformError> {
    let mut transport = place.open(Interface::Fido);
    call(|call| {
        work(&mut Platform::new(
            &mut *transport,
            &mut SysRng,
            call,
            PinProtocol::Two,
        ))
    })
}

/// A credential, as the relying party knows it.
struct Passkey {
    relying_party: RelyingParty,
    stored: StoredCredential,
}

impl Passkey {
    fn make(place: &Place) -> Self {
        let relying_party = RelyingParty::new("example.org");
        let ceremony = relying_party.begin("webauthn.create", &mut SysRng).unwrap();
        let auth_data = platform(place, |platform| {
            platform.make_credential(&ceremony, "user", &pin(OLD_PIN))
        })
        .unwrap();
        let stored = relying_party.register(&auth_data).unwrap();
        Self {
            relying_party,
            stored,
        }
    }

    fn sign_in(&self, place: &Place, text: &str) -> Result<(), PlatformError> {
        let ceremony = self.relying_party.begin("webauthn.get", &mut SysRng).unwrap();
        let (auth_data, signature) = platform(place, |platform| {
            platform.get_assertion(&ceremony, &self.stored.id, &pin(text))
        })?;
        self.relying_party
            .verify(&ceremony, &self.stored, &auth_data, &signature)
            .unwrap();
        Ok(())
    }
}
