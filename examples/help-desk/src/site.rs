//! Where the pages are, as browsers name it.

use std::net::{IpAddr, SocketAddr};

/// The names under which browsers reach the service. A request for another one is somebody else's page that points
/// here (DNS rebinding).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    hosts: Vec<String>,
    secure: bool,
}

impl Site {
    /// On this machine alone, without TLS: by address, and by the name `localhost`.
    #[must_use]
    pub fn on_loopback(address: SocketAddr) -> Self {
        // By name first: an address has no passkeys.
        let mut hosts = vec![format!("localhost:{}", address.port()), address.to_string()];
        if address.port() == 80 {
            // Browsers leave that out.
            hosts.extend(["127.0.0.1", "[::1]", "localhost"].map(String::from));
        }
        Self { hosts, secure: false }
    }

    /// Behind TLS, under one name; `host` with its port, if that is not 443.
    #[must_use]
    pub fn over_tls(host: &str) -> Self {
        Self {
            hosts: vec![host.to_ascii_lowercase()],
            secure: true,
        }
    }

    /// Under the address that a configuration names: `https://desk.example.com`, or `http://localhost:8080` on this
    /// machine. `url`: no path, no name of a user; the name in ASCII.
    ///
    /// # Errors
    /// What to write instead.
    pub fn of_url(url: &str) -> Result<Self, &'static str> {
        let (secure, host) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(host), _) => (true, host),
            (_, Some(host)) => (false, host),
            _ => return Err("Begin it with https://."),
        };
        let host = host.strip_suffix('/').unwrap_or(host).to_ascii_lowercase();
        let default = if secure { ":443" } else { ":80" };
        let host = host.strip_suffix(default).unwrap_or(&host);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(
                "Write https:// and the name alone, such as https://desk.example.com; letters beyond ASCII as xn--.",
            );
        }
        let site = Self {
            hosts: vec![host.to_owned()],
            secure,
        };
        if secure || is_this_machine(site.name()) {
            Ok(site)
        } else {
            Err("Write https://: http:// is for this machine alone, such as http://localhost:8080.")
        }
    }

    /// The name without its port, as a certificate has it.
    #[must_use]
    pub fn name(&self) -> &str {
        let host = self.hosts.first().map_or("", String::as_str);
        if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return address;
        }
        host.split(':').next().unwrap_or(host)
    }

    /// How browsers name it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.hosts.first().map_or("", String::as_str))
    }

    /// Whether browsers come by TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// For whom passkeys are made (the relying party's id): the host's name. On this machine alone that is `localhost`,
    /// since an address has no passkeys.
    #[must_use]
    pub fn party(&self) -> &str {
        let host = self.passkey_host();
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    }

    /// The origin of the pages that ask for them.
    #[must_use]
    pub fn passkey_origin(&self) -> String {
        format!("{}{}", self.scheme(), self.passkey_host())
    }

    fn passkey_host(&self) -> &str {
        let named = self.hosts.iter().find(|host| host.starts_with("localhost:"));
        let first = || self.hosts.first().map_or("localhost", String::as_str);
        named.map_or_else(first, String::as_str)
    }

    const fn scheme(&self) -> &'static str {
        if self.secure { "https://" } else { "http://" }
    }

    /// Whether this is the service's own name. `host`: a request's `Host`.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether a page of this service sent it. `origin`: a request's `Origin`.
    #[must_use]
    pub fn has_origin(&self, origin: &str) -> bool {
        origin
            .strip_prefix(self.scheme())
            .is_some_and(|host| self.has_host(host))
    }
}

fn is_this_machine(name: &str) -> bool {
    let address = name.parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_names_and_pages() {
        let site = Site::on_loopback("127.0.0.1:8080".parse().unwrap());
        assert!(site.has_host("127.0.0.1:8080") && site.has_host("LocalHost:8080"));
        assert!(!site.has_host("127.0.0.1:8081") && !site.has_host("desk.example:8080"));
        assert!(site.has_origin("http://localhost:8080"));
        assert!(!site.has_origin("https://localhost:8080") && !site.has_origin("null"));
        assert!(!site.has_host("127.0.0.1"));
        let site = Site::on_loopback("[::1]:80".parse().unwrap());
        assert!(site.has_host("[::1]") && site.has_origin("http://localhost"));
        assert_eq!(site.passkey_origin(), "http://localhost:80");
        let site = Site::over_tls("Desk.example:8443");
        assert_eq!(
            (site.party(), &*site.passkey_origin()),
            ("desk.example", "https://desk.example:8443")
        );
        let site = Site::over_tls("Desk.example");
        assert_eq!(
            (site.party(), &*site.passkey_origin()),
            ("desk.example", "https://desk.example")
        );
        assert!(site.has_origin("https://desk.example") && !site.has_origin("http://desk.example"));
    }

    #[test]
    fn an_address_of_a_configuration() {
        for (url, host, name, secure) in [
            ("https://Desk.example", "desk.example", "desk.example", true),
            ("https://desk.example:443/", "desk.example", "desk.example", true),
            (
                "https://desk.example:8443",
                "desk.example:8443",
                "desk.example",
                true,
            ),
            (
                "https://[2001:db8::1]:8443",
                "[2001:db8::1]:8443",
                "2001:db8::1",
                true,
            ),
            ("http://localhost:8080", "localhost:8080", "localhost", false),
            ("http://[::1]", "[::1]", "::1", false),
        ] {
            let site = Site::of_url(url).unwrap();
            assert!(site.has_host(host), "{url}");
            assert_eq!((site.name(), site.is_secure()), (name, secure), "{url}");
        }
        for wrong in [
            "",
            "desk.example",
            "https://",
            "https://desk.example/console",
            "https://olga@desk.example",
            "https://d\u{e9}sk.example",
            "http://desk.example",
            "ftp://desk.example",
        ] {
            assert!(Site::of_url(wrong).is_err(), "{wrong}");
        }
    }
}
