//! All rows, against the map.
//!
//! Two walks, each page by page: over the rows, each of which must be the one that its leaf stands for, and over the
//! leaves. Every row that is right has one leaf of its own, so where there are as many of one as of the other, no row
//! is missing. They are counted by the first bytes of their place in the map, so that what is missing is looked for in
//! a small part of it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::pages::each_of;
use super::{VerifyProgress, Watch, named, tell};
use crate::map::{Digest, Map, MapError, MapKey, MapNodes, Prefix, Walked};
use crate::ports::{Derived, DeskView, KeptRow, List, Listed, StorageError, Table};
use crate::record::{DeskEntry, text_hash};
use crate::rows::{
    AlarmRow, AnnouncementRow, AnsweredRow, BackOffRow, CountsRow, DeviceRow, DeviceStateRow, IssuerRow,
    LicenceRow, LimitRow, NoticeRow, OperatorRow, PasskeyRow, QueueRow, RequestRow, Row, SessionRow,
    SettingsRow, SlotRow, StandingRow, TextRow, UserRow, from_blob,
};
use crate::step::{Head, read, row_hash};
use crate::{DeskError, RowFault, WrongRow, WrongRows};

/// So many wrong rows are named.
const MOST_WRONG: usize = 1000;
/// After so many rows it is told how far the walk has come.
const TOLD_EVERY: u64 = 1024;
/// So many leaves are looked at for those without a row.
const MOST_LEAVES: usize = 1 << 16;
/// Nodes above this depth are read once.
const UPPER: u8 = 4;
/// The half-bytes that say in which part of the map a place is.
const PART: u8 = 4;

/// The nodes of the map, of which the upper ones, that every row is below, are kept.
struct Nodes<'a> {
    view: &'a dyn DeskView,
    upper: RefCell<BTreeMap<Prefix, Option<Vec<u8>>>>,
}

impl MapNodes for Nodes<'_> {
    type Error = StorageError;

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        if prefix.len() >= UPPER {
            return self.view.node(prefix);
        }
        if let Some(node) = self.upper.borrow().get(prefix) {
            return Ok(node.clone());
        }
        let node = self.view.node(prefix)?;
        self.upper.borrow_mut().insert(*prefix, node.clone());
        Ok(node)
    }
}

/// Which part of the map a place is in: by its first [`PART`] half-bytes.
fn part(place: &MapKey) -> usize {
    let [high, low, ..] = *place.as_bytes();
    usize::from(u16::from_be_bytes([high, low]))
}

struct Verification<'a> {
    view: &'a dyn DeskView,
    head: &'a Head,
    map: Map<'a, Nodes<'a>>,
    /// Of each part: how many leaves have no row.
    lacking: Vec<i64>,
    rows: u64,
    wrong: BTreeSet<WrongRow>,
    more: u64,
}

/// Every row of every table. Gives how many there are.
pub(super) fn rows(view: &dyn DeskView, head: &Head, watch: &mut Watch<'_>) -> Result<u64, DeskError> {
    let nodes = Nodes {
        view,
        upper: RefCell::default(),
    };
    let mut verification = Verification {
        view,
        head,
        map: Map::at(&nodes, head.map_root),
        lacking: vec![0; 1 << (4 * PART)],
        rows: 0,
        wrong: BTreeSet::new(),
        more: 0,
    };
    verification.leaves()?;
    let (mut looked_at, mut stopped) = (0_u64, None);
    let each = each_row(view, &mut |table, row| {
        if looked_at.is_multiple_of(TOLD_EVERY) {
            let told = tell(watch, VerifyProgress::Rows { done: looked_at });
            told.map_err(|stop| {
                stopped = Some(stop);
                // It is not told to anybody: the walk ends.
                StorageError::Read {
                    detail: String::new(),
                }
            })?;
        }
        looked_at += 1;
        verification.row(table, row)
    });
    if let Some(stop) = stopped {
        return Err(stop);
    }
    each?;
    if verification.lacking.iter().any(|lacking| *lacking > 0) {
        verification.missing()?;
    }
    let Verification {
        rows, wrong, more, ..
    } = verification;
    if wrong.is_empty() && more == 0 {
        return Ok(rows);
    }
    let wrong = wrong.into_iter().collect();
    Err(WrongRows { wrong, more }.into())
}

