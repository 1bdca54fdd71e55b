//! A store that writes down which rows are read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use fido_unlock::desk::UnixTime;
use fido_unlock::desk::map::Prefix;
use fido_unlock::desk::ports::{
    Batch, CommitError, DeskStore, DeskTransaction, DeskView, KeptRow, List, ListedKey, StorageError, Table,
};

/// A row by table and key, and whether it was there.
pub type Read = (Table, Vec<u8>, bool);

#[derive(Default)]
struct Inner {
    reads: BTreeSet<Read>,
    written: BTreeSet<(Table, Vec<u8>)>,
}

/// What was read before it was written.
#[derive(Clone, Default)]
pub struct Reads(Arc<Mutex<Inner>>);

impl Reads {
    pub fn all(&self) -> BTreeSet<Read> {
        self.0.lock().unwrap().reads.clone()
    }
}

pub struct Recorder {
    pub store: Box<dyn DeskStore + Send>,
    pub reads: Reads,
}

impl DeskStore for Recorder {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        Ok(Box::new(Recorded {
            inner: self.store.begin()?,
            reads: &self.reads,
        }))
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        self.store.view()
    }
}

struct Recorded<'a> {
    inner: Box<dyn DeskTransaction + 'a>,
    reads: &'a Reads,
}

impl DeskView for Recorded<'_> {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.head()
    }

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.inner.row(table, key)?;
        let mut inner = self.reads.0.lock().unwrap();
        if !inner.written.contains(&(table, key.to_vec())) {
            inner.reads.insert((table, key.to_vec(), row.is_some()));
        }
        Ok(row)
    }

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.node(prefix)
    }

    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        self.inner.entries(from, count)
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

impl DeskTransaction for Recorded<'_> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        self.inner.now()
    }

    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        let mut inner = self.reads.0.lock().unwrap();
        let written = batch.rows.iter().map(|row| (row.table, row.key.clone()));
        inner.written.extend(written);
        drop(inner);
        self.inner.commit(batch)
    }
}
