//! `authenticatorMakeCredential` (CTAP 2.1 §6.1).

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;

use super::auth_data::{AuthData, sign};
use super::get_info::MAX_CREDENTIALS_IN_LIST;
use super::params::{descriptor_id, map, optional, protocol, required};
use super::pin::{Rp, permission};
use super::{Answer, Keepalive, SoftAuthenticator};
use crate::state::{CredentialKey, DiscoverableCredential, Protection, State};

const ES256: i64 = -7;
/// Names are cut to this many bytes (WebAuthn §6.4.1 allows 64).
const MAX_NAME: usize = 64;

struct Request<'a> {
    client_data_hash: &'a [u8],
    rp_id: &'a str,
    rp_name: Option<&'a str>,
    user_id: &'a [u8],
    user_name: Option<&'a str>,
    user_display_name: Option<&'a str>,
    algorithms: &'a [Value],
    exclude: &'a [Value],
    extensions: Option<&'a Value>,
    discoverable: bool,
    param: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    fn read(params: &'a Value) -> Result<Self, CtapStatus> {
        let rp = required(params.get(2), map)?;
        let user = required(params.get(3), map)?;
        let options = optional(params.get(7), map)?;
        let option = |name| optional(options.and_then(|map| map.get_text(name)), Value::as_bool);
        let request = Self {
            client_data_hash: required(params.get(1), Value::as_bytes)?,
            rp_id: required(rp.get_text("id"), Value::as_text)?,
            rp_name: optional(rp.get_text("name"), Value::as_text)?,
            user_id: required(user.get_text("id"), Value::as_bytes)?,
            user_name: optional(user.get_text("name"), Value::as_text)?,
            user_display_name: optional(user.get_text("displayName"), Value::as_text)?,
            algorithms: required(params.get(4), Value::as_array)?,
            exclude: optional(params.get(5), Value::as_array)?.unwrap_or_default(),
            extensions: optional(params.get(6), map)?,
            discoverable: option("rk")?.unwrap_or(false),
            param: optional(params.get(8), Value::as_bytes)?,
        };
        if option("up")? == Some(false) || (option("uv")? == Some(true) && request.param.is_none()) {
            return Err(CtapStatus::InvalidOption);
        }
        if request.client_data_hash.len() != 32 || !(1..=64).contains(&request.user_id.len()) {
            return Err(CtapStatus::InvalidLength);
        }
        if request.exclude.len() > MAX_CREDENTIALS_IN_LIST {
            return Err(CtapStatus::LimitExceeded);
        }
        Ok(request)
    }

    fn check_algorithms(&self) -> Result<(), CtapStatus> {
        let mut known = false;
        for entry in self.algorithms {
            let entry = map(entry).ok_or(CtapStatus::CborUnexpectedType)?;
            let algorithm = required(entry.get_text("alg"), Value::as_i64)?;
            let kind = required(entry.get_text("type"), Value::as_text)?;
            known |= algorithm == ES256 && kind == "public-key";
        }
        if known {
            Ok(())
        } else {
            Err(CtapStatus::UnsupportedAlgorithm)
        }
    }
}

