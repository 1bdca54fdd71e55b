//! What programs are told of a demonstration: tests, and agents in any language that are tried against it.

use fido_unlock::ErrorCode;
use fido_unlock::desk::{AccessToken, Scope};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Demo, VirtualKey, operator_id, people};
use crate::refusal::Refusal;

/// In whose name the agents of a management platform ask.
const PLATFORM: &str = "platform-1";
/// Who approves what they ask for.
const APPROVER: &str = "desk-2";
/// How long the tokens are good.
const DAYS: u16 = 1;

/// What a program is told of a demonstration, as one line of JSON. It holds tokens: of a desk that goes with the
/// process.
#[derive(Serialize)]
pub struct ForPrograms {
    /// The service's address.
    pub desk: String,
    /// An access token of the platform's operator, for answering callers.
    #[serde(serialize_with = "exposed")]
    pub token: Zeroizing<String>,
    /// One of a second operator, who approves.
    #[serde(serialize_with = "exposed")]
    pub approver_token: Zeroizing<String>,
    /// The user whose key is locked.
    pub user: &'static str,
    /// The port on which the key's vendor interface is served.
    pub key_port: Option<u16>,
    /// The PIN before the lock.
    pub old_pin: &'static str,
}

fn exposed<S: Serializer>(token: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token)
}

impl Demo {
    /// Makes the tokens. `desk`: the address that programs are told; `key_port`: where the key is served.
    ///
    /// # Errors
    /// The desk's.
    pub fn for_programs(&self, desk: String, key_port: Option<u16>) -> Result<ForPrograms, Refusal> {
        let token = |operator: &str| {
            let token = self.token(operator, &[Scope::Unlock]);
            token.map(|token| token.expose())
        };
        Ok(ForPrograms {
            desk,
            token: token(PLATFORM)?,
            approver_token: token(APPROVER)?,
            user: people::LOCKED,
            key_port,
            old_pin: VirtualKey::OLD_PIN,
        })
    }

    /// Makes an access token of one of its operators, good for a day.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`]; the desk's.
    pub fn token(&self, operator: &str, scopes: &[Scope]) -> Result<AccessToken, Refusal> {
        let id = operator_id(operator)?;
        let known = self.operators().iter().find(|known| known.operator.id == id);
        let password = &known.ok_or(ErrorCode::OperatorUnknown)?.password;
        let mut desk = (self.make_desk())()?;
        let session = desk.sign_in(&id, password)?;
        let token = desk.make_token(&session, "a program", scopes, DAYS)?;
        desk.sign_out(&session)?;
        Ok(token)
    }
}
