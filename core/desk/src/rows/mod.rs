//! The rows of a desk: versioned, canonical CBOR.
//!
//! A row is an array of its version and a map. What it would be written as is the only form that is read, so that
//! one row has one hash.

mod counted;
mod device;
mod keys;
mod person;
mod request;
mod settings;

use alloc::vec::Vec;

pub(crate) use counted::{AlarmRow, AnnouncementRow, LimitRow, NoticeRow, QueueRow, StandingRow, TextRow};
pub(crate) use device::{AnsweredRow, CodeRef, CodeState, DeviceRow, DeviceStateRow};
pub(crate) use keys::{IssuerRow, SlotRow};
pub(crate) use person::{
    BackOffRow, Grants, Managed, NameRow, OperatorRow, PasskeyRow, SessionRow, SignInCodeRow, TokenRow,
    UserRow,
};
pub(crate) use request::{ApprovalPart, AuthorisedPart, CallerPart, RequestRow, RequestState, VouchPart};
pub(crate) use settings::{Asked, CountsRow, Era, LicenceRow, Resting, SettingsRow};

use minicbor::{Decode, Encode};

use crate::ports::{Derived, Table};

/// A row of a table.
pub(crate) trait Row: Sized + Encode<()> + for<'b> Decode<'b, ()> {
    /// Its table.
    const TABLE: Table;
    /// Its version: of what stands in it, not of the program.
    const VERSION: u8 = 1;

    /// What a store keeps beside it.
    fn derived(&self) -> Derived {
        Derived::default()
    }
}

/// Why bytes are not a row of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// No row, or not in canonical form.
    Malformed,
    /// Of a later version.
    Version,
}

pub(crate) fn to_blob<R: Row>(row: &R) -> Vec<u8> {
    // Writing to a `Vec` cannot fail.
    minicbor::to_vec((R::VERSION, row)).unwrap_or_default()
}

pub(crate) fn from_blob<R: Row>(blob: &[u8]) -> Result<R, RowFault> {
    let mut d = minicbor::Decoder::new(blob);
    let version = d.array().and_then(|_| d.u64()).map_err(|_| RowFault::Malformed)?;
    if version > R::VERSION.into() {
        return Err(RowFault::Version);
    }
    let (_, row): (u8, R) = minicbor::decode(blob).map_err(|_| RowFault::Malformed)?;
    if to_blob(&row) == blob {
        Ok(row)
    } else {
        Err(RowFault::Malformed)
    }
}
