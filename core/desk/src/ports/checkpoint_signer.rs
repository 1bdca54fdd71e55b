//! The key that signs audit checkpoints; never an issuer's key.

use super::SignerError;
use crate::audit::{Checkpoint, CheckpointKey, SignedCheckpoint};

/// Signs checkpoints of the audit log.
pub trait CheckpointSigner {
    /// The public key that verifies them.
    fn public(&self) -> CheckpointKey;

    /// Signs [`Checkpoint::message`] with ECDSA P-256/SHA-256, low-S.
    ///
    /// # Errors
    /// [`SignerError`] when the key cannot be used.
    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, SignerError>;
}
