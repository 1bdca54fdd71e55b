//! What a signer is asked for, and what of its answer is accepted.

use fido_unlock_protocol::suite::{AuthoriseFields, DevicePublicKey, Message, Purpose, Suite};
use fido_unlock_protocol::{AesChallenge, Challenge, DeviceId, ResponseCode};
use sha2::{Digest, Sha256};

use crate::ports::SignerError;
use crate::{DeviceKeys, OperatorId, RequestId, UserId};

/// One authorised response to make. Only the desk makes it, after all its checks and after "authorised" is in its
/// log. It holds no secret.
#[derive(Debug)]
pub struct SigningTask {
    pub(crate) request: RequestId,
    pub(crate) operator: OperatorId,
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) slot: u8,
    pub(crate) keys: DeviceKeys,
    pub(crate) challenge: Challenge,
}

/// What is to be signed.
#[derive(Clone, Debug)]
pub enum ToSign {
    /// Suites 1 and 2: the message M of docs/protocol.md, which begins with "fido-unlock/1 authorise".
    Message(Message),
    /// Suite 3: the challenge, one block of AES.
    Block(AesChallenge),
}

impl ToSign {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Message(message) => message,
            Self::Block(challenge) => challenge.as_bytes(),
        }
    }

    /// SHA-256 of its bytes, for a token that takes a digest in suite 1.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.as_bytes()).into()
    }
}

impl SigningTask {
    /// The request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The operator.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// The device's owner.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// The slot whose key is to be used, 0 to 15; of no meaning in suite 3.
    #[must_use]
    pub const fn slot(&self) -> u8 {
        self.slot
    }

    /// Suite and public keys.
    #[must_use]
    pub const fn keys(&self) -> &DeviceKeys {
        &self.keys
    }

    /// The fields of the response in suites 1 and 2; `None` in suite 3.
    #[must_use]
    pub fn fields(&self) -> Option<AuthoriseFields> {
        let Challenge::Line(challenge) = self.challenge else {
            return None;
        };
        let device_key: Option<DevicePublicKey> = match self.keys {
            DeviceKeys::P256EcdhMac { device, .. } => Some(device),
            DeviceKeys::P256Ecdsa { .. } | DeviceKeys::AesAdminKey => None,
        };
        Some(AuthoriseFields {
            purpose: Purpose::Authorise,
            suite: self.keys.suite(),
            device_id: self.device,
            issuer: *self.keys.issuer()?,
            device_key,
            challenge,
        })
    }

    /// What is to be signed.
    ///
    /// # Errors
    /// [`SignerError::WrongSuite`] where keys and challenge do not fit, which no task of a desk has.
    pub fn to_sign(&self) -> Result<ToSign, SignerError> {
        if let (Challenge::Aes(challenge), DeviceKeys::AesAdminKey) = (&self.challenge, &self.keys) {
            return Ok(ToSign::Block(*challenge));
        }
        let fields = self.fields().ok_or(SignerError::WrongSuite)?;
        fields.check()?;
        Ok(ToSign::Message(fields.message()))
    }

    /// Takes a signer's answer: in suite 1 an ECDSA signature, r and s of 32 bytes each (whatever the s), in suite 2
    /// the 32 bytes of the HMAC, in suite 3 the encrypted block of 16 bytes. A signature is brought to low-S and
    /// verified, so that a wrong key is found here and not by the person at the device; in suites 2 and 3 only the
    /// device can tell.
    ///
    /// # Errors
    /// [`SignerError::Failed`] where it is no such answer, or another key's.
    pub fn accept(&self, answer: &[u8]) -> Result<ResponseCode, SignerError> {
        self.accepted(answer).ok_or_else(|| SignerError::Failed {
            detail: "what the signer made is no response".into(),
        })
    }

    fn accepted(&self, answer: &[u8]) -> Option<ResponseCode> {
        match self.to_sign().ok()? {
            ToSign::Message(_) => self.fields()?.accept(answer),
            ToSign::Block(_) => ResponseCode::from_bytes(Suite::AesAdminKey, answer).ok(),
        }
    }
}
