//! Where a row stands in the map, and the names of its nodes.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

const LABEL: &[u8] = b"fido-unlock/1 map key\0";

/// The place of a row: SHA-256("fido-unlock/1 map key" ‖ 00 ‖ length of the table's name (1 byte) ‖ name ‖
/// primary key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapKey(pub(super) [u8; 32]);

impl MapKey {
    /// Of the row with this primary key, as bytes, in a table with a name of at most 255 bytes.
    #[must_use]
    pub fn new(table: &str, primary_key: &[u8]) -> Self {
        let hash = Sha256::new()
            .chain_update(LABEL)
            .chain_update([table.len() as u8])
            .chain_update(table)
            .chain_update(primary_key);
        Self(hash.finalize().into())
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Half-byte `at` of a key, from the most significant; 0 beyond its end.
pub(super) fn nibble(key: &MapKey, at: u8) -> u8 {
    let byte = key.0.get(usize::from(at / 2)).copied().unwrap_or(0);
    if at.is_multiple_of(2) {
        byte >> 4
    } else {
        byte & 15
    }
}

/// The name of a node: the half-bytes that the keys of all rows below it begin with. In their order a node comes before
/// all below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Prefix {
    /// Those beyond `length` are 0.
    bytes: [u8; 32],
    length: u8,
}

impl Prefix {
    /// How many half-bytes, 0 at the root.
    #[must_use]
    pub const fn len(&self) -> u8 {
        self.length
    }

    /// The half-bytes, the rest of the 32 bytes being 0.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Whether it is the root's.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The number of half-bytes (1 byte) ‖ as many bytes as they need, the last filled up with zeros: what a store
    /// keys the node by.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let used = usize::from(self.length.div_ceil(2));
        let bytes = self.bytes.get(..used).unwrap_or_default();
        [&[self.length], bytes].concat()
    }

    pub(super) fn child(&self, at: u8) -> Self {
        let mut next = *self;
        if let Some(byte) = next.bytes.get_mut(usize::from(self.length / 2)) {
            *byte |= if self.length.is_multiple_of(2) {
                at << 4
            } else {
                at
            };
            next.length += 1;
        }
        next
    }

    /// `None` for the root's.
    pub(super) fn parent(&self) -> Option<Self> {
        let mut above = *self;
        above.length = self.length.checked_sub(1)?;
        if let Some(byte) = above.bytes.get_mut(usize::from(above.length / 2)) {
            *byte &= if above.length.is_multiple_of(2) { 0 } else { 0xf0 };
        }
        Some(above)
    }

    pub(super) fn last(&self) -> u8 {
        self.length
            .checked_sub(1)
            .map_or(0, |at| nibble(&MapKey(self.bytes), at))
    }
}
