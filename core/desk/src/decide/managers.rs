//! Who vouches for whom: named by whoever manages users. Another name loosens, and rests as a lower class does.

use fido_unlock_protocol::error::ErrorCode;

use super::operators::{asked, second_administrator, with_reason};
use super::who::{self, Actor};
use super::{announce, lookup};
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{Managed, Resting, UserRow};
use crate::step::Step;
use crate::{DeskError, NewManager, OperatorSession, Pending, Privilege, UserId};

/// Names the managers of users.
pub(crate) fn put(
    step: &mut Step<'_>,
    session: &OperatorSession,
    managers: &[(UserId, NewManager)],
) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    let mut loosened = (managers.len() > 1).then(announce::Loosened::default);
    managers
        .iter()
        .try_for_each(|(user, manager)| change(step, &actor, (user, manager), false, loosened.as_mut()))?;
    if let Some(loosened) = loosened {
        announce::together(step, &loosened)?;
    }
    Ok(())
}

/// Names a user's manager. What is asked for already stays as it was asked for; of a user who has just been added nothing
/// is loosened, so it holds at once, as their class does.
pub(crate) fn change(
    step: &mut Step<'_>,
    actor: &Actor,
    (id, manager): (&UserId, &NewManager),
    is_new: bool,
    together: Option<&mut announce::Loosened>,
) -> Result<(), DeskError> {
    let by = match manager {
        NewManager::Same => return Ok(()),
        NewManager::Nobody => None,
        NewManager::Is(manager) => Some(who::user_number(step, manager)?),
    };
    let number = who::user_number(step, id)?;
    step.about.user = Some(number);
    if by == Some(number) {
        return Err(ErrorCode::InvalidArgument.into());
    }
    let mut row: UserRow = step.must(&number.0)?;
    let (now, era) = (step.now(), step.head().era);
    let before = row
        .manager
        .take()
        .unwrap_or_else(|| Resting::new(Managed::default()));
    let wanted = Managed { by };
    let last = before
        .later(now, era)
        .map_or(before.at(now, era), |(later, ..)| later);
    if *last == wanted {
        return Ok(());
    }
    let mut asked = asked(step, actor)?;
    if is_new {
        asked.rest = 0;
    }
    let mut resting = before;
    let loosens = resting.change(wanted, &asked) && !is_new;
    let due = resting.later(now, era).map(|(_, due, _)| due);
    row.manager = Some(resting);
    step.put(&number.0, &row)?;
    let entry = DeskEntry {
        second_operator: by,
        ..step.entry(DeskEvent::ManagerChanged)
    };
    step.record(entry);
    if asked.open && loosens {
        announce::loosening(step, due, together)?;
    }
    Ok(())
}

/// A second Administrator lets another manager hold at once. `shown`: the change that they saw.
pub(crate) fn settle(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &UserId,
    shown: &Pending<Option<UserId>>,
    reason: &str,
) -> Result<(), DeskError> {
    let actor = second_administrator(step, session)?;
    let number = who::user_number(step, id)?;
    step.about.user = Some(number);
    let mut row: UserRow = step.must(&number.0)?;
    let resting = row.manager.as_ref().ok_or(ErrorCode::NothingRests)?;
    let later = resting.later(step.now(), step.head().era);
    let (managed, _, asked_by) = later.ok_or(ErrorCode::NothingRests)?;
    let by = managed.by;
    if !who::are_two(step, asked_by, actor.number)? {
        return Err(ErrorCode::ApprovalSelf.into());
    }
    if lookup::pending_manager(step, &row)?.as_ref() != Some(shown) {
        return Err(ErrorCode::ApprovalElsewhere.into());
    }
    with_reason(reason)?;
    row.manager.iter_mut().for_each(Resting::settle);
    step.put(&number.0, &row)?;
    let entry = DeskEntry {
        second_operator: by,
        ..step.entry(DeskEvent::ChangeApproved)
    };
    step.record_text(entry, reason)?;
    Ok(announce::last_entry(step, None)?)
}
