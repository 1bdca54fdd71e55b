//! `audit.jsonl`: one JSON line with the log id, then one per entry (docs/protocol/audit.md, "The
//! log as a file").

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fido_unlock_desk::audit::{AuditEntry, EntryError, LogId, PendingEntry, Receipt};
use fido_unlock_desk::ports::{AuditLog, StorageError};
use serde::{Deserialize, Serialize};

use crate::audit_view::{AuditView, view};
use crate::hex;
use crate::json_file::{self, WriterLock, owner_only, read_error, write_error};
use crate::version::other_version;

const FORMAT: &str = "fido-unlock audit log";
const VERSION: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    log_id: String,
}

/// What says whose first line it is, in every version.
#[derive(Deserialize)]
struct FormatOnly {
    format: String,
}

/// A line. `entry` holds the canonical bytes; `view` shows them and must say the same.
#[derive(Serialize)]
struct Line {
    entry: String,
    view: AuditView,
}

#[derive(Deserialize)]
struct EntryOnly {
    entry: String,
}

/// An audit log in a file that only grows. An entry is on disk before its receipt is made.
#[derive(Debug)]
pub struct FileAuditLog {
    path: PathBuf,
    file: File,
    log_id: LogId,
    /// Where each entry's line begins, and the end of the last one.
    starts: Vec<u64>,
    end: u64,
    recovered: bool,
    /// A failed write could not be undone: nothing is written any more.
    broken: bool,
    lock: Option<WriterLock>,
}

impl FileAuditLog {
    /// Makes a new, empty log with a random id.
    ///
    /// # Errors
    /// [`StorageError::Write`] when there is one already or it cannot be written.
    pub fn create(path: &Path) -> Result<Self, StorageError> {
        let _lock = WriterLock::take(path)?;
        if path.exists() {
            return Err(StorageError::Write {
                detail: format!("{} exists", path.display()),
            });
        }
        let mut log_id = [0; 16];
        getrandom::fill(&mut log_id).map_err(|_| StorageError::Write {
            detail: "no random bytes for the log id".into(),
        })?;
        let header = Header {
            format: FORMAT.into(),
            version: VERSION,
            log_id: hex::encode(&log_id),
        };
        json_file::replace_bytes(path, line(&header, path)?.as_bytes())?;
        drop(_lock);
        Self::open(path)
    }

    /// Opens a log for writing and takes its lock.
    ///
    /// A last line without its end was cut short when the process died in a write. Its entry never
    /// had a receipt. It is moved to `NAME.torn-N` (N: its place), and the desk records that.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when another process has it; [`StorageError::Read`] when there is none;
    /// [`StorageError`] otherwise. Entries are checked as they are read.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let lock = WriterLock::take(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        owner_only(&mut options);
        let mut log = Self::scan(path, &mut options)?;
        log.lock = Some(lock);
        log.drop_torn_line()?;
        Ok(log)
    }

    /// Opens a log for reading only, also while a desk writes to it; an unfinished last line is not
    /// looked at.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    pub fn open_read_only(path: &Path) -> Result<Self, StorageError> {
        Self::scan(path, OpenOptions::new().read(true))
    }

    fn scan(path: &Path, options: &mut OpenOptions) -> Result<Self, StorageError> {
        let mut file = options.open(path).map_err(|error| read_error(path, &error))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(|error| read_error(path, &error))?;
        let mut ends = Vec::new();
        let mut end = 0_u64;
        for line in text
            .split_inclusive(|byte| *byte == b'\n')
            .filter(|line| line.ends_with(b"\n"))
        {
            end = end.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
            ends.push(end);
        }
        let corrupt = || StorageError::Corrupt {
            detail: format!("{}: the first line", path.display()),
        };
        let header_end = ends.first().copied().ok_or_else(corrupt)?;
        let header = text
            .get(..usize::try_from(header_end).unwrap_or(0))
            .ok_or_else(corrupt)?;
        let stored = header;
        let FormatOnly { format } = serde_json::from_slice(stored).map_err(|_| corrupt())?;
        if format != FORMAT {
            return Err(corrupt());
        }
        if let Some(other) = other_version(stored, VERSION) {
            return Err(StorageError::Version {
                detail: format!("{}: {other}", path.display()),
            });
        }
        let header: Header = serde_json::from_slice(stored).map_err(|_| corrupt())?;
        // Byte for byte what is written here, as each entry's line is.
        if line(&header, path)?.as_bytes() != stored {
            return Err(corrupt());
        }
        ends.pop();
        Ok(Self {
            path: path.to_owned(),
            file,
            log_id: LogId(hex::decode_array("log id", &header.log_id)?),
            starts: ends,
            end,
            recovered: false,
            broken: false,
            lock: None,
        })
    }

    fn drop_torn_line(&mut self) -> Result<(), StorageError> {
        let failed = |error: std::io::Error| write_error(&self.path, &error);
        let mut torn = Vec::new();
        self.file.seek(SeekFrom::Start(self.end)).map_err(failed)?;
        self.file.read_to_end(&mut torn).map_err(failed)?;
        if torn.is_empty() {
            return Ok(());
        }
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".torn-{}", self.starts.len()));
        json_file::replace_bytes(Path::new(&name), &torn)?;
        self.cut().map_err(failed)?;
        self.recovered = true;
        Ok(())
    }

    /// Makes the file end behind its last whole line.
    fn cut(&self) -> std::io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_all()
    }

    fn line_at(&self, index: usize) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(start) = self.starts.get(index).copied() else {
            return Ok(None);
        };
        let end = index
            .checked_add(1)
            .and_then(|next| self.starts.get(next))
            .copied()
            .unwrap_or(self.end);
        let length = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let mut file = &self.file;
        let mut line = vec![0; length];
        file.seek(SeekFrom::Start(start))
            .and_then(|_| file.read_exact(&mut line))
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => self.changed(index),
                _ => read_error(&self.path, &error),
            })?;
        Ok(Some(line))
    }

    fn changed(&self, index: usize) -> StorageError {
        StorageError::AuditBroken {
            detail: format!("{}: line {}", self.path.display(), index.saturating_add(2)),
        }
    }
}

