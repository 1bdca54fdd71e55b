//! Where keys come from.

mod hardware;
mod port;

use std::sync::Arc;
use std::time::Duration;

use fido_unlock::HasCode;
use fido_unlock::host::ports::Transport;

pub use port::PortKey;

use crate::Failure;

/// A way to a key. A key may have several; its Device ID tells that it is one.
pub trait Route: Send + Sync {
    /// What the person sees: the product's or the reader's name.
    fn name(&self) -> &str;

    /// "usb", "card" or "port".
    fn kind(&self) -> &'static str;

    /// What tells it apart from other routes.
    fn path(&self) -> &str;

    /// Opens it.
    ///
    /// # Errors
    /// Why it cannot be opened.
    fn open(&self) -> Result<Box<dyn Transport>, Failure>;
}

/// What changed.
pub enum Change {
    /// A key was plugged in, a card inserted.
    Arrived(Arc<dyn Route>),
    /// A key was pulled, a card taken away: its path.
    Left(String),
}

/// Tells changes one by one; what is there at the beginning comes as arrived.
pub trait Keys: Send {
    /// The next change; `None` where none came within the time.
    ///
    /// # Errors
    /// Why keys cannot be listed; the next call tries again.
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure>;
}

/// The keys of this computer, or the one on a TCP port.
///
/// # Errors
/// [`fido_unlock::ErrorCode::NotBuilt`] in a program that was built without the features `hid` and
/// `pcsc`.
pub fn keys(port: Option<u16>) -> Result<Box<dyn Keys>, Failure> {
    if let Some(port) = port {
        return Ok(Box::new(PortKey::new(port)));
    }
    let hardware = hardware::Hardware::new()
        .map_err(|error| Failure::new(error.code(), "without them there is --key-port"))?;
    Ok(Box::new(hardware))
}

impl<T: Keys + ?Sized> Keys for Box<T> {
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure> {
        (**self).next(timeout)
    }
}
