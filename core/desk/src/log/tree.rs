//! Hashes of leaves and nodes (RFC 9162, section 2.1.1), and where a tree's nodes come from.

use sha2::{Digest, Sha256};

/// A tree has no more leaves than this: numbers of nodes stay far from 64 bits' end.
pub const MAX_SIZE: u64 = 1 << 48;

/// The hash of a leaf, a node or a whole tree: SHA-256, 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TreeHash(pub [u8; 32]);

impl TreeHash {
    /// The hash of a tree without leaves: SHA-256 of nothing.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }
}

/// The hash of a leaf: SHA-256(00 ‖ `entry`).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> TreeHash {
    TreeHash(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
}

/// The hash of an inner node: SHA-256(01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    let hash = Sha256::new_with_prefix([1])
        .chain_update(left.0)
        .chain_update(right.0);
    TreeHash(hash.finalize().into())
}

/// The nodes that never change: roots of full subtrees.
pub trait Nodes {
    /// Why a node could not be read.
    type Error;

    /// The root of the subtree over the 2^`level` leaves from `index` · 2^`level` on, all of which the tree has.
    ///
    /// # Errors
    /// When the store has no such node or could not be read.
    fn node(&self, level: u8, index: u64) -> Result<TreeHash, Self::Error>;
}

/// The hash over leaves `from` (inclusive) to `to` (exclusive), MTH of RFC 9162, section 2.1.1, where `from` is
/// a multiple of the smallest power of two that is not below their number, as everywhere in a tree.
///
/// # Errors
/// What `nodes` answers.
pub fn subtree<N: Nodes + ?Sized>(nodes: &N, from: u64, to: u64) -> Result<TreeHash, N::Error> {
    let count = to.saturating_sub(from);
    if count == 0 {
        return Ok(TreeHash::of_nothing());
    }
    // Full subtrees from the left, each the largest that fits, joined from the right.
    let mut right = None;
    let mut end = to;
    while end > from {
        let level = (end - from).trailing_zeros();
        let width = 1_u64 << level;
        let left = nodes.node(level as u8, (end - width) >> level)?;
        right = Some(right.map_or(left, |right| node_hash(&left, &right)));
        end -= width;
    }
    Ok(right.unwrap_or_else(TreeHash::of_nothing))
}
