//! CTAP over ISO 7816-4 APDUs, over NFC and in contact readers alike (CTAP 2.1 §11.3).

mod apdu;
mod exchange;
mod machine;
#[cfg(test)]
mod tests;

pub use apdu::{ApduCommand, ApduError, ApduResponse, EXTENDED_EXPECTED, SHORT_EXPECTED, status_word};
pub use machine::{CardMemory, NfcMachine};

/// AID of the FIDO applet (CTAP 2.1 §11.3.3).
pub const FIDO_AID: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01];
/// AID of the unlock applet, the vendor interface: F0 (proprietary, ISO 7816-5) and "fido-unlock".
pub const VENDOR_AID: [u8; 12] = *b"\xF0fido-unlock";
/// What the unlock applet answers to SELECT. Another answer is another applet, or another version.
pub const VENDOR_VERSION: &[u8] = b"FIDO_UNLOCK_1";

/// Class of NFCCTAP_MSG and NFCCTAP_GETRESPONSE.
pub const CLASS_CTAP: u8 = 0x80;
/// Class of the commands of ISO 7816-4.
pub const CLASS_ISO: u8 = 0x00;
/// Bit of the class: more of this command follows (ISO 7816-4 §5.3.3).
pub const CHAINING: u8 = 0x10;

/// Instruction bytes.
pub mod instruction {
    /// NFCCTAP_MSG: a CTAP2 message (§11.3.7.1).
    pub const MSG: u8 = 0x10;
    /// NFCCTAP_GETRESPONSE: asks again after SW 9100 (§11.3.7.2).
    pub const GET_RESPONSE: u8 = 0x11;
    /// SELECT (ISO 7816-4 §11.2.2).
    pub const SELECT: u8 = 0xA4;
    /// GET RESPONSE of ISO 7816-4 §11.7.1: the rest of an answer after SW 61xx.
    pub const ISO_GET_RESPONSE: u8 = 0xC0;
}

/// P1 of NFCCTAP_MSG: the host understands SW 9100.
pub const P1_KEEPALIVE: u8 = 0x80;
/// P1 of NFCCTAP_GETRESPONSE: cancel what runs.
pub const P1_CANCEL: u8 = 0x11;
