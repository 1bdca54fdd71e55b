//! Where a desk keeps everything: rows by key, the log's entries, and the head that seals both.
//!
//! A store decides nothing and is trusted with nothing. Each row that a decision reads is checked against the map
//! whose root stands in the head, each entry against the log's root, and the head against the desk's own key. So a
//! store may be any database that has transactions.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::StorageError;
use crate::UnixTime;
use crate::map::Prefix;
use crate::record::DeskEntry;

macro_rules! tables {
    ($($number:literal $name:ident $text:literal $doc:literal)+) => {
        /// A table; the number is what a store may keep it by, the name what the map's keys are made of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Table {
            $(#[doc = $doc] $name = $number,)+
        }

        impl Table {
            /// Every table, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The table with this number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

tables! {
    1 Settings "settings" "Whether the set-up has ended, the service switch, the policy: one row."
    2 Licence "licence" "The licence: one row."
    3 Counts "counts" "How many devices are in use: one row."
    4 Users "users" "Users, by number."
    5 UserNames "user_names" "Users' numbers, by id."
    6 Operators "operators" "Operators, by number."
    7 OperatorNames "operator_names" "Operators' numbers, by name."
    8 Sessions "sessions" "Who is signed in, by the hash of the session's secret."
    9 BackOff "back_off" "Wrong passwords of late, by operator."
    10 Devices "devices" "Devices, by Device ID."
    11 DeviceStates "device_states" "What the desk learned of a device from its challenges, by Device ID."
    12 Requests "requests" "Requests, by id."
    13 Answered "answered" "Which device a nonce was answered for, by the nonce's first 14 bytes."
    14 Limits "limits" "Codes counted of late, by kind and subject."
    15 Alarms "alarms" "Alarms, by number."
    16 StandingAlarms "standing_alarms" "Alarms that nobody has acknowledged, by what they say."
    17 Queues "queues" "Where each queue begins and ends, by its name."
    18 Outbox "outbox" "Notices to be sent, by number."
    19 Issuers "issuers" "Issuers' public keys, by hash."
    20 Slots "slots" "The keys of a slot, by its number."
    21 Texts "texts" "Free text that an entry has the hash of, by the entry's place; not in the map, since the entry seals it."
    22 Announcements "announcements" "What every Administrator is told, by number."
    23 Passkeys "passkeys" "Operators' passkeys, by the hash of the credential id."
    24 Tokens "tokens" "Operators' access tokens, by the hash of the token."
}

impl Table {
    /// Whether its rows are leaves of the map.
    #[must_use]
    pub const fn is_mapped(self) -> bool {
        !matches!(self, Self::Texts)
    }
}

/// A list that a screen shows. It is a hint: a row found by it is read again by its key, and a row that somebody
/// took out of the list is not missed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum List {
    /// A user's devices; the group is the user's number.
    DevicesOfUser = 1,
    /// All users; one group.
    Users = 2,
    /// All operators; one group.
    Operators = 3,
    /// Requests that live, newest last; one group.
    OpenRequests = 4,
    /// All requests about a user; the group is the user's number.
    RequestsOfUser = 5,
    /// Texts of entries about a user; the group is the user's number, the key the entry's place.
    TextsOfUser = 6,
}

impl List {
    /// Every list, by number.
    pub const ALL: &'static [Self] = &[
        Self::DevicesOfUser,
        Self::Users,
        Self::Operators,
        Self::OpenRequests,
        Self::RequestsOfUser,
        Self::TextsOfUser,
    ];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The list with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|list| list.number() == number)
    }
}

/// A row's place in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Which list.
    pub list: List,
    /// Which part of it.
    pub group: Vec<u8>,
    /// Where in that part; rows of one place are in the order of their keys.
    pub order: Vec<u8>,
}

/// A row that a list has: where, and which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedKey {
    /// [`Listed::order`].
    pub order: Vec<u8>,
    /// The row's primary key.
    pub key: Vec<u8>,
    /// Its table.
    pub table: Table,
}

