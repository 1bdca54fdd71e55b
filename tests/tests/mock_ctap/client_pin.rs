//! authenticatorClientPIN: retries, PIN rules, tokens (CTAP 2.1 §6.5).

use core::time::Duration;

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::pin_protocol::{CoseKey, PinProtocol};
use fido_unlock_mock::authenticator::FailingEntropy;
use fido_unlock_mock::framing::CtapHandler;

use crate::platform::*;

const BOTH: [PinProtocol; 2] = [PinProtocol::One, PinProtocol::Two];

#[test]
fn three_wrong_need_a_power_cycle_and_eight_block_for_good() {
    for protocol in BOTH {
        for max_retries in [8u8, 5] {
            let mut platform = Platform::with(|builder| builder.max_retries(max_retries));
            platform.protocol = protocol;
            assert_eq!(platform.retries(), Err(CtapStatus::PinNotSet));
            platform.set_pin("123456").unwrap();
            let max = u64::from(max_retries);
            assert_eq!(platform.retries(), Ok((max, false)));
            for used in 1..=max {
                let expected = match used {
                    _ if used == max => CtapStatus::PinBlocked,
                    _ if used % 3 == 0 => CtapStatus::PinAuthBlocked,
                    _ => CtapStatus::PinInvalid,
                };
                assert_eq!(platform.token("000000", GA, Some(RP)), Err(expected), "{used}");
                let power_cycle = used % 3 == 0 && used < max;
                assert_eq!(platform.retries(), Ok((max - used, power_cycle)));
                if power_cycle {
                    // The right PIN is not looked at, and no try is taken.
                    assert_eq!(
                        platform.token("123456", GA, Some(RP)),
                        Err(CtapStatus::PinAuthBlocked)
                    );
                    assert_eq!(
                        platform.change_pin("123456", "654321"),
                        Err(CtapStatus::PinAuthBlocked)
                    );
                    assert_eq!(platform.retries(), Ok((max - used, true)));
                    platform.key.power_cycle();
                }
            }
            platform.key.power_cycle();
            assert_eq!(platform.pin_token("123456"), Err(CtapStatus::PinBlocked));
            assert_eq!(
                platform.change_pin("123456", "654321"),
                Err(CtapStatus::PinBlocked)
            );
            assert_eq!(platform.retries(), Ok((0, false)));
        }
    }
}

#[test]
fn the_right_pin_gives_the_tries_back() {
    let mut platform = Platform::new();
    platform.set_pin("123456").unwrap();
    for _ in 0..5 {
        for _ in 0..2 {
            assert_eq!(platform.pin_token("000000"), Err(CtapStatus::PinInvalid));
        }
        assert_eq!(platform.retries(), Ok((6, false)));
        platform.pin_token("123456").unwrap();
        assert_eq!(platform.retries(), Ok((8, false)));
    }
}

#[test]
fn a_wrong_pin_makes_a_new_key_agreement_key() {
    for protocol in BOTH {
        let mut platform = Platform::new();
        platform.protocol = protocol;
        platform.set_pin("123456").unwrap();
        let key = |platform: &mut Platform| platform.client_pin(2, []).unwrap();
        let before = key(&mut platform);
        platform.pin_token("123456").unwrap();
        assert_eq!(key(&mut platform), before);
        platform.pin_token("000000").unwrap_err();
        let after = key(&mut platform);
        assert_ne!(after, before);
        platform.key.power_cycle();
        assert_ne!(key(&mut platform), after);
    }
}

