//! One call: the caller is verified, the challenge entered, the code given, the end recorded.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::code::spoken;
use fido_unlock::desk::{
    CallView, ChannelKind, CodeOutcome, Delivery, Desk, DeskError, GivenCode, OperatorSession,
    OperatorStatement, RequestId, Rules, UserClass, VerificationMethod, Vouched,
};
use fido_unlock::{Challenge, ErrorCode, ResponseCode, Shown, Suite};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::challenge::Counted;
use crate::app::App;
use crate::page::{Page, Who, day, html, moment, see_other};
use crate::refusal::Refusal;

/// The ways of verifying a caller of which an operator can say that they were used.
const METHODS: [(VerificationMethod, &str, &str); 6] = [
    (
        VerificationMethod::CallBack,
        "call-back",
        "Called back on the number on record",
    ),
    (
        VerificationMethod::InPerson,
        "in-person",
        "The person stands at the desk",
    ),
    (
        VerificationMethod::IdentityDocument,
        "identity-document",
        "Saw an identity document and the face, by video",
    ),
    (
        VerificationMethod::Manager,
        "manager",
        "Their manager vouches, reached another way",
    ),
    (
        VerificationMethod::EnrolledFactor,
        "enrolled-factor",
        "A factor that was enrolled before",
    ),
    (
        VerificationMethod::Questions,
        "questions",
        "Questions that only they can answer",
    ),
];

fn title(method: VerificationMethod) -> &'static str {
    let known = METHODS.iter().find(|(own, ..)| *own == method);
    known.map_or("another way", |(.., title)| title)
}

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Another operator's.
    NotOwn,
    /// No code yet.
    Asking,
    /// It has run out before a code was made.
    RunOut,
    /// A code was made; nothing is known of its end.
    Made,
    /// The user has unlocked the device.
    Done,
    /// Given up.
    Abandoned,
}

impl Stage {
    fn of(call: &CallView, session: &OperatorSession) -> Self {
        match call.code {
            _ if call.operator != *session.operator() => Self::NotOwn,
            None if call.lives => Self::Asking,
            None => Self::RunOut,
            Some(CodeOutcome::Done) => Self::Done,
            Some(CodeOutcome::Abandoned) => Self::Abandoned,
            Some(CodeOutcome::Open | CodeOutcome::Superseded) => Self::Made,
        }
    }
}

/// A way of verifying the caller that counts here.
struct MethodLine {
    value: &'static str,
    title: &'static str,
    chosen: bool,
}

/// A code, as it is read out.
struct CodeShown {
    groups: Zeroizing<String>,
    spoken: Zeroizing<String>,
    /// Each line has a check, so that a typing error is found.
    checked: bool,
}

impl CodeShown {
    fn of(code: &ResponseCode) -> Self {
        let groups = code.expose_code();
        Self {
            spoken: spoken(&groups),
            groups,
            checked: code.suite() != Suite::AesAdminKey,
        }
    }
}

/// What the operator has typed.
#[derive(Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    method: String,
    #[serde(default)]
    statement: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    challenge: String,
}

impl Typed {
    /// As it comes back in the fields.
    fn shown(&self) -> Self {
        let shown = |text: &String| Shown(text).to_string();
        Self {
            method: self.method.clone(),
            statement: shown(&self.statement),
            reason: shown(&self.reason),
            challenge: shown(&self.challenge),
        }
    }
}

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    page: Page,
    stage: Stage,
    id: String,
    operator: String,
    name: String,
    user: String,
    device: String,
    suite: Suite,
    privileged: bool,
    until: String,
    telephones: Vec<Telephone>,
    methods: Vec<MethodLine>,
    verified: Option<&'static str>,
    unknown_since_backup: bool,
    others: Vec<OtherCode>,
    typed: Typed,
    counted: Counted,
    code: Option<CodeShown>,
    refusal: Option<Refusal>,
}

/// A number that the owner is called back on.
struct Telephone {
    address: String,
    changed: String,
}

/// A code of an earlier call for this device.
struct OtherCode {
    request: String,
    at: String,
    operator: String,
}

/// A call and the rules that it is under.
struct Looked {
    call: CallView,
    rules: Rules,
}

fn look(desk: &mut Desk, session: &OperatorSession, id: RequestId) -> Result<Looked, DeskError> {
    Ok(Looked {
        call: desk.request(session, id)?,
        rules: desk.rules(session)?,
    })
}

