#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod atr;
mod channel;
mod error;
mod list;
mod name;
mod service;
mod source;
mod watch;
mod worker;

pub use atr::{is_contactless, takes_extended_length};
pub use channel::{CardChannel, open};
pub use error::PcscError;
pub use list::{DeviceEntry, list};
pub use source::PcscSource;
pub use watch::{Event, Watch, watch};
