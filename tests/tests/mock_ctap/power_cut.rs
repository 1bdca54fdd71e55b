//! Power is cut at every write and every byte, also in the recovery: nothing but the state before or
//! the state after is ever read, and no cut gives a free try.

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::Store;
use fido_unlock_mock::flash::{Cut, Flash};
use fido_unlock_mock::framing::CtapHandler;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World};

use crate::platform::*;

/// What is stored, as bytes.
fn stored(store: &Store) -> Vec<u8> {
    store
        .load_state()
        .unwrap()
        .unwrap()
        .to_value()
        .to_bytes()
        .to_vec()
}

fn image(store: &Store) -> Flash {
    store.with_flash(|flash| flash.clone())
}

fn restore(store: &Store, image: &Flash) {
    store.with_flash(|flash| *flash = image.clone());
}

fn arm(store: &Store, cut: Cut) {
    store.with_flash(|flash| flash.arm(Some(cut)));
}

/// Writes and bytes that `work` makes on a copy of the flash, which is put back.
fn cost(store: &Store, work: impl FnOnce()) -> (u64, u64) {
    let before = image(store);
    work();
    let after = image(store);
    restore(store, &before);
    (
        after.writes() - before.writes(),
        after.bytes_written() - before.bytes_written(),
    )
}

#[test]
fn an_unlock_is_whole_or_not_at_all() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    world.block();
    let mut device = world.unlock_device(Interface::Fido);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let store = world.device.with(|key| key.store());
    let unlock = || {
        let mut device = world.unlock_device(Interface::Fido);
        world.unlock(&mut device, &session, &response, NEW_PIN)
    };
    world.device.replug();
    let before = image(&store);
    let locked = stored(&store);
    let (writes, bytes) = cost(&store, || unlock().unwrap());
    assert!(writes > 3 && bytes > 256);

    let cuts = (0..writes)
        .map(Cut::AtWrite)
        .chain((0..bytes).step_by(7).map(Cut::AtByte));
    for cut in cuts {
        restore(&store, &before);
        world.device.replug();
        arm(&store, cut);
        unlock().unwrap_err();
        let torn = image(&store);
        assert!(!torn.is_powered(), "{cut:?}");
        world.device.replug();
        assert_eq!(stored(&store), locked, "{cut:?}");
        let recovery = image(&store).writes() - torn.writes();
        for second in (0..recovery).map(Cut::AtWrite) {
            restore(&store, &torn);
            arm(&store, second);
            world.device.replug();
            assert!(store.load_state().is_err());
            world.device.replug();
            assert_eq!(stored(&store), locked, "{cut:?} {second:?}");
        }
    }
    // The code is still good, and so is the passkey from before the lock.
    unlock().unwrap();
    world.sign_in(NEW_PIN).unwrap();
    assert_eq!(world.sign_in(OLD_PIN).unwrap_err().code(), ErrorCode::PinInvalid);
}

/// Before the PIN is compared the try is gone from flash: a device that tells whether the PIN was
/// right, and then loses power, has one try less.
#[test]
fn no_cut_gives_a_free_try() {
    let mut platform = Platform::new();
    platform.set_pin("123456").unwrap();
    let store = platform.key.store();
    let before = image(&store);
    for (pin, verdict) in [("000000", CtapStatus::PinInvalid), ("123456", CtapStatus::Other)] {
        let (_, bytes) = cost(&store, || drop(platform.token(pin, GA, Some(RP))));
        let mut tries = [0, 0];
        for cut in (0..bytes).step_by(5).map(Cut::AtByte) {
            restore(&store, &before);
            platform.key.power_cycle();
            arm(&store, cut);
            let told = platform.token(pin, GA, Some(RP)).unwrap_err();
            platform.key.power_cycle();
            let (left, _) = platform.retries().unwrap();
            assert!(
                told == CtapStatus::Other || (told == verdict && left == 7),
                "{cut:?}"
            );
            tries[usize::from(left == 7)] += 1;
        }
        assert!(tries[0] > 0, "no cut before the try was taken");
        // Only the right PIN is followed by a second commit, which gives the try back.
        assert_eq!(tries[1] > 0, pin == "123456");
        restore(&store, &before);
        platform.key.power_cycle();
    }
}

