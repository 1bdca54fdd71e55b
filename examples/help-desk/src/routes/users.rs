//! Users, as far as the desk needs them: name, class, ways to reach them.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{
    Channel, ChannelKind, Desk, DeskError, KnownUser, NewManager, OperatorSession, Pending, UnixTime, User,
    UserClass, UserId, WantedUser,
};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_files::user_text;
use fido_unlock_texts::Texts;
use serde::Deserialize;

use super::operators::Fields;
use crate::app::App;
use crate::page::{Page, Who, day, html, in_query, moment, see_other, tag};
use crate::refusal::{Refusal, answer};

/// Kinds of channels, by the values of a form and the beginning of their ids.
const KINDS: [(ChannelKind, &str); 4] = [
    (ChannelKind::Mail, "mail"),
    (ChannelKind::Telephone, "telephone"),
    (ChannelKind::TextMessage, "text-message"),
    (ChannelKind::Agent, "agent"),
];
/// The most ways to reach one user.
const MOST_CHANNELS: usize = 20;

fn kind_title(kind: ChannelKind, t: &Texts) -> String {
    match kind {
        ChannelKind::Mail => t.users_mail(),
        ChannelKind::Telephone => t.users_telephone(),
        ChannelKind::TextMessage => t.users_text_message(),
        ChannelKind::Agent => t.users_agent(),
        _ => String::new(),
    }
}

/// A class as it is read.
pub(super) fn class_title(class: UserClass, t: &Texts) -> String {
    match class {
        UserClass::Ordinary => t.users_ordinary(),
        UserClass::Privileged => t.users_privileged(),
    }
}

/// A way to reach a user, as its fields have it.
#[derive(Clone, Default)]
struct Way {
    /// The channel's id; empty for a new one.
    id: String,
    kind: String,
    address: String,
    /// Last changed.
    changed: Option<String>,
}

/// What a form of a user holds.
#[derive(Clone, Default)]
struct Typed {
    id: String,
    name: String,
    privileged: bool,
    ways: Vec<Way>,
    /// The manager's id; empty where there is none.
    manager: String,
    /// What is to hold at once: the class, or the manager.
    what: String,
    seen: String,
    reason: String,
}

