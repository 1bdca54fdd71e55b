//! Proofs that an entry is in a tree, and that one tree is the beginning of another (RFC 9162, sections 2.1.3 and
//! 2.1.4), and the former as a file that is checked without the log (C2SP tlog-proof).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use base64ct::{Base64, Encoding};
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;
use sha2::digest::Output;

use super::checkpoint::{Origin, TreeHead, hash_of, number};
use super::tree::{MAX_SIZE, Nodes, TreeHash, subtree};
use fido_unlock_protocol::note::{NoteError, NoteVerifier, SignedNote};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The file is no proof, or has other bytes than a writer would give it.
    #[error("line {line} is not as a proof has it")]
    Malformed {
        /// From 1.
        line: usize,
    },
    /// Its checkpoint is not signed by a key that is trusted.
    #[error("the proof's checkpoint: {0}")]
    Note(#[from] NoteError),
    /// Its checkpoint is another log's.
    #[error("the proof is of another log")]
    Origin,
    /// The hashes do not lead from the entry to the root, or from one root to the other.
    #[error("the proof does not lead to the tree's root")]
    Wrong,
    /// No such place in a tree of that size, or no such tree.
    #[error("there is no such place in a tree of that size")]
    Range,
}

/// The hashes that lead from leaf `index` to the root of the tree of `size` leaves, from the leaf up
/// (RFC 9162, section 2.1.3.1). `None` where the tree has no such leaf.
///
/// # Errors
/// What `nodes` answers.
pub fn inclusion_proof<N: Nodes + ?Sized>(
    nodes: &N,
    size: u64,
    index: u64,
) -> Result<Option<Vec<TreeHash>>, N::Error> {
    if index >= size || size > MAX_SIZE {
        return Ok(None);
    }
    let needed = ct_merkle::indices_for_inclusion_proof(size, index);
    needed
        .into_iter()
        .map(|at| node(nodes, at, size))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The hashes that show that the tree of `old` leaves is the beginning of the one of `new` (RFC 9162, section
/// 2.1.4.1). `None` where either has no leaves or `old` is the larger.
///
/// # Errors
/// What `nodes` answers.
pub fn consistency_proof<N: Nodes + ?Sized>(
    nodes: &N,
    old: u64,
    new: u64,
) -> Result<Option<Vec<TreeHash>>, N::Error> {
    if old == 0 || old > new || new > MAX_SIZE {
        return Ok(None);
    }
    let needed = ct_merkle::indices_for_consistency_proof(old, new - old);
    needed
        .into_iter()
        .map(|at| node(nodes, at, new))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// A node by its number among all, leaves at the even ones; at the right edge it stands for what there is.
fn node<N: Nodes + ?Sized>(nodes: &N, at: u64, size: u64) -> Result<TreeHash, N::Error> {
    let level = at.trailing_ones();
    let from = (at >> (level + 1)) << level;
    subtree(nodes, from, size.min(from + (1 << level)))
}

/// Whether `entry` is leaf `index` of the tree.
///
/// # Errors
/// [`ProofError::Range`] where the tree has no such leaf, [`ProofError::Wrong`] where the proof leads elsewhere.
pub fn verify_inclusion(
    size: u64,
    root: &TreeHash,
    index: u64,
    entry: &[u8],
    proof: &[TreeHash],
) -> Result<(), ProofError> {
    if index >= size || size > MAX_SIZE {
        return Err(ProofError::Range);
    }
    let proof = InclusionProof::<Sha256>::from_digests(&digests(proof));
    tree(size, root)
        .verify_inclusion(&entry, index, &proof)
        .map_err(|_| ProofError::Wrong)
}

/// Whether the tree of `old.0` leaves and root `old.1` is the beginning of that of `new`.
///
/// # Errors
/// [`ProofError::Range`] where either tree has no leaves or the old one is the larger, [`ProofError::Wrong`] where
/// the proof does not join their roots.
pub fn verify_consistency(
    old: (u64, &TreeHash),
    new: (u64, &TreeHash),
    proof: &[TreeHash],
) -> Result<(), ProofError> {
    if old.0 == 0 || old.0 > new.0 || new.0 > MAX_SIZE {
        return Err(ProofError::Range);
    }
    if old.0 == new.0 && old.1 != new.1 {
        return Err(ProofError::Wrong);
    }
    let proof = ConsistencyProof::<Sha256>::from_digests(&digests(proof));
    let checked = tree(new.0, new.1).verify_consistency(&tree(old.0, old.1), &proof);
    checked.map_err(|_| ProofError::Wrong)
}

fn digests(proof: &[TreeHash]) -> Vec<Output<Sha256>> {
    proof.iter().map(|hash| hash.0.into()).collect()
}

fn tree(size: u64, root: &TreeHash) -> RootHash<Sha256> {
    RootHash::new(root.0.into(), size)
}

/// A proof that an entry was in the log when a checkpoint was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The entry's place, from 0.
    pub index: u64,
    /// From the leaf up.
    pub hashes: Vec<TreeHash>,
    /// The signed checkpoint.
    pub checkpoint: SignedNote,
}

impl ProofFile {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = FIRST_LINE.to_string();
        let _ = write!(out, "\nindex {}\n", self.index);
        for hash in &self.hashes {
            out.push_str(&Base64::encode_string(&hash.0));
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&self.checkpoint.to_text());
        out
    }

    /// Reads the file; a line `extra` is taken and forgotten. Says nothing about what it proves.
    ///
    /// # Errors
    /// [`ProofError::Malformed`], or [`ProofError::Note`] where what follows is no note.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = |line| ProofError::Malformed { line };
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed(1))?;
        let mut lines = (1..).zip(head.split('\n')).peekable();
        lines
            .next_if(|(_, line)| *line == FIRST_LINE)
            .ok_or(malformed(1))?;
        if let Some((line, extra)) = lines.next_if(|(_, line)| line.starts_with("extra ")) {
            let extra = extra.strip_prefix("extra ").unwrap_or_default();
            Base64::decode_vec(extra).map_err(|_| malformed(line))?;
        }
        let (line, index) = lines.next().ok_or(malformed(2))?;
        let index = index
            .strip_prefix("index ")
            .and_then(number)
            .ok_or(malformed(line))?;
        let hashes = lines.map(|(line, hash)| hash_of(hash).ok_or(malformed(line)));
        Ok(Self {
            index,
            hashes: hashes.collect::<Result<_, _>>()?,
            checkpoint: SignedNote::parse(checkpoint)?,
        })
    }

    /// Whether `entry` is in the log of `origin`, as a checkpoint by one of `keys` says; gives that checkpoint.
    ///
    /// # Errors
    /// [`ProofError`], each but `Malformed`.
    pub fn verify(
        &self,
        entry: &[u8],
        origin: &Origin,
        keys: &[NoteVerifier],
    ) -> Result<TreeHead, ProofError> {
        let text = self.checkpoint.verify(keys)?;
        let head = TreeHead::parse(text).map_err(|_| ProofError::Note(NoteError::Malformed))?;
        if head.origin != *origin {
            return Err(ProofError::Origin);
        }
        verify_inclusion(head.size, &head.root, self.index, entry, &self.hashes)?;
        Ok(head)
    }
}
