//! A help desk behind its service: no folder and no passphrase are here, only its address and an access token.

mod sign_in;
mod token;

pub use sign_in::{sign_in, sign_out};

use fido_unlock_remote::{Connection, RemoteDesk, ServiceAddress, Trust};

use crate::args::{Named, ServiceOptions};
use crate::brought::read_bytes;
use crate::failure::Failure;

/// A desk that is spoken to in an operator's name.
pub struct Service {
    /// The desk.
    pub desk: RemoteDesk,
    /// In whose name.
    pub operator: String,
}

/// The address that a command names; `None` where it names a folder.
pub fn address(named: &Named<'_>) -> Result<Option<ServiceAddress>, Failure> {
    let text = named.desk.to_str().filter(|text| ServiceAddress::is_meant(text));
    let Some(text) = text else { return Ok(None) };
    if named.operator.is_some() {
        return Err(Failure::usage(
            "--operator is for a desk's folder: at an address the access token says who you are",
        ));
    }
    Ok(Some(ServiceAddress::parse(text)?))
}

/// How a service is spoken to.
pub fn connection(address: ServiceAddress, options: &ServiceOptions) -> Result<Connection, Failure> {
    let trust = match &options.ca {
        None => Trust::System,
        Some(path) => Trust::of_pem(&read_bytes(path)?).map_err(|fault| Failure::at(path, &fault))?,
    };
    Ok(Connection::new(address, trust))
}

impl Service {
    /// By its access token, which counts: nothing is asked of a person before that is known.
    pub fn open(address: ServiceAddress, options: &ServiceOptions) -> Result<Self, Failure> {
        let token = token::find(&address, options)?;
        let desk = RemoteDesk::new(connection(address, options)?, token);
        let operator = desk.myself()?.operator;
        Ok(Self { desk, operator })
    }
}
