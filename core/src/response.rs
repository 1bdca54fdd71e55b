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
