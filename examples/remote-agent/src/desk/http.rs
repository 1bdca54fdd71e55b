//! Requests over HTTP: what is refused for good, and what is asked again, later each time.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fido_unlock::ErrorCode;
use serde::Deserialize;
use ureq::http::StatusCode;
use ureq::{Body, http::Response};
use zeroize::Zeroizing;

use super::DeskOptions;
use super::address::{Place, check_address};
use crate::Failure;

/// No answer is longer; the buffer never grows, so that no copy of a code is left behind.
const LONGEST_ANSWER: usize = 32 * 1024;
/// For one request and its answer.
const ONE_CALL: Duration = Duration::from_secs(10);
/// The pause after failures doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a pause looks at the cancel flag.
const SLICE: Duration = Duration::from_millis(50);

/// What the service says when it refuses (RFC 9457), as far as it is needed here.
#[derive(Deserialize)]
struct Problem {
    number: Option<u16>,
    detail: String,
}

/// How a request failed.
pub(super) enum Trouble {
    /// Another try may do.
    Later(String),
    /// It will not.
    Final(Failure),
}

/// What is asked.
pub(super) enum Ask<'a> {
    /// As it stands.
    Get,
    /// A step, with its body in JSON.
    Post(&'a str),
    /// The same, by a key: asked twice, it is done once.
    PostOnce(&'a str, &'a str),
}

/// The service, until a deadline.
pub(super) struct Http {
    options: DeskOptions,
    agent: ureq::Agent,
    cancel: Arc<AtomicBool>,
    until: Instant,
}

impl Http {
    pub(super) fn new(options: DeskOptions, cancel: Arc<AtomicBool>) -> Result<Self, Failure> {
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

    pub(super) const fn options(&self) -> &DeskOptions {
        &self.options
    }

    /// Asks until there is an answer that `read` understands. `path`: below `/api/v1/requests`.
    pub(super) fn ask<T>(
        &self,
        path: &str,
        ask: &Ask<'_>,
        read: impl Fn(&[u8]) -> Result<Option<T>, Trouble>,
    ) -> Result<T, Failure> {
        self.insist(|| self.once(path, ask, &read))
    }

    /// Asks once; `None` is an answer that does not follow the protocol.
    pub(super) fn once<T>(
        &self,
        path: &str,
        ask: &Ask<'_>,
        read: impl Fn(&[u8]) -> Result<Option<T>, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        read(&take(self.send(path, ask))?)
    }

    fn send(&self, path: &str, ask: &Ask<'_>) -> Result<Response<Body>, ureq::Error> {
        let base = self.options.url.trim_end_matches('/');
        let url = format!("{base}/api/v1/requests{path}");
        let bearer = Zeroizing::new(format!("Bearer {}", self.options.token.as_str()));
        let (body, key) = match ask {
            Ask::Get => return self.agent.get(url).header("Authorization", &*bearer).call(),
            Ask::Post(body) => (*body, None),
            Ask::PostOnce(key, body) => (*body, Some(*key)),
        };
        let mut post = self
            .agent
            .post(url)
            .header("Authorization", &*bearer)
            .header("Content-Type", "application/json");
        if let Some(key) = key {
            post = post.header("Idempotency-Key", key);
        }
        post.send(body)
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
            pause = longer(pause);
        }
    }

    /// Waits, unless it is cancelled or the time is over.
    pub(super) fn pause(&self, length: Duration) -> Result<(), Failure> {
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

/// The next pause after a failure.
pub(super) fn longer(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_PAUSE)
}

/// The body of a good answer, wiped when dropped.
fn take(answer: Result<Response<Body>, ureq::Error>) -> Result<Zeroizing<Vec<u8>>, Trouble> {
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
        Ok(body)
    } else {
        Err(refusal(status, &body))
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> Trouble {
    let problem = serde_json::from_slice::<Problem>(body).ok();
    let number = problem.as_ref().and_then(|problem| problem.number);
    // Without a number 429 is for too many requests in a minute; with one, for too many codes in a day.
    let too_often = status == StatusCode::TOO_MANY_REQUESTS && number.is_none();
    if !status.is_client_error() || too_often {
        return Trouble::Later(format!("status {status}"));
    }
    let code = match number.map(ErrorCode::from_number) {
        Some(Some(code)) => code,
        // A number of a newer desk is still a refusal.
        Some(None) => ErrorCode::CallerUnverified,
        None if status == StatusCode::UNAUTHORIZED => ErrorCode::PrivilegeMissing,
        None => ErrorCode::HostFailed,
    };
    let text = problem.map_or_else(
        || format!("the help desk's service: status {status}"),
        |problem| problem.detail,
    );
    Trouble::Final(Failure::new(code, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_try_may_mend_is_tried_again() {
        let judged = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            match refusal(status, body.as_bytes()) {
                Trouble::Later(_) => None,
                Trouble::Final(failure) => Some(failure.code),
            }
        };
        let row = |number: u16| format!(r#"{{"number": {number}, "detail": "why", "status": 1}}"#);
        let none = r#"{"number": null, "detail": "why"}"#;
        assert_eq!(judged(503, &row(403)), None);
        assert_eq!(judged(500, "<html>"), None);
        assert_eq!(judged(302, ""), None);
        assert_eq!(judged(429, none), None);
        assert_eq!(judged(429, &row(411)), Some(ErrorCode::LimitDevice));
        assert_eq!(judged(403, &row(409)), Some(ErrorCode::ApprovalMissing));
        assert_eq!(judged(401, none), Some(ErrorCode::PrivilegeMissing));
        assert_eq!(judged(404, "not found"), Some(ErrorCode::HostFailed));
        assert_eq!(judged(403, &row(499)), Some(ErrorCode::CallerUnverified));
    }
}
