//! `limits.json`: the codes of the longest window.

use std::path::{Path, PathBuf};

use fido_unlock_desk::ports::{LimitRequest, Limits, StorageError};
use fido_unlock_desk::{LimitBook, LimitOutcome, LimitRecord, OperatorId, UnixTime};
use fido_unlock_protocol::DeviceId;
use serde::{Deserialize, Serialize};

use crate::hex::{self, corrupt};
use crate::json_file::{self, WriterLock};

/// Counts codes; a code is on disk before it is counted.
#[derive(Debug)]
pub struct FileLimits {
    path: PathBuf,
    book: LimitBook,
    _lock: WriterLock,
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    codes: Vec<StoredRecord>,
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    at: u64,
    device: String,
    operator: String,
    issuer: String,
}

impl FileLimits {
    /// Opens the counts and takes their lock; a missing file counts nothing.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when another process has them; [`StorageError`] when they cannot be
    /// read.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let lock = WriterLock::take(path)?;
        let stored: Stored = json_file::read(path)?.unwrap_or_default();
        let record = |stored: &StoredRecord| {
            Ok(LimitRecord {
                at: UnixTime(stored.at),
                device: DeviceId::from_bytes(hex::decode_array("Device ID", &stored.device)?),
                operator: OperatorId::new(&stored.operator).ok_or_else(|| corrupt("operator id"))?,
                issuer: hex::decode_array("issuer", &stored.issuer)?,
            })
        };
        let records = stored
            .codes
            .iter()
            .map(record)
            .collect::<Result<_, StorageError>>()?;
        Ok(Self {
            path: path.to_owned(),
            book: LimitBook::from_records(records),
            _lock: lock,
        })
    }
}

impl Limits for FileLimits {
    fn take(&mut self, request: &LimitRequest<'_>) -> Result<LimitOutcome, StorageError> {
        let mut next = self.book.clone();
        let outcome = next.take(request);
        if outcome == LimitOutcome::Taken {
            let record = |record: &LimitRecord| StoredRecord {
                at: record.at.0,
                device: hex::encode(record.device.as_bytes()),
                operator: record.operator.as_str().into(),
                issuer: hex::encode(&record.issuer),
            };
            let codes = next.records().iter().map(record).collect();
            json_file::replace(&self.path, &Stored { codes })?;
            self.book = next;
        }
        Ok(outcome)
    }
}