#[test]
fn lengths_are_code_points_at_least_and_bytes_at_most() {
    let too_short = ["", "1", "123", "ééé", "🔑🔑🔑"];
    let good = ["1234", "éééé", "🔑🔑🔑🔑", &"x".repeat(63), &"🔑".repeat(15)];
    for pin in too_short {
        let mut platform = Platform::new();
        assert_eq!(
            platform.set_pin(pin),
            Err(CtapStatus::PinPolicyViolation),
            "{pin}"
        );
        assert_eq!(platform.option("clientPin"), Some(false));
    }
    for pin in good {
        let mut platform = Platform::new();
        platform.set_pin(pin).unwrap();
        platform.pin_token(pin).unwrap();
    }
    // 63 bytes are 64 with the zero that ends a PIN.
    assert_eq!(
        Platform::new().set_pin(&"x".repeat(64)),
        Err(CtapStatus::PinPolicyViolation)
    );
    let mut platform = Platform::with(|builder| builder.min_pin_length(6));
    assert_eq!(platform.set_pin("ééééé"), Err(CtapStatus::PinPolicyViolation));
    platform.set_pin("éééééé").unwrap();
}

#[test]
fn padding_is_exact() {
    for (padded, status) in [
        (vec![b'1'; 48], CtapStatus::InvalidParameter),
        (
            [vec![b'1'; 6], vec![0; 74]].concat(),
            CtapStatus::InvalidParameter,
        ),
        (
            [&b"1234\x00567"[..], &[0; 56]].concat(),
            CtapStatus::PinPolicyViolation,
        ),
        (
            [&[b'1', b'2', b'3', 0xFF][..], &[0; 60]].concat(),
            CtapStatus::PinPolicyViolation,
        ),
    ] {
        for protocol in BOTH {
            let mut platform = Platform::new();
            platform.protocol = protocol;
            assert_eq!(platform.set_padded_pin(&padded), Err(status), "{padded:?}");
        }
    }
}

#[test]
fn set_and_change() {
    let mut platform = Platform::new();
    assert_eq!(platform.pin_token("1234"), Err(CtapStatus::PinNotSet));
    assert_eq!(platform.change_pin("1234", "5678"), Err(CtapStatus::PinNotSet));
    platform.set_pin("1234").unwrap();
    assert_eq!(platform.set_pin("5678"), Err(CtapStatus::PinAuthInvalid));
    assert_eq!(platform.change_pin("9999", "5678"), Err(CtapStatus::PinInvalid));
    assert_eq!(
        platform.change_pin("1234", "567"),
        Err(CtapStatus::PinPolicyViolation)
    );
    platform.change_pin("1234", "5678").unwrap();
    assert_eq!(platform.pin_token("1234"), Err(CtapStatus::PinInvalid));
    platform.pin_token("5678").unwrap();
}

#[test]
fn the_devices_own_rule() {
    let mut platform = Platform::with(|builder| builder.pin_complexity(true));
    assert_eq!(platform.info().get(0x1B), Some(&Value::Bool(true)));
    for pin in ["1111", "1234", "9876"] {
        assert_eq!(platform.set_pin(pin), Err(CtapStatus::PinPolicyViolation));
    }
    platform.set_pin("1357x").unwrap();
}

#[test]
fn parameters_are_judged_strictly() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let missing = Err(CtapStatus::MissingParameter);
    let wrong_type = Err(CtapStatus::CborUnexpectedType);
    assert_eq!(platform.call(0x06, Value::Map(Vec::new())), missing);
    assert_eq!(
        platform.call(0x06, Value::int_map([(2, Some("x".into()))])),
        wrong_type
    );
    assert_eq!(platform.client_pin(3, []), missing);
    assert_eq!(platform.client_pin(5, [(3, Some(1u8.into()))]), wrong_type);
    assert_eq!(platform.client_pin(0x42, []), Err(CtapStatus::InvalidSubcommand));
    assert_eq!(platform.client_pin(6, []), Err(CtapStatus::InvalidSubcommand));
    for protocol in [0u8, 3, 255] {
        let params = Value::int_map([(1, Some(protocol.into())), (2, Some(2u8.into()))]);
        assert_eq!(platform.call(0x06, params), Err(CtapStatus::InvalidParameter));
    }
    // Not canonical (keys out of order), bytes after the end, nothing at all.
    assert_eq!(
        platform.raw(&[0x06, 0xA2, 0x02, 0x01, 0x01, 0x01]),
        Err(CtapStatus::InvalidCbor)
    );
    assert_eq!(
        platform.raw(&[0x06, 0xA1, 0x02, 0x01, 0x00]),
        Err(CtapStatus::InvalidCbor)
    );
    assert_eq!(platform.raw(&[0x06]), Err(CtapStatus::MissingParameter));
    assert_eq!(platform.raw(&[0x06, 0x80]), Err(CtapStatus::CborUnexpectedType));
    assert_eq!(platform.raw(&[]), Err(CtapStatus::InvalidLength));
    assert_eq!(platform.raw(&[0x04, 0xA0]), Err(CtapStatus::InvalidLength));
    assert_eq!(platform.raw(&[0x03]), Err(CtapStatus::InvalidCommand));
    assert_eq!(platform.raw(&[0x09, 0xA0]), Err(CtapStatus::InvalidCommand));
    assert_eq!(platform.raw(&[0x06; 1201]), Err(CtapStatus::RequestTooLarge));
}

