//! Operators: who may do what, and what of it rests.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{
    Desk, DeskError, KnownOperator, Operator, OperatorId, OperatorSession, Pending, Privilege, Role, UserId,
};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::announcements::{Unread, unread};
use crate::app::App;
use crate::new_password::new_password;
use crate::page::{Page, Who, html, in_query, moment, see_other, tag};
use crate::refusal::{Refusal, answer};

/// Roles, by the values of a form.
const ROLES: [(Role, &str); 2] = [
    (Role::Administrator, "administrator"),
    (Role::DeviceServiceAdministrator, "device-service-administrator"),
];

/// Privileges, by the values of a form.
const PRIVILEGES: [(Privilege, &str); 5] = [
    (Privilege::Unlock, "unlock"),
    (Privilege::Downloads, "downloads"),
    (Privilege::Audit, "audit"),
    (Privilege::ManageDevices, "manage-devices"),
    (Privilege::Administer, "administer"),
];

/// Of these two there are roles; whoever has one alone got it elsewhere.
const BY_ROLE: [Privilege; 2] = [Privilege::ManageDevices, Privilege::Administer];

fn role_title(role: Role, t: &Texts) -> String {
    match role {
        Role::Administrator => t.operators_administrator(),
        Role::DeviceServiceAdministrator => t.operators_device_service(),
        _ => String::new(),
    }
}

fn privilege_title(privilege: Privilege, t: &Texts) -> String {
    match privilege {
        Privilege::Unlock => t.operators_unlock(),
        Privilege::Downloads => t.operators_downloads(),
        Privilege::Audit => t.operators_audit(),
        Privilege::ManageDevices => t.operators_manage_devices(),
        Privilege::Administer => t.operators_administer(),
        _ => String::new(),
    }
}

/// Roles and privileges as they are read.
fn rights(operator: &Operator, t: &Texts) -> Vec<String> {
    let roles = operator.roles.iter().map(|role| role_title(*role, t));
    let alone = operator
        .privileges
        .iter()
        .map(|privilege| privilege_title(*privilege, t));
    let vouches = operator.user.iter();
    let vouches = vouches.map(|user| t.operators_vouches_as(Shown(user.as_str()).to_string()));
    roles.chain(alone).chain(vouches).collect()
}

/// A box to be ticked.
struct Choice {
    name: &'static str,
    value: &'static str,
    title: String,
    chosen: bool,
}

/// The boxes of roles and privileges, as `operator` has them.
fn choices(operator: Option<&Operator>, t: &Texts) -> Vec<Choice> {
    let roles = ROLES.into_iter().map(|(role, value)| Choice {
        name: "role",
        value,
        title: role_title(role, t),
        chosen: operator.is_some_and(|operator| operator.roles.contains(&role)),
    });
    let privileges = PRIVILEGES.into_iter().map(|(privilege, value)| Choice {
        name: "privilege",
        value,
        title: privilege_title(privilege, t),
        chosen: operator.is_some_and(|operator| operator.privileges.contains(&privilege)),
    });
    let by_role = |choice: &Choice| {
        let own = PRIVILEGES.into_iter().find(|(_, value)| *value == choice.value);
        choice.name == "privilege" && own.is_some_and(|(privilege, _)| BY_ROLE.contains(&privilege))
    };
    roles
        .chain(privileges)
        .filter(|choice| choice.chosen || !by_role(choice))
        .collect()
}

/// What rests, as it is shown.
struct Resting {
    rights: Vec<String>,
    from: String,
    by: String,
}

impl Resting {
    fn of(pending: &Pending<Operator>, t: &Texts) -> Self {
        let by = pending.asked_by.as_deref();
        Self {
            rights: rights(&pending.value, t),
            from: moment(pending.holds_from),
            by: by.map_or_else(|| t.operators_nobody_known(), |by| Shown(by).to_string()),
        }
    }
}

impl Resting {
    /// What will hold, as it is read.
    fn shown(&self, t: &Texts) -> String {
        if self.rights.is_empty() {
            t.operators_nothing()
        } else {
            self.rights.join(", ")
        }
    }
}

