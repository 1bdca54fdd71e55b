#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod backup;
mod derived;
mod fault;
mod options;
mod places;
mod private;
mod schema;
mod search;
mod shared;
mod store;
mod texts;
mod transaction;
mod write;

pub use options::{LONGEST_WAIT, SqliteOptions};
pub use store::SqliteStore;
