//! The hmac-secret extension of `getAssertion` (CTAP 2.1 §12.5).

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::secret::SharedSecret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::SoftAuthenticator;
use super::params::{map, protocol, required};

/// One or two decrypted salts of 32 bytes, and how the answer is encrypted.
pub(super) struct Salts {
    pub(super) protocol: PinProtocol,
    pub(super) secret: SharedSecret,
    salts: Zeroizing<Vec<u8>>,
}

impl Salts {
    /// HMAC-SHA-256(CredRandom, salt) for each.
    pub(super) fn output(&self, cred_random: &[u8; 32]) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(64));
        for salt in self.salts.chunks(32) {
            // HMAC takes a key of any length.
            if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(cred_random) {
                mac.update(salt);
                out.extend_from_slice(&mac.finalize().into_bytes());
            }
        }
        out
    }
}

impl SoftAuthenticator {
    pub(super) fn open_salts(&mut self, input: &Value) -> Result<Salts, CtapStatus> {
        let input = map(input).ok_or(CtapStatus::CborUnexpectedType)?;
        // Left out by platforms that know only protocol one (§12.5).
        let protocol = match input.get(4) {
            None => PinProtocol::One,
            number => protocol(number, &self.pin.config.protocols)?,
        };
        let platform_key = required(input.get(1), map)?;
        let salt_enc = required(input.get(2), Value::as_bytes)?;
        let salt_auth = required(input.get(3), Value::as_bytes)?;
        let secret = self.pin.shared_secret(protocol, platform_key)?;
        if !protocol.verify(&secret, salt_enc, salt_auth) {
            return Err(CtapStatus::PinAuthInvalid);
        }
        let salts = protocol
            .decrypt(&secret, salt_enc)
            .ok()
            .filter(|salts| matches!(salts.len(), 32 | 64))
            .ok_or(CtapStatus::InvalidLength)?;
        Ok(Salts {
            protocol,
            secret,
            salts,
        })
    }
}
