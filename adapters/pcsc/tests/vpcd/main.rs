//! The adapter over a real pcscd and the virtual readers of vpcd. Needs Debian's packages pcscd,
//! vsmartcard-vpcd and util-linux.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

mod contracts;
mod faults;
mod readers;
mod service;
mod support;
mod unlock;
