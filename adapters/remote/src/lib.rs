#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
mod audit;
mod calls;
mod desk;
mod devices;
mod error;
mod http;
pub mod model;
mod sign_in;

pub use address::{AddressFault, ServiceAddress};
pub use audit::LogFilter;
pub use desk::RemoteDesk;
pub use devices::NewDevice;
pub use error::{Problem, RemoteError};
pub use http::{Connection, Trust, TrustFault};
pub use sign_in::{BrowserSignIn, NotAllowed};
