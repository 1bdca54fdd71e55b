//! What each status means in each step, in the step's own type and by its number.

use std::collections::{BTreeMap, BTreeSet};

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::ctap2::client_pin::{self, ClientPinRequest};
use fido_unlock::ctap2::device_unlock::{
    ChallengeRequest, EnrollOptions, ProbeChallenge, RotateRequest, UnlockRequest,
};
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, Transport, TransportError, UnlockDevice};
use fido_unlock::host::{
    ClientPinError, ClientPinRefusal, CtapUnlockDevice, DeviceError, DeviceRefusal, EnrollError, EnrollPlan,
    EnrollRefusal, PlannedKey, ProbeError, RotateError, RotateRefusal, client_pin as send_client_pin, enroll,
    probe, rotate_issuer,
};
use fido_unlock::pin_protocol::{CoseKey, PinProtocol};
use fido_unlock::{Challenge, ErrorCode, HasCode, ResponseCode, Suite};
use fido_unlock_mock::TestTicks;
use fido_unlock_tests::{SLOT, issuer_key};
use getrandom::SysRng;

/// Answers every message with one status.
struct Always(u8);

impl Transport for Always {
    fn transact(&mut self, _: &[u8], _: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        Ok(vec![self.0])
    }
}

fn ask<R>(status: u8, work: impl FnOnce(&mut CtapUnlockDevice<Always>, &mut Call<'_>) -> R) -> R {
    let ticks = TestTicks::new();
    let mut progress = NoProgress;
    let mut call = Call::new(&ticks, Call::QUICK, &NeverCancel, &mut progress);
    work(&mut CtapUnlockDevice::new(Always(status)), &mut call)
}

fn information(status: u8) -> DeviceError {
    ask(status, |device, call| device.info(call)).unwrap_err()
}

fn challenge(status: u8) -> DeviceError {
    let request = ChallengeRequest {
        slot: SLOT,
        protocol: PinProtocol::Two,
        renew: false,
    };
    ask(status, |device, call| device.challenge(&request, call)).unwrap_err()
}

fn probing(status: u8) -> ProbeError {
    let never = |_: &ProbeChallenge| -> Result<ResponseCode, ProbeError> { panic!("no challenge came") };
    ask(status, |device, call| probe(device, SLOT, never, call))
        .err()
        .unwrap()
}

fn enrolling(status: u8) -> EnrollError {
    let public = issuer_key(Suite::P256EcdhMac).public().unwrap();
    let plan = EnrollPlan {
        slots: &[(SLOT, PlannedKey::P256EcdhMac(public))],
        options: EnrollOptions::default(),
        protocol: PinProtocol::Two,
        token: None,
    };
    ask(status, |device, call| enroll(device, &plan, &mut SysRng, call))
        .err()
        .unwrap()
}

/// With an admin key, so that the key agreement comes first.
fn agreeing(status: u8) -> EnrollError {
    let issuer = issuer_key(Suite::AesAdminKey);
    let plan = EnrollPlan {
        slots: &[(SLOT, PlannedKey::AesAdminKey(issuer.expose_admin_key().unwrap()))],
        options: EnrollOptions::default(),
        protocol: PinProtocol::Two,
        token: None,
    };
    ask(status, |device, call| enroll(device, &plan, &mut SysRng, call))
        .err()
        .unwrap()
}

fn rotating(status: u8) -> RotateError {
    let request = RotateRequest {
        slot: SLOT,
        new_key: None,
        authorising_slot: SLOT,
        authorisation: &[0; 32],
        new_authorisation: None,
    };
    ask(status, |device, call| rotate_issuer(device, &request, call)).unwrap_err()
}

fn unlocking(status: u8) -> DeviceError {
    let response = ResponseCode::from_bytes(Suite::AesAdminKey, &[7; 16]).unwrap();
    let request = UnlockRequest {
        challenge: Challenge::from_bytes(Suite::AesAdminKey, &[SLOT; 16]).unwrap(),
        response: &response,
        protocol: PinProtocol::Two,
        platform_key: CoseKey {
            x: [0; 32],
            y: [0; 32],
        },
        new_pin_enc: vec![0; 80],
        pin_uv_auth_param: vec![0; 32],
    };
    ask(status, |device, call| device.unlock(&request, call)).unwrap_err()
}

fn client_pin(status: u8) -> ClientPinError {
    let request = ClientPinRequest::new(client_pin::SubCommand::GetPinRetries, None);
    ask(status, |device, call| {
        send_client_pin(device.transport(), &request, call)
    })
    .err()
    .unwrap()
}

/// What every subcommand's status means.
fn of_any(status: u8) -> ErrorCode {
    match status {
        0x01 | 0x3E => ErrorCode::NotSupported,
        0x06 => ErrorCode::Busy,
        0x27 => ErrorCode::TouchRefused,
        0x2D => ErrorCode::Cancelled,
        0x2F | 0x3A => ErrorCode::TouchTimedOut,
        0x33 => ErrorCode::MacRefused,
        0x34 => ErrorCode::PinAuthBlocked,
        0x37 => ErrorCode::PinRefusedByDevice,
        0x39 => ErrorCode::MessageTooLarge,
        0x3B => ErrorCode::RenewRefused,
        0x7F => ErrorCode::NoEntropy,
        0xF9 => ErrorCode::DeviceNotEnrolled,
        0xFA => ErrorCode::ChallengePending,
        0xFB => ErrorCode::StoreBroken,
        0xFC => ErrorCode::CounterAtEnd,
        _ => ErrorCode::UnexpectedStatus,
    }
}

// M-4-1
#[test]
fn the_protocol_s_table_is_what_the_host_tells() {
    let text = include_str!("../../../docs/protocol.md");
    let (_, table) = text.split_once("| status | getInfo | getChallenge |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut rows = BTreeMap::new();
    for row in table.lines().skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let numbers: Vec<u16> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        for status in cells[0].split(", ") {
            let status = u8::from_str_radix(status.strip_prefix("0x").unwrap(), 16).unwrap();
            assert_eq!(rows.insert(status, numbers.clone()), None, "{status:#04x} twice");
        }
    }
    assert!(rows.len() > 15, "{rows:?}");
    for status in 1..=255 {
        let told = [
            information(status).code(),
            challenge(status).code(),
            unlocking(status).code(),
            probing(status).code(),
            enrolling(status).code(),
            rotating(status).code(),
            agreeing(status).code(),
        ]
        .map(|code| code.number());
        let row = rows.get(&status).cloned().unwrap_or_else(|| vec![119; 7]);
        assert_eq!(told.to_vec(), row, "{status:#04x}");
    }
}

/// `unlock` is in `answers.rs`.
// M-4-1
#[test]
fn each_status_of_each_step_has_its_number() {
    for status in 1..=255 {
        let any = of_any(status);
        assert_eq!(information(status).code(), any, "{status:#04x}");
        let of_challenge = match status {
            0x30 => ErrorCode::DeviceNotLocked,
            0x02 => ErrorCode::SuiteNotEnrolled,
            _ => any,
        };
        assert_eq!(challenge(status).code(), of_challenge, "{status:#04x}");
        let of_probe = match status {
            0xF8 => ErrorCode::ProbeFailed,
            0x02 => ErrorCode::SuiteNotEnrolled,
            _ => any,
        };
        assert_eq!(probing(status).code(), of_probe, "{status:#04x}");
        let of_enroll = match status {
            0x30 => ErrorCode::Sealed,
            0x36 | 0x40 => ErrorCode::EnrolmentRefused,
            _ => any,
        };
        assert_eq!(enrolling(status).code(), of_enroll, "{status:#04x}");
        assert_eq!(agreeing(status).code(), any, "{status:#04x}");
        let of_rotation = match status {
            0xF8 => ErrorCode::RotationRefused,
            _ => any,
        };
        assert_eq!(rotating(status).code(), of_rotation, "{status:#04x}");
        let of_client_pin = match status {
            0x31 => ErrorCode::PinInvalid,
            0x32 => ErrorCode::PinBlocked,
            0x33 => ErrorCode::MacRefused,
            0x34 => ErrorCode::PinAuthBlocked,
            0x35 => ErrorCode::PinNotSet,
            0x37 => ErrorCode::PinRefusedByDevice,
            0x3C => ErrorCode::UvBlocked,
            0x2D => ErrorCode::Cancelled,
            0x01 => ErrorCode::NotSupported,
            _ => ErrorCode::UnexpectedStatus,
        };
        assert_eq!(client_pin(status).code(), of_client_pin, "{status:#04x}");
    }
}

// M-2-7
#[test]
fn a_status_without_a_meaning_here_stays_visible() {
    for status in 1..=255 {
        let kept = CtapStatus::from_byte(status).unwrap_err();
        if of_any(status) == ErrorCode::UnexpectedStatus {
            assert_eq!(information(status), DeviceError::Status(kept));
            let text = information(status).to_string();
            assert!(text.contains(&format!("0x{status:02X}")), "{text}");
        }
    }
}

/// What only one step knows is that step's own; and nothing in a type is there that no device says.
#[test]
fn each_refusal_of_a_device_comes_from_a_status() {
    assert_eq!(enrolling(0x30), EnrollRefusal::Sealed.into());
    assert_eq!(enrolling(0x36), EnrollRefusal::NotPermitted.into());
    assert_eq!(probing(0xF8), ProbeError::Failed);
    assert_eq!(rotating(0xF8), RotateRefusal::Proof.into());

    let said = |error: DeviceError| match error {
        DeviceError::Refused(refusal) => Some(refusal),
        _ => None,
    };
    let mut seen: BTreeSet<_> = (1..=255)
        .flat_map(|status| [said(information(status)), said(challenge(status))])
        .flatten()
        .map(|refusal| refusal.code())
        .collect();
    // Of `unlock` alone, in `answers.rs`; and of devices that speak no CTAP.
    for refusal in [
        DeviceRefusal::TooManyWrongResponses,
        DeviceRefusal::WrongResponse,
        DeviceRefusal::Unexpected,
    ] {
        assert!(seen.insert(refusal.code()), "{refusal:?}");
    }
    let all = DeviceRefusal::ALL.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(seen, all);

    let seen: BTreeSet<_> = (1..=255)
        .map(|status| client_pin(status).code())
        .filter(|code| *code != ErrorCode::UnexpectedStatus)
        .collect();
    let all = ClientPinRefusal::ALL.iter().map(|refusal| refusal.code());
    assert_eq!(seen, all.collect());
}
