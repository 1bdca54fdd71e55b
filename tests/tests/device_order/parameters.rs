//! The device is strict about CBOR, keys, lengths and padding.

use fido_unlock::Suite;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::device_unlock::key;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::{PinProtocol, pad_pin};
use fido_unlock_tests::NEW_PIN;
use fido_unlock_tests::bare::UnlockParts;

use super::blocked;

// M-2-1 M-2-2
#[test]
fn cbor_that_is_not_canonical_is_refused() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let right = world.parts(NEW_PIN).message();
    let spoil = |spoil: &dyn Fn(&mut Vec<u8>)| {
        let mut message = right.clone();
        spoil(&mut message);
        world.status(Interface::Fido, &message)
    };
    assert_eq!(spoil(&|m| m.push(0)), 0x12, "trailing byte");
    assert_eq!(spoil(&|m| m.truncate(m.len() - 1)), 0x12, "cut off");
    assert_eq!(spoil(&|m| m.truncate(1)), 0x12, "nothing");
    assert_eq!(
        spoil(&|m| {
            m.splice(2..4, [0x18, 1, 3]);
        }),
        0x12,
        "a long integer"
    );
    assert_eq!(
        spoil(&|m| {
            m.splice(1..2, [0xB8, 7]);
        }),
        0x12,
        "a long map head"
    );
    assert_eq!(
        spoil(&|m| {
            m[1] = 0xBF;
            m.push(0xFF);
        }),
        0x12,
        "an indefinite map"
    );
    assert_eq!(
        spoil(&|m| {
            m[1] += 1;
            m.splice(4..4, [1, 3]);
        }),
        0x12,
        "a key twice"
    );
    assert_eq!(
        spoil(&|m| {
            m[1..4].copy_from_slice(&[0xA6, 0x03, 0x02]);
            m.extend([0x01, 0x03]);
        }),
        0x12,
        "keys out of order"
    );
    for not_a_map in [&[0x55, 0x80][..], &[0x55, 0x03], &[0x55, 0x41, 0x00]] {
        assert_eq!(world.status(Interface::Fido, not_a_map), 0x11);
    }
    assert_eq!(world.status(Interface::Fido, &right), 0);
}

// M-2-4
#[test]
fn unknown_subcommands_are_refused() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    for number in [0, 8, 9, 255, 256, u64::MAX] {
        let request = Value::int_map([(key::SUB_COMMAND, Some(number.into()))]);
        let status = world.status(Interface::Fido, &fido_unlock_tests::bare::message(&request));
        assert_eq!(status, 0x3E, "{number}");
    }
    assert_eq!(
        world.status(Interface::Fido, &[0x55, 0xA0]),
        0x14,
        "no subcommand"
    );
    let request = Value::int_map([(key::SUB_COMMAND, Some("three".into()))]);
    let status = world.status(Interface::Fido, &fido_unlock_tests::bare::message(&request));
    assert_eq!(status, 0x11);
}

// M-2-2 M-2-3
#[test]
fn each_parameter_is_wanted_and_of_its_type() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    for key in [
        key::PIN_UV_AUTH_PROTOCOL,
        key::PIN_UV_AUTH_PARAM,
        key::CHALLENGE,
        key::RESPONSE,
        key::KEY_AGREEMENT,
        key::NEW_PIN_ENC,
    ] {
        let mut parts = world.parts(NEW_PIN);
        parts.without.push(key);
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0x14, "{key}");
        let mut parts = world.parts(NEW_PIN);
        parts.instead.push((key, Value::Null));
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0x11, "{key}");
    }
}

