//! Devices from an enrolment station, with the header `device_id,user,suite,slot,issuer,device_key,label`; files of
//! earlier versions lack the label.
//!
//! `device_id`: a Device ID as people read it aloud; `user`: the owner's id; `issuer`: Q and `device_key`:
//! E, each a compressed point in hex, empty if the suite has none; `label`: what people call it, or empty. An admin key is never in such a
//! file: suite-3 devices are registered one by one.

use fido_unlock_desk::ports::IssuerInfo;
use fido_unlock_desk::{DeviceKeys, DeviceLabel, NewDevice, UserId};
use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey};
use fido_unlock_protocol::{DeviceId, ErrorCode};

use super::{CellFault, Cells, ImportError, ImportErrors, Imported, from_cell, read_table, to_row};

/// The columns, in this order.
pub const DEVICE_COLUMNS: [&str; 7] = [
    "device_id",
    "user",
    "suite",
    "slot",
    "issuer",
    "device_key",
    "label",
];

/// Reads every row. What can be read may be given to
/// [`Desk::register_devices`](fido_unlock_desk::Desk::register_devices).
///
/// # Errors
/// [`ImportErrors`] where it is no text, or has another header.
pub fn read_devices(csv: &[u8]) -> Result<Imported<NewDevice>, ImportErrors> {
    read_table(csv, &DEVICE_COLUMNS, (2, 1), read_cells)
}

fn read_cells(cells: &mut Cells<'_, 7>) -> Option<NewDevice> {
    let [device_id, user, suite, slot, issuer, device_key, label] = cells.cells;
    let id = match DeviceId::parse(device_id) {
        Ok(id) => Some(id),
        Err(error) => {
            let line = cells.line;
            cells.faults.push(ImportError::DeviceId { line, error });
            None
        }
    };
    let owner = cells.read(2, UserId::new(from_cell(user)), CellFault::User);
    let suite = suite.parse().ok().filter(|suite| [1_u8, 2].contains(suite));
    let suite = cells.read(3, suite, CellFault::Suite);
    let slot = slot.parse().ok().filter(|slot| *slot <= 15_u8);
    let slot = cells.read(4, slot, CellFault::Slot);
    let issuer = point(cells, 5, issuer, |bytes| {
        IssuerPublicKey::from_compressed(bytes).ok()
    });
    let device = match suite {
        Some(2) => Some(point(cells, 6, device_key, |bytes| {
            DevicePublicKey::from_compressed(bytes).ok()
        })?),
        Some(_) if !device_key.is_empty() => {
            cells.wrong(6, CellFault::NotWanted);
            None
        }
        _ => None,
    };
    let label = match from_cell(label) {
        "" => None,
        label => Some(cells.read(7, DeviceLabel::new(label), CellFault::Text)?),
    };
    let (id, owner, slot, issuer) = (id?, owner?, slot?, issuer?);
    suite?;
    let keys = match device {
        None => DeviceKeys::P256Ecdsa { issuer },
        Some(device) => DeviceKeys::P256EcdhMac { issuer, device },
    };
    Some(NewDevice {
        id,
        owner,
        slot,
        keys,
        admin_key: None,
        counter: Some(0),
        rotation: 0,
        other_slots: Vec::new(),
        label,
    })
}

/// A compressed point in hex.
fn point<T>(
    cells: &mut Cells<'_, 7>,
    column: usize,
    text: &str,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<T> {
    let bytes = base16ct::mixed::decode_vec(text).ok();
    let bytes = cells.read(column, bytes, CellFault::Hex)?;
    cells.read(column, read(&bytes), CellFault::Point)
}

/// What is told of a device that the desk refuses by `code`. It has no such key: where it has another one in the slot,
/// nothing was lost, and the device is somebody else's. `issuers`: as
/// [`Desk::issuers`](fido_unlock_desk::Desk::issuers) has them.
#[must_use]
pub fn foreign_or(issuers: &[IssuerInfo], device: &NewDevice, code: ErrorCode) -> ErrorCode {
    let has_slot = issuers.iter().any(|own| own.slot == device.slot && !own.retired);
    if code == ErrorCode::KeyMissing && has_slot {
        ErrorCode::ForeignIssuer
    } else {
        code
    }
}

/// The rows of devices as text, with the header where it is wanted. Each row has its cells in the order of
/// [`DEVICE_COLUMNS`].
#[must_use]
pub fn device_rows<'a>(header: bool, rows: impl IntoIterator<Item = [&'a str; 7]>) -> String {
    let header = header.then_some(DEVICE_COLUMNS);
    header.into_iter().chain(rows).map(to_row).collect()
}
