//! What can go wrong in an unlock, as the person sees it: each with a number of its own. The help
//! desk's refusals are in `desk/refusals.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;

use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::UnlockDevice;
use fido_unlock::host::{EnrollPlan, PlannedKey, confirm_pin, diagnose, enroll};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{AdminKey, Challenge, ErrorCode, HasCode, Pin, Purpose, ResponseCode, Suite};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World, issuer_key};
use getrandom::SysRng;

const PROTOCOL: PinProtocol = PinProtocol::Two;

fn blocked() -> World {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PROTOCOL);
    world.block();
    world.device.replug();
    world
}

/// The unlock of a device with this response.
fn unlock(world: &World, response: &ResponseCode) -> ErrorCode {
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    world
        .unlock(&mut device, &session, response, NEW_PIN)
        .map_err(|error| error.code())
        .unwrap_err()
}

fn bad_pin() -> ErrorCode {
    World::new(Way::Hid, Suite::P256EcdhMac, PROTOCOL)
        .sign_in("not-the-pin")
        .unwrap_err()
        .code()
}

fn blocked_pin() -> ErrorCode {
    blocked().sign_in(OLD_PIN).unwrap_err().code()
}

fn wrong_confirmation() -> ErrorCode {
    let (pin, again) = (Pin::new("abc123".into()), Pin::new("abc132".into()));
    confirm_pin(&pin, &again).err().unwrap().code()
}

fn pin_refused_by_the_device() -> ErrorCode {
    let options = fido_unlock::ctap2::device_unlock::EnrollOptions::default();
    let world = World::with_authenticator(Way::Hid, Suite::P256EcdhMac, PROTOCOL, options, |builder| {
        builder.pin_complexity(true)
    });
    world.block();
    world.device.replug();
    unlock_with(&world, "777777")
}

fn pin_same_as_old() -> ErrorCode {
    let world = blocked();
    world.change_state(|state| state.force_pin_change = true);
    unlock_with(&world, OLD_PIN)
}

/// The right response with this PIN.
fn unlock_with(world: &World, pin: &str) -> ErrorCode {
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let told = world.unlock(&mut device, &session, &response, pin);
    told.unwrap_err().code()
}

fn counter_at_its_end() -> ErrorCode {
    let world = blocked();
    world.change_record(5, u32::MAX.into());
    let told = world.begin(&mut world.unlock_device(Interface::Vendor));
    told.unwrap_err().code()
}

fn response_for_another_device() -> ErrorCode {
    let (world, other) = (blocked(), blocked());
    let session = other.begin(&mut other.unlock_device(Interface::Vendor)).unwrap();
    unlock(&world, &other.respond(&session))
}

fn another_device_put_in() -> ErrorCode {
    let (world, other) = (blocked(), blocked());
    let session = world.begin(&mut world.unlock_device(Interface::Vendor)).unwrap();
    let mut device = other.unlock_device(Interface::Vendor);
    let told = world.unlock(&mut device, &session, &world.respond(&session), NEW_PIN);
    told.unwrap_err().code()
}

fn used_challenge() -> ErrorCode {
    let world = blocked();
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    let told = world.unlock(&mut device, &session, &response, OLD_PIN);
    told.unwrap_err().code()
}

fn renewed_challenge() -> ErrorCode {
    let world = blocked();
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    world
        .call(|call| session.clone().renew(&mut device, call))
        .unwrap();
    let told = world.unlock(&mut device, &session, &response, NEW_PIN);
    told.unwrap_err().code()
}

/// Renewed between the host's last look and its `unlock`: only the device can tell.
fn another_challenge_is_pending() -> ErrorCode {
    use fido_unlock::ctap2::device_unlock::{ChallengeRequest, ChallengeResponse, UnlockInfo, UnlockRequest};
    use fido_unlock::host::ports::Call;
    use fido_unlock::host::{CtapUnlockDevice, DeviceError};

    struct Raced<'a>(
        CtapUnlockDevice<Box<dyn fido_unlock::host::ports::Transport>>,
        &'a World,
    );

    impl UnlockDevice for Raced<'_> {
        fn info(&mut self, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
            self.0.info(call)
        }

        fn info_about(
            &mut self,
            challenge: &Challenge,
            call: &mut Call<'_>,
        ) -> Result<UnlockInfo, DeviceError> {
            self.0.info_about(challenge, call)
        }

        fn challenge(
            &mut self,
            request: &ChallengeRequest,
            call: &mut Call<'_>,
        ) -> Result<ChallengeResponse, DeviceError> {
            self.0.challenge(request, call)
        }

        fn unlock(&mut self, request: &UnlockRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError> {
            self.1.try_challenge(Interface::Fido, SLOT, true).unwrap();
            self.0.unlock(request, call)
        }
    }

    let world = blocked();
    let mut device = Raced(world.unlock_device(Interface::Vendor), &world);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let told = world.unlock(&mut device, &session, &response, NEW_PIN);
    told.unwrap_err().code()
}

fn five_wrong_responses() -> ErrorCode {
    let world = blocked();
    for _ in 0..5 {
        assert_eq!(world.wrong_response(Interface::Vendor), 0xF8);
    }
    let right = world.response_to(&world.challenge().challenge);
    unlock(&world, &right)
}

fn unlocked_device() -> ErrorCode {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PROTOCOL);
    let told = world.begin(&mut world.unlock_device(Interface::Vendor));
    told.unwrap_err().code()
}

