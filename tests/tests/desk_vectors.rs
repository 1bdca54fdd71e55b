//! The vectors of docs/protocol/audit.md, made by an implementation of it that is not ours
//! (tests/tools/make_desk_log_vectors.py). What of them only the desk itself can see, rows and head, is compared in
//! core/desk/src/vectors.rs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use fido_unlock::HasCode;
use fido_unlock::code::{number_line, parse_number};
use fido_unlock::desk::log::{
    KeyName, NoteVerifier, ProofFile, Range, SignedNote, Tile, Tiler, TreeHash, TreeHead, bundle, leaf_hash,
    unbundle, verify_consistency, verify_inclusion,
};
use fido_unlock::desk::map::{Map, MapKey, MapNodes, Prefix};
use fido_unlock::desk::record::{DeskEntry, EntryOrder, LogId, OrderFault, TextLine, text_hash};
use fido_unlock::desk::{LicenceFile, RequestId};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn cases(kind: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/desk_log.json")).unwrap();
    let all = vectors["cases"].as_array().unwrap().iter();
    let found: Vec<_> = all.filter(|case| case["kind"] == kind).cloned().collect();
    assert!(!found.is_empty(), "{kind}");
    found
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value).try_into().unwrap()
}

fn hash(value: &Value) -> TreeHash {
    TreeHash(array(value))
}

fn list(value: &Value) -> Vec<Vec<u8>> {
    value.as_array().unwrap().iter().map(unhex).collect()
}

fn hashes(value: &Value) -> Vec<TreeHash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

