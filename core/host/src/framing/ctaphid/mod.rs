//! CTAPHID: messages in HID reports (CTAP 2.1 §11.2).

mod machine;
mod packet;
#[cfg(test)]
mod tests;

pub use machine::CtapHidMachine;
pub use packet::{Assembly, AssemblyError, Packet, max_message_size, packet, packet_count};

/// The channel on which channels are allocated (§11.2.3).
pub const BROADCAST_CHANNEL: u32 = 0xFFFF_FFFF;

/// Usage page of the FIDO interface (§11.2.8.2).
pub const FIDO_USAGE_PAGE: u16 = 0xF1D0;
/// Usage page of the vendor interface (docs/protocol.md, "Transports").
pub const VENDOR_USAGE_PAGE: u16 = 0xFF55;
/// The usage on either page.
pub const USAGE: u16 = 0x01;

/// Smallest report that holds the answer to CTAPHID_INIT: 7 bytes of head and 17 of data.
pub const MIN_REPORT_SIZE: usize = 24;

/// Commands (§11.2.9), without the bit 0x80 that marks an initialization packet.
pub mod command {
    /// Echo.
    pub const PING: u8 = 0x01;
    /// A CTAP1 message.
    pub const MSG: u8 = 0x03;
    /// Lock the channel.
    pub const LOCK: u8 = 0x04;
    /// Allocate or resynchronize a channel.
    pub const INIT: u8 = 0x06;
    /// Blink.
    pub const WINK: u8 = 0x08;
    /// A CTAP2 message.
    pub const CBOR: u8 = 0x10;
    /// Cancel what runs on this channel; it is not answered itself.
    pub const CANCEL: u8 = 0x11;
    /// The device still works, or waits for a touch.
    pub const KEEPALIVE: u8 = 0x3B;
    /// An error of the framing.
    pub const ERROR: u8 = 0x3F;
}

/// Values of CTAPHID_ERROR (§11.2.9.1.6).
pub mod error_code {
    /// ERR_INVALID_CMD.
    pub const INVALID_CMD: u8 = 0x01;
    /// ERR_INVALID_PAR.
    pub const INVALID_PAR: u8 = 0x02;
    /// ERR_INVALID_LEN.
    pub const INVALID_LEN: u8 = 0x03;
    /// ERR_INVALID_SEQ.
    pub const INVALID_SEQ: u8 = 0x04;
    /// ERR_MSG_TIMEOUT.
    pub const MSG_TIMEOUT: u8 = 0x05;
    /// ERR_CHANNEL_BUSY.
    pub const CHANNEL_BUSY: u8 = 0x06;
    /// ERR_LOCK_REQUIRED.
    pub const LOCK_REQUIRED: u8 = 0x0A;
    /// ERR_INVALID_CHANNEL.
    pub const INVALID_CHANNEL: u8 = 0x0B;
    /// ERR_OTHER.
    pub const OTHER: u8 = 0x7F;
}

/// Bits of the last byte of the answer to CTAPHID_INIT (§11.2.9.1.3).
pub mod capability {
    /// CTAPHID_WINK is implemented.
    pub const WINK: u8 = 0x01;
    /// CTAPHID_CBOR is implemented.
    pub const CBOR: u8 = 0x04;
    /// CTAPHID_MSG is not implemented.
    pub const NMSG: u8 = 0x08;
}
