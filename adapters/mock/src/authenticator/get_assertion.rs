//! `authenticatorGetAssertion` and `authenticatorGetNextAssertion` (CTAP 2.1 §6.2, §6.3).

use core::time::Duration;

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;

use super::auth_data::{AuthData, sign};
use super::get_info::MAX_CREDENTIALS_IN_LIST;
use super::hmac_secret::Salts;
use super::params::{descriptor_id, map, optional, protocol, required};
use super::pin::{Rp, permission};
use super::{Answer, Keepalive, SoftAuthenticator};
use crate::state::{CredentialKey, Protection, State, descriptor};

/// `getNextAssertion` is taken this long after the assertion before (§6.3).
pub(super) const NEXT_LIMIT: Duration = Duration::from_secs(30);

/// What is left to be fetched with `getNextAssertion`.
pub(super) struct PendingAssertions {
    context: Context,
    ids: Vec<Vec<u8>>,
    since: Duration,
}

/// What all assertions of one request share.
struct Context {
    rp_id: String,
    client_data_hash: Vec<u8>,
    user_present: bool,
    user_verified: bool,
    salts: Option<Salts>,
    large_blob_key: bool,
}

impl SoftAuthenticator {
    pub(super) fn get_assertion(&mut self, params: &Value, keepalive: Keepalive<'_>) -> Answer {
        let rp_id = required(params.get(1), Value::as_text)?;
        let client_data_hash = required(params.get(2), Value::as_bytes)?;
        let allow = optional(params.get(3), Value::as_array)?;
        let extensions = optional(params.get(4), map)?;
        let options = optional(params.get(5), map)?;
        let param = optional(params.get(6), Value::as_bytes)?;
        let option = |name| optional(options.and_then(|map| map.get_text(name)), Value::as_bool);
        if param.is_some_and(<[u8]>::is_empty) {
            return self.answer_selection(keepalive);
        }
        let protocol = param
            .map(|_| protocol(params.get(7), &self.pin.config.protocols))
            .transpose()?;
        let user_present = option("up")?.unwrap_or(true);
        if option("rk")?.is_some() {
            return Err(CtapStatus::UnsupportedOption);
        }
        if option("uv")? == Some(true) && param.is_none() {
            return Err(CtapStatus::InvalidOption);
        }
        if client_data_hash.len() != 32 {
            return Err(CtapStatus::InvalidLength);
        }
        if allow.is_some_and(|list| list.len() > MAX_CREDENTIALS_IN_LIST) {
            return Err(CtapStatus::LimitExceeded);
        }
        let state = self.store.state()?;
        let user_verified = match (param, protocol) {
            (Some(param), Some(protocol)) => {
                self.pin.authorise(
                    protocol,
                    client_data_hash,
                    param,
                    permission::GET_ASSERTION,
                    Rp::Bind(rp_id),
                )?;
                true
            }
            // With up=false the platform only looks whether a credential is here.
            _ if state.always_uv && user_present => return Err(CtapStatus::PuatRequired),
            _ => false,
        };
        let ids = match allow.filter(|list| !list.is_empty()) {
            Some(list) => listed(&state, rp_id, list, user_verified)?,
            None => discoverable(&state, rp_id, user_verified),
        };
        let salts = match extensions.and_then(|map| map.get_text("hmac-secret")) {
            Some(_) if !user_present => return Err(CtapStatus::UnsupportedOption),
            Some(input) => Some(self.open_salts(input)?),
            None => None,
        };
        let large_blob_key = optional(
            extensions.and_then(|map| map.get_text("largeBlobKey")),
            Value::as_bool,
        )?;
        if large_blob_key == Some(false) {
            return Err(CtapStatus::InvalidOption);
        }
        if user_present {
            self.button(keepalive).touch()?;
            self.pin.spend_presence();
        }
        let mut ids = ids.into_iter();
        let first = ids.next().ok_or(CtapStatus::NoCredentials)?;
        let pending = PendingAssertions {
            context: Context {
                rp_id: rp_id.to_owned(),
                client_data_hash: client_data_hash.to_vec(),
                user_present,
                user_verified,
                salts,
                large_blob_key: large_blob_key.is_some(),
            },
            ids: ids.rev().collect(),
            since: self.ticks.now(),
        };
        let total = pending.ids.len() as u64 + 1;
        let answer = self.assert(&pending.context, &first, (total > 1).then_some(total))?;
        self.assertions = (total > 1).then_some(pending);
        Ok(Some(answer))
    }

