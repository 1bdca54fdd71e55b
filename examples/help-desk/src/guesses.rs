//! Sign-ins by address. Whoever guesses at many names from one address waits, besides the wait of each name that the desk
//! itself keeps. A sign-in that succeeds costs nothing, so that an office behind one address does not wait for itself.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::client::{Client, network};
use crate::refusal::Refusal;

/// So many sign-ins may fail at once.
const AT_ONCE: u32 = 50;
/// After those, one in this time.
const PAUSE: Duration = Duration::from_secs(10);
/// The most addresses that are remembered; then the one that would be forgotten first goes.
const MOST: usize = 10_000;

/// Where a request comes from: an IPv4 address, or a network of IPv6 addresses. Whatever accepts connections says it;
/// without that, all come from one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Network(IpAddr);

impl Network {
    fn of(address: IpAddr) -> Self {
        Self(network(address.to_canonical()))
    }
}

impl<S: Sync> FromRequestParts<S> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let client = parts.extensions.get::<Client>();
        Ok(Self::of(
            client.map_or(Ipv4Addr::UNSPECIFIED.into(), |Client(address)| *address),
        ))
    }
}

/// By network, the moment at which nothing is left of what was tried there.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<BTreeMap<Network, Instant>>);

impl Guesses {
    /// Counts a sign-in that is about to be tried.
    ///
    /// # Errors
    /// [`Refusal`] where too many have failed.
    pub(crate) fn take(&self, from: Network) -> Result<(), Refusal> {
        self.take_at(from, Instant::now()).map_err(Refusal::guesses)
    }

    /// It succeeded, and costs nothing.
    pub(crate) fn give_back(&self, from: Network) {
        if let Some(until) = self.all().get_mut(&from) {
            *until = until.checked_sub(PAUSE).unwrap_or(*until);
        }
    }

    /// Gives how long to wait, where it is too early.
    fn take_at(&self, from: Network, now: Instant) -> Result<(), Duration> {
        let mut all = self.all();
        all.retain(|_, until| *until > now);
        let until = all.get(&from).copied().unwrap_or(now) + PAUSE;
        let latest = now + PAUSE * AT_ONCE;
        if until > latest {
            return Err(until - latest);
        }
        if all.len() >= MOST && !all.contains_key(&from) {
            let first = all.iter().min_by_key(|(_, until)| **until);
            let first = first.map(|(network, _)| *network);
            first.and_then(|network| all.remove(&network));
        }
        all.insert(from, until);
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Network, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn half_of_an_ipv6_address_is_one_place() {
        assert_eq!(place("2001:db8:1:2::1"), place("2001:db8:1:2:ffff::9"));
        assert_ne!(place("2001:db8:1:2::1"), place("2001:db8:1:3::1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
    }

    #[test]
    fn fifty_at_once_then_one_each_ten_seconds_and_others_go_on() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let (here, there) = (place("192.0.2.1"), place("192.0.2.2"));
        for _ in 0..AT_ONCE {
            guesses.take_at(here, now).unwrap();
        }
        assert_eq!(guesses.take_at(here, now), Err(PAUSE));
        guesses.take_at(there, now).unwrap();
        guesses.take_at(here, now + PAUSE).unwrap();
        let later = now + PAUSE + Duration::from_secs(3);
        assert_eq!(guesses.take_at(here, later), Err(Duration::from_secs(7)));
        guesses.give_back(here);
        guesses.take_at(here, later).unwrap();
        // All is forgiven in time.
        let much_later = now + PAUSE * (AT_ONCE + 2);
        for _ in 0..AT_ONCE {
            guesses.take_at(here, much_later).unwrap();
        }
        guesses.take_at(here, much_later).unwrap_err();
    }

    #[test]
    fn only_so_many_addresses_are_remembered() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        for number in 0..=u32::try_from(MOST).unwrap() {
            let address = Network::of(IpAddr::from(number.to_be_bytes()));
            guesses
                .take_at(address, now + Duration::from_millis(number.into()))
                .unwrap();
        }
        assert_eq!(guesses.all().len(), MOST);
        assert!(!guesses.all().contains_key(&place("0.0.0.0")));
    }
}
