//! mock

pub mod desk;
