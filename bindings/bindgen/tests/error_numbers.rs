//! Every language knows every number of docs/errors.md by its name, and no other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::Path;

/// Number and name in lower case.
type Row = (u16, String);

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// | 101 | `DeviceNotLocked` | ...
fn table() -> Vec<Row> {
    let text = read("docs/errors.md");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let number = cells.next()?.parse().ok()?;
        Some((number, cells.next()?.trim_matches('`').to_lowercase()))
    };
    text.lines().filter_map(row).collect()
}

/// `Name = 101,`, `case name = 101`, `Name(101),`
fn list(path: &str) -> Vec<Row> {
    let row = |line: &str| {
        let line = line.trim().trim_start_matches("case ");
        let (name, number) = line.split_once(" = ").or_else(|| line.split_once('('))?;
        let number = number.trim_end_matches([',', ';', ')']).parse().ok()?;
        Some((number, name.to_lowercase()))
    };
    read(path).lines().filter_map(row).collect()
}

#[test]
fn every_language_knows_every_number() {
    let table = table();
    assert!(table.len() > 100, "{}", table.len());
    for path in [
        "bindings/csharp/FidoUnlock/ErrorNumber.cs",
        "bindings/kotlin/src/main/kotlin/idiomatic/io/github/fidounlock/ErrorNumber.kt",
        "bindings/swift/Sources/FidoUnlock/ErrorNumber.swift",
    ] {
        assert_eq!(list(path), table, "{path}");
    }
}
