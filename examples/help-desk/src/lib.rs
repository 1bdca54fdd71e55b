#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod app;
mod csrf;
pub mod demo;
mod desks;
mod door;
mod language;
mod page;
mod refusal;
mod routes;
mod session;
mod site;
mod verification;

pub use app::{App, AppParts, app};
pub use desks::{Desks, MakeDesk};
pub use refusal::Refusal;
pub use routes::{Access, Route, routes};
pub use site::Site;
