//! All tiles of a log, out of its leaves one after another.

use alloc::vec::Vec;
use core::mem;

use super::range::{Range, RangeError};
use super::tile::{HEIGHT, TILE_WIDTH, Tile};
use super::tree::TreeHash;

/// Makes a log's tiles as its leaves come in. It holds the right edge alone: one tile for each level.
#[derive(Clone, Debug, Default)]
pub struct Tiler {
    range: Range,
    /// Per level of tiles, the hashes behind its last full tile.
    open: Vec<Vec<u8>>,
}

impl Tiler {
    /// What came in up to now.
    #[must_use]
    pub const fn range(&self) -> &Range {
        &self.range
    }

    /// Adds a leaf by its [hash](super::leaf_hash). `full` is told each tile that is full now, and its bytes.
    ///
    /// # Errors
    /// [`RangeError::Full`] at [`MAX_SIZE`](super::MAX_SIZE) leaves; nothing has changed then.
    pub fn append(&mut self, leaf: TreeHash, mut full: impl FnMut(Tile, Vec<u8>)) -> Result<(), RangeError> {
        let open = &mut self.open;
        self.range.append(leaf, |level, index, hash| {
            if !level.is_multiple_of(HEIGHT) {
                return;
            }
            let level = level / HEIGHT;
            if open.len() <= level.into() {
                open.resize_with(usize::from(level) + 1, Vec::new);
            }
            let Some(hashes) = open.get_mut(usize::from(level)) else {
                return;
            };
            hashes.extend_from_slice(&hash.0);
            if hashes.len() == 32 * usize::from(TILE_WIDTH) {
                let (index, width) = (index >> HEIGHT, TILE_WIDTH);
                full(Tile { level, index, width }, mem::take(hashes));
            }
        })
    }

    /// The partial tiles at the right edge, with their bytes.
    pub fn partial(&self) -> impl Iterator<Item = (Tile, &[u8])> {
        let size = self.range.size();
        let open = (0_u8..).zip(&self.open).filter(|(_, hashes)| !hashes.is_empty());
        open.map(move |(level, hashes)| {
            let tile = Tile {
                level,
                index: size >> (u32::from(HEIGHT) * (u32::from(level) + 1)),
                width: u16::try_from(hashes.len() / 32).unwrap_or(TILE_WIDTH),
            };
            (tile, hashes.as_slice())
        })
    }
}
