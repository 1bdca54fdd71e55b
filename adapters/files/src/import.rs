//! Devices from an enrolment station, as CSV (RFC 4180) with the header
//! `device_id,user,suite,slot,issuer,device_key`.
//!
//! `device_id`: a Device ID as it is read aloud; `user`: the owner's id; `issuer`: Q and `device_key`:
//! E, each a compressed point in hex, empty where the suite has none. An admin key is never in such a
//! file: suite-3 devices are registered one by one.

use std::io::Read;

use fido_unlock_desk::{DeviceKeys, NewDevice, UserId};
use fido_unlock_protocol::code::CodeError;
use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey};
use fido_unlock_protocol::{DeviceId, ErrorCode, HasCode};
use serde::Deserialize;

/// A line that is no device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Not such a CSV file, or a field that cannot be read.
    #[error("line {line}: {field} cannot be read")]
    Field {
        /// The line, from 1.
        line: u64,
        /// The field, or "line" for the whole.
        field: &'static str,
    },
    /// The Device ID has a typing error.
    #[error("line {line}: {error}")]
    DeviceId {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        error: CodeError,
    },
}

impl HasCode for ImportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Field { .. } => ErrorCode::StoreCorrupt,
            Self::DeviceId { error, .. } => error.code(),
        }
    }
}

#[derive(Deserialize)]
struct Row {
    device_id: String,
    user: String,
    suite: u8,
    slot: u8,
    issuer: String,
    device_key: String,
}

/// Reads every device, or none when a line is wrong. They are then given to
/// [`HelpDesk::register_device`](fido_unlock_desk::HelpDesk::register_device).
///
/// # Errors
/// [`ImportError`], the first wrong line.
pub fn read_devices(csv: impl Read) -> Result<Vec<NewDevice>, ImportError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv);
    let mut devices = Vec::new();
    for (row, line) in reader.deserialize::<Row>().zip(2..) {
        let row = row.map_err(|error| ImportError::Field {
            line: error.position().map_or(line, csv::Position::line),
            field: "line",
        })?;
        devices.push(read_row(&row, line)?);
    }
    Ok(devices)
}

fn read_row(row: &Row, line: u64) -> Result<NewDevice, ImportError> {
    let wrong = |field| ImportError::Field { line, field };
    let point = |field, text: &str| base16ct::mixed::decode_vec(text).map_err(|_| wrong(field));
    let issuer = point("issuer", &row.issuer)?;
    let issuer = IssuerPublicKey::from_compressed(&issuer).map_err(|_| wrong("issuer"))?;
    let keys = match row.suite {
        1 if row.device_key.is_empty() => DeviceKeys::P256Ecdsa { issuer },
        2 => {
            let device = point("device_key", &row.device_key)?;
            DeviceKeys::P256EcdhMac {
                issuer,
                device: DevicePublicKey::from_compressed(&device).map_err(|_| wrong("device_key"))?,
            }
        }
        1 => return Err(wrong("device_key")),
        _ => return Err(wrong("suite")),
    };
    Ok(NewDevice {
        id: DeviceId::parse(&row.device_id).map_err(|error| ImportError::DeviceId { line, error })?,
        owner: UserId::new(&row.user).ok_or_else(|| wrong("user"))?,
        slot: row.slot,
        keys,
        admin_key: None,
        counter: Some(0),
        rotation: 0,
    })
}
