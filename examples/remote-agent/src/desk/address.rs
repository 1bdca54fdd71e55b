//! Where the service may be: on this machine, or behind TLS.

use std::net::IpAddr;

use fido_unlock::ErrorCode;
use ureq::http::Uri;

use crate::Failure;

/// Where the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A loopback address: nothing leaves this machine.
    ThisMachine,
    /// Over the network, by `https:`; a proxy sees what is encrypted.
    Network,
}

/// A code must not cross a network in the clear.
pub(super) fn check_address(url: &str) -> Result<Place, Failure> {
    let refused = |text: &str| Err(Failure::new(ErrorCode::InvalidArgument, format!("{url}: {text}")));
    let Ok(uri) = url.parse::<Uri>() else {
        return refused("not an address");
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let own = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") if !cfg!(feature = "tls") => {
            refused("this program was built without the feature `tls`")
        }
        Some("http" | "https") if own => Ok(Place::ThisMachine),
        Some("https") => Ok(Place::Network),
        Some("http") => refused("http: is for this machine alone"),
        _ => refused("not http: or https:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_does_not_cross_a_network_in_the_clear() {
        for good in [
            "http://127.0.0.1:1",
            "http://LocalHost:1",
            "http://[::1]:1",
            "http://127.8.8.8",
        ] {
            assert_eq!(check_address(good).unwrap(), Place::ThisMachine, "{good}");
        }
        for bad in [
            "http://desk.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0:1",
            "ftp://127.0.0.1",
            "127.0.0.1",
            "",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
        assert_eq!(
            check_address("https://desk.example").is_ok(),
            cfg!(feature = "tls")
        );
    }
}
