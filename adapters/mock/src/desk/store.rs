//! A desk's store in memory, with commits that fail or whose answer is lost when told to.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::map::Prefix;
use fido_unlock_desk::ports::{
    Batch, CommitError, Derived, DeskStore, DeskTransaction, DeskView, EntryColumns, EntryKey, KeptEntry,
    KeptRow, List, ListedKey, StorageError, Table,
};

use super::lock;

/// How long a transaction waits for the one before.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What becomes of the next commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NextCommit {
    /// It is written.
    #[default]
    Written,
    /// It fails, and nothing is written.
    Fails,
    /// It is written, and the answer is lost.
    AnswerLost,
    /// It is not written, and the answer is lost.
    Lost,
}

/// Everything that the store holds: can be kept, compared and put back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreContent {
    /// The head's row.
    pub head: Option<Vec<u8>>,
    /// Rows by table and key, and what is derived from them.
    pub rows: BTreeMap<(Table, Vec<u8>), (Vec<u8>, Derived)>,
    /// The map's nodes.
    pub nodes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The log's entries.
    pub entries: Vec<Vec<u8>>,
    /// What stands beside the first of them.
    pub columns: Vec<EntryColumns>,
    /// The log's full tiles.
    pub tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

/// A store in memory. A clone is another handle to the same store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    /// Held as long as a transaction lasts.
    writing: Arc<Mutex<()>>,
    content: Arc<Mutex<Arc<StoreContent>>>,
    next: Arc<Mutex<NextCommit>>,
    clock: Arc<Mutex<Option<UnixTime>>>,
    end_fails: Arc<Mutex<bool>>,
}

impl MemoryStore {
    /// What it holds.
    #[must_use]
    pub fn content(&self) -> StoreContent {
        lock(&self.content).as_ref().clone()
    }

    /// Puts `content` in its place.
    pub fn set_content(&self, content: StoreContent) {
        *lock(&self.content) = Arc::new(content);
    }

    /// Says what becomes of the next commit; the one after is written again.
    pub fn next_commit(&self, next: NextCommit) {
        *lock(&self.next) = next;
    }

    /// The next transaction that is ended without a write has read what was not written after all.
    pub fn next_end_fails(&self) {
        *lock(&self.end_fails) = true;
    }

    /// Gives the store a clock of its own, or takes it away.
    pub fn set_clock(&self, clock: Option<UnixTime>) {
        *lock(&self.clock) = clock;
    }
}

impl DeskStore for MemoryStore {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        let since = Instant::now();
        loop {
            let writing = match self.writing.try_lock() {
                Ok(writing) => writing,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if since.elapsed() < LONGEST_WAIT => {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StorageError::Busy {
                        detail: "the store in memory".into(),
                    });
                }
            };
            return Ok(Box::new(Transaction {
                content: lock(&self.content).clone(),
                store: self,
                _writing: Some(writing),
            }));
        }
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        Ok(Box::new(Transaction {
            content: lock(&self.content).clone(),
            store: self,
            _writing: None,
        }))
    }
}

/// What is read: of a transaction, or of a view, which does not hold the lock.
struct Transaction<'a> {
    content: Arc<StoreContent>,
    store: &'a MemoryStore,
    _writing: Option<MutexGuard<'a, ()>>,
}

