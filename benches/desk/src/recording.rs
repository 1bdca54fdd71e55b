//! A store that keeps what was committed to it, so that the same can be written again without a decision.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock::desk::UnixTime;
use fido_unlock::desk::map::Prefix;
use fido_unlock::desk::ports::{
    Batch, CommitError, DeskStore, DeskTransaction, DeskView, KeptRow, List, ListedKey, StorageError, Table,
};
use fido_unlock_sqlite::SqliteStore;

/// What was committed since recording began.
type Kept = Arc<Mutex<Option<Vec<Batch>>>>;

/// Keeps what is committed through its [`Handle`].
#[derive(Clone, Default)]
pub struct Recording {
    kept: Kept,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recording {
    /// The store as a desk has it.
    pub fn over(&self, store: SqliteStore) -> Handle {
        Handle {
            store,
            kept: Arc::clone(&self.kept),
        }
    }

    pub fn begin_recording(&self) {
        *lock(&self.kept) = Some(Vec::new());
    }

    pub fn take(&self) -> Vec<Batch> {
        lock(&self.kept).take().unwrap_or_default()
    }
}

/// A store whose commits are kept.
pub struct Handle {
    store: SqliteStore,
    kept: Kept,
}

impl DeskStore for Handle {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        Ok(Box::new(Transaction {
            inner: self.store.begin()?,
            kept: Arc::clone(&self.kept),
        }))
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        self.store.view()
    }
}

struct Transaction<'a> {
    inner: Box<dyn DeskTransaction + 'a>,
    kept: Kept,
}

impl DeskView for Transaction<'_> {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.head()
    }

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.row(table, key)
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

impl DeskTransaction for Transaction<'_> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        self.inner.now()
    }

    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        self.inner.commit(batch)?;
        if let Some(kept) = &mut *lock(&self.kept) {
            kept.push(batch.clone());
        }
        Ok(())
    }
}
