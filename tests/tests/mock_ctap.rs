//! The software authenticator, command by command, as CTAP 2.1 wants it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "mock_ctap/platform.rs"]
mod platform;

#[path = "mock_ctap/assertions.rs"]
mod assertions;
#[path = "mock_ctap/client_pin.rs"]
mod client_pin;
#[path = "mock_ctap/files.rs"]
mod files;
#[path = "mock_ctap/large_blobs.rs"]
mod large_blobs;
#[path = "mock_ctap/management.rs"]
mod management;
#[path = "mock_ctap/power_cut.rs"]
mod power_cut;
