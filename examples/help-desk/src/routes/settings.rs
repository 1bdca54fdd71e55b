//! Settings: the service switch, alarms, and the rules. A change of the rules is shown before it is confirmed: what of it
//! holds at once and what rests, as the desk's core says it; and a second Administrator approves what they were shown.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fido_unlock::desk::{
    Desk, DeskAlarm, DeskError, OperatorSession, Pending, Rule, Rules, RulesPreview, Standing,
    VerificationMethod,
};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use super::live::now;
use super::methods;
use super::rules_form::{self, Difference, Fields, GROUPS, Input};
use crate::app::App;
use crate::language;
use crate::page::{self, Page, Who, html, second, see_other, tag};
use crate::refusal::Refusal;

/// Alarms that are shown; the oldest first.
const MOST: usize = 50;

/// Rules that rest.
struct Resting {
    differences: Vec<Difference>,
    from: String,
    by: Option<String>,
    /// Whether the operator who looks asked for them.
    own: bool,
    seen: String,
}

impl Resting {
    fn of(t: &Texts, now: &Rules, pending: &Pending<Rules>, who: &OperatorSession) -> Self {
        let changes = now.changes(&pending.value);
        Self {
            differences: changes.iter().map(|change| Difference::of(t, change)).collect(),
            from: second(&pending.holds_from),
            by: pending.asked_by.as_ref().map(|name| Shown(name).to_string()),
            own: pending.asked_by.as_deref() == Some(who.operator().as_str()),
            seen: seen(now, pending),
        }
    }
}

/// Tells apart what was shown of rules that rest. Whatever two sets of rules differ in, their debug texts do.
fn seen(now: &Rules, pending: &Pending<Rules>) -> String {
    tag(&[&format!("{now:?}"), &format!("{pending:?}")])
}

struct Alarm {
    id: u64,
    code: ErrorCode,
    device: Option<String>,
    counter: Option<u16>,
    at: String,
}

impl Alarm {
    fn of(alarm: &DeskAlarm) -> Self {
        Self {
            id: alarm.id,
            code: alarm.code,
            device: alarm.device.map(|device| device.to_code()),
            counter: alarm.counter,
            at: second(&alarm.at),
        }
    }
}

/// All that the page shows of the desk.
struct Looked {
    standing: Standing,
    rules: Rules,
    pending: Option<Pending<Rules>>,
    alarms: Vec<DeskAlarm>,
}

fn look(desk: &mut Desk, session: &OperatorSession) -> Result<Looked, DeskError> {
    Ok(Looked {
        standing: desk.standing(session)?,
        rules: desk.rules(session)?,
        pending: desk.pending_rules(session)?,
        alarms: desk.alarms(session, 0, MOST)?,
    })
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    now: String,
    standing: Standing,
    fields: Fields,
    remarks: Vec<String>,
    resting: Option<Resting>,
    alarms: Vec<Alarm>,
    outcome: Option<String>,
    refusal: Option<Refusal>,
    /// The rule whose field cannot be understood.
    unread: Option<Rule>,
}

impl SettingsPage {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.field(name) == value
    }

    fn title(&self, rule: &Rule) -> String {
        rules_form::title(self.page.t, *rule)
    }

    fn hint(&self, rule: &Rule) -> String {
        self.page.t.settings_rule_hint(rules_form::key(*rule))
    }

    fn method(&self, method: &VerificationMethod) -> String {
        methods::title(self.page.t, *method)
    }
}

/// What the page says besides.
#[derive(Default)]
struct Besides {
    outcome: Option<String>,
    refusal: Option<Refusal>,
    /// What was typed, and the rule whose field cannot be understood.
    typed: Option<(Fields, Option<Rule>)>,
}

async fn show(app: &App, who: &Who, besides: Besides) -> Response {
    let session = who.session.clone();
    let looked = match app.desks().run(move |desk| look(desk, &session)).await {
        Ok(looked) => looked,
        Err(refusal) => return refusal.into_response(),
    };
    let page = Page::new(app, who, "/settings");
    let t = page.t;
    let Besides {
        outcome,
        refusal,
        typed,
    } = besides;
    let (fields, unread) = match typed {
        Some((fields, unread)) => (fields, unread),
        None => (rules_form::fields(&looked.rules), None),
    };
    let remarks = looked.rules.remarks();
    let pending = looked.pending.as_ref();
    let page = SettingsPage {
        now: second(&now()),
        standing: looked.standing,
        fields,
        remarks: remarks
            .iter()
            .map(|remark| rules_form::remark(t, remark))
            .collect(),
        resting: pending.map(|pending| Resting::of(t, &looked.rules, pending, &who.session)),
        alarms: looked.alarms.iter().map(Alarm::of).collect(),
        outcome,
        unread,
        page,
        refusal,
    };
    let status = match (&page.refusal, page.unread) {
        (Some(refusal), _) => refusal.status(),
        (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, None) => StatusCode::OK,
    };
    html(status, &page)
}

#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

pub(super) async fn page(State(app): State<App>, who: Who, Query(done): Query<Done>) -> Response {
    let t = language::spoken();
    let outcome = match done.done.as_str() {
        "changed" => Some(t.settings_changed()),
        "approved" => Some(t.settings_approved()),
        "switched" => Some(t.settings_switched()),
        "acknowledged" => Some(t.settings_acknowledged()),
        _ => None,
    };
    let besides = Besides {
        outcome,
        ..Besides::default()
    };
    show(&app, &who, besides).await
}

