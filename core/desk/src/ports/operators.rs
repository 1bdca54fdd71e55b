//! Who may use the help desk.

use super::StorageError;
use crate::{Operator, OperatorId};

/// Operators' sign-in data, roles and privileges. A host with its own sign-in (OpenID Connect,
/// Kerberos) implements it over that and takes the token as `password`.
pub trait Operators {
    /// The operator, if `password` is the right one; `None` for a wrong one and for an unknown name
    /// alike, after the same work. `password` comes as [`opaque`](crate::opaque) makes it.
    ///
    /// # Errors
    /// [`StorageError`] when the data cannot be read.
    fn authenticate(&self, id: &OperatorId, password: &str) -> Result<Option<Operator>, StorageError>;

    /// The operator's present roles and privileges. Asked at each action, so that a privilege that
    /// was taken away is gone at once.
    ///
    /// # Errors
    /// [`StorageError`] when the data cannot be read.
    fn operator(&self, id: &OperatorId) -> Result<Option<Operator>, StorageError>;
}
