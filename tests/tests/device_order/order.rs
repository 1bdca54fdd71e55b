//! Every pair of checks: a request that fails both is answered by the earlier one.

use fido_unlock::Suite;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::device_unlock::{EnrollOptions, key};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::{PinProtocol, pad_pin};
use fido_unlock_mock::Touch;
use fido_unlock_mock::flash::Cut;
use fido_unlock_tests::bare::UnlockParts;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World};

use super::blocked;

/// What is wrong with a request, in the order in which `unlock` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    TrailingByte,
    Type,
    Missing,
    NotEnrolled,
    NotBlocked,
    AtFive,
    Challenge,
    ResponseLength,
    Protocol,
    PlatformKey,
    Mac,
    PinLength,
    Padding,
    Utf8,
    Policy,
    Touch,
    Response,
    SameAsOld,
    Counter,
    Flash,
}

const ALL: [Wrong; 20] = [
    Wrong::TrailingByte,
    Wrong::Type,
    Wrong::Missing,
    Wrong::NotEnrolled,
    Wrong::NotBlocked,
    Wrong::AtFive,
    Wrong::Challenge,
    Wrong::ResponseLength,
    Wrong::Protocol,
    Wrong::PlatformKey,
    Wrong::Mac,
    Wrong::PinLength,
    Wrong::Padding,
    Wrong::Utf8,
    Wrong::Policy,
    Wrong::Touch,
    Wrong::Response,
    Wrong::SameAsOld,
    Wrong::Counter,
    Wrong::Flash,
];

impl Wrong {
    const fn status(self) -> u8 {
        match self {
            Self::TrailingByte => 0x12,
            Self::Type => 0x11,
            Self::Missing => 0x14,
            Self::NotEnrolled => 0xF9,
            Self::NotBlocked => 0x30,
            Self::AtFive => 0x34,
            Self::Challenge => 0xFA,
            Self::ResponseLength => 0x03,
            Self::Protocol | Self::PlatformKey | Self::PinLength => 0x02,
            Self::Mac => 0x33,
            Self::Padding | Self::Utf8 | Self::Policy | Self::SameAsOld => 0x37,
            Self::Touch => 0x2F,
            Self::Response => 0xF8,
            Self::Counter => 0xFC,
            Self::Flash => 0xFB,
        }
    }

    /// Both spoil the same bytes, so one request cannot fail both.
    fn clashes(self, other: Self) -> bool {
        let pin = |wrong| {
            matches!(
                wrong,
                Self::PinLength | Self::Padding | Self::Utf8 | Self::Policy | Self::SameAsOld
            )
        };
        let parameters = |wrong| matches!(wrong, Self::Type | Self::Missing);
        (pin(self) && pin(other)) || (parameters(self) && parameters(other))
    }

    fn before(self, world: &World) {
        if self == Self::AtFive {
            for _ in 0..5 {
                assert_eq!(world.wrong_response(Interface::Fido), 0xF8);
            }
        }
    }

    fn spoil(self, parts: &mut UnlockParts) {
        match self {
            Self::Type => parts.instead.push((key::NEW_PIN_ENC, Value::from("text"))),
            Self::Missing => parts.without.push(key::NEW_PIN_ENC),
            Self::Challenge => *parts.challenge.last_mut().unwrap() ^= 0x10,
            Self::ResponseLength => parts.response.push(0),
            Self::Protocol => parts.protocol_number = 3,
            Self::PlatformKey => parts.platform_key.y[31] ^= 1,
            Self::Mac => parts.spoil_param = |param| param[0] ^= 1,
            Self::PinLength => parts.padded_pin.truncate(48),
            Self::Padding => *parts.padded_pin.last_mut().unwrap() = 1,
            Self::Utf8 => parts.padded_pin[0] = 0xFF,
            Self::Policy => parts.padded_pin = pad_pin(b"abc").unwrap().to_vec(),
            Self::Response => parts.response[0] ^= 0x80,
            Self::SameAsOld => parts.padded_pin = pad_pin(OLD_PIN.as_bytes()).unwrap().to_vec(),
            Self::TrailingByte
            | Self::NotEnrolled
            | Self::NotBlocked
            | Self::AtFive
            | Self::Touch
            | Self::Counter
            | Self::Flash => {}
        }
    }