fn line<T: Serialize>(value: &T, path: &Path) -> Result<String, StorageError> {
    let mut line = serde_json::to_string(value).map_err(|_| StorageError::Write {
        detail: path.display().to_string(),
    })?;
    line.push('\n');
    Ok(line)
}

fn entry_line(entry: &AuditEntry, bytes: &[u8], path: &Path) -> Result<String, StorageError> {
    let whole = Line {
        entry: hex::encode(bytes),
        view: view(entry),
    };
    line(&whole, path)
}

impl AuditLog for FileAuditLog {
    fn log_id(&self) -> LogId {
        self.log_id
    }

    fn count(&self) -> u64 {
        u64::try_from(self.starts.len()).unwrap_or(u64::MAX)
    }

    fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let index = usize::try_from(sequence).unwrap_or(usize::MAX);
        let Some(stored) = self.line_at(index)? else {
            return Ok(None);
        };
        let changed = |_| self.changed(index);
        let EntryOnly { entry } = serde_json::from_slice(&stored).map_err(|_| self.changed(index))?;
        let bytes = hex::decode("entry", &entry).map_err(changed)?;
        let parsed = match AuditEntry::from_bytes(&bytes) {
            Ok(parsed) => parsed,
            Err(EntryError::Version) => {
                return Err(StorageError::Version {
                    detail: format!("{}: line {}", self.path.display(), index.saturating_add(2)),
                });
            }
            Err(_) => return Err(self.changed(index)),
        };
        // The view that a person reads must be that of the bytes.
        if entry_line(&parsed, &bytes, &self.path)?.as_bytes() != stored {
            return Err(self.changed(index));
        }
        Ok(Some(bytes))
    }

    fn append(&mut self, entry: PendingEntry) -> Result<Receipt, StorageError> {
        let failed = |error: &std::io::Error| write_error(&self.path, error);
        if self.lock.is_none() || self.broken || entry.sequence() != self.count() {
            return Err(StorageError::Write {
                detail: format!("{} is not open for this entry", self.path.display()),
            });
        }
        let line = entry_line(entry.entry(), entry.canonical_bytes(), &self.path)?;
        let write = |mut file: &File| {
            file.seek(SeekFrom::Start(self.end))?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        if let Err(error) = write(&self.file) {
            let error = failed(&error);
            self.broken = self.cut().is_err();
            return Err(error);
        }
        self.starts.push(self.end);
        self.end = self
            .end
            .saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(entry.stored())
    }

    fn recovered(&self) -> bool {
        self.recovered
    }
}
