//! A device above the transport: what the unlock needs, in whatever command set the vendor has.

use fido_unlock_protocol::Challenge;
use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, UnlockInfo, UnlockRequest,
};

use super::Call;
use crate::DeviceError;

/// Implemented for every [`super::Transport`] by [`crate::CtapUnlockDevice`]; a vendor with
/// its own command set implements it instead.
pub trait UnlockDevice {
    /// `getInfo`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn info(&mut self, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError>;

    /// `getInfo` that names a challenge: [`UnlockInfo::spent`] says whether an unlock ended exactly it. A device that
    /// cannot tell gives `None` there, and then only its Device ID and counter show what became of a lost
    /// `unlock`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn info_about(&mut self, challenge: &Challenge, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError>;

    /// `getChallenge`: the pending challenge of the slot that was asked for, or a new one with `renew`.
    ///
    /// # Errors
    /// [`DeviceError`]: a refusal as [`DeviceRefusal`](crate::DeviceRefusal) (`DeviceRefusal::from_code` where the device has numbers).
    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError>;

    /// `unlock`, sent once.
    ///
    /// # Errors
    /// [`DeviceError`]; [`DeviceError::Transport`] or [`DeviceError::Malformed`] if the answer was lost, so that the
    /// device is asked what became of it.
    fn unlock(&mut self, request: &UnlockRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError>;
}
