//! Whether a session lives, and whether its operator has shown of late that it is they.

use fido_unlock_protocol::error::ErrorCode;

use super::who::{self, Actor};
use crate::ports::StorageError;
use crate::rows::{OperatorRow, SessionRow};
use crate::step::Step;
use crate::{DeskError, OperatorSession};

/// So long after they signed in, or confirmed that it is they, an operator may change what they sign in with, and
/// let hold at once what rests, in seconds: whoever finds an open console does neither.
const CONFIRMED_SECONDS: u64 = 5 * 60;

/// Whether a session of this operator lives now.
pub(crate) fn lives(step: &Step<'_>, row: &SessionRow, operator: &OperatorRow) -> Result<bool, StorageError> {
    let age = step.now().seconds_since(row.since);
    Ok(row.era == step.head().era.number
        && row.credentials == operator.credentials
        && age <= who::rules(step)?.session_seconds)
}

/// The session's operator, where they have signed in or confirmed that it is they of late.
pub(crate) fn confirmed(step: &mut Step<'_>, session: &OperatorSession) -> Result<Actor, DeskError> {
    let actor = who::in_person(step, session)?;
    if !is_confirmed(step, session)? {
        return Err(ErrorCode::ConfirmationMissing.into());
    }
    Ok(actor)
}

pub(crate) fn is_confirmed(step: &Step<'_>, session: &OperatorSession) -> Result<bool, StorageError> {
    let row: SessionRow = step.must(&session.key(&step.head().log_id))?;
    Ok(step.now().seconds_since(row.confirmed) <= CONFIRMED_SECONDS)
}
