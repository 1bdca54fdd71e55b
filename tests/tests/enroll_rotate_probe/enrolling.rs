//! Who may enrol, when, and with what.

use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::ctap2::device_unlock::{
    EnrollKey, EnrollOptions, EnrollRequest, EnrollResponse, EnrollSlot, key, pad_admin_key,
};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::{PinProtocol, encapsulate};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{AdminKey, Suite};
use fido_unlock_mock::Touch;
use fido_unlock_mock::authenticator::{Builder, FailingEntropy};
use fido_unlock_tests::bare::message;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World, issuer_key};
use getrandom::SysRng;

fn fresh() -> World {
    fresh_with(|builder| builder)
}

fn fresh_with(build: impl FnOnce(Builder) -> Builder) -> World {
    World::unenrolled(Way::Hid, issuer_key(Suite::P256EcdhMac), PinProtocol::Two, build)
}

fn request(slots: Vec<EnrollSlot>) -> EnrollRequest {
    EnrollRequest {
        slots,
        options: EnrollOptions::default(),
        protocol: None,
        platform_key: None,
        pin_uv_auth_param: None,
    }
}

fn slot(slot: u8, issuer: &IssuerKey) -> EnrollSlot {
    let public = issuer.public().unwrap();
    let key = match issuer.suite() {
        Suite::P256Ecdsa => EnrollKey::P256Ecdsa(public),
        _ => EnrollKey::P256EcdhMac(public),
    };
    EnrollSlot { slot, key }
}

fn enroll(world: &World, request: &EnrollRequest) -> u8 {
    world.status(Interface::Fido, &request.to_message())
}

// M-2.6-5
#[test]
fn an_empty_device_is_enrolled_once_and_sealed() {
    let world = fresh();
    let right = request(vec![slot(SLOT, &world.issuer)]);
    assert!(!world.info(Interface::Fido).sealed);
    assert_eq!(enroll(&world, &right), 0);
    let info = world.info(Interface::Fido);
    assert!(info.sealed);
    assert_eq!(
        info.slots[0].fingerprint,
        Some(world.issuer.public().unwrap().fingerprint())
    );
    for _ in 0..2 {
        assert_eq!(enroll(&world, &right), 0x30);
        world.device.replug();
    }
    assert_eq!(world.info(Interface::Fido), info);
    // Not with the PIN's permission either.
    world.set_pin(OLD_PIN);
    assert_eq!(enroll(&world, &authorised(&world, right, OLD_PIN)), 0x30);
}

/// The request under a pinUvAuthToken with `acfg`.
fn authorised(world: &World, request: EnrollRequest, pin: &str) -> EnrollRequest {
    with_token(world, request, pin, permission::AUTHENTICATOR_CONFIG)
}

fn with_token(world: &World, mut request: EnrollRequest, pin: &str, permissions: u8) -> EnrollRequest {
    let rp_id = (permissions & 3 != 0).then_some("example.com");
    let token = world.token(pin, permissions, rp_id).unwrap();
    request.protocol = Some(world.protocol);
    let param = world
        .protocol
        .authenticate_with_key(&token, &request.auth_message());
    request.pin_uv_auth_param = Some(param.unwrap());
    request
}

// M-2.6-3 M-2.6-6
#[test]
fn with_a_pin_or_a_credential_only_the_acfg_permission_enrols() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let mut world = World::unenrolled(Way::Hid, issuer_key(Suite::P256Ecdsa), protocol, |builder| {
            builder
        });
        let plain = || request(vec![slot(SLOT, &world.issuer)]);
        world.set_pin(OLD_PIN);
        assert_eq!(enroll(&world, &plain()), 0x36, "a PIN is set");
        for permissions in [permission::MAKE_CREDENTIAL, permission::GET_ASSERTION] {
            let other = with_token(&world, plain(), OLD_PIN, permissions);
            assert_eq!(enroll(&world, &other), 0x33, "{permissions}");
        }
        let mut wrong = authorised(&world, plain(), OLD_PIN);
        wrong.pin_uv_auth_param.as_mut().unwrap()[0] ^= 1;
        assert_eq!(enroll(&world, &wrong), 0x33);
        let mut without_protocol = authorised(&world, plain(), OLD_PIN);
        without_protocol.protocol = None;
        assert_eq!(enroll(&world, &without_protocol), 0x14);
        // Everything that decides something is under the MAC.
        let mut changed = authorised(&world, plain(), OLD_PIN);
        changed.options.vendor_interface_off = true;
        assert_eq!(enroll(&world, &changed), 0x33);
        let mut changed = authorised(&world, plain(), OLD_PIN);
        changed.slots[0].slot = 2;
        assert_eq!(enroll(&world, &changed), 0x33);
        assert_eq!(enroll(&world, &authorised(&world, plain(), OLD_PIN)), 0);
        world.make_passkey(OLD_PIN);
    }
    // A credential without a PIN.
    let world = fresh();
    world.change_state(|state| state.credential_made = true);
    assert_eq!(enroll(&world, &request(vec![slot(SLOT, &world.issuer)])), 0x36);
}

