//! Blocks a forgotten PIN on purpose, so that an unlock becomes possible: a separate, confirmed step,
//! taken only after a passed probe, since without a working unlock it would destroy the
//! credentials' use for good.

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::ports::Entropy;

use super::pin_token::{TokenScope, send_hash};
use super::{ClientPinError, ClientPinRefusal, CtapUnlockDevice, DeviceError, ProbePassed};
use crate::ports::{Call, Transport, UnlockDevice};

/// How far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockProgress {
    /// The PIN is blocked for good; an unlock is possible now.
    Blocked,
    /// Three tries are used up in this power-up: plug the device in again and call again.
    ReplugNeeded,
}

/// The person's consent, after the program has said what it means.
pub struct ConfirmedBlock {
    passed: ProbePassed,
}

impl ConfirmedBlock {
    /// `confirmed`: the person said yes to "the PIN will be blocked; only the help desk can then
    /// unlock the device". `passed`: the probe of the slot that the unlock will use.
    #[must_use]
    pub fn new(passed: ProbePassed, confirmed: bool) -> Option<Self> {
        confirmed.then_some(Self { passed })
    }
}

/// Why a PIN was not blocked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The device's `getInfo`, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A try.
    #[error(transparent)]
    ClientPin(#[from] ClientPinError),
    /// It is not the device that was probed, or the slot now has another key.
    #[error("{}", ErrorCode::OtherDevice)]
    OtherDevice,
}

impl HasCode for BlockError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::ClientPin(error) => error.code(),
            Self::OtherDevice => ErrorCode::OtherDevice,
        }
    }
}

/// Uses up every try with random PIN hashes. The consent is good for the power-ups it takes, and for
/// the device and issuer key that were probed.
///
/// # Errors
/// [`BlockError`]; [`ClientPinRefusal::PinNotSet`] is among them.
pub fn block_pin(
    transport: &mut dyn Transport,
    consent: &ConfirmedBlock,
    protocol: PinProtocol,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<BlockProgress, BlockError> {
    let info = CtapUnlockDevice::new(&mut *transport).info(call)?;
    if !consent.passed.is_of(&info) {
        return Err(BlockError::OtherDevice);
    }
    // CTAP 2.1 §6.5.2.2: at most 8 retries; one more round sees the state.
    for _ in 0..=8 {
        let mut hash = [0; 16];
        entropy.fill(&mut hash).map_err(ClientPinError::from)?;
        match send_hash(transport, protocol, &hash, TokenScope::default(), entropy, call) {
            Ok(_) => return Err(ClientPinError::Malformed("a random PIN was taken").into()),
            Err(ClientPinError::Refused(ClientPinRefusal::PinInvalid)) => {}
            Err(ClientPinError::Refused(ClientPinRefusal::PinBlocked)) => return Ok(BlockProgress::Blocked),
            Err(ClientPinError::Refused(ClientPinRefusal::PinAuthBlocked)) => {
                return Ok(BlockProgress::ReplugNeeded);
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(ClientPinError::Malformed("the device counts no wrong PINs").into())
}
