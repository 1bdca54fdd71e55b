//! The right edge of a tree: the roots of its full subtrees, largest first. It is all that is needed to add a
//! leaf and to tell the root, and it grows with the logarithm of the tree.

use alloc::vec::Vec;

use super::tree::{MAX_SIZE, TreeHash, node_hash};

/// How far a log reaches: its size and its right edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    size: u64,
    /// One for each bit of `size` that is set, largest subtree first.
    peaks: Vec<TreeHash>,
}

/// Why bytes are no range, or a leaf could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// Their length is not that of any range, or the size is beyond [`MAX_SIZE`].
    #[error("these bytes are no range of a tree")]
    Malformed,
    /// The tree has [`MAX_SIZE`] leaves.
    #[error("the log is full")]
    Full,
}

impl Default for Range {
    fn default() -> Self {
        Self::empty()
    }
}

impl Range {
    /// Of a tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its [hash](super::leaf_hash). `full` is told each subtree that is now full, as (level,
    /// index, root): the leaf itself first.
    ///
    /// # Errors
    /// [`RangeError::Full`] at [`MAX_SIZE`] leaves; nothing has changed then.
    pub fn append(
        &mut self,
        leaf: TreeHash,
        mut full: impl FnMut(u8, u64, TreeHash),
    ) -> Result<(), RangeError> {
        if self.size >= MAX_SIZE {
            return Err(RangeError::Full);
        }
        let mut hash = leaf;
        full(0, self.size, hash);
        for level in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            full(level as u8 + 1, self.size >> (level + 1), hash);
        }
        self.peaks.push(hash);
        self.size += 1;
        Ok(())
    }

    /// The root of the tree.
    ///
    /// ```
    /// use fido_unlock_desk::log::{Range, leaf_hash, node_hash};
    ///
    /// let mut log = Range::empty();
    /// log.append(leaf_hash(b"one"), |_, _, _| ())?;
    /// log.append(leaf_hash(b"two"), |_, _, _| ())?;
    /// assert_eq!(log.root(), node_hash(&leaf_hash(b"one"), &leaf_hash(b"two")));
    /// # Ok::<(), fido_unlock_desk::log::RangeError>(())
    /// ```
    #[must_use]
    pub fn root(&self) -> TreeHash {
        let joined = self.peaks.iter().rev().copied();
        joined
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(TreeHash::of_nothing)
    }

    /// Size (8 bytes, big-endian) ‖ the roots of the full subtrees, 32 bytes each, largest first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.size.to_be_bytes().to_vec();
        self.peaks.iter().for_each(|peak| out.extend_from_slice(&peak.0));
        out
    }

    /// From [`Range::to_bytes`].
    ///
    /// # Errors
    /// [`RangeError::Malformed`] when they are no range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RangeError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(RangeError::Malformed)?;
        let size = u64::from_be_bytes(*size);
        let (peaks, rest) = rest.as_chunks();
        if size > MAX_SIZE || !rest.is_empty() || peaks.len() != size.count_ones() as usize {
            return Err(RangeError::Malformed);
        }
        Ok(Self {
            size,
            peaks: peaks.iter().copied().map(TreeHash).collect(),
        })
    }
}