impl Typed {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "id" => typed.id = value,
                "name" => typed.name = value,
                "class" => typed.privileged = value == "privileged",
                "seen" => typed.seen = value,
                "reason" => typed.reason = value,
                "manager" => typed.manager = value,
                "what" => typed.what = value,
                "channel" if typed.ways.len() < MOST_CHANNELS => typed.ways.push(Way {
                    id: value,
                    ..Way::default()
                }),
                _ => {
                    let Some(way) = typed.ways.last_mut() else {
                        continue;
                    };
                    match name.as_str() {
                        "kind" => way.kind = value,
                        "address" => way.address = value,
                        _ => {}
                    }
                }
            }
        }
        typed
    }

    /// As the desk knows them; with what was asked for where something rests.
    fn known(known: &KnownUser) -> Self {
        let user = &known.user;
        let class = known.rests.as_ref().map_or(user.class, |rests| rests.value);
        let manager = match &known.manager_rests {
            Some(rests) => rests.value.as_ref(),
            None => known.manager.as_ref(),
        };
        let way = |channel: &Channel| Way {
            id: Shown(&channel.id).to_string(),
            kind: kind_value(channel.kind).into(),
            address: Shown(&channel.address).to_string(),
            changed: Some(day(channel.changed_at)),
        };
        Self {
            id: Shown(user.id.as_str()).to_string(),
            name: Shown(&user.name).to_string(),
            privileged: class == UserClass::Privileged,
            ways: user.channels.iter().map(way).collect(),
            manager: manager
                .map(|id| Shown(id.as_str()).to_string())
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    /// As it comes back in the fields.
    fn shown(&self) -> Self {
        let shown = |text: &str| Shown(text).to_string();
        let way = |way: &Way| Way {
            id: shown(&way.id),
            kind: way.kind.clone(),
            address: shown(&way.address),
            changed: None,
        };
        Self {
            id: shown(self.id.trim()),
            name: shown(self.name.trim()),
            privileged: self.privileged,
            // The empty one is there anyhow.
            ways: self
                .ways
                .iter()
                .filter(|way| !way.id.is_empty() || !way.address.trim().is_empty())
                .map(way)
                .collect(),
            manager: shown(self.manager.trim()),
            what: String::new(),
            seen: shown(&self.seen),
            reason: shown(&self.reason),
        }
    }

    fn user_id(&self) -> Result<UserId, Refusal> {
        UserId::new(self.id.trim()).ok_or_else(Refusal::no_user_id)
    }

    /// What is wanted of a user who is as `known`.
    fn wanted(&self, known: Option<KnownUser>) -> Result<WantedUser, Refusal> {
        let user = self.user()?;
        let manager = match self.manager.trim() {
            "" => NewManager::Nobody,
            id => NewManager::Is(UserId::new(id).ok_or_else(Refusal::no_user_id)?),
        };
        if manager == NewManager::Is(user.id.clone()) {
            return Err(Refusal::own_manager());
        }
        Ok(WantedUser { user, manager, known })
    }

    fn user(&self) -> Result<User, Refusal> {
        let text = |typed: &str| user_text(typed).map_err(|_| Refusal::not_plain());
        let mut channels: Vec<Channel> = Vec::new();
        for way in &self.ways {
            // One without an address is taken away.
            let Some(address) = text(&way.address)? else {
                continue;
            };
            let kind = KINDS.iter().find(|(_, value)| *value == way.kind);
            let (kind, value) = kind.copied().ok_or_else(Refusal::malformed)?;
            if kind == ChannelKind::Mail && !address.contains('@') {
                return Err(Refusal::no_mail_address());
            }
            let mut id = text(&way.id)?.unwrap_or_else(|| value.to_owned());
            while channels.iter().any(|other| other.id == id)
                || (way.id.is_empty() && self.ways.iter().any(|other| other.id == id))
            {
                id.push('+');
            }
            channels.push(Channel {
                id,
                kind,
                address,
                // The desk sets it.
                changed_at: UnixTime(0),
            });
        }
        Ok(User {
            id: self.user_id()?,
            name: text(&self.name)?.ok_or_else(Refusal::no_user_name)?,
            class: if self.privileged {
                UserClass::Privileged
            } else {
                UserClass::Ordinary
            },
            channels,
        })
    }
}

fn kind_value(kind: ChannelKind) -> &'static str {
    let known = KINDS.iter().find(|(own, _)| *own == kind);
    known.map_or("", |(_, value)| value)
}

/// Tells two states of a user apart.
fn seen(known: &KnownUser) -> String {
    tag(&[&format!("{known:?}")])
}

/// A class or a manager that rests, as it is shown.
struct Resting {
    /// What it is that rests, as a form has it.
    what: &'static str,
    title: String,
    from: String,
    by: String,
}

impl Resting {
    fn of_class(pending: &Pending<UserClass>, t: &Texts) -> Self {
        Self::of(pending, "class", class_title(pending.value, t), t)
    }

    fn of_manager(pending: &Pending<Option<UserId>>, t: &Texts) -> Self {
        let id = pending.value.as_ref();
        let id = id.map_or_else(|| t.operators_nobody_known(), |id| Shown(id.as_str()).to_string());
        Self::of(pending, "manager", t.users_manager_is(id), t)
    }

    fn of<T>(pending: &Pending<T>, what: &'static str, title: String, t: &Texts) -> Self {
        let by = pending.asked_by.as_deref();
        Self {
            what,
            title,
            from: moment(pending.holds_from),
            by: by.map_or_else(|| t.operators_nobody_known(), |by| Shown(by).to_string()),
        }
    }
}

/// A choice of a list.
struct Kind {
    value: &'static str,
    title: String,
}

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    page: Page,
    /// There is such a user.
    known: bool,
    typed: Typed,
    class: String,
    /// Who vouches for them now.
    manager: Option<String>,
    resting: Vec<Resting>,
    kinds: Vec<Kind>,
    devices: Vec<(String, bool)>,
    refusal: Option<Refusal>,
    /// It is not what was shown before.
    changed: bool,
    done: Option<String>,
}

impl UserPage {
    fn new(app: &App, who: &Who) -> Self {
        let page = Page::new(app, who, "/devices");
        let kinds = KINDS.into_iter().map(|(kind, value)| Kind {
            value,
            title: kind_title(kind, page.t),
        });
        Self {
            known: false,
            typed: Typed::default(),
            class: String::new(),
            manager: None,
            resting: Vec::new(),
            kinds: kinds.collect(),
            devices: Vec::new(),
            refusal: None,
            changed: false,
            done: None,
            page,
        }
    }

