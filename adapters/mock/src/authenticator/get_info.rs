//! `authenticatorGetInfo` (CTAP 2.1 §6.4).

use fido_unlock_protocol::ctap2::cbor::Value;

use super::config::MAX_RP_IDS;
use super::large_blobs::MAX_LARGE_BLOBS;
use super::pin::MAX_PIN_LENGTH;
use super::{Answer, SoftAuthenticator};
use crate::state::ID_LENGTH;

/// The AAGUID of this model.
pub const AAGUID: [u8; 16] = *b"fido-unlock-mock";

/// `maxCredentialCountInList`.
pub(super) const MAX_CREDENTIALS_IN_LIST: usize = 10;
const FIRMWARE_VERSION: u64 = 1;

impl SoftAuthenticator {
    pub(super) fn get_info(&mut self) -> Answer {
        let state = self.store.state()?;
        let texts = |texts: &[&str]| Value::Array(texts.iter().map(|&text| text.into()).collect());
        let yes = || Some(Value::Bool(true));
        let options = Value::text_map([
            ("rk", yes()),
            ("up", yes()),
            ("plat", Some(false.into())),
            ("alwaysUv", Some(state.always_uv.into())),
            ("credMgmt", yes()),
            ("authnrCfg", yes()),
            ("clientPin", Some(state.pin.is_some().into())),
            ("largeBlobs", yes()),
            ("pinUvAuthToken", yes()),
            ("setMinPINLength", yes()),
            ("makeCredUvNotRqd", Some((!state.always_uv).into())),
        ]);
        let protocols: Vec<Value> = self
            .pin
            .config
            .protocols
            .iter()
            .map(|protocol| protocol.number().into())
            .collect();
        let algorithm = Value::text_map([
            ("alg", Some(Value::from(-7i64))),
            ("type", Some("public-key".into())),
        ]);
        let remaining = self
            .config
            .max_credentials
            .saturating_sub(state.credentials.len());
        let complexity = self.pin.config.pin_complexity;
        Ok(Some(Value::int_map([
            (0x01, Some(texts(&["FIDO_2_0", "FIDO_2_1"]))),
            (
                0x02,
                Some(texts(&[
                    "credProtect",
                    "hmac-secret",
                    "largeBlobKey",
                    "minPinLength",
                ])),
            ),
            (0x03, Some(Value::bytes(&AAGUID))),
            (0x04, Some(options)),
            (0x05, Some(self.pin.config.max_msg_size.into())),
            (0x06, Some(protocols.into())),
            (0x07, Some(Value::from(MAX_CREDENTIALS_IN_LIST as u64))),
            (0x08, Some(Value::from(ID_LENGTH as u64))),
            (0x09, Some(texts(&["usb", "nfc"]))),
            (0x0A, Some(Value::Array(vec![algorithm]))),
            (0x0B, Some(Value::from(MAX_LARGE_BLOBS as u64))),
            (0x0C, Some(state.force_pin_change.into())),
            (0x0D, Some(state.min_pin_length.into())),
            (0x0E, Some(FIRMWARE_VERSION.into())),
            (0x10, Some(Value::from(MAX_RP_IDS as u64))),
            (0x14, Some(Value::from(remaining as u64))),
            (0x1B, complexity.then_some(Value::Bool(true))),
            (0x1D, complexity.then_some(MAX_PIN_LENGTH.into())),
        ])))
    }
}
