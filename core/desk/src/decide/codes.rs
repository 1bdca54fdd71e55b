//! One-time codes: given to who cannot sign in, and used to set a password.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use subtle::ConstantTimeEq;

use super::confirmed::confirmed;
use super::operators::with_reason;
use super::{announce, operators, passkeys, sign_in, tokens, who};
use crate::passkey::Claimed;
use crate::ports::List;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{BackOffRow, OperatorRow, SessionRow, SignInCodeRow};
use crate::step::Step;
use crate::{DeskError, OperatorId, OperatorSession, PersonNumber, Privilege, SignInCode};

/// So long a code is good, in seconds.
const LIFETIME: u64 = 24 * 60 * 60;

/// A second Administrator gives an operator a code. What they have signed in with until now is void.
pub(crate) fn give(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
) -> Result<SignInCode, DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    // Whoever finds an open console makes themselves no other sign-in.
    confirmed(step, session)?;
    let number = who::operator_number(step, id)?.ok_or(ErrorCode::OperatorMissing)?;
    if number == actor.number {
        return Err(ErrorCode::ApprovalSelf.into());
    }
    make(step, number, "")
}

/// A code for the first Administrator, as long as nobody has ever been able to sign in.
pub(crate) fn first(step: &mut Step<'_>) -> Result<Option<(OperatorId, SignInCode)>, DeskError> {
    let all = step.list::<OperatorRow>(List::Operators, b"", None, u32::MAX)?;
    let can_sign_in = |(_, row): &(Vec<u8>, OperatorRow)| row.password.is_some() || !row.passkeys.is_empty();
    if all.iter().any(can_sign_in) || who::settings(step)?.open {
        return Ok(None);
    }
    let first = all
        .into_iter()
        .find(|(_, row)| operators::administers_now(step, row));
    let Some((_, row)) = first else { return Ok(None) };
    let id = who::operator_id(&row.name)?;
    let number = who::operator_number(step, &id)?.ok_or(ErrorCode::OperatorMissing)?;
    Ok(Some((id, make(step, number, "")?)))
}

/// A code for an Administrator, by whoever has the desk's keys and stands at its computer. `note`: what had happened.
pub(crate) fn recover(step: &mut Step<'_>, id: &OperatorId, note: &str) -> Result<SignInCode, DeskError> {
    with_reason(note)?;
    let number = who::operator_number(step, id)?.ok_or(ErrorCode::OperatorMissing)?;
    let row: OperatorRow = step.must(&number.0)?;
    if !operators::administers_now(step, &row) {
        return Err(ErrorCode::PrivilegeMissing.into());
    }
    make(step, number, note)
}

fn make(step: &mut Step<'_>, number: PersonNumber, note: &str) -> Result<SignInCode, DeskError> {
    let code = SignInCode::from_bytes(step.random());
    let mut row: OperatorRow = step.must(&number.0)?;
    row.password = None;
    row.short = false;
    row.credentials = row.credentials.wrapping_add(1);
    passkeys::remove_all(step, &mut row)?;
    tokens::remove_all(step, &mut row)?;
    for key in core::mem::take(&mut row.sessions) {
        step.remove::<SessionRow>(&key[..])?;
    }
    row.code = Some(SignInCodeRow {
        hash: code.hash(&step.head().log_id, number).into(),
        until: step.now().plus_seconds(LIFETIME),
        era: step.head().era.number,
    });
    let open = who::settings(step)?.open;
    if open {
        // Whoever handed the code over may be the one who uses it.
        row.given = Some(step.now());
    }
    step.put(&number.0, &row)?;
    // Who guesses at a password does not keep the code's owner out.
    if step.get::<BackOffRow>(&number.0)?.is_some() {
        step.remove::<BackOffRow>(&number.0)?;
    }
    let entry = DeskEntry {
        second_operator: Some(number),
        ..step.entry(DeskEvent::SignInCodeGiven)
    };
    step.record_text(entry, note)?;
    if open {
        announce::last_entry(step, None)?;
    }
    Ok(code)
}

/// Whether it is the code of whoever is claimed to be there.
pub(crate) fn is_right(step: &mut Step<'_>, claimed: &Claimed, code: &SignInCode) -> Result<bool, DeskError> {
    let Some(number) = claimed.number else {
        return Ok(false);
    };
    let row: OperatorRow = step.must(&number.0)?;
    let Some(kept) = row.code else { return Ok(false) };
    let lives = kept.era == step.head().era.number && step.now() <= kept.until;
    let same = kept.hash.ct_eq(&code.hash(&step.head().log_id, number));
    Ok(lives && bool::from(same))
}

/// Uses the code up: the password is the operator's from now on.
pub(crate) fn redeem(
    step: &mut Step<'_>,
    claimed: &Claimed,
    code: &SignInCode,
    password: &str,
) -> Result<(), DeskError> {
    let (number, mut row) = sign_in::known(step, claimed)?;
    if !is_right(step, claimed, code)? {
        return Err(ErrorCode::SignInCodeWrong.into());
    }
    row.code = None;
    if who::settings(step)?.open {
        // The rest is of the password, not of the code, which may be as old as that or from the set-up.
        row.given = Some(step.now());
    }
    operators::change_password(&mut row, password, false);
    step.put(&number.0, &row)?;
    let changed = DeskEntry {
        second_operator: Some(number),
        ..step.entry(DeskEvent::PasswordChanged)
    };
    step.record(changed);
    Ok(())
}