/// Tells two states of an operator apart.
fn seen(now: &Operator, pending: Option<&Pending<Operator>>) -> String {
    let words = |operator: &Operator| {
        let Operator {
            roles,
            privileges,
            user,
            ..
        } = operator;
        format!("{roles:?} {privileges:?} {user:?}")
    };
    let later = pending.map(|pending| {
        let by = pending.asked_by.as_deref().unwrap_or_default();
        format!("{} {} {by}", words(&pending.value), pending.holds_from.0)
    });
    tag(&[now.id.as_str(), &words(now), later.as_deref().unwrap_or_default()])
}

/// An operator in the list.
struct Line {
    name: String,
    rights: Vec<String>,
    resting: Option<Resting>,
}

/// An operator as they are, and what rests of them.
type Known = (Operator, Option<Pending<Operator>>);

fn all(desk: &mut Desk, session: &OperatorSession) -> Result<Vec<Known>, DeskError> {
    let mut pending = desk.pending_operators(session)?;
    let operators = desk.operators(session)?.into_iter();
    Ok(operators
        .map(|operator| {
            let own = pending.iter().position(|other| other.value.id == operator.id);
            let pending = own.map(|own| pending.swap_remove(own));
            (operator, pending)
        })
        .collect())
}

fn one(desk: &mut Desk, session: &OperatorSession, id: &OperatorId) -> Result<Known, DeskError> {
    let known = all(desk, session)?.into_iter().find(|(other, _)| other.id == *id);
    Ok(known.ok_or(ErrorCode::OperatorMissing)?)
}

#[derive(Template)]
#[template(path = "operators.html")]
struct OperatorsPage {
    page: Page,
    lines: Vec<Line>,
    set_up_open: bool,
    removed: bool,
    unread: Option<Unread>,
}

#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

pub(super) async fn page(
    State(app): State<App>,
    who: Who,
    Query(query): Query<Done>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let (known, standing, told) = app
        .desks()
        .run(move |desk| {
            let known = all(desk, &session)?;
            Ok((known, desk.standing(&session)?, unread(desk, &session)?))
        })
        .await?;
    let page = Page::new(&app, &who, "/operators");
    let t = page.t;
    let line = |(operator, pending): &Known| Line {
        name: Shown(operator.id.as_str()).to_string(),
        rights: rights(operator, t),
        resting: pending.as_ref().map(|pending| Resting::of(pending, t)),
    };
    let page = OperatorsPage {
        lines: known.iter().map(line).collect(),
        set_up_open: standing.open,
        removed: query.done == "removed",
        unread: Unread::of(&told, t),
        page,
    };
    Ok(html(StatusCode::OK, &page))
}

/// What a form of an operator holds.
#[derive(Default)]
struct Typed {
    name: String,
    roles: Vec<Role>,
    privileges: Vec<Privilege>,
    /// As whom the account vouches; empty where it is an operator's.
    user: String,
    seen: String,
    reason: String,
}

/// A form in which names come more than once.
pub(super) type Fields = Form<Vec<(String, String)>>;

impl Typed {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "name" => typed.name = value,
                "seen" => typed.seen = value,
                "reason" => typed.reason = value,
                "user" => typed.user = value,
                "role" => typed
                    .roles
                    .extend(ROLES.iter().find(|(_, own)| *own == value).map(|(role, _)| *role)),
                "privilege" => typed.privileges.extend(
                    PRIVILEGES
                        .iter()
                        .find(|(_, own)| *own == value)
                        .map(|(privilege, _)| *privilege),
                ),
                _ => {}
            }
        }
        typed
    }

    fn id(&self) -> Result<OperatorId, Refusal> {
        OperatorId::new(self.name.trim()).ok_or_else(|| ErrorCode::OperatorMissing.into())
    }

    fn operator(&self, id: &OperatorId) -> Result<Operator, Refusal> {
        let user = match self.user.trim() {
            "" => None,
            user => Some(UserId::new(user).ok_or_else(Refusal::no_user_id)?),
        };
        if user.is_some() && !(self.roles.is_empty() && self.privileges.is_empty()) {
            return Err(Refusal::vouches_besides());
        }
        Ok(Operator {
            user,
            ..self.asked(id)
        })
    }

    /// Roles and privileges alone.
    fn asked(&self, id: &OperatorId) -> Operator {
        Operator {
            id: id.clone(),
            roles: self.roles.clone(),
            privileges: self.privileges.clone(),
            user: None,
        }
    }
}

#[derive(Template)]
#[template(path = "operator_new.html")]
struct NewPage {
    page: Page,
    name: String,
    choices: Vec<Choice>,
    user: String,
    refusal: Option<Refusal>,
}

