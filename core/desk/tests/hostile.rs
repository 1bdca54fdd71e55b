//! Bytes and texts from outside: whatever they are, they are refused or are what would be written again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use fido_unlock_desk::log::{
    KeyName, NoteSigner, NoteVerifier, ProofFile, Range, SignedNote, SoftwareNoteSigner, TreeHead, bundle,
    leaf_hash, sign_note, unbundle,
};
use fido_unlock_desk::record::{DeskEntry, TextLine};
use proptest::prelude::*;

/// An entry with every key, from tests/vectors/desk_log.json.
fn entry() -> Vec<u8> {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/desk_log.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let every = cases
        .iter()
        .find(|case| case["reason"] == "every key, the largest numbers")
        .unwrap();
    let text = every["entry"].as_str().unwrap();
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn note() -> String {
    let name = KeyName::new("fido-unlock/00").unwrap();
    let mut signer = SoftwareNoteSigner::from_seed(name.clone(), &[1; 32]);
    let head = TreeHead {
        origin: name,
        size: 9,
        root: leaf_hash(b""),
    };
    sign_note(head.to_text(), &mut signer).unwrap().to_text()
}

fn proof() -> String {
    let file = ProofFile {
        index: 3,
        hashes: vec![leaf_hash(b"a"), leaf_hash(b"b")],
        checkpoint: SignedNote::parse(&note()).unwrap(),
    };
    file.to_text()
}

/// A few bytes are replaced or put in, or the rest is missing.
fn mistakes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 0..4)
}

fn with(good: &[u8], mistakes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut out = good.to_vec();
    for (at, how, byte) in mistakes {
        if out.is_empty() {
            break;
        }
        let at = at.index(out.len());
        match how {
            0 => out[at] = *byte,
            1 => out.insert(at, *byte),
            _ => out.truncate(at),
        }
    }
    out
}

proptest! {
    #[test]
    fn entries(mistakes in mistakes()) {
        let bytes = with(&entry(), &mistakes);
        if let Ok(read) = DeskEntry::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn notes_and_what_is_in_them(mistakes in mistakes()) {
        let bytes = with(note().as_bytes(), &mistakes);
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        if let Ok(read) = SignedNote::parse(text) {
            prop_assert_eq!(read.to_text(), text);
        }
        if let Ok(read) = TreeHead::parse(text) {
            prop_assert!(text.starts_with(&read.to_text()));
        }
    }

    #[test]
    fn proofs(mistakes in mistakes()) {
        let bytes = with(proof().as_bytes(), &mistakes);
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        if let Ok(read) = ProofFile::parse(text) {
            prop_assert_eq!(read.to_text(), text);
        }
    }

    #[test]
    fn keys(mistakes in mistakes()) {
        let name = KeyName::new("vendor.example").unwrap();
        let line = SoftwareNoteSigner::from_seed(name, &[1; 32]).verifier().to_line();
        let bytes = with(line.as_bytes(), &mistakes);
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        if let Ok(read) = NoteVerifier::parse(text) {
            prop_assert_eq!(read.to_line(), text);
        }
    }

    #[test]
    fn texts(index: u64, salt: [u8; 32], text: String, mistakes in mistakes()) {
        let line = TextLine { index, salt, text };
        let written = line.to_line();
        prop_assert_eq!(TextLine::parse(&written), Some(line.clone()));
        // As other people's programs read it.
        let json: serde_json::Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(json["text"].as_str(), Some(line.text.as_str()));
        let bytes = with(written.as_bytes(), &mistakes);
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        if let Some(read) = TextLine::parse(text) {
            prop_assert_eq!(read.to_line(), text);
        }
    }

    #[test]
    fn bundles_and_ranges(bytes: Vec<u8>) {
        if let Some(entries) = unbundle(&bytes) {
            prop_assert_eq!(bundle(entries), Some(bytes.clone()));
        }
        if let Ok(range) = Range::from_bytes(&bytes) {
            prop_assert_eq!(range.to_bytes(), bytes);
        }
    }
}
