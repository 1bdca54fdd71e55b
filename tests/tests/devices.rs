//! Several sources of devices as one: a key seen twice is one device, and no device hides another.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "devices/fake.rs"]
mod fake;
#[path = "devices/joining.rs"]
mod joining;
#[path = "devices/many.rs"]
mod many;
#[path = "devices/opening.rs"]
mod opening;
#[path = "devices/properties.rs"]
mod properties;
#[path = "devices/up_required.rs"]
mod up_required;
#[path = "devices/watching.rs"]
mod watching;
