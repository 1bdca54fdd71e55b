//! The program as a person or a script runs it: each command a process of its own, secrets on standard
//! input, judged by exit code and JSON.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod administration;
mod attacks;
mod bench;
mod brought;
mod bulk;
mod calls;
mod files;
mod flow;
#[cfg(unix)]
mod guide;
mod keys;
#[cfg(target_os = "linux")]
mod output;
mod refusals;
mod secrets;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod terminal;
mod typing;
#[cfg(target_os = "linux")]
mod witness;
