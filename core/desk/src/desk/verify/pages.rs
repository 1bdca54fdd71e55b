//! A table's rows, page by page.

use alloc::vec::Vec;

use crate::ports::{DeskView, KeptRow, StorageError, Table};

/// How many rows are read at a time.
const PAGE: u32 = 256;

/// Shows every row of a table that the store has.
pub(super) fn each_of(
    view: &dyn DeskView,
    table: Table,
    look: &mut dyn FnMut(KeptRow) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = view.rows(table, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        // A store that goes round in circles would hold the verification for ever.
        if after.as_ref().is_some_and(|after| *after >= last.key) {
            return Err(StorageError::Corrupt {
                detail: table.name().into(),
            });
        }
        after = Some(last.key.clone());
        page.into_iter().try_for_each(&mut *look)?;
    }
}