/// Elsewhere when it is done; otherwise the page, which says why not.
async fn ended(app: &App, who: &Who, done: Result<(), Refusal>, outcome: &str) -> Response {
    match done {
        Ok(()) => {
            // Others are told of some of it.
            app.desks().send_notices();
            see_other(&format!("/settings?done={outcome}"))
        }
        Err(refusal) => {
            let besides = Besides {
                refusal: Some(refusal),
                ..Besides::default()
            };
            show(app, who, besides).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Switched {
    on: bool,
}

/// Switches the service on or off.
pub(super) async fn switch(State(app): State<App>, who: Who, Form(form): Form<Switched>) -> Response {
    let session = who.session.clone();
    let done = app.desks().run(move |desk| desk.set_service(&session, form.on));
    ended(&app, &who, done.await, "switched").await
}

#[derive(Deserialize)]
pub(super) struct Acknowledged {
    alarm: u64,
    #[serde(default)]
    note: String,
}

/// ACKNOWLEDGE.
pub(super) async fn acknowledge(
    State(app): State<App>,
    who: Who,
    Form(form): Form<Acknowledged>,
) -> Response {
    let session = who.session.clone();
    let done = app
        .desks()
        .run(move |desk| desk.acknowledge(&session, form.alarm, &form.note));
    ended(&app, &who, done.await, "acknowledged").await
}

#[derive(Template)]
#[template(path = "settings_preview.html")]
struct PreviewPage {
    page: Page,
    differences: Vec<Difference>,
    holds_from: Option<String>,
    replaces: Option<Replaced>,
    remarks: Vec<String>,
    fields: Fields,
    seen: String,
    refusal: Option<Refusal>,
}

/// What would not hold any more.
struct Replaced {
    by: Option<String>,
    from: String,
}

/// Tells apart what was shown of a change. The time from when on it holds moves with the clock, and is no part of it.
fn tag_of(preview: &RulesPreview) -> String {
    tag(&[
        &format!("{:?}", preview.changes),
        &format!("{:?}", preview.replaces),
        if preview.holds_from.is_some() { "rests" } else { "" },
    ])
}

/// Shows what a change would do; nothing is done yet.
pub(super) async fn preview(State(app): State<App>, who: Who, Form(fields): Form<Fields>) -> Response {
    shown(&app, &who, fields, None).await
}

async fn shown(app: &App, who: &Who, mut fields: Fields, refusal: Option<Refusal>) -> Response {
    fields.remove("csrf");
    fields.remove("seen");
    let rules = match rules_form::read(&fields) {
        Ok(rules) => rules,
        Err(rule) => {
            let besides = Besides {
                typed: Some((fields, Some(rule))),
                ..Besides::default()
            };
            return show(app, who, besides).await;
        }
    };
    let (session, asked) = (who.session.clone(), rules.clone());
    let preview = app
        .desks()
        .run(move |desk| desk.preview_rules(&session, &asked))
        .await;
    let preview = match preview {
        Ok(preview) => preview,
        Err(refusal) => {
            let besides = Besides {
                refusal: Some(refusal),
                typed: Some((fields, None)),
                ..Besides::default()
            };
            return show(app, who, besides).await;
        }
    };
    let page = Page::new(app, who, "/settings");
    let t = page.t;
    let replaced = |pending: &Pending<Rules>| Replaced {
        by: pending.asked_by.as_ref().map(|name| Shown(name).to_string()),
        from: second(&pending.holds_from),
    };
    let page = PreviewPage {
        differences: preview
            .changes
            .iter()
            .map(|change| Difference::of(t, change))
            .collect(),
        holds_from: preview.holds_from.as_ref().map(second),
        replaces: preview.replaces.as_ref().map(replaced),
        remarks: rules
            .remarks()
            .iter()
            .map(|remark| rules_form::remark(t, remark))
            .collect(),
        seen: tag_of(&preview),
        fields: rules_form::fields(&rules),
        page,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, Refusal::status);
    html(status, &page)
}

/// CONFIRM: what was shown, and nothing else.
pub(super) async fn change(State(app): State<App>, who: Who, Form(fields): Form<Fields>) -> Response {
    let seen = fields.get("seen").cloned().unwrap_or_default();
    let Ok(rules) = rules_form::read(&fields) else {
        return shown(&app, &who, fields, None).await;
    };
    let session = who.session.clone();
    let done = app.desks().run(move |desk| {
        let preview = desk.preview_rules(&session, &rules)?;
        if tag_of(&preview) != seen {
            return Err(ErrorCode::ApprovalElsewhere.into());
        }
        desk.put_rules_shown(&session, &rules, &preview)
    });
    match done.await {
        Ok(()) => ended(&app, &who, Ok(()), "changed").await,
        Err(refusal) => shown(&app, &who, fields, Some(refusal)).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Approved {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    reason: String,
}

/// APPROVE: a second Administrator lets rules that rest hold now, as they were shown.
pub(super) async fn approve(State(app): State<App>, who: Who, Form(form): Form<Approved>) -> Response {
    let session = who.session.clone();
    let done = app.desks().run(move |desk| {
        let now = desk.rules(&session)?;
        match desk.pending_rules(&session)? {
            Some(pending) if seen(&now, &pending) == form.seen => {
                desk.approve_rules(&session, &pending, &form.reason)
            }
            Some(_) => Err(ErrorCode::ApprovalElsewhere.into()),
            // What is asked for in this very moment was not shown.
            None => Err(ErrorCode::NothingRests.into()),
        }
    });
    ended(&app, &who, done.await, "approved").await
}
