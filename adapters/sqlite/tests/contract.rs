//! The database keeps the contract of its port.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use fido_unlock_desk::testing;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

const OPTIONS: SqliteOptions = SqliteOptions {
    busy_wait: Duration::from_millis(20),
    max_pages: None,
};

#[test]
fn a_database_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    testing::desk_store(|| Ok(Box::new(SqliteStore::create(&path, OPTIONS)?))).unwrap();
}

#[test]
fn handles_over_one_connection_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(&folder.path().join("desk.sqlite"), OPTIONS).unwrap();
    testing::desk_store(|| Ok(Box::new(store.clone()))).unwrap();
}
