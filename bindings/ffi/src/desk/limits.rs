//! How many codes were given out recently, counted by the host.

use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::{self, StorageError as CoreStorageError};
use fido_unlock::desk::{self, UnixTime};

use super::StorageError;
use super::types::{device_id, operator_id};
use crate::UnlockError;

/// One limit: how many codes in a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LimitRule {
    /// The window's length.
    pub window_seconds: u64,
    /// With this many codes in the window, the next one requires a second operator.
    pub approval_from: u32,
    /// With this many codes in the window, the next one is refused.
    pub refuse_from: u32,
}

/// The three limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LimitRules {
    /// For one device.
    pub device: LimitRule,
    /// By one operator.
    pub operator: LimitRule,
    /// Under one issuer key; all of suite 3 together.
    pub issuer: LimitRule,
}

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LimitKind {
    /// `LimitRules.device`.
    Device,
    /// `LimitRules.operator`.
    Operator,
    /// `LimitRules.issuer`.
    Issuer,
}

/// The outcome of counting a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LimitOutcome {
    /// Counted.
    Taken,
    /// Not counted: a second operator must approve first.
    ApprovalWanted {
        /// By this limit.
        kind: LimitKind,
    },
    /// Not counted: refused.
    Exceeded {
        /// By this limit.
        kind: LimitKind,
    },
}

/// One code that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LimitRequest {
    /// For this device.
    pub device_id: String,
    /// By this operator.
    pub operator: String,
    /// SHA-256 of the issuer's public key, 32 bytes; zeros in suite 3.
    pub issuer: Vec<u8>,
    /// Now: seconds since 1970-01-01 UTC.
    pub now: u64,
    /// The limits.
    pub rules: LimitRules,
    /// Whether a second operator has approved.
    pub approved: bool,
}

/// One code that was counted.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LimitRecord {
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// For which device.
    pub device_id: String,
    /// By whom.
    pub operator: String,
    /// SHA-256 of the issuer's public key, or zeros.
    pub issuer: Vec<u8>,
}

/// Counts codes in the host's own database; the count survives a restart and never goes down.
#[uniffi::export(with_foreign)]
pub trait Limits: Send + Sync {
    /// Decides and, if the outcome is `Taken`, counts the code, in one step that no other call can
    /// interrupt. The count is on disk when this returns. `LimitBook` makes the decision.
    fn take(&self, request: LimitRequest) -> Result<LimitOutcome, StorageError>;
}

/// Decides about limits for a host that keeps the records: restore, `take`, store `records`.
#[derive(uniffi::Object)]
pub struct LimitBook(Mutex<desk::LimitBook>);

#[uniffi::export]
impl LimitBook {
    /// Restores from stored records, which are empty at first.
    #[uniffi::constructor]
    pub fn from_records(records: Vec<LimitRecord>) -> Result<Arc<Self>, UnlockError> {
        let records = records.into_iter().map(|record| {
            Ok(desk::LimitRecord {
                at: UnixTime(record.at),
                device: device_id(&record.device_id)?,
                operator: operator_id(&record.operator)?,
                issuer: hash(record.issuer)?,
            })
        });
        let records = records.collect::<Result<_, UnlockError>>()?;
        Ok(Arc::new(Self(Mutex::new(desk::LimitBook::from_records(records)))))
    }

    /// Decides, and counts if `Taken`.
    pub fn take(&self, request: LimitRequest) -> Result<LimitOutcome, UnlockError> {
        let outcome = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(&ports::LimitRequest {
                device: device_id(&request.device_id)?,
                operator: &operator_id(&request.operator)?,
                issuer: hash(request.issuer)?,
                now: UnixTime(request.now),
                rules: &request.rules.into(),
                approved: request.approved,
            });
        Ok(outcome.into())
    }

    /// The records to store.
    #[must_use]
    pub fn records(&self) -> Vec<LimitRecord> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = |record: &desk::LimitRecord| LimitRecord {
            at: record.at.0,
            device_id: record.device.to_code(),
            operator: record.operator.to_string(),
            issuer: record.issuer.to_vec(),
        };
        book.records().iter().map(record).collect()
    }
}

fn hash(bytes: Vec<u8>) -> Result<[u8; 32], UnlockError> {
    bytes.try_into().map_err(|_| ErrorCode::InvalidArgument.into())
}

/// [`Limits`] as core's port.
pub(crate) struct HostLimits(pub Arc<dyn Limits>);

impl ports::Limits for HostLimits {
    fn take(&mut self, request: &ports::LimitRequest<'_>) -> Result<desk::LimitOutcome, CoreStorageError> {
        let outcome = self.0.take(LimitRequest {
            device_id: request.device.to_code(),
            operator: request.operator.to_string(),
            issuer: request.issuer.to_vec(),
            now: request.now.0,
            rules: (*request.rules).into(),
            approved: request.approved,
        })?;
        Ok(match outcome {
            LimitOutcome::Taken => desk::LimitOutcome::Taken,
            LimitOutcome::ApprovalWanted { kind } => desk::LimitOutcome::ApprovalWanted(kind.into()),
            LimitOutcome::Exceeded { kind } => desk::LimitOutcome::Exceeded(kind.into()),
        })
    }
}

impl From<desk::LimitOutcome> for LimitOutcome {
    fn from(outcome: desk::LimitOutcome) -> Self {
        match outcome {
            desk::LimitOutcome::Taken => Self::Taken,
            desk::LimitOutcome::ApprovalWanted(kind) => Self::ApprovalWanted { kind: kind.into() },
            desk::LimitOutcome::Exceeded(kind) => Self::Exceeded { kind: kind.into() },
        }
    }
}

macro_rules! both_ways {
    ($ours:ident, enum { $($variant:ident),+ }) => {
        impl From<$ours> for desk::$ours {
            fn from(value: $ours) -> Self {
                match value { $($ours::$variant => Self::$variant,)+ }
            }
        }
        impl From<desk::$ours> for $ours {
            fn from(value: desk::$ours) -> Self {
                match value { $(desk::$ours::$variant => Self::$variant,)+ }
            }
        }
    };
    ($ours:ident, struct { $($field:ident),+ }) => {
        impl From<$ours> for desk::$ours {
            fn from(value: $ours) -> Self {
                Self { $($field: value.$field.into(),)+ }
            }
        }
        impl From<desk::$ours> for $ours {
            fn from(value: desk::$ours) -> Self {
                Self { $($field: value.$field.into(),)+ }
            }
        }
    };
}

both_ways!(LimitKind, enum { Device, Operator, Issuer });
both_ways!(LimitRule, struct { window_seconds, approval_from, refuse_from });
both_ways!(LimitRules, struct { device, operator, issuer });
