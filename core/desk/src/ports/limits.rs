//! How many codes were given out recently.

use fido_unlock_protocol::DeviceId;

use super::StorageError;
use crate::{LimitOutcome, LimitRules, OperatorId, UnixTime};

/// One code that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct LimitRequest<'a> {
    /// For this device.
    pub device: DeviceId,
    /// By this operator.
    pub operator: &'a OperatorId,
    /// SHA-256 of the issuer's public key; 32 zero bytes in suite 3.
    pub issuer: [u8; 32],
    /// Now.
    pub now: UnixTime,
    /// The limits.
    pub rules: &'a LimitRules,
    /// Whether a second operator has approved.
    pub approved: bool,
}

/// Counts codes; what was counted survives a restart and is never given back.
pub trait Limits {
    /// Decides and, if the outcome is [`LimitOutcome::Taken`], counts the code, in one step that no
    /// other call can interrupt. It is on disk when this returns.
    /// [`LimitBook`](crate::LimitBook) decides for an adapter that has no
    /// database of its own.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be read or stored; the desk then makes no code.
    fn take(&mut self, request: &LimitRequest<'_>) -> Result<LimitOutcome, StorageError>;
}