fn hex(bytes: &[u8]) -> Value {
    Value::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn is_valid(case: &Value) -> bool {
    case["expected"] == "valid"
}

#[test]
fn the_vectors_are_as_their_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../vectors/schema/desk_log.schema.json")).unwrap();
    let vectors: Value = serde_json::from_str(include_str!("../vectors/desk_log.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = validator.validate(&vectors) {
        panic!("{error} at {}", error.instance_path());
    }
    assert!(vectors["cases"].as_array().unwrap().len() >= 270);
}

/// The entry's fields under the names of the vectors.
fn fields(entry: &DeskEntry) -> Value {
    let mut out = serde_json::json!({
        "version": entry.version,
        "log_id": hex(&entry.log_id.0),
        "sequence": entry.sequence,
        "step": hex(&entry.step),
        "at": entry.at.0,
        "event": entry.event.number(),
    });
    let optional = [
        ("operator", entry.operator.map(|person| hex(&person.0))),
        ("user", entry.user.map(|person| hex(&person.0))),
        ("device", entry.device.map(|id| hex(&id))),
        ("request", entry.request.map(|id| hex(id.as_bytes()))),
        ("error", entry.error.map(Into::into)),
        ("challenge", entry.challenge.as_deref().map(hex)),
        ("code_sha256", entry.code_sha256.map(|hash| hex(&hash))),
        ("method", entry.method.map(Into::into)),
        ("vouched", entry.vouched.map(Into::into)),
        ("evidence", entry.evidence.map(|hash| hex(&hash))),
        ("issuer", entry.issuer.map(|hash| hex(&hash))),
        ("suite", entry.suite.map(Into::into)),
        ("slot", entry.slot.map(Into::into)),
        ("counter", entry.counter.map(Into::into)),
        (
            "second_operator",
            entry.second_operator.map(|person| hex(&person.0)),
        ),
        ("text", entry.text.map(|hash| hex(&hash))),
        ("alarm", entry.alarm.map(Into::into)),
        ("count", entry.count.map(Into::into)),
        ("rotation", entry.rotation.map(Into::into)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            out[name] = value;
        }
    }
    out
}

// M-audit-11 M-audit-12
#[test]
fn entries() {
    for case in cases("entry") {
        let bytes = unhex(&case["entry"]);
        match DeskEntry::from_bytes(&bytes) {
            Ok(entry) => {
                assert!(is_valid(&case), "{case}");
                assert_eq!(fields(&entry), case["fields"], "{case}");
                assert_eq!(entry.to_bytes(), bytes, "{case}");
                assert_eq!(leaf_hash(&bytes), hash(&case["leaf"]), "{case}");
            }
            Err(fault) => assert_eq!(
                Some(fault.code().number().into()),
                case["error"].as_u64(),
                "{case}"
            ),
        }
    }
}

// M-audit-13 M-audit-14
#[test]
fn entries_one_after_another() {
    for case in cases("log") {
        let mut order = EntryOrder::default();
        let read = list(&case["entries"])
            .iter()
            .try_for_each(|bytes| order.read(bytes).map(drop));
        let last = LogId(array(&case["log_id"]));
        let other = || (order.log_id().is_some_and(|id| id != last)).then_some(OrderFault::Log);
        let fault = read.err().or_else(other);
        let error = fault.map(|fault| fault.code().number().into());
        assert_eq!(error, case["error"].as_u64(), "{case}");
    }
}

/// Entry n of the vectors' trees.
fn entry_of(place: u64) -> [u8; 8] {
    place.to_be_bytes()
}

#[test]
fn roots_ranges_and_tiles() {
    let mut tiler = Tiler::default();
    let (roots, tiles) = (cases("root"), cases("tiles"));
    let mut full: BTreeMap<Tile, Vec<u8>> = BTreeMap::new();
    let largest = roots.iter().map(|case| number(&case["size"])).max().unwrap();
    let mut seen = 0;
    loop {
        let range = tiler.range().clone();
        for case in roots.iter().filter(|case| number(&case["size"]) == range.size()) {
            assert_eq!(range.root(), hash(&case["root"]), "{case}");
            assert_eq!(hex(&range.to_bytes()), case["range"], "{case}");
            assert_eq!(Range::from_bytes(&range.to_bytes()), Ok(range.clone()));
            seen += 1;
        }
        for case in tiles.iter().filter(|case| number(&case["size"]) == range.size()) {
            let mut all = full.clone();
            all.extend(tiler.partial().map(|(tile, hashes)| (tile, hashes.to_vec())));
            assert_eq!(all.len() as u64, number(&case["count"]), "{case}");
            assert_eq!(Tile::new_ones(0, range.size()).len(), all.len());
            for wanted in case["tiles"].as_array().unwrap() {
                let tile = Tile {
                    level: number(&wanted["level"]) as u8,
                    index: number(&wanted["index"]),
                    width: number(&wanted["width"]) as u16,
                };
                assert_eq!(hex(&Sha256::digest(&all[&tile])), wanted["sha256"], "{wanted}");
                assert_eq!(tile.path(), text(&wanted["path"]));
                if tile.level == 0 {
                    assert_eq!(tile.entries_path(), text(&wanted["entries_path"]));
                }
            }
            seen += 1;
        }
        if range.size() == largest {
            break;
        }
        let leaf = leaf_hash(&entry_of(range.size()));
        let keep = |tile, hashes| assert_eq!(full.insert(tile, hashes), None);
        tiler.append(leaf, keep).unwrap();
    }
    assert_eq!(seen, roots.len() + tiles.len());
}

#[test]
fn paths_and_bundles() {
    for case in cases("tile_path") {
        let tile = Tile {
            level: 0,
            index: number(&case["index"]),
            width: 256,
        };
        assert_eq!(tile.path(), text(&case["path"]));
        assert_eq!(tile.entries_path(), text(&case["entries_path"]));
    }
    for case in cases("bundle") {
        let bytes = unhex(&case["bundle"]);
        let read = unbundle(&bytes);
        assert_eq!(read.is_some(), is_valid(&case), "{case}");
        if let Some(read) = read {
            let entries = list(&case["entries"]);
            assert_eq!(read, entries);
            assert_eq!(bundle(entries.iter().map(Vec::as_slice)), Some(bytes.clone()));
        }
    }
    assert_eq!(bundle([&[0; 65_536][..]]), None);
}

#[test]
fn proofs() {
    for case in cases("inclusion") {
        let proof = hashes(&case["proof"]);
        let (root, entry) = (hash(&case["root"]), unhex(&case["entry"]));
        let checked = verify_inclusion(
            number(&case["size"]),
            &root,
            number(&case["index"]),
            &entry,
            &proof,
        );
        assert_eq!(checked.is_ok(), is_valid(&case), "{case}");
    }
    for case in cases("consistency") {
        let proof = hashes(&case["proof"]);
        let (old, new) = (hash(&case["old_root"]), hash(&case["new_root"]));
        let (old, new) = ((number(&case["old"]), &old), (number(&case["new"]), &new));
        let checked = verify_consistency(old, new, &proof);
        assert_eq!(checked.is_ok(), is_valid(&case), "{case}");
    }
}

// M-audit-18
#[test]
fn checkpoints_and_keys() {
    for case in cases("key") {
        let key = NoteVerifier::parse(text(&case["key"]));
        assert_eq!(key.is_ok(), is_valid(&case), "{case}");
        if let Ok(key) = key {
            assert_eq!(key.to_line(), text(&case["key"]));
        }
    }
    for case in cases("checkpoint") {
        let key = NoteVerifier::parse(text(&case["key"])).unwrap();
        let note = SignedNote::parse(text(&case["note"]));
        let head = note.ok().and_then(|note| {
            assert_eq!(note.to_text(), text(&case["note"]));
            TreeHead::parse(note.verify(std::slice::from_ref(&key)).ok()?).ok()
        });
        assert_eq!(head.is_some(), is_valid(&case), "{case}");
        if let Some(TreeHead { origin, size, root }) = head {
            assert_eq!(origin.as_str(), text(&case["origin"]));
            assert_eq!((size, root), (number(&case["size"]), hash(&case["root"])));
            assert_eq!(LogId::of_origin(origin.as_str()).unwrap().origin(), origin);
        }
    }
}

// M-audit-19
#[test]
fn proof_files() {
    for case in cases("proof_file") {
        let key = NoteVerifier::parse(text(&case["key"])).unwrap();
        let origin = KeyName::new(text(&case["origin"])).unwrap();
        let file = ProofFile::parse(text(&case["file"]));
        let head = file.and_then(|file| file.verify(&unhex(&case["entry"]), &origin, &[key]));
        assert_eq!(head.is_ok(), is_valid(&case), "{case}: {head:?}");
    }
}

// M-audit-17
#[test]
fn texts() {
    for case in cases("text") {
        let line = TextLine {
            index: number(&case["index"]),
            salt: array(&case["salt"]),
            text: text(&case["text"]).into(),
        };
        assert_eq!(hex(&text_hash(&line.salt, &line.text)), case["hash"]);
        assert_eq!(line.to_line(), text(&case["line"]));
        assert_eq!(TextLine::parse(&line.to_line()), Some(line));
    }
    for case in cases("text_line") {
        assert_eq!(TextLine::parse(text(&case["line"])), None, "{case}");
    }
}

#[derive(Default)]
struct Nodes(RefCell<BTreeMap<Vec<u8>, Vec<u8>>>);

impl MapNodes for Nodes {
    type Error = Infallible;

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.0.borrow().get(&prefix.to_bytes()).cloned())
    }
}

