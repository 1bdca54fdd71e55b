//! getInfo, credentialManagement, authenticatorConfig, reset (CTAP 2.1 §6.4, §6.6, §6.8, §6.11).

use core::time::Duration;

use fido_unlock::Interface;
use fido_unlock::ctap2::CtapStatus;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_mock::Touch;
use fido_unlock_mock::framing::CtapHandler;
use sha2::{Digest, Sha256};

use crate::platform::*;

impl Platform {
    fn with_param(
        &mut self,
        command: u8,
        sub_command: u8,
        sub_params: Option<Value>,
        prefix: &[u8],
        token: Option<&[u8]>,
    ) -> Result<Value, CtapStatus> {
        let mut message = prefix.to_vec();
        message.push(sub_command);
        if let Some(sub_params) = &sub_params {
            message.extend_from_slice(&sub_params.to_bytes());
        }
        let params = Value::int_map([
            (1, Some(sub_command.into())),
            (2, sub_params),
            (3, token.map(|_| self.protocol.number().into())),
            (4, token.and_then(|token| self.param(token, &message))),
        ]);
        self.call(command, params)
    }

    fn manage(
        &mut self,
        sub_command: u8,
        sub_params: Option<Value>,
        token: Option<&[u8]>,
    ) -> Result<Value, CtapStatus> {
        self.with_param(0x0A, sub_command, sub_params, &[], token)
    }

    fn configure(
        &mut self,
        sub_command: u8,
        sub_params: Option<Value>,
        token: Option<&[u8]>,
    ) -> Result<Value, CtapStatus> {
        let prefix = [&[0xFF; 32][..], &[0x0D]].concat();
        self.with_param(0x0D, sub_command, sub_params, &prefix, token)
    }
}

#[test]
fn get_info_tells_the_state() {
    let mut platform = Platform::with(|builder| builder.max_retries(5).min_pin_length(6));
    let info = platform.info();
    assert_eq!(info.get(5).unwrap().as_u64(), Some(1200));
    assert_eq!(info.get(6).unwrap(), &Value::Array(vec![2u8.into(), 1u8.into()]));
    assert_eq!(info.get(0x0D).unwrap().as_u64(), Some(6));
    assert_eq!(platform.option("clientPin"), Some(false));
    platform.set_pin("123456").unwrap();
    assert_eq!(platform.option("clientPin"), Some(true));

    let mut one = Platform::with(|builder| builder.protocols(&[PinProtocol::One]));
    assert_eq!(one.info().get(6), Some(&Value::Array(vec![1u8.into()])));
    assert_eq!(one.client_pin(2, []), Err(CtapStatus::InvalidParameter));
}

#[test]
fn the_vendor_interface_serves_the_unlock_alone() {
    let mut platform = Platform::new();
    for code in 0..=255u8 {
        let answer = platform
            .key
            .handle(Interface::Vendor, &[code, 0xA0], &mut |_| false);
        let invalid = answer == [CtapStatus::InvalidCommand.byte()];
        assert_eq!(invalid, code != 0x55, "{code:02x}");
    }
    let mut off = Platform::with(|builder| builder.vendor_interface(false));
    let answer = off
        .key
        .handle(Interface::Vendor, &[0x55, 0xA1, 0x01, 0x01], &mut |_| false);
    assert_eq!(answer, [CtapStatus::InvalidCommand.byte()]);
    assert!(off.raw(&[0x55, 0xA1, 0x01, 0x01]).is_ok());
}

fn stocked() -> (Platform, Vec<Credential>) {
    let mut platform = Platform::with(|builder| builder.max_credentials(10));
    platform.set_pin("1234").unwrap();
    let made = [("a.example", 1), ("b.example", 2), ("a.example", 3)]
        .map(|(rp_id, user)| {
            let token = platform.token("1234", MC, Some(rp_id)).unwrap();
            let request = Make {
                rp_id,
                user,
                discoverable: true,
                protection: Some(2),
                token: Some(&token),
                ..Default::default()
            };
            platform.make(request).unwrap()
        })
        .into();
    (platform, made)
}

fn hash_of(rp_id: &str) -> Option<Value> {
    Some(Value::int_map([(1, bytes(&Sha256::digest(rp_id)))]))
}

fn id_of(id: &[u8]) -> Option<Value> {
    Some(Value::int_map([(2, Some(descriptor(id)))]))
}

