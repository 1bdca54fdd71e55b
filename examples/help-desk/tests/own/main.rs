//! The console over a desk of one's own, as it is started: each test a process, asked over sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]
#![cfg(unix)]

mod guide;
mod house;
mod limits;
mod operations;
#[cfg(target_os = "linux")]
#[path = "../../../../tests/tests/no_secret_in_memory/search.rs"]
mod search;
mod secrets;
mod starting;
mod tls;
