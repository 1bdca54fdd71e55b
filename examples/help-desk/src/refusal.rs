//! Why something was not done, as a person reads it and as HTTP says it.

use core::any::Any;
use core::fmt;
use core::time::Duration;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fido_unlock::code::CodeError;
use fido_unlock::desk::{DeskError, Rule, RuleValue, UnixTime};
use fido_unlock::{ErrorCode, Family, HasCode, Shown};
use fido_unlock_texts::{Language, Texts};

use crate::language;
use crate::page::{html, moment};
use crate::routes::rules_form;

/// Why something was not done: what happened, and what to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// A row of the error table, and what the error says besides.
    Row { code: ErrorCode, said: Said },
    /// The service's own.
    Own(Own),
}

/// What an error says besides its row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// Its own words, in English.
    Whole(String),
    /// Words in the reader's language.
    Here(String),
    /// What is wrong with a code.
    Code(CodeError),
    /// Until when.
    Until(UnixTime),
    /// Whom to ask.
    Contact(String),
    /// The rule that gives less time than it must, and the least in seconds.
    Least(Rule, u64),
}

/// What has no row in the error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Busy,
    TimedOut,
    SessionEnded,
    ForeignPage,
    ForeignHost,
    TooLong,
    TooOften,
    Malformed,
    NotFound,
    /// Seconds to wait.
    Guesses(u64),
    PasswordsDiffer,
    OperatorName,
    UserId,
    UserName,
    UserText,
    MailAddress,
    UserExists,
    ManagesSelf,
    VouchesBesides,
    NoToken,
    TokenDays,
    TokenScope,
}

impl Own {
    fn text(self, t: &Texts) -> String {
        match self {
            Self::Busy => t.refusal_busy(),
            Self::TimedOut => t.refusal_timed_out(),
            Self::SessionEnded => t.refusal_session_ended(),
            Self::ForeignPage => t.refusal_foreign_page(),
            Self::ForeignHost => t.refusal_foreign_host(),
            Self::TooLong => t.refusal_too_long(),
            Self::TooOften => t.refusal_too_often(),
            Self::Malformed => t.refusal_malformed(),
            Self::NotFound => t.refusal_not_found(),
            Self::Guesses(_) => t.refusal_guesses(),
            Self::PasswordsDiffer => t.refusal_passwords_differ(),
            Self::OperatorName => t.operators_no_name(),
            Self::UserId => t.users_no_id(),
            Self::UserName => t.users_no_name(),
            Self::UserText => t.users_not_plain(),
            Self::MailAddress => t.users_no_mail(),
            Self::UserExists => t.users_exists(),
            Self::ManagesSelf => t.users_own_manager(),
            Self::VouchesBesides => t.operators_vouches_besides(),
            Self::NoToken => t.refusal_no_token(),
            Self::TokenDays => t.tokens_no_days(),
            Self::TokenScope => t.tokens_no_scope(),
        }
    }

    fn next_step(self, t: &Texts) -> String {
        match self {
            Self::Busy => t.refusal_busy_next(),
            Self::TimedOut => t.refusal_timed_out_next(),
            Self::SessionEnded => t.refusal_session_ended_next(),
            Self::ForeignPage | Self::Malformed => t.refusal_foreign_page_next(),
            Self::ForeignHost => t.refusal_foreign_host_next(),
            Self::TooLong => t.refusal_too_long_next(),
            Self::TooOften => t.refusal_too_often_next(),
            Self::NotFound => t.refusal_not_found_next(),
            Self::Guesses(seconds) => t.refusal_guesses_next(seconds),
            Self::PasswordsDiffer => t.refusal_passwords_differ_next(),
            Self::OperatorName => t.operators_no_name_next(),
            Self::UserId => t.users_no_id_next(),
            Self::UserName => t.users_no_name_next(),
            Self::UserText => t.users_not_plain_next(),
            Self::MailAddress => t.users_no_mail_next(),
            Self::UserExists => t.users_exists_next(),
            Self::ManagesSelf => t.users_own_manager_next(),
            Self::VouchesBesides => t.operators_vouches_besides_next(),
            Self::NoToken => t.refusal_no_token_next(),
            Self::TokenDays => t.tokens_no_days_next(),
            Self::TokenScope => t.tokens_no_scope_next(),
        }
    }
}

/// The number of what a response tells as refused, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told(pub(crate) u16);

/// Marks a response that is a refusal and nothing else, for the door.
#[derive(Clone, Debug)]
pub(crate) struct IsRefusal(pub(crate) Refusal);

impl Refusal {
    const fn own(status: StatusCode, own: Own) -> Self {
        Self {
            status,
            why: Why::Own(own),
        }
    }