pub(super) async fn new(State(app): State<App>, who: Who) -> Response {
    let page = Page::new(&app, &who, "/operators");
    let new = NewPage {
        choices: choices(None, page.t),
        name: String::new(),
        user: String::new(),
        refusal: None,
        page,
    };
    html(StatusCode::OK, &new)
}

/// A password that is shown this once.
#[derive(Template)]
#[template(path = "operator_password.html")]
struct PasswordPage {
    page: Page,
    name: String,
    password: Zeroizing<String>,
    resting: Option<Resting>,
}

/// ADD.
pub(super) async fn add(State(app): State<App>, who: Who, Form(fields): Fields) -> Response {
    let typed = Typed::of(fields);
    match add_typed(&app, &who, &typed).await {
        Ok(response) => response,
        Err(refusal) => {
            let page = Page::new(&app, &who, "/operators");
            let asked = OperatorId::new("-").map(|id| typed.asked(&id));
            let new = NewPage {
                choices: choices(asked.as_ref(), page.t),
                name: Shown(typed.name.trim()).to_string(),
                user: Shown(typed.user.trim()).to_string(),
                refusal: Some(refusal),
                page,
            };
            answer(StatusCode::OK, new.refusal.as_ref(), &new)
        }
    }
}

async fn add_typed(app: &App, who: &Who, typed: &Typed) -> Result<Response, Refusal> {
    let id = OperatorId::new(typed.name.trim()).ok_or_else(Refusal::no_name)?;
    let (session, operator) = (who.session.clone(), typed.operator(&id)?);
    let password = new_password()?;
    let given = password.clone();
    let known = app
        .desks()
        .run(move |desk| {
            desk.add_operator(&session, &operator, &given)?;
            one(desk, &session, &operator.id)
        })
        .await?;
    let (operator, pending) = known;
    let page = Page::new(app, who, "/operators");
    let shown = PasswordPage {
        name: Shown(operator.id.as_str()).to_string(),
        password,
        resting: pending.as_ref().map(|pending| Resting::of(pending, page.t)),
        page,
    };
    Ok(html(StatusCode::OK, &shown))
}

#[derive(Template)]
#[template(path = "operator.html")]
struct OperatorPage {
    page: Page,
    name: String,
    rights: Vec<String>,
    resting: Option<Resting>,
    /// What is asked for last, to be changed.
    choices: Vec<Choice>,
    user: String,
    seen: String,
    reason: String,
    own: bool,
    refusal: Option<Refusal>,
    /// It is not what was shown before.
    changed: bool,
    done: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    done: String,
}

pub(super) async fn operator(
    State(app): State<App>,
    who: Who,
    Query(named): Query<Named>,
) -> Result<Response, Refusal> {
    let id = OperatorId::new(&named.name).ok_or(ErrorCode::OperatorMissing)?;
    let mut page = look(&app, &who, &id).await?;
    let t = page.page.t;
    page.done = match (named.done.as_str(), &page.resting) {
        ("changed", Some(_)) => Some(t.operators_done_rests()),
        ("changed", None) => Some(t.operators_done_changed()),
        ("approved", None) => Some(t.operators_done_approved()),
        _ => None,
    };
    Ok(html(StatusCode::OK, &page))
}

async fn look(app: &App, who: &Who, id: &OperatorId) -> Result<OperatorPage, Refusal> {
    let (session, asked) = (who.session.clone(), id.clone());
    let known = app.desks().run(move |desk| one(desk, &session, &asked)).await?;
    let (operator, pending) = &known;
    let page = Page::new(app, who, "/operators");
    let wanted = pending.as_ref().map_or(operator, |pending| &pending.value);
    Ok(OperatorPage {
        name: Shown(operator.id.as_str()).to_string(),
        rights: rights(operator, page.t),
        resting: pending.as_ref().map(|pending| Resting::of(pending, page.t)),
        choices: choices(Some(wanted), page.t),
        user: wanted
            .user
            .as_ref()
            .map(|user| Shown(user.as_str()).to_string())
            .unwrap_or_default(),
        seen: seen(operator, pending.as_ref()),
        reason: String::new(),
        own: operator.id == *who.session.operator(),
        refusal: None,
        changed: false,
        done: None,
        page,
    })
}

/// The address of an operator's page, where `done` says what has just been done.
fn path_of(id: &OperatorId, done: &str) -> String {
    let name = in_query(id.as_str());
    format!("/operators/operator?name={name}&done={done}")
}

