//! `operators.json`: passwords as Argon2id (RFC 9106), roles, privileges.

use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use fido_unlock_desk::ports::{Operators, StorageError};
use fido_unlock_desk::{Operator, OperatorId, Privilege, Role, opaque};
use serde::{Deserialize, Serialize};

use crate::hex::corrupt;
use crate::json_file::{self, WriterLock};

/// Operators in a file that is read at each use.
#[derive(Clone, Debug)]
pub struct FileOperators(PathBuf);

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    operators: Vec<StoredOperator>,
}

#[derive(Serialize, Deserialize)]
struct StoredOperator {
    id: String,
    /// PHC string.
    password: String,
    roles: Vec<StoredRole>,
    privileges: Vec<StoredPrivilege>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum StoredRole {
    Administrator,
    DeviceServiceAdministrator,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum StoredPrivilege {
    Unlock,
    Downloads,
    ManageDevices,
    Administer,
}

fn store_role(role: Role) -> Result<StoredRole, StorageError> {
    match role {
        Role::Administrator => Ok(StoredRole::Administrator),
        Role::DeviceServiceAdministrator => Ok(StoredRole::DeviceServiceAdministrator),
        _ => Err(corrupt("role")),
    }
}

fn store_privilege(privilege: Privilege) -> Result<StoredPrivilege, StorageError> {
    match privilege {
        Privilege::Unlock => Ok(StoredPrivilege::Unlock),
        Privilege::Downloads => Ok(StoredPrivilege::Downloads),
        Privilege::ManageDevices => Ok(StoredPrivilege::ManageDevices),
        Privilege::Administer => Ok(StoredPrivilege::Administer),
        _ => Err(corrupt("privilege")),
    }
}

impl StoredOperator {
    fn to_operator(&self) -> Result<Operator, StorageError> {
        let roles = self.roles.iter().map(|role| match role {
            StoredRole::Administrator => Role::Administrator,
            StoredRole::DeviceServiceAdministrator => Role::DeviceServiceAdministrator,
        });
        let privileges = self.privileges.iter().map(|privilege| match privilege {
            StoredPrivilege::Unlock => Privilege::Unlock,
            StoredPrivilege::Downloads => Privilege::Downloads,
            StoredPrivilege::ManageDevices => Privilege::ManageDevices,
            StoredPrivilege::Administer => Privilege::Administer,
        });
        Ok(Operator {
            id: OperatorId::new(&self.id).ok_or_else(|| corrupt("operator id"))?,
            roles: roles.collect(),
            privileges: privileges.collect(),
        })
    }
}

impl FileOperators {
    /// The file need not exist: there are no operators then.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn stored(&self) -> Result<Stored, StorageError> {
        Ok(json_file::read(&self.0)?.unwrap_or_default())
    }

    /// Adds or replaces an operator.
    ///
    /// # Errors
    /// [`StorageError`] when the file cannot be read or written, or there are no random bytes for the
    /// salt.
    pub fn put(&mut self, operator: &Operator, password: &str) -> Result<(), StorageError> {
        let _lock = WriterLock::take(&self.0)?;
        let mut stored = self.stored()?;
        let hash = Argon2::default()
            .hash_password(opaque(password).as_bytes())
            .map_err(|_| StorageError::Write {
                detail: "the password could not be hashed".into(),
            })?;
        stored.operators.retain(|kept| kept.id != operator.id.as_str());
        stored.operators.push(StoredOperator {
            id: operator.id.as_str().into(),
            password: hash.to_string(),
            roles: operator
                .roles
                .iter()
                .copied()
                .map(store_role)
                .collect::<Result<_, _>>()?,
            privileges: operator
                .privileges
                .iter()
                .copied()
                .map(store_privilege)
                .collect::<Result<_, _>>()?,
        });
        json_file::replace(&self.0, &stored)
    }

    /// Takes an operator away.
    ///
    /// # Errors
    /// [`StorageError`] when the file cannot be read or written.
    pub fn remove(&mut self, id: &OperatorId) -> Result<(), StorageError> {
        let _lock = WriterLock::take(&self.0)?;
        let mut stored = self.stored()?;
        stored.operators.retain(|kept| kept.id != id.as_str());
        json_file::replace(&self.0, &stored)
    }
}

impl Operators for FileOperators {
    fn authenticate(&self, id: &OperatorId, password: &str) -> Result<Option<Operator>, StorageError> {
        let password = opaque(password);
        let stored = self.stored()?;
        let Some(found) = stored.operators.iter().find(|kept| kept.id == id.as_str()) else {
            // The same work as for a name that is known.
            let _ = Argon2::default().hash_password(password.as_bytes());
            return Ok(None);
        };
        let hash = PasswordHash::new(&found.password).map_err(|_| corrupt("password hash"))?;
        match Argon2::default().verify_password(password.as_bytes(), &hash) {
            Ok(()) => found.to_operator().map(Some),
            Err(_) => Ok(None),
        }
    }

    fn operator(&self, id: &OperatorId) -> Result<Option<Operator>, StorageError> {
        let stored = self.stored()?;
        let found = stored.operators.iter().find(|kept| kept.id == id.as_str());
        found.map(StoredOperator::to_operator).transpose()
    }
}