fn unenrolled_device() -> ErrorCode {
    let world = World::unenrolled(Way::Hid, issuer_key(Suite::P256Ecdsa), PROTOCOL, |builder| {
        builder
    });
    world.set_pin(OLD_PIN);
    world.block();
    let told = world.begin(&mut world.unlock_device(Interface::Vendor));
    told.unwrap_err().code()
}

fn foreign_issuer() -> ErrorCode {
    let world = blocked();
    let own = issuer_key(Suite::P256EcdhMac).public().unwrap().fingerprint();
    let mut device = world.unlock_device(Interface::Vendor);
    let info = world.call(|call| device.info(call));
    diagnose(&info, &[own]).unwrap().condition.code()
}

fn sealed_device() -> ErrorCode {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PROTOCOL);
    enroll_one(&world, PlannedKey::P256EcdhMac(world.issuer.public().unwrap()))
}

fn enrolment_without_permission() -> ErrorCode {
    let issuer = issuer_key(Suite::P256EcdhMac);
    let public = issuer.public().unwrap();
    let world = World::unenrolled(Way::Hid, issuer, PROTOCOL, |builder| builder);
    world.set_pin(OLD_PIN);
    enroll_one(&world, PlannedKey::P256EcdhMac(public))
}

fn default_admin_key() -> ErrorCode {
    let world = World::unenrolled(Way::Hid, issuer_key(Suite::P256Ecdsa), PROTOCOL, |builder| {
        builder
    });
    let key = AdminKey::new(&[0; 24]).unwrap();
    let code = enroll_one(&world, PlannedKey::AesAdminKey(&key));
    assert!(!world.info(Interface::Fido).sealed);
    code
}

fn enroll_one(world: &World, key: PlannedKey<'_>) -> ErrorCode {
    let plan = EnrollPlan {
        slots: &[(SLOT, key)],
        options: Default::default(),
        protocol: PROTOCOL,
        token: None,
    };
    let mut device = world.unlock_device(Interface::Fido);
    let told = world.call(|call| enroll(&mut device, &plan, &mut SysRng, call));
    told.unwrap_err().code()
}

fn failed_probe() -> ErrorCode {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PROTOCOL);
    let mut device = world.unlock_device(Interface::Fido);
    let told = world.call(|call| {
        let respond = |p: &fido_unlock::ctap2::device_unlock::ProbeChallenge| {
            let fields = world.fields(&p.challenge, Purpose::Authorise);
            Ok::<_, fido_unlock::host::ProbeError>(world.issuer.respond(&fields).unwrap())
        };
        fido_unlock::host::probe(&mut device, SLOT, respond, call)
    });
    told.err().unwrap().code()
}

#[test]
fn each_refusal_has_its_own_number_text_and_next_step() {
    let table: [(fn() -> ErrorCode, ErrorCode); 21] = [
        (bad_pin, ErrorCode::PinInvalid),
        (blocked_pin, ErrorCode::PinBlocked),
        (wrong_confirmation, ErrorCode::PinConfirmation),
        (pin_refused_by_the_device, ErrorCode::PinRefusedByDevice),
        (pin_same_as_old, ErrorCode::PinSameAsOld),
        (counter_at_its_end, ErrorCode::CounterAtEnd),
        (response_for_another_device, ErrorCode::ResponseWrong),
        (another_device_put_in, ErrorCode::OtherDevice),
        (used_challenge, ErrorCode::ChallengeUsed),
        (renewed_challenge, ErrorCode::ChallengeRenewed),
        (another_challenge_is_pending, ErrorCode::ChallengePending),
        (five_wrong_responses, ErrorCode::TooManyWrongResponses),
        (unlocked_device, ErrorCode::DeviceNotLocked),
        (unenrolled_device, ErrorCode::DeviceNotEnrolled),
        (foreign_issuer, ErrorCode::ForeignIssuer),
        (sealed_device, ErrorCode::Sealed),
        (enrolment_without_permission, ErrorCode::EnrolmentRefused),
        (default_admin_key, ErrorCode::AdminKeyDefault),
        (failed_probe, ErrorCode::ProbeFailed),
        (code_of_another_kind, ErrorCode::CodeKind),
        (code_with_a_typing_error, ErrorCode::CodeCheck),
    ];
    let mut numbers = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for (provoke, expected) in table {
        let code = provoke();
        assert_eq!(code, expected);
        assert_eq!(numbers.insert(code.number(), code), None);
        assert_eq!(texts.insert(code.message(), code), None);
        assert!(!code.next_step().is_empty());
    }
}

fn code_of_another_kind() -> ErrorCode {
    let world = blocked();
    let Challenge::Line(line) = world.challenge().challenge else {
        panic!()
    };
    // The challenge typed where the Response Code belongs.
    let typed = line.to_string();
    ResponseCode::parse(Suite::P256EcdhMac, &typed)
        .err()
        .unwrap()
        .code()
}

fn code_with_a_typing_error() -> ErrorCode {
    let world = blocked();
    let code = world.response_to(&world.challenge().challenge).expose_code();
    let first = if code.starts_with('7') { "8" } else { "7" };
    let typed = format!("{first}{}", &code[1..]);
    ResponseCode::parse(Suite::P256EcdhMac, &typed)
        .err()
        .unwrap()
        .code()
}
