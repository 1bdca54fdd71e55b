//! Batches whose content says which they are, and this test once more as another process.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::ports::{
    Batch, CommitError, Derived, DeskStore, EntryColumns, List, Listed, NewEntry, RowChange, Table,
};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

/// Names the database to a test that runs as another process.
pub const DATABASE: &str = "FIDO_UNLOCK_TEST_DATABASE";

/// A transaction waits this long.
pub const SHORT: SqliteOptions = SqliteOptions {
    busy_wait: Duration::from_millis(50),
    max_pages: None,
};

pub fn head(number: u64) -> Vec<u8> {
    format!("head {number}").into_bytes()
}

/// Which head it is.
pub fn number(head: &[u8]) -> u64 {
    let text = std::str::from_utf8(head).unwrap();
    text.strip_prefix("head ").unwrap().parse().unwrap()
}

/// The batch that adds entry `number`: a row that is written each time, one that is new with a place and a text, and one
/// that goes.
pub fn batch(number: u64) -> Batch {
    let row = |key: &[u8], row| RowChange {
        table: Table::Users,
        key: key.into(),
        row,
    };
    let derived = Derived {
        listed: vec![Listed {
            list: List::Users,
            group: Vec::new(),
            order: number.to_be_bytes().into(),
        }],
        texts: vec![format!("person {number:08}")],
    };
    let filler = vec![number as u8; 3000];
    let mut rows = vec![
        row(
            b"counter",
            Some((number.to_be_bytes().into(), Derived::default())),
        ),
        row(&number.to_be_bytes(), Some((filler, derived))),
    ];
    if let Some(old) = number.checked_sub(3) {
        rows.push(row(&old.to_be_bytes(), None));
    }
    Batch {
        head: head(number),
        rows,
        first_entry: number,
        entries: vec![NewEntry {
            bytes: format!("entry {number}").into_bytes(),
            columns: EntryColumns {
                at: UnixTime(number),
                event: 1,
                operator: None,
                device: None,
                request: None,
            },
        }],
        ..Batch::default()
    }
}

pub fn commit(store: &mut SqliteStore, number: u64) -> Result<(), CommitError> {
    store.begin()?.commit(&batch(number))
}

/// How many batches are in the store; each must be there whole.
pub fn committed(store: &mut SqliteStore) -> u64 {
    let txn = store.begin().unwrap();
    let entries = txn.entries(0, u32::MAX).unwrap();
    let count = entries.len() as u64;
    for (number, entry) in (0..).zip(&entries) {
        assert_eq!(*entry, batch(number).entries[0].bytes);
    }
    let Some(last) = count.checked_sub(1) else {
        assert_eq!(txn.head().unwrap(), None);
        return 0;
    };
    let live: Vec<Vec<u8>> = (count.saturating_sub(3)..count)
        .map(|number| number.to_be_bytes().into())
        .collect();
    let counter = txn.row(Table::Users, b"counter").unwrap();
    let listed = txn.list(List::Users, b"", None, 100).unwrap();
    assert_eq!(txn.head().unwrap(), Some(head(last)));
    assert_eq!(counter.as_deref(), Some(&last.to_be_bytes()[..]));
    assert_eq!(
        listed.into_iter().map(|place| place.key).collect::<Vec<_>>(),
        live
    );
    let found = txn.search("person", 100).unwrap();
    assert_eq!(found.into_iter().map(|(_, key)| key).collect::<Vec<_>>(), live);
    for key in &live {
        assert_eq!(
            txn.row(Table::Users, key).unwrap().map(|row| row.len()),
            Some(3000)
        );
    }
    count
}

/// The database, in a process that [`Other::start`] started.
pub fn database_of_another() -> Option<std::path::PathBuf> {
    std::env::var_os(DATABASE).map(Into::into)
}

/// Another process.
pub struct Other {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Other {
    /// Runs the test of this name again, on a database. `wrapper`: a shell's line before it.
    pub fn start(test: &str, database: &Path, wrapper: &str) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut command = if wrapper.is_empty() {
            Command::new(this)
        } else {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("{wrapper}; exec \"$0\" \"$@\"")])
                .arg(this);
            shell
        };
        let mut child = command
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(DATABASE, database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The rest of its next line that begins with `word`; `None` when there is none any more.
    pub fn says(&mut self, word: &str) -> Option<String> {
        self.lines
            .by_ref()
            .map(Result::unwrap)
            // The runner's own words may stand before the first one.
            .find_map(|line| line.rsplit_once(word).map(|(_, rest)| rest.trim().to_owned()))
    }

    /// Ends it as no process can prevent.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Closes its input and waits for its end.
    pub fn finish(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}
