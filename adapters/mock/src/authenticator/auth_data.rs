//! Authenticator data and the signature over it (WebAuthn §6.1, §6.3.3).

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};

use super::AAGUID;
use crate::state::{CredentialKey, cose_es256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// What goes into authenticator data.
pub(super) struct AuthData<'a> {
    pub(super) rp_id: &'a str,
    pub(super) user_present: bool,
    pub(super) user_verified: bool,
    pub(super) sign_count: u32,
    pub(super) attested: Option<(&'a CredentialKey, &'a SigningKey)>,
    pub(super) extensions: Option<Value>,
}

impl AuthData<'_> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let bit = |on: bool, bit: u8| if on { bit } else { 0 };
        let flags = bit(self.user_present, USER_PRESENT)
            | bit(self.user_verified, USER_VERIFIED)
            | bit(self.attested.is_some(), ATTESTED)
            | bit(self.extensions.is_some(), EXTENSIONS);
        let mut out = Sha256::digest(self.rp_id).to_vec();
        out.push(flags);
        out.extend_from_slice(&self.sign_count.to_be_bytes());
        if let Some((credential, key)) = self.attested {
            let id = credential.id();
            out.extend_from_slice(&AAGUID);
            // An ID has 50 bytes.
            out.extend_from_slice(&u16::try_from(id.len()).unwrap_or_default().to_be_bytes());
            out.extend_from_slice(&id);
            out.extend_from_slice(&cose_es256(key).to_bytes());
        }
        if let Some(extensions) = &self.extensions {
            out.extend_from_slice(&extensions.to_bytes());
        }
        out
    }
}

/// ES256 over authData ‖ clientDataHash, in DER.
pub(super) fn sign(
    key: &SigningKey,
    auth_data: &[u8],
    client_data_hash: &[u8],
) -> Result<Vec<u8>, CtapStatus> {
    let signature: Signature = key
        .try_sign(&[auth_data, client_data_hash].concat())
        .map_err(|_| CtapStatus::Other)?;
    Ok(signature.to_der().as_bytes().to_vec())
}
