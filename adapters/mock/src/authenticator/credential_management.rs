//! `authenticatorCredentialManagement` (CTAP 2.1 §6.8).

use core::time::Duration;

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use sha2::{Digest, Sha256};

use super::get_assertion::NEXT_LIMIT;
use super::make_credential::cut;
use super::params::{descriptor_id, map, optional, protocol, required};
use super::pin::{Rp, permission};
use super::{Answer, SoftAuthenticator};
use crate::state::{CredentialKey, DiscoverableCredential, State, cose_es256, descriptor};

const GET_CREDS_METADATA: u64 = 0x01;
const ENUMERATE_RPS_BEGIN: u64 = 0x02;
const ENUMERATE_RPS_NEXT: u64 = 0x03;
const ENUMERATE_CREDENTIALS_BEGIN: u64 = 0x04;
const ENUMERATE_CREDENTIALS_NEXT: u64 = 0x05;
const DELETE_CREDENTIAL: u64 = 0x06;
const UPDATE_USER_INFORMATION: u64 = 0x07;

/// What is left to be fetched with one of the two "next" subcommands.
pub(super) struct Enumeration {
    sub_command: u64,
    /// Answers, the next one last.
    left: Vec<Value>,
    /// When the last one was given.
    since: Duration,
}

impl SoftAuthenticator {
    pub(super) fn credential_management(&mut self, params: &Value) -> Answer {
        let sub_command = required(params.get(1), Value::as_u64)?;
        let enumeration = self.enumeration.take();
        match sub_command {
            ENUMERATE_RPS_NEXT | ENUMERATE_CREDENTIALS_NEXT => {
                let now = self.ticks.now();
                let mut enumeration = enumeration
                    .filter(|enumeration| enumeration.sub_command == sub_command)
                    .filter(|enumeration| now.saturating_sub(enumeration.since) < NEXT_LIMIT)
                    .filter(|_| self.pin.has_token())
                    .ok_or(CtapStatus::NotAllowed)?;
                let answer = enumeration.left.pop().ok_or(CtapStatus::NotAllowed)?;
                enumeration.since = now;
                self.enumeration = Some(enumeration);
                Ok(Some(answer))
            }
            GET_CREDS_METADATA => {
                self.authorise_management(params, None, Rp::None)?;
                self.get_creds_metadata()
            }
            ENUMERATE_RPS_BEGIN => {
                self.authorise_management(params, None, Rp::None)?;
                self.enumerate_rps()
            }
            ENUMERATE_CREDENTIALS_BEGIN | DELETE_CREDENTIAL | UPDATE_USER_INFORMATION => {
                let sub_params = required(params.get(2), map)?;
                let state = self.store.state()?;
                let rp_id = wanted_rp(&state, sub_command, sub_params)?;
                // Who has no token learns nothing, so a wrong one is told before a missing credential.
                let rp = rp_id.as_deref().map_or(Rp::Any, Rp::Same);
                self.authorise_management(params, Some(sub_params), rp)?;
                let rp_id = rp_id.ok_or(CtapStatus::NoCredentials)?;
                match sub_command {
                    ENUMERATE_CREDENTIALS_BEGIN => self.enumerate_credentials(&state, &rp_id),
                    DELETE_CREDENTIAL => self.change_credential(sub_params, |state, place| {
                        state.credentials.remove(place);
                        Ok(())
                    }),
                    _ => self.update_user_information(sub_params),
                }
            }
            _ => Err(CtapStatus::InvalidSubcommand),
        }
    }

    /// `pinUvAuthParam` is over the subcommand and, where there are any, its parameters.
    fn authorise_management(
        &mut self,
        params: &Value,
        sub_params: Option<&Value>,
        rp: Rp<'_>,
    ) -> Result<(), CtapStatus> {
        let Some(param) = optional(params.get(4), Value::as_bytes)? else {
            return Err(CtapStatus::PuatRequired);
        };
        let protocol = protocol(params.get(3), &self.pin.config.protocols)?;
        let sub_command = required(params.get(1), Value::as_u64)?;
        let mut message = vec![u8::try_from(sub_command).map_err(|_| CtapStatus::InvalidSubcommand)?];
        if let Some(sub_params) = sub_params {
            message.extend_from_slice(&sub_params.to_bytes());
        }
        self.pin
            .authorise(protocol, &message, param, permission::CREDENTIAL_MANAGEMENT, rp)
    }

    fn get_creds_metadata(&self) -> Answer {
        let existing = self.store.state()?.credentials.len();
        let remaining = self.config.max_credentials.saturating_sub(existing);
        Ok(Some(Value::int_map([
            (1, Some(Value::from(existing as u64))),
            (2, Some(Value::from(remaining as u64))),
        ])))
    }