/// Of a later version, or of another subcommand.
// M-2-6
#[test]
fn keys_that_a_subcommand_does_not_use_are_ignored() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let with_more = |map: Value| {
        let Value::Map(mut entries) = map else { panic!() };
        for (key, value) in [
            (Value::from(key::OPTIONS), Value::from("not used")),
            (Value::from(99u64), Value::from(true)),
            (Value::from(-1i64), Value::bytes(&[1])),
            (Value::from("text"), Value::from(1u64)),
        ] {
            entries.push((key, value));
        }
        fido_unlock_tests::bare::message(&Value::Map(entries))
    };
    let of = |number: u64, more: &[(i64, u64)]| {
        let Value::Map(mut entries) = Value::int_map([(key::SUB_COMMAND, Some(number.into()))]) else {
            panic!()
        };
        entries.extend(
            more.iter()
                .map(|(key, value)| (Value::from(*key), Value::from(*value))),
        );
        Value::Map(entries)
    };
    for map in [
        of(1, &[]),
        of(2, &[(key::SLOT, 1), (key::PIN_UV_AUTH_PROTOCOL, 2)]),
        of(4, &[(key::SLOT, 1)]),
        of(7, &[(key::PIN_UV_AUTH_PROTOCOL, 2)]),
        world.parts(NEW_PIN).map(),
    ] {
        assert_eq!(
            world.status(Interface::Fido, &with_more(map.clone())),
            0,
            "{map:?}"
        );
    }
}

/// A key agreement key for `enroll`, in any state of the device.
// M-2.8-1 M-2.8-2
#[test]
fn get_key_agreement_gives_the_key_of_a_protocol_that_is_offered() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let ask = |protocol: Option<Value>| {
        let request = Value::int_map([
            (key::SUB_COMMAND, Some(7u64.into())),
            (key::PIN_UV_AUTH_PROTOCOL, protocol),
        ]);
        world.send(Interface::Fido, &fido_unlock_tests::bare::message(&request))
    };
    let (status, map) = ask(Some(2u64.into()));
    assert_eq!(status, 0);
    assert_eq!(map.unwrap().as_map().unwrap().len(), 1, "the key alone");
    assert_eq!(
        world.unlock_key(PinProtocol::Two),
        world.challenge().key_agreement
    );
    assert_ne!(
        world.unlock_key(PinProtocol::Two),
        world.key_agreement(PinProtocol::Two)
    );
    for (protocol, status) in [
        (Some(1u64.into()), 0x02),
        (Some(3u64.into()), 0x02),
        (Some("two".into()), 0x11),
        (None, 0x14),
    ] {
        assert_eq!(ask(protocol).0, status);
    }
}

/// Protocol 2's parameter cut to 16 bytes was accepted elsewhere (YSA-2025-02).
// M-3.2-5
#[test]
fn a_mac_of_another_length_is_refused() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let world = blocked(Suite::P256EcdhMac, protocol);
        let spoils: [fn(&mut Vec<u8>); 5] = [
            |param| param.truncate(16 - 1),
            |param| {
                let half = param.len() / 2;
                param.truncate(half);
            },
            Vec::clear,
            |param| param.push(0),
            |param| param[0] ^= 0x80,
        ];
        for (index, spoil) in spoils.into_iter().enumerate() {
            let mut parts = world.parts(NEW_PIN);
            parts.spoil_param = spoil;
            let status = world.status(Interface::Fido, &parts.message());
            assert_eq!(status, 0x33, "{protocol:?} {index}");
        }
        // Each field is under the MAC.
        for key in [key::CHALLENGE, key::RESPONSE, key::NEW_PIN_ENC] {
            let mut parts = world.parts(NEW_PIN);
            let map = parts.map();
            let mut bytes = map.get(key).unwrap().as_bytes().unwrap().to_vec();
            bytes[1] ^= 1;
            let expected = if key == key::CHALLENGE { 0xFA } else { 0x33 };
            parts.instead.push((key, Value::bytes(&bytes)));
            assert_eq!(world.status(Interface::Fido, &parts.message()), expected, "{key}");
        }
    }
}

