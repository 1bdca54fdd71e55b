//! Operators' access tokens: made, revoked, and used.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use minicbor::bytes::ByteArray;

use super::confirmed::confirmed;
use super::{passkeys, who};
use crate::access_token::token_key;
use crate::ports::StorageError;
use crate::record::DeskEvent;
use crate::rows::{OperatorRow, TokenRow};
use crate::step::Step;
use crate::{AccessToken, DeskError, KnownToken, OperatorSession, Privilege, Scope};

/// Tokens of one operator.
const MOST: usize = 20;
/// The longest life of a token: 365 days.
const MOST_SECONDS: u64 = 365 * 24 * 60 * 60;

fn is_good(step: &Step<'_>, row: &TokenRow, operator: &OperatorRow) -> bool {
    who::is_in_time(step, row) && row.credentials == operator.credentials
}

/// Those of an operator that are good, oldest first.
pub(crate) fn known(step: &Step<'_>, operator: &OperatorRow) -> Result<Vec<KnownToken>, StorageError> {
    let mut all = Vec::new();
    for key in &operator.tokens {
        let row: TokenRow = step.must(&key[..])?;
        if is_good(step, &row, operator) {
            all.push(KnownToken {
                id: **key,
                name: row.name,
                scopes: row.scopes,
                made: row.made,
                until: row.until,
            });
        }
    }
    Ok(all)
}

/// Makes one, for so many `seconds` from now on.
pub(crate) fn make(
    step: &mut Step<'_>,
    session: &OperatorSession,
    name: &str,
    scopes: &[Scope],
    seconds: u64,
) -> Result<AccessToken, DeskError> {
    let actor = confirmed(step, session)?;
    let name = passkeys::name_of(name)?;
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    remove_dead(step, &mut row)?;
    if scopes.is_empty() || !(1..=MOST_SECONDS).contains(&seconds) || row.tokens.len() >= MOST {
        return Err(ErrorCode::InvalidArgument.into());
    }
    let token = AccessToken::from_bytes(step.random());
    let key = token_key(&step.head().log_id, &token.secret());
    let until = step.now().plus_seconds(seconds);
    let words: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    let text: String = format!("{} until {until}", words.join(", "));
    let made = TokenRow {
        operator: actor.number,
        name,
        scopes,
        made: step.now(),
        until,
        era: step.head().era.number,
        credentials: row.credentials,
    };
    step.put(&key, &made)?;
    row.tokens.push(ByteArray::from(key));
    step.put(&actor.number.0, &row)?;
    let entry = step.entry(DeskEvent::TokenMade);
    step.record_text(entry, &text)?;
    Ok(token)
}

/// Revokes one of the operator's own. One that is gone already stays so.
pub(crate) fn revoke(step: &mut Step<'_>, session: &OperatorSession, id: &[u8; 32]) -> Result<(), DeskError> {
    let actor = who::in_person(step, session)?;
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    let before = row.tokens.len();
    row.tokens.retain(|key| **key != *id);
    if row.tokens.len() == before {
        return Ok(());
    }
    step.remove::<TokenRow>(id)?;
    step.put(&actor.number.0, &row)?;
    let entry = step.entry(DeskEvent::TokenRevoked);
    step.record(entry);
    Ok(())
}

/// Revokes the token that a program acts by.
pub(crate) fn give_up(step: &mut Step<'_>, session: &OperatorSession) -> Result<(), DeskError> {
    let key = session
        .token_key(&step.head().log_id)
        .ok_or(ErrorCode::InvalidArgument)?;
    let actor = who::signed_in(step, session)?;
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    row.tokens.retain(|own| **own != key);
    step.remove::<TokenRow>(&key[..])?;
    step.put(&actor.number.0, &row)?;
    let entry = step.entry(DeskEvent::TokenRevoked);
    step.record(entry);
    Ok(())
}

fn remove_dead(step: &mut Step<'_>, operator: &mut OperatorRow) -> Result<(), DeskError> {
    for key in core::mem::take(&mut operator.tokens) {
        let row: TokenRow = step.must(&key[..])?;
        if is_good(step, &row, operator) {
            operator.tokens.push(key);
        } else {
            step.remove::<TokenRow>(&key[..])?;
        }
    }
    Ok(())
}

/// Takes all of them away.
pub(crate) fn remove_all(step: &mut Step<'_>, row: &mut OperatorRow) -> Result<(), DeskError> {
    for key in row.tokens.drain(..) {
        step.remove::<TokenRow>(&key[..])?;
    }
    Ok(())
}

/// In whose name a token acts, and what it may; `None` where it is not good.
pub(crate) fn of(
    step: &Step<'_>,
    token: &AccessToken,
) -> Result<Option<(OperatorSession, Vec<Privilege>)>, DeskError> {
    let row: Option<TokenRow> = step.get(&token_key(&step.head().log_id, &token.secret()))?;
    let Some(row) = row else { return Ok(None) };
    let operator: OperatorRow = step.must(&row.operator.0)?;
    if operator.removed || !is_good(step, &row, &operator) {
        return Ok(None);
    }
    let id = who::operator_id(&operator.name)?;
    let grants = operator
        .grants
        .at(step.now(), step.head().era)
        .within(&row.scopes);
    let may = Privilege::ALL
        .iter()
        .copied()
        .filter(|privilege| grants.may(*privilege));
    Ok(Some((
        OperatorSession::with_token(id, row.made, token),
        may.collect(),
    )))
}