/// What a store keeps beside a row for lists and for search. All of it is derived from the row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Its places in lists.
    pub listed: Vec<Listed>,
    /// Texts by which it is found, folded ([`folded`](crate::folded)); any part of one finds it.
    pub texts: Vec<String>,
}

/// A row as a store has it, with all that it keeps beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptRow {
    /// The primary key.
    pub key: Vec<u8>,
    /// The row; `None` where something is kept beside a row that is not there.
    pub row: Option<Vec<u8>>,
    /// Its places in lists and its texts, each in ascending order and once.
    pub derived: Derived,
}

/// A row to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The table.
    pub table: Table,
    /// The primary key.
    pub key: Vec<u8>,
    /// The row and what is derived from it; `None` takes it out.
    pub row: Option<(Vec<u8>, Derived)>,
}

/// Columns derived from an entry of the log, by which it is looked for ([`EntryKey`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryColumns {
    /// When.
    pub at: UnixTime,
    /// [`DeskEvent::number`](crate::record::DeskEvent::number).
    pub event: u16,
    /// The operator's number.
    pub operator: Option<[u8; 10]>,
    /// The device.
    pub device: Option<[u8; 10]>,
    /// The request.
    pub request: Option<[u8; 10]>,
}

impl EntryColumns {
    /// What belongs beside `entry`.
    #[must_use]
    pub fn of(entry: &DeskEntry) -> Self {
        Self {
            at: entry.at,
            event: entry.event.number(),
            operator: entry.operator.map(|number| number.0),
            device: entry.device,
            request: entry.request.map(|request| *request.as_bytes()),
        }
    }

    /// By what the entry is found.
    pub fn keys(&self) -> impl Iterator<Item = EntryKey> {
        let operator = self.operator.map(EntryKey::Operator);
        let device = self.device.map(EntryKey::Device);
        [operator, device, Some(EntryKey::Event(self.event))]
            .into_iter()
            .flatten()
    }
}

/// What stands beside an entry, as entries are looked for by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKey {
    /// The operator's number.
    Operator([u8; 10]),
    /// The device.
    Device([u8; 10]),
    /// [`DeskEvent::number`](crate::record::DeskEvent::number).
    Event(u16),
}

impl EntryKey {
    /// Whether an entry with these columns is found by it.
    #[must_use]
    pub fn is_of(&self, columns: &EntryColumns) -> bool {
        match *self {
            Self::Operator(number) => columns.operator == Some(number),
            Self::Device(device) => columns.device == Some(device),
            Self::Event(event) => columns.event == event,
        }
    }
}

/// An entry of the log to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// What is derived from them.
    pub columns: EntryColumns,
}

/// An entry of the log as a store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEntry {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What stands beside them; `None` where that is of no form that a desk writes.
    pub columns: Option<EntryColumns>,
}

/// A full tile of the log's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// Its level, from 0.
    pub level: u8,
    /// Its place in the level, from 0.
    pub index: u64,
    /// 256 hashes of 32 bytes.
    pub bytes: Vec<u8>,
}

/// All that one transaction writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The new head.
    pub head: Vec<u8>,
    /// Rows.
    pub rows: Vec<RowChange>,
    /// Nodes of the map by [`Prefix::to_bytes`]; `None` takes one out.
    pub nodes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The place of the first new entry.
    pub first_entry: u64,
    /// New entries, in their order.
    pub entries: Vec<NewEntry>,
    /// Tiles that are full now.
    pub tiles: Vec<FullTile>,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Nothing was written.
    #[error(transparent)]
    NotWritten(#[from] StorageError),
    /// The answer was lost: it may have been written or not. The desk looks.
    #[error("the database did not say whether it has written: {detail}")]
    Unknown {
        /// What broke.
        detail: String,
    },
}