    fn enumerate_rps(&mut self) -> Answer {
        let state = self.store.state()?;
        let mut rps: Vec<&DiscoverableCredential> = Vec::new();
        for stored in &state.credentials {
            if !rps.iter().any(|other| other.rp_id == stored.rp_id) {
                rps.push(stored);
            }
        }
        let entries = rps
            .iter()
            .map(|stored| {
                let rp = Value::text_map([
                    ("id", Some(stored.rp_id.as_str().into())),
                    ("name", stored.rp_name.as_deref().map(Value::from)),
                ]);
                let hash = Sha256::digest(&stored.rp_id);
                vec![(3, rp), (4, Value::bytes(&hash))]
            })
            .collect();
        self.begin(ENUMERATE_RPS_NEXT, 5, entries)
    }

    fn enumerate_credentials(&mut self, state: &State, rp_id: &str) -> Answer {
        let entries = state
            .credentials
            .iter()
            .filter(|stored| stored.rp_id == rp_id)
            .filter_map(|stored| {
                let credential = CredentialKey::open(&state.master, rp_id, &stored.id)?;
                let mut entry = vec![
                    (6, stored.user(true)),
                    (7, descriptor(&stored.id)),
                    (8, cose_es256(&credential.signing_key()?)),
                    (10, (credential.protection() as u8).into()),
                ];
                if stored.large_blob_key {
                    entry.push((11, Value::bytes(&*credential.large_blob_key())));
                }
                Some(entry)
            })
            .collect();
        self.begin(ENUMERATE_CREDENTIALS_NEXT, 9, entries)
    }

    /// Answers the first entry with the total under `total_key`; the rest is fetched with `next`.
    fn begin(&mut self, next: u64, total_key: i64, mut entries: Vec<Vec<(i64, Value)>>) -> Answer {
        let total = entries.len() as u64;
        let first = entries.first_mut().ok_or(CtapStatus::NoCredentials)?;
        first.push((total_key, total.into()));
        let mut left: Vec<Value> = entries
            .into_iter()
            .map(|entry| {
                Value::Map(
                    entry
                        .into_iter()
                        .map(|(key, value)| (key.into(), value))
                        .collect(),
                )
            })
            .rev()
            .collect();
        let first = left.pop();
        self.enumeration = Some(Enumeration {
            sub_command: next,
            left,
            since: self.ticks.now(),
        });
        Ok(first)
    }

    fn update_user_information(&mut self, sub_params: &Value) -> Answer {
        let user = required(sub_params.get(3), map)?;
        let user_id = required(user.get_text("id"), Value::as_bytes)?;
        let text = |key| -> Result<Option<String>, CtapStatus> {
            let text = optional(user.get_text(key), Value::as_text)?;
            Ok(text.filter(|text| !text.is_empty()).map(cut))
        };
        let (name, display_name) = (text("name")?, text("displayName")?);
        self.change_credential(sub_params, |state, place| {
            let stored = state
                .credentials
                .get_mut(place)
                .ok_or(CtapStatus::NoCredentials)?;
            if stored.user_id != user_id {
                return Err(CtapStatus::InvalidParameter);
            }
            stored.user_name = name;
            stored.user_display_name = display_name;
            Ok(())
        })
    }

    fn change_credential(
        &mut self,
        sub_params: &Value,
        change: impl FnOnce(&mut State, usize) -> Result<(), CtapStatus>,
    ) -> Answer {
        let id = credential_id(sub_params)?;
        self.store.update(|state| {
            let place = state
                .credentials
                .iter()
                .position(|stored| stored.id == id)
                .ok_or(CtapStatus::NoCredentials)?;
            change(state, place)?;
            Ok(None)
        })
    }
}

fn credential_id(sub_params: &Value) -> Result<Vec<u8>, CtapStatus> {
    let id = descriptor_id(required(sub_params.get(2), map)?)?.unwrap_or_default();
    Ok(id.to_vec())
}

/// The RP that a subcommand is about, `None` when this device knows none such.
fn wanted_rp(state: &State, sub_command: u64, sub_params: &Value) -> Result<Option<String>, CtapStatus> {
    let stored = if sub_command == ENUMERATE_CREDENTIALS_BEGIN {
        let hash = required(sub_params.get(1), Value::as_bytes)?;
        state
            .credentials
            .iter()
            .find(|stored| Sha256::digest(&stored.rp_id).as_slice() == hash)
    } else {
        let id = credential_id(sub_params)?;
        state.credentials.iter().find(|stored| stored.id == id)
    };
    Ok(stored.map(|stored| stored.rp_id.clone()))
}
