//! One whole call, by the service's own pages over loopback: both sides of it, the operator's by HTTP, the user's by
//! the virtual key.

use std::net::SocketAddr;
use std::time::Duration;

use fido_unlock::{ErrorCode, Pin};
use ureq::http::{Response, header};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use super::{Demo, VirtualKey};
use crate::csrf;

const OPERATOR: &str = "desk-1";
/// Of the demonstration's users, the one whose key is locked.
const USER: &str = "robin.sample";
const NEW_PIN: &str = "Summer73";
/// How long one answer may take.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest page that is read, in bytes.
const LONGEST_PAGE: u64 = 1 << 20;

/// Where a call went wrong.
#[derive(Debug, thiserror::Error)]
pub enum PlayFault {
    /// HTTP itself.
    #[error("{step}: {error}")]
    Http {
        /// What was done.
        step: &'static str,
        /// What HTTP says.
        error: Box<ureq::Error>,
    },
    /// An answer is not what it should be.
    #[error("{step}: answered with {status}")]
    Answer {
        /// What was done.
        step: &'static str,
        /// HTTP's word for it.
        status: u16,
    },
    /// An answer lacks something.
    #[error("{step}: {what} is not in the answer")]
    Lacks {
        /// What was done.
        step: &'static str,
        /// What should be there.
        what: &'static str,
    },
    /// The key.
    #[error("{step}: {code} (error {})", code.number())]
    Key {
        /// What was done.
        step: &'static str,
        /// Its error.
        code: ErrorCode,
    },
}

impl Demo {
    /// Plays a call and prints what happens. `address`: where the service listens.
    ///
    /// # Errors
    /// A step of it failed.
    pub async fn play(&self, address: SocketAddr) -> Result<(), PlayFault> {
        let operators = self.operators().iter();
        let password = operators
            .filter(|other| other.operator.id.as_str() == OPERATOR)
            .map(|other| other.password.clone())
            .next()
            .unwrap_or_default();
        let key = self.app().key().cloned();
        let played = tokio::task::spawn_blocking(move || {
            let step = "the caller's key";
            let key = key.ok_or(PlayFault::Lacks { step, what: "it" })?;
            Play::new(address).call(&key, &password)
        });
        played.await.map_err(|_| PlayFault::Lacks {
            step: "the call",
            what: "its end",
        })?
    }
}

/// The operator's browser.
struct Play {
    agent: Agent,
    base: String,
    cookie: Zeroizing<String>,
    csrf: Zeroizing<String>,
}

impl Play {
    fn new(address: SocketAddr) -> Self {
        let agent = Agent::config_builder()
            // Whatever the environment says: a proxy would see the code.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(LONGEST))
            .build();
        Self {
            agent: agent.into(),
            base: format!("http://{address}"),
            cookie: Zeroizing::default(),
            csrf: Zeroizing::default(),
        }
    }

