//! The conversation of one unlock: what was shown to the person, and what the device says about it
//! now.
//!
//! The key agreement key dies with power, the challenge does not; so the challenge is fetched again
//! just before `unlock` and compared with the one that was shown. If the answer of an unlock was lost, what the device
//! says about the challenge tells what happened; trying again never does.

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, SlotInfo, UnlockInfo, UnlockRequest, unlock_auth_message,
};
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::pin_protocol::{PinProtocol, encapsulate, pad_pin};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::Suite;
use fido_unlock_protocol::{Challenge, DeviceId, ResponseCode};

use super::{DeviceError, DeviceRefusal, NewPin, PinRules, SessionRefusal, UnlockError};
use crate::ports::{Call, NeverCancel, TransportError, UnlockDevice};
use crate::stack::clear_stack_below;

const VERSION: u64 = 1;

/// What was shown, and what is needed to continue after a restart. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    device_id: DeviceId,
    challenge: Challenge,
    suite: Suite,
    slot: u8,
    protocol: PinProtocol,
    unlock_counter: u32,
    rules: PinRules,
}

/// How an unlock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new PIN is set.
    Unlocked,
    /// Nothing changed; the Response Code is still good.
    NotUnlocked,
}

/// These bytes are not a session that this version saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", ErrorCode::SessionUnreadable)]
pub struct SessionError;

impl HasCode for SessionError {
    fn code(&self) -> ErrorCode {
        ErrorCode::SessionUnreadable
    }
}

impl Session {
    /// Reads the state and the pending challenge (two transactions). `slot`: the key slot to use;
    /// `None` takes the lowest above 0, or 0 if it is the only one.
    ///
    /// # Errors
    /// [`SessionRefusal::DeviceNotLocked`], [`SessionRefusal::DeviceNotEnrolled`],
    /// [`SessionRefusal::SlotEmpty`], [`SessionRefusal::OtherDevice`] if the device was exchanged in between, or what
    /// the device answered.
    pub fn begin(
        device: &mut dyn UnlockDevice,
        slot: Option<u8>,
        call: &mut Call<'_>,
    ) -> Result<Self, UnlockError> {
        let info = device.info(call)?;
        Self::begin_with(device, &info, slot, call)
    }

    /// The same after your own `getInfo`, as `diagnose` makes it (one transaction).
    ///
    /// # Errors
    /// As [`Session::begin`].
    pub fn begin_with(
        device: &mut dyn UnlockDevice,
        info: &UnlockInfo,
        slot: Option<u8>,
        call: &mut Call<'_>,
    ) -> Result<Self, UnlockError> {
        if !info.is_blocked() {
            return Err(SessionRefusal::DeviceNotLocked.into());
        }
        let SlotInfo { slot, suite, .. } = *choose_slot(info, slot)?;
        let protocol = *info
            .protocols
            .first()
            .ok_or(DeviceError::Malformed("no PIN/UV protocol that is known"))?;
        let answer = device.challenge(
            &ChallengeRequest {
                slot,
                protocol,
                renew: false,
            },
            call,
        )?;
        if answer.suite != suite {
            return Err(DeviceError::Malformed("the challenge is of another suite than its slot").into());
        }
        // Counter and rules would be one device's, the challenge another's.
        if info.device_id.is_some_and(|id| id != answer.device_id) {
            return Err(SessionRefusal::OtherDevice.into());
        }
        let mut session = Self {
            device_id: answer.device_id,
            challenge: answer.challenge,
            suite,
            slot,
            protocol,
            unlock_counter: info.unlock_counter,
            rules: PinRules::of(info),
        };
        session.take(&answer)?;
        Ok(session)
    }

    /// Asks for a new challenge, which voids the Response Code for the old one; needs a touch (two
    /// transactions).
    ///
    /// # Errors
    /// [`SessionRefusal::OtherDevice`], or what the device answered, such as [`DeviceRefusal::RenewRefused`].
    pub fn renew(&mut self, device: &mut dyn UnlockDevice, call: &mut Call<'_>) -> Result<(), UnlockError> {
        let request = ChallengeRequest {
            slot: self.slot,
            protocol: self.protocol,
            renew: true,
        };
        // The device may have been unlocked and blocked again since: the new challenge's counter is
        // the one of now.
        let unlock_counter = self.info_of_this(device, call)?.unlock_counter;
        let answer = device.challenge(&request, call)?;
        self.take(&answer)?;
        self.unlock_counter = unlock_counter;
        Ok(())
    }

