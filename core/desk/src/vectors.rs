//! What of tests/vectors/desk_log.json only the desk itself can see: rows, head, sessions, what an approval is for.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fido_unlock_protocol::error::HasCode;
use serde_json::Value;

use crate::decide::approval;
use crate::log::Range;
use crate::map::{Map, Prefix};
use crate::ports::{
    Batch, CommitError, DeskTransaction, DeskView, EntryKey, KeptEntry, KeptRow, List, ListedKey,
    StorageError, Table,
};
use crate::record::{DeskEntry, DeskEvent, LogId};
use crate::rows::{
    AnnouncementRow, Era, LimitRow, RequestRow, Row, RowFault, TextRow, UserRow, from_blob, to_blob,
};
use crate::step::{Head, SealKey, Seed, Step, TransactionNodes, row_hash};
use crate::{OperatorId, OperatorSession, RequestId, UnixTime};

fn cases(kind: &str) -> Vec<Value> {
    let vectors = include_str!("../../../tests/vectors/desk_log.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
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

fn hex(bytes: &[u8]) -> Value {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    Value::String(digits.collect::<String>())
}

/// What a row is written as again, or the number of its error.
fn again<R: Row>(blob: &[u8]) -> Result<Vec<u8>, u16> {
    match from_blob::<R>(blob) {
        Ok(row) => Ok(to_blob(&row)),
        Err(RowFault::Malformed) => Err(703),
        Err(RowFault::Version) => Err(706),
    }
}

// M-audit-26
#[test]
fn rows() {
    for case in cases("row") {
        let blob = unhex(&case["row"]);
        assert_eq!(hex(&row_hash(&blob)), case["hash"], "{case}");
        let table = case["table"].as_str().unwrap();
        let again = match Table::ALL.iter().find(|known| known.name() == table) {
            Some(Table::Users) => again::<UserRow>(&blob),
            Some(Table::Requests) => again::<RequestRow>(&blob),
            Some(Table::Texts) => again::<TextRow>(&blob),
            Some(Table::Announcements) => again::<AnnouncementRow>(&blob),
            Some(Table::Limits) => again::<LimitRow>(&blob),
            other => panic!("{other:?}"),
        };
        match again {
            Ok(again) => assert_eq!((again, &case["expected"]), (blob, &Value::from("valid"))),
            Err(error) => assert_eq!(case["error"], error, "{case}"),
        }
    }
}

// M-audit-24
#[test]
fn heads() {
    for case in cases("head") {
        let (bytes, key) = (
            unhex(&case["head"]),
            SealKey::from_bytes(array(&case["seal_key"])),
        );
        match Head::from_bytes(&bytes, &key) {
            Ok(head) => {
                let fields = serde_json::json!({
                    "log_id": hex(&head.log_id.0),
                    "size": head.range.size(),
                    "root": hex(&head.range.root().0),
                    "map_root": hex(&head.map_root),
                    "at": head.at.0,
                    "era": head.era.number,
                    "since": head.era.since.0,
                    "restores": head.era.restores,
                    "ended_by": head.era.ended_by.0,
                });
                assert_eq!(fields, case["fields"], "{case}");
                assert_eq!(head.to_bytes(&key), bytes);
            }
            Err(error) => assert_eq!(case["error"], error.code().number(), "{case}"),
        }
    }
}

// M-audit-28
#[test]
fn sessions() {
    for case in cases("session") {
        let operator = OperatorId::new("anna").unwrap();
        let session = OperatorSession::with_secret(operator, UnixTime(0), array(&case["secret"]));
        assert_eq!(hex(&session.key(&LogId(array(&case["log_id"])))), case["key"]);
        // Of another desk it is another.
        assert_ne!(hex(&session.key(&LogId([0xFF; 16]))), case["key"]);
    }
}

/// A store with nothing in it: a step sees what it wrote itself.
struct Nothing;

impl DeskView for Nothing {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(None)
    }

    fn row(&self, _: Table, _: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(None)
    }

    fn node(&self, _: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(None)
    }

    fn entries(&self, _: u64, _: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        Ok(Vec::new())
    }

    fn kept_entries(&self, _: u64, _: u32) -> Result<Vec<KeptEntry>, StorageError> {
        Ok(Vec::new())
    }

    fn entries_with(&self, _: &EntryKey, _: u64, _: u32) -> Result<Vec<u64>, StorageError> {
        Ok(Vec::new())
    }

    fn tile(&self, _: u8, _: u64) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(None)
    }

    fn list(
        &self,
        _: List,
        _: &[u8],
        _: Option<(&[u8], &[u8])>,
        _: u32,
    ) -> Result<Vec<ListedKey>, StorageError> {
        Ok(Vec::new())
    }

    fn search(&self, _: &str, _: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError> {
        Ok(Vec::new())
    }

    fn rows(&self, _: Table, _: Option<&[u8]>, _: u32) -> Result<Vec<KeptRow>, StorageError> {
        Ok(Vec::new())
    }
}

impl DeskTransaction for Nothing {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        Ok(None)
    }

    fn end(self: Box<Self>) -> Result<(), StorageError> {
        Ok(())
    }

    fn commit(self: Box<Self>, _: &Batch) -> Result<(), CommitError> {
        let detail = "nothing is kept".to_string();
        Err(CommitError::NotWritten(StorageError::Write { detail }))
    }
}

// M-audit-27
#[test]
fn what_an_approval_is_for() {
    for case in cases("approval") {
        let row: RequestRow = from_blob(&unhex(&case["row"])).unwrap();
        let user: UserRow = from_blob(&unhex(&case["user"])).unwrap();
        let head = Head {
            log_id: LogId(array(&case["log_id"])),
            range: Range::empty(),
            map_root: Map::<TransactionNodes<'_>>::empty_root(),
            at: UnixTime(0),
            era: Era::default(),
        };
        let nodes = TransactionNodes(&Nothing);
        let about = DeskEntry::of(DeskEvent::Approved);
        let mut step = Step::new(&nodes, head, UnixTime(0), Seed::new([0; 32]), None, about);
        step.put(&row.user.0, &user).unwrap();
        let id = RequestId::from_bytes(array(&case["request"]));
        assert_eq!(
            hex(&approval::basis(&step, id, &row).unwrap()),
            case["basis"],
            "{case}"
        );
        let mut other = row.clone();
        other.changed();
        assert_ne!(hex(&approval::basis(&step, id, &other).unwrap()), case["basis"]);
    }
}