/// What was shown is what is there.
enum Shows<T> {
    AsShown(T),
    Changed,
}

/// Does something with an operator who is as they were shown; otherwise they are shown as they are now.
async fn as_shown(
    app: &App,
    who: &Who,
    typed: &Typed,
    done: &str,
    act: impl FnOnce(&mut Desk, &OperatorSession, &Known) -> Result<(), Refusal> + Send + 'static,
) -> Result<Response, Refusal> {
    let id = typed.id()?;
    let (session, asked, seen_before) = (who.session.clone(), id.clone(), typed.seen.clone());
    let acted = app
        .desks()
        .run(move |desk| {
            let known = one(desk, &session, &asked)?;
            if seen(&known.0, known.1.as_ref()) != seen_before {
                return Ok(Ok(Shows::Changed));
            }
            Ok(act(desk, &session, &known).map(Shows::AsShown))
        })
        .await;
    let refusal = match acted.and_then(core::convert::identity) {
        Ok(Shows::AsShown(())) => return Ok(see_other(&path_of(&id, done))),
        Ok(Shows::Changed) => None,
        // Meanwhile, another one was asked for.
        Err(refusal) if refusal.number() == Some(ErrorCode::ApprovalElsewhere.number()) => None,
        Err(refusal) => Some(refusal),
    };
    // Who has just taken their own right away sees no operators any more.
    let mut page = look(app, who, &id).await?;
    page.changed = refusal.is_none();
    page.reason = Shown(&typed.reason).to_string();
    if refusal.is_some() {
        page.choices = choices(Some(&typed.asked(&id)), page.page.t);
        page.user = Shown(typed.user.trim()).to_string();
        // What was chosen was chosen in the form of then, with whose tag it is sent again.
        page.seen = Shown(&typed.seen).to_string();
    }
    page.refusal = refusal;
    Ok(answer(StatusCode::CONFLICT, page.refusal.as_ref(), &page))
}

/// CHANGE: other roles and privileges.
pub(super) async fn change(
    State(app): State<App>,
    who: Who,
    Form(fields): Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::of(fields);
    let operator = typed.operator(&typed.id()?);
    as_shown(
        &app,
        &who,
        &typed,
        "changed",
        move |desk, session, (now, rests)| {
            let shown = KnownOperator {
                operator: now.clone(),
                rests: rests.clone(),
            };
            Ok(desk.put_operator_shown(session, &operator?, &shown)?)
        },
    )
    .await
}

/// APPROVE: what was shown holds at once.
pub(super) async fn approve(
    State(app): State<App>,
    who: Who,
    Form(fields): Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::of(fields);
    let reason = typed.reason.clone();
    let approved = as_shown(&app, &who, &typed, "approved", move |desk, session, known| {
        let pending = known.1.as_ref().ok_or(ErrorCode::NothingRests)?;
        Ok(desk.approve_operator(session, pending, &reason)?)
    });
    approved.await
}

#[derive(Template)]
#[template(path = "operator_remove.html")]
struct RemovePage {
    page: Page,
    name: String,
    rights: Vec<String>,
    refusal: Option<Refusal>,
}

/// What is about to be done, to be confirmed.
pub(super) async fn ask_remove(
    State(app): State<App>,
    who: Who,
    Query(named): Query<Named>,
) -> Result<Response, Refusal> {
    let id = OperatorId::new(&named.name).ok_or(ErrorCode::OperatorMissing)?;
    show_remove(&app, &who, &id, None).await
}

async fn show_remove(
    app: &App,
    who: &Who,
    id: &OperatorId,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let shown = look(app, who, id).await?;
    let page = RemovePage {
        page: shown.page,
        name: shown.name,
        rights: shown.rights,
        refusal,
    };
    Ok(answer(StatusCode::OK, page.refusal.as_ref(), &page))
}

/// REMOVE.
pub(super) async fn remove(
    State(app): State<App>,
    who: Who,
    Form(fields): Fields,
) -> Result<Response, Refusal> {
    let (id, session) = (Typed::of(fields).id()?, who.session.clone());
    let gone = id.clone();
    let removed = app.desks().run(move |desk| desk.remove_operator(&session, &gone));
    match removed.await {
        Ok(()) => Ok(see_other("/operators?done=removed")),
        Err(refusal) => show_remove(&app, &who, &id, Some(refusal)).await,
    }
}