    /// Too many wait for the desk.
    #[must_use]
    pub const fn busy() -> Self {
        Self::own(StatusCode::SERVICE_UNAVAILABLE, Own::Busy)
    }

    pub(crate) const fn timed_out() -> Self {
        Self::own(StatusCode::GATEWAY_TIMEOUT, Own::TimedOut)
    }

    pub(crate) const fn too_often() -> Self {
        Self::own(StatusCode::TOO_MANY_REQUESTS, Own::TooOften)
    }

    /// A part of a page whose session has ended; the page stays.
    pub(crate) const fn session_ended(status: StatusCode) -> Self {
        Self::own(status, Own::SessionEnded)
    }

    pub(crate) const fn foreign_page() -> Self {
        Self::own(StatusCode::FORBIDDEN, Own::ForeignPage)
    }

    pub(crate) const fn foreign_host() -> Self {
        Self::own(StatusCode::MISDIRECTED_REQUEST, Own::ForeignHost)
    }

    pub(crate) const fn too_long() -> Self {
        Self::own(StatusCode::PAYLOAD_TOO_LARGE, Own::TooLong)
    }

    /// Of what HTTP alone has refused.
    pub(crate) fn bare(status: StatusCode) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::too_long();
        }
        Self::own(status, Own::Malformed)
    }

    /// What was typed is no operator's name.
    pub(crate) const fn no_name() -> Self {
        Self::typed(Own::OperatorName)
    }

    pub(crate) const fn no_user_id() -> Self {
        Self::typed(Own::UserId)
    }

    pub(crate) const fn no_user_name() -> Self {
        Self::typed(Own::UserName)
    }

    pub(crate) const fn not_plain() -> Self {
        Self::typed(Own::UserText)
    }

    pub(crate) const fn no_mail_address() -> Self {
        Self::typed(Own::MailAddress)
    }

    /// A program without an access token that is good.
    pub(crate) const fn no_token() -> Self {
        Self::own(StatusCode::UNAUTHORIZED, Own::NoToken)
    }

    pub(crate) const fn no_token_days() -> Self {
        Self::typed(Own::TokenDays)
    }

    pub(crate) const fn no_token_scope() -> Self {
        Self::typed(Own::TokenScope)
    }

    pub(crate) const fn own_manager() -> Self {
        Self::typed(Own::ManagesSelf)
    }

    /// An account that vouches for others may do nothing else.
    pub(crate) const fn vouches_besides() -> Self {
        Self::typed(Own::VouchesBesides)
    }

    pub(crate) const fn user_exists() -> Self {
        Self::own(StatusCode::CONFLICT, Own::UserExists)
    }

    /// What no page sends.
    pub(crate) const fn malformed() -> Self {
        Self::typed(Own::Malformed)
    }

    /// The same, where it is what was sent that is wrong.
    pub(crate) const fn of_what_was_sent(mut self) -> Self {
        self.status = StatusCode::UNPROCESSABLE_ENTITY;
        self
    }

    const fn typed(own: Own) -> Self {
        Self::own(StatusCode::UNPROCESSABLE_ENTITY, own)
    }

    /// A file that cannot be read, and why, in the reader's language.
    pub(crate) fn file(code: ErrorCode, why: &str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            why: Why::Row {
                code,
                said: Said::Here(Shown(why).to_string()),
            },
        }
    }

    pub(crate) const fn not_found() -> Self {
        Self::own(StatusCode::NOT_FOUND, Own::NotFound)
    }

    /// Too many sign-ins have failed where the request comes from. `wait`: until one more is let in.
    pub(crate) fn guesses(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::own(StatusCode::TOO_MANY_REQUESTS, Own::Guesses(seconds))
    }

    /// A new password that was typed twice, and not the same.
    pub(crate) const fn passwords_differ() -> Self {
        Self::own(StatusCode::UNPROCESSABLE_ENTITY, Own::PasswordsDiffer)
    }

    /// HTTP's word for it.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its number in the error table, if it has one.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        self.code().map(ErrorCode::number)
    }

    /// Whether it can be done as soon as they have confirmed that it is they.
    #[must_use]
    pub fn wants_confirmation(&self) -> bool {
        self.code() == Some(ErrorCode::ConfirmationMissing)
    }

    /// Its row of the error table.
    pub(crate) const fn code(&self) -> Option<ErrorCode> {
        match &self.why {
            Why::Row { code, .. } => Some(*code),
            Why::Own(_) => None,
        }
    }

    /// Seconds to wait (RFC 9110 section 10.2.3).
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        match self.why {
            Why::Own(Own::Guesses(seconds)) => Some(seconds),
            _ => None,
        }
    }

    /// What happened, as it may be shown.
    #[must_use]
    pub fn text(&self) -> String {
        let t = language::spoken();
        match &self.why {
            Why::Row { code, said } => match said {
                Said::Code(error) => Shown(&t.code_error(error)).to_string(),
                Said::Until(until) => t.refusal_until(t.error(*code), moment(*until)),
                Said::Contact(contact) => t.refusal_contact(contact, t.error(*code)),
                Said::Least(rule, least) => {
                    let least = rules_form::said(t, &RuleValue::Seconds(*least));
                    t.settings_too_short(least, rules_form::title(t, *rule))
                }
                Said::Here(said) => said.clone(),
                Said::Whole(said) if t.language() == Language::English => said.clone(),
                // It may say more than its row, but not in this language.
                Said::Whole(_) => t.error(*code),
            },
            Why::Own(own) => own.text(t),
        }
    }

    /// What to do now.
    #[must_use]
    pub fn next_step(&self) -> String {
        let t = language::spoken();
        match &self.why {
            Why::Row {
                said: Said::Least(..),
                ..
            } => t.settings_too_short_next(),
            Why::Row { code, .. } => t.next_step(*code),
            Why::Own(own) => own.next_step(t),
        }
    }
}

