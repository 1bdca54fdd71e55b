//! The conversation of one unlock.

use std::str;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock::host::ports::Call;
use fido_unlock::host::{NewPin, Outcome, Session, confirm_pin};
use fido_unlock::{ErrorCode, Pin, ResponseCode};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use crate::call::{CallOptions, CancelHandle, ProgressListener};
use crate::device::Device;
use crate::error::UnlockError;
use crate::pin::{PinPolicy, PinRules};
use crate::types::Suite;

/// What became of an unlock whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum UnlockOutcome {
    /// The new PIN is set.
    Unlocked,
    /// Nothing changed; the Response Code is still good.
    NotUnlocked,
}

/// What was shown to the person, and all that is needed to continue after a restart. Holds no secret.
#[derive(uniffi::Object)]
pub struct UnlockSession(Mutex<Session>);

impl UnlockSession {
    fn lock(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Session {
        self.lock().clone()
    }

    #[allow(clippy::too_many_arguments, reason = "the host's arguments, one by one")]
    fn run(
        &self,
        device: &Device,
        response: &str,
        pin: &Pin,
        pin_again: Option<&Pin>,
        policy: Option<&PinPolicy>,
        options: CallOptions,
    ) -> Result<(), UnlockError> {
        let session = self.now();
        let response = ResponseCode::parse(session.suite(), response)?;
        let standard = PinPolicy::default();
        let policy = policy.unwrap_or(&standard);
        if let Some(again) = pin_again {
            confirm_pin(pin, again)?;
        }
        let pin = NewPin::judge(pin, policy.as_port(), session.rules())?;
        let mut backend = device.backend()?;
        let (result, interrupted) = backend.run_watched(options, Call::WITH_TOUCH, |backend, call| {
            session.unlock(backend, &response, &pin, &mut SystemEntropy, call)
        });
        match (result, interrupted) {
            // Who interrupts it leaves no time to ask what became of it: that is asked here.
            (Err(lost), Some(cause)) if lost.number() == ErrorCode::OutcomeUnknown.number() => {
                let asked = backend.run(CallOptions::default(), Call::QUICK, |backend, call| {
                    session.resolve(backend, call)
                });
                match asked {
                    Ok(Outcome::Unlocked) => Ok(()),
                    Ok(Outcome::NotUnlocked) => Err(cause.into()),
                    Err(_) => Err(lost),
                }
            }
            (Err(error), Some(ErrorCode::HostFailed)) if error.number() == ErrorCode::Cancelled.number() => {
                Err(ErrorCode::HostFailed.into())
            }
            (result, _) => result,
        }
    }
}

#[uniffi::export]
impl UnlockSession {
    /// Reads the state and the pending challenge. `slot`: the key slot; if absent, the lowest above 0, or 0
    /// if it is the only one.
    #[uniffi::constructor(default(slot = None, cancel = None, timeout_ms = None))]
    pub fn begin(
        device: Arc<Device>,
        slot: Option<u8>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<Arc<Self>, UnlockError> {
        let session = device.call(
            CallOptions::new(None, cancel, timeout_ms),
            Call::QUICK,
            |backend, call| Session::begin(backend, slot, call),
        )?;
        Ok(Arc::new(Self(Mutex::new(session))))
    }

    /// Restores a session from the bytes that `save` gave.
    #[uniffi::constructor]
    pub fn restore(bytes: Vec<u8>) -> Result<Arc<Self>, UnlockError> {
        Ok(Arc::new(Self(Mutex::new(Session::from_bytes(&bytes)?))))
    }

    /// Bytes from which the session can be restored after a restart; they hold no secret.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.lock().to_bytes()
    }

    /// The Device ID, as it is read aloud.
    #[must_use]
    pub fn device_id(&self) -> String {
        self.lock().device_id().to_code()
    }

    /// The Device Challenge, as it is read aloud: a line or, in suite 3, 32 hexadecimal digits.
    #[must_use]
    pub fn challenge(&self) -> String {
        self.lock().challenge().to_code()
    }

    /// The suite, which says how a Response Code looks.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.lock().suite().into()
    }

    /// The key slot.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.lock().slot()
    }

    /// The device's rules for a new PIN.
    #[must_use]
    pub fn pin_rules(&self) -> PinRules {
        PinRules::of(self.lock().rules())
    }

    /// Asks for a new challenge, which voids the Response Code for the old one; needs a touch.
    #[uniffi::method(default(progress = None, cancel = None, timeout_ms = None))]
    pub fn renew(
        &self,
        device: Arc<Device>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<(), UnlockError> {
        let mut session = self.now();
        device.call(
            CallOptions::new(progress, cancel, timeout_ms),
            Call::WITH_TOUCH,
            |backend, call| session.renew(backend, call),
        )?;
        *self.lock() = session;
        Ok(())
    }

    /// Unlocks: judges code and PIN, compares the device's challenge with the one shown, sends both.
    /// The three texts are wiped on this side when the call returns. `policy`: if absent, 6 to 63 letters
    /// and digits. If the answer is lost (number 124), call `resolve`.
    #[allow(clippy::too_many_arguments, reason = "a secret never crosses inside a record")]
    #[uniffi::method(default(policy = None, progress = None, cancel = None, timeout_ms = None))]
    pub fn unlock(
        &self,
        device: Arc<Device>,
        response: String,
        pin: String,
        pin_again: String,
        policy: Option<Arc<PinPolicy>>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<(), UnlockError> {
        let response = Zeroizing::new(response);
        let (pin, pin_again) = (Pin::new(pin), Pin::new(pin_again));
        let options = CallOptions::new(progress, cancel, timeout_ms);
        self.run(
            &device,
            &response,
            &pin,
            Some(&pin_again),
            policy.as_deref(),
            options,
        )
    }

    /// The same for a host that keeps the texts in memory that it can wipe: UTF-8, read in place. The host
    /// must have compared the PIN with its confirmation.
    #[allow(clippy::too_many_arguments, reason = "a secret never crosses inside a record")]
    #[uniffi::method(default(policy = None, progress = None, cancel = None, timeout_ms = None))]
    pub fn unlock_from_memory(
        &self,
        device: Arc<Device>,
        response: &[u8],
        pin: &[u8],
        policy: Option<Arc<PinPolicy>>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<(), UnlockError> {
        let response = str::from_utf8(response).map_err(|_| ErrorCode::CodeCharacter)?;
        let pin = str::from_utf8(pin).map_err(|_| ErrorCode::PinCharacter)?;
        let pin = Pin::new(pin.to_owned());
        let options = CallOptions::new(progress, cancel, timeout_ms);
        self.run(&device, response, &pin, None, policy.as_deref(), options)
    }

    /// What became of an unlock whose answer was lost, even after a restart.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn resolve(
        &self,
        device: Arc<Device>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<UnlockOutcome, UnlockError> {
        let session = self.now();
        device.call(
            CallOptions::new(None, cancel, timeout_ms),
            Call::QUICK,
            |backend, call| {
                session.resolve(backend, call).map(|outcome| match outcome {
                    Outcome::Unlocked => UnlockOutcome::Unlocked,
                    Outcome::NotUnlocked => UnlockOutcome::NotUnlocked,
                })
            },
        )
    }
}
