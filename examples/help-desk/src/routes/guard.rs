//! Before a route: who asks, whether they may, and whether a form has its session's token.

use axum::RequestExt;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fido_unlock::ErrorCode;
use fido_unlock::desk::{OperatorSession, Privilege};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Access;
use super::again::{self, Step};
use super::upload::first_text;
use crate::app::App;
use crate::page::{LicenceStands, Who, see_other};
use crate::refusal::Refusal;
use crate::{csrf, session};

/// What a route's guard knows.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) app: App,
    pub(super) access: Access,
    pub(super) lapsed: Lapsed,
    /// The longest body, in bytes.
    pub(super) longest: usize,
}

/// What becomes of a request whose session has ended.
#[derive(Clone, Copy)]
pub(super) enum Lapsed {
    /// The operator signs in, and begins at the first page.
    SignIn,
    /// A part of a page says so in its place, and the page stays.
    Stay,
    /// The operator signs in in place, and goes on with this.
    GoOn(Step),
}

pub(super) async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match admit(&gate, request).await {
        Ok(request) => next.run(request).await,
        Err(response) => response,
    }
}

async fn admit(gate: &Gate, mut request: Request) -> Result<Request, Response> {
    if gate.access == Access::Everyone {
        return Ok(request);
    }
    let app = &gate.app;
    let cookie = session::cookie_of(request.headers(), app.site());
    let found = cookie.and_then(|cookie| Some((app.sessions().find(&cookie)?, cookie)));
    let Some((session, cookie)) = found else {
        return Err(gate.lapsed(request, StatusCode::UNAUTHORIZED).await);
    };
    if *request.method() == Method::POST {
        let (whole, has_token) = with_token(request, gate.longest, &csrf::token(&cookie))
            .await
            .map_err(IntoResponse::into_response)?;
        request = whole;
        if !has_token {
            // A page of an earlier session, as far as can be told: the door has let in no other site's.
            return Err(match gate.lapsed {
                Lapsed::SignIn => Refusal::foreign_page().into_response(),
                Lapsed::Stay | Lapsed::GoOn(_) => gate.lapsed(request, StatusCode::FORBIDDEN).await,
            });
        }
    }
    let who = match who(app, session, &cookie).await {
        Ok(who) => who,
        Err(refusal) if refusal.number() == Some(ErrorCode::OperatorUnknown.number()) => {
            app.sessions().end(&cookie);
            return Err(gate.lapsed(request, StatusCode::UNAUTHORIZED).await);
        }
        Err(refusal) => return Err(refusal.into_response()),
    };
    let lets_in = match gate.access {
        Access::May(privilege) => who.may.contains(&privilege),
        Access::Manager => who.vouches,
        Access::Everyone | Access::SignedIn | Access::Token(_) => true,
    };
    if !lets_in {
        return Err(Refusal::from(ErrorCode::PrivilegeMissing).into_response());
    }
    request.extensions_mut().insert(who);
    Ok(request)
}

impl Gate {
    async fn lapsed(&self, request: Request, status: StatusCode) -> Response {
        match self.lapsed {
            Lapsed::SignIn => to_sign_in(request.headers().contains_key("hx-request")),
            Lapsed::Stay => Refusal::session_ended(status).into_response(),
            Lapsed::GoOn(step) => again::ask(request, step, status).await,
        }
    }
}

/// Who a session's operator is now, with all that they may.
pub(super) async fn who(app: &App, session: OperatorSession, cookie: &str) -> Result<Who, Refusal> {
    let asking = session.clone();
    let (may, licence, vouches) = app
        .desks()
        .run(move |desk| {
            let may = desk.privileges(&asking)?;
            let licence = match may.contains(&Privilege::Administer) {
                true => Some(LicenceStands::of(desk.licence(&asking)?)),
                false => None,
            };
            // Whoever vouches may do nothing else.
            let vouches = may.is_empty() && desk.vouches_as(&asking)?.is_some();
            Ok((may, licence, vouches))
        })
        .await?;
    Ok(Who {
        may,
        licence,
        vouches,
        csrf: csrf::token(cookie),
        session,
    })
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: Zeroized,
}

/// A secret of a form: wiped when dropped.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub(super) struct Zeroized(pub(super) Zeroizing<String>);

impl From<String> for Zeroized {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

/// A request with its form still to be read, and whether the form has its session's token.
async fn with_token(request: Request, longest: usize, expected: &str) -> Result<(Request, bool), Refusal> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, longest).await.map_err(|_| Refusal::too_long())?;
    let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let in_parts = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let has_token = if in_parts {
        // Before any file, so that a file cannot pass for it.
        let token = first_text(copy, "csrf").await.map(Zeroizing::new);
        token.is_some_and(|token| csrf::is_token(&token, expected))
    } else {
        let form = copy.extract::<Form<Token>, _>().await;
        form.is_ok_and(|Form(token)| csrf::is_token(&token.csrf.0, expected))
    };
    Ok((Request::from_parts(parts, Body::from(bytes)), has_token))
}

/// Whoever has not signed in, or no longer, does so. `is_part`: htmx asks, which must not put that page into this one.
fn to_sign_in(is_part: bool) -> Response {
    const PATH: &str = "/sign-in";
    if is_part {
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", PATH)]).into_response();
    }
    let mut response = see_other(PATH);
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

impl FromRequestParts<App> for Who {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Self>().cloned();
        who.ok_or_else(|| ErrorCode::OperatorUnknown.into())
    }
}
