//! Who asks: the client's address, and how often it may.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::language;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Of an IPv6 address: one customer has as many as the rest says.
const NETWORK: u32 = 64;
/// So many clients are remembered before those who have not asked lately are forgotten.
const REMEMBERED: usize = 10_000;

/// Counts the requests of each client.
#[derive(Clone)]
pub(crate) struct Doorkeeper(Arc<Inner>);

struct Inner {
    trusted: Vec<IpAddr>,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    metrics: Metrics,
}

impl Doorkeeper {
    /// `per_minute`: requests of one client, who may have as many at once. `trusted`: proxies whose word about the client
    /// counts.
    pub(crate) fn new(per_minute: NonZeroU32, trusted: Vec<IpAddr>, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            trusted: trusted.iter().map(IpAddr::to_canonical).collect(),
            limiter: RateLimiter::keyed(Quota::per_minute(per_minute)),
            metrics,
        }))
    }

    /// The client: whoever has connected, or, where that is a proxy that is trusted, whom it names. A client can write
    /// anything in front of what the proxies write, so the last address that is no proxy's counts.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let mut named = lines.iter().rev().flat_map(|line| line.rsplit(','));
        while self.0.trusted.contains(&client) {
            // What is no address is not a client's: the proxy that wrote it is.
            match named.next().and_then(|text| text.trim().parse::<IpAddr>().ok()) {
                Some(before) => client = before.to_canonical(),
                None => break,
            }
        }
        client
    }

    fn lets_in(&self, client: IpAddr) -> bool {
        let limiter = &self.0.limiter;
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        limiter.check_key(&network(client)).is_ok()
    }
}

/// Whom an address stands for.
pub(crate) fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << (Ipv6Addr::BITS - NETWORK));
            Ipv6Addr::from_bits(network).into()
        }
    }
}

/// The client of a request, for whoever answers it.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

pub(crate) async fn limit(State(keeper): State<Doorkeeper>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map(|ConnectInfo(peer)| keeper.client(peer.ip(), request.headers()));
    match client {
        Some(client) if !keeper.lets_in(client) => {
            keeper.0.metrics.limited();
            let language = language::of(request.headers());
            language::speaking(language, async { Refusal::too_often().into_response() }).await
        }
        client => {
            if let Some(client) = client {
                request.extensions_mut().insert(Client(client));
            }
            next.run(request).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper(per_minute: u32, trusted: &[&str]) -> Doorkeeper {
        let trusted = trusted.iter().map(|text| text.parse().unwrap()).collect();
        Doorkeeper::new(NonZeroU32::new(per_minute).unwrap(), trusted, Metrics::default())
    }

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        keeper(1, trusted)
            .client(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn a_header_that_anybody_can_write_counts_only_from_a_proxy_that_is_trusted() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        let proxy = ["192.0.2.7", "192.0.2.8"];
        assert_eq!(client(&proxy, "192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(client(&proxy, "192.0.2.7", &["198.51.100.9"]), "198.51.100.9");
        // The client has written the first; two proxies stand one behind the other.
        let said = ["203.0.113.1, 198.51.100.9, 192.0.2.8"];
        assert_eq!(client(&proxy, "192.0.2.7", &said), "198.51.100.9");
        let lines = ["203.0.113.1", "198.51.100.9"];
        assert_eq!(client(&proxy, "192.0.2.7", &lines), "198.51.100.9");
        for nothing in [&[][..], &["unknown"], &[""]] {
            assert_eq!(client(&proxy, "192.0.2.7", nothing), "192.0.2.7");
        }
        assert_eq!(client(&proxy, "::ffff:192.0.2.7", &["::1"]), "::1");
    }

    #[test]
    fn each_client_has_its_own_count() {
        let keeper = keeper(2, &[]);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let ask = |text| keeper.lets_in(address(text));
        assert!(ask("192.0.2.1") && ask("192.0.2.1") && !ask("192.0.2.1"));
        assert!(ask("192.0.2.2"));
        // One customer has a whole network.
        assert!(ask("2001:db8::1") && ask("2001:db8::2") && !ask("2001:db8::3"));
        assert!(ask("2001:db8:0:1::1"));
    }
}