/// Platform keys: alg must be −25, the point on the curve, coordinates of 32 bytes.
#[test]
fn platform_keys_are_checked() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let (good, _) = platform.agree();
    let with = |key: i64, value: Value| {
        let Value::Map(mut map) = good.to_value() else {
            unreachable!()
        };
        map.iter_mut().find(|(k, _)| *k == key.into()).unwrap().1 = value;
        Value::Map(map)
    };
    let off_curve = CoseKey { x: good.x, y: good.x };
    let infinity = CoseKey {
        x: [0; 32],
        y: [0; 32],
    };
    for key in [
        with(3, Value::from(-7i64)),
        with(1, Value::from(1i64)),
        with(-1, Value::from(2i64)),
        with(-2, Value::bytes(&good.x[..31])),
        off_curve.to_value(),
        infinity.to_value(),
    ] {
        let answer = platform.client_pin(5, [(3, Some(key)), (6, bytes(&[0; 32]))]);
        assert_eq!(answer, Err(CtapStatus::InvalidParameter));
    }
    assert_eq!(platform.retries(), Ok((8, false)));
}

/// YSA-2025-02: half of a protocol-two parameter must not do.
#[test]
fn a_pin_uv_auth_param_has_its_whole_length() {
    for (protocol, length) in [(PinProtocol::One, 16), (PinProtocol::Two, 32)] {
        let mut platform = Platform::new();
        platform.protocol = protocol;
        let (key, secret) = platform.agree();
        let new_pin_enc = platform.encrypt(&secret, &pad("1234"));
        let param = protocol.authenticate(&secret, &new_pin_enc).unwrap();
        assert_eq!(param.len(), length);
        let mut set = |param: &[u8]| {
            let request = [
                (3, Some(key.to_value())),
                (4, bytes(param)),
                (5, bytes(&new_pin_enc)),
            ];
            platform.client_pin(3, request).map(drop)
        };
        for cut in [0, 1, 8, 15, length / 2, length - 1] {
            assert_eq!(set(&param[..cut]), Err(CtapStatus::PinAuthInvalid), "{cut}");
        }
        assert_eq!(set(&[&param[..], &[0]].concat()), Err(CtapStatus::PinAuthInvalid));
        set(&param).unwrap();
    }
}

