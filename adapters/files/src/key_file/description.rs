//! `NAME.json`: what PKCS#8 has no place for. Nothing in it is secret.

use std::path::{Path, PathBuf};

use fido_unlock_protocol::suite::{IssuerKey, IssuerPublicKey};
use fido_unlock_protocol::{Suite, text};
use serde::{Deserialize, Serialize};

use super::KeyFileError;
use crate::version::other_version;

const VERSION: u32 = 1;
const HIGHEST_SLOT: u8 = 15;

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDescription {
    /// The one suite that the key serves.
    pub suite: Suite,
    /// The slot of the devices that it is enrolled in, 0 to 15.
    pub slot: u8,
    /// Q; `None` in suite 3.
    pub public: Option<IssuerPublicKey>,
}

#[derive(Serialize, Deserialize)]
struct Json {
    version: u32,
    suite: u8,
    slot: u8,
    public: Option<String>,
}

impl KeyDescription {
    pub(super) fn new(key: &IssuerKey, slot: u8) -> Result<Self, KeyFileError> {
        if slot > HIGHEST_SLOT {
            return Err(KeyFileError::Protection);
        }
        Ok(Self {
            suite: key.suite(),
            slot,
            public: key.public(),
        })
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, KeyFileError> {
        let json = Json {
            version: VERSION,
            suite: self.suite.number(),
            slot: self.slot,
            public: self
                .public
                .map(|key| base16ct::lower::encode_string(key.as_compressed())),
        };
        let mut text = serde_json::to_vec(&json).map_err(|_| KeyFileError::Malformed)?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn from_json(text: &[u8]) -> Result<Self, KeyFileError> {
        let text = text::read(text).map_err(|_| KeyFileError::Malformed)?;
        if other_version(text.as_bytes(), VERSION).is_some() {
            return Err(KeyFileError::Version);
        }
        let json: Json = serde_json::from_str(&text).map_err(|_| KeyFileError::Malformed)?;
        let suite = Suite::from_number(json.suite).ok_or(KeyFileError::Malformed)?;
        let public = json.public.map(|hex| {
            let bytes = base16ct::lower::decode_vec(hex).map_err(|_| KeyFileError::Malformed)?;
            IssuerPublicKey::from_compressed(&bytes).map_err(|_| KeyFileError::OtherKey)
        });
        let public = public.transpose()?;
        if public.is_some() == (suite == Suite::AesAdminKey) || json.slot > HIGHEST_SLOT {
            return Err(KeyFileError::Malformed);
        }
        Ok(Self {
            suite,
            slot: json.slot,
            public,
        })
    }
}

/// `NAME.json` for `NAME`.
pub(super) fn path_for(key: &Path) -> PathBuf {
    key.with_added_extension("json")
}
