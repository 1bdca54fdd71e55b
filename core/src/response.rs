//! The Response Code.

use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::suite::Suite;

/// A response of one suite, as bytes: 64, 13 or 16.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ResponseCode {
    #[zeroize(skip)]
    suite: Suite,
    bytes: Vec<u8>,
}

impl ResponseCode {
    /// From the bytes on the wire.
    ///
    /// # Errors
    /// When their length is not the suite's.
    #[allow(clippy::result_unit_err)]
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, ()> {
        if bytes.len() != suite.response_length() {
            return Err(());
        }
        Ok(Self {
            suite,
            bytes: bytes.to_vec(),
        })
    }

    /// The suite that it is of.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
