//! One connection, in turns, for all handles of a process to one database; and commits that share one wait for the disk.
//!
//! A step that ends while others wait for their turn does not commit: it leaves the transaction of the database open,
//! with what it wrote in it, and waits. The next one goes on in it, and the last, whom nobody waits for, commits for all.
//! This is a *group*. Nobody of it is answered before its COMMIT, with `synchronous=FULL`, has returned; if that fails
//! nothing of it was written, and each of them is told so. Another process sees all of a group or nothing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fido_unlock_desk::ports::{Batch, CommitError, StorageError};
use rusqlite::Connection;

use crate::fault::{Doing, commit_fault, fault, io_fault};
use crate::idle::Idle;
use crate::private::Identity;
use crate::reads::Reads;
use crate::{schema, write};

/// No more steps share a commit, so that the first of them, and other processes, do not wait long.
const MOST: u32 = 64;
/// Nor is a group held open longer, unless one step by itself takes longer.
const LONGEST: Duration = Duration::from_millis(50);

type Outcome = Result<(), CommitError>;

/// What waits for one commit.
#[derive(Default)]
struct Group {
    outcome: Mutex<Option<Outcome>>,
    ended: Condvar,
}

impl Group {
    fn end(&self, outcome: Outcome) {
        *lock(&self.outcome) = Some(outcome);
        self.ended.notify_all();
    }

    fn wait(&self) -> Outcome {
        let mut outcome = lock(&self.outcome);
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            outcome = self.ended.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The steps that wrote in the transaction that is open.
struct OpenGroup {
    group: Arc<Group>,
    steps: u32,
    since: Instant,
}

/// The connection, and all that only the one who works on it looks at.
struct Turn {
    connection: Connection,
    open: Option<OpenGroup>,
    /// A commit failed in such a way that it may or may not be found after a crash.
    unsettled: bool,
}

#[derive(Default)]
struct Queue {
    /// While nobody works on it.
    free: Option<Box<Turn>>,
    waiting: u32,
}

/// What the handles of a process to one database share.
pub(crate) struct Shared {
    pub(crate) place: PathBuf,
    identity: Identity,
    /// For those who look and write nothing.
    pub(crate) idle: Idle,
    queue: Mutex<Queue>,
    /// The turn is free.
    next: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(connection: Connection, place: &Path, identity: Identity) -> Self {
        let turn = Turn {
            connection,
            open: None,
            unsettled: false,
        };
        Self {
            place: place.to_owned(),
            identity,
            idle: Idle::default(),
            queue: Mutex::new(Queue {
                free: Some(Box::new(turn)),
                waiting: 0,
            }),
            next: Condvar::new(),
        }
    }

    /// Whoever replaced the file would have the desk go on in one that has no name any more.
    pub(crate) fn check_identity(&self) -> Result<(), StorageError> {
        let now = Identity::of(&self.place).map_err(|error| io_fault(&self.place, Doing::Reading, &error))?;
        if now == self.identity {
            return Ok(());
        }
        Err(StorageError::Read {
            detail: format!("{}: another file has taken its place", self.place.display()),
        })
    }

    /// A step in a transaction that is open, or in a new one; waits at most so long for the steps before it and for
    /// other processes.
    pub(crate) fn begin(&self, longest: Duration) -> Result<Working<'_>, StorageError> {
        let until = Instant::now() + longest;
        let mut working = Working {
            shared: self,
            turn: Some(self.turn(until)?),
        };
        if let Some(turn) = &mut working.turn
            && turn.open.is_none()
        {
            turn.begin(until.saturating_duration_since(Instant::now()))
                .map_err(|(doing, error)| fault(&self.place, doing, &error))?;
        }
        // With the lock: whoever waits for it may have waited while the file was replaced.
        self.check_identity()?;
        Ok(working)
    }

    fn turn(&self, until: Instant) -> Result<Box<Turn>, StorageError> {
        let mut queue = lock(&self.queue);
        if let Some(turn) = queue.free.take() {
            return Ok(turn);
        }
        queue.waiting += 1;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let waited = self.next.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            // One who leaves without it has looked: a free turn with an open group is always somebody's to take.
            if let Some(turn) = queue.free.take() {
                queue.waiting -= 1;
                return Ok(turn);
            }
            if Instant::now() >= until {
                queue.waiting -= 1;
                return Err(StorageError::Busy {
                    detail: format!("{}: another transaction is open", self.place.display()),
                });
            }
        }
    }

    /// The end of a step: to the next in the same transaction, or commits for all that wrote in it.
    fn give_back(&self, mut turn: Box<Turn>) {
        let mut queue = lock(&self.queue);
        if let Some(open) = &turn.open {
            let more = queue.waiting > 0 && open.steps < MOST && open.since.elapsed() < LONGEST;
            if !more {
                drop(queue);
                turn.commit(&self.place);
                queue = lock(&self.queue);
            }
        }
        queue.free = Some(turn);
        drop(queue);
        self.next.notify_one();
    }

