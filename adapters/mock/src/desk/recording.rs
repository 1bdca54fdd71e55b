//! A store that writes down what goes through it to another.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::map::Prefix;
use fido_unlock_desk::ports::{
    Batch, CommitError, DeskStore, DeskTransaction, DeskView, EntryKey, KeptEntry, KeptRow, List, ListedKey,
    StorageError, Table,
};

use super::lock;

/// A row that was read: table, key, and whether it was there.
pub type ReadRow = (Table, Vec<u8>, bool);

/// What was read and written since the record was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Rows that were read before they were written.
    pub reads: BTreeSet<ReadRow>,
    /// How many entries of the log were read.
    pub entries: usize,
    /// What was committed, in the order in which the answers came: of several callers that need not be the log's.
    pub batches: Vec<Batch>,
}

#[derive(Default)]
struct Kept {
    recorded: Recorded,
    written: BTreeSet<(Table, Vec<u8>)>,
}

/// What [`RecordingStore`]s write down. A clone is another handle to the same record.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Option<Kept>>>);

impl Record {
    /// Starts it, or starts it again with nothing. Before that nothing is kept.
    pub fn start(&self) {
        *lock(&self.0) = Some(Kept::default());
    }

    /// Gives what was recorded, and ends the record.
    #[must_use]
    pub fn take(&self) -> Recorded {
        lock(&self.0).take().map(|kept| kept.recorded).unwrap_or_default()
    }

    fn read(&self, table: Table, key: &[u8], there: bool) {
        if let Some(kept) = &mut *lock(&self.0)
            && !kept.written.contains(&(table, key.to_vec()))
        {
            kept.recorded.reads.insert((table, key.to_vec(), there));
        }
    }

    fn write(&self, batch: &Batch) {
        if let Some(kept) = &mut *lock(&self.0) {
            let written = batch.rows.iter().map(|row| (row.table, row.key.clone()));
            kept.written.extend(written);
            kept.recorded.batches.push(batch.clone());
        }
    }
}

/// A store over another one that writes down what is read from it and committed to it.
pub struct RecordingStore {
    store: Box<dyn DeskStore + Send>,
    record: Record,
}

impl RecordingStore {
    /// Over `store`.
    #[must_use]
    pub fn new(store: Box<dyn DeskStore + Send>, record: &Record) -> Self {
        Self {
            store,
            record: record.clone(),
        }
    }
}

impl DeskStore for RecordingStore {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        Ok(Box::new(Recording {
            inner: self.store.begin()?,
            record: &self.record,
        }))
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        Ok(Box::new(Recording {
            inner: self.store.view()?,
            record: &self.record,
        }))
    }
}

/// A transaction, or a look.
struct Recording<'a, T: ?Sized> {
    inner: Box<T>,
    record: &'a Record,
}

impl<T: DeskView + ?Sized> DeskView for Recording<'_, T> {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.head()
    }

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.inner.row(table, key)?;
        self.record.read(table, key, row.is_some());
        Ok(row)
    }

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.node(prefix)
    }

    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        let entries = self.inner.entries(from, count)?;
        if let Some(kept) = &mut *lock(&self.record.0) {
            kept.recorded.entries += entries.len();
        }
        Ok(entries)
    }

    fn kept_entries(&self, from: u64, count: u32) -> Result<Vec<KeptEntry>, StorageError> {
        self.inner.kept_entries(from, count)
    }

    fn entries_with(&self, key: &EntryKey, before: u64, limit: u32) -> Result<Vec<u64>, StorageError> {
        self.inner.entries_with(key, before, limit)
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.tile(level, index)
    }

    fn list(
        &self,
        list: List,
        group: &[u8],
        after: Option<(&[u8], &[u8])>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StorageError> {
        self.inner.list(list, group, after, limit)
    }

    fn search(&self, folded: &str, limit: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError> {
        self.inner.search(folded, limit)
    }

    fn rows(&self, table: Table, after: Option<&[u8]>, limit: u32) -> Result<Vec<KeptRow>, StorageError> {
        self.inner.rows(table, after, limit)
    }
}

impl<T: DeskTransaction + ?Sized> DeskTransaction for Recording<'_, T> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        self.inner.now()
    }

    fn end(self: Box<Self>) -> Result<(), StorageError> {
        self.inner.end()
    }

    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        self.inner.commit(batch)?;
        self.record.write(batch);
        Ok(())
    }
}