impl SoftAuthenticator {
    pub(super) fn make_credential(&mut self, params: &Value, keepalive: Keepalive<'_>) -> Answer {
        let request = Request::read(params)?;
        if request.param.is_some_and(<[u8]>::is_empty) {
            return self.answer_selection(keepalive);
        }
        let protocol = request
            .param
            .map(|_| protocol(params.get(9), &self.pin.config.protocols))
            .transpose()?;
        request.check_algorithms()?;
        if params.get(10).is_some() {
            // Enterprise attestation is not supported.
            return Err(CtapStatus::InvalidParameter);
        }
        let state = self.store.state()?;
        let verification_wanted = state.always_uv || (state.pin.is_some() && request.discoverable);
        let user_verified = match (request.param, protocol) {
            (Some(param), Some(protocol)) => {
                self.pin.authorise(
                    protocol,
                    request.client_data_hash,
                    param,
                    permission::MAKE_CREDENTIAL,
                    Rp::Bind(request.rp_id),
                )?;
                true
            }
            _ if verification_wanted => return Err(CtapStatus::PuatRequired),
            _ => false,
        };
        let wanted_protection = match request.extensions.and_then(|map| map.get_text("credProtect")) {
            Some(value) => Some(
                Protection::from_number(required(Some(value), Value::as_u64)?)
                    .ok_or(CtapStatus::InvalidOption)?,
            ),
            None => None,
        };
        let protection = wanted_protection.unwrap_or(Protection::UvOptional);
        let hmac_secret = optional(
            request.extensions.and_then(|map| map.get_text("hmac-secret")),
            Value::as_bool,
        )? == Some(true);

        let large_blob_key = optional(
            request.extensions.and_then(|map| map.get_text("largeBlobKey")),
            Value::as_bool,
        )?;
        let large_blob_key = match large_blob_key {
            Some(true) if request.discoverable => true,
            None => false,
            Some(_) => return Err(CtapStatus::InvalidOption),
        };
        let tells_min_pin_length = optional(
            request.extensions.and_then(|map| map.get_text("minPinLength")),
            Value::as_bool,
        )? == Some(true)
            && state
                .min_pin_length_rp_ids
                .iter()
                .any(|rp_id| rp_id == request.rp_id);

        for entry in request.exclude {
            if excluded(&state, request.rp_id, entry, user_verified)? {
                self.button(keepalive).touch()?;
                return Err(CtapStatus::CredentialExcluded);
            }
        }
        self.button(keepalive).touch()?;
        self.pin.spend_presence();

        let nonce = self.entropy.array().map_err(|_| CtapStatus::Other)?;
        let credential = CredentialKey::make(
            &state.master,
            request.rp_id,
            nonce,
            request.discoverable,
            hmac_secret,
            protection,
        );
        let key = credential.signing_key().ok_or(CtapStatus::Other)?;
        let id = credential.id();
        let room = self.config.max_credentials;
        let sign_count = self.store.update(|state| {
            if request.discoverable {
                keep(state, &request, &id, large_blob_key, room)?;
            }
            state.credential_made = true;
            state.sign_count = state.sign_count.wrapping_add(1);
            Ok(state.sign_count)
        })?;
        let extensions = Value::text_map([
            // Whenever it was asked for, level 1 too (§12.1).
            (
                "credProtect",
                wanted_protection.map(|protection| (protection as u8).into()),
            ),
            ("hmac-secret", hmac_secret.then_some(Value::Bool(true))),
            (
                "minPinLength",
                tells_min_pin_length.then_some(state.min_pin_length.into()),
            ),
        ]);
        let auth_data = AuthData {
            rp_id: request.rp_id,
            user_present: true,
            user_verified,
            sign_count,
            attested: Some((&credential, &key)),
            extensions: extensions
                .as_map()
                .is_some_and(|map| !map.is_empty())
                .then_some(extensions),
        }
        .to_bytes();
        let signature = sign(&key, &auth_data, request.client_data_hash)?;
        let statement = Value::text_map([
            ("alg", Some(Value::from(ES256))),
            ("sig", Some(Value::bytes(&signature))),
        ]);
        Ok(Some(Value::int_map([
            (1, Some("packed".into())),
            (2, Some(Value::bytes(&auth_data))),
            (3, Some(statement)),
            (
                5,
                large_blob_key.then(|| Value::bytes(&*credential.large_blob_key())),
            ),
        ])))
    }

    /// An empty `pinUvAuthParam` asks "is it this key?" (CTAP 2.1 §6.1.2 step 1).
    pub(super) fn answer_selection(&mut self, keepalive: Keepalive<'_>) -> Answer {
        self.button(keepalive).touch()?;
        Err(if self.store.state()?.pin.is_some() {
            CtapStatus::PinInvalid
        } else {
            CtapStatus::PinNotSet
        })
    }
}

/// Whether the ID is one of ours that may be seen now (a hidden one must not be told).
fn excluded(state: &State, rp_id: &str, entry: &Value, user_verified: bool) -> Result<bool, CtapStatus> {
    let Some(id) = descriptor_id(entry)? else {
        return Ok(false);
    };
    Ok(state
        .find(rp_id, id)
        .is_some_and(|key| user_verified || key.protection() != Protection::UvRequired))
}

/// Keeps a discoverable credential; one for the same RP and user is replaced.
fn keep(
    state: &mut State,
    request: &Request<'_>,
    id: &[u8],
    large_blob_key: bool,
    room: usize,
) -> Result<(), CtapStatus> {
    state
        .credentials
        .retain(|other| !(other.rp_id == request.rp_id && other.user_id == request.user_id));
    if state.credentials.len() >= room {
        return Err(CtapStatus::KeyStoreFull);
    }
    state.credentials.push(DiscoverableCredential {
        id: id.to_vec(),
        rp_id: request.rp_id.to_owned(),
        rp_name: request.rp_name.map(cut),
        user_id: request.user_id.to_vec(),
        user_name: request.user_name.map(cut),
        user_display_name: request.user_display_name.map(cut),
        large_blob_key,
    });
    Ok(())
}

/// At most [`MAX_NAME`] bytes, cut between two characters.
pub(super) fn cut(name: &str) -> String {
    let end = (0..=MAX_NAME).rev().find(|&end| name.is_char_boundary(end));
    name.get(..end.unwrap_or(0).min(name.len()))
        .unwrap_or(name)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"é".repeat(40)), "é".repeat(32));
        assert_eq!(cut(&format!("x{}", "é".repeat(40))).len(), 63);
    }
}