/// Page by page.
fn each_row(
    view: &dyn DeskView,
    look: &mut dyn FnMut(Table, KeptRow) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    for table in Table::ALL {
        each_of(view, *table, &mut |row| look(*table, row))?;
    }
    Ok(())
}

impl Verification<'_> {
    fn found(&mut self, wrong: WrongRow) {
        if self.wrong.len() < MOST_WRONG {
            self.wrong.insert(wrong);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn count(&mut self, place: &MapKey, by: i64) {
        if let Some(lacking) = self.lacking.get_mut(part(place)) {
            *lacking += by;
        }
    }

    fn leaves(&mut self) -> Result<(), StorageError> {
        let mut broken = Vec::new();
        let lacking = &mut self.lacking;
        self.map.walk(&|_| true, &mut |walked| match walked {
            Walked::Leaf(place, _) => {
                if let Some(lacking) = lacking.get_mut(part(&place)) {
                    *lacking += 1;
                }
            }
            Walked::Broken(prefix) => broken.push(prefix),
        })?;
        for prefix in broken {
            self.found(WrongRow::Node { prefix });
        }
        Ok(())
    }

    fn row(&mut self, table: Table, kept: KeptRow) -> Result<(), StorageError> {
        let KeptRow { key, row, derived } = kept;
        self.rows += u64::from(row.is_some());
        let fault = if table.is_mapped() {
            let place = MapKey::new(table.name(), &key);
            let leaf = match self.map.get(&place) {
                Ok(leaf) => leaf,
                // The node is named.
                Err(MapError::Broken { .. }) => return Ok(()),
                Err(MapError::Store(error)) => return Err(error),
            };
            if leaf.is_some() {
                self.count(&place, -1);
            }
            fault(table, leaf, row.as_deref(), derived)?
        } else {
            self.text_fault(&key, row.as_deref(), derived)?
        };
        if let Some(fault) = fault {
            self.found(WrongRow::Row { table, key, fault });
        }
        Ok(())
    }

    /// A text is not in the map: its entry has its hash, and says whom it is about.
    fn text_fault(
        &self,
        key: &[u8],
        row: Option<&[u8]>,
        derived: Derived,
    ) -> Result<Option<RowFault>, StorageError> {
        let Some(row) = row else {
            return Ok(Some(RowFault::Misplaced));
        };
        let place = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
        let place = place.ok().filter(|place| *place < self.head.range.size());
        let entry = match place {
            Some(place) => self.view.entries(place, 1)?.pop(),
            None => None,
        };
        let entry = entry.and_then(|bytes| DeskEntry::from_bytes(&bytes).ok());
        let Some((hash, user)) = entry.and_then(|entry| Some((entry.text?, entry.user))) else {
            return Ok(Some(RowFault::Added));
        };
        let text: Option<TextRow> = from_blob(row).ok();
        if text.is_none_or(|text| text_hash(&text.salt, &text.text) != hash) {
            return Ok(Some(RowFault::Changed));
        }
        let listed = user.map(|user| Listed {
            list: List::TextsOfUser,
            group: user.0.to_vec(),
            order: Vec::new(),
        });
        let right = derived.texts.is_empty() && derived.listed.into_iter().eq(listed);
        Ok((!right).then_some(RowFault::Misplaced))
    }

    /// Leaves without a row: which they are is said by what else is in the database.
    fn missing(&mut self) -> Result<(), StorageError> {
        let lacking = core::mem::take(&mut self.lacking);
        let wanted = |prefix: &Prefix| {
            let below = 1_usize << (4 * u32::from(PART.saturating_sub(prefix.len())));
            let [high, low, ..] = *prefix.as_bytes();
            let first = usize::from(u16::from_be_bytes([high, low]));
            let parts = lacking.get(first..first.saturating_add(below));
            parts.is_some_and(|parts| parts.iter().any(|lacking| *lacking > 0))
        };
        let mut missing = BTreeSet::new();
        self.map.walk(&wanted, &mut |walked| {
            if let Walked::Leaf(place, _) = walked
                && lacking.get(part(&place)).is_some_and(|lacking| *lacking > 0)
                && missing.len() < MOST_LEAVES
            {
                missing.insert(place);
            }
        })?;
        each_row(self.view, &mut |table, kept| {
            missing.remove(&MapKey::new(table.name(), &kept.key));
            Ok(())
        })?;
        let total: i64 = lacking.iter().sum();
        let unseen = total.unsigned_abs().saturating_sub(missing.len() as u64);
        named::rows(self.view, self.head.range.size(), &mut |table, key| {
            if missing.remove(&MapKey::new(table.name(), key)) {
                self.found(WrongRow::Row {
                    table,
                    key: key.to_vec(),
                    fault: RowFault::Missing,
                });
            }
        })?;
        for place in missing {
            self.found(WrongRow::Unnamed { place });
        }
        self.more = self.more.saturating_add(unseen);
        Ok(())
    }
}

/// What is wrong with a row whose leaf is `leaf`.
fn fault(
    table: Table,
    leaf: Option<Digest>,
    row: Option<&[u8]>,
    mut derived: Derived,
) -> Result<Option<RowFault>, StorageError> {
    let (leaf, row) = match (leaf, row) {
        (None, None) => return Ok(Some(RowFault::Misplaced)),
        (None, Some(_)) => return Ok(Some(RowFault::Added)),
        (Some(_), None) => return Ok(Some(RowFault::Missing)),
        (Some(leaf), Some(row)) => (leaf, row),
    };
    if row_hash(row) != leaf {
        return Ok(Some(RowFault::Changed));
    }
    let mut right = derived_from(table, row)?;
    for derived in [&mut right, &mut derived] {
        derived.listed.sort_unstable();
        derived.texts.sort_unstable();
    }
    // A row may say the same twice; what is kept twice is wrong.
    right.listed.dedup();
    right.texts.dedup();
    Ok((right != derived).then_some(RowFault::Misplaced))
}

/// What the desk has a store keep beside a row.
fn derived_from(table: Table, row: &[u8]) -> Result<Derived, StorageError> {
    fn of<R: Row>(row: &[u8]) -> Result<Derived, StorageError> {
        Ok(read::<R>(row)?.derived())
    }
    match table {
        Table::Settings => of::<SettingsRow>(row),
        Table::Licence => of::<LicenceRow>(row),
        Table::Counts => of::<CountsRow>(row),
        Table::Users => of::<UserRow>(row),
        Table::UserNames => of::<crate::decide::who::UserNameRow>(row),
        Table::Operators => of::<OperatorRow>(row),
        Table::OperatorNames => of::<crate::decide::who::OperatorNameRow>(row),
        Table::Sessions => of::<SessionRow>(row),
        Table::BackOff => of::<BackOffRow>(row),
        Table::Devices => of::<DeviceRow>(row),
        Table::DeviceStates => of::<DeviceStateRow>(row),
        Table::Requests => of::<RequestRow>(row),
        Table::Answered => of::<AnsweredRow>(row),
        Table::Limits => of::<LimitRow>(row),
        Table::Alarms => of::<AlarmRow>(row),
        Table::StandingAlarms => of::<StandingRow>(row),
        Table::Queues => of::<QueueRow>(row),
        Table::Outbox => of::<NoticeRow>(row),
        Table::Issuers => of::<IssuerRow>(row),
        Table::Slots => of::<SlotRow>(row),
        Table::Texts => of::<TextRow>(row),
        Table::Announcements => of::<AnnouncementRow>(row),
        Table::Passkeys => of::<PasskeyRow>(row),
    }
}