    /// Takes over an answer after comparing it with what the session knows.
    fn take(&mut self, answer: &ChallengeResponse) -> Result<(), UnlockError> {
        if answer.device_id != self.device_id {
            return Err(SessionRefusal::OtherDevice.into());
        }
        if answer.slot != self.slot {
            return Err(DeviceError::Malformed("the challenge is for another slot").into());
        }
        self.challenge = answer.challenge;
        self.suite = answer.suite;
        Ok(())
    }

    /// The Device ID that was shown.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        self.device_id
    }

    /// The challenge that was shown.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// The suite, which says how the Response Code is read.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The key slot.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// The device's PIN lengths.
    #[must_use]
    pub fn rules(&self) -> &PinRules {
        &self.rules
    }

    /// Fetches the challenge again, compares it, sends response and PIN (two transactions).
    ///
    /// # Errors
    /// [`SessionRefusal`]; after [`SessionRefusal::OutcomeUnknown`] call [`Session::resolve`]. Or what the
    /// device answered.
    pub fn unlock(
        &self,
        device: &mut dyn UnlockDevice,
        response: &ResponseCode,
        pin: &NewPin,
        entropy: &mut dyn Entropy,
        call: &mut Call<'_>,
    ) -> Result<(), UnlockError> {
        if response.suite() != self.suite {
            return Err(SessionRefusal::WrongSuite.into());
        }
        let answer = self.fetch_again(device, call)?;
        let request = self.request(&answer, response, pin, entropy);
        clear_stack_below();
        let request = request?;
        // Nothing was sent yet, so there is nothing to find out: what another program does with this challenge
        // is not this unlock.
        if call.cancel.is_cancelled() {
            return Err(TransportError::Cancelled.into());
        }
        if call.remaining().is_zero() {
            return Err(TransportError::DeadlineExceeded.into());
        }
        call.begin_message();
        match device.unlock(&request, call) {
            Ok(()) => Ok(()),
            Err(error @ DeviceError::Transport(_)) if call.is_unsent() => Err(error.into()),
            // Nor is it sent where it does not fit.
            Err(error @ DeviceError::Transport(TransportError::MessageTooLarge)) if !call.is_sent() => {
                Err(error.into())
            }
            // An answer that cannot be read is as good as lost. And the challenge was pending a moment ago: if the
            // PIN is not blocked now, this may be the answer to the same message once more, sent again by a framing
            // whose status word said that it had not been taken.
            Err(
                error @ (DeviceError::Transport(_)
                | DeviceError::Malformed(_)
                | DeviceError::Refused(DeviceRefusal::NotLocked)),
            ) => self.resolve_lost(device, error, call),
            Err(error @ DeviceError::Refused(DeviceRefusal::PinRefused)) => {
                Err(self.why_pin_refused(device, error, call))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn fetch_again(
        &self,
        device: &mut dyn UnlockDevice,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, UnlockError> {
        let request = ChallengeRequest {
            slot: self.slot,
            protocol: self.protocol,
            renew: false,
        };
        let answer = match device.challenge(&request, call) {
            // It may be another device that was put in, so its name counts before its state.
            Err(DeviceError::Refused(refusal)) => {
                let info = self.info_of_this(device, call)?;
                return Err(match refusal {
                    DeviceRefusal::NotLocked if self.was_used(&info) => SessionRefusal::ChallengeUsed.into(),
                    other => DeviceError::Refused(other).into(),
                });
            }
            other => other?,
        };
        if answer.device_id != self.device_id {
            return Err(SessionRefusal::OtherDevice.into());
        }
        if answer.challenge != self.challenge {
            // The device was unlocked and blocked again, or only asked for a new challenge.
            return Err(self.why_void(&self.info_of_this(device, call)?).into());
        }
        Ok(answer)
    }

    /// Whether the challenge was used, from what this device says about it or, if it does not say, from the counter
    /// of a device that gave its Device ID.
    fn was_used(&self, info: &UnlockInfo) -> bool {
        info.spent == Some(true)
            || info.device_id == Some(self.device_id) && info.unlock_counter != self.unlock_counter
    }

    /// This device has another challenge, or none.
    fn why_void(&self, info: &UnlockInfo) -> SessionRefusal {
        if self.was_used(info) {
            SessionRefusal::ChallengeUsed
        } else {
            SessionRefusal::ChallengeRenewed
        }
    }

    #[inline(never)]
    fn request<'a>(
        &self,
        answer: &ChallengeResponse,
        response: &'a ResponseCode,
        pin: &NewPin,
        entropy: &mut dyn Entropy,
    ) -> Result<UnlockRequest<'a>, UnlockError> {
        let (platform_key, secret) =
            encapsulate(self.protocol, &answer.key_agreement, entropy).map_err(DeviceError::from)?;
        let padded = pad_pin(pin.expose_text().as_bytes()).ok_or(SessionRefusal::PinUnsendable)?;
        let new_pin_enc = self
            .protocol
            .encrypt(&secret, &*padded, entropy)
            .map_err(DeviceError::from)?;
        let message = unlock_auth_message(self.challenge.as_bytes(), response.expose_bytes(), &new_pin_enc);
        let pin_uv_auth_param = self
            .protocol
            .authenticate(&secret, &message)
            .map_err(|_| DeviceError::Malformed("a shared secret of the wrong length"))?;
        Ok(UnlockRequest {
            challenge: self.challenge,
            response,
            protocol: self.protocol,
            platform_key,
            new_pin_enc,
            pin_uv_auth_param,
        })
    }

    /// The PIN is within the lengths that the device gave. If the device has no further rules but requires a PIN other
    /// than the old one, this was the old one.
    fn why_pin_refused(
        &self,
        device: &mut dyn UnlockDevice,
        error: DeviceError,
        call: &mut Call<'_>,
    ) -> UnlockError {
        match self.info_of_this(device, call) {
            Ok(info)
                if info.force_pin_change
                    && !info.pin_complexity_policy
                    && PinRules::of(&info) == self.rules =>
            {
                SessionRefusal::PinSameAsOld.into()
            }
            _ => error.into(),
        }
    }

    /// The answer of `unlock` was lost: the device says what happened, if it can still be read.
    fn resolve_lost(
        &self,
        device: &mut dyn UnlockDevice,
        error: DeviceError,
        call: &mut Call<'_>,
    ) -> Result<(), UnlockError> {
        let outcome = match error {
            // That call is over; asking what it did gets its own short call.
            DeviceError::Transport(
                TransportError::Cancelled | TransportError::DeadlineExceeded | TransportError::Busy,
            ) => {
                let deadline = call.ticks.now() + Call::QUICK;
                self.resolve(device, &mut call.until(deadline).cancelled_by(&NeverCancel))
            }
            _ => self.resolve(device, call),
        };
        match outcome {
            Ok(Outcome::Unlocked) => Ok(()),
            Ok(Outcome::NotUnlocked) => Err(error.into()),
            // It was never taken, and the device still serves somebody else.
            Err(UnlockError::Device(_)) if error == TransportError::Busy.into() => Err(error.into()),
            Err(UnlockError::Device(_)) => Err(SessionRefusal::OutcomeUnknown.into()),
            Err(other) => Err(other),
        }
    }

    /// What became of an unlock whose answer was lost (one transaction, two if it was not done); also after a
    /// restart, with the device plugged in again.
    ///
    /// A device that is not blocked gives no Device ID over the vendor interface, and a counter does not identify a
    /// device: what counts is that the device has spent exactly this challenge.
    ///
    /// # Errors
    /// [`SessionRefusal::OtherDevice`]; [`SessionRefusal::DeviceNotLocked`]; [`SessionRefusal::ChallengeUsed`] and [`SessionRefusal::ChallengeRenewed`] where
    /// the Response Code is void; [`SessionRefusal::OutcomeUnknown`] where this device is unblocked by something else and
    /// may not be the one; or what the device answered.
    pub fn resolve(
        &self,
        device: &mut dyn UnlockDevice,
        call: &mut Call<'_>,
    ) -> Result<Outcome, UnlockError> {
        let info = self.info_of_this(device, call)?;
        if info.is_blocked() {
            return self.resolve_blocked(device, &info, call);
        }
        let named = info.device_id == Some(self.device_id);
        let next = self.unlock_counter.wrapping_add(1);
        match info.spent {
            Some(true) => Ok(Outcome::Unlocked),
            None if named && info.unlock_counter == next => Ok(Outcome::Unlocked),
            _ if named && info.unlock_counter != self.unlock_counter => {
                Err(SessionRefusal::ChallengeUsed.into())
            }
            _ if named => Err(SessionRefusal::DeviceNotLocked.into()),
            _ => Err(SessionRefusal::OutcomeUnknown.into()),
        }
    }

    /// The code is good if the device still gives this challenge.
    fn resolve_blocked(
        &self,
        device: &mut dyn UnlockDevice,
        info: &UnlockInfo,
        call: &mut Call<'_>,
    ) -> Result<Outcome, UnlockError> {
        // Unlocked by it, and blocked again.
        if self.was_used(info) {
            return Err(SessionRefusal::ChallengeUsed.into());
        }
        let request = ChallengeRequest {
            slot: self.slot,
            protocol: self.protocol,
            renew: false,
        };
        let answer = device.challenge(&request, call)?;
        if answer.device_id != self.device_id {
            Err(SessionRefusal::OtherDevice.into())
        } else if answer.challenge == self.challenge {
            Ok(Outcome::NotUnlocked)
        } else {
            Err(self.why_void(info).into())
        }
    }

    /// `getInfo` about the challenge, unless it comes from a device of another name.
    fn info_of_this(
        &self,
        device: &mut dyn UnlockDevice,
        call: &mut Call<'_>,
    ) -> Result<UnlockInfo, UnlockError> {
        let info = device.info_about(&self.challenge, call)?;
        if info.device_id.is_some_and(|id| id != self.device_id) {
            return Err(SessionRefusal::OtherDevice.into());
        }
        Ok(info)
    }

    /// For a restart: canonical CBOR {1: version, 2: Device ID, 3: challenge, 4: suite, 5: slot,
    /// 6: protocol, 7: unlock counter, 8: shortest PIN, 9: longest PIN, 10: device has more rules}.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Value::int_map([
            (1, Some(Value::Unsigned(VERSION))),
            (2, Some(Value::bytes(self.device_id.as_bytes()))),
            (3, Some(Value::bytes(self.challenge.as_bytes()))),
            (4, Some(self.suite.number().into())),
            (5, Some(self.slot.into())),
            (6, Some(self.protocol.number().into())),
            (7, Some(self.unlock_counter.into())),
            (8, Some(Value::Unsigned(self.rules.minimum as u64))),
            (9, Some(Value::Unsigned(self.rules.maximum as u64))),
            (10, Some(self.rules.device_has_more.into())),
        ])
        .to_bytes()
        .to_vec()
    }

    /// The session again.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SessionError> {
        Self::read(bytes).ok_or(SessionError)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let map = Value::parse_canonical(bytes).ok()?;
        let number = |key| map.get(key).and_then(Value::as_u64);
        let byte = |key| number(key).and_then(|n| u8::try_from(n).ok());
        let length = |key| number(key).and_then(|n| usize::try_from(n).ok());
        if number(1)? != VERSION {
            return None;
        }
        let suite = Suite::from_number(byte(4)?)?;
        Some(Self {
            device_id: DeviceId::from_bytes(map.get(2)?.as_bytes()?.try_into().ok()?),
            challenge: Challenge::from_bytes(suite, map.get(3)?.as_bytes()?).ok()?,
            suite,
            slot: byte(5).filter(|slot| *slot < 16)?,
            protocol: PinProtocol::from_number(number(6)?)?,
            unlock_counter: u32::try_from(number(7)?).ok()?,
            rules: PinRules {
                minimum: length(8)?,
                maximum: length(9)?,
                device_has_more: map.get(10)?.as_bool()?,
            },
        })
    }
}

/// The slot that was asked for, or the lowest above the recovery slot.
fn choose_slot(info: &UnlockInfo, wanted: Option<u8>) -> Result<&SlotInfo, SessionRefusal> {
    if !info.sealed {
        return Err(SessionRefusal::DeviceNotEnrolled);
    }
    let missing = SessionRefusal::SlotEmpty;
    // The recovery slot comes last.
    let place = |slot: &&SlotInfo| (slot.slot == 0, slot.slot);
    match wanted {
        Some(wanted) => info.slots.iter().find(|slot| slot.slot == wanted),
        None => info.slots.iter().min_by_key(place),
    }
    .ok_or(missing)
}
