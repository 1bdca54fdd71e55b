//! Contract of [`UnlockDevice`].

use alloc::boxed::Box;
use alloc::string::ToString;
use core::time::Duration;

use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, UnlockInfo, UnlockRequest,
};
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::{Challenge, DeviceId, Pin, ResponseCode};

use super::{CancelAtThirdLook, Checked, ContractError, PATIENCE, SHORT, SILENCE, ensure, must, within};
use crate::ports::{Call, Cancel, NeverCancel, NoProgress, Ticks, TransportError, UnlockDevice};
use crate::{DefaultPinPolicy, DeviceError, NewPin, Outcome, Session, UnlockError};

/// An adapter in front of a device that is enrolled, and whose issuer key is at hand.
pub trait UnlockBench {
    /// Opens the device anew. One that was pulled is plugged in before; earlier handles are dropped.
    ///
    /// # Errors
    /// What the adapter says.
    fn open(&mut self) -> Result<Box<dyn UnlockDevice>, TransportError>;

    /// A slot that is enrolled, 0 to 15; at least one other slot is not.
    fn slot(&self) -> u8;

    /// Sets a PIN where there is none and blocks it for good, by wrong ones. Nobody has opened the device then.
    /// `false` where that did not succeed.
    fn block(&mut self) -> bool;

    /// The right Response Code, by the slot's issuer key. `None` where it cannot be made.
    fn respond(&mut self, device_id: &DeviceId, challenge: &Challenge) -> Option<ResponseCode>;

    /// A PIN that the device takes.
    fn new_pin(&self) -> Pin {
        Pin::new("contract48213".to_string())
    }

    /// How many `unlock` commands came to the device so far. `None` where nobody counts.
    fn unlocks(&mut self) -> Option<u64> {
        None
    }

    /// From now on the device works for so long before it answers. `false` where it cannot be made to.
    fn delay(&mut self, by: Duration) -> bool {
        let _ = by;
        false
    }

    /// The device carries the next `unlock` out, and is pulled before its answer has come. `false` where it cannot
    /// be made to.
    fn lose_answer(&mut self) -> bool {
        false
    }
}

/// Looks whether the adapter's three commands mean what they must: who is asked, what a refusal is called, and that
/// an `unlock` is sent once.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn unlock_device(
    bench: &mut dyn UnlockBench,
    entropy: &mut dyn Entropy,
    ticks: &dyn Ticks,
) -> Result<Checked, ContractError> {
    let mut checked = Checked::default();
    let mut suite = Suite {
        bench,
        entropy,
        ticks,
    };
    let mut device = suite.block_and_open()?;
    suite.reads(&mut *device)?;
    suite.challenges(&mut *device)?;
    if !suite.calls_end(&mut *device)? {
        checked
            .left_out
            .push("a device that is slow, a deadline and a cancel");
    }
    suite.wrong_response(&mut *device)?;
    suite.right_response(&mut *device)?;
    drop(device);
    if suite.bench.unlocks().is_none() {
        checked.left_out.push("how often an unlock is sent");
    }
    if !suite.lost_answer()? {
        checked.left_out.push("an answer that is lost");
    }
    Ok(checked)
}

struct Suite<'a> {
    bench: &'a mut dyn UnlockBench,
    entropy: &'a mut dyn Entropy,
    ticks: &'a dyn Ticks,
}

/// What came of an unlock.
struct Unlocked {
    /// What the session makes of it.
    made: Result<(), UnlockError>,
    /// What the device said to `unlock`.
    said: Result<(), DeviceError>,
}

/// Keeps what the device said to `unlock`: a session makes more of it.
struct Watched<'d> {
    device: &'d mut dyn UnlockDevice,
    said: Option<Result<(), DeviceError>>,
}

impl UnlockDevice for Watched<'_> {
    fn info(&mut self, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        self.device.info(call)
    }

    fn info_about(&mut self, challenge: &Challenge, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        self.device.info_about(challenge, call)
    }

    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        self.device.challenge(request, call)
    }

    fn unlock(&mut self, request: &UnlockRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError> {
        let said = self.device.unlock(request, call);
        self.said = Some(said.clone());
        said
    }
}

fn refused<T>(result: &Result<T, DeviceError>, code: ErrorCode) -> bool {
    matches!(result, Err(DeviceError::Refused(found)) if found.code() == code)
}