/// A database under one desk, or several.
pub trait DeskStore {
    /// Begins a transaction and takes the lock on the head, the only lock there is. It waits at most five seconds for
    /// it. Two transactions are never open at a time, in whatever process; each sees all that was committed before it,
    /// and nothing else.
    ///
    /// # Errors
    /// [`StorageError::Busy`] after that time; [`StorageError`] when the database cannot be reached.
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError>;

    /// Shows the store as it was committed last, and goes on to show that, whatever is written meanwhile. It takes no
    /// lock and holds nobody up, however long it is looked at. What it shows is on disk.
    ///
    /// # Errors
    /// [`StorageError`] when the database cannot be reached.
    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError>;
}

/// What a store shows of one moment.
pub trait DeskView {
    /// The head as it was written last; `None` in a new store.
    ///
    /// # Errors
    /// [`StorageError`].
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError>;

    /// The row with this key.
    ///
    /// # Errors
    /// [`StorageError`].
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// The map's node at this prefix.
    ///
    /// # Errors
    /// [`StorageError`].
    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError>;

    /// The log's entries from place `from` on, at most `count`, in their order.
    ///
    /// # Errors
    /// [`StorageError`].
    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError>;

    /// The same with the columns that stand beside each, as they are kept.
    ///
    /// # Errors
    /// [`StorageError`].
    fn kept_entries(&self, from: u64, count: u32) -> Result<Vec<KeptEntry>, StorageError>;

    /// Places of entries that have `key` beside them, the last ones before place `before`, the last one first, at most
    /// `limit`. However long the log is, it costs what is found. It is a hint, as a list is.
    ///
    /// # Errors
    /// [`StorageError`].
    fn entries_with(&self, key: &EntryKey, before: u64, limit: u32) -> Result<Vec<u64>, StorageError>;

    /// The log's full tile.
    ///
    /// # Errors
    /// [`StorageError`].
    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StorageError>;

    /// Keys of rows in a part of a list behind `after` (order and key of the last one seen), with their order, at most
    /// `limit`, by order and key.
    ///
    /// # Errors
    /// [`StorageError`].
    fn list(
        &self,
        list: List,
        group: &[u8],
        after: Option<(&[u8], &[u8])>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StorageError>;

    /// Keys of rows that have a text with `folded` in it: texts that are it first, then those that begin with it, then
    /// the others, at most `limit`. A text of one or two characters is only looked for at the beginning; an empty one
    /// finds nothing. A store need not look for more than 200 of the others, nor long in a
    /// great many texts.
    ///
    /// # Errors
    /// [`StorageError`].
    fn search(&self, folded: &str, limit: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError>;

    /// Rows of a table behind the key `after`, with what is kept beside each, at most `limit`, by key as bytes. An index
    /// over parts of texts is none of it. There may be fewer while there are more behind them; none is the end.
    ///
    /// # Errors
    /// [`StorageError`].
    fn rows(&self, table: Table, after: Option<&[u8]>, limit: u32) -> Result<Vec<KeptRow>, StorageError>;
}

/// A transaction. Dropped without [`DeskTransaction::commit`], it has changed nothing.
///
/// It sees what was committed before it, and that may not be on disk yet, where a store lets several commits share one
/// wait for it. Nothing that was read is told to anybody before [`DeskTransaction::commit`] or [`DeskTransaction::end`]
/// has returned.
pub trait DeskTransaction: DeskView {
    /// The store's own clock, read now; `None` where it has none but the computer's.
    ///
    /// # Errors
    /// [`StorageError`].
    fn now(&self) -> Result<Option<UnixTime>, StorageError>;

    /// Ends a transaction that writes nothing. What it read is on disk when this returns.
    ///
    /// # Errors
    /// [`StorageError`] when what it read was not written after all, or may not have been.
    fn end(self: Box<Self>) -> Result<(), StorageError>;

    /// Writes the batch and ends the transaction. It is on disk when this returns. A batch whose first entry is not in
    /// the place behind the last one of the log is not written.
    ///
    /// # Errors
    /// [`CommitError`].
    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError>;
}
