#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod desk;
mod failure;
mod key;
mod service;

pub use desk::{Answer, Asked, Desk, USER};
pub use failure::Failure;
pub use key::{Key, OLD_PIN};
pub use service::Service;
