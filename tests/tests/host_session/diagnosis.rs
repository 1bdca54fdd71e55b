//! One sentence for each state, from `getInfo` alone.

use fido_unlock::ctap2::device_unlock::{SlotInfo, UnlockInfo};
use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::{TransportError, UnlockDevice};
use fido_unlock::host::{Condition, DeviceError, DeviceRefusal, diagnose};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World};

use super::blocked;

fn info() -> UnlockInfo {
    UnlockInfo {
        pin_set: true,
        pin_retries: 8,
        pin_auth_blocked: false,
        uv_retries: None,
        protocols: vec![PinProtocol::Two],
        min_pin_length: 4,
        max_pin_length: 63,
        force_pin_change: false,
        pin_complexity_policy: false,
        max_msg_size: 1200,
        unlock_counter: 0,
        sealed: true,
        unknown_slots: 0,
        slots: vec![SlotInfo {
            slot: 1,
            suite: Suite::P256EcdhMac,
            fingerprint: Some([1; 16]),
            rotation: 0,
        }],
        device_id: None,
        unlock_blocked: false,
        touch: true,
        max_slots: 12,
        spent: None,
    }
}

#[test]
fn every_state_has_its_sentence() {
    type Change = fn(&mut UnlockInfo);
    let table: [(Change, Condition, ErrorCode, &str); 14] = [
        (
            |_| {},
            Condition::Unlocked { pin_retries: 8 },
            ErrorCode::DeviceNotLocked,
            "Device not locked: 8 tries left, sign in with your PIN.",
        ),
        (
            |i| i.pin_retries = 3,
            Condition::Unlocked { pin_retries: 3 },
            ErrorCode::DeviceNotLocked,
            "Device not locked: 3 tries left, sign in with your PIN.",
        ),
        (
            |i| i.pin_retries = 2,
            Condition::Unlocked { pin_retries: 2 },
            ErrorCode::DeviceNotLocked,
            "Device not locked, but only 2 tries left: type the PIN with care.",
        ),
        (
            |i| i.pin_retries = 1,
            Condition::Unlocked { pin_retries: 1 },
            ErrorCode::DeviceNotLocked,
            "Device not locked, but only 1 try left: type the PIN with care.",
        ),
        (
            |i| i.pin_retries = 0,
            Condition::Locked,
            ErrorCode::PinBlocked,
            "The PIN is blocked for good: ask the help desk to unlock the device.",
        ),
        (
            |i| (i.pin_retries, i.unlock_blocked) = (0, true),
            Condition::LockedUntilReplugged,
            ErrorCode::TooManyWrongResponses,
            "",
        ),
        (
            |i| (i.pin_retries, i.sealed) = (0, false),
            Condition::LockedNotEnrolled,
            ErrorCode::DeviceNotEnrolled,
            "",
        ),
        (
            |i| (i.pin_retries, i.slots[0].fingerprint) = (0, Some([2; 16])),
            Condition::LockedByForeignIssuer,
            ErrorCode::ForeignIssuer,
            "The device trusts an issuer key that is not this help desk's: give the device to your security team: someone else could unlock it.",
        ),
        (
            |i| (i.pin_retries, i.pin_auth_blocked) = (5, true),
            Condition::PinAuthBlocked { pin_retries: 5 },
            ErrorCode::PinAuthBlocked,
            "The device refuses PINs until it is plugged in again, and then takes 5 tries: take the key out and put it back in.",
        ),
        // Blocked for good outweighs blocked until re-plugged.
        (
            |i| (i.pin_retries, i.pin_auth_blocked) = (0, true),
            Condition::Locked,
            ErrorCode::PinBlocked,
            "",
        ),
        (
            |i| i.uv_retries = Some(0),
            Condition::UvBlocked,
            ErrorCode::UvBlocked,
            "The fingerprint sensor is blocked: use your PIN.",
        ),
        (
            |i| (i.uv_retries, i.pin_retries) = (Some(0), 0),
            Condition::Locked,
            ErrorCode::PinBlocked,
            "",
        ),
        (
            |i| i.pin_set = false,
            Condition::PinNotSet,
            ErrorCode::PinNotSet,
            "The device has no PIN: set a PIN in the system's settings.",
        ),
        (
            |i| (i.pin_set, i.pin_retries) = (false, 0),
            Condition::PinNotSet,
            ErrorCode::PinNotSet,
            "",
        ),
    ];
    let mut sentences = std::collections::BTreeSet::new();
    let mut names = std::collections::BTreeSet::new();
    for (change, condition, code, sentence) in table {
        let mut info = info();
        change(&mut info);
        let told = diagnose(&Ok(info), &[[1; 16]]).unwrap();
        assert_eq!(told.condition, condition);
        assert_eq!(told.condition.code(), code, "{condition:?}");
        let said = told.sentence();
        assert!(sentence.is_empty() || said == sentence, "{said}");
        assert!(
            said.ends_with('.') && said.starts_with(char::is_uppercase),
            "{said}"
        );
        assert!(!said.trim_end_matches('.').contains(". "), "one sentence: {said}");
        assert_eq!(told.can_unlock(), condition == Condition::Locked);
        sentences.insert(said);
        names.insert(condition.name());
    }
    for (error, condition) in [
        (
            DeviceError::Refused(DeviceRefusal::NotSupported),
            Condition::NotSupported,
        ),
        (TransportError::AppletMissing.into(), Condition::OtherApplet),
    ] {
        let told = diagnose(&Err(error), &[]).unwrap();
        assert_eq!(told.condition, condition);
        assert!(told.sentence().ends_with('.'));
        sentences.insert(told.sentence());
        names.insert(condition.name());
    }
    let all: std::collections::BTreeSet<_> = Condition::ALL.iter().map(|state| state.name()).collect();
    assert_eq!(names, all, "each condition was seen");
    assert_eq!(all.len(), Condition::ALL.len(), "and has a name of its own");
    assert!(sentences.len() >= 13, "{sentences:#?}");
    // Not a state of the device: the error itself is shown.
    assert_eq!(diagnose(&Err(TransportError::Gone.into()), &[]), None);
}

