//! What every Administrator is told, until each has read it: what loosens and was asked for or let hold at once, a
//! password that was given, a clock that was accepted, a backup that was put in place.

use axum::extract::{Form, State};
use axum::response::Response;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{Announcement, Desk, DeskError, OperatorSession};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use crate::app::App;
use crate::page::{Who, in_query, moment, see_other};
use crate::refusal::Refusal;

/// The most that are shown at once.
const MOST: usize = 50;

/// One of them, as it is shown.
pub(super) struct Told {
    pub(super) at: String,
    pub(super) what: String,
    /// Whom it is about, and their page, where they have one.
    pub(super) about: Option<(String, Option<String>)>,
    pub(super) by: Option<String>,
    pub(super) from: Option<String>,
    pub(super) reason: Option<String>,
}

/// Those that are not read yet, and the number of the last.
pub(super) struct Unread {
    pub(super) told: Vec<Told>,
    pub(super) last: u64,
}

pub(super) fn unread(desk: &mut Desk, session: &OperatorSession) -> Result<Vec<Announcement>, DeskError> {
    desk.announcements(session, MOST)
}

impl Unread {
    pub(super) fn of(announcements: &[Announcement], t: &Texts) -> Option<Self> {
        let last = announcements.last()?.number;
        Some(Self {
            told: announcements.iter().map(|told| Told::of(told, t)).collect(),
            last,
        })
    }
}

impl Told {
    fn of(told: &Announcement, t: &Texts) -> Self {
        let shown = |text: &String| Shown(text).to_string();
        let operator = told.about.as_ref().map(|name| {
            let there = told.event != DeskEvent::OperatorRemoved;
            let link = there.then(|| format!("/operators/operator?name={}", in_query(name)));
            (shown(name), link)
        });
        let user = told.user.as_ref().map(|id| {
            let link = format!("/users/user?id={}", in_query(id));
            (shown(id), Some(link))
        });
        let text = told.text.as_deref();
        let reason = match told.event {
            DeskEvent::ChangeApproved | DeskEvent::ClockAccepted | DeskEvent::SignInCodeGiven => {
                text.filter(|note| !note.is_empty())
            }
            // Behind the head that the backup had.
            DeskEvent::LogRestored => text.and_then(|text| Some(text.split_once("\n\n")?.1)),
            _ => None,
        };
        Self {
            at: moment(told.at),
            what: match told.event {
                DeskEvent::UserChanged => t.announced_user_changed(),
                DeskEvent::ManagerChanged => t.announced_manager_changed(
                    told.about.as_ref().map_or_else(|| t.users_manager_none(), shown),
                ),
                DeskEvent::UserErased => t.announced_user_erased(),
                DeskEvent::OperatorChanged => t.announced_operator_changed(),
                DeskEvent::OperatorRemoved => t.announced_operator_removed(),
                DeskEvent::RulesChanged => t.announced_rules_changed(),
                DeskEvent::ChangeApproved => t.announced_approved(),
                DeskEvent::ClockAccepted => t.announced_clock(),
                DeskEvent::LogRestored => t.announced_restored(),
                DeskEvent::PasswordChanged => t.announced_password(),
                DeskEvent::SignInCodeGiven => t.announced_code(),
                other => t.announced_other(other.name()),
            },
            // Of a user's manager, it is about the user.
            about: user.or(operator),
            by: told.operator.as_ref().map(shown),
            from: told.due.map(moment),
            reason: reason.map(|reason| Shown(reason).to_string()),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Read {
    last: u64,
}

/// READ: they are not shown to this Administrator again.
pub(super) async fn read(
    State(app): State<App>,
    who: Who,
    Form(form): Form<Read>,
) -> Result<Response, Refusal> {
    let read = app
        .desks()
        .run(move |desk| desk.announcements_read(&who.session, form.last))
        .await;
    match read {
        // Read already, in another window.
        Err(refusal) if refusal.number() != Some(ErrorCode::InvalidArgument.number()) => Err(refusal),
        _ => Ok(see_other("/operators")),
    }
}
