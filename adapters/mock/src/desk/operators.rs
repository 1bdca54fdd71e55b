//! Operators in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::{Operators, StorageError};
use fido_unlock_desk::{Operator, OperatorId, Privilege, Role, opaque};
use sha2::{Digest, Sha256};

use super::lock;

type ByName = BTreeMap<OperatorId, (Operator, [u8; 32])>;

/// Operators with their passwords' SHA-256: for tests and demonstrations only.
#[derive(Clone, Default)]
pub struct MemoryOperators(Arc<Mutex<ByName>>);

impl MemoryOperators {
    /// Adds or replaces an operator; `None` when the id is not one.
    pub fn put(
        &self,
        id: &str,
        password: &str,
        roles: &[Role],
        privileges: &[Privilege],
    ) -> Option<OperatorId> {
        let id = OperatorId::new(id)?;
        let operator = Operator {
            id: id.clone(),
            roles: roles.to_vec(),
            privileges: privileges.to_vec(),
        };
        lock(&self.0).insert(
            id.clone(),
            (operator, Sha256::digest(opaque(password).as_bytes()).into()),
        );
        Some(id)
    }

    /// Takes an operator away.
    pub fn remove(&self, id: &OperatorId) {
        lock(&self.0).remove(id);
    }
}

impl Operators for MemoryOperators {
    fn authenticate(&self, id: &OperatorId, password: &str) -> Result<Option<Operator>, StorageError> {
        let hash: [u8; 32] = Sha256::digest(password).into();
        let operators = lock(&self.0);
        let right = operators.get(id).filter(|(_, right)| *right == hash);
        Ok(right.map(|(operator, _)| operator.clone()))
    }

    fn operator(&self, id: &OperatorId) -> Result<Option<Operator>, StorageError> {
        Ok(lock(&self.0).get(id).map(|(operator, _)| operator.clone()))
    }
}
