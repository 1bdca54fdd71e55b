//! The platform's side of `authenticatorClientPIN`, as far as enrolment and `block_pin` need it.

use alloc::vec::Vec;

use crate::stack::clear_stack_below;
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::client_pin::{ClientPinRequest, ClientPinResponse, SubCommand};
use fido_unlock_protocol::pin_protocol::{CoseKey, PinProtocol, encapsulate, hash_pin};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::{Pin, SharedSecret};
use zeroize::Zeroizing;

use super::device::ctap_map;
use super::{ClientPinError, ClientPinRefusal};
use crate::ports::{Call, Transport};

/// What a status of `authenticatorClientPIN` means (CTAP 2.1 §6.5.5).
pub(super) fn meaning(status: CtapStatus) -> Option<ClientPinRefusal> {
    Some(match status {
        CtapStatus::PinInvalid => ClientPinRefusal::PinInvalid,
        CtapStatus::PinBlocked => ClientPinRefusal::PinBlocked,
        CtapStatus::PinAuthBlocked => ClientPinRefusal::PinAuthBlocked,
        CtapStatus::PinAuthInvalid => ClientPinRefusal::MacRefused,
        CtapStatus::PinNotSet => ClientPinRefusal::PinNotSet,
        CtapStatus::PinPolicyViolation => ClientPinRefusal::PinRefused,
        CtapStatus::UvBlocked => ClientPinRefusal::UvBlocked,
        CtapStatus::KeepaliveCancel => ClientPinRefusal::Cancelled,
        CtapStatus::InvalidCommand => ClientPinRefusal::NotSupported,
        _ => return None,
    })
}

/// One `authenticatorClientPIN` command.
///
/// # Errors
/// [`ClientPinError`].
pub fn client_pin(
    transport: &mut dyn Transport,
    request: &ClientPinRequest,
    call: &mut Call<'_>,
) -> Result<ClientPinResponse, ClientPinError> {
    let answer = transport.transact(&request.to_message(), call)?;
    let map = ctap_map(&answer, meaning)?;
    Ok(map
        .as_ref()
        .map(ClientPinResponse::from_value)
        .unwrap_or_default())
}

/// `getKeyAgreement`, then `encapsulate`: the platform key and the shared secret.
///
/// # Errors
/// [`ClientPinError`].
pub fn agree(
    transport: &mut dyn Transport,
    protocol: PinProtocol,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<(CoseKey, SharedSecret), ClientPinError> {
    let request = ClientPinRequest::new(SubCommand::GetKeyAgreement, Some(protocol));
    let answer = client_pin(transport, &request, call)?;
    let peer = answer
        .key_agreement
        .ok_or(ClientPinError::Malformed("no key agreement key"))?;
    Ok(encapsulate(protocol, &peer, entropy)?)
}

/// What a pinUvAuthToken is to be good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenScope<'a> {
    /// The bits of [`fido_unlock_protocol::ctap2::client_pin::permission`]; 0 asks for a token of CTAP 2.0
    /// (`getPinToken`).
    pub permissions: u8,
    /// The RP ID, which `mc` and `ga` require.
    pub rp_id: Option<&'a str>,
}

/// A pinUvAuthToken of 16 or 32 bytes, for a PIN.
///
/// # Errors
/// [`ClientPinError`]; the device refuses a wrong PIN.
pub fn get_pin_token(
    transport: &mut dyn Transport,
    protocol: PinProtocol,
    pin: &Pin,
    scope: TokenScope<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<Zeroizing<Vec<u8>>, ClientPinError> {
    let token = pin_token(transport, protocol, pin, scope, entropy, call);
    clear_stack_below();
    token
}

#[inline(never)]
fn pin_token(
    transport: &mut dyn Transport,
    protocol: PinProtocol,
    pin: &Pin,
    scope: TokenScope<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<Zeroizing<Vec<u8>>, ClientPinError> {
    let hash = hash_pin(super::new_pin::normalise(pin).as_bytes());
    let (secret, answer) = send_hash(transport, protocol, &hash, scope, entropy, call)?;
    let token = answer
        .pin_uv_auth_token
        .ok_or(ClientPinError::Malformed("no pinUvAuthToken"))?;
    let token = protocol
        .decrypt(&secret, &token)
        .map_err(|_| ClientPinError::Malformed("no pinUvAuthToken"))?;
    if matches!(token.len(), 16 | 32) {
        Ok(token)
    } else {
        Err(ClientPinError::Malformed("no pinUvAuthToken"))
    }
}

/// Sends a PIN hash for a token.
pub(super) fn send_hash(
    transport: &mut dyn Transport,
    protocol: PinProtocol,
    hash: &[u8; 16],
    scope: TokenScope<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<(SharedSecret, ClientPinResponse), ClientPinError> {
    let (platform_key, secret) = agree(transport, protocol, entropy, call)?;
    let sub_command = match scope.permissions {
        0 => SubCommand::GetPinToken,
        _ => SubCommand::GetPinUvAuthTokenUsingPinWithPermissions,
    };
    let mut request = ClientPinRequest::new(sub_command, Some(protocol));
    request.key_agreement = Some(platform_key);
    request.pin_hash_enc = Some(protocol.encrypt(&secret, hash, entropy)?);
    request.permissions = (scope.permissions != 0).then_some(scope.permissions);
    request.rp_id = scope.rp_id.map(Into::into);
    let answer = client_pin(transport, &request, call)?;
    Ok((secret, answer))
}
