//! A manager's own page: the questions whether it is somebody of theirs who calls, and the answer. Their account opens
//! nothing else.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{ManagerAnswer, ManagerQuestion, RequestId};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use super::approvals::Seen;
use super::call::request_id;
use crate::app::App;
use crate::page::{Page, Who, html, moment, see_other, tag};
use crate::refusal::{Refusal, answer as refused_or};

/// A question as it is shown.
struct Question {
    id: String,
    name: String,
    user: String,
    device: String,
    operator: String,
    reason: String,
    since: String,
    asked: String,
    waits: bool,
    answer: Option<ManagerAnswer>,
    /// What an answer is for.
    seen: String,
}

impl Question {
    fn of(question: &ManagerQuestion) -> Self {
        Self {
            id: question.request.to_string(),
            name: Shown(&question.name).to_string(),
            user: Shown(question.user.as_str()).to_string(),
            device: question.device.to_code(),
            operator: Shown(question.operator.as_str()).to_string(),
            reason: Shown(&question.reason).to_string(),
            since: moment(question.opened_at),
            asked: moment(question.asked_at),
            waits: question.waits,
            answer: question.answer,
            seen: base16ct::lower::encode_string(&question.basis),
        }
    }

    /// What has become of one that does not wait.
    fn outcome(&self, t: &Texts) -> String {
        match self.answer {
            Some(ManagerAnswer::Yes) => t.vouch_said_yes(&self.name),
            Some(ManagerAnswer::No) => t.vouch_said_no(&self.name),
            Some(ManagerAnswer::Unknown) => t.vouch_said_unknown(&self.name),
            None => t.vouch_over(),
        }
    }
}

/// All questions that wait.
struct Waiting {
    questions: Vec<Question>,
    seen: String,
}

impl Waiting {
    fn of(questions: &[ManagerQuestion]) -> Self {
        let questions: Vec<_> = questions.iter().map(Question::of).collect();
        let seen: Vec<_> = questions.iter().map(|question| question.seen.as_str()).collect();
        Self {
            seen: tag(&seen),
            questions,
        }
    }
}

#[derive(Template)]
#[template(path = "vouch.html")]
struct VouchPage {
    page: Page,
    waiting: Waiting,
}

#[derive(Template)]
#[template(path = "questions.html")]
struct QuestionsPart {
    page: Page,
    waiting: Waiting,
}

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage {
    page: Page,
    question: Question,
    refusal: Option<Refusal>,
    /// It is not what was shown before.
    changed: bool,
}

async fn waiting(app: &App, who: &Who) -> Result<Waiting, Refusal> {
    let session = who.session.clone();
    let questions = app.desks().run(move |desk| desk.manager_questions(&session));
    Ok(Waiting::of(&questions.await?))
}

pub(super) async fn page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    let page = VouchPage {
        waiting: waiting(&app, &who).await?,
        page: Page::new(&app, &who, "/vouch"),
    };
    Ok(html(StatusCode::OK, &page))
}

/// The questions as they are now; nothing where they are what is shown.
pub(super) async fn list(
    State(app): State<App>,
    who: Who,
    Query(seen): Query<Seen>,
) -> Result<Response, Refusal> {
    let waiting = waiting(&app, &who).await?;
    if let Some(nothing) = seen.unless(&waiting.seen) {
        return Ok(nothing);
    }
    let part = QuestionsPart {
        page: Page::new(&app, &who, "/vouch"),
        waiting,
    };
    Ok(html(StatusCode::OK, &part))
}

async fn look(app: &App, who: &Who, id: RequestId) -> Result<QuestionPage, Refusal> {
    let session = who.session.clone();
    let question = app.desks().run(move |desk| desk.manager_question(&session, id));
    Ok(QuestionPage {
        question: Question::of(&question.await?),
        page: Page::new(app, who, "/vouch"),
        refusal: None,
        changed: false,
    })
}

/// The question of the address that the operator sends.
pub(super) async fn question(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    let page = look(&app, &who, request_id(&request)?).await?;
    Ok(html(StatusCode::OK, &page))
}

#[derive(Deserialize)]
pub(super) struct Answered {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    seen: String,
}

impl Answered {
    fn read(&self) -> Result<([u8; 32], ManagerAnswer), Refusal> {
        let answer = match self.answer.as_str() {
            "yes" => ManagerAnswer::Yes,
            "no" => ManagerAnswer::No,
            "unknown" => ManagerAnswer::Unknown,
            _ => return Err(Refusal::malformed()),
        };
        let mut seen = [0; 32];
        let read = base16ct::lower::decode(&self.seen, &mut seen).map(<[u8]>::len);
        if read == Ok(seen.len()) {
            Ok((seen, answer))
        } else {
            Err(Refusal::malformed())
        }
    }
}

/// YES, NO, I DO NOT KNOW: to what was shown, and to nothing else.
pub(super) async fn answer(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(form): Form<Answered>,
) -> Result<Response, Refusal> {
    let (id, session) = (request_id(&request)?, who.session.clone());
    let (seen, answer) = form.read()?;
    let answered = app
        .desks()
        .run(move |desk| desk.answer_as_manager(&session, id, &seen, answer));
    let refusal = match answered.await {
        Ok(()) => return Ok(see_other(&format!("/vouch/{id}"))),
        Err(refusal) => refusal,
    };
    // Whose question it is not, or no more, sees nothing of it.
    let mut page = look(&app, &who, id).await.map_err(|_| refusal.clone())?;
    page.changed = refusal.number() == Some(ErrorCode::ApprovalElsewhere.number());
    page.refusal = Some(refusal).filter(|_| !page.changed);
    Ok(refused_or(StatusCode::CONFLICT, page.refusal.as_ref(), &page))
}
