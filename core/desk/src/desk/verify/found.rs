//! By what entries are found: each has, before it, the one before it that has the same beside it, and no other.

use alloc::collections::BTreeMap;

use crate::ports::{DeskView, EntryColumns, EntryKey, StorageError};

/// The last entry that has something beside it, as far as the log was read.
#[derive(Default)]
pub(super) struct Found(BTreeMap<EntryKey, u64>);

impl Found {
    /// Whether of each thing that entry `place` has beside it the store finds the entry before, or that there is none.
    pub(super) fn goes_on(
        &mut self,
        view: &dyn DeskView,
        place: u64,
        columns: &EntryColumns,
    ) -> Result<bool, StorageError> {
        let mut right = true;
        for key in columns.keys() {
            let before = self.0.insert(key, place);
            right &= view.entries_with(&key, place, 1)?.first() == before.as_ref();
        }
        Ok(right)
    }

    /// The last entry of something that is not found by it, of a log of `size` entries.
    pub(super) fn unfound(&self, view: &dyn DeskView, size: u64) -> Result<Option<u64>, StorageError> {
        for (key, place) in &self.0 {
            if view.entries_with(key, size, 1)?.first() != Some(place) {
                return Ok(Some(*place));
            }
        }
        Ok(None)
    }
}
