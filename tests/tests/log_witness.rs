//! A log in the layout of C2SP tlog-tiles, checked by Go's `golang.org/x/mod/sumdb`: checkpoints, tiles, entries,
//! inclusion and consistency. What was changed is refused there too.
//!
//! Packages: golang-go, golang-golang-x-mod-dev.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

#[allow(dead_code)]
#[path = "desk/exported.rs"]
mod exported;
#[allow(dead_code)]
#[path = "desk/house.rs"]
mod house;
#[path = "log_witness/program.rs"]
mod program;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::prelude::*;
use fido_unlock::desk::log::{
    KeyName, Nodes, NoteSigner, ProofFile, Range, SoftwareNoteSigner, Tile, TreeHash, TreeHead,
    consistency_proof, inclusion_proof, leaf_hash, sign_note,
};

use exported::put;
use program::{judge, witness};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/witness/log");
const SIZE: u64 = 70_000;
const OLD: u64 = 66_000;
const PROVED: [u64; 4] = [0, 255, 65_537, OLD - 1];

struct Log {
    entries: Vec<Vec<u8>>,
    nodes: HashMap<(u8, u64), TreeHash>,
}

impl Nodes for Log {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<TreeHash, Infallible> {
        Ok(self.nodes[&(level, index)])
    }
}

/// Writes the log; its entries are of all lengths.
fn write(folder: &Path) {
    let name = KeyName::new("desk.example/log").unwrap();
    let mut signer = SoftwareNoteSigner::from_seed(name.clone(), &[5; 32]);
    let mut log = Log {
        entries: (0..SIZE).map(|n| vec![n as u8; (n % 400) as usize]).collect(),
        nodes: HashMap::new(),
    };
    let mut range = Range::empty();
    let mut checkpoint = |size, root| {
        let origin = name.clone();
        sign_note(TreeHead { origin, size, root }.to_text(), &mut signer).unwrap()
    };
    let mut old = None;
    for entry in &log.entries {
        let nodes = &mut log.nodes;
        let keep = |level, index, root| assert_eq!(nodes.insert((level, index), root), None);
        range.append(leaf_hash(entry), keep).unwrap();
        if range.size() == OLD {
            old = Some(checkpoint(OLD, range.root()));
        }
    }
    let old = old.unwrap();
    for tile in Tile::new_ones(0, SIZE) {
        let first = tile.index * 256;
        let places = first..first + u64::from(tile.width);
        let hashes = places
            .clone()
            .flat_map(|place| log.nodes[&(tile.level * 8, place)].0);
        put(folder, &tile.path(), &hashes.collect::<Vec<_>>());
        if tile.level == 0 {
            let entries = places.flat_map(|place| {
                let entry = &log.entries[place as usize];
                [&(entry.len() as u16).to_be_bytes()[..], entry].concat()
            });
            put(folder, &tile.entries_path(), &entries.collect::<Vec<_>>());
        }
    }
    put(
        folder,
        "checkpoint",
        checkpoint(SIZE, range.root()).to_text().as_bytes(),
    );
    put(folder, "checkpoint.old", old.to_text().as_bytes());
    let mut lines = String::new();
    for hash in consistency_proof(&log, OLD, SIZE).unwrap().unwrap() {
        writeln!(lines, "{}", BASE64_STANDARD.encode(hash.0)).unwrap();
    }
    put(folder, "consistency", lines.as_bytes());
    for index in PROVED {
        let hashes = inclusion_proof(&log, OLD, index).unwrap().unwrap();
        let checkpoint = old.clone();
        let file = ProofFile {
            index,
            hashes,
            checkpoint,
        };
        put(folder, &format!("{index}.tlog-proof"), file.to_text().as_bytes());
    }
    put(folder, "key", signer.verifier().to_line().as_bytes());
}

#[test]
fn go_verifies_checkpoints_tiles_and_proofs() {
    let program = witness(SOURCE.as_ref());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder);
    let (good, said) = judge(&program, folder);
    assert!(good, "{said}");
    assert_eq!(said, format!("{SIZE} entries, {} proofs\n", PROVED.len()));
    for (name, at, what) in [
        ("tile/0/000", 100, "entry"),
        ("tile/1/001.p/17", 3, "tiles"),
        ("tile/entries/273.p/112", 700, "entry"),
        ("checkpoint", 20, "checkpoint"),
        ("checkpoint.old", 20, "checkpoint"),
        ("consistency", 5, "consistency"),
        ("255.tlog-proof", 50, "proof"),
    ] {
        refused(&program, folder, name, at, what);
    }
}

/// With byte `at` of a file changed, it says that `what` is wrong.
fn refused(program: &Path, folder: &Path, name: &str, at: usize, what: &str) {
    let path = folder.join(name);
    let before = fs::read(&path).unwrap();
    let mut changed = before.clone();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    fs::write(&path, changed).unwrap();
    let (good, said) = judge(program, folder);
    assert!(!good && said.contains(what), "{name}: {said}");
    fs::write(path, before).unwrap();
}

#[test]
fn go_verifies_what_a_desk_exports() {
    let program = witness(SOURCE.as_ref());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let all = exported::write(folder);
    let (good, said) = judge(&program, folder);
    assert!(good, "{said}");
    let (size, proofs) = (all.entries, exported::PROVED.len());
    assert_eq!(said, format!("{size} entries, {proofs} proofs\n"));
    let rest = size - 256;
    for (name, at, what) in [
        // Beyond what a header of an entry would hide.
        ("tile/entries/000", 300, "entr"),
        (&format!("tile/entries/001.p/{rest}"), 40, "entry"),
        (&format!("tile/0/001.p/{rest}"), 0, "tiles"),
        ("checkpoint", 60, "checkpoint"),
        ("checkpoint.old", 60, "checkpoint"),
        ("consistency", 5, "consistency"),
        ("17.tlog-proof", 50, "proof"),
    ] {
        refused(&program, folder, name, at, what);
    }
}
