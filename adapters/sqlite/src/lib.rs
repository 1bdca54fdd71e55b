#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod backup;
mod columns;
mod connect;
mod derived;
mod fault;
mod idle;
mod kept;
mod options;
mod places;
mod private;
mod reading;
mod reads;
mod schema;
mod search;
mod shared;
mod store;
mod texts;
mod view;
mod write;

pub use options::{LONGEST_WAIT, SqliteOptions};
pub use store::SqliteStore;
