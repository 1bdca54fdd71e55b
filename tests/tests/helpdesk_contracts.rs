//! Both sets of adapters, in memory and in files, keep the contracts of their ports.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock::desk::{Operator, OperatorId, Privilege, Role, testing};
use fido_unlock_files::{FileAuditLog, FilesDesk, WrappingKey};
use fido_unlock_mock::desk::MemoryDesk;

#[test]
fn in_memory() {
    let desk = MemoryDesk::new(0);
    testing::audit_log(|| Ok(Box::new(desk.audit_log.clone()))).unwrap();
    testing::directory(|| Ok(Box::new(desk.directory.clone()))).unwrap();
    testing::limits(|| Ok(Box::new(desk.limits.clone()))).unwrap();
    testing::admin_key_store(|| Ok(Box::new(desk.admin_keys.clone()))).unwrap();
    let operator = operator();
    desk.operators
        .put("one", "secret", &operator.roles, &operator.privileges)
        .unwrap();
    testing::operators(&desk.operators, &operator, "secret").unwrap();
}

#[test]
fn in_files() {
    let folder = tempfile::tempdir().unwrap();
    let desk = FilesDesk::create(folder.path()).unwrap();
    testing::audit_log(|| Ok(Box::new(FileAuditLog::open(&desk.audit_log_path())?))).unwrap();
    testing::directory(|| Ok(Box::new(desk.directory()?))).unwrap();
    testing::limits(|| Ok(Box::new(desk.limits()?))).unwrap();
    testing::admin_key_store(|| Ok(Box::new(desk.admin_keys(WrappingKey::new([5; 32]))))).unwrap();
    let operator = operator();
    desk.operators().put(&operator, "secret").unwrap();
    testing::operators(&desk.operators(), &operator, "secret").unwrap();
}

fn operator() -> Operator {
    Operator {
        id: OperatorId::new("one").unwrap(),
        roles: vec![Role::DeviceServiceAdministrator],
        privileges: vec![Privilege::Downloads],
    }
}
