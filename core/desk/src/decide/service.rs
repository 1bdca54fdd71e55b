//! Licence, service switch, rules, issuers' keys, and what is recorded because it happened beside the desk.

use alloc::format;
use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::ErrorCode;
use minicbor::bytes::ByteArray;

use super::{announce, lookup, operators, who};
use crate::log::NoteVerifier;
use crate::ports::IssuerInfo;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{IssuerRow, LicenceRow, SlotRow};
use crate::rules::Rules;
use crate::step::Step;
use crate::{
    DeskError, KeyEvent, KnownIssuer, LicenceFile, OperatorSession, Pending, Privilege, RulesPreview,
};

/// Slots of a device.
const SLOTS: u8 = 16;

/// Puts a licence in, in place of the one before. `vendor`: whose signature counts.
pub(crate) fn put_licence(
    step: &mut Step<'_>,
    session: &OperatorSession,
    file: &str,
    vendor: &[NoteVerifier],
) -> Result<LicenceFile, DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let licence = LicenceFile::verify(file, vendor)?;
    step.put(
        b"",
        &LicenceRow {
            file: file.as_bytes().to_vec(),
        },
    )?;
    let text = format!(
        "{}: {} devices until {}",
        licence.holder, licence.devices, licence.valid_until
    );
    let entry = step.entry(DeskEvent::LicenceChanged);
    step.record_text(entry, &text)?;
    Ok(licence)
}

/// Switches the service on or off.
pub(crate) fn set_service(step: &mut Step<'_>, session: &OperatorSession, on: bool) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let mut settings = who::settings(step)?;
    settings.service_on = on;
    step.put(b"", &settings)?;
    let entry = step.entry(DeskEvent::ServiceSwitched);
    Ok(step.record_text(entry, if on { "on" } else { "off" })?)
}

/// Changes the rules: what tightens at once, what loosens after its rest.
pub(crate) fn put_rules(
    step: &mut Step<'_>,
    session: &OperatorSession,
    rules: Rules,
) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    long_enough(&rules)?;
    let asked = operators::asked(step, &actor)?;
    let mut settings = who::settings(step)?;
    let shortens = who::rules(step)?.shortens(&rules);
    let loosens = settings.rules.change(rules, &asked);
    step.put(b"", &settings)?;
    let later = settings.rules.later(step.now(), step.head().era);
    let text = match later {
        Some((_, due, _)) => format!("a part of it holds from {due} on"),
        None => "it holds now".into(),
    };
    let due = later.map(|(_, due, _)| due);
    let entry = step.entry(DeskEvent::RulesChanged);
    step.record_text(entry, &text)?;
    // Shorter times stop the others' work.
    if asked.open && (loosens || shortens) {
        announce::last_entry(step, due)?;
    }
    Ok(())
}

pub(crate) fn long_enough(rules: &Rules) -> Result<(), DeskError> {
    match rules.too_short() {
        Some((rule, least)) => Err(DeskError::RuleTooShort { rule, least }),
        None => Ok(()),
    }
}

/// What a change of the rules would do, by the same means.
pub(crate) fn preview_rules(
    step: &mut Step<'_>,
    session: &OperatorSession,
    rules: &Rules,
) -> Result<RulesPreview, DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    let asked = operators::asked(step, &actor)?;
    long_enough(rules)?;
    let (now, era) = (step.now(), step.head().era);
    let mut resting = who::settings(step)?.rules;
    let replaces = lookup::pending(step, &resting)?;
    let changes = resting.at(now, era).changes(rules);
    resting.change(rules.clone(), &asked);
    Ok(RulesPreview {
        changes,
        holds_from: resting.later(now, era).map(|(_, due, _)| due),
        replaces,
    })
}

/// A second Administrator lets rules that rest hold at once. `shown`: those that they saw.
pub(crate) fn settle_rules(
    step: &mut Step<'_>,
    session: &OperatorSession,
    shown: &Pending<Rules>,
    reason: &str,
) -> Result<(), DeskError> {
    let actor = operators::second_administrator(step, session)?;
    let mut settings = who::settings(step)?;
    let later = settings.rules.later(step.now(), step.head().era);
    let (_, _, asked_by) = later.ok_or(ErrorCode::NothingRests)?;
    if !who::are_two(step, asked_by, actor.number)? {
        return Err(ErrorCode::ApprovalSelf.into());
    }
    lookup::is_shown(step, &settings.rules, shown)?;
    operators::with_reason(reason)?;
    settings.rules.settle();
    step.put(b"", &settings)?;
    let entry = step.entry(DeskEvent::ChangeApproved);
    step.record_text(entry, reason)?;
    Ok(announce::last_entry(step, None)?)
}

