//! Enrolment, its self-test, and the change of an issuer key.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "enroll_rotate_probe/enrolling.rs"]
mod enrolling;
#[path = "enroll_rotate_probe/foreign.rs"]
mod foreign;
#[path = "enroll_rotate_probe/handing_over.rs"]
mod handing_over;
#[path = "enroll_rotate_probe/probing.rs"]
mod probing;
#[path = "enroll_rotate_probe/proving.rs"]
mod proving;
#[path = "enroll_rotate_probe/rotating.rs"]
mod rotating;
