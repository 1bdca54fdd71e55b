//! Contract of [`DeskStore`].

mod kept;
mod lists;
mod log;
mod rows;
mod search;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::ContractError;
use crate::ports::{Batch, CommitError, Derived, DeskStore, RowChange, StorageError, Table};

type Store = Box<dyn DeskStore + Send>;
/// A row by table and key.
type Row = (Table, Vec<u8>);

/// `open` opens the same store, empty at first, as another process would: those before it may still be open, or were
/// dropped without being closed.
///
/// A store that waits long for its lock takes that long here, once.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn desk_store(mut open: impl FnMut() -> Result<Store, StorageError>) -> Result<(), ContractError> {
    let mut bench = Bench {
        open: &mut open,
        commits: 0,
        entries: Vec::new(),
    };
    rows::new_store(&mut bench)?;
    rows::transactions(&mut bench)?;
    rows::two_handles(&mut bench)?;
    rows::keys_and_values(&mut bench)?;
    rows::nodes(&mut bench)?;
    lists::pages(&mut bench)?;
    lists::changes(&mut bench)?;
    kept::pages(&mut bench)?;
    kept::changes(&mut bench)?;
    kept::view(&mut bench)?;
    search::finds(&mut bench)?;
    search::takes_every_character(&mut bench)?;
    search::changes(&mut bench)?;
    search::many(&mut bench)?;
    log::entries(&mut bench)?;
    log::found(&mut bench)?;
    log::tiles(&mut bench)?;
    rows::refused(&mut bench)
}

/// The store that is looked at, and what its log should have.
struct Bench<'a> {
    open: &'a mut dyn FnMut() -> Result<Store, StorageError>,
    commits: u32,
    entries: Vec<Vec<u8>>,
}

impl Bench<'_> {
    fn open(&mut self) -> Result<Store, ContractError> {
        Ok((self.open)()?)
    }

    /// A batch that writes these rows, under a head like no other.
    fn batch(&mut self, rows: Vec<RowChange>) -> Batch {
        self.commits += 1;
        Batch {
            head: format!("head {}", self.commits).into_bytes(),
            rows,
            first_entry: self.entries.len() as u64,
            ..Batch::default()
        }
    }

    fn write(&mut self, store: &mut Store, rows: Vec<RowChange>) -> Result<(), ContractError> {
        let batch = self.batch(rows);
        commit(store, &batch)
    }
}

fn commit(store: &mut Store, batch: &Batch) -> Result<(), ContractError> {
    store.begin()?.commit(batch).map_err(|error| match error {
        CommitError::NotWritten(error) => error.into(),
        CommitError::Unknown { .. } => ContractError::Broken("a commit says whether it has written"),
    })
}

fn put(table: Table, key: &[u8], value: &[u8], derived: Derived) -> RowChange {
    RowChange {
        table,
        key: key.into(),
        row: Some((value.into(), derived)),
    }
}

const fn remove(table: Table, key: Vec<u8>) -> RowChange {
    RowChange {
        table,
        key,
        row: None,
    }
}

fn texts(texts: &[&str]) -> Derived {
    Derived {
        texts: texts.iter().map(|text| String::from(*text)).collect(),
        ..Derived::default()
    }
}