/// Enters an issuer's public key that a signer holds: into an empty slot, or in place of the one before, which then
/// serves only devices that have not been rotated yet.
pub(crate) fn put_issuer(
    step: &mut Step<'_>,
    session: &OperatorSession,
    info: &IssuerInfo,
) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    if info.slot >= SLOTS {
        return Err(ErrorCode::InvalidArgument.into());
    }
    let hash = info.public.hash();
    if step.get::<IssuerRow>(&hash)?.is_some() {
        return Err(ErrorCode::KeyExists.into());
    }
    let mut slot: SlotRow = step.get(&[info.slot])?.unwrap_or_default();
    if info.retired {
        slot.retired.push(ByteArray::from(hash));
    } else if let Some(old) = slot.present.replace(hash) {
        let mut row: IssuerRow = step.must(&old)?;
        if row.suite() != Some(info.suite) {
            return Err(ErrorCode::SignerSuite.into());
        }
        row.retired = true;
        step.put(&old, &row)?;
        slot.retired.insert(0, ByteArray::from(old));
    }
    step.put(&[info.slot], &slot)?;
    step.put(&hash, &IssuerRow::new(info, step.now()))?;
    let entry = DeskEntry {
        slot: Some(info.slot),
        suite: Some(info.suite.number()),
        issuer: Some(hash),
        ..step.entry(DeskEvent::IssuerKeyMade)
    };
    step.record(entry);
    Ok(())
}

/// All issuers' keys, by slot, the present one first and then the retired ones, newest first.
pub(crate) fn issuers(step: &Step<'_>) -> Result<Vec<IssuerInfo>, DeskError> {
    Ok(known_issuers(step)?.into_iter().map(|known| known.info).collect())
}

/// The same, with what is known beside each.
pub(crate) fn known_issuers(step: &Step<'_>) -> Result<Vec<KnownIssuer>, DeskError> {
    let mut out = Vec::new();
    for number in 0..SLOTS {
        let Some(slot): Option<SlotRow> = step.get(&[number])? else {
            continue;
        };
        let retired = slot.retired.iter().map(|hash| **hash);
        for hash in slot.present.into_iter().chain(retired) {
            let row: IssuerRow = step.must(&hash)?;
            out.push(KnownIssuer {
                info: row.info().ok_or(ErrorCode::StoreCorrupt)?,
                since: row.since,
                devices: row.devices,
            });
        }
    }
    Ok(out)
}

/// Records what happened to the issuers' keys beside the desk.
pub(crate) fn key_event(
    step: &mut Step<'_>,
    session: &OperatorSession,
    event: KeyEvent,
) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let entry = match event {
        KeyEvent::Made { slot, public } => DeskEntry {
            slot: Some(slot),
            issuer: Some(public.hash()),
            ..step.entry(DeskEvent::IssuerKeyMade)
        },
        KeyEvent::BackedUp => step.entry(DeskEvent::IssuerKeysBackedUp),
        KeyEvent::Restored => step.entry(DeskEvent::IssuerKeysRestored),
    };
    step.record(entry);
    Ok(())
}

/// Records that a device's forgotten PIN is about to be blocked on purpose.
pub(crate) fn pin_block(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &DeviceId,
) -> Result<(), DeskError> {
    step.about.device = Some(*device.as_bytes());
    who::privileged(step, session, Privilege::Unlock)?;
    let entry = step.entry(DeskEvent::PinBlocked);
    step.record(entry);
    Ok(())
}

/// Records that a program for users was fetched.
pub(crate) fn download(step: &mut Step<'_>, session: &OperatorSession, name: &str) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Downloads)?;
    let entry = step.entry(DeskEvent::DownloadFetched);
    Ok(step.record_text(entry, name)?)
}