impl Suite<'_> {
    /// One call of a minute.
    fn call<R>(&self, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
        let mut progress = NoProgress;
        work(&mut Call::new(self.ticks, PATIENCE, &NeverCancel, &mut progress))
    }

    fn block_and_open(&mut self) -> Result<Box<dyn UnlockDevice>, ContractError> {
        ensure(self.bench.block(), "the bench's own way to block the PIN")?;
        must(self.bench.open(), "a device that is there can be opened")
    }

    fn info(&self, device: &mut dyn UnlockDevice) -> Result<UnlockInfo, ContractError> {
        must(self.call(|call| device.info(call)), "getInfo is answered")
    }

    fn reads(&self, device: &mut dyn UnlockDevice) -> Result<(), ContractError> {
        let info = self.info(device)?;
        ensure(info.is_blocked(), "a PIN that is blocked is told as such")?;
        ensure(info.sealed, "a device that is enrolled is told as such")?;
        ensure(
            info.slots.iter().any(|slot| slot.slot == self.bench.slot()),
            "the enrolled slot is told",
        )?;
        ensure(!info.protocols.is_empty(), "a PIN/UV auth protocol is told")?;
        ensure(self.info(device)? == info, "getInfo only reads")
    }

    fn challenges(&self, device: &mut dyn UnlockDevice) -> Result<(), ContractError> {
        let info = self.info(device)?;
        let mut pending = None;
        for protocol in &info.protocols {
            let request = ChallengeRequest {
                slot: self.bench.slot(),
                protocol: *protocol,
                renew: false,
            };
            for _ in 0..2 {
                let answer = must(
                    self.call(|call| device.challenge(&request, call)),
                    "a device whose PIN is blocked gives a challenge, in each of its protocols",
                )?;
                ensure(
                    answer.slot == request.slot,
                    "a challenge is for the slot that was asked for",
                )?;
                let suite = info.slots.iter().find(|slot| slot.slot == request.slot);
                ensure(
                    suite.is_some_and(|slot| slot.suite == answer.suite),
                    "a challenge is of its slot's suite",
                )?;
                ensure(
                    info.device_id.is_none_or(|id| id == answer.device_id),
                    "getInfo and getChallenge name the same device",
                )?;
                ensure(
                    *pending.get_or_insert(answer.challenge) == answer.challenge,
                    "getChallenge gives the pending challenge until it was answered",
                )?;
            }
        }
        let missing = (0..16).find(|number| info.slots.iter().all(|slot| slot.slot != *number));
        let (Some(slot), Some(protocol)) = (missing, info.protocols.first()) else {
            return Err(ContractError::Broken(
                "the bench's own slots: every one is enrolled",
            ));
        };
        let request = ChallengeRequest {
            slot,
            protocol: *protocol,
            renew: false,
        };
        ensure(
            matches!(
                self.call(|call| device.challenge(&request, call)),
                Err(DeviceError::Refused(_))
            ),
            "a slot that is not enrolled has no challenge: it is refused with a number",
        )
    }

    /// `false` where the bench has no such knob.
    fn calls_end(&mut self, device: &mut dyn UnlockDevice) -> Result<bool, ContractError> {
        if !self.bench.delay(SILENCE) {
            return Ok(false);
        }
        let cancel = CancelAtThirdLook::default();
        let cases: [(Duration, &dyn Cancel, ErrorCode, &'static str); 2] = [
            (
                SHORT,
                &NeverCancel,
                ErrorCode::DeadlineExceeded,
                "a command whose deadline has passed is DeadlineExceeded",
            ),
            (
                2 * PATIENCE,
                &cancel,
                ErrorCode::Cancelled,
                "a command that was cancelled says so",
            ),
        ];
        for (length, cancel, code, sentence) in cases {
            self.bench.delay(SILENCE);
            let mut progress = NoProgress;
            let mut call = Call::new(self.ticks, length, cancel, &mut progress);
            let info = within(self.ticks, PATIENCE, "deadline and cancel end a command", || {
                device.info(&mut call)
            })?;
            self.bench.delay(Duration::ZERO);
            match info {
                Err(error) if error.code() == code => {}
                Err(error) => return Err(ContractError::Failed(sentence, error.into())),
                Ok(_) => return Err(ContractError::Broken(sentence)),
            }
            ensure(
                self.info(device)?.is_blocked(),
                "after a command that was given up the next gets its own answer",
            )?;
        }
        Ok(true)
    }

    fn begin(&self, device: &mut dyn UnlockDevice) -> Result<Session, ContractError> {
        must(
            self.call(|call| Session::begin(device, Some(self.bench.slot()), call)),
            "a session begins with a device whose PIN is blocked",
        )
    }

    fn respond(&mut self, session: &Session) -> Result<ResponseCode, ContractError> {
        self.bench
            .respond(&session.device_id(), session.challenge())
            .ok_or(ContractError::Broken("the bench's own Response Code"))
    }

    /// Unlocks once.
    fn unlock(
        &mut self,
        device: &mut dyn UnlockDevice,
        session: &Session,
        response: &ResponseCode,
    ) -> Result<Unlocked, ContractError> {
        let pin = self.bench.new_pin();
        let pin = NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules())
            .map_err(|_| ContractError::Broken("the bench's own PIN"))?;
        let before = self.bench.unlocks();
        let mut watched = Watched { device, said: None };
        let (mut progress, ticks) = (NoProgress, self.ticks);
        let mut call = Call::new(ticks, PATIENCE, &NeverCancel, &mut progress);
        let made = session.unlock(&mut watched, response, &pin, self.entropy, &mut call);
        let said = match (watched.said, &made) {
            (Some(said), _) => said,
            (None, Err(error)) => {
                return Err(ContractError::Failed(
                    "an unlock is sent after its challenge",
                    error.clone(),
                ));
            }
            (None, Ok(())) => return Err(ContractError::Broken("an unlock is sent after its challenge")),
        };
        if let (Some(before), Some(now)) = (before, self.bench.unlocks()) {
            ensure(
                now == before + 1,
                "an unlock is sent once, whatever becomes of its answer",
            )?;
        }
        Ok(Unlocked { made, said })
    }

    fn wrong_response(&mut self, device: &mut dyn UnlockDevice) -> Result<(), ContractError> {
        let session = self.begin(device)?;
        let right = self.respond(&session)?;
        let mut bytes = zeroize::Zeroizing::new(right.expose_bytes().to_vec());
        if let Some(byte) = bytes.get_mut(2) {
            *byte ^= 0x10;
        }
        let wrong = ResponseCode::from_bytes(right.suite(), &bytes)
            .map_err(|_| ContractError::Broken("the suite's own wrong response"))?;
        let before = self.info(device)?;
        let said = self.unlock(device, &session, &wrong)?.said;
        ensure(
            refused(&said, ErrorCode::ResponseWrong),
            "a wrong response is refused as ResponseWrong",
        )?;
        let after = self.info(device)?;
        ensure(
            after.is_blocked() && after.unlock_counter == before.unlock_counter,
            "a wrong response unlocks nothing",
        )?;
        ensure(
            self.spent(device, session.challenge())? != Some(true),
            "a challenge that unlocked nothing is not told as spent",
        )
    }

    fn spent(
        &self,
        device: &mut dyn UnlockDevice,
        challenge: &Challenge,
    ) -> Result<Option<bool>, ContractError> {
        let info = self.call(|call| device.info_about(challenge, call));
        Ok(must(info, "getInfo about a challenge is answered")?.spent)
    }

    fn right_response(&mut self, device: &mut dyn UnlockDevice) -> Result<(), ContractError> {
        let session = self.begin(device)?;
        let response = self.respond(&session)?;
        let before = self.info(device)?;
        let Unlocked { made, said } = self.unlock(device, &session, &response)?;
        must(said, "the right response unlocks")?;
        must(made, "the right response unlocks")?;
        let after = self.info(device)?;
        ensure(
            !after.is_blocked() && after.unlock_counter == before.unlock_counter.wrapping_add(1),
            "an unlock gives the retries back and counts",
        )?;
        ensure(
            self.spent(device, session.challenge())? != Some(false),
            "the challenge that was answered is told as spent",
        )?;
        let request = ChallengeRequest {
            slot: self.bench.slot(),
            protocol: *after
                .protocols
                .first()
                .ok_or(ContractError::Broken("a PIN/UV auth protocol is told"))?,
            renew: false,
        };
        ensure(
            refused(
                &self.call(|call| device.challenge(&request, call)),
                ErrorCode::DeviceNotLocked,
            ),
            "a device whose PIN is not blocked gives no challenge: DeviceNotLocked",
        )
    }

    /// `false` where the bench has no such knob.
    fn lost_answer(&mut self) -> Result<bool, ContractError> {
        let mut device = self.block_and_open()?;
        let session = self.begin(&mut *device)?;
        let response = self.respond(&session)?;
        if !self.bench.lose_answer() {
            return Ok(false);
        }
        let said = self.unlock(&mut *device, &session, &response)?.said;
        match said {
            Err(DeviceError::Transport(_) | DeviceError::Malformed(_)) => {}
            Err(error) => {
                return Err(ContractError::Failed(
                    "an answer that was lost is an error of the transport, not the device's refusal",
                    error.into(),
                ));
            }
            Ok(()) => return Err(ContractError::Broken("an unlock without an answer is no success")),
        }
        drop(device);
        let mut device = must(self.bench.open(), "a device that was put back can be opened")?;
        let outcome = self.call(|call| session.resolve(&mut *device, call));
        ensure(
            must(outcome, "the device tells what became of an unlock")? == Outcome::Unlocked,
            "the device tells what became of an unlock",
        )?;
        Ok(true)
    }
}
