//! Where the pages are, as browsers name it.

use std::net::SocketAddr;

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
        let mut hosts = vec![address.to_string(), format!("localhost:{}", address.port())];
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
}
