//! The help desk's service over HTTP, as `examples/help-desk-stub` describes it.

use std::borrow::Cow;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fido_unlock::host::Session;
use fido_unlock::{ErrorCode, ResponseCode};
use serde::Deserialize;
use serde_json::json;
use ureq::http::{StatusCode, Uri};
use zeroize::Zeroizing;

use crate::Failure;

/// No answer is longer; the buffer never grows, so that no copy of a code is left behind.
const LONGEST_ANSWER: usize = 8192;
/// For one request and its answer.
const ONE_CALL: Duration = Duration::from_secs(10);
/// The pause after failures doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a pause looks at the cancel flag.
const SLICE: Duration = Duration::from_millis(50);

/// The service.
#[derive(Clone)]
pub struct DeskOptions {
    /// Its address, without a path.
    pub url: String,
    /// The user's id in the desk's directory.
    pub user: String,
    /// What the agent shows; secret.
    pub token: Arc<Zeroizing<String>>,
    /// How often it is asked.
    pub poll: Duration,
    /// How long a code is waited for.
    pub deadline: Duration,
}

impl core::fmt::Debug for DeskOptions {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DeskOptions")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Opened {
    id: String,
}

#[derive(Deserialize)]
struct Answer<'a> {
    state: &'a str,
    /// Borrowed, where the desk wrote it without escapes.
    #[serde(borrow)]
    response_code: Option<Cow<'a, str>>,
    error: Option<Row>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Row,
}

#[derive(Deserialize)]
struct Row {
    number: u16,
    text: String,
}

impl From<Row> for Failure {
    fn from(row: Row) -> Self {
        // A number of a newer desk is still a refusal.
        let code = ErrorCode::from_number(row.number).unwrap_or(ErrorCode::CallerUnverified);
        Self::new(code, row.text)
    }
}

/// How a request failed.
enum Trouble {
    /// Another try may do.
    Later(String),
    /// It will not.
    Final(Failure),
}

/// The service, for one device.
pub struct Desk {
    options: DeskOptions,
    agent: ureq::Agent,
    cancel: Arc<AtomicBool>,
    until: Instant,
}

impl Desk {
    /// Ends when `cancel` is set, or at the options' deadline.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for `http:` to another machine, and for `https:` without the
    /// feature `tls`.
    pub fn new(options: DeskOptions, cancel: Arc<AtomicBool>) -> Result<Self, Failure> {
        let place = check_address(&options.url)?;
        let mut agent = ureq::Agent::config_builder()
            .timeout_global(Some(ONE_CALL))
            .http_status_as_error(false)
            .max_redirects(0);
        if place == Place::ThisMachine {
            // HTTP_PROXY would have token and Response Code carried to another machine, in the clear.
            agent = agent.proxy(None);
        }
        #[cfg(feature = "tls")]
        let agent = agent.tls_config(
            ureq::tls::TlsConfig::builder()
                .root_certs(ureq::tls::RootCerts::PlatformVerifier)
                .build(),
        );
        let until = Instant::now() + options.deadline;
        Ok(Self {
            options,
            agent: agent.build().into(),
            cancel,
            until,
        })
    }

    /// Opens a request: its id.
    ///
    /// # Errors
    /// The desk's refusal, [`ErrorCode::Cancelled`], or that it was not reached in time.
    pub fn ask(&self, session: &Session) -> Result<String, Failure> {
        let asked = json!({
            "device_id": session.device_id().to_code(),
            "challenge": session.challenge().to_code(),
            "user": self.options.user,
        });
        let asked = asked.to_string();
        self.insist(|| {
            let answer = self
                .agent
                .post(self.url(""))
                .header("Authorization", &*self.bearer())
                .header("Content-Type", "application/json")
                .send(&asked);
            let body = take(answer)?;
            Ok(serde_json::from_slice::<Opened>(&body)
                .ok()
                .map(|opened| opened.id))
        })
    }

