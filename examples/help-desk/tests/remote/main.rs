//! The service as those see it who are elsewhere: the client library and the command line, over sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]
#![cfg(unix)]

mod attack;
mod client;
mod command;
mod guide;
mod lost;
mod reading;
mod served;
mod sign_in;
mod station;
mod tls;
