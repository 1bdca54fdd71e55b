//! One step of a desk: what a decision reads, checked as it is read, and what it writes.
//!
//! A decision is a function over a [`Step`] and has nothing else: no clock, no random source, no database. So it is
//! run over any store, and by the model over all that can happen.

mod guard;
mod head;
mod seen;
mod tiles;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use guard::Guard;
pub(crate) use head::Head;
pub use head::SealKey;
pub use seen::SeenLog;
pub(crate) use tiles::{StoredNodes, wrong_end};

use crate::map::{Digest, Map, MapError, MapKey, MapNodes, Prefix};
use crate::ports::{
    Batch, Derived, DeskView, EntryColumns, List, Listed, ListedKey, NewEntry, RowChange, StorageError, Table,
};
use crate::record::{DeskEntry, DeskEvent, text_hash};
use crate::rows::{Row, RowFault, TextRow, from_blob, to_blob};
use crate::typed_text::without_codes;
use crate::{DeskError, UnixTime};

const ROW_LABEL: &[u8] = b"fido-unlock/1 row\0";
/// Longer texts are cut.
const LONGEST_TEXT: usize = 400;

/// The map's nodes in a transaction.
pub(crate) struct TransactionNodes<'a>(pub(crate) &'a dyn DeskView);

impl MapNodes for TransactionNodes<'_> {
    type Error = StorageError;

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.node(prefix)
    }
}

/// The hash of a row's bytes, as the map has it.
pub(crate) fn row_hash(blob: &[u8]) -> Digest {
    let hash = Sha256::new_with_prefix(ROW_LABEL).chain_update(blob);
    hash.finalize().into()
}

/// 32 random bytes, from which a step's random values are drawn.
pub(crate) type Seed = Zeroizing<[u8; 32]>;

/// A row by table and key.
type Place = (Table, Vec<u8>);

/// A row as it will be written.
type Written = Option<(Vec<u8>, Derived)>;

/// One step over one transaction.
pub(crate) struct Step<'a> {
    nodes: &'a TransactionNodes<'a>,
    map: Map<'a, TransactionNodes<'a>>,
    head: Head,
    now: UnixTime,
    seed: Seed,
    drawn: u64,
    /// Rows that were read and checked: a transaction reads each once.
    read: RefCell<BTreeMap<Place, Option<Vec<u8>>>>,
    rows: BTreeMap<Place, Written>,
    entries: Vec<DeskEntry>,
    disabled: Option<Guard>,
    /// Who does what to whom, as far as it is known: the entry that a refusal is recorded by.
    pub(crate) about: DeskEntry,
}

impl<'a> Step<'a> {
    /// A step at `now` over the store as `head` says it stands.
    pub(crate) fn new(
        nodes: &'a TransactionNodes<'a>,
        head: Head,
        now: UnixTime,
        seed: Seed,
        disabled: Option<Guard>,
        about: DeskEntry,
    ) -> Self {
        Self {
            map: Map::at(nodes, head.map_root),
            nodes,
            head,
            now,
            seed,
            drawn: 0,
            read: RefCell::new(BTreeMap::new()),
            rows: BTreeMap::new(),
            entries: Vec::new(),
            disabled,
            about,
        }
    }

    /// Now, never before the last entry.
    pub(crate) const fn now(&self) -> UnixTime {
        self.now
    }

    /// As the store stood before the step.
    pub(crate) const fn head(&self) -> &Head {
        &self.head
    }

