//! Why something was not done, as a person reads it and as HTTP says it.

use core::fmt;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fido_unlock::{ErrorCode, Family, HasCode, Shown};

use crate::page::html;

/// Why something was not done: what happened, and what to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    number: Option<u16>,
    text: String,
    next_step: &'static str,
}

/// The number of what a response tells as refused, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told(pub(crate) u16);

/// Marks a response that is a refusal and nothing else, for the door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsRefusal;

impl Refusal {
    const fn of(status: StatusCode, text: String, next_step: &'static str) -> Self {
        Self {
            status,
            number: None,
            text,
            next_step,
        }
    }

    /// Too many wait for the desk.
    #[must_use]
    pub fn busy() -> Self {
        Self::of(
            StatusCode::SERVICE_UNAVAILABLE,
            "the help desk is busy: too many are waiting".into(),
            "Wait a moment, then try again; nothing was done.",
        )
    }

    pub(crate) fn timed_out() -> Self {
        Self::of(
            StatusCode::GATEWAY_TIMEOUT,
            "the help desk did not answer in time".into(),
            "Look at the call again before you repeat anything: it may have been done.",
        )
    }

    /// A client asks too often.
    pub(crate) fn too_often() -> Self {
        Self::of(
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests come from your address".into(),
            "Wait a minute, then try again; nothing was done.",
        )
    }

    /// A part of a page whose session has ended; the page stays.
    pub(crate) fn session_ended(status: StatusCode) -> Self {
        Self::of(
            status,
            "your session has ended".into(),
            "Go on here: you are asked to sign in again, and nothing that you typed is lost.",
        )
    }

    pub(crate) fn foreign_page() -> Self {
        Self::of(
            StatusCode::FORBIDDEN,
            "this was not sent by a page of this help desk".into(),
            "Open the page again here, and send it from there.",
        )
    }

    pub(crate) fn foreign_host() -> Self {
        Self::of(
            StatusCode::MISDIRECTED_REQUEST,
            "this is not the address of this help desk".into(),
            "Use the address that it was started with.",
        )
    }

    pub(crate) fn too_long() -> Self {
        Self::of(
            StatusCode::PAYLOAD_TOO_LARGE,
            "what was sent is too long".into(),
            "Give only the text that was asked for.",
        )
    }

    /// Of what HTTP alone has refused.
    pub(crate) fn bare(status: StatusCode) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::too_long();
        }
        let text = "this is not what a page of this help desk sends".into();
        Self::of(status, text, "Open the page again here, and send it from there.")
    }

    pub(crate) fn not_found() -> Self {
        Self::of(
            StatusCode::NOT_FOUND,
            "there is no such page".into(),
            "Go back to the first page.",
        )
    }

    /// HTTP's word for it.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its number in the error table, if it has one.
    #[must_use]
    pub const fn number(&self) -> Option<u16> {
        self.number
    }

    /// What happened, as it may be shown.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What to do now.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        self.next_step
    }
}

impl<E: HasCode + fmt::Display> From<E> for Refusal {
    fn from(error: E) -> Self {
        let code = error.code();
        Self {
            status: status(code),
            number: Some(code.number()),
            text: Shown(&error.to_string()).to_string(),
            next_step: code.next_step(),
        }
    }
}

/// HTTP's word for a row of the error table.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::OperatorUnknown => StatusCode::UNAUTHORIZED,
        ErrorCode::UserUnknown | ErrorCode::DeviceUnknown | ErrorCode::RequestUnknown => {
            StatusCode::NOT_FOUND
        }
        ErrorCode::RequestExpired => StatusCode::GONE,
        ErrorCode::RequestUsed | ErrorCode::WrongState | ErrorCode::DeviceExists => StatusCode::CONFLICT,
        ErrorCode::CallerUnverified | ErrorCode::ReasonMissing | ErrorCode::InvalidArgument => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::LimitDevice
        | ErrorCode::LimitOperator
        | ErrorCode::LimitIssuer
        | ErrorCode::SignInLocked => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::ServiceOff
        | ErrorCode::DeskNotOpen
        | ErrorCode::ClockDiffers
        | ErrorCode::ClockWentBack
        | ErrorCode::ApprovalUnavailable
        | ErrorCode::SignerUnavailable
        | ErrorCode::StoreBusy
        | ErrorCode::StoreFull => StatusCode::SERVICE_UNAVAILABLE,
        other => match other.family() {
            Family::Code | Family::Pin => StatusCode::UNPROCESSABLE_ENTITY,
            Family::Policy => StatusCode::FORBIDDEN,
            // The virtual key's state: what was asked does not fit it.
            Family::Device | Family::Transport => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

/// A page that tells what was refused.
pub(crate) fn refused(refusal: &Refusal, page: &impl Template) -> Response {
    let mut response = html(refusal.status, page);
    if let Some(number) = refusal.number {
        response.extensions_mut().insert(Told(number));
    }
    response
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    refusal: &'a Refusal,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = refused(&self, &RefusedPage { refusal: &self });
        response.extensions_mut().insert(IsRefusal);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_an_error_to_http() {
        for code in ErrorCode::ALL {
            let status = status(*code);
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
        }
        let refusal = Refusal::from(ErrorCode::LimitDevice);
        assert_eq!((refusal.status().as_u16(), refusal.number()), (429, Some(411)));
    }
}
