//! The log's tree, tiles, notes and proofs, beside the definitions of RFC 9162, section 2.1, written down once more
//! in the shortest way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::HashMap;
use std::convert::Infallible;

use fido_unlock_desk::log::{
    KeyName, Nodes, NoteError, NoteSigner, NoteVerifier, ProofError, ProofFile, Range, RangeError,
    SignedNote, SoftwareNoteSigner, Tile, TileError, TreeHash, TreeHead, consistency_proof, inclusion_proof,
    leaf_hash, node_hash, sign_note, subtree, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

/// Every full subtree of a log.
#[derive(Default)]
struct Log {
    range: Range,
    entries: Vec<Vec<u8>>,
    nodes: HashMap<(u8, u64), TreeHash>,
}

impl Log {
    fn of(size: u64) -> Self {
        let mut log = Self::default();
        for n in 0..size {
            let entry = n.to_be_bytes().to_vec();
            let nodes = &mut log.nodes;
            log.range
                .append(leaf_hash(&entry), |level, index, root| {
                    assert!(nodes.insert((level, index), root).is_none());
                })
                .unwrap();
            log.entries.push(entry);
        }
        log
    }

    fn tile(&self, tile: &Tile) -> Vec<u8> {
        let hashes = (0..u64::from(tile.width)).map(|i| (tile.level * 8, tile.index * 256 + i));
        hashes.flat_map(|node| self.nodes[&node].0).collect()
    }
}

impl Nodes for Log {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<TreeHash, Infallible> {
        Ok(self.nodes[&(level, index)])
    }
}

/// MTH, word by word.
fn mth(entries: &[Vec<u8>]) -> TreeHash {
    match entries {
        [] => TreeHash::of_nothing(),
        [one] => leaf_hash(one),
        _ => {
            let k = entries.len().next_power_of_two() / 2;
            node_hash(&mth(&entries[..k]), &mth(&entries[k..]))
        }
    }
}

/// PATH, word by word.
fn path(m: usize, entries: &[Vec<u8>]) -> Vec<TreeHash> {
    if entries.len() == 1 {
        return Vec::new();
    }
    let k = entries.len().next_power_of_two() / 2;
    let (inner, other) = if m < k {
        (path(m, &entries[..k]), mth(&entries[k..]))
    } else {
        (path(m - k, &entries[k..]), mth(&entries[..k]))
    };
    [inner, vec![other]].concat()
}

/// SUBPROOF, word by word.
fn subproof(m: usize, entries: &[Vec<u8>], known: bool) -> Vec<TreeHash> {
    let n = entries.len();
    if m == n {
        return if known { Vec::new() } else { vec![mth(entries)] };
    }
    let k = n.next_power_of_two() / 2;
    let (inner, other) = if m <= k {
        (subproof(m, &entries[..k], known), mth(&entries[k..]))
    } else {
        (subproof(m - k, &entries[k..], false), mth(&entries[..k]))
    };
    [inner, vec![other]].concat()
}

#[test]
fn roots_and_proofs_are_those_of_the_definition() {
    let log = Log::of(70);
    assert_eq!(Range::empty().root(), mth(&[]));
    for size in 1..=70 {
        let entries = &log.entries[..size];
        let root = mth(entries);
        assert_eq!(Log::of(size as u64).range.root(), root);
        assert_eq!(subtree(&log, 0, size as u64), Ok(root));
        for index in 0..size {
            let proof = inclusion_proof(&log, size as u64, index as u64).unwrap().unwrap();
            assert_eq!(proof, path(index, entries), "{index} of {size}");
            let entry = &log.entries[index];
            assert_eq!(
                verify_inclusion(size as u64, &root, index as u64, entry, &proof),
                Ok(())
            );
        }
        for old in 1..=size {
            let proof = consistency_proof(&log, old as u64, size as u64).unwrap().unwrap();
            assert_eq!(proof, subproof(old, entries, true), "{old} of {size}");
            let before = mth(&log.entries[..old]);
            assert_eq!(
                verify_consistency((old as u64, &before), (size as u64, &root), &proof),
                Ok(())
            );
        }
    }
}

#[test]
fn there_is_no_proof_of_what_is_not_there() {
    let log = Log::of(5);
    let root = log.range.root();
    assert_eq!(inclusion_proof(&log, 5, 5), Ok(None));
    assert_eq!(inclusion_proof(&log, 0, 0), Ok(None));
    assert_eq!(inclusion_proof(&log, u64::MAX, 3), Ok(None));
    assert_eq!(consistency_proof(&log, 0, 5), Ok(None));
    assert_eq!(consistency_proof(&log, 6, 5), Ok(None));
    assert_eq!(consistency_proof(&log, 1, u64::MAX), Ok(None));
    for (size, index) in [
        (5, 5),
        (0, 0),
        (u64::MAX, u64::MAX - 1),
        (u64::MAX, u64::MAX / 2 + 1),
    ] {
        assert_eq!(
            verify_inclusion(size, &root, index, b"", &[]),
            Err(ProofError::Range)
        );
    }
    for (old, new) in [(0, 5), (6, 5), (1, u64::MAX), (u64::MAX, u64::MAX)] {
        assert_eq!(
            verify_consistency((old, &root), (new, &root), &[]),
            Err(ProofError::Range)
        );
    }
    // Two trees of one size are one tree.
    let other = TreeHash([7; 32]);
    assert_eq!(
        verify_consistency((5, &other), (5, &root), &[]),
        Err(ProofError::Wrong)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_proof_of_something_else_is_refused(
        size in 1_u64..600,
        at in any::<prop::sample::Index>(),
        bit in 0_usize..256,
        which in any::<prop::sample::Index>(),
    ) {
        let log = Log::of(size);
        let root = log.range.root();
        let index = at.index(size as usize) as u64;
        let entry = &log.entries[index as usize];
        let proof = inclusion_proof(&log, size, index).unwrap().unwrap();
        let flipped = |hash: &TreeHash| {
            let mut hash = *hash;
            hash.0[bit / 8] ^= 1 << (bit % 8);
            hash
        };
        prop_assert!(verify_inclusion(size, &flipped(&root), index, entry, &proof).is_err());
        prop_assert!(verify_inclusion(size, &root, index, b"another", &proof).is_err());
        prop_assert!(verify_inclusion(size, &root, index, entry, &[&proof[..], &[root]].concat()).is_err());
        if !proof.is_empty() {
            let mut changed = proof.clone();
            let which = which.index(proof.len());
            changed[which] = flipped(&changed[which]);
            prop_assert!(verify_inclusion(size, &root, index, entry, &changed).is_err());
            prop_assert!(verify_inclusion(size, &root, index, entry, &proof[1..]).is_err());
        }
        for other in (0..size).filter(|other| *other != index).take(20) {
            prop_assert!(verify_inclusion(size, &root, other, entry, &proof).is_err());
        }
    }

    #[test]
    fn a_log_that_was_written_anew_is_not_consistent(size in 2_u64..300, old in any::<prop::sample::Index>()) {
        let log = Log::of(size);
        let old = 1 + old.index(size as usize - 1) as u64;
        let proof = consistency_proof(&log, old, size).unwrap().unwrap();
        let mut entries = log.entries[..old as usize].to_vec();
        entries[0] = b"another".to_vec();
        prop_assert!(verify_consistency((old, &mth(&entries)), (size, &log.range.root()), &proof).is_err());
    }

    #[test]
    fn a_range_comes_back_from_its_bytes(size in 0_u64..2000) {
        let range = Log::of(size).range;
        let bytes = range.to_bytes();
        prop_assert_eq!(Range::from_bytes(&bytes), Ok(range));
        prop_assert_eq!(Range::from_bytes(&[&bytes[..], &[0; 32]].concat()), Err(RangeError::Malformed));
        prop_assert_eq!(Range::from_bytes(&bytes[..bytes.len() - 1]), Err(RangeError::Malformed));
    }

    #[test]
    fn texts_from_outside_are_read_or_refused(text in "(\\PC|\n|— | )*") {
        let _ = SignedNote::parse(&text);
        let _ = TreeHead::parse(&text);
        let _ = ProofFile::parse(&text);
        let _ = NoteVerifier::parse(&text);
    }
}

#[test]
fn a_tile_gives_every_node_below_it() {
    for size in [1, 255, 256, 257, 700, 65_800] {
        let log = Log::of(size);
        for (&(level, index), root) in &log.nodes {
            let tile = Tile::of(level, index, size).unwrap();
            if tile.width < 256 || index % 97 == 0 {
                assert_eq!(
                    tile.node(&log.tile(&tile), level, index),
                    Ok(*root),
                    "{level} {index}"
                );
            }
        }
        assert_eq!(Tile::of(0, size, size), None);
        assert_eq!(Tile::of(63, u64::MAX, size), None);
    }
    let tile = Tile {
        level: 0,
        index: 0,
        width: 4,
    };
    assert_eq!(tile.node(&[0; 127], 0, 0), Err(TileError::Length));
    assert_eq!(tile.node(&[0; 128], 0, 4), Err(TileError::Elsewhere));
    assert_eq!(tile.node(&[0; 128], 8, 0), Err(TileError::Elsewhere));
    assert_eq!(tile.node(&[0; 128], 0, u64::MAX), Err(TileError::Elsewhere));
}

/// The example of C2SP tlog-tiles.
#[test]
fn a_tree_of_70000_has_these_tiles() {
    let tiles = Tile::new_ones(0, 70_000);
    let count = |level, full| {
        let those = tiles
            .iter()
            .filter(|tile| tile.level == level && tile.is_full() == full);
        those.count()
    };
    assert_eq!(
        [count(0, true), count(0, false), count(1, true), count(1, false)],
        [273, 1, 1, 1]
    );
    let partial: Vec<_> = tiles
        .iter()
        .filter(|tile| !tile.is_full())
        .map(Tile::path)
        .collect();
    assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    // From there to the next entry one partial tile is new.
    let next: Vec<_> = Tile::new_ones(70_000, 70_001)
        .iter()
        .map(Tile::entries_path)
        .collect();
    assert_eq!(next, ["tile/entries/273.p/113"]);
    let full: Vec<_> = Tile::new_ones(255, 256).iter().map(Tile::path).collect();
    assert_eq!(full, ["tile/0/000", "tile/1/000.p/1"]);
}

/// Of the documentation of Go's `sumdb/note`: key and note are not ours.
#[test]
fn a_note_of_go_is_verified() {
    let key =
        NoteVerifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = SignedNote::parse(&format!("{text}\n{line}")).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&key)), Ok(text));
    assert_eq!(note.verify(&[]), Err(NoteError::Unsigned));
    let changed = SignedNote::parse(&format!("{}\n{line}", text.replace("your", "our"))).unwrap();
    assert_eq!(
        changed.verify(std::slice::from_ref(&key)),
        Err(NoteError::Signature)
    );
    assert_eq!(
        key.to_line(),
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    );
}

