//! A relying party: makes challenges, keeps one public key, judges assertions (WebAuthn Level 2
//! §7.1 and §7.2, without attestation).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::pin_protocol::CoseKey;
use fido_unlock_protocol::ports::{Entropy, EntropyError};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// authData: rpIdHash (32), flags (1), signCount (4).
const AUTH_DATA_HEAD: usize = 37;
const FLAG_UP: u8 = 0x01;
const FLAG_UV: u8 = 0x04;
const FLAG_AT: u8 = 0x40;

/// Why an answer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relying party refuses the answer: {0}")]
pub struct RelyingPartyError(&'static str);

/// What was stored at registration; a sign-in is verified by nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// Credential ID.
    pub id: Vec<u8>,
    /// Public key, x and y.
    pub public_key: CoseKey,
}

/// One registration or sign-in: a fresh challenge of 32 bytes in its clientDataJSON.
pub struct Ceremony {
    rp_id: String,
    client_data: String,
}

impl Ceremony {
    /// The RP ID.
    #[must_use]
    pub fn rp_id(&self) -> &str {
        &self.rp_id
    }

    /// SHA-256 of clientDataJSON.
    #[must_use]
    pub fn client_data_hash(&self) -> [u8; 32] {
        Sha256::digest(self.client_data.as_bytes()).into()
    }
}

/// A relying party.
pub struct RelyingParty {
    rp_id: String,
}

impl RelyingParty {
    /// `rp_id`: a domain, such as "example.com".
    #[must_use]
    pub fn new(rp_id: &str) -> Self {
        Self {
            rp_id: rp_id.to_owned(),
        }
    }

    /// Begins a registration (`webauthn.create`) or a sign-in (`webauthn.get`).
    ///
    /// # Errors
    /// [`EntropyError`] when no challenge could be made.
    pub fn begin(&self, kind: &str, entropy: &mut dyn Entropy) -> Result<Ceremony, EntropyError> {
        let mut challenge = [0; 32];
        entropy.fill(&mut challenge)?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
        let client_data = format!(
            "{{\"type\":\"{kind}\",\"challenge\":\"{challenge}\",\"origin\":\"https://{}\",\"crossOrigin\":false}}",
            self.rp_id
        );
        Ok(Ceremony {
            rp_id: self.rp_id.clone(),
            client_data,
        })
    }

    /// Takes a registration's authData: the credential to store.
    ///
    /// # Errors
    /// [`RelyingPartyError`].
    pub fn register(&self, auth_data: &[u8]) -> Result<StoredCredential, RelyingPartyError> {
        let (flags, rest) = self.head(auth_data)?;
        if flags & FLAG_AT == 0 {
            return Err(RelyingPartyError("no attested credential data"));
        }
        // aaguid (16), credentialIdLength (2), credentialId, COSE_Key.
        let cut = RelyingPartyError("authData is cut off");
        let (_aaguid, rest) = rest.split_at_checked(16).ok_or(cut)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(cut)?;
        let (id, key) = rest
            .split_at_checked(u16::from_be_bytes(*length).into())
            .ok_or(cut)?;
        let (key, _extensions) =
            Value::parse_first(key).map_err(|_| RelyingPartyError("the public key is not CBOR"))?;
        let coordinate = |label| {
            key.get(label)
                .and_then(Value::as_bytes)
                .and_then(|bytes| bytes.try_into().ok())
        };
        let (Some(x), Some(y)) = (coordinate(-2), coordinate(-3)) else {
            return Err(RelyingPartyError("the public key has no coordinates"));
        };
        let public_key = CoseKey { x, y };
        public_key
            .to_public_key()
            .map_err(|_| RelyingPartyError("the public key is not on the curve"))?;
        Ok(StoredCredential {
            id: id.to_vec(),
            public_key,
        })
    }

    /// Judges a sign-in by the stored public key and this ceremony's challenge: user present, user
    /// verified, signature good.
    ///
    /// # Errors
    /// [`RelyingPartyError`].
    pub fn verify(
        &self,
        ceremony: &Ceremony,
        credential: &StoredCredential,
        auth_data: &[u8],
        signature: &[u8],
    ) -> Result<(), RelyingPartyError> {
        let (flags, _) = self.head(auth_data)?;
        if flags & FLAG_UP == 0 || flags & FLAG_UV == 0 {
            return Err(RelyingPartyError("user not present or not verified"));
        }
        let bad = RelyingPartyError("the signature is not good");
        let key = credential.public_key.to_public_key().map_err(|_| bad)?;
        let signature = Signature::from_der(signature).map_err(|_| bad)?;
        let mut signed = auth_data.to_vec();
        signed.extend_from_slice(&ceremony.client_data_hash());
        VerifyingKey::from(key)
            .verify(&signed, &signature)
            .map_err(|_| bad)
    }

    fn head<'a>(&self, auth_data: &'a [u8]) -> Result<(u8, &'a [u8]), RelyingPartyError> {
        let (head, rest) = auth_data
            .split_at_checked(AUTH_DATA_HEAD)
            .ok_or(RelyingPartyError("authData is cut off"))?;
        let expected = Sha256::digest(self.rp_id.as_bytes());
        if head.get(..32) != Some(expected.as_slice()) {
            return Err(RelyingPartyError("another relying party's authData"));
        }
        let flags = head.get(32).copied().unwrap_or_default();
        Ok((flags, rest))
    }
}
