//! Tiles (C2SP tlog-tiles): 256 neighbouring hashes of one level as one resource, so that a log lies in files or
//! rows that never change once they are full. Level L of tiles holds level 8 · L of the tree.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::tree::{MAX_SIZE, TreeHash, node_hash};

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Levels of the tree between two levels of tiles.
pub(crate) const HEIGHT: u8 = 8;

/// The name of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Level of tiles, from 0, the leaves.
    pub level: u8,
    /// Place in its level, from 0.
    pub index: u64,
    /// How many hashes it has, 1 to [`TILE_WIDTH`].
    pub width: u16,
}

/// Why a tile gives no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// Its bytes are not as many hashes as its name says.
    #[error("the tile has another length than its name says")]
    Length,
    /// It does not hold all that the node stands for.
    #[error("the tile does not hold that node")]
    Elsewhere,
}

impl Tile {
    /// The tile that holds the node (`level` of the tree, `index` in it) of a tree of `size` leaves: full, or as
    /// wide as the tree has it. `None` where the tree has no such full subtree.
    #[must_use]
    pub fn of(level: u8, index: u64, size: u64) -> Option<Self> {
        let end = index.checked_add(1)?.checked_shl(level.into())?;
        if size > MAX_SIZE || end > size || (end >> level) != index.checked_add(1)? {
            return None;
        }
        let (tile_level, within) = (level / HEIGHT, level % HEIGHT);
        let first = index.checked_shl(within.into())?;
        let index = first >> HEIGHT;
        let there = (size >> (tile_level * HEIGHT)) - (index << HEIGHT);
        Some(Self {
            level: tile_level,
            index,
            width: u16::try_from(there).unwrap_or(TILE_WIDTH).min(TILE_WIDTH),
        })
    }

    /// The tiles that a tree of `size` leaves has beyond those of `before` leaves: full ones, and the partial ones
    /// at its right edge.
    #[must_use]
    pub fn new_ones(before: u64, size: u64) -> Vec<Self> {
        let mut out = Vec::new();
        for level in 0..=u8::try_from(MAX_SIZE.trailing_zeros() / u32::from(HEIGHT)).unwrap_or(0) {
            let (old, new) = (before >> (level * HEIGHT), size >> (level * HEIGHT));
            for index in (old >> HEIGHT)..=(new >> HEIGHT) {
                let width = u16::try_from(new - (index << HEIGHT))
                    .unwrap_or(TILE_WIDTH)
                    .min(TILE_WIDTH);
                if width > 0 && new > old {
                    out.push(Self { level, index, width });
                }
            }
        }
        out
    }

    /// Whether it will never change.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Its path, without a prefix: `tile/0/x001/067.p/8`.
    ///
    /// ```
    /// use fido_unlock_desk::log::Tile;
    ///
    /// let tile = Tile { level: 0, index: 1_234_067, width: 256 };
    /// assert_eq!(tile.path(), "tile/0/x001/x234/067");
    /// ```
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, self.place())
    }

    /// The path of the entries that a tile of level 0 has the hashes of: `tile/entries/000.p/8`.
    #[must_use]
    pub fn entries_path(&self) -> String {
        format!("tile/entries/{}", self.place())
    }

    /// Its place in its level, as paths have it: `x001/067.p/8`.
    pub(crate) fn place(&self) -> String {
        let mut path = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1000);
            rest /= 1000;
        }
        if self.is_full() {
            path
        } else {
            format!("{path}.p/{}", self.width)
        }
    }

    /// The hash of the node (`level` of the tree, `index` in it) out of the tile's `bytes`, 32 for each hash.
    ///
    /// # Errors
    /// [`TileError`] when the bytes are not the tile's or the node is not in it.
    pub fn node(&self, bytes: &[u8], level: u8, index: u64) -> Result<TreeHash, TileError> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != usize::from(self.width) {
            return Err(TileError::Length);
        }
        let within = level
            .checked_sub(self.level * HEIGHT)
            .filter(|within| *within < HEIGHT)
            .ok_or(TileError::Elsewhere)?;
        let first = index.checked_shl(within.into()).ok_or(TileError::Elsewhere)?;
        if first >> HEIGHT != self.index || (first >> within) != index {
            return Err(TileError::Elsewhere);
        }
        let from = usize::try_from(first - (self.index << HEIGHT)).map_err(|_| TileError::Elsewhere)?;
        let leaves = hashes
            .get(from..from + (1 << within))
            .ok_or(TileError::Elsewhere)?;
        let mut level: Vec<TreeHash> = leaves.iter().copied().map(TreeHash).collect();
        while level.len() > 1 {
            level = level
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[left, right]| node_hash(left, right))
                .collect();
        }
        level.first().copied().ok_or(TileError::Elsewhere)
    }
}