#[test]
fn what_is_no_note_is_refused() {
    let mut signer = signer("a.example/log");
    let good = sign_note("one\ntwo\n".into(), &mut signer).unwrap().to_text();
    assert!(SignedNote::parse(&good).is_ok());
    for bad in [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\nno signature\n",
        &good[..good.len() - 1],
        &good.replace("one", "o\tne"),
        &good.replace("\u{2014} a", "\u{2014}  a"),
        &good.replace("\u{2014} ", "- "),
        &good.replace("example", "exa+mple"),
        &format!("{good}more\n"),
        &good.replace("=\n", "\n"),
    ] {
        assert!(SignedNote::parse(bad).is_err(), "{bad:?}");
    }
    assert!(sign_note("no newline".into(), &mut signer).is_err());
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb"] {
        assert_eq!(KeyName::new(name), Err(NoteError::Name));
    }
}

fn signer(name: &str) -> SoftwareNoteSigner {
    SoftwareNoteSigner::from_seed(KeyName::new(name).unwrap(), &[9; 32])
}

#[test]
fn a_proof_file_stands_for_itself() {
    let log = Log::of(300);
    let mut signer = signer("desk.example/log");
    let origin = KeyName::new("desk.example/log").unwrap();
    let head = TreeHead {
        origin: origin.clone(),
        size: 300,
        root: log.range.root(),
    };
    let file = ProofFile {
        index: 7,
        hashes: inclusion_proof(&log, 300, 7).unwrap().unwrap(),
        checkpoint: sign_note(head.to_text(), &mut signer).unwrap(),
    };
    let text = file.to_text();
    assert_eq!(ProofFile::parse(&text), Ok(file.clone()));
    let extra = text.replacen("\nindex", "\nextra AAAA\nindex", 1);
    assert_eq!(ProofFile::parse(&extra), Ok(file.clone()));
    let keys = [signer.verifier()];
    assert_eq!(file.verify(&log.entries[7], &origin, &keys), Ok(head));
    assert_eq!(
        file.verify(&log.entries[8], &origin, &keys),
        Err(ProofError::Wrong)
    );
    let other = KeyName::new("other.example").unwrap();
    assert_eq!(
        file.verify(&log.entries[7], &other, &keys),
        Err(ProofError::Origin)
    );
    assert_eq!(
        file.verify(&log.entries[7], &origin, &[]),
        Err(ProofError::Note(NoteError::Unsigned))
    );
    for (bad, line) in [
        (text.replace("@v1", "@v2"), 1),
        (text.replace("index 7", "index 07"), 2),
        (text.replace("index 7", "index +7"), 2),
        (text.replacen("=\n", "\n", 1), 3),
    ] {
        assert_eq!(
            ProofFile::parse(&bad),
            Err(ProofError::Malformed { line }),
            "{bad}"
        );
    }
}