    /// Asks until the code is there.
    ///
    /// # Errors
    /// As [`Desk::ask`].
    pub fn fetch(&self, session: &Session, request: &str) -> Result<ResponseCode, Failure> {
        loop {
            let answered = self.insist(|| {
                let answer = self
                    .agent
                    .get(self.url(&format!("/{request}")))
                    .header("Authorization", &*self.bearer())
                    .call();
                let body = take(answer)?;
                let Ok(answer) = serde_json::from_slice::<Answer<'_>>(&body) else {
                    return Ok(None);
                };
                match (answer.state, answer.response_code, answer.error) {
                    ("pending", ..) => Ok(Some(None)),
                    ("answered", Some(code), _) => {
                        let parsed = ResponseCode::parse(session.suite(), &code);
                        if let Cow::Owned(copy) = code {
                            drop(Zeroizing::new(copy));
                        }
                        parsed
                            .map(|code| Some(Some(code)))
                            .map_err(|error| Trouble::Final(error.into()))
                    }
                    ("refused", _, Some(row)) => Err(Trouble::Final(row.into())),
                    _ => Ok(None),
                }
            })?;
            match answered {
                Some(code) => return Ok(code),
                None => self.pause(self.options.poll)?,
            }
        }
    }

    /// Tells the desk how it ended.
    ///
    /// # Errors
    /// As [`Desk::ask`].
    pub fn close(&self, request: &str, unlocked: bool) -> Result<(), Failure> {
        self.insist(|| {
            let bearer = self.bearer();
            let answer = if unlocked {
                let url = self.url(&format!("/{request}/done"));
                self.agent
                    .post(url)
                    .header("Authorization", &*bearer)
                    .send_empty()
            } else {
                let url = self.url(&format!("/{request}"));
                self.agent.delete(url).header("Authorization", &*bearer).call()
            };
            take(answer).map(|_| Some(()))
        })
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/v1/requests{rest}", self.options.url.trim_end_matches('/'))
    }

    fn bearer(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {}", self.options.token.as_str()))
    }

    /// Tries again, later each time, until the deadline. `None` is an answer that does not follow the
    /// protocol.
    fn insist<T>(&self, mut once: impl FnMut() -> Result<Option<T>, Trouble>) -> Result<T, Failure> {
        let mut pause = self.options.poll;
        loop {
            let why = match once() {
                Ok(Some(done)) => return Ok(done),
                Err(Trouble::Final(failure)) => return Err(failure),
                Ok(None) => "the answer does not follow the protocol".to_owned(),
                Err(Trouble::Later(why)) => why,
            };
            let waited = self.pause(pause);
            if let Err(failure) = waited {
                let text = format!("{}: {why}", failure.text);
                return Err(Failure::new(failure.code, text));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn pause(&self, length: Duration) -> Result<(), Failure> {
        let until = Instant::now() + length;
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(ErrorCode::Cancelled.into());
            }
            let now = Instant::now();
            if now >= self.until {
                let text = "the help desk gave no code in time";
                return Err(Failure::new(ErrorCode::RequestExpired, text));
            }
            if now >= until {
                return Ok(());
            }
            std::thread::sleep(SLICE.min(until - now));
        }
    }
}

/// The body of a good answer, wiped when dropped.
fn take(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let mut answer = answer.map_err(|error| Trouble::Later(error.to_string()))?;
    let mut body = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
    let limit = LONGEST_ANSWER as u64 - 1;
    answer
        .body_mut()
        .as_reader()
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|error| Trouble::Later(error.to_string()))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(body);
    }
    if !status.is_client_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Trouble::Later(format!("status {status}")));
    }
    Err(Trouble::Final(match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => refusal.error.into(),
        Err(_) => Failure::new(
            ErrorCode::HostFailed,
            format!("the help desk's service: status {status}"),
        ),
    }))
}

/// Where the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A loopback address: nothing leaves this machine.
    ThisMachine,
    /// Over the network, by `https:`; a proxy sees what is encrypted.
    Network,
}

/// A code must not cross a network in the clear.
fn check_address(url: &str) -> Result<Place, Failure> {
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
