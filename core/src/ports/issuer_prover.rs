//! An issuer's key as an enrolment station uses it: to show that it is there, and to allow another.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::SignerError;
use crate::ResponseCode;
use crate::suite::{ProbeTask, RotationTask};

/// Makes what a device wants of an issuer's key beside Response Codes, wherever the key is: in a
/// file, an HSM, a key service. It takes fields under a purpose of their own, never bytes to sign.
pub trait IssuerProver {
    /// Makes the response to a probe, which unlocks nothing.
    ///
    /// # Errors
    /// [`SignerError`] when there is no such key or it cannot be used.
    fn prove_probe(&mut self, task: &ProbeTask) -> Result<ResponseCode, SignerError>;

    /// Makes one of the two proofs of a rotation, by [`RotationTask::signing_key`]: 64 bytes where
    /// that key is of suite 1, 32 in suite 2.
    ///
    /// # Errors
    /// [`SignerError`] when there is no such key or it cannot be used.
    fn prove_rotation(&mut self, task: &RotationTask) -> Result<Zeroizing<Vec<u8>>, SignerError>;
}