#[test]
fn credentials_and_settings_are_whole_or_not_at_all() {
    let mut platform = Platform::new();
    let made = platform
        .make(Make {
            discoverable: true,
            ..Default::default()
        })
        .unwrap();
    let store = platform.key.store();
    let steps: [fn(&mut Platform) -> bool; 4] = [
        |platform| platform.set_pin("123456").is_ok(),
        |platform| {
            let request = Make {
                user: 2,
                discoverable: true,
                ..Default::default()
            };
            platform.make(request).is_ok()
        },
        |platform| platform.assert(Assert::default()).is_ok(),
        |platform| platform.raw(&[0x07]).is_ok(),
    ];
    let before = image(&store);
    let old = stored(&store);
    for (step, run) in steps.into_iter().enumerate() {
        let (writes, _) = cost(&store, || assert!(run(&mut platform)));
        for cut in (0..writes).map(Cut::AtWrite) {
            restore(&store, &before);
            platform.key.power_cycle();
            arm(&store, cut);
            assert!(!run(&mut platform), "{step} {cut:?}");
            // Without power there is no answer to anything.
            assert!(platform.raw(&[0x04]).is_err());
            platform.key.power_cycle();
            let now = stored(&store);
            // A reset is done once its commit is; what it erases afterwards may be cut.
            let done_reset = step == 3 && now != old;
            assert!(now == old || done_reset, "{step} {cut:?}");
            let passkey = platform.assert(Assert::default());
            assert_eq!(passkey.is_ok(), !done_reset, "{step} {cut:?}");
            if let Ok(answer) = passkey {
                made.signed(&answer);
            }
        }
        restore(&store, &before);
        platform.key.power_cycle();
    }
}

/// A flash image that is copied back is the state of then; a device with a monotonic counter sees that, and its
/// challenge is void.
#[test]
fn a_flash_image_that_is_copied_back() {
    for (with_counter, expected) in [(false, None), (true, Some(ErrorCode::ChallengeRenewed))] {
        let world = World::with_authenticator(
            Way::Hid,
            Suite::P256EcdhMac,
            PinProtocol::Two,
            Default::default(),
            |builder| builder.monotonic_counter(with_counter),
        );
        world.block();
        let mut device = world.unlock_device(Interface::Fido);
        let session = world.begin(&mut device).unwrap();
        let response = world.respond(&session);
        let store = world.device.with(|key| key.store());
        let before = image(&store);
        world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
        restore(&store, &before);
        world.device.replug();
        let mut device = world.unlock_device(Interface::Fido);
        let again = world.unlock(&mut device, &session, &response, NEW_PIN);
        assert_eq!(again.err().map(|error| error.code()), expected);
    }
}

/// The tries given back are the device's own; what the PIN is not about stays as it was.
#[test]
fn an_unlock_changes_the_pin_and_nothing_else() {
    let world = World::with_authenticator(
        Way::Nfc,
        Suite::P256Ecdsa,
        PinProtocol::One,
        Default::default(),
        |builder| builder.max_retries(5),
    );
    world.block();
    let store = world.device.with(|key| key.store());
    let before = store.load_state().unwrap().unwrap();
    let mut device = world.unlock_device(Interface::Fido);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    let after = store.load_state().unwrap().unwrap();
    assert_eq!((before.pin_retries, after.pin_retries), (0, 5));
    let mut undone = after.clone();
    undone.pin_retries = 0;
    undone.pin.clone_from(&before.pin);
    undone.unlock_record.clone_from(&before.unlock_record);
    assert_eq!(undone.to_value(), before.to_value());
    assert_ne!(after.unlock_record, before.unlock_record);
}
