//! makeCredential, getAssertion, getNextAssertion and the extensions (CTAP 2.1 §6.1–6.3, §12).

use core::time::Duration;

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_mock::Touch;
use fido_unlock_mock::framing::CtapHandler;

use crate::platform::*;

#[test]
fn a_credential_signs_and_its_counter_rises() {
    let mut platform = Platform::new();
    let store = platform.key.store();
    let any_made = || store.load_state().unwrap().unwrap().credential_made;
    assert!(!any_made());
    let made = platform.make(Make::default()).unwrap();
    assert!(any_made(), "enrolment must see it, though it is not discoverable");
    assert_eq!(made.flags, 0x41);
    let request = Assert {
        allow: vec![vec![1; 50], made.id.clone()],
        ..Default::default()
    };
    let mut last = 0;
    for _ in 0..3 {
        let answer = platform.assert(request.clone()).unwrap();
        let (flags, count, _) = made.signed(&answer);
        assert_eq!(flags, 0x01);
        assert!(count > last);
        last = count;
        assert_eq!(
            answer.get(4),
            None,
            "no user for a credential that is not discoverable"
        );
        assert_eq!(answer.get(5), None);
    }
    let other = Assert {
        rp_id: "other.example",
        ..request
    };
    assert_eq!(platform.assert(other), Err(CtapStatus::NoCredentials));
    assert_eq!(platform.assert(Assert::default()), Err(CtapStatus::NoCredentials));
}

#[test]
fn credentials_outlive_the_pin() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let made = platform.make(Make::default()).unwrap();
    platform.change_pin("1234", "567890").unwrap();
    platform.key.power_cycle();
    let token = platform.token("567890", GA, Some(RP)).unwrap();
    let answer = platform.assert(Assert {
        allow: vec![made.id.clone()],
        token: Some(&token),
        ..Default::default()
    });
    assert_eq!(made.signed(&answer.unwrap()).0, 0x05);
}

fn passkeys(platform: &mut Platform, users: core::ops::RangeInclusive<u8>) -> Vec<Credential> {
    users
        .map(|user| {
            let token = platform.token("1234", MC, Some(RP)).unwrap();
            platform
                .make(Make {
                    user,
                    discoverable: true,
                    token: Some(&token),
                    ..Default::default()
                })
                .unwrap()
        })
        .collect()
}

#[test]
fn several_passkeys_are_fetched_newest_first() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let made = passkeys(&mut platform, 1..=3);
    assert_eq!(platform.raw(&[0x08]), Err(CtapStatus::NotAllowed));
    let token = platform.token("1234", GA, Some(RP)).unwrap();
    let with_token = Assert {
        token: Some(&token),
        ..Default::default()
    };
    let first = platform.assert(with_token).unwrap();
    made[2].signed(&first);
    assert_eq!(first.get(5).unwrap().as_u64(), Some(3));
    assert_eq!(
        first.get(4).unwrap().get_text("name").unwrap().as_text(),
        Some("alex")
    );
    for expected in [1, 0] {
        let next = Value::parse_canonical(&platform.raw(&[0x08]).unwrap()).unwrap();
        made[expected].signed(&next);
        assert_eq!(next.get(5), None);
        assert_eq!(
            next.get(4).unwrap().get_text("id").unwrap().as_bytes(),
            Some(&[expected as u8 + 1][..])
        );
    }
    assert_eq!(platform.raw(&[0x08]), Err(CtapStatus::NotAllowed));

    // Without the PIN the names stay untold; another command, time and power end the list.
    let answer = platform.assert(Assert::default()).unwrap();
    assert_eq!(answer.get(4).unwrap().get_text("name"), None);
    platform.info();
    assert_eq!(platform.raw(&[0x08]), Err(CtapStatus::NotAllowed));
    platform.assert(Assert::default()).unwrap();
    platform.ticks.advance(Duration::from_secs(30));
    assert_eq!(platform.raw(&[0x08]), Err(CtapStatus::NotAllowed));
    platform.assert(Assert::default()).unwrap();
    platform.key.power_cycle();
    assert_eq!(platform.raw(&[0x08]), Err(CtapStatus::NotAllowed));
}