    /// The empty one, for one way more.
    fn ways(&self) -> Vec<Way> {
        let mut ways = self.typed.ways.clone();
        ways.push(Way::default());
        ways
    }
}

pub(super) async fn new(State(app): State<App>, who: Who) -> Response {
    html(StatusCode::OK, &UserPage::new(&app, &who))
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    id: String,
    #[serde(default)]
    done: String,
}

fn known_user(desk: &mut Desk, session: &OperatorSession, id: &UserId) -> Result<KnownUser, DeskError> {
    let known = desk.known_users(session, std::slice::from_ref(id))?.pop();
    Ok(known.flatten().ok_or(ErrorCode::UserUnknown)?)
}

async fn look(app: &App, who: &Who, id: &UserId) -> Result<UserPage, Refusal> {
    let (session, id) = (who.session.clone(), id.clone());
    let (known, found) = app
        .desks()
        .run(move |desk| Ok((known_user(desk, &session, &id)?, desk.find_user(&session, &id)?)))
        .await?;
    let mut page = UserPage::new(app, who);
    page.known = true;
    page.typed = Typed::known(&known);
    page.typed.seen = seen(&known);
    page.class = class_title(known.user.class, page.page.t);
    let manager = known.manager.as_ref();
    page.manager = manager.map(|id| Shown(id.as_str()).to_string());
    let class = known.rests.iter();
    page.resting = class.map(|rests| Resting::of_class(rests, page.page.t)).collect();
    let manager = known.manager_rests.iter();
    page.resting
        .extend(manager.map(|rests| Resting::of_manager(rests, page.page.t)));
    let devices = found.devices.iter();
    page.devices = devices
        .map(|device| (device.id.to_code(), device.retired))
        .collect();
    Ok(page)
}

pub(super) async fn user(
    State(app): State<App>,
    who: Who,
    Query(named): Query<Named>,
) -> Result<Response, Refusal> {
    let id = UserId::new(&named.id).ok_or(ErrorCode::UserUnknown)?;
    let mut page = look(&app, &who, &id).await?;
    let t = page.page.t;
    page.done = match (named.done.as_str(), page.resting.is_empty()) {
        ("changed", false) => Some(t.users_done_rests()),
        ("changed", true) => Some(t.users_done_changed()),
        ("approved", _) => Some(t.users_done_approved()),
        _ => None,
    };
    Ok(html(StatusCode::OK, &page))
}

fn path_of(id: &UserId, done: &str) -> String {
    format!("/users/user?id={}&done={done}", in_query(id.as_str()))
}

/// ADD.
pub(super) async fn add(State(app): State<App>, who: Who, Form(fields): Fields) -> Response {
    let typed = Typed::of(fields);
    let refusal = match put_new(&app, &who, &typed).await {
        Ok(response) => return response,
        Err(refusal) => refusal,
    };
    let mut page = UserPage::new(&app, &who);
    page.typed = typed.shown();
    page.refusal = Some(refusal);
    answer(StatusCode::OK, page.refusal.as_ref(), &page)
}

async fn put_new(app: &App, who: &Who, typed: &Typed) -> Result<Response, Refusal> {
    let (wanted, session) = (typed.wanted(None)?, who.session.clone());
    let id = wanted.user.id.clone();
    let added = app
        .desks()
        .run(move |desk| desk.put_users_known(&session, &[wanted]));
    if added.await? {
        Ok(see_other(&path_of(&id, "changed")))
    } else {
        Err(Refusal::user_exists())
    }
}

/// What became of a change.
enum Changed {
    Done,
    /// They are not as they were shown.
    Meanwhile,
}

