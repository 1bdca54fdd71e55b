//! A plain store, and what it does wrong when told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use fido_unlock::desk::UnixTime;
use fido_unlock::desk::map::Prefix;
use fido_unlock::desk::ports::{
    Batch, CommitError, Derived, DeskStore, DeskTransaction, DeskView, EntryKey, KeptEntry, KeptRow, List,
    ListedKey, StorageError, Table,
};

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Right,
    /// The last commit was not on disk yet when the process ended.
    ForgetsLast,
    /// What was written before a failure stays, and is read: there was no transaction.
    HalfWritten,
    /// Each handle reads what it read before.
    ReadsOld,
    /// Two transactions at a time.
    NoLock,
    /// A transaction that is dropped keeps the lock.
    StaysLocked,
    /// A transaction that is ended keeps the lock.
    EndKeepsLock,
    /// As a database that knows no empty strings.
    EmptyIsNone,
    /// Keys are made texts.
    KeysAsText,
    /// The table is no part of the key.
    OneTable,
    /// A row that is removed stays.
    KeepsRemoved,
    /// Nodes are kept by the bytes of their prefix alone.
    PrefixWithoutLength,
    /// A node that is taken out stays.
    KeepsNodes,
    /// As an index that is read from its end.
    EntriesBackwards,
    /// Those behind the place, not from it on.
    EntriesBehind,
    /// What stands beside entries is that of the first that was asked for.
    ColumnsOfAnother,
    /// Entries that are looked for come in the order of the log, those at the place itself too.
    FindsForwards,
    FindsThePlaceItself,
    /// What is looked for is looked for everywhere.
    FindsAnyKey,
    FindsWithoutEnd,
    /// Adds entries wherever the batch says.
    TakesAnyPlace,
    /// Tiles are kept by their index alone.
    OneLevel,
    /// The places of a row that was removed stay.
    KeepsPlaces,
    /// The places of a row that was written again stay.
    KeepsOldPlaces,
    /// A page begins with the last one of the page before.
    RepeatsAfter,
    /// A page goes on behind a key, in whatever place.
    SkipsKeys,
    /// Bytes are compared as signed numbers.
    SignedOrder,
    /// A part of a list is looked for by how it begins.
    GroupBegins,
    PagesWithoutEnd,
    /// A page of rows begins with the last one of the page before.
    RowsRepeat,
    /// Rows come by keys as signed numbers.
    RowsSigned,
    /// The whole store in the place of one table.
    RowsOfAll,
    RowsWithoutEnd,
    /// As a store that does not say where else a row stands.
    RowsAlone,
    /// A view waits for the lock of a transaction.
    ViewLocks,
    /// A view shows what is written while it is open.
    ViewMoves,
    /// The texts of a row that was removed stay.
    KeepsTexts,
    /// The texts of a row that was written again stay.
    KeepsOldTexts,
    /// LIKE.
    Wildcards,
    /// Whole words are found, not parts of them.
    Words,
    /// By key.
    NotRanked,
    /// One letter is found everywhere.
    ShortAnywhere,
    /// As indexes that take accents off.
    WithoutAccents,
    /// A row comes once for each of its texts.
    EachText,
    /// Gives up after sixty.
    FewOthers,
    SearchesWithoutEnd,
}

type Key = (Table, Vec<u8>);