/// §6: what the token authorised ends with it.
#[test]
fn the_end_of_the_token_ends_the_list() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    for user in [1, 2] {
        let token = platform.token("1234", MC, Some(RP)).unwrap();
        let request = Make {
            user,
            discoverable: true,
            token: Some(&token),
            ..Default::default()
        };
        platform.make(request).unwrap();
    }
    let token = platform.token("1234", GA, Some(RP)).unwrap();
    let with_token = |up| Assert {
        up,
        token: Some(&token),
        ..Default::default()
    };
    // Used, but not used up.
    platform.assert(with_token(Some(false))).unwrap();
    platform.ticks.advance(Duration::from_secs(599));
    platform.assert(with_token(None)).unwrap();
    platform.ticks.advance(Duration::from_secs(1));
    assert_eq!(platform.raw(&[0x08]), Err(CtapStatus::NotAllowed));
    // Without one nothing ends with it.
    platform.assert(Assert::default()).unwrap();
    platform.ticks.advance(Duration::from_secs(29));
    platform.raw(&[0x08]).unwrap();
}

#[test]
fn a_passkey_for_the_same_user_replaces_the_old_one() {
    let mut platform = Platform::with(|builder| builder.max_credentials(2));
    platform.set_pin("1234").unwrap();
    let old = passkeys(&mut platform, 1..=2);
    assert_eq!(platform.info().get(0x14).unwrap().as_u64(), Some(0));
    let new = passkeys(&mut platform, 1..=1);
    let by_id = |id: &[u8]| Assert {
        allow: vec![id.to_vec()],
        ..Default::default()
    };
    assert_eq!(platform.assert(by_id(&old[0].id)), Err(CtapStatus::NoCredentials));
    new[0].signed(&platform.assert(by_id(&new[0].id)).unwrap());
    let token = platform.token("1234", MC, Some(RP)).unwrap();
    let third = Make {
        user: 3,
        discoverable: true,
        token: Some(&token),
        ..Default::default()
    };
    assert_eq!(platform.make(third).err(), Some(CtapStatus::KeyStoreFull));
}

#[test]
fn the_pin_is_wanted_where_it_must_be() {
    let mut platform = Platform::new();
    let passkey = Make {
        discoverable: true,
        ..Default::default()
    };
    platform.make(passkey.clone()).unwrap();
    platform.set_pin("1234").unwrap();
    assert_eq!(
        platform.make(passkey.clone()).err(),
        Some(CtapStatus::PuatRequired)
    );
    platform.make(Make::default()).unwrap();
    let token = platform.token("1234", MC, Some(RP)).unwrap();
    for (token, status) in [
        (&[0; 32][..], Some(CtapStatus::PinAuthInvalid)),
        (&token, None),
        // The touch is used up.
        (&token, Some(CtapStatus::PinAuthInvalid)),
    ] {
        let request = Make {
            token: Some(token),
            ..passkey.clone()
        };
        assert_eq!(platform.make(request).err(), status);
    }
}

#[test]
fn an_excluded_credential_is_told_only_where_it_may_be_seen() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let open = platform.make(Make::default()).unwrap();
    assert_eq!(open.extensions, None, "nothing was asked for");
    let hidden = platform
        .make(Make {
            protection: Some(3),
            ..Default::default()
        })
        .unwrap();
    assert_eq!(
        hidden
            .extensions
            .unwrap()
            .get_text("credProtect")
            .unwrap()
            .as_u64(),
        Some(3)
    );
    let excluding = |id: &[u8]| Make {
        exclude: vec![id.to_vec()],
        ..Default::default()
    };
    let excluded = Some(CtapStatus::CredentialExcluded);
    assert_eq!(platform.make(excluding(&open.id)).err(), excluded);
    platform.make(excluding(&hidden.id)).unwrap();
    platform
        .make(Make {
            rp_id: "other.example",
            ..excluding(&open.id)
        })
        .unwrap();
    let token = platform.token("1234", MC, Some(RP)).unwrap();
    let with_pin = Make {
        token: Some(&token),
        ..excluding(&hidden.id)
    };
    assert_eq!(platform.make(with_pin).err(), excluded);
}