// M-2.1-1
#[test]
fn a_platform_key_is_an_ecdh_key_on_the_curve() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let entry = |key: i64, value: Value| {
        let parts = world.parts(NEW_PIN);
        let Value::Map(mut entries) = parts.platform_key.to_value() else {
            panic!();
        };
        entries.retain(|(other, _)| *other != Value::from(key));
        entries.push((Value::from(key), value));
        (parts, Value::Map(entries))
    };
    let x = world.parts(NEW_PIN).platform_key.x;
    for (name, (mut parts, key)) in [
        ("kty OKP", entry(1, 1u64.into())),
        ("alg ES256", entry(3, (-7i64).into())),
        ("curve P-384", entry(-1, 2u64.into())),
        ("31 bytes", entry(-2, Value::bytes(&x[1..]))),
        ("33 bytes", entry(-2, Value::bytes(&[&[0][..], &x].concat()))),
        ("off the curve", entry(-3, Value::bytes(&[1; 32]))),
        ("x not below p", entry(-2, Value::bytes(&[0xFF; 32]))),
        ("infinity", entry(-3, Value::bytes(&[0; 32]))),
    ] {
        parts.instead.push((key::KEY_AGREEMENT, key));
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0x02, "{name}");
    }
}

/// Lengths in code points below, in bytes above; the padding's form; normal forms are the host's.
// M-3.2-6
#[test]
fn the_new_pin_s_form() {
    let padded = |pin: &[u8], length: usize| {
        let mut padded = pin.to_vec();
        padded.resize(length, 0);
        padded
    };
    let key = "\u{1F511}";
    let mut late = padded(b"abcd", 64);
    late[63] = b'x';
    let cases: Vec<(&str, Vec<u8>, u8)> = vec![
        ("empty", padded(b"", 64), 0x37),
        ("3 code points", padded(b"123", 64), 0x37),
        (
            "3 code points of 4 bytes",
            padded(key.repeat(3).as_bytes(), 64),
            0x37,
        ),
        ("4 code points", padded(b"1234", 64), 0),
        (
            "4 code points of 4 bytes",
            padded(key.repeat(4).as_bytes(), 64),
            0,
        ),
        ("63 bytes", padded(&[b'7'; 63], 64), 0),
        ("64 bytes", padded(&[b'7'; 64], 64), 0x37),
        ("not UTF-8", padded(b"\xC3\x28abcd", 64), 0x37),
        ("a zero inside", padded(b"ab\0cd", 64), 0x37),
        ("padding not zero", late, 0x37),
        ("48-byte block", padded(b"abcdef", 48), 0x02),
        ("80-byte block", padded(b"abcdef", 80), 0x02),
        ("no block", Vec::new(), 0x02),
    ];
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let world = blocked(Suite::P256EcdhMac, protocol);
        let flash = world.flash();
        for (name, padded, status) in &cases {
            world.restore(&flash);
            let mut parts = world.parts(NEW_PIN);
            parts.padded_pin.clone_from(padded);
            let got = world.status(Interface::Fido, &parts.message());
            assert_eq!(got, *status, "{protocol:?} {name}");
        }
        let ragged: fn(&mut UnlockParts) = |parts| {
            parts.instead.push((key::NEW_PIN_ENC, Value::bytes(&[7; 63])));
        };
        world.restore(&flash);
        let mut parts = world.parts(NEW_PIN);
        ragged(&mut parts);
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0x33);
    }
}

// M-3.2-6
#[test]
fn the_device_s_own_rules_refuse_a_pin() {
    use fido_unlock::ctap2::device_unlock::EnrollOptions;
    use fido_unlock_tests::{Way, World};
    let world = World::with_authenticator(
        Way::Hid,
        Suite::P256EcdhMac,
        PinProtocol::Two,
        EnrollOptions::default(),
        |builder| builder.pin_complexity(true).min_pin_length(7),
    );
    world.block();
    for (pin, status) in [
        ("7777777", 0x37),
        ("2345678", 0x37),
        ("a1b2c3", 0x37),
        ("a1b2c3d", 0),
    ] {
        let mut parts = world.parts(NEW_PIN);
        parts.padded_pin = pad_pin(pin.as_bytes()).unwrap().to_vec();
        assert_eq!(world.status(Interface::Fido, &parts.message()), status, "{pin}");
    }
}