impl DeskView for Transaction<'_> {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.content.head.clone())
    }

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.content.rows.get(&(table, key.to_vec()));
        Ok(row.map(|(row, _)| row.clone()))
    }

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.content.nodes.get(&prefix.to_bytes()).cloned())
    }

    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let rest = self.content.entries.get(from..).unwrap_or_default();
        Ok(rest.iter().take(count as usize).cloned().collect())
    }

    fn kept_entries(&self, from: u64, count: u32) -> Result<Vec<KeptEntry>, StorageError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let columns = self.content.columns.iter().copied().map(Some);
        let columns = columns.chain(std::iter::repeat(None));
        let all = self.content.entries.iter().cloned().zip(columns);
        let kept = all.map(|(bytes, columns)| KeptEntry { bytes, columns });
        Ok(kept.skip(from).take(count as usize).collect())
    }

    fn entries_with(&self, key: &EntryKey, before: u64, limit: u32) -> Result<Vec<u64>, StorageError> {
        let places = (0..before).zip(&self.content.columns);
        let mut found: Vec<u64> = places
            .filter(|(_, columns)| key.is_of(columns))
            .map(|(place, _)| place)
            .collect();
        found.reverse();
        found.truncate(limit as usize);
        Ok(found)
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.content.tiles.get(&(level, index)).cloned())
    }

    fn list(
        &self,
        list: List,
        group: &[u8],
        after: Option<(&[u8], &[u8])>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StorageError> {
        let places = self.content.rows.iter().flat_map(|((table, key), (_, derived))| {
            let listed = derived.listed.iter();
            let here = listed.filter(|place| place.list == list && place.group == group);
            here.map(move |place| ListedKey {
                order: place.order.clone(),
                key: key.clone(),
                table: *table,
            })
        });
        let mut found: Vec<_> = places
            .filter(|found| after.is_none_or(|after| (found.order.as_slice(), found.key.as_slice()) > after))
            .collect();
        found.sort();
        found.truncate(limit as usize);
        Ok(found)
    }

    fn search(&self, folded: &str, limit: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError> {
        if folded.is_empty() {
            return Ok(Vec::new());
        }
        let anywhere = folded.chars().count() > 2;
        let rank = |text: &String| {
            if text == folded {
                Some(0)
            } else if text.starts_with(folded) {
                Some(1)
            } else {
                (anywhere && text.contains(folded)).then_some(2)
            }
        };
        let rows = self.content.rows.iter();
        let mut found: Vec<(u8, Table, Vec<u8>)> = rows
            .filter_map(|((table, key), (_, derived))| {
                let best = derived.texts.iter().filter_map(rank).min()?;
                Some((best, *table, key.clone()))
            })
            .collect();
        found.sort();
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|(_, table, key)| (table, key)).collect())
    }

    fn rows(&self, table: Table, after: Option<&[u8]>, limit: u32) -> Result<Vec<KeptRow>, StorageError> {
        let from = after.map_or(Bound::Included(Vec::new()), |after| {
            Bound::Excluded(after.to_vec())
        });
        let rows = self
            .content
            .rows
            .range((from.map(|key| (table, key)), Bound::Unbounded));
        let of_table = rows.take_while(|((of, _), _)| *of == table);
        let kept = of_table.take(limit as usize).map(|((_, key), (row, derived))| {
            let mut derived = derived.clone();
            derived.listed.sort();
            derived.listed.dedup();
            derived.texts.sort();
            derived.texts.dedup();
            KeptRow {
                key: key.clone(),
                row: Some(row.clone()),
                derived,
            }
        });
        Ok(kept.collect())
    }
}

impl DeskTransaction for Transaction<'_> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        Ok(*lock(&self.store.clock))
    }

    fn end(self: Box<Self>) -> Result<(), StorageError> {
        if std::mem::take(&mut *lock(&self.store.end_fails)) {
            return Err(StorageError::Read {
                detail: "the store was told to fail".into(),
            });
        }
        Ok(())
    }

    fn commit(mut self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        let next = std::mem::take(&mut *lock(&self.store.next));
        if matches!(next, NextCommit::Written | NextCommit::AnswerLost) {
            // So that nothing is copied unless a view shows it.
            self.content = Arc::default();
            Arc::make_mut(&mut lock(&self.store.content)).write(batch)?;
        }
        match next {
            NextCommit::Written => Ok(()),
            NextCommit::Fails => Err(CommitError::NotWritten(StorageError::Write {
                detail: "the store was told to fail".into(),
            })),
            NextCommit::AnswerLost | NextCommit::Lost => Err(CommitError::Unknown {
                detail: "the store was told to lose the answer".into(),
            }),
        }
    }
}

impl StoreContent {
    fn write(&mut self, batch: &Batch) -> Result<(), StorageError> {
        if self.entries.len() as u64 != batch.first_entry {
            return Err(StorageError::Write {
                detail: "the batch does not begin where the log ends".into(),
            });
        }
        self.head = Some(batch.head.clone());
        for change in &batch.rows {
            let key = (change.table, change.key.clone());
            match &change.row {
                Some(row) => self.rows.insert(key, row.clone()),
                None => self.rows.remove(&key),
            };
        }
        for (prefix, node) in &batch.nodes {
            match node {
                Some(node) => self.nodes.insert(prefix.clone(), node.clone()),
                None => self.nodes.remove(prefix),
            };
        }
        self.columns.truncate(self.entries.len());
        self.columns
            .extend(batch.entries.iter().map(|entry| entry.columns));
        self.entries
            .extend(batch.entries.iter().map(|entry| entry.bytes.clone()));
        for tile in &batch.tiles {
            self.tiles.insert((tile.level, tile.index), tile.bytes.clone());
        }
        Ok(())
    }
}