#[derive(Clone, Default)]
struct Content {
    head: Option<Vec<u8>>,
    rows: BTreeMap<Key, (Vec<u8>, Derived)>,
    /// What is derived from rows that are no longer so.
    left: Vec<(Key, Derived)>,
    nodes: BTreeMap<Vec<u8>, Vec<u8>>,
    entries: Vec<KeptEntry>,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

/// What handles share.
#[derive(Clone, Default)]
pub struct Disk {
    lock: Arc<Mutex<()>>,
    content: Arc<Mutex<Arc<Content>>>,
    before: Arc<Mutex<Arc<Content>>>,
    open: Arc<()>,
}

pub struct Wrong {
    disk: Disk,
    kind: Kind,
    seen: Option<Arc<Content>>,
}

impl Wrong {
    pub fn open(disk: &Disk, kind: Kind) -> Self {
        if kind == Kind::ForgetsLast && Arc::strong_count(&disk.open) == 1 {
            let before = disk.before.lock().unwrap().clone();
            *disk.content.lock().unwrap() = before;
        }
        Self {
            disk: disk.clone(),
            kind,
            seen: None,
        }
    }
}

impl DeskStore for Wrong {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        let lock = self.disk.lock.try_lock().ok();
        if lock.is_none() && self.kind != Kind::NoLock {
            return Err(StorageError::Busy {
                detail: String::new(),
            });
        }
        let now = self.disk.content.lock().unwrap().clone();
        let content = match (&self.seen, self.kind) {
            (Some(seen), Kind::ReadsOld) => seen.clone(),
            _ => now,
        };
        self.seen = Some(content.clone());
        Ok(Box::new(Transaction {
            lock,
            content,
            disk: &self.disk,
            seen: &mut self.seen,
            kind: self.kind,
        }))
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        let lock = self.disk.lock.try_lock().ok();
        if lock.is_none() && self.kind == Kind::ViewLocks {
            return Err(StorageError::Busy {
                detail: String::new(),
            });
        }
        Ok(Box::new(Transaction {
            lock: None,
            content: self.disk.content.lock().unwrap().clone(),
            disk: &self.disk,
            seen: &mut self.seen,
            kind: self.kind,
        }))
    }
}

struct Transaction<'a> {
    lock: Option<MutexGuard<'a, ()>>,
    content: Arc<Content>,
    disk: &'a Disk,
    seen: &'a mut Option<Arc<Content>>,
    kind: Kind,
}

impl Transaction<'_> {
    /// What is read now.
    fn content(&self) -> Arc<Content> {
        match self.kind {
            Kind::ViewMoves => self.disk.content.lock().unwrap().clone(),
            _ => self.content.clone(),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.kind == Kind::StaysLocked {
            std::mem::forget(self.lock.take());
        }
    }
}

fn key(kind: Kind, table: Table, key: &[u8]) -> Key {
    let table = if kind == Kind::OneTable {
        Table::Users
    } else {
        table
    };
    match kind {
        Kind::KeysAsText => (table, String::from_utf8_lossy(key).into_owned().into()),
        _ => (table, key.into()),
    }
}

fn node_key(kind: Kind, prefix: &[u8]) -> Vec<u8> {
    prefix[usize::from(kind == Kind::PrefixWithoutLength)..].into()
}

const fn level(kind: Kind, level: u8) -> u8 {
    if matches!(kind, Kind::OneLevel) { 0 } else { level }
}

impl Content {
    fn derived(&self) -> impl Iterator<Item = (&Key, &Derived)> {
        let rows = self.rows.iter().map(|(key, (_, derived))| (key, derived));
        rows.chain(self.left.iter().map(|(key, derived)| (key, derived)))
    }

    fn write(&mut self, kind: Kind, batch: &Batch) -> Result<(), StorageError> {
        self.head = Some(batch.head.clone());
        for change in &batch.rows {
            let key = key(kind, change.table, &change.key);
            let before = match &change.row {
                Some(row) => self.rows.insert(key.clone(), row.clone()),
                None if kind == Kind::KeepsRemoved => None,
                None => self.rows.remove(&key),
            };
            let Some((_, mut left)) = before else { continue };
            match (kind, &change.row) {
                (Kind::KeepsPlaces, None) | (Kind::KeepsOldPlaces, Some(_)) => left.texts.clear(),
                (Kind::KeepsTexts, None) | (Kind::KeepsOldTexts, Some(_)) => left.listed.clear(),
                _ => continue,
            }
            if let Some((_, now)) = &change.row {
                left.listed.retain(|place| !now.listed.contains(place));
                left.texts.retain(|text| !now.texts.contains(text));
            }
            self.left.push((key, left));
        }
        for (prefix, node) in &batch.nodes {
            let key = node_key(kind, prefix);
            match node {
                Some(node) => drop(self.nodes.insert(key, node.clone())),
                None if kind == Kind::KeepsNodes => {}
                None => drop(self.nodes.remove(&key)),
            }
        }
        if kind != Kind::TakesAnyPlace && batch.first_entry != self.entries.len() as u64 {
            return Err(StorageError::Write {
                detail: String::new(),
            });
        }
        self.entries.extend(batch.entries.iter().map(|entry| KeptEntry {
            bytes: entry.bytes.clone(),
            columns: Some(entry.columns),
        }));
        for tile in &batch.tiles {
            self.tiles
                .insert((level(kind, tile.level), tile.index), tile.bytes.clone());
        }
        Ok(())
    }
}

