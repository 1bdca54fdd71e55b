#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod desk;
mod failure;
mod key;
mod proxy;
mod service;

pub use desk::{Answer, Asked, Desk, USER};
pub use failure::Failure;
pub use key::{Key, OLD_PIN};
pub use proxy::WatchedProxy;
pub use service::Service;