#[test]
fn credentials_are_listed() {
    let (mut platform, made) = stocked();
    let token = platform.token("1234", CM, None).unwrap();
    let metadata = platform.manage(1, None, Some(&token)).unwrap();
    assert_eq!(metadata.get(1).unwrap().as_u64(), Some(3));
    assert_eq!(metadata.get(2).unwrap().as_u64(), Some(7));

    let first = platform.manage(2, None, Some(&token)).unwrap();
    assert_eq!(first.get(5).unwrap().as_u64(), Some(2));
    let second = platform.manage(3, None, None).unwrap();
    let names = [&first, &second].map(|rp| {
        let id = rp.get(3).unwrap().get_text("id").unwrap().as_text().unwrap();
        assert_eq!(rp.get(4).unwrap().as_bytes(), Some(&Sha256::digest(id)[..]));
        id.to_owned()
    });
    assert_eq!(names, ["a.example", "b.example"]);
    assert_eq!(platform.manage(3, None, None), Err(CtapStatus::NotAllowed));

    let first = platform.manage(4, hash_of("a.example"), Some(&token)).unwrap();
    assert_eq!(first.get(9).unwrap().as_u64(), Some(2));
    assert_eq!(first.get(10).unwrap().as_u64(), Some(2));
    let second = platform.manage(5, None, None).unwrap();
    for (answer, credential) in [(&first, &made[0]), (&second, &made[2])] {
        assert_eq!(
            answer.get(7).unwrap().get_text("id").unwrap().as_bytes(),
            Some(&credential.id[..])
        );
        assert_eq!(
            answer.get(8).unwrap().get(-2).unwrap().as_bytes(),
            Some(&credential.key.to_sec1_point(false).x().unwrap()[..])
        );
    }
    assert_eq!(platform.manage(5, None, None), Err(CtapStatus::NotAllowed));
    // Any other command ends a list, and so does the other kind of "next".
    platform.manage(2, None, Some(&token)).unwrap();
    platform.info();
    assert_eq!(platform.manage(3, None, None), Err(CtapStatus::NotAllowed));
    platform.manage(2, None, Some(&token)).unwrap();
    assert_eq!(platform.manage(5, None, None), Err(CtapStatus::NotAllowed));
    assert_eq!(platform.manage(3, None, None), Err(CtapStatus::NotAllowed));
    // Another subcommand of the same command, too.
    platform.manage(2, None, Some(&token)).unwrap();
    platform.manage(1, None, Some(&token)).unwrap();
    assert_eq!(platform.manage(3, None, None), Err(CtapStatus::NotAllowed));
    // So do 30 seconds, and the end of the token, which "next" does not bring.
    platform.manage(2, None, Some(&token)).unwrap();
    platform.ticks.advance(Duration::from_secs(29));
    platform.manage(3, None, None).unwrap();
    platform.manage(2, None, Some(&token)).unwrap();
    platform.ticks.advance(Duration::from_secs(30));
    assert_eq!(platform.manage(3, None, None), Err(CtapStatus::NotAllowed));
    platform.ticks.advance(Duration::from_secs(600 - 29 - 30 - 1));
    platform.manage(2, None, Some(&token)).unwrap();
    platform.ticks.advance(Duration::from_secs(1));
    assert_eq!(platform.manage(3, None, None), Err(CtapStatus::NotAllowed));
}

#[test]
fn credentials_are_changed_and_deleted() {
    let (mut platform, made) = stocked();
    let token = platform.token("1234", CM, None).unwrap();
    let user = |id: u8, name: &str| {
        Some(Value::int_map([
            (2, Some(descriptor(&made[0].id))),
            (
                3,
                Some(Value::text_map([
                    ("id", bytes(&[id])),
                    ("name", Some(name.into())),
                ])),
            ),
        ]))
    };
    assert_eq!(
        platform.manage(7, user(9, "sam"), Some(&token)),
        Err(CtapStatus::InvalidParameter)
    );
    platform.manage(7, user(1, "sam"), Some(&token)).unwrap();
    let first = platform.manage(4, hash_of("a.example"), Some(&token)).unwrap();
    let user = first.get(6).unwrap();
    assert_eq!(user.get_text("name").unwrap().as_text(), Some("sam"));
    assert_eq!(user.get_text("displayName"), None);

    platform.manage(6, id_of(&made[0].id), Some(&token)).unwrap();
    assert_eq!(
        platform.manage(6, id_of(&made[0].id), Some(&token)),
        Err(CtapStatus::NoCredentials)
    );
    let gone = Assert {
        rp_id: "a.example",
        allow: vec![made[0].id.clone()],
        ..Default::default()
    };
    assert_eq!(platform.assert(gone), Err(CtapStatus::NoCredentials));
    // A touch ends what a token may do.
    assert_eq!(
        platform.manage(6, id_of(&made[1].id), Some(&token)),
        Err(CtapStatus::PinAuthInvalid)
    );
    let token = platform.token("1234", CM, None).unwrap();
    platform.manage(6, id_of(&made[1].id), Some(&token)).unwrap();
    platform.manage(6, id_of(&made[2].id), Some(&token)).unwrap();
    assert_eq!(
        platform.manage(2, None, Some(&token)),
        Err(CtapStatus::NoCredentials)
    );
}

