//! Where a help desk's service is.

use core::fmt::{self, Display};
use std::net::IpAddr;

use fido_unlock_protocol::{ErrorCode, HasCode};
use ureq::http::Uri;

/// The address of a service, without a path: `https://desk.example.com`, or `http://localhost:8080` on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAddress {
    url: String,
    own: bool,
}

/// Why a text is no address of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// Not `https://name` or `http://name`.
    #[error("not an address: write https:// and the name of the help desk's console")]
    Form,
    /// More than scheme, name and port.
    #[error("write the address alone, such as https://desk.example.com, without a path and a name before @")]
    More,
    /// Codes would cross a network in the clear.
    #[error("http: is for this machine alone: write https:")]
    Clear,
}

impl HasCode for AddressFault {
    fn code(&self) -> ErrorCode {
        ErrorCode::Usage
    }
}

impl ServiceAddress {
    /// Whether a text is meant as an address, and not as the name of a file.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        scheme
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
    }

    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, or one over which no code goes.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let uri: Uri = text.parse().map_err(|_| AddressFault::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(AddressFault::Form);
        };
        let host = uri.host().unwrap_or_default();
        if host.is_empty() || !matches!(scheme, "http" | "https") {
            return Err(AddressFault::Form);
        }
        if authority.as_str().contains('@')
            || !uri.path().trim_matches('/').is_empty()
            || uri.query().is_some()
        {
            return Err(AddressFault::More);
        }
        let own = is_this_machine(host);
        if scheme == "http" && !own {
            return Err(AddressFault::Clear);
        }
        Ok(Self {
            url: format!("{scheme}://{authority}").to_ascii_lowercase(),
            own,
        })
    }

    /// Scheme, name and port, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether nothing leaves this machine.
    pub(crate) const fn is_own(&self) -> bool {
        self.own
    }
}

impl Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_does_not_cross_a_network_in_the_clear() {
        let own = [
            "http://127.0.0.1:1",
            "http://LocalHost:1",
            "http://[::1]:1",
            "http://127.8.8.8/",
        ];
        for text in own.into_iter().chain(["https://localhost:8443"]) {
            assert!(ServiceAddress::parse(text).unwrap().is_own(), "{text}");
        }
        assert!(!ServiceAddress::parse("https://desk.example").unwrap().is_own());
        for text in [
            "http://desk.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0:1",
        ] {
            assert_eq!(ServiceAddress::parse(text), Err(AddressFault::Clear), "{text}");
        }
    }

    #[test]
    fn an_address_is_scheme_and_name() {
        let read = ServiceAddress::parse("https://Desk.Example:8443/").unwrap();
        assert_eq!(read.as_str(), "https://desk.example:8443");
        for text in [
            "https://desk.example/x",
            "https://desk.example?x",
            "https://me@desk.example",
            "https://me:pw@desk.example",
        ] {
            assert_eq!(ServiceAddress::parse(text), Err(AddressFault::More), "{text}");
        }
        for text in ["", "desk", "ftp://127.0.0.1", "https://", "127.0.0.1:1", "/desk"] {
            assert_eq!(ServiceAddress::parse(text), Err(AddressFault::Form), "{text}");
        }
    }

    #[test]
    fn a_folder_is_no_address() {
        for text in ["HTTPS://x", "http://"] {
            assert!(ServiceAddress::is_meant(text), "{text}");
        }
        for text in ["desk/", "https", "https:/x", "ftp://x", ""] {
            assert!(!ServiceAddress::is_meant(text), "{text}");
        }
    }
}