/// A program's screens, as it should choose them: without `_`, so that a new state does not compile until it
/// has its screen.
#[test]
fn each_state_has_a_screen_and_keeps_its_name_and_number() {
    let screen = |state: &Condition| match state {
        Condition::Locked => ("locked", 116),
        Condition::LockedUntilReplugged => ("locked-until-replugged", 104),
        Condition::LockedByForeignIssuer => ("locked-by-foreign-issuer", 112),
        Condition::LockedNotEnrolled => ("locked-not-enrolled", 102),
        Condition::PinAuthBlocked { pin_retries: _ } => ("pin-auth-blocked", 103),
        Condition::UvBlocked => ("uv-blocked", 113),
        Condition::PinNotSet => ("pin-not-set", 114),
        Condition::Unlocked { pin_retries: _ } => ("unlocked", 101),
        Condition::NotSupported => ("not-supported", 121),
        Condition::OtherApplet => ("other-applet", 125),
    };
    for state in Condition::ALL {
        assert_eq!((state.name(), state.code().number()), screen(state));
    }
}

/// The same over both interfaces, on a device as it goes from good to locked and back.
#[test]
fn a_device_s_whole_way_is_told_by_get_info_alone_and_nothing_is_changed() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let own = [world.issuer.public().unwrap().fingerprint()];
    let tell = || {
        let writes = world.flash().writes();
        let told = [Interface::Fido, Interface::Vendor].map(|interface| {
            let mut device = world.unlock_device(interface);
            let info = world.call(|call| device.info(call));
            diagnose(&info, &own).unwrap().condition
        });
        assert_eq!(world.flash().writes(), writes);
        assert_eq!(told[0], told[1]);
        told[0]
    };
    let wrong = |count| {
        for _ in 0..count {
            let _ = world.token("wrong-pin", 0, None);
        }
    };
    assert_eq!(tell(), Condition::Unlocked { pin_retries: 8 });
    wrong(3);
    assert_eq!(tell(), Condition::PinAuthBlocked { pin_retries: 5 });
    world.device.replug();
    assert_eq!(tell(), Condition::Unlocked { pin_retries: 5 });
    wrong(3);
    world.device.replug();
    assert_eq!(tell(), Condition::Unlocked { pin_retries: 2 });
    wrong(2);
    assert_eq!(tell(), Condition::Locked);
    world.device.replug();
    for _ in 0..5 {
        world.wrong_response(Interface::Vendor);
    }
    assert_eq!(tell(), Condition::LockedUntilReplugged);
    world.device.replug();
    assert_eq!(tell(), Condition::Locked);
    assert_eq!(
        world.status(Interface::Vendor, &world.parts(NEW_PIN).message()),
        0
    );
    assert_eq!(tell(), Condition::Unlocked { pin_retries: 8 });
    world.device.replug();
    world.platform(|platform| platform.reset()).unwrap();
    assert_eq!(tell(), Condition::PinNotSet);
    world.set_pin(OLD_PIN);
    world.block();
    assert_eq!(tell(), Condition::LockedNotEnrolled);
}

#[test]
fn a_device_or_card_without_the_command_is_told_as_that() {
    // The vendor interface is switched off, as an old device has none.
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    world.device.with(|device| {
        let builder = fido_unlock_mock::SoftAuthenticator::builder().store(device.store());
        *device = builder.vendor_interface(false).build().unwrap();
    });
    let mut device = world.unlock_device(Interface::Vendor);
    let info = world.call(|call| device.info(call));
    assert_eq!(diagnose(&info, &[]).unwrap().condition, Condition::NotSupported);

    let mut card = world.device.card();
    card.faults.without = vec![Interface::Fido, Interface::Vendor];
    let transport = fido_unlock::host::framing::NfcTransport::new(card, Interface::Vendor);
    let mut device = fido_unlock::host::CtapUnlockDevice::new(transport);
    let info = world.call(|call| device.info(call));
    assert_eq!(diagnose(&info, &[]).unwrap().condition, Condition::OtherApplet);
}
