#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod backup;
mod fault;
mod kept;
mod options;
mod places;
mod private;
mod schema;
mod search;
mod store;
mod texts;
mod transaction;
mod write;

pub use options::{LONGEST_WAIT, SqliteOptions};
pub use store::SqliteStore;