/// Does something with a user who is as they were shown; otherwise they are shown as they are now.
async fn as_shown(
    app: &App,
    who: &Who,
    typed: &Typed,
    done: &str,
    act: impl FnOnce(&mut Desk, &OperatorSession, KnownUser) -> Result<bool, DeskError> + Send + 'static,
) -> Result<Response, Refusal> {
    let id = typed.user_id()?;
    let (session, asked, before) = (who.session.clone(), id.clone(), typed.seen.clone());
    let acted = app
        .desks()
        .run(move |desk| {
            let known = known_user(desk, &session, &asked)?;
            if seen(&known) != before || !act(desk, &session, known)? {
                return Ok(Changed::Meanwhile);
            }
            Ok(Changed::Done)
        })
        .await;
    let refusal = match acted {
        Ok(Changed::Done) => {
            app.desks().send_notices();
            return Ok(see_other(&path_of(&id, done)));
        }
        Ok(Changed::Meanwhile) => None,
        Err(refusal) => Some(refusal),
    };
    refused(app, who, typed, &id, refusal).await
}

/// The page again. `refusal`: `None` where they are not as they were shown, and are shown as they are.
async fn refused(
    app: &App,
    who: &Who,
    typed: &Typed,
    id: &UserId,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let mut page = look(app, who, id).await?;
    page.changed = refusal.is_none();
    if refusal.is_some() {
        // What was typed was typed into the form of then, with whose tag it is sent again.
        page.typed = typed.shown();
    }
    page.typed.reason = Shown(&typed.reason).to_string();
    page.refusal = refusal;
    Ok(answer(StatusCode::CONFLICT, page.refusal.as_ref(), &page))
}

/// CHANGE.
pub(super) async fn change(
    State(app): State<App>,
    who: Who,
    Form(fields): Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::of(fields);
    let wanted = match typed.wanted(None) {
        Ok(wanted) => wanted,
        Err(refusal) => return refused(&app, &who, &typed, &typed.user_id()?, Some(refusal)).await,
    };
    as_shown(&app, &who, &typed, "changed", move |desk, session, known| {
        let known = Some(known);
        desk.put_users_known(session, &[WantedUser { known, ..wanted }])
    })
    .await
}

/// APPROVE: what was shown holds at once.
pub(super) async fn approve(
    State(app): State<App>,
    who: Who,
    Form(fields): Fields,
) -> Result<Response, Refusal> {
    let typed = Typed::of(fields);
    let (reason, of_manager) = (typed.reason.clone(), typed.what == "manager");
    let id = typed.user_id()?;
    let mut shown = typed.clone();
    // Of a refused approval, the fields of the change are as they were.
    let whole = look(&app, &who, &id).await?;
    shown.name = whole.typed.name;
    shown.privileged = whole.typed.privileged;
    shown.ways = whole.typed.ways;
    shown.manager = whole.typed.manager;
    let approved = as_shown(&app, &who, &shown, "approved", move |desk, session, known| {
        let nothing = ErrorCode::NothingRests;
        let id = &known.user.id;
        let approved = if of_manager {
            let pending = known.manager_rests.ok_or(nothing)?;
            desk.approve_manager(session, id, &pending, &reason)
        } else {
            let pending = known.rests.ok_or(nothing)?;
            desk.approve_user(session, id, &pending, &reason)
        };
        match approved {
            Ok(()) => Ok(true),
            Err(DeskError::Refused(ErrorCode::ApprovalElsewhere)) => Ok(false),
            Err(error) => Err(error),
        }
    });
    approved.await
}

#[derive(Template)]
#[template(path = "user_erase.html")]
struct ErasePage {
    page: Page,
    id: String,
    name: String,
    devices: Vec<(String, bool)>,
}

/// What is about to be done, to be confirmed.
pub(super) async fn ask_erase(
    State(app): State<App>,
    who: Who,
    Query(named): Query<Named>,
) -> Result<Response, Refusal> {
    let id = UserId::new(&named.id).ok_or(ErrorCode::UserUnknown)?;
    let user = look(&app, &who, &id).await?;
    let page = ErasePage {
        page: user.page,
        id: user.typed.id,
        name: user.typed.name,
        devices: user.devices,
    };
    Ok(html(StatusCode::OK, &page))
}

#[derive(Template)]
#[template(path = "user_erased.html")]
struct ErasedPage {
    page: Page,
}

/// ERASE.
pub(super) async fn erase(
    State(app): State<App>,
    who: Who,
    Form(fields): Fields,
) -> Result<Response, Refusal> {
    let id = Typed::of(fields).user_id()?;
    let session = who.session.clone();
    app.desks()
        .run(move |desk| desk.erase_user(&session, &id))
        .await?;
    let page = ErasedPage {
        page: Page::new(&app, &who, "/devices"),
    };
    Ok(html(StatusCode::OK, &page))
}
