//! What an authenticator needs of fido-unlock-protocol, where there is no heap: a crate that links `alloc`
//! fails this build, since nobody gives it a global allocator.
//!
//! Built by `cargo xtask firmware` on every CI run.
#![no_std]

use core::panic::PanicInfo;

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::device_unlock::{response_length, unlock_auth_parts};
use fido_unlock_protocol::pin_protocol::{CoseKey, KeyAgreementKey, PinProtocol, hash_pin, unpad_pin};
use fido_unlock_protocol::suite::{DeviceSecretKey, DeviceVerifier, IssuerPublicKey};
use fido_unlock_protocol::{Challenge, DeviceId, Purpose, ResponseCode, Suite};
use zeroize::Zeroizing;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// What a host sent, under PIN/UV auth protocol two; each as long as the protocol says.
#[repr(C)]
pub struct Request {
    protocol: u8,
    platform_key: [[u8; 32]; 2],
    new_pin_enc: [u8; 80],
    pin_uv_auth_param: [u8; 32],
    response: [u8; 13],
}

/// What a device keeps.
#[repr(C)]
pub struct Kept {
    device_id: [u8; 10],
    device_key: [u8; 32],
    issuer: [u8; 33],
    challenge: [u8; 18],
    key_agreement: [u8; 32],
}

/// The cryptography of one unlock in suite 2: a CTAP status, and the new PIN's hash where it is 0.
#[unsafe(no_mangle)]
pub extern "C" fn judge(kept: &Kept, request: &Request, pin_hash: &mut [u8; 16]) -> u8 {
    match try_judge(kept, request) {
        Ok(hash) => {
            *pin_hash = hash;
            0
        }
        Err(status) => status.byte(),
    }
}

fn try_judge(kept: &Kept, request: &Request) -> Result<[u8; 16], CtapStatus> {
    let wrong = CtapStatus::InvalidParameter;
    let protocol = PinProtocol::from_number(request.protocol.into()).ok_or(wrong)?;
    let own = KeyAgreementKey::from_scalar(&kept.key_agreement).ok_or(CtapStatus::StoreFailed)?;
    let [x, y] = request.platform_key;
    let secret = own.decapsulate(protocol, &CoseKey { x, y }).map_err(|_| wrong)?;
    let length = response_length(&request.response);
    let parts = unlock_auth_parts(&kept.challenge, &length, &request.response, &request.new_pin_enc);
    if !protocol.verify_parts(&secret, &parts, &request.pin_uv_auth_param) {
        return Err(CtapStatus::PinAuthInvalid);
    }
    let mut plain = Zeroizing::new([0; 64]);
    let padded = protocol
        .decrypt_into(&secret, &request.new_pin_enc, &mut *plain)
        .map_err(|_| wrong)?;
    let pin = unpad_pin(padded).ok_or(CtapStatus::PinPolicyViolation)?;

    let issuer = IssuerPublicKey::from_compressed(&kept.issuer).map_err(|_| CtapStatus::StoreFailed)?;
    let device_key = DeviceSecretKey::from_bytes(&kept.device_key).ok_or(CtapStatus::StoreFailed)?;
    let verifier = DeviceVerifier::P256EcdhMac {
        issuer: &issuer,
        device_key: &device_key,
    };
    let challenge =
        Challenge::from_bytes(Suite::P256EcdhMac, &kept.challenge).map_err(|_| CtapStatus::StoreFailed)?;
    let response = ResponseCode::from_bytes(Suite::P256EcdhMac, &request.response)
        .map_err(|_| CtapStatus::WrongResponse)?;
    let device_id = DeviceId::from_bytes(kept.device_id);
    if verifier.verify_response(Purpose::Authorise, device_id, &challenge, &response) {
        Ok(*hash_pin(pin))
    } else {
        Err(CtapStatus::WrongResponse)
    }
}