    pub(super) fn get_next_assertion(&mut self) -> Answer {
        let mut pending = self.assertions.take().ok_or(CtapStatus::NotAllowed)?;
        let now = self.ticks.now();
        let authenticated = !pending.context.user_verified || self.pin.has_token();
        if now.saturating_sub(pending.since) >= NEXT_LIMIT || !authenticated {
            return Err(CtapStatus::NotAllowed);
        }
        let id = pending.ids.pop().ok_or(CtapStatus::NotAllowed)?;
        let answer = self.assert(&pending.context, &id, None)?;
        pending.since = now;
        self.assertions = Some(pending);
        Ok(Some(answer))
    }

    fn assert(&mut self, context: &Context, id: &[u8], total: Option<u64>) -> Result<Value, CtapStatus> {
        let state = self.store.state()?;
        let credential = state.find(&context.rp_id, id).ok_or(CtapStatus::NoCredentials)?;
        let key = credential.signing_key().ok_or(CtapStatus::Other)?;
        let extensions = match &context.salts {
            Some(salts) if credential.has_hmac_secret() => {
                let output = salts.output(&credential.cred_random(context.user_verified));
                let encrypted = self.encrypt(salts.protocol, &salts.secret, &output)?;
                Some(Value::text_map([("hmac-secret", Some(Value::bytes(&encrypted)))]))
            }
            _ => None,
        };
        let sign_count = self.store.update(|state| {
            state.sign_count = state.sign_count.wrapping_add(1);
            Ok(state.sign_count)
        })?;
        let auth_data = AuthData {
            rp_id: &context.rp_id,
            user_present: context.user_present,
            user_verified: context.user_verified,
            sign_count,
            attested: None,
            extensions,
        }
        .to_bytes();
        let signature = sign(&key, &auth_data, &context.client_data_hash)?;
        // Names help to choose among several accounts, and are told only to who knows the PIN.
        let stored = state.credentials.iter().find(|stored| stored.id == id);
        let user = stored.map(|stored| stored.user(context.user_verified));
        let large_blob_key = stored
            .filter(|stored| context.large_blob_key && stored.large_blob_key)
            .map(|_| Value::bytes(&*credential.large_blob_key()));
        Ok(Value::int_map([
            (1, Some(descriptor(id))),
            (2, Some(Value::bytes(&auth_data))),
            (3, Some(Value::bytes(&signature))),
            (4, user),
            (5, total.map(Value::from)),
            (7, large_blob_key),
        ]))
    }
}

/// The first credential of the list that is here and may be used.
fn listed(
    state: &State,
    rp_id: &str,
    list: &[Value],
    user_verified: bool,
) -> Result<Vec<Vec<u8>>, CtapStatus> {
    let mut found = Vec::new();
    for entry in list {
        let Some(id) = descriptor_id(entry)? else { continue };
        let usable = |key: &CredentialKey| user_verified || key.protection() != Protection::UvRequired;
        if found.is_empty() && state.find(rp_id, id).is_some_and(|key| usable(&key)) {
            found.push(id.to_vec());
        }
    }
    Ok(found)
}

/// Every discoverable credential for the RP that may be used, newest first.
fn discoverable(state: &State, rp_id: &str, user_verified: bool) -> Vec<Vec<u8>> {
    let usable = |key: &CredentialKey| user_verified || key.protection() == Protection::UvOptional;
    state
        .credentials
        .iter()
        .rev()
        .filter(|stored| stored.rp_id == rp_id)
        .filter(|stored| {
            CredentialKey::open(&state.master, rp_id, &stored.id).is_some_and(|key| usable(&key))
        })
        .map(|stored| stored.id.clone())
        .collect()
}