// M-2.6-8
#[test]
fn enrolment_wants_a_touch() {
    for (touch, status) in [(Touch::Never, 0x2F), (Touch::Refused, 0x27), (Touch::After(2), 0)] {
        let world = fresh();
        world.touch().set(touch);
        assert_eq!(enroll(&world, &request(vec![slot(SLOT, &world.issuer)])), status);
        assert_eq!(world.info(Interface::Fido).sealed, status == 0);
    }
}

// M-2.6-7
#[test]
fn slots_and_keys_are_all_different_and_there_is_one_at_least() {
    let world = fresh();
    let (a, b) = (issuer_key(Suite::P256EcdhMac), issuer_key(Suite::P256Ecdsa));
    let same_point = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &a.expose_p256_scalar().unwrap()).unwrap();
    for (name, slots) in [
        ("none", vec![]),
        ("one slot twice", vec![slot(1, &a), slot(1, &b)]),
        ("one key in two slots", vec![slot(1, &a), slot(2, &a)]),
        ("one key for two suites", vec![slot(1, &a), slot(2, &same_point)]),
        ("slot 16", vec![slot(16, &a)]),
    ] {
        assert_eq!(enroll(&world, &request(slots)), 0x02, "{name}");
        assert!(!world.info(Interface::Fido).sealed, "{name}");
    }
}

/// As many as `getInfo` tells; twelve keys fit a message of 1024 bytes, and thirteen do not.
// M-2.2-3
#[test]
fn a_device_takes_as_many_slots_as_it_tells() {
    for most in [2, 5, 12] {
        let world = fresh_with(|builder| builder.max_slots(most));
        assert_eq!(world.info(Interface::Fido).max_slots, most);
        let slots = |count: u8| {
            let all = (0..count).map(|number| slot(15 - number, &issuer_key(Suite::P256Ecdsa)));
            request(all.collect())
        };
        assert_eq!(enroll(&world, &slots(most + 1)), 0x02, "{most}");
        assert!(!world.info(Interface::Fido).sealed);
        assert_eq!(enroll(&world, &slots(most)), 0, "{most}");
        assert_eq!(world.info(Interface::Fido).slots.len(), usize::from(most));
    }
    let world = fresh();
    world.set_pin(OLD_PIN);
    let whole = |count: u8| {
        let all = (0..count).map(|number| slot(number, &issuer_key(Suite::P256Ecdsa)));
        let mut request = request(all.collect());
        let peer = world.unlock_key(PinProtocol::Two);
        request.platform_key = Some(encapsulate(PinProtocol::Two, &peer, &mut SysRng).unwrap().0);
        request.options = EnrollOptions {
            vendor_interface_off: true,
            force_pin_change: true,
        };
        authorised(&world, request, OLD_PIN).to_message().len()
    };
    assert!(
        whole(12) <= 1024 && whole(13) > 1024,
        "{} {}",
        whole(12),
        whole(13)
    );
}

