//! A log that anyone can check: a Merkle tree over its entries (RFC 9162, section 2.1), stored in tiles, with
//! signed checkpoints and proofs in the formats of C2SP (tlog-tiles, signed-note, tlog-checkpoint, tlog-proof,
//! all at version 1), which other people's programs read.
//!
//! An entry is a leaf; the tree knows bytes only. What stands in the desk's head is a [`Range`]; hashes below
//! it are read through [`Nodes`].

mod bundle;
mod checkpoint;
mod note_signer;
mod proof;
mod range;
mod tile;
mod tiler;
mod tree;

pub use bundle::{bundle, unbundle};
pub use checkpoint::{Origin, TreeHead, TreeHeadError};
pub use fido_unlock_protocol::note::{KeyName, NoteError, NoteVerifier, SignedNote};
pub use note_signer::{NoteSigner, SoftwareNoteSigner, sign_note};
pub use proof::{
    ProofError, ProofFile, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion,
};
pub use range::{Range, RangeError};
pub use tile::{TILE_WIDTH, Tile, TileError};
pub use tiler::Tiler;
pub use tree::{MAX_SIZE, Nodes, TreeHash, leaf_hash, node_hash, subtree};
