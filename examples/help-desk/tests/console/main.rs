//! The console without a port: a browser's requests to `app()`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod account;
mod again;
mod approvals;
mod audit;
#[path = "../../../../adapters/webauthn/tests/software/mod.rs"]
mod authenticator;
mod browser;
mod call;
mod charts;
mod codes;
mod devices;
mod door;
mod downloads;
mod handed_on;
mod headers;
mod imports;
mod injection;
mod keys;
mod language;
mod licence;
mod operators;
mod report;
mod rules;
mod set_up;
mod settings;
mod sign_in;
mod try_it;
mod users;
mod vouch;
