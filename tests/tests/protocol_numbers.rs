//! Each MUST of docs/protocol.md and its parts has a number, and a test that names it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The numbers in a text: `M-`, a section or a part's name, `-`, a count.
fn numbers(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
    let mut found = Vec::new();
    for (at, _) in text.match_indices("M-") {
        let rest = &text[at + 2..];
        let section = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let Some(count) = rest[section.len()..].strip_prefix('-') else {
            continue;
        };
        let count = &count[..count.find(|c: char| !c.is_ascii_digit()).unwrap_or(count.len())];
        if !section.is_empty() && !count.is_empty() {
            found.push(format!("M-{section}-{count}"));
        }
    }
    found
}

/// Where each number stands in the text. A number is in brackets; each stands once.
fn required() -> BTreeMap<String, String> {
    let mut texts = vec![root().join("docs/protocol.md")];
    let parts = fs::read_dir(root().join("docs/protocol")).unwrap();
    texts.extend(parts.map(|entry| entry.unwrap().path()));
    let mut out = BTreeMap::new();
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        let part = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut section = String::new();
        for (line, number) in text.lines().zip(1..) {
            let place = format!("{}:{number}", path.display());
            if let Some(heading) = line
                .trim_start_matches('#')
                .strip_prefix(' ')
                .filter(|_| line.starts_with('#'))
            {
                section = heading
                    .split(' ')
                    .next()
                    .unwrap()
                    .trim_end_matches('.')
                    .to_owned();
            }
            let own = if part == "protocol" { &section } else { &part };
            for number in line.split('[').skip(1).filter_map(|part| part.split_once(']')) {
                for found in numbers(number.0) {
                    assert_eq!(number.0, found, "{place}");
                    assert!(
                        found.starts_with(&format!("M-{own}-")),
                        "{place}: {found} in section {own}"
                    );
                    let before = out.insert(found.clone(), place.clone());
                    assert_eq!(before, None, "{place}: {found} stands twice");
                }
            }
        }
    }
    out
}

/// A MUST in capitals, in a paragraph, item or row without a number.
#[test]
fn no_must_is_without_a_number() {
    for path in required()
        .values()
        .map(|place| place.rsplit_once(':').unwrap().0)
        .collect::<BTreeSet<_>>()
    {
        let text = fs::read_to_string(path).unwrap();
        for paragraph in text.split("\n\n") {
            // What the word means is said once.
            if paragraph.contains("RFC 2119") {
                continue;
            }
            for sentence in paragraph.split(". ") {
                if sentence.contains("MUST") {
                    assert!(sentence.contains("[M-"), "{path}: {sentence}");
                }
            }
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The numbers in comments `// M-…` that stand in front of a test or inside a function of one.
fn named() -> BTreeMap<String, String> {
    let mut files = Vec::new();
    for folder in ["tests", "core", "adapters", "examples"] {
        sources(&root().join(folder), &mut files);
    }
    let mut out = BTreeMap::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(comment) = line.trim_start().strip_prefix("// M-") else {
                continue;
            };
            let place = format!("{}:{}", path.display(), at + 1);
            assert!(text.contains("#[test]"), "{place}: there is no test here");
            // In front of a test comes nothing but its attributes; what is indented is inside of one.
            let next = lines[at + 1..]
                .iter()
                .find(|next| !next.trim_start().starts_with("//"));
            let next = next.expect("something follows").trim_start();
            let in_front = next.starts_with("#[") || next.starts_with("fn ");
            assert!(in_front || line.starts_with(' '), "{place}: {next}");
            for number in numbers(&format!("M-{comment}")) {
                out.insert(number, place.clone());
            }
        }
    }
    out
}

#[test]
fn each_number_has_a_test_and_each_test_names_a_number() {
    let (required, named) = (required(), named());
    assert!(required.len() > 100, "{}", required.len());
    let missing: Vec<_> = required
        .iter()
        .filter(|(number, _)| !named.contains_key(*number))
        .collect();
    assert!(missing.is_empty(), "no test names {missing:#?}");
    let unknown: Vec<_> = named
        .iter()
        .filter(|(number, _)| !required.contains_key(*number))
        .collect();
    assert!(unknown.is_empty(), "no text has {unknown:#?}");
}
