//! The verification of the log that runs, or ran last. There is one at a time, for every operator: it reads everything,
//! and what it finds is everybody's who may read the log.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::TreeHead;
use fido_unlock::desk::{Desk, LogReport, UnixTime, VerifyProgress};

use crate::refusal::Refusal;

/// How a verification stands.
#[derive(Clone, Debug, Default)]
pub(crate) enum Stands {
    /// There was none since this program was started.
    #[default]
    None,
    /// It runs.
    Runs {
        since: UnixTime,
        progress: Option<VerifyProgress>,
    },
    /// It has ended.
    Ended {
        at: UnixTime,
        found: Result<LogReport, Refusal>,
    },
}

/// The verification that runs, or ran last.
#[derive(Default)]
pub(crate) struct Verification(Mutex<Stands>);

/// One that panics has ended too: the next can begin.
struct Ended<'a>(&'a Verification, fn() -> UnixTime);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut stands = self.0.open();
        if matches!(*stands, Stands::Runs { .. }) {
            *stands = Stands::Ended {
                at: (self.1)(),
                found: Err(ErrorCode::HostFailed.into()),
            };
        }
    }
}

impl Verification {
    /// How it stands.
    pub(crate) fn stands(&self) -> Stands {
        self.open().clone()
    }

    /// Begins one, unless one runs. Whoever begins one calls [`Verification::run`].
    pub(crate) fn begin(&self, since: UnixTime) -> bool {
        let mut stands = self.open();
        if matches!(*stands, Stands::Runs { .. }) {
            return false;
        }
        *stands = Stands::Runs {
            since,
            progress: None,
        };
        true
    }

    /// It could not be begun after all.
    pub(crate) fn forget(&self) {
        *self.open() = Stands::None;
    }

    /// Verifies; ends early where `stopping` says so.
    pub(crate) fn run(
        &self,
        desk: &mut Desk,
        checkpoints: &[TreeHead],
        stopping: &AtomicBool,
        now: fn() -> UnixTime,
    ) {
        let _ended = Ended(self, now);
        let found = desk.verify_audit_watched(checkpoints, &mut |told| {
            if let Stands::Runs { progress, .. } = &mut *self.open() {
                *progress = Some(told);
            }
            if stopping.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        *self.open() = Stands::Ended {
            at: now(),
            found: found.map_err(Refusal::from),
        };
    }

    fn open(&self) -> MutexGuard<'_, Stands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