/// LIKE of SQL, without an escape.
fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['%', rest @ ..], _) => like(rest, text) || (!text.is_empty() && like(pattern, &text[1..])),
        (['_', rest @ ..], [_, left @ ..]) => like(rest, left),
        ([one, rest @ ..], [other, left @ ..]) => one == other && like(rest, left),
        _ => false,
    }
}

fn rank(kind: Kind, text: &str, folded: &str) -> Option<u8> {
    let plain = |text: &str| text.replace('\u{eb}', "e");
    let (text, folded) = match kind {
        Kind::WithoutAccents => (plain(text), plain(folded)),
        _ => (text.to_owned(), folded.to_owned()),
    };
    let inside = match kind {
        Kind::Wildcards => {
            let pattern: Vec<char> = format!("%{folded}%").chars().collect();
            like(&pattern, &text.chars().collect::<Vec<_>>())
        }
        Kind::Words => text.split(' ').any(|word| word == folded),
        _ => text.contains(&folded),
    };
    match kind {
        Kind::NotRanked => inside.then_some(0),
        _ if text == folded => Some(0),
        Kind::Words => inside.then_some(1),
        _ if text.starts_with(&folded) => Some(1),
        _ if folded.chars().count() < 3 && kind != Kind::ShortAnywhere => None,
        _ => inside.then_some(2),
    }
}

fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|byte| *byte as i8).collect()
}

