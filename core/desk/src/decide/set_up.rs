//! A new desk, and the end of its set-up.

use fido_unlock_protocol::error::ErrorCode;

use super::{operators, service, who};
use crate::record::DeskEvent;
use crate::rows::{CountsRow, Grants, QueueRow, Resting, SettingsRow};
use crate::rules::Rules;
use crate::step::Step;
use crate::{DeskError, OperatorId, OperatorSession, Privilege, Role};

/// The first rows of a new desk, with its first Administrator. `password`: as the port for passwords made it.
pub(crate) fn create(
    step: &mut Step<'_>,
    rules: Rules,
    administrator: &OperatorId,
    password: Option<&str>,
) -> Result<(), DeskError> {
    service::long_enough(&rules)?;
    step.put(
        b"",
        &SettingsRow {
            open: false,
            service_on: true,
            rules: Resting::new(rules),
        },
    )?;
    step.put(b"", &CountsRow::default())?;
    for queue in [QueueRow::ALARMS, QueueRow::OUTBOX, QueueRow::ANNOUNCEMENTS] {
        step.put(queue, &QueueRow::default())?;
    }
    let created = step.entry(DeskEvent::LogCreated);
    step.record(created);
    let grants = Grants::new(&[Role::Administrator], &[]);
    operators::add(step, administrator, grants, password)
}

/// Ends the set-up: codes are given from now on, and what loosens rests.
pub(crate) fn open(step: &mut Step<'_>, session: &OperatorSession) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let mut settings = who::settings(step)?;
    if settings.open {
        return Err(ErrorCode::SetUpEnded.into());
    }
    settings.open = true;
    step.put(b"", &settings)?;
    let ended = step.entry(DeskEvent::SetUpEnded);
    step.record(ended);
    Ok(())
}
