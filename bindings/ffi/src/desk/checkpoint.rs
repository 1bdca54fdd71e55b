//! Checkpoints of the audit log, signed by the host's key.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::audit::{self, CheckpointKey};
use fido_unlock::desk::ports::{self, SignerError};
use fido_unlock::suite::p256_ecdsa;
use sha2::{Digest, Sha256};

use super::SigningError;
use super::storage::Faults;
use crate::UnlockError;

/// One checkpoint to sign. Only the desk makes it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CheckpointTask {
    /// The log's own id, 16 bytes.
    pub log_id: Vec<u8>,
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last one, 32 bytes.
    pub head: Vec<u8>,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// What is signed (docs/protocol/audit.md), which begins with "fido-unlock/1 checkpoint".
    pub message: Vec<u8>,
    /// SHA-256 of the message, for an HSM that takes a digest.
    pub digest: Vec<u8>,
}

/// Signs checkpoints, with a P-256 key that is no issuer's.
#[uniffi::export(with_foreign)]
pub trait CheckpointSigner: Send + Sync {
    /// The public key that verifies them: a compressed point of 33 bytes.
    fn public_key(&self) -> Result<Vec<u8>, SigningError>;

    /// Makes the ECDSA signature over `message` with SHA-256: r and s of 32 bytes each. Either s will do;
    /// the library checks it under the public key.
    fn sign(&self, task: CheckpointTask) -> Result<Vec<u8>, SigningError>;
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SignedCheckpoint {
    /// All of it, 128 bytes: keep them where the log's administrator cannot write.
    pub bytes: Vec<u8>,
    /// How many entries the log had.
    pub entries: u64,
    /// The hash of the last one in hex.
    pub head: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
}

impl From<audit::SignedCheckpoint> for SignedCheckpoint {
    fn from(signed: audit::SignedCheckpoint) -> Self {
        Self {
            bytes: signed.to_bytes().to_vec(),
            entries: signed.checkpoint.count,
            head: base16ct::lower::encode_string(&signed.checkpoint.head),
            at: signed.checkpoint.at.0,
        }
    }
}

pub(super) fn key(public: &[u8]) -> Result<CheckpointKey, UnlockError> {
    Ok(CheckpointKey::from_compressed(public).map_err(|_| ErrorCode::InvalidPoint)?)
}

pub(super) fn read(checkpoints: &[Vec<u8>]) -> Result<Vec<audit::SignedCheckpoint>, UnlockError> {
    let read = |bytes: &Vec<u8>| Ok(audit::SignedCheckpoint::from_bytes(bytes)?);
    checkpoints.iter().map(read).collect()
}

/// Reads a checkpoint of 128 bytes and checks that `public_key`, a compressed point of 33 bytes, signed
/// it; number 705 where it did not. Against the log it is checked by `verify_audit_against`.
#[uniffi::export]
pub fn read_checkpoint(bytes: Vec<u8>, public_key: Vec<u8>) -> Result<SignedCheckpoint, UnlockError> {
    let signed = audit::SignedCheckpoint::from_bytes(&bytes)?;
    signed.verify(&key(&public_key)?)?;
    Ok(signed.into())
}

/// [`CheckpointSigner`] as core's port.
pub(super) struct HostCheckpointSigner {
    signer: Arc<dyn CheckpointSigner>,
    public: CheckpointKey,
    faults: Faults,
}

impl HostCheckpointSigner {
    pub(super) fn open(signer: Arc<dyn CheckpointSigner>, faults: Faults) -> Result<Self, UnlockError> {
        let public = signer.public_key().map_err(SignerError::from)?;
        let public = key(&public)?;
        Ok(Self {
            signer,
            public,
            faults,
        })
    }
}

impl ports::CheckpointSigner for HostCheckpointSigner {
    fn public(&self) -> CheckpointKey {
        self.public
    }

    fn sign(&mut self, checkpoint: &audit::Checkpoint) -> Result<audit::SignedCheckpoint, SignerError> {
        // Without the issuers' keys nobody knows that this one is none of them.
        if self.faults.is_noted() {
            return Err(SignerError::Failed {
                detail: "the program's signer did not say which keys it holds".into(),
            });
        }
        let message = checkpoint.message();
        let made = self.signer.sign(CheckpointTask {
            log_id: checkpoint.log_id.0.to_vec(),
            entries: checkpoint.count,
            head: checkpoint.head.to_vec(),
            at: checkpoint.at.0,
            digest: Sha256::digest(&message).to_vec(),
            message,
        })?;
        let failed = || SignerError::Failed {
            detail: "what the program's signer made is no signature of this checkpoint".into(),
        };
        let signed = audit::SignedCheckpoint {
            checkpoint: *checkpoint,
            signature: p256_ecdsa::make_low_s(&made).ok_or_else(failed)?,
        };
        signed.verify(&self.public).map_err(|_| failed())?;
        Ok(signed)
    }
}
