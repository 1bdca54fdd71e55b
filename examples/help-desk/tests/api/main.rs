//! The service for programs without a port: requests to `app()` by access token.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod audit;
#[path = "../console/browser.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod browser;
mod call;
mod described;
mod devices;
mod log;
mod made_up;
mod program;
mod refusals;
mod rules;
mod tokens;
