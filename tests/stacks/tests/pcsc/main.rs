//! The virtual key as a card in a reader of a private pcscd. Needs Debian's packages pcscd,
//! vsmartcard-vpcd and libpcsclite-dev, and Python with its headers.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

mod bulk;
mod faults;
#[path = "../../../../adapters/pcsc/tests/vpcd/support.rs"]
#[allow(dead_code)]
mod pcscd;
mod shapes;
mod suite;
mod support;
mod unlock;
mod watch;
