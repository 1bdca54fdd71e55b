//! A call: search, request, checks, code, end.

use std::borrow::Cow;

use fido_unlock_desk::{RequestId, VerificationMethod};
use fido_unlock_protocol::{DeviceId, ResponseCode, Suite};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::http::Ask;
use crate::model::{CallRules, OpenCode, OpenCodes, Request, Requests, Users};
use crate::{RemoteDesk, RemoteError};

/// The longest answer with a Response Code, in bytes; its buffer never grows.
const CODE_ANSWER: usize = 8 * 1024;

/// A code is borrowed where the service wrote it without escapes, so that no copy of it is left behind.
#[derive(Deserialize)]
struct Given<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
}

impl RemoteDesk {
    /// Users by any part of id, name, address or Device ID, the closest first; at most 50. Recorded with the text.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`](fido_unlock_protocol::ErrorCode::PrivilegeMissing) by a token that is for neither
    /// unlock nor devices; what the desk refuses; that it is not reached.
    pub fn search(&self, text: &str) -> Result<Users, RemoteError> {
        self.get_by("/api/v1/users", &[("q", text)])
    }

    /// The same while the text is being typed.
    ///
    /// # Errors
    /// As [`RemoteDesk::search`].
    pub fn suggest(&self, text: &str) -> Result<Users, RemoteError> {
        self.get_by("/api/v1/users/suggestions", &[("q", text)])
    }

    /// 50 users by their ids. `after`: the last one of the page before.
    ///
    /// # Errors
    /// As [`RemoteDesk::search`].
    pub fn users(&self, after: Option<&str>) -> Result<Users, RemoteError> {
        let after: Vec<(&str, &str)> = after.map(|after| ("after", after)).into_iter().collect();
        self.get_by("/api/v1/users", &after)
    }

    /// What the rules say of a call.
    ///
    /// # Errors
    /// As [`RemoteDesk::search`], for unlock alone.
    pub fn call_rules(&self) -> Result<CallRules, RemoteError> {
        self.get("/api/v1/rules")
    }

    /// Requests that are not ended, oldest first, 50 at a time. `after`: where the page before ended.
    ///
    /// # Errors
    /// As [`RemoteDesk::call_rules`].
    pub fn requests(&self, after: Option<&str>) -> Result<Requests, RemoteError> {
        let after: Vec<(&str, &str)> = after.map(|after| ("after", after)).into_iter().collect();
        self.get_by("/api/v1/requests", &after)
    }

    /// Codes of a device that may still be good.
    ///
    /// # Errors
    /// As [`RemoteDesk::call_rules`]; the device is unknown.
    pub fn open_codes(&self, device: &DeviceId) -> Result<Vec<OpenCode>, RemoteError> {
        let path = format!("/api/v1/devices/{}/codes", device.to_code());
        Ok(self.get::<OpenCodes>(&path)?.codes)
    }

    /// Opens a request under a key of its own: an answer that is lost opens no second one.
    ///
    /// # Errors
    /// As [`RemoteDesk::call_rules`]; what the desk refuses.
    pub fn open(&self, user: &str, device: &DeviceId, reason: &str) -> Result<Request, RemoteError> {
        let mut key = [0; 16];
        SysRng
            .try_fill_bytes(&mut key)
            .map_err(|_| RemoteError::Entropy)?;
        let key = base16ct::lower::encode_string(&key);
        let body = json!({"user": user, "device_id": device.to_code(), "reason": reason});
        let ask = Ask {
            key: Some(&key),
            again: true,
            ..Ask::post("/api/v1/requests", &body)
        };
        self.connection.json(Some(&self.token), &ask)
    }

    /// A request as it stands.
    ///
    /// # Errors
    /// As [`RemoteDesk::call_rules`]; there is none.
    pub fn request(&self, id: RequestId) -> Result<Request, RemoteError> {
        self.get(&format!("/api/v1/requests/{id}"))
    }

    fn step(&self, id: RequestId, step: &str, body: &impl serde::Serialize) -> Result<Request, RemoteError> {
        self.post(&format!("/api/v1/requests/{id}/{step}"), body)
    }

    /// Gives it another reason.
    ///
    /// # Errors
    /// As [`RemoteDesk::request`]; it is another operator's, or has ended.
    pub fn set_reason(&self, id: RequestId, reason: &str) -> Result<Request, RemoteError> {
        self.step(id, "reason", &json!({ "reason": reason }))
    }

    /// Says how the caller was verified, on the operator's word.
    ///
    /// # Errors
    /// As [`RemoteDesk::set_reason`]; the method does not count for this user.
    pub fn verify_caller(
        &self,
        id: RequestId,
        method: VerificationMethod,
        statement: &str,
    ) -> Result<Request, RemoteError> {
        self.step(
            id,
            "caller",
            &json!({"method": method.name(), "statement": statement}),
        )
    }

    /// Enters the Device Challenge as it was read out.
    ///
    /// # Errors
    /// As [`RemoteDesk::set_reason`]; what is wrong with the challenge.
    pub fn enter_challenge(&self, id: RequestId, challenge: &str) -> Result<Request, RemoteError> {
        self.step(id, "challenge", &json!({ "challenge": challenge }))
    }

    /// A second operator approves what they were shown. `revision`: that of the request then.
    ///
    /// # Errors
    /// As [`RemoteDesk::request`]; it is their own, or was changed since.
    pub fn approve(&self, id: RequestId, revision: u32) -> Result<Request, RemoteError> {
        self.step(id, "approval", &json!({ "revision": revision }))
    }

    /// Has the Response Code made. Asked again, the desk makes the same one while the request lives. `suite`: the
    /// request's.
    ///
    /// # Errors
    /// As [`RemoteDesk::set_reason`]; what is missing or refused.
    pub fn code(&self, id: RequestId, suite: Suite) -> Result<ResponseCode, RemoteError> {
        let path = format!("/api/v1/requests/{id}/code");
        let ask = Ask {
            again: true,
            longest: CODE_ANSWER,
            ..Ask::post(&path, &())
        };
        let body = self.connection.ask(Some(&self.token), &ask)?;
        let given: Given<'_> = serde_json::from_slice(&body).map_err(|_| no_code())?;
        let code = ResponseCode::parse(suite, &given.code).map_err(|_| no_code());
        if let Cow::Owned(copy) = given.code {
            drop(Zeroizing::new(copy));
        }
        code
    }

    /// The user has unlocked the device.
    ///
    /// # Errors
    /// As [`RemoteDesk::set_reason`].
    pub fn done(&self, id: RequestId) -> Result<Request, RemoteError> {
        self.step(id, "done", &())
    }

    /// The unlock was given up.
    ///
    /// # Errors
    /// As [`RemoteDesk::set_reason`].
    pub fn abandon(&self, id: RequestId) -> Result<Request, RemoteError> {
        self.step(id, "abandon", &())
    }

    /// Goes on with another operator's request; what was verified and approved is void.
    ///
    /// # Errors
    /// As [`RemoteDesk::request`]; it has ended.
    pub fn take_over(&self, id: RequestId) -> Result<Request, RemoteError> {
        self.step(id, "take-over", &())
    }
}

/// Nothing of the answer is repeated.
fn no_code() -> RemoteError {
    RemoteError::NotTheProtocol {
        detail: "an answer that should have a Response Code has none of this suite".into(),
    }
}