#[test]
fn cred_protect_hides_from_who_has_no_pin() {
    for (level, by_list, by_rp) in [(1, true, true), (2, true, false), (3, false, false)] {
        let mut platform = Platform::new();
        platform.set_pin("1234").unwrap();
        let token = platform.token("1234", MC, Some(RP)).unwrap();
        let made = platform
            .make(Make {
                discoverable: true,
                protection: Some(level),
                token: Some(&token),
                ..Default::default()
            })
            .unwrap();
        let told = made
            .extensions
            .as_ref()
            .and_then(|map| map.get_text("credProtect"));
        assert_eq!(told.and_then(Value::as_u64), Some(level), "it was asked for");
        let listed = Assert {
            allow: vec![made.id.clone()],
            ..Default::default()
        };
        assert_eq!(platform.assert(listed.clone()).is_ok(), by_list, "{level}");
        assert_eq!(platform.assert(Assert::default()).is_ok(), by_rp, "{level}");
        for request in [listed, Assert::default()] {
            let token = platform.token("1234", GA, Some(RP)).unwrap();
            let answer = platform.assert(Assert {
                token: Some(&token),
                ..request
            });
            made.signed(&answer.unwrap());
        }
    }
    let unknown = Make {
        protection: Some(4),
        ..Default::default()
    };
    assert_eq!(
        Platform::new().make(unknown).err(),
        Some(CtapStatus::InvalidOption)
    );
}

#[test]
fn hmac_secret_is_the_same_for_the_same_salt() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let mut platform = Platform::new();
        platform.protocol = protocol;
        platform.set_pin("1234").unwrap();
        let made = platform
            .make(Make {
                hmac_secret: true,
                ..Default::default()
            })
            .unwrap();
        assert_eq!(
            made.extensions.as_ref().unwrap().get_text("hmac-secret"),
            Some(&Value::Bool(true))
        );
        let forged = core::cell::Cell::new(0);
        let without = platform.make(Make::default()).unwrap();
        let used = core::cell::Cell::new(&made);
        let secret_of = |platform: &mut Platform, salts: &[u8], pin: Option<&str>| {
            let token = pin.map(|pin| platform.token(pin, GA, Some(RP)).unwrap());
            let (key, secret) = platform.agree();
            let salt_enc = platform.encrypt(&secret, salts);
            let mut salt_auth = protocol.authenticate(&secret, &salt_enc).unwrap();
            salt_auth[0] ^= forged.get();
            let input = Value::int_map([
                (1, Some(key.to_value())),
                (2, bytes(&salt_enc)),
                (3, bytes(&salt_auth)),
                (4, Some(protocol.number().into())),
            ]);
            let answer = platform.assert(Assert {
                allow: vec![used.get().id.clone()],
                extensions: Some(Value::text_map([("hmac-secret", Some(input))])),
                token: token.as_deref(),
                ..Default::default()
            })?;
            let (_, _, extensions) = used.get().signed(&answer);
            let Some(extensions) = extensions else {
                return Ok(Vec::new());
            };
            let encrypted = extensions.get_text("hmac-secret").unwrap().as_bytes().unwrap();
            Ok::<_, CtapStatus>(protocol.decrypt(&secret, encrypted).unwrap().to_vec())
        };
        let one = secret_of(&mut platform, &[1; 32], None).unwrap();
        assert_eq!(one.len(), 32);
        let verified = secret_of(&mut platform, &[1; 32], Some("1234")).unwrap();
        assert_ne!(one, verified);
        platform.change_pin("1234", "5678").unwrap();
        platform.key.power_cycle();
        let both = secret_of(&mut platform, &[[1; 32], [2; 32]].concat(), Some("5678")).unwrap();
        assert_eq!(both[..32], verified);
        assert_ne!(both[32..], verified);
        assert_eq!(
            secret_of(&mut platform, &[1; 48], None),
            Err(CtapStatus::InvalidLength)
        );
        used.set(&without);
        assert_eq!(secret_of(&mut platform, &[1; 32], None), Ok(Vec::new()));
        used.set(&made);
        forged.set(1);
        assert_eq!(
            secret_of(&mut platform, &[1; 32], None),
            Err(CtapStatus::PinAuthInvalid)
        );
    }
}

