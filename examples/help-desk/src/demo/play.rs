//! One whole call over loopback: both sides of it, the operator's by the service's API, the user's by the virtual key.

use std::net::SocketAddr;
use std::time::Duration;

use fido_unlock::desk::{AccessToken, Scope};
use fido_unlock::{ErrorCode, Pin};
use serde_json::{Value, json};
use ureq::http::{Response, header};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use super::{Demo, VirtualKey};

const OPERATOR: &str = "desk-1";
/// Of the demonstration's users, the one whose key is locked.
const USER: &str = "robin.sample";
const NEW_PIN: &str = "Summer73";
/// How long one answer may take.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 1 << 20;

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
        let token = self
            .token(OPERATOR, &[Scope::Unlock])
            .map_err(|refusal| key_fault("the access token", refusal.number()))?;
        let key = self.app().key().cloned();
        let played = tokio::task::spawn_blocking(move || {
            let step = "the caller's key";
            let key = key.ok_or(PlayFault::Lacks { step, what: "it" })?;
            Play::new(address, &token).call(&key)
        });
        played.await.map_err(|_| PlayFault::Lacks {
            step: "the call",
            what: "its end",
        })?
    }
}

/// The operator's program.
struct Play {
    agent: Agent,
    /// Of the API.
    base: String,
    /// The header that says in whose name.
    authorization: Zeroizing<String>,
}

impl Play {
    fn new(address: SocketAddr, token: &AccessToken) -> Self {
        let agent = Agent::config_builder()
            // Whatever the environment says: a proxy would see the code.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(LONGEST))
            .build();
        Self {
            agent: agent.into(),
            base: format!("http://{address}/api/v1"),
            authorization: Zeroizing::new(format!("Bearer {}", token.expose().as_str())),
        }
    }

    fn call(&self, key: &VirtualKey) -> Result<(), PlayFault> {
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

        let step = "searching";
        let found = self.get(step, &format!("/users?q={USER}"))?;
        if !found.contains(&*device) {
            return Err(PlayFault::Lacks {
                step,
                what: "the caller's device",
            });
        }
        println!("{OPERATOR} has found {USER} and compared the Device ID.");

        let step = "opening the call";
        let open = json!({"user": USER, "device_id": &*device, "reason": "a demonstration"});
        let opened = self.post(step, "", &open)?;
        let id = word(step, &opened, "id")?;
        let id = id.as_str();
        let step = "the caller is called back";
        let back = json!({"method": "call-back", "statement": "called back on the number on record"});
        self.post(step, &format!("/{id}/caller"), &back)?;
        let step = "the challenge";
        self.post(
            step,
            &format!("/{id}/challenge"),
            &json!({"challenge": &*challenge}),
        )?;
        let step = "the Response Code";
        let answered = self.post(step, &format!("/{id}/code"), &json!({}))?;
        let code = word(step, &answered, "code")?;
        println!(
            "The caller was called back and is verified. Response Code {}",
            *code
        );

        let step = "UNLOCK";
        let pin = Pin::new(NEW_PIN.into());
        key.unlock(&code, &pin, &pin)
            .map_err(|refusal| key_fault(step, refusal.number()))?;
        println!("The caller has typed it and chosen a new PIN: the key is unlocked.");

        let step = "done";
        self.post(step, &format!("/{id}/done"), &json!({}))?;
        println!("{OPERATOR} has recorded it.");

        let step = "the passkey";
        key.sign_in(&pin)
            .map_err(|refusal| key_fault(step, refusal.number()))?;
        println!("The passkey from before the lock signs in with the new PIN.");
        Ok(())
    }

    fn get(&self, step: &'static str, path: &str) -> Result<Zeroizing<String>, PlayFault> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = request.header(header::AUTHORIZATION, self.authorization.as_str());
        text(step, request.call().map_err(|error| http(step, error))?)
    }

    /// A step of a request; `path`: behind that of all requests.
    fn post(&self, step: &'static str, path: &str, body: &Value) -> Result<Zeroizing<String>, PlayFault> {
        let request = self
            .agent
            .post(format!("{}/requests{path}", self.base))
            .header(header::AUTHORIZATION, self.authorization.as_str())
            .header(header::CONTENT_TYPE, "application/json");
        let answer = request.send(body.to_string());
        text(step, answer.map_err(|error| http(step, error))?)
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

/// The body of a good answer.
fn text(step: &'static str, mut answer: Response<Body>) -> Result<Zeroizing<String>, PlayFault> {
    if !answer.status().is_success() {
        return Err(PlayFault::Answer {
            step,
            status: answer.status().as_u16(),
        });
    }
    let body = answer.body_mut().with_config().limit(LONGEST_ANSWER);
    let text = body.read_to_string().map_err(|error| http(step, error))?;
    Ok(Zeroizing::new(text))
}

/// A member of an answer, as text.
fn word(step: &'static str, answer: &str, what: &'static str) -> Result<Zeroizing<String>, PlayFault> {
    let read: Option<Value> = serde_json::from_str(answer).ok();
    let found = read.as_ref().and_then(|value| value.get(what)?.as_str());
    let found = found.ok_or(PlayFault::Lacks { step, what })?;
    Ok(Zeroizing::new(found.to_owned()))
}
