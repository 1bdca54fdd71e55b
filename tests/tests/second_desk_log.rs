//! `tests/second`, written in Python from docs/protocol/audit.md alone, verifies what a desk exports and keeps:
//! entries, tree, tiles, checkpoints, proofs, texts, rows and head. Whatever is changed is refused there too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "desk/exported.rs"]
mod exported;
#[allow(dead_code)]
#[path = "desk/house.rs"]
mod house;

use std::fs;
use std::path::Path;

use fido_unlock::desk::log::{KeyName, NoteVerifier, SignedNote, SoftwareNoteSigner, TreeHead, sign_note};
use fido_unlock_tests::python::second_implementation;
use serde_json::{Value, json};

use exported::PROVED;

/// What it says of a folder; `Err` where it refuses.
fn judge(folder: &Path) -> Result<String, String> {
    let second = Path::new(env!("CARGO_MANIFEST_DIR")).join("second");
    let mut command = second_implementation().python(&second);
    let file = |name: &str| folder.join(name);
    command
        .arg(second.join("desklog.py"))
        .arg(folder)
        .arg(fs::read_to_string(file("key")).unwrap())
        .arg("--earlier")
        .arg(file("checkpoint.before"))
        .arg("--earlier")
        .arg(file("checkpoint.old"))
        .arg("--consistency")
        .args([file("checkpoint.old"), file("consistency")])
        .arg("--store")
        .arg(file("store.json"));
    for index in PROVED {
        command.arg("--proof").arg(file(&format!("{index}.tlog-proof")));
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

/// Changes a file, and gives what is said of the folder then.
fn with(folder: &Path, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let path = folder.join(name);
    let good = fs::read(&path).unwrap();
    let changed = change(good.clone());
    assert_ne!(changed, good, "{name}");
    fs::write(&path, changed).unwrap();
    let said = judge(folder).unwrap_err();
    // Refused, not stumbled over.
    assert!(said.starts_with("refused: "), "{name}: {said}");
    fs::write(&path, good).unwrap();
    said
}

fn last_byte(mut bytes: Vec<u8>) -> Vec<u8> {
    *bytes.last_mut().unwrap() ^= 1;
    bytes
}

/// Two lines change places.
fn swapped(first: usize) -> impl Fn(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        let mut lines: Vec<_> = text.split_inclusive('\n').collect();
        lines.swap(first, first + 1);
        lines.concat().into_bytes()
    }
}

fn replaced<'a>(from: &'a str, to: &'a str) -> impl Fn(Vec<u8>) -> Vec<u8> + 'a {
    move |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replacen(from, to, 1)
            .into_bytes()
    }
}

fn in_store(change: impl FnOnce(&mut Value)) -> impl FnOnce(Vec<u8>) -> Vec<u8> {
    |bytes| {
        let mut store: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut store);
        store.to_string().into_bytes()
    }
}

/// The last digit of a byte string in hex becomes another.
fn other(value: &mut Value) {
    let mut text = value.as_str().unwrap().to_owned();
    let last = text.pop().unwrap();
    text.push(if last == '0' { '1' } else { '0' });
    *value = Value::String(text);
}

#[test]
fn it_verifies_what_a_desk_exports_and_keeps_and_refuses_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let all = exported::write(folder);
    let wanted = format!(
        "{} entries, {} texts, {} rows\n",
        all.entries, all.texts, all.rows
    );
    assert_eq!(judge(folder), Ok(wanted));

    let rest = all.entries - 256;
    let last = format!("tile/entries/001.p/{rest}");
    // An entry that is another, one that is none, one that says more, one too many.
    assert!(with(folder, &last, last_byte).contains("705"));
    let broken = |mut bytes: Vec<u8>| {
        bytes[2] = 0xBF;
        bytes
    };
    assert!(with(folder, &last, broken).contains("704"));
    assert!(with(folder, &last, |bytes| [bytes, vec![0, 0]].concat()).contains("number of entries"));
    assert!(with(folder, &last, |bytes| bytes[..bytes.len() - 1].to_vec()).contains("cut short"));
    // A tile.
    for tile in ["tile/0/000", &format!("tile/0/001.p/{rest}"), "tile/1/000.p/1"] {
        assert!(with(folder, tile, last_byte).contains(tile));
    }
    // A proof's hashes in another order, of another entry, with another checkpoint.
    assert!(with(folder, "17.tlog-proof", swapped(2)).contains("does not hold"));
    let moved = with(folder, "17.tlog-proof", replaced("index 17", "index 18"));
    assert!(moved.contains("does not hold"), "{moved}");
    let newer = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let exchanged = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        format!("{}\n\n{newer}", text.split_once("\n\n").unwrap().0).into_bytes()
    };
    assert!(with(folder, "17.tlog-proof", exchanged).contains("does not hold"));
    assert!(with(folder, "consistency", swapped(0)).contains("proof of consistency"));
    // A text.
    let texts = format!("texts/001.p/{rest}.jsonl");
    assert!(with(folder, &texts, replaced("boss", "zoe")).contains("another text"));
    assert!(with(folder, &texts, swapped(0)).contains("another place"));
    assert!(with(folder, &texts, replaced("\"text\"", " \"text\"")).contains("another form"));
    restored(folder);

    checkpoints(folder);
    store(folder);
    judge(folder).unwrap();
}

