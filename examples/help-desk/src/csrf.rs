//! Whether a page of this service sent a form. Two checks that do not rest on each other: the browser's word
//! (`Sec-Fetch-Site`, `Origin`), and a token of the session in the form.

use axum::http::{HeaderMap, Method, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::site::Site;

/// The token of a session: SHA-256("help-desk csrf" ‖ 00 ‖ the cookie's value), in hexadecimal digits. Nothing has to
/// be kept for it, and it gives nothing away of the cookie.
pub(crate) fn token(cookie: &str) -> Zeroizing<String> {
    let hash = Sha256::new_with_prefix(b"help-desk csrf\0").chain_update(cookie);
    Zeroizing::new(base16ct::lower::encode_string(&hash.finalize()))
}

/// Whether a form has its session's token, in constant time.
pub(crate) fn is_token(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Whether a request that changes something comes from a page of this service, as its browser says. Every browser of
/// today says it; whoever does not is not let in.
pub(crate) fn is_from_own_page(method: &Method, headers: &HeaderMap, site: &Site) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return true;
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let fetch_site = text(header::HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    let same_site = fetch_site.is_none_or(|site| site == "same-origin");
    let own_origin = origin.is_none_or(|origin| site.has_origin(origin));
    same_site && own_origin && (fetch_site.is_some() || origin.is_some())
}

/// Whether a page of another site has sent a request, as its browser says. Who is no browser says nothing.
pub(crate) fn is_from_foreign_page(headers: &HeaderMap, site: &Site) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let fetch_site = text(header::HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    fetch_site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
        || origin.is_some_and(|origin| !site.has_origin(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_of_a_form() {
        let site = Site::on_loopback("127.0.0.1:80".parse().unwrap());
        let says = |fetch_site: Option<&'static str>, origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = fetch_site {
                headers.insert("sec-fetch-site", value.parse().unwrap());
            }
            if let Some(value) = origin {
                headers.insert("origin", value.parse().unwrap());
            }
            is_from_own_page(&Method::POST, &headers, &site)
        };
        let own = Some("http://127.0.0.1:80");
        assert!(says(Some("same-origin"), own) && says(None, own) && says(Some("same-origin"), None));
        assert!(!says(None, None) && !says(Some("cross-site"), own) && !says(Some("same-site"), own));
        assert!(!says(Some("same-origin"), Some("null")) && !says(None, Some("http://127.0.0.1:81")));
        assert!(!says(Some("none"), None));
    }

    #[test]
    fn a_token_is_its_sessions_own() {
        let (one, other) = (token("a"), token("b"));
        assert!(is_token(&one, &token("a")) && !is_token(&one, &other) && !is_token("", &one));
    }
}
