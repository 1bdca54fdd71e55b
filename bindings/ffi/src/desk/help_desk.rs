//! An open help desk, and who is in it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::{self, StorageError};
use fido_unlock::desk::{self, DeskError};
use fido_unlock_system::SystemEntropy;

use super::checkpoint;
use super::ports::{HostDelivery, HostNotifier};
use super::types::operator_id;
use super::{CodeDelivery, DeskRules, DeskSigner, OwnerNotifier};
use crate::UnlockError;

/// How long a call waits for those before it.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Wrong passwords are written down once in this many seconds.
const GUESS_WINDOW_SECONDS: u64 = 10;

/// An operator who has signed in.
#[derive(uniffi::Object)]
pub struct OperatorSession(pub(super) desk::OperatorSession);

#[uniffi::export]
impl OperatorSession {
    /// Who.
    #[must_use]
    pub fn operator(&self) -> String {
        self.0.operator().to_string()
    }

    /// Since when they are signed in: seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.0.since().0
    }
}

/// An open help desk over a database; others may be open over the same one. Calls from several threads wait for each
/// other, at most five seconds (number 707), and each waits for the signer, the notifier and the delivery. A call from
/// within one of these is refused: on the same thread at once with number 802, on another one with 707.
/// `CallerVerifier` and `Approver` hold nobody up: while they work the desk serves others, and they may call it
/// themselves.
#[derive(uniffi::Object)]
pub struct HelpDesk {
    state: Mutex<State>,
    left: Condvar,
}

enum State {
    Free(Box<desk::Desk>),
    /// In a call of this thread.
    Entered(ThreadId),
}

/// The desk for one call; given back when dropped.
struct Entered<'a> {
    desk: Option<Box<desk::Desk>>,
    of: &'a HelpDesk,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(desk) = self.desk.take() {
            *self.of.state() = State::Free(desk);
            self.of.left.notify_one();
        }
    }
}

impl HelpDesk {
    pub(crate) fn over(desk: desk::Desk) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Free(Box::new(desk))),
            left: Condvar::new(),
        })
    }

    /// A new desk, with its first Administrator.
    pub(crate) fn make(
        parts: desk::DeskParts,
        rules: DeskRules,
        administrator: &str,
        password: &str,
    ) -> Result<Arc<Self>, UnlockError> {
        let administrator = operator_id(administrator)?;
        let desk = desk::Desk::create(parts, rules.into(), &administrator, password)?;
        Ok(Self::over(desk))
    }

    /// One call.
    pub(super) fn run<R>(
        &self,
        work: impl FnOnce(&mut desk::Desk) -> Result<R, DeskError>,
    ) -> Result<R, UnlockError> {
        let mut entered = self.enter()?;
        let desk = entered.desk.as_mut().ok_or(ErrorCode::WrongState)?;
        Ok(work(desk)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Result<Entered<'_>, UnlockError> {
        let this = thread::current().id();
        let state = self.state();
        if matches!(*state, State::Entered(thread) if thread == this) {
            return Err(ErrorCode::WrongState.into());
        }
        let taken = |state: &mut State| matches!(state, State::Entered(_));
        let waited = self.left.wait_timeout_while(state, LONGEST_WAIT, taken);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if taken(&mut state) {
            let detail = "the help desk is in another call".into();
            return Err(StorageError::Busy { detail }.into());
        }
        match std::mem::replace(&mut *state, State::Entered(this)) {
            State::Free(desk) => Ok(Entered {
                desk: Some(desk),
                of: self,
            }),
            State::Entered(_) => Err(ErrorCode::WrongState.into()),
        }
    }
}

/// What a host brings.
pub(crate) struct HostPorts {
    pub signer: Arc<DeskSigner>,
    pub notifier: Arc<dyn OwnerNotifier>,
    pub delivery: Option<Arc<dyn CodeDelivery>>,
    /// Lines of the keys that sign licences.
    pub vendor_keys: Vec<String>,
}

/// What else a desk stands on.
pub(crate) struct Ground {
    pub store: Box<dyn ports::DeskStore + Send>,
    pub seal_key: desk::SealKey,
    pub clock: Box<dyn ports::Clock + Send>,
    pub passwords: Box<dyn ports::Passwords + Send>,
    pub anchor: Option<Box<dyn ports::Anchor + Send>>,
}

impl HostPorts {
    pub(crate) fn on(self, ground: Ground) -> Result<desk::DeskParts, UnlockError> {
        Ok(desk::DeskParts {
            store: ground.store,
            seal_key: ground.seal_key,
            clock: ground.clock,
            entropy: Box::new(SystemEntropy),
            signer: self.signer.to_core()?,
            passwords: ground.passwords,
            passkeys: None,
            notifier: Box::new(HostNotifier(self.notifier)),
            delivery: match self.delivery {
                Some(delivery) => Some(Box::new(HostDelivery(delivery))),
                None => None,
            },
            anchor: ground.anchor,
            vendor: checkpoint::keys(&self.vendor_keys)?,
            guess_window_seconds: GUESS_WINDOW_SECONDS,
        })
    }
}
