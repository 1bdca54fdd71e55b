//! The contract suites of core against a host's own stores (`fido_unlock::desk::testing`), for the host's own tests.
//!
//! A suite opens its store several times, as programs that start again do; here it is the same object each time.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::StorageError;
use fido_unlock::desk::testing::{self, ContractError};

use crate::desk::{HostAuditLog, HostDirectory, HostLimits, HostOperators};
use crate::{AuditLog, DeskOperator, Directory, Limits, Operators, UnlockError};

impl From<ContractError> for UnlockError {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::Storage(error) => error.into(),
            broken => Self::new(ErrorCode::InvalidArgument, broken.to_string()),
        }
    }
}

/// Whether a directory, empty at first, keeps its contract: the first sentence that does not hold is the
/// text of number 801.
#[uniffi::export]
pub fn mock_check_directory(directory: Arc<dyn Directory>) -> Result<(), UnlockError> {
    Ok(testing::directory(|| {
        Ok(Box::new(HostDirectory(Arc::clone(&directory))))
    })?)
}

/// Whether an audit log, empty at first, keeps its contract.
#[uniffi::export]
pub fn mock_check_audit_log(log: Arc<dyn AuditLog>) -> Result<(), UnlockError> {
    Ok(testing::audit_log(|| {
        Ok(Box::new(HostAuditLog::open(Arc::clone(&log))?))
    })?)
}

/// Whether limits, without any record at first, keep their contract.
#[uniffi::export]
pub fn mock_check_limits(limits: Arc<dyn Limits>) -> Result<(), UnlockError> {
    Ok(testing::limits(|| Ok(Box::new(HostLimits(Arc::clone(&limits)))))?)
}

/// Whether operators, of which `operator` with `password` is the only one, keep their contract.
#[uniffi::export]
pub fn mock_check_operators(
    operators: Arc<dyn Operators>,
    operator: DeskOperator,
    password: String,
) -> Result<(), UnlockError> {
    let corrupt = || StorageError::Corrupt {
        detail: "the operator given".into(),
    };
    let operator = operator.to_core().ok_or_else(corrupt)?;
    Ok(testing::operators(
        &HostOperators(operators),
        &operator,
        &password,
    )?)
}
