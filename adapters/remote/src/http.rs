//! HTTP as far as a desk needs it: one place that sends and reads, bounded in size and time.

use core::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use fido_unlock_desk::AccessToken;
use fido_unlock_protocol::{ErrorCode, HasCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{HeaderValue, Response, StatusCode, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use crate::{Problem, RemoteError, ServiceAddress};

/// For one call and its answer: a desk may wait 5 seconds for its turn, several times.
const ONE_CALL: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// How often what can be asked again is asked.
const TRIES: u32 = 3;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest answer of most operations, in bytes.
pub(crate) const ANSWER: usize = 1 << 20;

/// Whose certificates count.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Those that this system trusts.
    #[default]
    System,
    /// These alone: a private CA's, or the service's own.
    These(Arc<Vec<Certificate<'static>>>),
}

/// Why a file holds no certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no certificate is in it, or one that is no PEM")]
pub struct TrustFault;

impl HasCode for TrustFault {
    fn code(&self) -> ErrorCode {
        ErrorCode::TextForm
    }
}

impl Trust {
    /// The certificates of a PEM file; nobody else's count then. `pem`: its bytes.
    ///
    /// # Errors
    /// There is none.
    pub fn of_pem(pem: &[u8]) -> Result<Self, TrustFault> {
        let mut all = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|_| TrustFault)? {
                all.push(certificate);
            }
        }
        if all.is_empty() {
            return Err(TrustFault);
        }
        Ok(Self::These(Arc::new(all)))
    }
}

/// A service's address, and how it is spoken to.
#[derive(Clone)]
pub struct Connection {
    address: ServiceAddress,
    agent: Agent,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.address).finish()
    }
}

/// What is asked.
pub(crate) struct Ask<'a, B> {
    /// Below the service's address.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// What is sent as JSON; `None`: the method is GET.
    pub(crate) body: Option<&'a B>,
    /// By what this request is called.
    pub(crate) key: Option<&'a str>,
    /// Whether asking again does no harm.
    pub(crate) again: bool,
    /// The longest answer, in bytes.
    pub(crate) longest: usize,
}

impl<'a> Ask<'a, ()> {
    pub(crate) const fn get(path: &'a str) -> Self {
        Self {
            path,
            query: &[],
            body: None,
            key: None,
            again: true,
            longest: ANSWER,
        }
    }
}

impl<'a, B: Serialize> Ask<'a, B> {
    pub(crate) const fn post(path: &'a str, body: &'a B) -> Self {
        Self {
            path,
            query: &[],
            body: Some(body),
            key: None,
            again: false,
            longest: ANSWER,
        }
    }
}

