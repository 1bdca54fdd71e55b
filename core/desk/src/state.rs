//! What the desk knows from its audit log: answered challenges, open codes, counters, alarms.
//!
//! The log is the only source, read again at each start, so a process killed between two writes
//! leaves nothing that disagrees with it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::{AesChallenge, Challenge, DeviceChallenge, DeviceId};

use super::audit::{AuditEntry, AuditEvent};
use super::{OperatorId, RequestId, UnixTime, UserId};

/// How a request with a code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// Nothing was recorded yet.
    Open,
    /// The device was unlocked.
    Done,
    /// Given up.
    Abandoned,
    /// A later challenge came: the code is void, if that one was the device's.
    Superseded,
}

/// A code that was made and may still be good: it does not expire on the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCode {
    /// Its request.
    pub request: RequestId,
    /// Its device.
    pub device: DeviceId,
    /// The owner.
    pub user: UserId,
    /// Who gave it.
    pub operator: OperatorId,
    /// When it was made.
    pub at: UnixTime,
    /// Open or abandoned.
    pub outcome: CodeOutcome,
}

/// An inconsistency, until an Administrator acknowledges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The sequence number of its entry.
    pub id: u64,
    /// What.
    pub code: ErrorCode,
    /// Which device.
    pub device: DeviceId,
    /// The counter's low 16 bits in the challenge that raised it.
    pub counter: Option<u16>,
    /// When.
    pub at: UnixTime,
}

#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) operator: OperatorId,
    pub(super) at: UnixTime,
    pub(super) nonce: ChallengeNonceHead,
    pub(super) counter: Option<u16>,
    pub(super) made: bool,
    pub(super) outcome: CodeOutcome,
}

/// What the challenges of all slots of a device have in common: the first 14 bytes of its nonce
/// ([`Challenge::nonce`]). The device has one nonce, so a challenge of another slot makes no code void, and a code for
/// any slot makes those for the others void.
type ChallengeNonceHead = [u8; 14];

/// Of a challenge as an entry has it; `None` for bytes that are not a challenge.
fn nonce_of(challenge: Option<&Vec<u8>>) -> Option<ChallengeNonceHead> {
    let bytes = challenge?;
    let challenge = match <[u8; 16]>::try_from(bytes.as_slice()) {
        Ok(aes) => Challenge::Aes(AesChallenge::from_bytes(aes)),
        Err(_) => Challenge::Line(DeviceChallenge::from_bytes(bytes).ok()?),
    };
    Some(challenge.nonce())
}

#[derive(Debug, Default)]
pub(super) struct DeskState {
    given: BTreeMap<RequestId, Given>,
    answered: BTreeMap<ChallengeNonceHead, DeviceId>,
    counters: BTreeMap<DeviceId, u16>,
    /// Of the challenge that was accepted last, until it is known to be used.
    last_nonce: BTreeMap<DeviceId, ChallengeNonceHead>,
    alarms: BTreeMap<u64, Alarm>,
    used: BTreeSet<RequestId>,
}

impl DeskState {
    pub(super) fn apply(&mut self, entry: &AuditEntry) {
        match entry.event {
            AuditEvent::DeviceRegistered => {
                if let (Some(device), Some(counter)) = (entry.device, entry.counter) {
                    self.counters.insert(device, counter);
                }
            }
            AuditEvent::ChallengeAccepted => {
                if let (Some(device), Some(nonce)) = (entry.device, nonce_of(entry.challenge.as_ref())) {
                    self.last_nonce.insert(device, nonce);
                    if let Some(counter) = entry.counter {
                        self.counters.entry(device).or_insert(counter);
                    }
                }
            }
            AuditEvent::Authorised => self.authorised(entry),
            AuditEvent::CodeMade => self.with_given(entry, |given| given.made = true),
            AuditEvent::Done => {
                let mut used = None;
                self.with_given(entry, |given| {
                    given.outcome = CodeOutcome::Done;
                    used = Some((given.device, given.nonce));
                });
                if let Some((device, nonce)) = used
                    && self.last_nonce.get(&device) == Some(&nonce)
                {
                    self.last_nonce.remove(&device);
                }
                if let (Some(device), Some(counter)) = (entry.device, entry.counter) {
                    self.counters.insert(device, counter);
                }
            }
            AuditEvent::Abandoned => self.with_given(entry, |given| given.outcome = CodeOutcome::Abandoned),
            AuditEvent::DeviceRotated => {
                // The rotation has dropped the device's pending challenge.
                if let Some(device) = &entry.device {
                    self.last_nonce.remove(device);
                }
            }
            AuditEvent::AlarmRaised => {
                if let (Some(device), Some(code)) =
                    (entry.device, entry.error.and_then(ErrorCode::from_number))
                {
                    self.alarms.insert(
                        entry.sequence,
                        Alarm {
                            id: entry.sequence,
                            code,
                            device,
                            counter: entry.counter,
                            at: entry.at,
                        },
                    );
                }
            }
            AuditEvent::AlarmAcknowledged => {
                let alarm = entry.alarm.and_then(|id| self.alarms.remove(&id));
                if let Some((device, counter)) = alarm.and_then(|alarm| Some((alarm.device, alarm.counter?)))
                {
                    self.counters.insert(device, counter);
                }
            }
            _ => {}
        }
    }

    fn authorised(&mut self, entry: &AuditEntry) {
        let (Some(request), Some(device), Some(user), Some(operator), Some(nonce)) = (
            entry.request,
            entry.device,
            &entry.user,
            &entry.operator,
            nonce_of(entry.challenge.as_ref()),
        ) else {
            return;
        };
        self.used.insert(request);
        self.answered.entry(nonce).or_insert(device);
        self.given.insert(
            request,
            Given {
                user: user.clone(),
                device,
                operator: operator.clone(),
                at: entry.at,
                nonce,
                counter: entry.counter,
                made: false,
                outcome: CodeOutcome::Open,
            },
        );
    }

    fn with_given(&mut self, entry: &AuditEntry, change: impl FnOnce(&mut Given)) {
        if let Some(given) = entry.request.and_then(|request| self.given.get_mut(&request)) {
            change(given);
        }
    }

    pub(super) fn is_used(&self, request: RequestId) -> bool {
        self.used.contains(&request)
    }

    pub(super) fn given(&self, request: RequestId) -> Option<&Given> {
        self.given.get(&request)
    }

    /// The device for which a challenge of this nonce was answered first.
    pub(super) fn answered_for(&self, challenge: &Challenge) -> Option<DeviceId> {
        self.answered.get(&challenge.nonce()).copied()
    }

    /// The counter's low 16 bits that the device's next challenge should show.
    pub(super) fn expected_counter(&self, device: &DeviceId) -> Option<u16> {
        self.counters.get(device).copied()
    }

    pub(super) fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.values()
    }

    pub(super) fn alarm(&self, id: u64) -> Option<&Alarm> {
        self.alarms.get(&id)
    }

    /// Codes that may still be good: made, not reported as used, their counter not moved, and no
    /// newer nonce of their device seen.
    pub(super) fn open_codes(&self) -> impl Iterator<Item = OpenCode> {
        self.given.iter().filter_map(|(request, given)| {
            let counter = self.counters.get(&given.device).copied();
            let open = given.made
                && given.outcome != CodeOutcome::Done
                && (given.counter.is_none() || given.counter == counter)
                && self.last_nonce.get(&given.device) == Some(&given.nonce);
            open.then(|| OpenCode {
                request: *request,
                device: given.device,
                user: given.user.clone(),
                operator: given.operator.clone(),
                at: given.at,
                outcome: given.outcome,
            })
        })
    }
}
