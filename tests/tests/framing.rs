//! CTAPHID and NFC framing: vectors, the host's machines against the software device, and machines
//! under anything that a device may send.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "framing/card.rs"]
mod card;
#[path = "framing/hid.rs"]
mod hid;
#[path = "framing/properties.rs"]
mod properties;
#[path = "framing/support.rs"]
mod support;
#[path = "framing/vectors.rs"]
mod vectors;
