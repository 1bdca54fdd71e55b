//! The desk's decisions over a store in memory: from a call to a code, what is refused, and what a killed, lost or
//! altered store does to it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "desk/asked.rs"]
mod asked;
#[path = "desk/audit.rs"]
mod audit;
#[path = "desk/calls.rs"]
mod calls;
#[path = "desk/codes.rs"]
mod codes;
#[path = "desk/export.rs"]
mod export;
#[path = "desk/figures.rs"]
mod figures;
#[path = "desk/files.rs"]
mod files;
#[path = "desk/health.rs"]
mod health;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "desk/house.rs"]
mod house;
#[path = "desk/impostors.rs"]
mod impostors;
#[path = "desk/managers.rs"]
mod managers;
#[path = "desk/passkeys.rs"]
mod passkeys;
#[path = "desk/people.rs"]
mod people;
#[path = "desk/refusals.rs"]
mod refusals;
#[path = "desk/restore.rs"]
mod restore;
#[path = "desk/store.rs"]
mod store;
#[path = "desk/suites.rs"]
mod suites;
#[path = "desk/tokens.rs"]
mod tokens;
#[path = "desk/two_persons.rs"]
mod two_persons;
