//! What a command changes in flash: all of it or nothing, and nothing beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "device_commit/counter.rs"]
mod counter;
#[path = "device_commit/model.rs"]
mod model;
#[path = "device_commit/power_cut.rs"]
mod power_cut;
#[path = "device_commit/what_changes.rs"]
mod what_changes;