#[test]
fn requests_are_judged_strictly() {
    let platform = Platform::new();
    let good = Make::default().params(&platform);
    let Value::Map(entries) = &good else {
        unreachable!()
    };
    for (key, _) in entries {
        let less = entries.iter().filter(|(k, _)| k != key).cloned().collect();
        assert_eq!(
            Platform::new().call(0x01, Value::Map(less)),
            Err(CtapStatus::MissingParameter),
            "{key:?}"
        );
        let other = entries
            .iter()
            .map(|(k, v)| (k.clone(), if k == key { Value::Null } else { v.clone() }))
            .collect();
        assert_eq!(
            Platform::new().call(0x01, Value::Map(other)),
            Err(CtapStatus::CborUnexpectedType),
            "{key:?}"
        );
    }
    let with = |key: u8, value: Value| {
        let mut entries: Vec<_> = entries
            .iter()
            .filter(|(k, _)| *k != key.into())
            .cloned()
            .collect();
        entries.push((key.into(), value));
        Platform::new().call(0x01, Value::Map(entries)).map(drop)
    };
    let option = |name, on: bool| Value::text_map([(name, Some(on.into()))]);
    assert_eq!(with(7, option("up", false)), Err(CtapStatus::InvalidOption));
    assert_eq!(with(7, option("uv", true)), Err(CtapStatus::InvalidOption));
    assert_eq!(with(7, option("up", true)), Ok(()));
    assert_eq!(with(7, option("unknown", true)), Ok(()));
    assert_eq!(with(1, Value::bytes(&[0; 31])), Err(CtapStatus::InvalidLength));
    let rsa = Value::text_map([
        ("alg", Some(Value::from(-257i64))),
        ("type", Some("public-key".into())),
    ]);
    assert_eq!(
        with(4, Value::Array(vec![rsa])),
        Err(CtapStatus::UnsupportedAlgorithm)
    );
    assert_eq!(with(10, 1u8.into()), Err(CtapStatus::InvalidParameter));
    let long = vec![descriptor(&[0; 50]); 11];
    assert_eq!(with(5, long.into()), Err(CtapStatus::LimitExceeded));
    assert_eq!(with(8, Value::bytes(&[0; 32])), Err(CtapStatus::MissingParameter));
    assert_eq!(with(8, Value::bytes(&[])), Err(CtapStatus::PinNotSet));
}

#[test]
fn the_touch_is_waited_for() {
    let mut platform = Platform::new();
    let touch = platform.key.touch_handle();
    touch.set(Touch::After(3));
    platform.make(Make::default()).unwrap();
    assert_eq!(platform.keepalives.get(), 3);
    touch.set(Touch::Never);
    assert_eq!(
        platform.make(Make::default()).err(),
        Some(CtapStatus::UserActionTimeout)
    );
    assert_eq!(platform.keepalives.get(), 300);
    touch.set(Touch::Refused);
    assert_eq!(platform.raw(&[0x0B]), Err(CtapStatus::OperationDenied));
    touch.set(Touch::Never);
    platform.cancel_at = Some(2);
    assert_eq!(platform.raw(&[0x0B]), Err(CtapStatus::KeepaliveCancel));
    assert_eq!(platform.keepalives.get(), 2);
    platform.cancel_at = None;
    touch.set(Touch::AtOnce);
    assert_eq!(platform.raw(&[0x0B]), Ok(Vec::new()));
    assert_eq!(touch.waits(), 5);
}
