//! The database keeps the contract of its port.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use fido_unlock_desk::testing;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

#[test]
fn a_database_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let options = SqliteOptions {
        busy_wait: Duration::from_millis(20),
        ..SqliteOptions::default()
    };
    testing::desk_store(|| Ok(Box::new(SqliteStore::create(&path, options)?))).unwrap();
}