    fn call(mut self, key: &VirtualKey, password: &str) -> Result<(), PlayFault> {
        let step = "the caller reads out";
        let (device, challenge) = key
            .state()
            .map_err(|refusal| key_fault(step, refusal.number()))?
            .codes
            .ok_or(PlayFault::Lacks {
                step,
                what: "a challenge",
            })?;
        println!("The caller's key is locked. Device ID {device}, Device Challenge {challenge}");

        self.sign_in(password)?;
        println!("{OPERATOR} has signed in.");

        let step = "searching";
        let found = self.get(step, &format!("/unlock?q={USER}"))?;
        if !text(step, found)?.contains(&*device) {
            return Err(PlayFault::Lacks {
                step,
                what: "the caller's device",
            });
        }
        println!("{OPERATOR} has found {USER} and compared the Device ID.");

        let step = "opening the call";
        let opened = self.post(step, "/unlock", &[("user", USER), ("device", &device)])?;
        let call = location(step, &opened)?;
        let step = "GENERATE RESPONSE CODE";
        let fields = [
            ("method", "call-back"),
            ("statement", "called back on the number on record"),
            ("reason", "a demonstration"),
            ("challenge", &*challenge),
        ];
        let answered = self.post(step, &format!("{call}/code"), &fields)?;
        is(step, &answered, 200)?;
        let page = text(step, answered)?;
        let code = between(&page, "<p class=\"response\">", "</p>");
        let code = code.ok_or(PlayFault::Lacks {
            step,
            what: "a Response Code",
        })?;
        println!("The caller was called back and is verified. Response Code {code}");

        let step = "UNLOCK";
        let pin = Pin::new(NEW_PIN.into());
        key.unlock(code, &pin, &pin)
            .map_err(|refusal| key_fault(step, refusal.number()))?;
        println!("The caller has typed it and chosen a new PIN: the key is unlocked.");

        let step = "DONE";
        let done = self.post(step, &format!("{call}/done"), &[])?;
        location(step, &done)?;
        println!("{OPERATOR} has recorded it.");

        let step = "the passkey";
        key.sign_in(&pin)
            .map_err(|refusal| key_fault(step, refusal.number()))?;
        println!("The passkey from before the lock signs in with the new PIN.");
        Ok(())
    }

    fn sign_in(&mut self, password: &str) -> Result<(), PlayFault> {
        let step = "signing in";
        let answer = self.post(step, "/sign-in", &[("name", OPERATOR), ("password", password)])?;
        location(step, &answer)?;
        let set = answer.headers().get(header::SET_COOKIE);
        let pair = set.and_then(|set| set.to_str().ok()?.split(';').next());
        let pair = pair.ok_or(PlayFault::Lacks {
            step,
            what: "a session",
        })?;
        self.cookie = Zeroizing::new(pair.to_owned());
        self.csrf = csrf::token(pair.split_once('=').map_or("", |(_, value)| value));
        Ok(())
    }

    fn get(&self, step: &'static str, path: &str) -> Result<Response<Body>, PlayFault> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let answer = request.header(header::COOKIE, self.cookie.as_str()).call();
        let answer = answer.map_err(|error| http(step, error))?;
        is(step, &answer, 200)?;
        Ok(answer)
    }

    fn post(
        &self,
        step: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Response<Body>, PlayFault> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header(header::COOKIE, self.cookie.as_str())
            .header(header::ORIGIN, &self.base);
        let all = [("csrf", self.csrf.as_str())];
        let all = all.iter().chain(fields).map(|(name, value)| (*name, *value));
        request.send_form(all).map_err(|error| http(step, error))
    }
}

fn http(step: &'static str, error: ureq::Error) -> PlayFault {
    PlayFault::Http {
        step,
        error: Box::new(error),
    }
}

fn key_fault(step: &'static str, number: Option<u16>) -> PlayFault {
    let code = number.and_then(ErrorCode::from_number);
    PlayFault::Key {
        step,
        code: code.unwrap_or(ErrorCode::HostFailed),
    }
}

fn is(step: &'static str, answer: &Response<Body>, status: u16) -> Result<(), PlayFault> {
    if answer.status() == status {
        Ok(())
    } else {
        Err(PlayFault::Answer {
            step,
            status: answer.status().as_u16(),
        })
    }
}

/// Where an answer sends the browser.
fn location(step: &'static str, answer: &Response<Body>) -> Result<String, PlayFault> {
    is(step, answer, 303)?;
    let location = answer.headers().get(header::LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    location.map(str::to_owned).ok_or(PlayFault::Lacks {
        step,
        what: "a place",
    })
}

fn text(step: &'static str, mut answer: Response<Body>) -> Result<Zeroizing<String>, PlayFault> {
    let body = answer.body_mut().with_config().limit(LONGEST_PAGE);
    let text = body.read_to_string().map_err(|error| http(step, error))?;
    Ok(Zeroizing::new(text))
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