/// Another checkpoint in place of the folder's, or of the one that was kept.
fn checkpoints(folder: &Path) {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let key = NoteVerifier::parse(&read("key")).unwrap();
    let (new, old) = (read("checkpoint"), read("checkpoint.old"));
    let head = |note: &str| {
        let note = SignedNote::parse(note).unwrap();
        TreeHead::parse(note.verify(std::slice::from_ref(&key)).unwrap()).unwrap()
    };
    let (new, old) = (head(&new), head(&old));
    let signed = |head: &TreeHead, seed: u8| {
        let mut signer = SoftwareNoteSigner::from_seed(key.name().clone(), &[seed; 32]);
        let note = sign_note(head.to_text(), &mut signer).unwrap();
        note.to_text().into_bytes()
    };
    const OURS: u8 = 0xC4;
    let another_root = TreeHead {
        root: old.root,
        ..new.clone()
    };
    let elsewhere = TreeHead {
        origin: KeyName::new("fido-unlock/00000000000000000000000000000000").unwrap(),
        ..new.clone()
    };
    for (name, head, seed, why) in [
        ("checkpoint", &new, 1, "not signed by this key"),
        ("checkpoint", &another_root, OURS, "another root"),
        ("checkpoint", &elsewhere, OURS, "another log"),
        ("checkpoint", &old, OURS, "is not there"),
        ("checkpoint.old", &old, 1, "not signed by this key"),
        ("checkpoint.old", &another_root, OURS, "rewritten"),
        ("checkpoint.old", &elsewhere, OURS, "not signed by this key"),
        (
            "checkpoint.old",
            &TreeHead {
                size: new.size + 1,
                ..old.clone()
            },
            OURS,
            "a longer one",
        ),
    ] {
        let said = with(folder, name, |_| signed(head, seed));
        assert!(said.contains(why), "{name}, {why}: {said}");
    }
    let said = with(folder, "checkpoint", |bytes| {
        let mut bytes = bytes;
        let last = bytes.len() - 10;
        bytes[last] = if bytes[last] == b'A' { b'B' } else { b'A' };
        bytes
    });
    assert!(said.contains("a wrong signature"), "{said}");
}

/// The name of before for what was written after the log was restored, and the other way round.
fn restored(folder: &Path) {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let before = read("checkpoint.before");
    let old_name = KeyName::new(before.lines().next().unwrap()).unwrap();
    let new_name = NoteVerifier::parse(&read("key")).unwrap().name().clone();
    for (name, origin, why) in [
        ("checkpoint.before", &new_name, "another log"),
        ("checkpoint.old", &old_name, "another log"),
        ("checkpoint", &old_name, "not signed by this key"),
    ] {
        let note = read(name);
        let text = &note[..=note.rfind("\n\n").unwrap()];
        let head = TreeHead {
            origin: origin.clone(),
            ..TreeHead::parse(text).unwrap()
        };
        let mut signer = SoftwareNoteSigner::from_seed(origin.clone(), &[0xC4; 32]);
        let note = sign_note(head.to_text(), &mut signer).unwrap();
        let said = with(folder, name, |_| note.to_text().into_bytes());
        assert!(said.contains(why), "{name}: {said}");
    }
}

/// Rows and head of the store.
fn store(folder: &Path) {
    let changed = |change: fn(&mut Value)| with(folder, "store.json", in_store(change));
    let a_row = "a row was changed, added or taken out";
    for (change, why) in [
        ((|store| other(&mut store["rows"][0][2])) as fn(&mut Value), a_row),
        (
            |store| drop(store["rows"].as_array_mut().unwrap().remove(3)),
            a_row,
        ),
        (
            |store| {
                store["rows"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!(["sessions", "ab".repeat(32), "8201a0"]))
            },
            a_row,
        ),
        (
            |store| {
                // One row's content in place of another's of the same table.
                let rows = store["rows"].as_array_mut().unwrap();
                let at = rows.iter().position(|row| row[0] == "devices").unwrap();
                rows[at][2] = rows[at + 1][2].clone();
            },
            a_row,
        ),
        (|store| other(&mut store["head"]), "the head's seal"),
        (|store| other(&mut store["seal_key"]), "the head's seal"),
        (
            |store| {
                let head = store["head"].as_str().unwrap().to_owned() + "00";
                store["head"] = head.into();
            },
            "the head's seal",
        ),
        (
            |store| {
                // The map does not cover texts: their entries do.
                let mut rows = store["rows"].as_array_mut().unwrap().iter_mut();
                other(&mut rows.rfind(|row| row[0] == "texts").unwrap()[2]);
            },
            "another text than entry",
        ),
    ] {
        let said = changed(change);
        assert!(said.contains(why), "{why}: {said}");
    }
}
