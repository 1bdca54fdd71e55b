//! A database that a database administrator changes: each row that a decision reads and each column of each table,
//! changed, set back, taken out and added, and the whole database set back. What is read is taken from the desk itself,
//! and the tables and columns from the database, so one that is new has no place here, and fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "desk_seals/columns.rs"]
mod columns;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "desk/house.rs"]
mod house;
#[path = "desk_seals/rows.rs"]
mod rows;
#[path = "desk_seals/scene.rs"]
mod scene;
#[path = "desk_seals/whole.rs"]
mod whole;
