//! The console without a port: a browser's requests to `app()`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod again;
mod approvals;
mod audit;
mod browser;
mod call;
mod door;
mod handed_on;
mod headers;
mod injection;
mod language;
mod settings;
mod sign_in;
mod try_it;
