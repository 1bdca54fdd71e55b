//! The inputs that the fuzzer kept (`tests/corpus`, one folder for each target) hold the properties of
//! their target, without the fuzzer: `cargo xtask long fuzz` adds to them, `cargo xtask long bite` sees that they
//! find planted bugs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fido_unlock_fuzz_properties::TARGETS;

/// Bytes of all inputs together: they are in every clone.
const MOST_BYTES: u64 = 3 * 1024 * 1024;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(name: &str) {
    let property = TARGETS.iter().find(|target| target.0 == name).expect(name).1;
    let files = files(&corpus().join(name));
    assert!(!files.is_empty(), "no input of {name}");
    for file in files {
        let input = std::fs::read(&file).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| property(&input)));
        assert!(outcome.is_ok(), "{} breaks a property", file.display());
    }
}

macro_rules! replayed {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })+

        const REPLAYED: &[&str] = &[$(stringify!($name)),+];
    };
}

replayed! { apdu cbor code_line conversation ctaphid hostile nfc }

#[test]
fn every_target_is_replayed_and_the_corpus_is_small() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.0).collect();
    assert_eq!(names, REPLAYED.iter().copied().collect());
    let folders = files(&corpus());
    let folders: BTreeSet<&str> = folders
        .iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, folders);
    let bytes: u64 = names
        .iter()
        .flat_map(|name| files(&corpus().join(name)))
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}