    fn after(self, world: &World) {
        match self {
            Self::NotEnrolled => world.change_state(|state| state.unlock_record = None),
            Self::NotBlocked => world.change_state(|state| state.pin_retries = 1),
            Self::SameAsOld => world.change_state(|state| state.force_pin_change = true),
            Self::Touch => world.touch().set(Touch::Never),
            Self::Counter => {
                // Where there is no enrolment there is no record to say so.
                if world.state().unlock_record.is_some() {
                    world.change_record(10, u32::MAX.into());
                }
                world.store().set_counter(u32::MAX);
            }
            Self::Flash => world.arm(Some(Cut::AtWrite(0))),
            _ => {}
        }
    }
}

/// A blocked device with a monotonic counter, which enrolment has set to 1.
fn counting(suite: Suite, protocol: PinProtocol) -> World {
    let options = EnrollOptions::default();
    let world = World::with_authenticator(Way::Hid, suite, protocol, options, |builder| {
        builder.monotonic_counter(true)
    });
    world.block();
    world.device.replug();
    world
}

fn status_of(world: &World, wrongs: &[Wrong]) -> u8 {
    wrongs.iter().for_each(|wrong| wrong.before(world));
    let mut parts = world.parts(NEW_PIN);
    wrongs.iter().for_each(|wrong| wrong.spoil(&mut parts));
    wrongs.iter().for_each(|wrong| wrong.after(world));
    let mut message = parts.message();
    if wrongs.contains(&Wrong::TrailingByte) {
        message.push(0);
    }
    world.status(Interface::Fido, &message)
}

// M-3.2-1
#[test]
fn of_two_failed_checks_the_earlier_one_answers() {
    for (suite, protocol) in [
        (Suite::P256EcdhMac, PinProtocol::Two),
        (Suite::P256Ecdsa, PinProtocol::One),
        (Suite::AesAdminKey, PinProtocol::Two),
    ] {
        let world = counting(suite, protocol);
        let flash = world.flash();
        let restore = || {
            world.store().set_counter(1);
            world.restore(&flash);
        };
        for (index, first) in ALL.iter().enumerate() {
            restore();
            assert_eq!(
                status_of(&world, &[*first]),
                first.status(),
                "{suite:?} {first:?}"
            );
            for second in ALL[index + 1..].iter().filter(|second| !first.clashes(**second)) {
                restore();
                let status = status_of(&world, &[*first, *second]);
                assert_eq!(status, first.status(), "{suite:?} {first:?} {second:?}");
            }
        }
        restore();
        assert_eq!(status_of(&world, &[]), 0);
    }
}

// M-3.2-7
#[test]
fn a_touch_has_three_ways_to_fail() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let parts = world.parts(NEW_PIN);
    for (touch, status) in [(Touch::Never, 0x2F), (Touch::Refused, 0x27)] {
        world.touch().set(touch);
        assert_eq!(world.status(Interface::Fido, &parts.message()), status);
    }
    world.touch().set(Touch::After(3));
    let cancelled = world.device.with(|device| {
        use fido_unlock_mock::framing::CtapHandler;
        device.handle(Interface::Fido, &parts.message(), &mut |_| true)
    });
    assert_eq!(cancelled, [0x2D]);
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0);
}

/// The two statuses by which a host would lower its count of PIN tries.
// M-3.2-13
#[test]
fn no_answer_is_pin_invalid_or_pin_blocked() {
    for wrong in ALL {
        assert!(!matches!(wrong.status(), 0x31 | 0x32));
    }
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    for sub_command in 0u64..9 {
        for interface in [Interface::Fido, Interface::Vendor] {
            let request = Value::int_map([(key::SUB_COMMAND, Some(sub_command.into()))]);
            let status = world.status(interface, &fido_unlock_tests::bare::message(&request));
            assert!(!matches!(status, 0x31 | 0x32), "{sub_command} {status:#x}");
        }
    }
}
