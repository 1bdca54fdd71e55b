//! What every page has: its operator, its menu, its token; and how a page becomes a response.

use core::fmt::Write as _;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fido_unlock::desk::ports::Clock;
use fido_unlock::desk::{LicenceFile, OperatorSession, Privilege, UnixTime};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_files::SystemClock;
use fido_unlock_texts::Texts;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::app::App;
use crate::language;

/// The operator who asks, as the guard found them.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) session: OperatorSession,
    pub(crate) csrf: Zeroizing<String>,
    pub(crate) may: Vec<Privilege>,
    /// How the licence stands, for those who may put another in.
    pub(crate) licence: Option<LicenceStands>,
    /// Whether they are a manager, who vouches for others and does nothing else.
    pub(crate) vouches: bool,
}

/// How the licence stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LicenceStands {
    /// There is none.
    Missing,
    /// Until when it is valid, and whom to ask for a new one.
    Until(UnixTime, String),
}

/// A licence that runs out so soon is spoken of, in seconds: 30 days.
const WARNED_BEFORE: u64 = 30 * 24 * 60 * 60;

impl LicenceStands {
    pub(crate) fn of(licence: Option<LicenceFile>) -> Self {
        licence.map_or(Self::Missing, |licence| {
            Self::Until(licence.valid_until, Shown(&licence.contact).to_string())
        })
    }

    /// What is said of it, where something is.
    fn said(&self, t: &Texts) -> Option<String> {
        let now = SystemClock.now();
        match self {
            Self::Missing => Some(t.licence_warn_none()),
            Self::Until(until, contact) if *until < now => Some(t.licence_warn_over(contact)),
            Self::Until(until, contact) if *until < now.plus_seconds(WARNED_BEFORE) => {
                Some(t.licence_warn_soon(contact, moment(*until)))
            }
            Self::Until(..) => None,
        }
    }
}

/// A line of the menu.
pub(crate) struct Entry {
    pub(crate) title: String,
    pub(crate) path: &'static str,
    pub(crate) here: bool,
}

/// The frame of a page for an operator who has signed in.
pub(crate) struct Page {
    who: Who,
    /// What it says.
    pub(crate) t: &'static Texts,
    /// Passkey Management: what the operator may.
    pub(crate) menu: Vec<Entry>,
    /// What those who administer are to do about the licence.
    pub(crate) warning: Option<String>,
    /// Demonstration, where it is one.
    pub(crate) demo: Vec<Entry>,
}

impl Page {
    /// `here`: the path of the menu's line that the page belongs to.
    pub(crate) fn new(app: &App, who: &Who, here: &str) -> Self {
        let t = language::spoken();
        let entry = |title, path| Entry {
            title,
            path,
            here: path == here,
        };
        let lines = [
            (Privilege::Unlock, t.menu_unlock(), "/unlock"),
            (Privilege::Unlock, t.menu_approvals(), "/approvals"),
            (Privilege::ManageDevices, t.menu_devices(), "/devices"),
            (Privilege::Audit, t.menu_audit(), "/audit"),
            (Privilege::Downloads, t.menu_downloads(), "/downloads"),
            (Privilege::Administer, t.menu_operators(), "/operators"),
            (Privilege::Administer, t.menu_keys(), "/keys"),
            (Privilege::Administer, t.menu_licence(), "/licence"),
            (Privilege::Administer, t.menu_settings(), "/settings"),
        ];
        let may = lines
            .into_iter()
            .filter(|(privilege, ..)| who.may.contains(privilege));
        Self {
            who: who.clone(),
            t,
            menu: may.map(|(_, title, path)| entry(title, path)).collect(),
            warning: who.licence.as_ref().and_then(|licence| licence.said(t)),
            demo: app
                .key()
                .filter(|_| !who.vouches)
                .map(|_| entry(t.menu_try_it(), "/try-it"))
                .into_iter()
                .collect(),
        }
    }

    pub(crate) fn operator(&self) -> &str {
        self.who.session.operator().as_str()
    }

    pub(crate) const fn vouches(&self) -> bool {
        self.who.vouches
    }

    pub(crate) fn csrf(&self) -> &str {
        &self.who.csrf
    }
}

/// A page. It is wiped when it is sent, as far as this process's own copy goes: some show a Response Code.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response {
    // Growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(64 * 1024));
    if page.render_into(&mut *text).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let body = Body::from(Bytes::from_owner(text));
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// Tells two states of a part apart: SHA-256 over the parts, each after its length in 8 bytes, in hexadecimal digits.
pub(crate) fn tag(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    base16ct::lower::encode_string(&hash.finalize())
}

/// A day, such as 2026-11-30.
pub(crate) fn day(at: UnixTime) -> String {
    at.to_string().chars().take(10).collect()
}

/// A minute, such as 2026-11-30 12:36 UTC.
pub(crate) fn moment(at: UnixTime) -> String {
    let text = at.to_string();
    let minute = text.chars().skip(11).take(5).collect::<String>();
    format!("{} {minute} UTC", day(at))
}

/// A text as a value in an address, or a part of its path (RFC 3986, section 2.3).
pub(crate) fn in_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A second in UTC, such as 2026-11-30 12:36:11.
pub(crate) fn second(at: &UnixTime) -> String {
    let text = at.to_string();
    text.replace('T', " ").trim_end_matches('Z').to_owned()
}

/// What a row of the error table says.
pub(crate) fn error(t: &Texts, code: &ErrorCode) -> String {
    t.error(*code)
}

/// What to do about it.
pub(crate) fn next_step(t: &Texts, code: &ErrorCode) -> String {
    t.next_step(*code)
}

/// Elsewhere, by GET.
pub(crate) fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_not_run_together() {
        assert_ne!(tag(&["ab", "c"]), tag(&["a", "bc"]));
        assert_ne!(tag(&[]), tag(&[""]));
    }

    #[test]
    fn days_and_minutes() {
        let at = UnixTime(1_796_042_171);
        assert_eq!(day(at), "2026-11-30");
        assert_eq!(moment(at), "2026-11-30 12:36 UTC");
        assert_eq!(second(&at), "2026-11-30 12:36:11");
    }
}