impl CallPage {
    fn new(app: &App, who: &Who, looked: Looked, typed: Typed) -> Self {
        let Looked { call, rules } = looked;
        let counted = Counted::of(call.suite, &typed.challenge);
        let mut typed = typed.shown();
        if typed.reason.is_empty() {
            typed.reason = Shown(&call.reason).to_string();
        }
        let accepted = |(method, ..): &&(VerificationMethod, _, _)| {
            rules.accepts(call.user.class, *method, Vouched::Operator)
        };
        let methods = METHODS
            .iter()
            .filter(accepted)
            .map(|(_, value, title)| MethodLine {
                value,
                title,
                chosen: typed.method == *value,
            });
        let telephones = call.user.channels.iter();
        let telephones = telephones.filter(|channel| channel.kind == ChannelKind::Telephone);
        let telephones = telephones.map(|channel| Telephone {
            address: Shown(&channel.address).to_string(),
            changed: day(channel.changed_at),
        });
        let others = call.open_codes.iter().filter(|other| other.request != call.id);
        Self {
            page: Page::new(app, who, "/unlock"),
            stage: Stage::of(&call, &who.session),
            id: call.id.to_string(),
            operator: Shown(call.operator.as_str()).to_string(),
            name: Shown(&call.user.name).to_string(),
            user: Shown(call.user.id.as_str()).to_string(),
            device: call.device.to_code(),
            suite: call.suite,
            privileged: call.user.class == UserClass::Privileged,
            until: moment(call.expires_at),
            telephones: telephones.collect(),
            methods: methods.collect(),
            verified: call.caller.map(|(method, _)| title(method)),
            unknown_since_backup: call.unknown_since_backup,
            others: others
                .map(|other| OtherCode {
                    request: other.request.to_string(),
                    at: moment(other.at),
                    operator: Shown(other.operator.as_str()).to_string(),
                })
                .collect(),
            counted,
            typed,
            code: None,
            refusal: None,
        }
    }
}

fn request_id(text: &str) -> Result<RequestId, Refusal> {
    RequestId::parse(text).map_err(|_| ErrorCode::RequestUnknown.into())
}

pub(super) async fn page(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    let (id, session) = (request_id(&request)?, who.session.clone());
    let looked = app.desks().run(move |desk| look(desk, &session, id)).await?;
    let entered = looked.call.challenge.map(|read| read.to_code());
    let typed = Typed {
        challenge: entered.unwrap_or_default(),
        ..Typed::default()
    };
    let page = CallPage::new(&app, &who, looked, typed);
    Ok(html(StatusCode::OK, &page))
}

/// GENERATE RESPONSE CODE, and the same code again: the desk's steps in their order, as far as they are not done yet.
pub(super) async fn code(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let (id, session) = (request_id(&request)?, who.session.clone());
    let (answer, looked, typed) = app
        .desks()
        .run(move |desk| {
            let answer = answer(desk, &session, id, &typed);
            Ok((answer, look(desk, &session, id)?, typed))
        })
        .await?;
    app.desks().send_notices();
    let mut page = CallPage::new(&app, &who, looked, typed);
    let status = match answer {
        Ok(code) => {
            page.code = Some(CodeShown::of(&code));
            StatusCode::OK
        }
        Err(error) => {
            let refusal = Refusal::from(error);
            let status = refusal.status();
            page.refusal = Some(refusal);
            status
        }
    };
    Ok(html(status, &page))
}

fn answer(
    desk: &mut Desk,
    session: &OperatorSession,
    id: RequestId,
    typed: &Typed,
) -> Result<ResponseCode, DeskError> {
    let call = desk.request(session, id)?;
    if call.code.is_none() {
        prepare(desk, session, &call, typed)?;
    }
    match desk.authorise(session, id, &Delivery::Show)? {
        GivenCode::Shown(code) => Ok(code),
        GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
    }
}

/// Reason, caller and challenge. What stands already is not said twice: each change would void an approval.
fn prepare(
    desk: &mut Desk,
    session: &OperatorSession,
    call: &CallView,
    typed: &Typed,
) -> Result<(), DeskError> {
    if typed.reason.trim() != call.reason {
        desk.set_reason(session, call.id, &typed.reason)?;
    }
    if call.caller.is_none() {
        let chosen = METHODS.iter().find(|(_, value, _)| *value == typed.method);
        let (method, ..) = chosen.ok_or(ErrorCode::CallerUnverified)?;
        let mut word = OperatorStatement::new(*method, &typed.statement);
        desk.verify_caller(session, call.id, &mut word)?;
    }
    let read = Challenge::parse(call.suite, &typed.challenge).ok();
    if read.is_none() || read != call.challenge {
        desk.enter_challenge(session, call.id, &typed.challenge)?;
    }
    Ok(())
}

/// DONE: the user has unlocked the device.
pub(super) async fn done(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    close(&app, who, &request, true).await
}

/// ABANDON: it was given up; the code may still be good.
pub(super) async fn abandon(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    close(&app, who, &request, false).await
}

async fn close(app: &App, who: Who, request: &str, done: bool) -> Result<Response, Refusal> {
    let id = request_id(request)?;
    let closed = app.desks().run(move |desk| {
        if done {
            desk.done(&who.session, id)
        } else {
            desk.abandon(&who.session, id)
        }
    });
    closed.await?;
    app.desks().send_notices();
    Ok(see_other(&format!("/unlock/{id}")))
}
