//! The decisions of a desk: plain functions over a [`Step`](crate::step::Step).
//!
//! Each checks all that must hold, in the order in which a person should be told, and writes rows and entries. What it
//! refuses is recorded by whoever runs it, in place of all that it wrote. Nothing here waits for a person, a signer or
//! a network: what does stands between two decisions.

pub(crate) mod alarm;
pub(crate) mod announce;
pub(crate) mod approval;
pub(crate) mod authorise;
pub(crate) mod call;
pub(crate) mod challenge;
pub(crate) mod clock;
pub(crate) mod close;
pub(crate) mod codes;
pub(crate) mod confirmed;
pub(crate) mod lookup;
pub(crate) mod manager_of;
pub(crate) mod managers;
pub(crate) mod notice;
pub(crate) mod operators;
pub(crate) mod passkeys;
pub(crate) mod registry;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod service;
pub(crate) mod sessions;
pub(crate) mod set_up;
pub(crate) mod sign_in;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod verification;
pub(crate) mod vouch;
pub(crate) mod who;
