//! The help desk's service over HTTP: a call by its API (`/api/v1`, docs/for-help-desks.md), step by step.

mod address;
mod http;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fido_unlock::host::Session;
use fido_unlock::{ErrorCode, ResponseCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use zeroize::Zeroizing;

use self::http::{Ask, Http, Trouble, longer};
use crate::Failure;

/// A step without a body.
const NOTHING: Ask<'_> = Ask::Post("null");

/// The service.
#[derive(Clone)]
pub struct DeskOptions {
    /// Its address, without a path.
    pub url: String,
    /// The user's id at the desk.
    pub user: String,
    /// Reason or ticket.
    pub reason: String,
    /// By which of the desk's methods the platform has verified that it is the user, such as `call-back`.
    pub method: String,
    /// What was done for it, in words.
    pub statement: String,
    /// An access token of the platform's operator; secret.
    pub token: Arc<Zeroizing<String>>,
    /// How often it is asked whether a second operator has approved.
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

/// A request as it stands, as far as it is needed here.
#[derive(Deserialize)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// Whether it has neither run out nor ended.
    pub lives: bool,
    caller: Option<IgnoredAny>,
    challenge: Option<IgnoredAny>,
    approved_by: Option<IgnoredAny>,
    code: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Code<'a> {
    /// Borrowed, where it has one line: the escapes of several are read into a copy.
    #[serde(borrow)]
    code: Cow<'a, str>,
}

/// The service, for one device.
pub struct Desk(Http);

impl Desk {
    /// Ends when `cancel` is set, or at the options' deadline.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for `http:` to another machine, and for `https:` without the
    /// feature `tls`.
    pub fn new(options: DeskOptions, cancel: Arc<AtomicBool>) -> Result<Self, Failure> {
        Ok(Self(Http::new(options, cancel)?))
    }

    /// Opens the request of this key, or finds it as it stands.
    ///
    /// # Errors
    /// The desk's refusal, [`ErrorCode::Cancelled`], or that it was not reached in time.
    pub fn open(&self, session: &Session, key: &str) -> Result<Request, Failure> {
        let options = self.0.options();
        let asked = json!({
            "user": options.user,
            "device_id": session.device_id().to_code(),
            "reason": options.reason,
        });
        self.0.ask("", &Ask::PostOnce(key, &asked.to_string()), request)
    }

    /// Says how the user was verified and which challenge the device shows, where that does not stand there yet.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn prepare(&self, session: &Session, mut asked: Request) -> Result<(), Failure> {
        let options = self.0.options();
        let mut pause = options.poll;
        while asked.code.is_none() {
            let (step, body) = if asked.caller.is_none() {
                let word = json!({ "method": options.method, "statement": options.statement });
                ("caller", word)
            } else if asked.challenge.is_none() {
                ("challenge", json!({ "challenge": session.challenge().to_code() }))
            } else {
                break;
            };
            let path = format!("/{}/{step}", asked.id);
            asked = match self.0.once(&path, &Ask::Post(&body.to_string()), request) {
                Ok(Some(now)) => now,
                Err(Trouble::Final(failure)) => return Err(failure),
                Ok(None) | Err(Trouble::Later(_)) => {
                    // Perhaps it was done: once more would void an approval that was given meanwhile.
                    self.0.pause(pause)?;
                    pause = longer(pause);
                    self.look(&asked.id)?
                }
            };
        }
        Ok(())
    }

    fn look(&self, id: &str) -> Result<Request, Failure> {
        self.0.ask(&format!("/{id}"), &Ask::Get, request)
    }

    /// The code; where a second operator must approve first, as soon as one has.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn fetch(&self, session: &Session, id: &str) -> Result<ResponseCode, Failure> {
        let path = format!("/{id}/code");
        loop {
            match self.0.ask(&path, &NOTHING, |body| code(session, body)) {
                Err(failure) if failure.code == ErrorCode::ApprovalMissing => self.wait_for_approval(id)?,
                Err(failure) if failure.code == ErrorCode::RequestUsed => return Err(ended()),
                done => return done,
            }
        }
    }

    /// Looks at the request: each refusal of a code would be an entry in the desk's log.
    fn wait_for_approval(&self, id: &str) -> Result<(), Failure> {
        loop {
            self.0.pause(self.0.options().poll)?;
            let now = self.look(id)?;
            if !now.lives {
                return Err(ended());
            }
            if now.approved_by.is_some() {
                return Ok(());
            }
        }
    }

    /// Tells the desk how it ended.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn close(&self, id: &str, unlocked: bool) -> Result<(), Failure> {
        let end = |step: &str| {
            let path = format!("/{id}/{step}");
            match self.0.ask(&path, &NOTHING, request) {
                // An answer that was lost.
                Err(failure) if failure.code == ErrorCode::RequestUsed => Ok(()),
                ended => ended.map(drop),
            }
        };
        match unlocked.then(|| end("done")) {
            // The desk gave no code for it: it was typed.
            Some(Err(failure)) if failure.code == ErrorCode::RequestUnknown => end("abandon"),
            Some(told) => told,
            None => end("abandon"),
        }
    }
}

fn ended() -> Failure {
    let text = "the request has run out, or was ended at the help desk";
    Failure::new(ErrorCode::RequestExpired, text)
}

fn request(body: &[u8]) -> Result<Option<Request>, Trouble> {
    Ok(serde_json::from_slice(body).ok())
}

fn code(session: &Session, body: &[u8]) -> Result<Option<ResponseCode>, Trouble> {
    let Ok(Code { code }) = serde_json::from_slice::<Code<'_>>(body) else {
        return Ok(None);
    };
    let parsed = ResponseCode::parse(session.suite(), &code);
    if let Cow::Owned(copy) = code {
        drop(Zeroizing::new(copy));
    }
    parsed.map(Some).map_err(|error| Trouble::Final(error.into()))
}
