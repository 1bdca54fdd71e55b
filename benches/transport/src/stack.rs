//! What a stack must offer to be measured.

use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::ports::Transport;

use crate::device::Exchange;

/// A way to the device: by the operating system's stack alone, and by this library's adapter on it.
pub trait Stack {
    /// The adapter's transport.
    type Transport: Transport;
    /// An open device without this library.
    type Raw;
    /// What the rows are called.
    const NAME: &'static str;
    /// One exchange with nothing but the message: a smaller floor, where messages are bracketed by
    /// calls of the stack.
    const HAS_BRACKETS: bool;

    /// Opens the device as the library does.
    fn open(&self, interface: Interface) -> Self::Transport;

    /// Opens the device by the calls of the stack.
    fn open_raw(&self) -> Self::Raw;

    /// Reads away what the transport was given of others' exchanges.
    fn drain(transport: &mut Self::Transport);

    /// These exchanges over the stack alone; with `brackets`, each in those that a message needs.
    fn raw(raw: &mut Self::Raw, exchanges: &[Exchange], brackets: bool) -> Duration;
}