// M-2.6-4
#[test]
fn a_key_is_a_point_on_the_curve() {
    let world = fresh();
    let right = slot(1, &world.issuer);
    let EnrollKey::P256EcdhMac(public) = &right.key else {
        panic!()
    };
    let wire = public.to_wire();
    let mut off_curve = wire;
    off_curve[63] ^= 1;
    let mut above_p = wire;
    above_p[..32].fill(0xFF);
    for (name, bytes) in [
        ("off the curve", off_curve.to_vec()),
        ("infinity", vec![0]),
        ("zeros", vec![0; 64]),
        ("x above p", above_p.to_vec()),
        ("compressed", public.as_compressed().to_vec()),
        ("SEC 1, uncompressed", [&[4], &wire[..]].concat()),
        ("63 bytes", wire[..63].to_vec()),
        ("none", vec![]),
    ] {
        for suite in [1u64, 2] {
            let map = Value::int_map([
                (key::SUB_COMMAND, Some(5u64.into())),
                (key::SLOTS, Some(vec![raw_slot(suite, &bytes)].into())),
            ]);
            assert_eq!(
                world.status(Interface::Fido, &message(&map)),
                0x02,
                "{name} {suite}"
            );
        }
    }
    for suite in [0u64, 4, 15, 256] {
        let map = Value::int_map([
            (key::SUB_COMMAND, Some(5u64.into())),
            (key::SLOTS, Some(vec![raw_slot(suite, &public.to_wire())].into())),
        ]);
        assert_eq!(
            world.status(Interface::Fido, &message(&map)),
            0x02,
            "suite {suite}"
        );
    }
}

fn raw_slot(suite: u64, bytes: &[u8]) -> Value {
    Value::int_map([
        (1, Some(1u64.into())),
        (2, Some(suite.into())),
        (3, Some(Value::bytes(bytes))),
    ])
}

/// It would not be under the MAC.
// M-2.6-1
#[test]
fn a_parameter_that_the_device_does_not_know_is_refused() {
    let world = fresh();
    let right = || {
        let Value::Map(entries) =
            Value::parse(&request(vec![slot(1, &world.issuer)]).to_message()[1..]).unwrap()
        else {
            panic!()
        };
        entries
    };
    let send = |entries| world.status(Interface::Fido, &message(&Value::Map(entries)));
    let mut more = right();
    more.push((Value::from(20u64), Value::from(1u64)));
    assert_eq!(send(more), 0x02);
    let mut option = right();
    let options = Value::int_map([(7, Some(true.into()))]);
    option.push((Value::Unsigned(11), options));
    assert_eq!(send(option), 0x02);
    assert_eq!(send(right()), 0);
}

fn admin(world: &World, number: u8, key: &AdminKey, protocol: PinProtocol) -> EnrollRequest {
    let peer = world.unlock_key(protocol);
    let (platform_key, secret) = encapsulate(protocol, &peer, &mut SysRng).unwrap();
    let encrypted = protocol
        .encrypt(&secret, &pad_admin_key(key), &mut SysRng)
        .unwrap();
    let mut request = request(vec![EnrollSlot {
        slot: number,
        key: EnrollKey::AesAdminKey(encrypted),
    }]);
    request.protocol = Some(protocol);
    request.platform_key = Some(platform_key);
    request
}

fn admin_key(bytes: &[u8]) -> AdminKey {
    AdminKey::new(bytes).unwrap()
}

#[test]
fn an_admin_key_goes_in_encrypted_and_of_each_length() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        for length in [16, 24, 32] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * i * 7 + 3) as u8).collect();
            let issuer = IssuerKey::admin_key(admin_key(&bytes));
            let mut world = World::unenrolled(Way::Hid, issuer, protocol, |builder| builder);
            let request = admin(&world, SLOT, &admin_key(&bytes), protocol);
            let sent = request.to_message();
            assert!(
                !sent.windows(8).any(|part| part == &bytes[..8]),
                "never in the clear"
            );
            let (status, map) = world.send(Interface::Fido, &sent);
            assert_eq!(status, 0);
            let enrolled = EnrollResponse::from_value(&map.unwrap()).unwrap();
            world.device_id = enrolled.device_id;
            world.set_pin(OLD_PIN);
            world.make_passkey(OLD_PIN);
            world.block();
            world.device.replug();
            assert_eq!(world.info(Interface::Fido).slots[0].fingerprint, None);
            assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
            world.sign_in(NEW_PIN).unwrap();
        }
    }
}

