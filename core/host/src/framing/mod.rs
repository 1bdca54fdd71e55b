//! From whole CTAP2 messages to HID reports and APDUs, and back (CTAP 2.1 §11.2 and §11.3).
//!
//! The machines ([`ctaphid::CtapHidMachine`], [`nfc::NfcMachine`]) touch neither device nor clock:
//! they take what came and the time, and answer with a [`Step`]. One loop (`drive`) joins a
//! machine with its byte port, the deadline, the cancel flag and the progress callback; with it
//! [`HidTransport`] and [`NfcTransport`] implement [`crate::ports::Transport`].

pub mod ctaphid;
pub mod nfc;

mod drive;
mod hid_transport;
mod nfc_transport;

pub use drive::{Machine, Step};
pub use hid_transport::HidTransport;
pub use nfc_transport::NfcTransport;

pub use fido_unlock_protocol::Interface;

/// What went over a transport since it was made. Sizes in bytes, as the byte port saw them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Calls of [`crate::ports::Transport::transact`].
    pub transactions: u64,
    /// Reports or command APDUs sent.
    pub sent: u64,
    /// Reports or response APDUs received.
    pub received: u64,
    /// Bytes in all that was sent.
    pub bytes_sent: u64,
    /// Bytes in all that was received.
    pub bytes_received: u64,
}

impl Statistics {
    pub(crate) fn count_sent(&mut self, bytes: usize) {
        self.sent += 1;
        self.bytes_sent += bytes as u64;
    }

    pub(crate) fn count_received(&mut self, bytes: usize) {
        self.received += 1;
        self.bytes_received += bytes as u64;
    }
}