#[test]
fn permissions_and_rp_id_are_checked() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    for (permissions, rp_id, status) in [
        (0, None, CtapStatus::InvalidParameter),
        (MC, None, CtapStatus::MissingParameter),
        (GA, None, CtapStatus::MissingParameter),
        (0x08, None, CtapStatus::UnauthorizedPermission),
        (0x40, Some(RP), CtapStatus::UnauthorizedPermission),
        (0x100, Some(RP), CtapStatus::UnauthorizedPermission),
    ] {
        assert_eq!(platform.token("1234", permissions, rp_id), Err(status));
    }
    assert_eq!(platform.retries(), Ok((8, false)));

    let made = platform.make(Make::default()).unwrap();
    let assert = |platform: &mut Platform, token: &[u8]| {
        platform.assert(Assert {
            allow: vec![made.id.clone()],
            token: Some(token),
            ..Default::default()
        })
    };
    let refused = Err(CtapStatus::PinAuthInvalid);
    for (permissions, rp_id) in [(MC, Some(RP)), (CM, None), (GA, Some("other.example"))] {
        let token = platform.token("1234", permissions, rp_id).unwrap();
        assert_eq!(assert(&mut platform, &token), refused);
    }
    let token = platform.token("1234", GA, Some(RP)).unwrap();
    assert_eq!(made.signed(&assert(&mut platform, &token).unwrap()).0, 0x05);
    // The touch is used up, and with it the token.
    assert_eq!(assert(&mut platform, &token), refused);
    // A newer token ends the older one, and so does a new PIN; a token serves its own protocol.
    let first = platform.token("1234", GA, Some(RP)).unwrap();
    platform.token("1234", GA, Some(RP)).unwrap();
    assert_eq!(assert(&mut platform, &first), refused);
    let old = platform.token("1234", GA, Some(RP)).unwrap();
    platform.change_pin("1234", "5678").unwrap();
    assert_eq!(assert(&mut platform, &old), refused);
    let token = platform.token("5678", GA, Some(RP)).unwrap();
    platform.protocol = PinProtocol::One;
    assert_eq!(assert(&mut platform, &token), refused);
    platform.protocol = PinProtocol::Two;
    assert(&mut platform, &token).unwrap();
}

#[test]
fn a_token_from_get_pin_token_is_bound_by_its_first_use() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let made = platform.make(Make::default()).unwrap();
    let token = platform.pin_token("1234").unwrap();
    let look = |rp_id| Assert {
        rp_id,
        allow: vec![made.id.clone()],
        up: Some(false),
        token: Some(&token),
        ..Default::default()
    };
    let (flags, _, _) = made.signed(&platform.assert(look(RP)).unwrap());
    assert_eq!(flags, 0x04);
    assert_eq!(
        platform.assert(look("other.example")),
        Err(CtapStatus::PinAuthInvalid)
    );
    platform.assert(look(RP)).unwrap();
}

#[test]
fn tokens_end_with_time_and_power() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let made = platform.make(Make::default()).unwrap();
    let look = |platform: &mut Platform, token: &[u8]| {
        platform
            .assert(Assert {
                allow: vec![made.id.clone()],
                up: Some(false),
                token: Some(token),
                ..Default::default()
            })
            .map(drop)
    };
    let unused = platform.token("1234", GA, Some(RP)).unwrap();
    platform.ticks.advance(Duration::from_secs(30));
    assert_eq!(look(&mut platform, &unused), Err(CtapStatus::PinAuthInvalid));

    let used = platform.token("1234", GA, Some(RP)).unwrap();
    look(&mut platform, &used).unwrap();
    platform.ticks.advance(Duration::from_secs(599));
    look(&mut platform, &used).unwrap();
    platform.ticks.advance(Duration::from_secs(1));
    assert_eq!(look(&mut platform, &used), Err(CtapStatus::PinAuthInvalid));

    let token = platform.token("1234", GA, Some(RP)).unwrap();
    platform.key.power_cycle();
    assert_eq!(look(&mut platform, &token), Err(CtapStatus::PinAuthInvalid));
}

#[test]
fn without_entropy_there_is_no_key_and_no_token() {
    // 1 fill for the master secret; each further one is wanted by the step that then fails.
    let mut platform = Platform::with(|builder| builder.entropy(FailingEntropy::after(1)));
    assert_eq!(platform.client_pin(2, []), Err(CtapStatus::Other));
    assert_eq!(platform.make(Make::default()).err(), Some(CtapStatus::Other));

    let mut platform = Platform::with(|builder| builder.entropy(FailingEntropy::after(2)));
    platform.set_pin("1234").unwrap();
    assert_eq!(platform.pin_token("1234"), Err(CtapStatus::Other));
}
