//! A locked key: what was shown of it, what is still missing, and what follows a failure.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fido_unlock::{DeviceId, ErrorCode, Family, Pin, ResponseCode};

use crate::keys::Route;
use crate::saved::Saved;

/// How often a device that was busy is tried again by itself.
const TRIES: u32 = 3;

/// Names a job: the key, and a number that no later job of the same key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobId {
    /// The key.
    pub device: DeviceId,
    /// Counted from 1 by the agent.
    pub serial: u64,
}

/// A locked key.
pub struct Job {
    /// What the threads that work for it name in their events.
    pub id: JobId,
    /// What outlives the agent.
    pub saved: Saved,
    /// The way to it, while it is there.
    pub route: Option<Arc<dyn Route>>,
    /// The Response Code.
    pub code: Option<Arc<ResponseCode>>,
    /// The new PIN.
    pub pin: Option<Arc<Pin>>,
    /// Ends what runs for it.
    pub cancel: Arc<AtomicBool>,
    /// The desk is being asked.
    pub fetching: bool,
    /// The device is being spoken to.
    pub unlocking: bool,
    tries: u32,
}

/// What follows a failed unlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another PIN is wanted; the code is kept.
    Pin,
    /// Another code is wanted; the PIN is kept.
    Code,
    /// The challenge is void: all begins again.
    Anew,
    /// Whether it was unlocked is seen when the key is looked at again.
    Look,
    /// The key must be plugged in again; code and PIN are kept.
    Replug,
    /// The same again, a little later.
    Again,
    /// It was given up.
    GivenUp,
}

impl Job {
    /// A key that was just seen.
    pub fn new(saved: Saved, route: Arc<dyn Route>, serial: u64) -> Self {
        Self {
            id: JobId {
                device: saved.session.device_id(),
                serial,
            },
            saved,
            route: Some(route),
            code: None,
            pin: None,
            cancel: Arc::default(),
            fetching: false,
            unlocking: false,
            tries: 0,
        }
    }

    /// Whether it may end well without another line of input.
    pub fn is_under_way(&self) -> bool {
        self.unlocking
            || (self.route.is_some() && self.pin.is_some() && (self.fetching || self.code.is_some()))
    }

    /// Forgets what a failure has made void, and says what comes next.
    pub fn after(&mut self, failure: ErrorCode) -> Next {
        let next = match failure {
            ErrorCode::Cancelled => Next::GivenUp,
            ErrorCode::ResponseWrong => Next::Code,
            ErrorCode::TooManyWrongResponses => Next::Replug,
            ErrorCode::OutcomeUnknown => Next::Look,
            ErrorCode::ChallengeUsed
            | ErrorCode::ChallengeRenewed
            | ErrorCode::ChallengePending
            | ErrorCode::DeviceNotLocked
            | ErrorCode::OtherDevice => Next::Anew,
            other if other.family() == Family::Transport => {
                self.tries += 1;
                if self.tries < TRIES {
                    Next::Again
                } else {
                    Next::Replug
                }
            }
            _ => Next::Pin,
        };
        match next {
            Next::Pin => self.pin = None,
            Next::Code => self.code = None,
            Next::Replug => self.tries = 0,
            _ => {}
        }
        if next == Next::Replug {
            self.route = None;
        }
        next
    }
}
