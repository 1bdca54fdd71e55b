//! Whose manager somebody is: what calls and lists show of it.

use super::who;
use crate::rows::{RequestRow, UserRow};
use crate::step::Step;
use crate::{CallManager, DeskError, PersonNumber, User};

/// Who vouches for a user now, where they were not erased.
pub(crate) fn user(step: &Step<'_>, row: &UserRow) -> Result<Option<(PersonNumber, User)>, DeskError> {
    let managed = row.manager.as_ref();
    let Some(number) = managed.and_then(|manager| manager.at(step.now(), step.head().era).by) else {
        return Ok(None);
    };
    Ok(who::known_user(step, number)?.map(|user| (number, user)))
}

/// Who vouches for the user of a request, and how far that is.
pub(crate) fn call(step: &Step<'_>, row: &RequestRow) -> Result<Option<CallManager>, DeskError> {
    let user: UserRow = step.must(&row.user.0)?;
    let Some((number, manager)) = self::user(step, &user)? else {
        return Ok(None);
    };
    let vouch = row.vouch.filter(|vouch| vouch.manager == number);
    Ok(Some(CallManager {
        id: manager.id,
        name: manager.name,
        asked_at: vouch.map(|vouch| vouch.asked_at),
        answer: vouch.and_then(|vouch| vouch.answer),
    }))
}
