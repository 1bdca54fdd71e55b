//! Command and response APDUs (ISO 7816-4 §5.1 and §5.2).
//!
//! | case | after CLA INS P1 P2 | Lc | Le |
//! | --- | --- | --- | --- |
//! | 1 | nothing | | |
//! | 2S | Le | | 1 byte, 00 = 256 |
//! | 3S | Lc, data | 1 byte, 01 to FF | |
//! | 4S | Lc, data, Le | 1 byte, 01 to FF | 1 byte, 00 = 256 |
//! | 2E | 00, Le | | 2 bytes, 0000 = 65536 |
//! | 3E | 00, Lc, data | 2 bytes, 0001 to FFFF | |
//! | 4E | 00, Lc, data, Le | 2 bytes, 0001 to FFFF | 2 bytes, 0000 = 65536 |

use alloc::vec::Vec;

use zeroize::Zeroizing;

/// Most data of a short APDU.
pub const SHORT_DATA: usize = 255;
/// Largest Le of a short APDU.
pub const SHORT_EXPECTED: u32 = 256;
/// Largest Le of an extended APDU.
pub const EXTENDED_EXPECTED: u32 = 65_536;

/// A command APDU.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApduCommand<'a> {
    /// CLA.
    pub class: u8,
    /// INS.
    pub instruction: u8,
    /// P1.
    pub p1: u8,
    /// P2.
    pub p2: u8,
    /// Command data, at most 65,535 bytes.
    pub data: &'a [u8],
    /// Ne, the most bytes wanted in the response: 1 to 65,536; `None` without Le.
    pub expected: Option<u32>,
    /// Whether lengths are written in the extended form.
    pub extended: bool,
}

/// Why bytes are not a command APDU, or a command cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an APDU of ISO 7816-4")]
pub struct ApduError;

impl<'a> ApduCommand<'a> {
    /// Reads a command APDU of any of the seven cases.
    ///
    /// # Errors
    /// [`ApduError`] where Lc or Le do not agree with the length.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ApduError> {
        let (&[class, instruction, p1, p2], body) = bytes.split_first_chunk::<4>().ok_or(ApduError)?;
        let (data, expected, extended): (&[u8], _, _) = match body {
            [] => (&[], None, false),
            [le] => (&[], Some(short_expected(*le)), false),
            [0, high, low] => (&[], Some(extended_expected(*high, *low)), true),
            [0, high, low, rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let (data, le) = split_data(rest, length)?;
                let expected = match le {
                    [] => None,
                    [high, low] => Some(extended_expected(*high, *low)),
                    _ => return Err(ApduError),
                };
                (data, expected, true)
            }
            [length, rest @ ..] => {
                let (data, le) = split_data(rest, usize::from(*length))?;
                let expected = match le {
                    [] => None,
                    [le] => Some(short_expected(*le)),
                    _ => return Err(ApduError),
                };
                (data, expected, false)
            }
        };
        Ok(Self {
            class,
            instruction,
            p1,
            p2,
            data,
            expected,
            extended,
        })
    }

    /// Writes it. The bytes may hold a Response Code: they zeroize themselves.
    ///
    /// # Errors
    /// [`ApduError`] where data or Ne do not fit the form, and for an Ne of 0.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, ApduError> {
        let most = if self.extended {
            EXTENDED_EXPECTED
        } else {
            SHORT_EXPECTED
        };
        if self
            .expected
            .is_some_and(|expected| expected == 0 || expected > most)
        {
            return Err(ApduError);
        }
        let length = u16::try_from(self.data.len()).map_err(|_| ApduError)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.data.len() + 9));
        bytes.extend([self.class, self.instruction, self.p1, self.p2]);
        if self.extended {
            if length > 0 || self.expected.is_some() {
                bytes.push(0);
            }
            if length > 0 {
                bytes.extend(length.to_be_bytes());
            }
        } else if length > 0 {
            bytes.push(u8::try_from(length).map_err(|_| ApduError)?);
        }
        bytes.extend(self.data);
        if let Some(expected) = self.expected {
            // The low bytes: 256 and 65,536 are written as zeros.
            let [_, _, high, low] = expected.to_be_bytes();
            if self.extended {
                bytes.push(high);
            }
            bytes.push(low);
        }
        Ok(bytes)
    }
}

fn split_data(rest: &[u8], length: usize) -> Result<(&[u8], &[u8]), ApduError> {
    if length == 0 {
        return Err(ApduError);
    }
    rest.split_at_checked(length).ok_or(ApduError)
}

fn short_expected(le: u8) -> u32 {
    if le == 0 { SHORT_EXPECTED } else { u32::from(le) }
}

fn extended_expected(high: u8, low: u8) -> u32 {
    match u16::from_be_bytes([high, low]) {
        0 => EXTENDED_EXPECTED,
        le => u32::from(le),
    }
}

/// A response APDU.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApduResponse<'a> {
    /// Response data.
    pub data: &'a [u8],
    /// SW1 SW2; see [`status_word`].
    pub status: u16,
}

impl<'a> ApduResponse<'a> {
    /// Reads a response; `None` below two bytes.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (data, status) = bytes.split_last_chunk::<2>()?;
        Some(Self {
            data,
            status: u16::from_be_bytes(*status),
        })
    }
}

/// Status words (ISO 7816-4 §5.6, CTAP 2.1 §11.3.7).
pub mod status_word {
    /// Success.
    pub const OK: u16 = 0x9000;
    /// The card still works; the data is the keep-alive status byte.
    pub const KEEPALIVE: u16 = 0x9100;
    /// SW1 of 61xx: GET RESPONSE gives xx more bytes (00: 256 or more).
    pub const MORE_DATA: u8 = 0x61;
    /// SW1 of 6Cxx: wrong Le, the right one is xx.
    pub const WRONG_LE: u8 = 0x6C;
    /// Wrong length.
    pub const WRONG_LENGTH: u16 = 0x6700;
    /// SW1 of 68xx: logical channel, secure messaging or chaining not supported.
    pub const CLASS_FUNCTION: u8 = 0x68;
    /// Command chaining is not supported.
    pub const CHAINING_NOT_SUPPORTED: u16 = 0x6884;
    /// Conditions of use are not satisfied.
    pub const CONDITIONS: u16 = 0x6985;
    /// Function not supported.
    pub const NOT_SUPPORTED: u16 = 0x6A81;
    /// File or application not found.
    pub const NOT_FOUND: u16 = 0x6A82;
    /// Wrong P1 or P2.
    pub const WRONG_P1_P2: u16 = 0x6A86;
    /// Applet selection failed (Java Card).
    pub const SELECT_FAILED: u16 = 0x6999;
    /// Unknown instruction.
    pub const UNKNOWN_INSTRUCTION: u16 = 0x6D00;
    /// Unknown class.
    pub const UNKNOWN_CLASS: u16 = 0x6E00;
    /// No precise diagnosis.
    pub const UNKNOWN: u16 = 0x6F00;
}
