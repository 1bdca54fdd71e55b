#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use base64ct::{Base64UrlUnpadded, Encoding};
use fido_unlock_desk::ports::{MadePasskey, PasskeyAsk, PasskeyError, PasskeyOwner, Passkeys};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};
use zeroize::Zeroizing;

/// Passkeys of one service.
#[derive(Clone, Debug)]
pub struct WebauthnPasskeys(Webauthn);

impl WebauthnPasskeys {
    /// `party`: the relying party's id, a domain such as `desk.example`; passkeys are made for it, and with another one all
    /// of them are lost. `origin`: of the service's pages, such as `https://desk.example:8443`; its host is `party` or below
    /// it. `name`: what the browser calls the service.
    ///
    /// # Errors
    /// [`PasskeyError::Failed`] where the origin is no URL, or not of that domain.
    pub fn new(party: &str, origin: &str, name: &str) -> Result<Self, PasskeyError> {
        let origin = Url::parse(origin).map_err(failed)?;
        let built = WebauthnBuilder::new(party, &origin).and_then(|builder| builder.rp_name(name).build());
        built.map(Self).map_err(failed)
    }
}

impl Passkeys for WebauthnPasskeys {
    fn begin_registration(
        &mut self,
        owner: &PasskeyOwner<'_>,
        known: &[Vec<u8>],
    ) -> Result<PasskeyAsk, PasskeyError> {
        let handle = Uuid::from_bytes(owner.handle);
        let known = Some(known.to_vec());
        let begun = self
            .0
            .start_passkey_registration(handle, owner.name, owner.name, known);
        let (options, state) = begun.map_err(failed)?;
        ask(options_of(&options)?, &state)
    }

    fn finish_registration(&mut self, state: &[u8], answer: &str) -> Result<MadePasskey, PasskeyError> {
        let state: PasskeyRegistration = kept(state)?;
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let made = self.0.finish_passkey_registration(&answer, &state);
        let made = made.map_err(refused)?;
        Ok(MadePasskey {
            id: made.cred_id().to_vec(),
            credential: serde_json::to_vec(&made).map_err(failed)?,
        })
    }

    fn begin_assertion(&mut self, allowed: &[Vec<u8>]) -> Result<PasskeyAsk, PasskeyError> {
        // It knows no passkeys, and insists on a verified user. Which passkeys may answer is the desk's matter.
        let (options, state) = self.0.start_discoverable_authentication().map_err(failed)?;
        let mut options = options_of(&options)?;
        let allowed = allowed.iter().map(|id| {
            let id = Base64UrlUnpadded::encode_string(id);
            json!({ "type": "public-key", "id": id })
        });
        if let Some(members) = options.as_object_mut() {
            members.insert("allowCredentials".into(), allowed.collect());
        }
        ask(options, &state)
    }

    fn credential_id(&self, answer: &str) -> Result<Vec<u8>, PasskeyError> {
        let answer: PublicKeyCredential = read(answer)?;
        Ok(answer.get_credential_id().to_vec())
    }

    fn finish_assertion(
        &mut self,
        state: &[u8],
        credential: &[u8],
        answer: &str,
    ) -> Result<Vec<u8>, PasskeyError> {
        let state: DiscoverableAuthentication = kept(state)?;
        let mut passkey: Passkey = kept(credential)?;
        let answer: PublicKeyCredential = read(answer)?;
        let judged = self
            .0
            .finish_discoverable_authentication_v2(&answer, state, &passkey);
        let judged = judged.map_err(refused)?;
        if passkey.update_credential(&judged).is_none() {
            return Err(refused("another passkey"));
        }
        serde_json::to_vec(&passkey).map_err(failed)
    }
}

fn ask(options: Value, state: &impl Serialize) -> Result<PasskeyAsk, PasskeyError> {
    Ok(PasskeyAsk {
        options: options.to_string(),
        state: Zeroizing::new(serde_json::to_vec(state).map_err(failed)?),
    })
}

/// What the browser's own reader takes.
fn options_of(ask: &impl Serialize) -> Result<Value, PasskeyError> {
    let mut whole = serde_json::to_value(ask).map_err(failed)?;
    let options = whole.get_mut("publicKey").map(Value::take);
    options.ok_or_else(|| failed(WebauthnError::Configuration))
}

/// What this adapter has written.
fn kept<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PasskeyError> {
    serde_json::from_slice(bytes).map_err(failed)
}

/// What came from a browser.
fn read<T: DeserializeOwned>(answer: &str) -> Result<T, PasskeyError> {
    // What it holds is not repeated.
    serde_json::from_str(answer).map_err(|_| refused("no answer of a browser"))
}

#[allow(clippy::needless_pass_by_value)]
fn failed(error: impl ToString) -> PasskeyError {
    PasskeyError::Failed {
        detail: error.to_string(),
    }
}

#[allow(clippy::needless_pass_by_value)]
fn refused(error: impl ToString) -> PasskeyError {
    PasskeyError::Refused {
        detail: error.to_string(),
    }
}
