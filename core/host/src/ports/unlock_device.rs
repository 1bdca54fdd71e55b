//! A device above the transport: what the unlock asks, in whatever command set the vendor has.

use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, UnlockInfo, UnlockRequest,
};

use super::Call;
use crate::DeviceError;

/// Implemented for every [`super::Transport`] by [`crate::CtapUnlockDevice`]; a vendor with
/// a command set of its own implements it instead.
pub trait UnlockDevice {
    /// `getInfo`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn info(&mut self, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError>;

    /// `getChallenge`: the pending challenge, or a new one with `renew`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError>;

    /// `unlock`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn unlock(&mut self, request: &UnlockRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError>;
}
