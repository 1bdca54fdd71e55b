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
mod starting;
mod tls;
