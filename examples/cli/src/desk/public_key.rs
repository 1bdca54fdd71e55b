//! An issuer's public key in a file, for a station that has no help desk: the JSON object that lies
//! beside a key file (docs/protocol.md, "Key files").

use std::path::Path;

use fido_unlock::Suite;
use fido_unlock::suite::IssuerPublicKey;
use serde::{Deserialize, Serialize};

use crate::brought::{form, read_versioned};
use crate::failure::Failure;
use crate::output::shown;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    suite: u8,
    slot: u8,
    public: String,
}

/// Q of a slot.
#[derive(Clone, Copy, Debug)]
pub struct PublicKey {
    /// Suite 1 or 2.
    pub suite: Suite,
    /// 0 to 15.
    pub slot: u8,
    /// Q.
    pub public: IssuerPublicKey,
}

/// The JSON object.
pub fn to_json(key: &PublicKey) -> Result<String, Failure> {
    let stored = Stored {
        version: VERSION,
        suite: key.suite.number(),
        slot: key.slot,
        public: base16ct::lower::encode_string(key.public.as_compressed()),
    };
    serde_json::to_string(&stored).map_err(|_| fido_unlock::ErrorCode::HostFailed.into())
}

/// Reads such a file.
pub fn load(path: &Path) -> Result<PublicKey, Failure> {
    let stored: Stored = read_versioned(path, VERSION)?;
    let suite = Suite::from_number(stored.suite).filter(|suite| *suite != Suite::AesAdminKey);
    let public = base16ct::mixed::decode_vec(&stored.public)
        .map_err(|_| form(path, "public: not hexadecimal digits"))?;
    Ok(PublicKey {
        suite: suite.ok_or_else(|| form(path, "suite: neither 1 nor 2"))?,
        slot: Some(stored.slot)
            .filter(|slot| *slot <= 15)
            .ok_or_else(|| form(path, "slot: above 15"))?,
        public: IssuerPublicKey::from_compressed(&public)
            .map_err(|_| Failure::new(fido_unlock::ErrorCode::InvalidPoint, shown(path.display())))?,
    })
}