/// A program that polls the vendor interface ends no list of credentials and no large blob; nor does a refused
/// `unlock`, which that program can send too.
// M-2-9
#[test]
fn the_unlock_command_ends_no_other_command_s_state() {
    let (mut platform, _) = stocked();
    let polled = |platform: &mut Platform| {
        let messages: [&[u8]; 5] = [
            &[0x55, 0xA1, 0x01, 0x01],
            &[0x55, 0xA3, 0x01, 0x02, 0x02, 0x01, 0x03, 0x02],
            &[0x55, 0xA1, 0x01, 0x03],
            &[0x55, 0xA1, 0x01, 0x18],
            &[0x55],
        ];
        for message in messages {
            for interface in [Interface::Vendor, Interface::Fido] {
                platform.key.handle(interface, message, &mut |_| false);
            }
        }
    };
    let token = platform.token("1234", CM, None).unwrap();
    let first = platform.manage(2, None, Some(&token)).unwrap();
    let total = first.get(5).unwrap().as_u64().unwrap();
    for _ in 1..total {
        polled(&mut platform);
        platform.manage(3, None, None).unwrap();
    }
    assert!(total > 1);
}

#[test]
fn management_wants_its_own_permission() {
    let (mut platform, made) = stocked();
    for (sub_command, sub_params) in [
        (1, None),
        (2, None),
        (4, hash_of("a.example")),
        (6, id_of(&made[0].id)),
    ] {
        assert_eq!(
            platform.manage(sub_command, sub_params.clone(), None),
            Err(CtapStatus::PuatRequired)
        );
        for (permissions, rp_id) in [
            (MC | GA, Some("a.example")),
            (ACFG, None),
            (CM, Some("b.example")),
        ] {
            let token = platform.token("1234", permissions, rp_id).unwrap();
            assert_eq!(
                platform.manage(sub_command, sub_params.clone(), Some(&token)),
                Err(CtapStatus::PinAuthInvalid),
                "{sub_command} {permissions:02x}"
            );
        }
    }
    let token = platform.token("1234", CM, Some("a.example")).unwrap();
    platform.manage(6, id_of(&made[0].id), Some(&token)).unwrap();
    assert_eq!(
        platform.manage(8, None, Some(&token)),
        Err(CtapStatus::InvalidSubcommand)
    );
    assert_eq!(
        platform.manage(6, None, Some(&token)),
        Err(CtapStatus::MissingParameter)
    );
}

fn min_length(new: Option<u64>, force: Option<bool>) -> Option<Value> {
    Some(Value::int_map([
        (1, new.map(Value::from)),
        (3, force.map(Value::from)),
    ]))
}

#[test]
fn always_uv_wants_the_pin_for_everything() {
    let mut platform = Platform::new();
    let made = platform.make(Make::default()).unwrap();
    platform.configure(2, None, None).unwrap();
    assert_eq!(platform.option("alwaysUv"), Some(true));
    assert_eq!(platform.option("makeCredUvNotRqd"), Some(false));
    assert_eq!(platform.configure(2, None, None), Err(CtapStatus::PuatRequired));
    let look = Assert {
        allow: vec![made.id.clone()],
        ..Default::default()
    };
    assert_eq!(platform.assert(look.clone()), Err(CtapStatus::PuatRequired));
    assert_eq!(
        platform.make(Make::default()).err(),
        Some(CtapStatus::PuatRequired)
    );
    platform.set_pin("1234").unwrap();
    let token = platform.token("1234", GA, Some(RP)).unwrap();
    platform
        .assert(Assert {
            token: Some(&token),
            ..look
        })
        .unwrap();
    let token = platform.token("1234", ACFG, None).unwrap();
    platform.configure(2, None, Some(&token)).unwrap();
    assert_eq!(platform.option("alwaysUv"), Some(false));
}

