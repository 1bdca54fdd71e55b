//! Counting codes.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use minicbor::{Decode, Encode};

use super::{OperatorId, UnixTime};
use crate::ports::LimitRequest;

/// One limit: how many codes in a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LimitRule {
    /// The window's length.
    #[n(0)]
    pub window_seconds: u64,
    /// With this many codes in the window, the next one needs a second operator.
    #[n(1)]
    pub approval_from: u32,
    /// With this many codes in the window, the next one is refused.
    #[n(2)]
    pub refuse_from: u32,
}

/// The three limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LimitRules {
    /// For one device.
    #[n(0)]
    pub device: LimitRule,
    /// By one operator.
    #[n(1)]
    pub operator: LimitRule,
    /// Under one issuer key; all of suite 3 together.
    #[n(2)]
    pub issuer: LimitRule,
}

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitKind {
    /// [`LimitRules::device`].
    Device,
    /// [`LimitRules::operator`].
    Operator,
    /// [`LimitRules::issuer`].
    Issuer,
}

/// What a limit store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOutcome {
    /// Counted.
    Taken,
    /// Not counted: a second operator must approve first.
    ApprovalWanted(LimitKind),
    /// Not counted: refused.
    Exceeded(LimitKind),
}

/// One code that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRecord {
    /// When.
    pub at: UnixTime,
    /// For which device.
    pub device: DeviceId,
    /// By whom.
    pub operator: OperatorId,
    /// SHA-256 of Q, or 32 zero bytes.
    pub issuer: [u8; 32],
}

/// The codes of the longest window, in memory; an adapter without a database keeps one and stores
/// its [`LimitBook::records`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitBook {
    records: Vec<LimitRecord>,
}

impl LimitBook {
    /// From stored records.
    #[must_use]
    pub const fn from_records(records: Vec<LimitRecord>) -> Self {
        Self { records }
    }

    /// What must be stored.
    #[must_use]
    pub fn records(&self) -> &[LimitRecord] {
        &self.records
    }

    /// Decides, and counts when [`LimitOutcome::Taken`]. A record from the future (the clock was set
    /// back since) still counts.
    pub fn take(&mut self, request: &LimitRequest<'_>) -> LimitOutcome {
        let rules = request.rules;
        let count = |rule: &LimitRule, same: &dyn Fn(&LimitRecord) -> bool| {
            let inside = |record: &&LimitRecord| request.now.seconds_since(record.at) < rule.window_seconds;
            self.records
                .iter()
                .filter(inside)
                .filter(|record| same(record))
                .count()
        };
        let counts = [
            (
                LimitKind::Device,
                &rules.device,
                count(&rules.device, &|record| record.device == request.device),
            ),
            (
                LimitKind::Operator,
                &rules.operator,
                count(&rules.operator, &|record| record.operator == *request.operator),
            ),
            (
                LimitKind::Issuer,
                &rules.issuer,
                count(&rules.issuer, &|record| record.issuer == request.issuer),
            ),
        ];
        let reaches = |count: usize, from: u32| u32::try_from(count).unwrap_or(u32::MAX) >= from;
        for (kind, rule, count) in &counts {
            if reaches(*count, rule.refuse_from) {
                return LimitOutcome::Exceeded(*kind);
            }
        }
        for (kind, rule, count) in &counts {
            if !request.approved && reaches(*count, rule.approval_from) {
                return LimitOutcome::ApprovalWanted(*kind);
            }
        }
        let longest = [&rules.device, &rules.operator, &rules.issuer]
            .map(|rule| rule.window_seconds)
            .into_iter()
            .fold(0, u64::max);
        self.records
            .retain(|record| request.now.seconds_since(record.at) < longest);
        self.records.push(LimitRecord {
            at: request.now,
            device: request.device,
            operator: request.operator.clone(),
            issuer: request.issuer,
        });
        LimitOutcome::Taken
    }
}
