//! Who has signed in. A cookie is 32 random bytes that stand for the desk's own session: whether that one lives, and
//! until when, the desk alone says, at every request.
//!
//! Sessions are in this process's memory, since the desk lets nobody read one out: after a restart operators sign in
//! again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use fido_unlock::ErrorCode;
use fido_unlock::desk::OperatorSession;
use fido_unlock::ports::Entropy;
use getrandom::SysRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::language::cookies;
use crate::site::Site;

/// The most that are kept; then the oldest goes.
const MOST: usize = 10_000;
/// The most of one operator; the desk lets no more of theirs live.
const MOST_OF_ONE: usize = 16;

/// Sessions by the hash of their cookie: finding one takes the same time whatever the cookie.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<[u8; 32], OperatorSession>>);

impl Sessions {
    /// Keeps a session; gives its cookie's value.
    pub(crate) fn begin(&self, session: OperatorSession) -> Result<Zeroizing<String>, ErrorCode> {
        let mut bytes = Zeroizing::new([0; 32]);
        SysRng.fill(&mut *bytes).map_err(|_| ErrorCode::EntropyFailed)?;
        let cookie = Zeroizing::new(base16ct::lower::encode_string(&*bytes));
        let mut open = self.open();
        let own = |other: &OperatorSession| other.operator() == session.operator();
        if open.values().filter(|other| own(other)).count() >= MOST_OF_ONE {
            forget_oldest(&mut open, own);
        } else if open.len() >= MOST {
            forget_oldest(&mut open, |_| true);
        }
        open.insert(key(&cookie), session);
        Ok(cookie)
    }

    /// The session of a cookie.
    pub(crate) fn find(&self, cookie: &str) -> Option<OperatorSession> {
        self.open().get(&key(cookie)).cloned()
    }

    /// Forgets it.
    pub(crate) fn end(&self, cookie: &str) -> Option<OperatorSession> {
        self.open().remove(&key(cookie))
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], OperatorSession>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_oldest(open: &mut BTreeMap<[u8; 32], OperatorSession>, of: impl Fn(&OperatorSession) -> bool) {
    let oldest = open
        .iter()
        .filter(|(_, session)| of(session))
        .min_by_key(|(_, session)| session.since());
    let oldest = oldest.map(|(key, _)| *key);
    oldest.and_then(|key| open.remove(&key));
}

fn key(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie).into()
}

/// Behind TLS a name that no other host, and nobody without TLS, can set (RFC 6265bis, "__Host-").
const fn name(site: &Site) -> &'static str {
    if site.is_secure() {
        "__Host-help-desk"
    } else {
        "help-desk"
    }
}

/// The session cookie of a request.
pub(crate) fn cookie_of(headers: &HeaderMap, site: &Site) -> Option<Zeroizing<String>> {
    cookies(headers)
        .find(|(own, _)| *own == name(site))
        .map(|(_, value)| Zeroizing::new(value.to_owned()))
}

/// Sets it, until the browser ends.
pub(crate) fn set_cookie(cookie: &str, site: &Site) -> Result<HeaderValue, ErrorCode> {
    header(cookie, site, "")
}

/// Takes it away.
pub(crate) fn clear_cookie(site: &Site) -> Result<HeaderValue, ErrorCode> {
    header("", site, "; Max-Age=0")
}

fn header(value: &str, site: &Site, more: &str) -> Result<HeaderValue, ErrorCode> {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}",
        name(site)
    );
    let mut header = HeaderValue::from_str(&text).map_err(|_| ErrorCode::HostFailed)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookies_form() {
        let loopback = Site::on_loopback("127.0.0.1:80".parse().unwrap());
        let plain = set_cookie("ab", &loopback).unwrap();
        assert_eq!(plain, "help-desk=ab; Path=/; HttpOnly; SameSite=Strict");
        let tls = Site::over_tls("desk.example");
        let secure = set_cookie("ab", &tls).unwrap();
        assert_eq!(
            secure,
            "__Host-help-desk=ab; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        let mut headers = HeaderMap::new();
        headers.insert(
            axum::http::header::COOKIE,
            "x=1; help-desk=ab; y=2".parse().unwrap(),
        );
        assert_eq!(cookie_of(&headers, &loopback).unwrap().as_str(), "ab");
        assert!(cookie_of(&headers, &tls).is_none());
    }
}