/// SHA-256("fido-unlock/1 row" ‖ 00 ‖ row), which is the desk's own.
fn row_hash(row: &[u8]) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(b"fido-unlock/1 row\0").chain_update(row);
    hash.finalize().into()
}

// M-audit-25
#[test]
fn the_map_as_rows_come_and_go() {
    for case in cases("map") {
        let nodes = Nodes::default();
        assert_eq!(hex(&Map::<Nodes>::empty_root()), case["empty_root"]);
        let mut root = Map::<Nodes>::empty_root();
        for (step, number_of) in case["steps"].as_array().unwrap().iter().zip(1..) {
            let key = MapKey::new(text(&step["table"]), &unhex(&step["key"]));
            let row = (!step["row"].is_null()).then(|| row_hash(&unhex(&step["row"])));
            let mut map = Map::at(&nodes, root);
            map.set(&key, row).unwrap();
            assert_eq!(map.get(&key), Ok(row));
            root = map.root();
            let changes: Vec<_> = map.into_changes().collect();
            for (prefix, node) in changes {
                match node {
                    Some(node) => nodes.0.borrow_mut().insert(prefix.to_bytes(), node),
                    None => nodes.0.borrow_mut().remove(&prefix.to_bytes()),
                };
            }
            assert_eq!(hex(&root), step["root"], "{step}");
            // The root of an empty map need not be kept.
            let kept = nodes.0.borrow().len() as u64;
            assert!(kept == number(&step["nodes"]) || (kept == 0 && root == Map::<Nodes>::empty_root()));
            if number_of == number(&case["full_after"]) {
                let all = case["nodes_when_full"].as_object().unwrap();
                let nodes = nodes.0.borrow();
                assert_eq!(nodes.len(), all.len());
                for (prefix, node) in nodes.iter() {
                    assert_eq!(hex(node), all[text(&hex(prefix))]);
                }
            }
        }
        assert_eq!(root, Map::<Nodes>::empty_root());
    }
}

// M-audit-29
#[test]
fn licences() {
    for case in cases("licence") {
        let key = NoteVerifier::parse(text(&case["key"])).unwrap();
        let licence = LicenceFile::verify(text(&case["file"]), &[key]);
        assert_eq!(licence.is_ok(), is_valid(&case), "{case}: {licence:?}");
        if let Ok(licence) = licence {
            assert_eq!(licence.holder, text(&case["holder"]));
            assert_eq!(u64::from(licence.devices), number(&case["devices"]));
            assert_eq!(licence.valid_until.0, number(&case["valid_until"]));
            assert_eq!(licence.contact, text(&case["contact"]));
        }
    }
}

// M-audit-30
#[test]
fn request_numbers() {
    for case in cases("request") {
        let read = parse_number(text(&case["line"]));
        match read {
            Ok(bytes) => {
                assert_eq!(hex(&bytes), case["bytes"], "{case}");
                assert_eq!(number_line(&bytes), text(&case["written"]));
                assert_eq!(
                    RequestId::parse(text(&case["line"])),
                    Ok(RequestId::from_bytes(bytes))
                );
            }
            Err(error) => {
                assert_eq!(u64::from(error.code().number()), number(&case["error"]), "{case}");
            }
        }
    }
}