// M-2.6-7
#[test]
fn an_admin_key_that_the_world_knows_or_that_is_garbled_is_refused() {
    let world = fresh();
    let known: [&[u8]; 4] = [
        &[0; 24],
        &[0xFF; 32],
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
        ],
        b"\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4A\x4B\x4C\x4D\x4E\x4F",
    ];
    for bytes in known {
        let request = admin(&world, 1, &admin_key(bytes), PinProtocol::Two);
        assert_eq!(enroll(&world, &request), 0x02, "{bytes:02x?}");
    }
    let right = admin_key(b"sixteen8byteskey");
    let other_secret = {
        let mut request = admin(&world, 1, &right, PinProtocol::Two);
        let again = admin(&world, 1, &right, PinProtocol::Two);
        request.platform_key = again.platform_key;
        request
    };
    assert_eq!(enroll(&world, &other_secret), 0x02, "another secret");
    let mut cut = admin(&world, 1, &right, PinProtocol::Two);
    let EnrollKey::AesAdminKey(bytes) = &mut cut.slots[0].key else {
        panic!()
    };
    bytes.truncate(48);
    assert_eq!(enroll(&world, &cut), 0x02, "another length");
    let mut no_key = admin(&world, 1, &right, PinProtocol::Two);
    no_key.platform_key = None;
    assert_eq!(enroll(&world, &no_key), 0x14);
    let mut no_protocol = admin(&world, 1, &right, PinProtocol::Two);
    no_protocol.protocol = None;
    assert_eq!(enroll(&world, &no_protocol), 0x14);
    let mut twice = admin(&world, 1, &right, PinProtocol::Two);
    let again = twice.slots[0].clone();
    twice.slots.push(EnrollSlot { slot: 2, ..again });
    assert_eq!(enroll(&world, &twice), 0x02, "one key in two slots");
    assert!(!world.info(Interface::Fido).sealed);
    assert_eq!(enroll(&world, &admin(&world, 1, &right, PinProtocol::Two)), 0);
}

/// Where the protocol is used, and after who may enrol was judged (docs/protocol.md, section 2.6).
#[test]
fn a_protocol_that_the_device_does_not_list_is_refused() {
    let world = fresh();
    let mut wrapped = admin(&world, 1, &admin_key(b"a key of its own"), PinProtocol::Two);
    wrapped.protocol = Some(PinProtocol::One);
    assert_eq!(enroll(&world, &wrapped), 0x02);
    // What is missing for one slot counts before what is wrong with another.
    let mut twice = request(vec![slot(1, &world.issuer), slot(1, &world.issuer)]);
    assert_eq!(enroll(&world, &twice), 0x02);
    twice.slots.append(&mut wrapped.slots.clone());
    assert_eq!(enroll(&world, &twice), 0x14);
    world.set_pin(OLD_PIN);
    assert_eq!(enroll(&world, &wrapped), 0x36);
    let mut signed = authorised(&world, request(vec![slot(1, &world.issuer)]), OLD_PIN);
    signed.protocol = Some(PinProtocol::One);
    assert_eq!(enroll(&world, &signed), 0x33);
    signed.protocol = Some(PinProtocol::Two);
    assert_eq!(enroll(&world, &signed), 0);
}

/// No weak Device ID and no weak key: without entropy nothing is enrolled.
// M-2.6-9
#[test]
fn without_entropy_nothing_is_enrolled() {
    // One fill is the master secret of the fresh device.
    for fills in 1..3 {
        let world = fresh_with(|builder| builder.entropy(FailingEntropy::after(fills)));
        assert_eq!(
            enroll(&world, &request(vec![slot(1, &world.issuer)])),
            0x7F,
            "{fills}"
        );
        assert!(!world.info(Interface::Fido).sealed);
    }
    let world = fresh_with(|builder| builder.entropy(FailingEntropy::after(3)));
    assert_eq!(enroll(&world, &request(vec![slot(1, &world.issuer)])), 0);
}

#[test]
fn each_device_has_a_name_and_a_key_of_its_own() {
    let issuer = issuer_key(Suite::P256EcdhMac);
    let mut seen = Vec::new();
    for _ in 0..8 {
        let world = fresh();
        let (_, map) = world.send(Interface::Fido, &request(vec![slot(1, &issuer)]).to_message());
        let enrolled = EnrollResponse::from_value(&map.unwrap()).unwrap();
        for other in &seen {
            let other: &EnrollResponse = other;
            assert_ne!(other.device_id, enrolled.device_id);
            assert_ne!(other.device_key, enrolled.device_key);
        }
        seen.push(enrolled);
    }
}