    pub(crate) const fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }

    pub(crate) fn set_now(&mut self, now: UnixTime) {
        self.now = now;
    }

    /// The store, for lists and search, whose answers are hints.
    pub(crate) const fn store(&self) -> &'a dyn DeskView {
        self.nodes.0
    }

    /// Random bytes that nobody else has, the same for the same seed.
    pub(crate) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        for chunk in out.chunks_mut(32) {
            let bytes = Sha256::new_with_prefix(self.seed.as_slice())
                .chain_update(self.drawn.to_be_bytes())
                .finalize();
            self.drawn += 1;
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        out
    }

    /// Goes on where `holds`, and refuses otherwise.
    pub(crate) fn require(
        &self,
        guard: Guard,
        holds: bool,
        refusal: impl Into<DeskError>,
    ) -> Result<(), DeskError> {
        if holds || self.disabled == Some(guard) {
            Ok(())
        } else {
            Err(refusal.into())
        }
    }

    /// The row with this key, checked against the map.
    pub(crate) fn get<R: Row>(&self, key: &[u8]) -> Result<Option<R>, StorageError> {
        match self.blob(R::TABLE, key)? {
            Some(blob) => read(&blob).map(Some),
            None => Ok(None),
        }
    }

    /// The same, where it cannot be missing.
    pub(crate) fn must<R: Row>(&self, key: &[u8]) -> Result<R, StorageError> {
        self.get(key)?.ok_or_else(|| tampered(R::TABLE))
    }

    fn blob(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let place = (table, key.to_owned());
        if let Some(written) = self.rows.get(&place) {
            return Ok(written.as_ref().map(|(blob, _)| blob.clone()));
        }
        if let Some(blob) = self.read.borrow().get(&place) {
            return Ok(blob.clone());
        }
        let blob = self.store().row(table, key)?;
        if table.is_mapped() {
            let sealed = self.map.get(&MapKey::new(table.name(), key)).map_err(of_map)?;
            if sealed != blob.as_deref().map(row_hash) {
                return Err(tampered(table));
            }
        }
        self.read.borrow_mut().insert(place, blob.clone());
        Ok(blob)
    }

    /// Writes a row.
    pub(crate) fn put<R: Row>(&mut self, key: &[u8], row: &R) -> Result<(), StorageError> {
        self.write(R::TABLE, key, Some((to_blob(row), row.derived())))
    }

    /// Takes a row out.
    pub(crate) fn remove<R: Row>(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.write(R::TABLE, key, None)
    }

    fn write(&mut self, table: Table, key: &[u8], row: Written) -> Result<(), StorageError> {
        if table.is_mapped() {
            let hash = row.as_ref().map(|(blob, _)| row_hash(blob));
            self.map
                .set(&MapKey::new(table.name(), key), hash)
                .map_err(of_map)?;
        }
        self.rows.insert((table, key.to_owned()), row);
        Ok(())
    }

    /// A page of a list: rows read by their keys, each where it says itself that it belongs. `after`: order and key of
    /// the last one of the page before.
    pub(crate) fn list<R: Row>(
        &self,
        list: List,
        group: &[u8],
        after: Option<(&[u8], &[u8])>,
        limit: u32,
    ) -> Result<Vec<(Vec<u8>, R)>, StorageError> {
        let found = self.store().list(list, group, after, limit)?;
        found
            .into_iter()
            .map(|ListedKey { order, key, table }| {
                let row: R = if table == R::TABLE {
                    self.must(&key)?
                } else {
                    return Err(tampered(table));
                };
                let mut places = row.derived().listed.into_iter();
                if places.any(|place| place.list == list && place.group == group && place.order == order) {
                    Ok((key, row))
                } else {
                    Err(tampered(R::TABLE))
                }
            })
            .collect()
    }

    /// An entry about what the step is about.
    pub(crate) fn entry(&self, event: DeskEvent) -> DeskEntry {
        DeskEntry {
            event,
            ..self.about.clone()
        }
    }

    /// Adds an entry to the log.
    pub(crate) fn record(&mut self, entry: DeskEntry) {
        self.entries.push(entry);
    }

    /// The last entry that was added, and its place.
    pub(crate) fn last_entry(&self) -> Option<(u64, &DeskEntry)> {
        let behind = self.entries.len().checked_sub(1)?;
        let place = self.head.range.size() + behind as u64;
        Some((place, self.entries.get(behind)?))
    }

    /// Adds an entry with a text. A Response Code that was typed into it is left out, and what is too long is cut.
    pub(crate) fn record_text(&mut self, entry: DeskEntry, text: &str) -> Result<(), StorageError> {
        let text = typed(text);
        if text.is_empty() {
            self.record(entry);
            return Ok(());
        }
        self.record_own_text(entry, text)
    }

    /// Adds an entry whose text, or its beginning, is the desk's own: nothing of it is left out or cut.
    pub(crate) fn record_own_text(&mut self, mut entry: DeskEntry, text: String) -> Result<(), StorageError> {
        let salt = self.random();
        entry.text = Some(text_hash(&salt, &text));
        let place = self.head.range.size() + self.entries.len() as u64;
        let of_user = entry.user.map(|user| Listed {
            list: List::TextsOfUser,
            group: user.0.to_vec(),
            order: Vec::new(),
        });
        let derived = Derived {
            listed: of_user.into_iter().collect(),
            texts: Vec::new(),
        };
        let row = to_blob(&TextRow { salt, text });
        self.write(Table::Texts, &place.to_be_bytes(), Some((row, derived)))?;
        self.record(entry);
        Ok(())
    }

    /// Adds the entry of a refusal.
    pub(crate) fn record_refusal(&mut self, error: &DeskError) {
        self.record(DeskEntry {
            event: DeskEvent::Refused,
            error: Some(error.code().number()),
            ..self.about.clone()
        });
    }

    /// Forgets all that was written, so that the refusal alone can be recorded.
    pub(crate) fn forget(&mut self, head: &Head) {
        self.map = Map::at(self.nodes, head.map_root);
        self.head = head.clone();
        self.rows.clear();
        self.entries.clear();
    }

    /// Whether nothing was written.
    pub(crate) fn is_idle(&self) -> bool {
        self.rows.is_empty() && self.entries.is_empty()
    }

    /// All that is to be written, and the head as it stands then.
    pub(crate) fn finish(mut self, key: &SealKey) -> Result<(Batch, Head), StorageError> {
        let first = self.head.range.size();
        let step = self.random();
        let mut entries = Vec::with_capacity(self.entries.len());
        for (place, entry) in (first..).zip(&mut self.entries) {
            entry.log_id = self.head.log_id;
            entry.sequence = place;
            entry.step = step;
            entry.at = self.now;
            entries.push(NewEntry {
                bytes: entry.to_bytes(),
                columns: EntryColumns::of(entry),
            });
        }
        let leaves: Vec<_> = entries.iter().map(|entry| entry.bytes.clone()).collect();
        let tiles = tiles::append(&mut self.head.range, &leaves, self.nodes.0)?;
        self.head.at = self.now;
        self.head.map_root = self.map.root();
        let rows = self
            .rows
            .into_iter()
            .map(|((table, key), row)| RowChange { table, key, row });
        let nodes = self.map.into_changes();
        let batch = Batch {
            head: self.head.to_bytes(key),
            rows: rows.collect(),
            nodes: nodes.map(|(prefix, node)| (prefix.to_bytes(), node)).collect(),
            first_entry: first,
            entries,
            tiles,
        };
        Ok((batch, self.head))
    }
}

/// A row from its bytes.
pub(crate) fn read<R: Row>(blob: &[u8]) -> Result<R, StorageError> {
    from_blob(blob).map_err(|fault| {
        let detail = R::TABLE.name().to_owned();
        match fault {
            RowFault::Malformed => StorageError::Corrupt { detail },
            RowFault::Version => StorageError::Version { detail },
        }
    })
}

pub(crate) fn tampered(table: Table) -> StorageError {
    StorageError::Tampered {
        detail: format!("a row of {}", table.name()),
    }
}

fn of_map(error: MapError<StorageError>) -> StorageError {
    match error {
        MapError::Store(error) => error,
        MapError::Broken { .. } => StorageError::Tampered {
            detail: "a node of the map".into(),
        },
    }
}

/// What was typed, as it is recorded.
pub(crate) fn typed(text: &str) -> String {
    cut(&without_codes(text))
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Refusals that raise an alarm.
pub(crate) fn is_alarming(error: &DeskError) -> bool {
    matches!(
        error.code(),
        ErrorCode::ChallengeElsewhere
            | ErrorCode::CounterWentBack
            | ErrorCode::CounterMoved
            | ErrorCode::StoreTampered
            | ErrorCode::StoreSetBack
    )
}