impl Connection {
    /// To a service; nothing is sent yet.
    #[must_use]
    pub fn new(address: ServiceAddress, trust: Trust) -> Self {
        let roots = match trust {
            Trust::System => RootCerts::PlatformVerifier,
            Trust::These(certificates) => RootCerts::Specific(certificates),
        };
        let mut agent = Agent::config_builder()
            .timeout_global(Some(ONE_CALL))
            .timeout_connect(Some(CONNECT))
            .http_status_as_error(false)
            .https_only(!address.is_own())
            .max_redirects(0)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        if address.is_own() {
            // A proxy of the environment would have token and Response Code carried to another machine, in the clear.
            agent = agent.proxy(None);
        }
        Self {
            address,
            agent: agent.build().into(),
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> &ServiceAddress {
        &self.address
    }

    /// The bytes of a good answer, wiped when dropped.
    pub(crate) fn ask<B: Serialize>(
        &self,
        token: Option<&AccessToken>,
        ask: &Ask<'_, B>,
    ) -> Result<Zeroizing<Vec<u8>>, RemoteError> {
        let tries = if ask.again { TRIES } else { 1 };
        let mut tried = 1;
        loop {
            match self.once(token, ask) {
                Err(RemoteError::Unreachable { .. }) if tried < tries => {
                    tried += 1;
                    std::thread::sleep(PAUSE);
                }
                answered => return answered,
            }
        }
    }

    /// The value of a good answer in JSON.
    pub(crate) fn json<B: Serialize, T: DeserializeOwned>(
        &self,
        token: Option<&AccessToken>,
        ask: &Ask<'_, B>,
    ) -> Result<T, RemoteError> {
        read(&self.ask(token, ask)?)
    }

    fn once<B: Serialize>(
        &self,
        token: Option<&AccessToken>,
        ask: &Ask<'_, B>,
    ) -> Result<Zeroizing<Vec<u8>>, RemoteError> {
        let url = format!("{}{}", self.address.as_str(), ask.path);
        let authorization = token.map(bearer).transpose()?;
        let answer = if let Some(body) = ask.body {
            let body = serde_json::to_vec(body).map(Zeroizing::new);
            let body = body.map_err(|error| RemoteError::NotTheProtocol {
                detail: error.to_string(),
            })?;
            let mut post = self
                .agent
                .post(&url)
                .header(header::CONTENT_TYPE, "application/json");
            if let Some(value) = authorization {
                post = post.header(header::AUTHORIZATION, value);
            }
            if let Some(key) = ask.key {
                post = post.header("Idempotency-Key", key);
            }
            post.send(body.as_slice())
        } else {
            let mut get = self.agent.get(&url).query_pairs(ask.query.iter().copied());
            if let Some(value) = authorization {
                get = get.header(header::AUTHORIZATION, value);
            }
            get.call()
        };
        let answer = answer.map_err(|error| unreachable(&self.address, &error))?;
        self.take(answer, ask.longest)
    }

    fn take(&self, mut answer: Response<Body>, longest: usize) -> Result<Zeroizing<Vec<u8>>, RemoteError> {
        let status = answer.status();
        // With room for all of a short one: growing would leave copies behind.
        let mut body = Zeroizing::new(Vec::with_capacity(longest.min(16 * 1024) + 1));
        let limit = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
        let read = answer.body_mut().as_reader().take(limit).read_to_end(&mut body);
        read.map_err(|error| RemoteError::Unreachable {
            detail: format!("{}: {error}", self.address),
        })?;
        if body.len() > longest {
            return Err(RemoteError::NotTheProtocol {
                detail: format!("an answer is longer than {longest} bytes"),
            });
        }
        if status.is_success() {
            return Ok(body);
        }
        Err(self.refusal(status, &body))
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> RemoteError {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => RemoteError::Refused(problem),
            // A redirect, or the page of something in between.
            Err(_) => RemoteError::NotTheProtocol {
                detail: format!("{} answered with status {}", self.address, status.as_u16()),
            },
        }
    }
}

/// The value of an answer.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RemoteError> {
    serde_json::from_slice(body).map_err(|error| RemoteError::NotTheProtocol {
        // Where, not what: an answer may hold a secret.
        detail: format!("an answer cannot be read at byte {}", error.column()),
    })
}

fn bearer(token: &AccessToken) -> Result<HeaderValue, RemoteError> {
    let token = token.expose();
    let mut text = Zeroizing::new(String::with_capacity(7 + token.len()));
    text.push_str("Bearer ");
    text.push_str(&token);
    let mut value = HeaderValue::from_str(&text).map_err(|_| not_sent())?;
    value.set_sensitive(true);
    Ok(value)
}

/// What cannot be with a token of this crate's form.
fn not_sent() -> RemoteError {
    RemoteError::NotTheProtocol {
        detail: "the access token cannot be sent".into(),
    }
}

fn unreachable(address: &ServiceAddress, error: &ureq::Error) -> RemoteError {
    RemoteError::Unreachable {
        detail: format!("{address}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_trusted_for_nothing() {
        assert_eq!(Trust::of_pem(b"").unwrap_err(), TrustFault);
        assert_eq!(Trust::of_pem(b"no certificate").unwrap_err(), TrustFault);
    }

    #[test]
    fn a_token_is_not_printed_with_its_header() {
        let token = AccessToken::from_bytes([7; 32]);
        let value = bearer(&token).unwrap();
        assert_eq!(value.as_bytes().len(), 7 + 47);
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
