//! Checkpoints. Kept where the log's administrator cannot write, they reveal that a log's tail was cut off
//! or that the whole log was rewritten.

use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::pin_protocol::InvalidPoint;
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::IssuerPublicKey;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::LogId;
use crate::UnixTime;
use crate::ports::{CheckpointSigner, SignerError};

const LABEL: &[u8] = b"fido-unlock/1 checkpoint\0";
/// Bytes of a [`SignedCheckpoint`]: log id 16, count 8, head 32, time 8, signature 64.
pub const SIGNED_LENGTH: usize = 128;

/// The state of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub log_id: LogId,
    /// How many entries it had.
    pub count: u64,
    /// The hash of its last entry; zeros when it had none.
    pub head: [u8; 32],
    /// When.
    pub at: UnixTime,
}

impl Checkpoint {
    /// What is signed: "fido-unlock/1 checkpoint" ‖ 00 ‖ log id (16) ‖ count (8, big-endian) ‖ head
    /// (32) ‖ Unix seconds (8, big-endian).
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let mut out = LABEL.to_vec();
        out.extend_from_slice(&self.log_id.0);
        out.extend_from_slice(&self.count.to_be_bytes());
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&self.at.0.to_be_bytes());
        out
    }
}

/// The public key that verifies checkpoints; never an issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointKey(VerifyingKey);

impl CheckpointKey {
    /// From a compressed SEC1 point, 33 bytes.
    ///
    /// # Errors
    /// [`InvalidPoint`] if it is not one.
    pub fn from_compressed(bytes: &[u8]) -> Result<Self, InvalidPoint> {
        let array: &[u8; 33] = bytes.try_into().map_err(|_| InvalidPoint)?;
        VerifyingKey::from_sec1_bytes(array)
            .map(Self)
            .map_err(|_| InvalidPoint)
    }

    /// Whether it is an issuer's key, which no checkpoint may be signed with.
    #[must_use]
    pub fn is_issuers(&self, issuer: &IssuerPublicKey) -> bool {
        self.to_compressed() == *issuer.as_compressed()
    }

    /// The compressed SEC1 point, 33 bytes.
    #[must_use]
    pub fn to_compressed(&self) -> [u8; 33] {
        let mut out = [0; 33];
        let point = self.0.to_sec1_point(true);
        out.iter_mut()
            .zip(point.as_bytes())
            .for_each(|(to, from)| *to = *from);
        out
    }
}

/// A checkpoint that is not one, or not signed by the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", ErrorCode::AuditCheckpoint)]
pub struct CheckpointError;

impl HasCode for CheckpointError {
    fn code(&self) -> ErrorCode {
        ErrorCode::AuditCheckpoint
    }
}

/// A checkpoint and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// The state of the log.
    pub checkpoint: Checkpoint,
    /// ECDSA P-256/SHA-256 over [`Checkpoint::message`], low-S, r‖s.
    pub signature: [u8; 64],
}

impl SignedCheckpoint {
    /// Log id (16) ‖ count (8) ‖ head (32) ‖ time (8) ‖ signature (64).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SIGNED_LENGTH] {
        let mut out = [0; SIGNED_LENGTH];
        let message = self.checkpoint.message();
        let fields = message.iter().skip(LABEL.len()).chain(&self.signature);
        out.iter_mut().zip(fields).for_each(|(to, from)| *to = *from);
        out
    }

    /// From [`SignedCheckpoint::to_bytes`]; says nothing about the signature.
    ///
    /// # Errors
    /// [`CheckpointError`] if the length differs.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let bytes: &[u8; SIGNED_LENGTH] = bytes.try_into().map_err(|_| CheckpointError)?;
        let (log_id, rest) = bytes.split_first_chunk::<16>().ok_or(CheckpointError)?;
        let (count, rest) = rest.split_first_chunk::<8>().ok_or(CheckpointError)?;
        let (head, rest) = rest.split_first_chunk::<32>().ok_or(CheckpointError)?;
        let (at, rest) = rest.split_first_chunk::<8>().ok_or(CheckpointError)?;
        Ok(Self {
            checkpoint: Checkpoint {
                log_id: LogId(*log_id),
                count: u64::from_be_bytes(*count),
                head: *head,
                at: UnixTime(u64::from_be_bytes(*at)),
            },
            signature: rest.try_into().map_err(|_| CheckpointError)?,
        })
    }

    /// Whether the key made the signature; a high s is refused.
    ///
    /// # Errors
    /// [`CheckpointError`] when it did not.
    pub fn verify(&self, key: &CheckpointKey) -> Result<(), CheckpointError> {
        let signature = Signature::from_slice(&self.signature).map_err(|_| CheckpointError)?;
        if signature.normalize_s() != signature {
            return Err(CheckpointError);
        }
        key.0
            .verify(&self.checkpoint.message(), &signature)
            .map_err(|_| CheckpointError)
    }
}

/// A checkpoint key in software; wiped on drop.
pub struct SoftwareCheckpointSigner(SigningKey);

impl SoftwareCheckpointSigner {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`SignerError::Entropy`] when there are no random bytes.
    pub fn make(entropy: &mut dyn Entropy) -> Result<Self, SignerError> {
        for _ in 0..8 {
            let mut scalar = zeroize::Zeroizing::new([0; 32]);
            entropy.fill(&mut *scalar).map_err(|_| SignerError::Entropy)?;
            if let Some(signer) = Self::from_scalar(&scalar) {
                return Ok(signer);
            }
        }
        Err(SignerError::Entropy)
    }

    /// From the scalar, 32 bytes big-endian; `None` when it is 0 or not below n.
    #[must_use]
    pub fn from_scalar(scalar: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(scalar).ok().map(Self)
    }

    /// The scalar, 32 bytes big-endian, for a key file.
    #[must_use]
    pub fn expose_scalar(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes().into())
    }
}

impl CheckpointSigner for SoftwareCheckpointSigner {
    fn public(&self) -> CheckpointKey {
        CheckpointKey(*self.0.verifying_key())
    }

    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, SignerError> {
        let signature: Signature =
            self.0
                .try_sign(&checkpoint.message())
                .map_err(|_| SignerError::Failed {
                    detail: "checkpoint".into(),
                })?;
        Ok(SignedCheckpoint {
            checkpoint: *checkpoint,
            signature: signature.normalize_s().to_bytes().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_checkpoint_comes_back_and_no_bit_of_it_can_be_changed() {
        let mut signer = SoftwareCheckpointSigner::from_scalar(&[3; 32]).unwrap();
        let key = CheckpointKey::from_compressed(&signer.public().to_compressed()).unwrap();
        let signed = signer
            .sign(&Checkpoint {
                log_id: LogId([1; 16]),
                count: 5,
                head: [2; 32],
                at: UnixTime(1_790_000_000),
            })
            .unwrap();
        let bytes = signed.to_bytes();
        assert_eq!(SignedCheckpoint::from_bytes(&bytes), Ok(signed));
        assert_eq!(signed.verify(&key), Ok(()));
        for at in 0..bytes.len() {
            let mut changed = bytes;
            changed[at] ^= 1;
            let changed = SignedCheckpoint::from_bytes(&changed).unwrap();
            assert_eq!(changed.verify(&key), Err(CheckpointError), "byte {at}");
        }
        let other = SoftwareCheckpointSigner::from_scalar(&[4; 32]).unwrap();
        assert_eq!(signed.verify(&other.public()), Err(CheckpointError));
    }
}