    /// How many wait for their turn.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u32 {
        lock(&self.queue).waiting
    }

    /// As after a commit whose outcome is not known.
    #[cfg(test)]
    pub(crate) fn unsettle(&self) {
        if let Some(turn) = &mut lock(&self.queue).free {
            turn.unsettled = true;
        }
    }
}

fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute(())?;
    Ok(())
}

impl Turn {
    fn begin(&mut self, longest: Duration) -> Result<(), (Doing, rusqlite::Error)> {
        let reading = |error| (Doing::Reading, error);
        self.connection.busy_timeout(longest).map_err(reading)?;
        if self.unsettled {
            settle(&mut self.connection).map_err(|error| (Doing::Writing, error))?;
            self.unsettled = false;
        }
        run(&self.connection, "BEGIN IMMEDIATE").map_err(reading)
    }

    /// Ends a transaction in which nothing is to be kept.
    fn roll_back(&self) {
        // Some failures have ended it already.
        if !self.connection.is_autocommit() {
            let _ = run(&self.connection, "ROLLBACK");
        }
    }

    fn commit(&mut self, place: &Path) {
        let Some(open) = self.open.take() else { return };
        let outcome = run(&self.connection, "COMMIT").map_err(|error| commit_fault(place, &error));
        self.unsettled = matches!(outcome, Err(CommitError::Unknown { .. }));
        self.roll_back();
        open.group.end(outcome);
    }

    /// Writes a batch beside what others wrote in the same transaction, or none of it.
    fn write(&mut self, batch: &Batch, place: &Path) -> Result<Arc<Group>, StorageError> {
        let connection = &self.connection;
        let beside = self.open.is_some();
        let mark = |statement| {
            if beside {
                run(connection, statement)
            } else {
                Ok(())
            }
        };
        let written = mark("SAVEPOINT step")
            .and_then(|()| write::batch(connection, batch))
            .and_then(|()| mark("RELEASE step"));
        if let Err(error) = written {
            let kept = beside
                && !connection.is_autocommit()
                && mark("ROLLBACK TO step")
                    .and_then(|()| mark("RELEASE step"))
                    .is_ok();
            let fault = fault(place, Doing::Writing, &error);
            if !kept {
                self.roll_back();
                // What is dropped takes the whole transaction with it.
                if let Some(open) = self.open.take() {
                    open.group.end(Err(fault.clone().into()));
                }
            }
            return Err(fault);
        }
        let open = self.open.get_or_insert_with(|| OpenGroup {
            group: Arc::default(),
            steps: 0,
            since: Instant::now(),
        });
        open.steps += 1;
        Ok(Arc::clone(&open.group))
    }
}

/// A step whose turn it is.
pub(crate) struct Working<'a> {
    shared: &'a Shared,
    turn: Option<Box<Turn>>,
}

impl Working<'_> {
    pub(crate) fn place(&self) -> &Path {
        &self.shared.place
    }

    /// Ends the step without a write, when what it read is on disk.
    pub(crate) fn end(mut self) -> Result<(), StorageError> {
        let open = self.turn.as_ref().and_then(|turn| turn.open.as_ref());
        let group = open.map(|open| Arc::clone(&open.group));
        self.over();
        match group.map_or(Ok(()), |group| group.wait()) {
            Ok(()) => Ok(()),
            Err(CommitError::NotWritten(error)) => Err(error),
            Err(CommitError::Unknown { detail }) => Err(StorageError::Read { detail }),
        }
    }

    /// Ends the step with a write, when that is on disk.
    pub(crate) fn commit(mut self, batch: &Batch) -> Outcome {
        let place = &self.shared.place;
        let written = self.turn.as_mut().map(|turn| turn.write(batch, place));
        self.over();
        match written {
            Some(group) => group?.wait(),
            None => Ok(()),
        }
    }

    fn over(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        if turn.open.is_none() {
            turn.roll_back();
        }
        self.shared.give_back(turn);
    }
}

impl Reads for Working<'_> {
    /// The connection, in its transaction.
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        let Some(turn) = &self.turn else {
            return Err(StorageError::Read {
                detail: format!("{}: the transaction is over", self.place().display()),
            });
        };
        read(&turn.connection).map_err(|error| fault(self.place(), Doing::Reading, &error))
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.over();
    }
}

/// Writes over what a failed commit may have left behind the end of the write-ahead log. Until then it is not in the
/// database for any reader, but would be after a crash, when the log is read again.
fn settle(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Writes the first page, whether or not the number is another.
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests;
