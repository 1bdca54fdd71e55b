//! Contract of [`Limits`].

use alloc::boxed::Box;

use fido_unlock_protocol::DeviceId;

use super::{ContractError, ensure};
use crate::ports::{LimitRequest, Limits, StorageError};
use crate::{LimitKind, LimitOutcome, LimitRule, LimitRules, OperatorId, UnixTime};

/// `open` opens the same counts, empty at first; the one before is dropped by then.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn limits(
    mut open: impl FnMut() -> Result<Box<dyn Limits + Send>, StorageError>,
) -> Result<(), ContractError> {
    let mut counts = open()?;
    let rule = |approval_from, refuse_from| LimitRule {
        window_seconds: 100,
        approval_from,
        refuse_from,
    };
    let rules = LimitRules {
        device: rule(1, 2),
        operator: rule(10, 3),
        issuer: rule(10, 4),
    };
    let own = || ContractError::Broken("the suite's own operator ids");
    let (one, two) = (
        OperatorId::new("1").ok_or_else(own)?,
        OperatorId::new("2").ok_or_else(own)?,
    );
    let request = |device, operator, issuer, now, approved| LimitRequest {
        device: DeviceId::from_bytes([device; 10]),
        operator,
        issuer: [issuer; 32],
        now: UnixTime(now),
        rules: &rules,
        approved,
    };
    let taken = LimitOutcome::Taken;
    ensure(
        counts.take(&request(1, &one, 7, 1000, false))? == taken,
        "the first code is taken",
    )?;
    let mut counts = {
        drop(counts);
        open()?
    };
    let wanted = LimitOutcome::ApprovalWanted(LimitKind::Device);
    ensure(
        counts.take(&request(1, &one, 7, 1001, false))? == wanted,
        "counts survive a restart",
    )?;
    ensure(
        counts.take(&request(1, &one, 7, 1002, true))? == taken,
        "what was not taken is not counted",
    )?;
    let device = LimitOutcome::Exceeded(LimitKind::Device);
    ensure(
        counts.take(&request(1, &one, 7, 1003, true))? == device,
        "a device's limit refuses",
    )?;
    ensure(
        counts.take(&request(2, &one, 7, 1004, false))? == taken,
        "a refusal is not counted",
    )?;
    let operator = LimitOutcome::Exceeded(LimitKind::Operator);
    ensure(
        counts.take(&request(3, &one, 8, 1005, true))? == operator,
        "an operator's limit refuses",
    )?;
    ensure(
        counts.take(&request(3, &two, 7, 1006, true))? == taken,
        "another operator goes on",
    )?;
    let issuer = LimitOutcome::Exceeded(LimitKind::Issuer);
    ensure(
        counts.take(&request(4, &two, 7, 1007, true))? == issuer,
        "an issuer key's limit refuses",
    )?;
    ensure(
        counts.take(&request(4, &two, 8, 1008, true))? == taken,
        "another issuer key goes on",
    )?;
    let mut counts = {
        drop(counts);
        open()?
    };
    ensure(
        counts.take(&request(1, &two, 9, 1099, true))? == device,
        "a code counts for the whole window",
    )?;
    ensure(
        counts.take(&request(1, &two, 9, 1100, true))? == taken,
        "a code older than the window no longer counts",
    )?;
    ensure(
        counts.take(&request(1, &two, 9, 900, true))? == device,
        "codes from the future still count",
    )
}
