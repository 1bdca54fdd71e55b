#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod app;
mod authorizations;
mod ceremonies;
mod client;
pub mod config;
mod csrf;
pub mod demo;
mod desks;
mod door;
mod guesses;
mod language;
pub mod logging;
mod metrics;
mod new_password;
mod observe;
mod operations;
pub mod own_desk;
mod packages;
mod page;
mod passphrase;
mod problem;
mod refusal;
mod routes;
mod secret_file;
mod serve;
mod session;
mod site;
mod tls;
mod verification;

pub use app::{App, AppParts, MakeNoteSigner, app};
pub use client::Client;
pub use desks::{Desks, MakeDesk};
pub use packages::{Package, Packages};
pub use passphrase::{NoPassphrase, passphrase};
pub use refusal::Refusal;
pub use routes::{Access, Route, routes};
pub use secret_file::SecretFileFault;
pub use serve::Serving;
pub use site::Site;
pub use tls::{Certificate, TlsFault};
