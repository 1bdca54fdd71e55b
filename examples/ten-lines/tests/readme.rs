//! The READMEs show this program as it is, in ten lines.

#![allow(clippy::unwrap_used, missing_docs)]

const PROGRAM: &str = include_str!("../src/main.rs");

/// All but the comment at its head.
fn code() -> &'static str {
    PROGRAM.split_once("\n\n").unwrap().1
}

#[test]
fn it_has_ten_lines() {
    let lines = code().lines().filter(|line| !line.trim().is_empty());
    assert_eq!(lines.count(), 10);
}

#[test]
fn the_readmes_show_it() {
    for (name, readme) in [
        (
            "adapters/system",
            include_str!("../../../adapters/system/README.md"),
        ),
        (
            "core/fido-unlock",
            include_str!("../../../core/fido-unlock/README.md"),
        ),
        ("the project", include_str!("../../../README.md")),
    ] {
        assert!(readme.contains(&format!("\n{}```\n", code())), "{name}");
    }
}