#[test]
fn the_minimum_length_only_grows_and_forces_a_change() {
    let mut platform = Platform::new();
    platform.set_pin("éééé").unwrap();
    let configure = |platform: &mut Platform, sub_params| {
        let token = platform.token("éééé", ACFG, None)?;
        platform.configure(3, sub_params, Some(&token)).map(drop)
    };
    let refused = Err(CtapStatus::PinPolicyViolation);
    assert_eq!(configure(&mut platform, min_length(Some(3), None)), refused);
    assert_eq!(configure(&mut platform, min_length(Some(64), None)), refused);
    configure(&mut platform, min_length(Some(4), None)).unwrap();
    let rp_ids = |count| {
        let list = vec![Value::from(RP); count];
        Some(Value::int_map([(2, Some(list.into()))]))
    };
    assert_eq!(configure(&mut platform, rp_ids(5)), Err(CtapStatus::KeyStoreFull));
    configure(&mut platform, rp_ids(1)).unwrap();
    for (rp_id, told) in [(RP, Some(4)), ("other.example", None)] {
        let request = Make {
            rp_id,
            min_pin_length: true,
            ..Default::default()
        };
        let extensions = platform.make(request).unwrap().extensions;
        let length = extensions.and_then(|map| map.get_text("minPinLength")?.as_u64());
        assert_eq!(length, told);
    }
    assert_eq!(platform.info().get(0x0C), Some(&Value::Bool(false)));

    // Four code points of eight bytes are fewer than five.
    let old = platform.token("éééé", ACFG, None).unwrap();
    platform
        .configure(3, min_length(Some(5), None), Some(&old))
        .unwrap();
    assert_eq!(platform.info().get(0x0C), Some(&Value::Bool(true)));
    assert_eq!(
        platform.configure(2, None, Some(&old)),
        Err(CtapStatus::PinAuthInvalid)
    );
    // Two words for it: §6.5.5.7.1 and §6.5.5.7.2, step 11. The PIN itself was right.
    assert_eq!(platform.pin_token("éééé"), Err(CtapStatus::PinInvalid));
    assert_eq!(
        platform.token("éééé", GA, Some(RP)),
        Err(CtapStatus::PinPolicyViolation)
    );
    assert_eq!(platform.retries(), Ok((8, false)));
    assert_eq!(platform.change_pin("éééé", "1234"), refused);
    platform.change_pin("éééé", "12345").unwrap();
    platform.token("12345", GA, Some(RP)).unwrap();
}

#[test]
fn a_forced_change_takes_no_old_pin() {
    let mut platform = Platform::new();
    assert_eq!(
        platform.configure(3, min_length(None, Some(true)), None),
        Err(CtapStatus::PinNotSet)
    );
    platform.set_pin("1234").unwrap();
    let token = platform.token("1234", ACFG, None).unwrap();
    platform
        .configure(3, min_length(None, Some(true)), Some(&token))
        .unwrap();
    assert_eq!(platform.pin_token("1234"), Err(CtapStatus::PinInvalid));
    assert_eq!(
        platform.change_pin("1234", "1234"),
        Err(CtapStatus::PinPolicyViolation)
    );
    platform.change_pin("1234", "5678").unwrap();
    platform.pin_token("5678").unwrap();
}

#[test]
fn configuration_is_refused_without_its_permission() {
    let mut platform = Platform::new();
    assert_eq!(
        platform.configure(1, None, None),
        Err(CtapStatus::InvalidParameter)
    );
    assert_eq!(
        platform.configure(0xFF, None, None),
        Err(CtapStatus::InvalidParameter)
    );
    platform.set_pin("1234").unwrap();
    assert_eq!(platform.configure(2, None, None), Err(CtapStatus::PuatRequired));
    let token = platform.token("1234", CM, None).unwrap();
    assert_eq!(
        platform.configure(2, None, Some(&token)),
        Err(CtapStatus::PinAuthInvalid)
    );
}

#[test]
fn reset_erases_all_but_only_just_after_power_up() {
    let mut platform = Platform::with(|builder| builder.max_retries(5));
    platform.set_pin("1234").unwrap();
    let made = platform.make(Make::default()).unwrap();
    platform.block();
    platform.ticks.advance(Duration::from_secs(10));
    assert_eq!(platform.raw(&[0x07]), Err(CtapStatus::NotAllowed));
    platform.key.power_cycle();
    platform.ticks.advance(Duration::from_secs(9));
    let touch = platform.key.touch_handle();
    touch.set(Touch::Refused);
    assert_eq!(platform.raw(&[0x07]), Err(CtapStatus::OperationDenied));
    assert_eq!(platform.option("clientPin"), Some(true));
    touch.set(Touch::AtOnce);
    let key_agreement = platform.client_pin(2, []).unwrap();
    platform.raw(&[0x07]).unwrap();
    assert_ne!(platform.client_pin(2, []).unwrap(), key_agreement);
    assert_eq!(platform.option("clientPin"), Some(false));
    assert_eq!(platform.retries(), Err(CtapStatus::PinNotSet));
    let gone = Assert {
        allow: vec![made.id],
        ..Default::default()
    };
    assert_eq!(platform.assert(gone), Err(CtapStatus::NoCredentials));
    platform.set_pin("5678").unwrap();
    assert_eq!(platform.retries(), Ok((5, false)));
    // Nothing of the state before is left in the flash.
    let old = platform.key.store().load_state().unwrap().unwrap();
    assert!(old.credentials.is_empty() && old.unlock_record.is_none());
}