impl Refusal {
    fn row(code: ErrorCode, said: Said) -> Self {
        Self {
            status: status(code),
            why: Why::Row { code, said },
        }
    }

    fn of_desk(error: &DeskError) -> Option<Self> {
        match error {
            DeskError::Challenge(error) => Some(Self::row(error.code(), Said::Code(error.clone()))),
            DeskError::RuleTooShort { rule, least } => {
                Some(Self::row(error.code(), Said::Least(*rule, *least)))
            }
            DeskError::SignInLocked { until } => Some(Self::row(error.code(), Said::Until(*until))),
            DeskError::Licence { contact, .. } if !contact.is_empty() => {
                let contact = Shown(contact).to_string();
                Some(Self::row(error.code(), Said::Contact(contact)))
            }
            _ => None,
        }
    }
}

impl<E: HasCode + fmt::Display + Any> From<E> for Refusal {
    fn from(error: E) -> Self {
        let any: &dyn Any = &error;
        // Two of the many have more to say than their row in every language.
        let code = any.downcast_ref::<CodeError>();
        let code = code.map(|error| Self::row(error.code(), Said::Code(error.clone())));
        let desk = || any.downcast_ref::<DeskError>().and_then(Self::of_desk);
        let whole = || Said::Whole(Shown(&error.to_string()).to_string());
        code.or_else(desk)
            .unwrap_or_else(|| Self::row(error.code(), whole()))
    }
}

/// HTTP's word for a row of the error table.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::OperatorUnknown | ErrorCode::PasskeyRefused | ErrorCode::SignInCodeWrong => {
            StatusCode::UNAUTHORIZED
        }
        ErrorCode::UserUnknown
        | ErrorCode::DeviceUnknown
        | ErrorCode::RequestUnknown
        | ErrorCode::OperatorMissing
        | ErrorCode::AlarmUnknown
        | ErrorCode::EntryUnknown => StatusCode::NOT_FOUND,
        ErrorCode::RequestExpired => StatusCode::GONE,
        ErrorCode::RequestUsed
        | ErrorCode::WrongState
        | ErrorCode::DeviceExists
        | ErrorCode::NothingRests => StatusCode::CONFLICT,
        ErrorCode::CallerUnverified
        | ErrorCode::ReasonMissing
        | ErrorCode::PasswordWeak
        | ErrorCode::InvalidArgument
        | ErrorCode::AuditCheckpoint => StatusCode::UNPROCESSABLE_ENTITY,
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
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(number) = refusal.number() {
        response.extensions_mut().insert(Told(number));
    }
    response
}

/// A page that may tell what was refused; `otherwise`: HTTP's word where nothing was.
pub(crate) fn answer(otherwise: StatusCode, refusal: Option<&Refusal>, page: &impl Template) -> Response {
    refusal.map_or_else(|| html(otherwise, page), |refusal| refused(refusal, page))
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    t: &'static Texts,
    refusal: &'a Refusal,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let page = RefusedPage {
            t: language::spoken(),
            refusal: &self,
        };
        let mut response = refused(&self, &page);
        response.extensions_mut().insert(IsRefusal(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever left the console open for a while goes on from where they are.
    #[test]
    fn where_they_are_to_confirm_first_there_is_the_way_there() {
        let way = |code: ErrorCode| {
            let refusal = &Refusal::from(code);
            let page = RefusedPage {
                t: language::spoken(),
                refusal,
            };
            page.render().unwrap().contains("href=\"/account\"")
        };
        assert!(way(ErrorCode::ConfirmationMissing));
        assert!(!way(ErrorCode::ApprovalSelf));
    }

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
