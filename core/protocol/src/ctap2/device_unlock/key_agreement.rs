//! `getKeyAgreement`: the unlock's own key agreement key, for what is encrypted to the device in `enroll`. FIDO
//! interface only; `getChallenge` gives the same key.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::map::field;
use super::{MalformedAnswer, SubCommand, key, message};
use crate::ctap2::CtapStatus;
use crate::ctap2::cbor::Value;
use crate::pin_protocol::{CoseKey, PinProtocol};

/// `getKeyAgreement`'s request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAgreementRequest {
    /// Key 3: whose key is wanted.
    pub protocol: PinProtocol,
}

impl KeyAgreementRequest {
    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        message(&Value::int_map([
            (key::SUB_COMMAND, SubCommand::GetKeyAgreement.value()),
            (key::PIN_UV_AUTH_PROTOCOL, Some(self.protocol.number().into())),
        ]))
    }

    /// The parameter, on the device.
    ///
    /// # Errors
    /// The status to answer: CTAP2_ERR_MISSING_PARAMETER, CTAP2_ERR_CBOR_UNEXPECTED_TYPE, or
    /// CTAP1_ERR_INVALID_PARAMETER for another protocol than 1 and 2.
    pub fn from_value(map: &Value) -> Result<Self, CtapStatus> {
        let number = field(map, key::PIN_UV_AUTH_PROTOCOL, Value::as_u64)?;
        let protocol = PinProtocol::from_number(number).ok_or(CtapStatus::InvalidParameter)?;
        Ok(Self { protocol })
    }
}

/// `getKeyAgreement`'s answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAgreementResponse {
    /// Key 5, as in `getChallenge`.
    pub key_agreement: CoseKey,
}

impl KeyAgreementResponse {
    /// The answer's map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::int_map([(5, Some(self.key_agreement.to_value()))])
    }

    /// From the answer's map.
    ///
    /// # Errors
    /// [`MalformedAnswer`].
    pub fn from_value(map: &Value) -> Result<Self, MalformedAnswer> {
        let wrong = MalformedAnswer("getKeyAgreement: the key is missing or wrong");
        let key_agreement = CoseKey::from_value(map.get(5).ok_or(wrong)?).map_err(|_| wrong)?;
        Ok(Self { key_agreement })
    }
}