impl DeskView for Transaction<'_> {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.content().head.clone())
    }

    fn row(&self, table: Table, row: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let content = self.content();
        let row = content.rows.get(&key(self.kind, table, row));
        let row = row.map(|(row, _)| row.clone());
        Ok(row.filter(|row| self.kind != Kind::EmptyIsNone || !row.is_empty()))
    }

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        let key = node_key(self.kind, &prefix.to_bytes());
        Ok(self.content.nodes.get(&key).cloned())
    }

    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        let from = usize::try_from(from).unwrap();
        let from = from.saturating_add(usize::from(self.kind == Kind::EntriesBehind));
        let entries = self.content.entries.iter().skip(from).take(count as usize);
        let mut entries: Vec<_> = entries.map(|entry| entry.bytes.clone()).collect();
        if self.kind == Kind::EntriesBackwards {
            entries.reverse();
        }
        Ok(entries)
    }

    fn kept_entries(&self, from: u64, count: u32) -> Result<Vec<KeptEntry>, StorageError> {
        let from = usize::try_from(from).unwrap();
        let entries = self.content.entries.iter().skip(from).take(count as usize);
        let mut entries: Vec<_> = entries.cloned().collect();
        if self.kind == Kind::ColumnsOfAnother {
            let columns = entries.first().and_then(|entry| entry.columns);
            entries.iter_mut().for_each(|entry| entry.columns = columns);
        }
        Ok(entries)
    }

    fn entries_with(&self, key: &EntryKey, before: u64, limit: u32) -> Result<Vec<u64>, StorageError> {
        let fits = |entry: &KeptEntry| match (self.kind, key) {
            (Kind::FindsAnyKey, EntryKey::Operator(number) | EntryKey::Device(number)) => {
                let columns = entry.columns.unwrap();
                [columns.operator, columns.device].contains(&Some(*number))
            }
            _ => key.is_of(&entry.columns.unwrap()),
        };
        let places = (0..).zip(&self.content.entries);
        let mut found: Vec<u64> = places
            .filter(|(_, entry)| fits(entry))
            .map(|(place, _)| place)
            .filter(|place| *place < before || self.kind == Kind::FindsThePlaceItself && *place == before)
            .collect();
        if self.kind != Kind::FindsForwards {
            found.reverse();
        }
        if self.kind != Kind::FindsWithoutEnd {
            found.truncate(limit as usize);
        }
        Ok(found)
    }

    fn tile(&self, tile: u8, index: u64) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.content.tiles.get(&(level(self.kind, tile), index)).cloned())
    }

    fn list(
        &self,
        list: List,
        group: &[u8],
        after: Option<(&[u8], &[u8])>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StorageError> {
        let mut found = Vec::new();
        for ((table, key), derived) in self.content.derived() {
            for place in &derived.listed {
                let here = match self.kind {
                    Kind::GroupBegins => place.group.starts_with(group),
                    _ => place.group == group,
                };
                let here = here && place.list == list;
                let behind = after.is_none_or(|(order, last)| match self.kind {
                    Kind::RepeatsAfter => (place.order.as_slice(), key.as_slice()) >= (order, last),
                    Kind::SkipsKeys => place.order.as_slice() >= order && key.as_slice() > last,
                    _ => (place.order.as_slice(), key.as_slice()) > (order, last),
                });
                if here && behind {
                    found.push(ListedKey {
                        order: place.order.clone(),
                        key: key.clone(),
                        table: *table,
                    });
                }
            }
        }
        match self.kind {
            Kind::SignedOrder => found.sort_by_key(|place| (signed(&place.order), signed(&place.key))),
            _ => found.sort(),
        }
        if self.kind != Kind::PagesWithoutEnd {
            found.truncate(limit as usize);
        }
        Ok(found)
    }

    fn search(&self, folded: &str, limit: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError> {
        let mut found = Vec::new();
        for (row, derived) in self.content.derived() {
            let ranks = derived
                .texts
                .iter()
                .filter_map(|text| rank(self.kind, text, folded));
            match self.kind {
                _ if folded.is_empty() => {}
                Kind::EachText => found.extend(ranks.map(|rank| (rank, row.clone()))),
                _ => found.extend(ranks.min().map(|rank| (rank, row.clone()))),
            }
        }
        found.sort();
        if self.kind == Kind::FewOthers {
            let mut others = 0;
            found.retain(|(rank, _)| {
                others += u32::from(*rank == 2);
                *rank < 2 || others <= 60
            });
        }
        if self.kind != Kind::SearchesWithoutEnd {
            found.truncate(limit as usize);
        }
        Ok(found.into_iter().map(|(_, row)| row).collect())
    }

    fn rows(&self, table: Table, after: Option<&[u8]>, limit: u32) -> Result<Vec<KeptRow>, StorageError> {
        let content = self.content();
        let mut found = Vec::new();
        for ((of, key), (row, derived)) in &content.rows {
            let here = *of == table || self.kind == Kind::RowsOfAll;
            let behind = after.is_none_or(|after| match self.kind {
                Kind::RowsRepeat => key.as_slice() >= after,
                _ => key.as_slice() > after,
            });
            if here && behind {
                let mut derived = derived.clone();
                derived.listed.sort();
                derived.listed.dedup();
                derived.texts.sort();
                derived.texts.dedup();
                found.push(KeptRow {
                    key: key.clone(),
                    row: Some(row.clone()),
                    derived: match self.kind {
                        Kind::RowsAlone => Derived::default(),
                        _ => derived,
                    },
                });
            }
        }
        match self.kind {
            Kind::RowsSigned => found.sort_by_key(|row| signed(&row.key)),
            _ => found.sort_by(|one, other| one.key.cmp(&other.key)),
        }
        if self.kind != Kind::RowsWithoutEnd {
            found.truncate(limit as usize);
        }
        Ok(found)
    }
}

impl DeskTransaction for Transaction<'_> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        Ok(None)
    }

    fn end(self: Box<Self>) -> Result<(), StorageError> {
        if self.kind == Kind::EndKeepsLock {
            std::mem::forget(self);
        }
        Ok(())
    }

    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        let mut content = (*self.content).clone();
        let answer = content.write(self.kind, batch);
        if answer.is_ok() || self.kind == Kind::HalfWritten {
            let content = Arc::new(content);
            let before = std::mem::replace(&mut *self.disk.content.lock().unwrap(), content.clone());
            *self.disk.before.lock().unwrap() = before;
            *self.seen = Some(content);
        }
        answer.map_err(CommitError::from)
    }
}
