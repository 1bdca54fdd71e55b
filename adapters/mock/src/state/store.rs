//! The flash, shared by the authenticator, its PIN code and the unlock.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock_device::ports::{
    CounterError, MonotonicCounter, UnlockCommit, UnlockStore, UnlockStoreError,
};
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::{ErrorCode, HasCode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{State, StoredPin};
use crate::flash::Flash;

/// Where the flash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Gone with the process.
    Memory,
    /// In a file, replaced as a whole after each change (written beside it, then renamed).
    File(PathBuf),
}

/// Why an authenticator could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file could not be read.
    #[error("{}: {path}", ErrorCode::StoreRead)]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("{}: {path}", ErrorCode::StoreWrite)]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// What was read is not an authenticator's flash.
    #[error("{}", ErrorCode::StoreCorrupt)]
    Corrupt,
    /// The flash could not be written when it was first used.
    #[error("{}", ErrorCode::StoreWrite)]
    Flash,
    /// The authenticator could not make its secret.
    #[error("{}", ErrorCode::EntropyFailed)]
    Entropy,
}

impl HasCode for StateError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Read { .. } => ErrorCode::StoreRead,
            Self::Write { .. } | Self::Flash => ErrorCode::StoreWrite,
            Self::Corrupt => ErrorCode::StoreCorrupt,
            Self::Entropy => ErrorCode::EntropyFailed,
        }
    }
}

struct Inner {
    flash: Flash,
    storage: Storage,
    /// Outside the flash, so that copying a flash image back does not turn it back.
    counter: u32,
    max_retries: u8,
    max_slots: u8,
}

/// A handle to the flash; every clone is the same flash. Nothing is cached: each read parses what
/// is there.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Inner>>);

impl Store {
    /// Opens the storage; if the file does not exist yet, the flash is blank.
    pub(crate) fn open(storage: Storage, max_retries: u8) -> Result<Self, StateError> {
        let (flash, counter) = match &storage {
            Storage::Memory => (Flash::new(), 0),
            Storage::File(path) => read_file(path)?.unwrap_or_default(),
        };
        Ok(Self(Arc::new(Mutex::new(Inner {
            flash,
            storage,
            counter,
            max_retries,
            max_slots: fido_unlock_device::MOST_SLOTS,
        }))))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at or changes the raw flash: arms a cut, counts writes, takes or restores an image.
    pub fn with_flash<T>(&self, f: impl FnOnce(&mut Flash) -> T) -> T {
        let mut inner = self.lock();
        let out = f(&mut inner.flash);
        // A file that cannot be written shows at the next commit.
        let _ = inner.save();
        out
    }

    /// How many slots an enrolment may fill.
    pub(crate) fn set_max_slots(&self, max_slots: u8) {
        self.lock().max_slots = max_slots;
    }

    /// Sets the monotonic counter, which no device can: to see what one does that has counted far, or was given another
    /// flash.
    pub fn set_counter(&self, value: u32) {
        self.lock().counter = value;
    }

    /// The state, `None` in an empty flash.
    ///
    /// # Errors
    /// [`UnlockStoreError`] without power, or when what is stored cannot be read.
    pub fn load_state(&self) -> Result<Option<State>, UnlockStoreError> {
        self.lock().state()
    }

    /// The state of an authenticator that has been set up.
    pub(crate) fn state(&self) -> Result<State, CtapStatus> {
        self.load_state().ok().flatten().ok_or(CtapStatus::Other)
    }

    /// Changes the state in one atomic commit.
    pub(crate) fn update<T>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, CtapStatus>,
    ) -> Result<T, CtapStatus> {
        let mut inner = self.lock();
        let mut state = inner.state().ok().flatten().ok_or(CtapStatus::Other)?;
        let out = change(&mut state)?;
        inner.commit(&state).map_err(|_| CtapStatus::Other)?;
        Ok(out)
    }

    /// Replaces everything and erases what was before, as `authenticatorReset` does.
    pub(crate) fn replace(&self, state: &State) -> Result<(), StateError> {
        let mut inner = self.lock();
        inner.commit(state)?;
        inner.flash.erase_old().map_err(|_| StateError::Flash)?;
        inner.save()
    }

    /// Power off and on; a cut that is armed may fall into the recovery.
    pub(crate) fn power_cycle(&self) {
        let mut inner = self.lock();
        inner.flash.power_off();
        // Power cut in the recovery: the flash stays without power, which every later call tells.
        let _ = inner.flash.power_on();
        let _ = inner.save();
    }
}

impl Inner {
    fn state(&self) -> Result<Option<State>, UnlockStoreError> {
        match self.flash.read().map_err(|_| UnlockStoreError)? {
            None => Ok(None),
            Some(payload) => {
                let value = Value::parse(payload).map_err(|_| UnlockStoreError)?;
                State::from_value(&value).map(Some).ok_or(UnlockStoreError)
            }
        }
    }

    fn commit(&mut self, state: &State) -> Result<(), StateError> {
        let before = matches!(self.storage, Storage::File(_)).then(|| self.flash.clone());
        let done = self.flash.commit(&state.to_value().to_bytes());
        if let (Err(error), Some(before)) = (self.save(), before) {
            self.flash = before;
            return Err(error);
        }
        done.map_err(|_| StateError::Flash)
    }

    fn save(&self) -> Result<(), StateError> {
        let Storage::File(path) = &self.storage else {
            return Ok(());
        };
        let [first, second] = self.flash.image();
        let bytes = Value::int_map([
            (1, Some(Value::Unsigned(FILE_VERSION))),
            (2, Some(Value::bytes(first))),
            (3, Some(Value::bytes(second))),
            (4, Some(self.counter.into())),
            (5, Some(Value::bytes(&digest(first, second, self.counter)))),
        ])
        .to_bytes();
        write_file(path, &bytes).map_err(|source| StateError::Write {
            path: path.clone(),
            source,
        })
    }
}

const FILE_VERSION: u64 = 1;

fn read_file(path: &Path) -> Result<Option<(Flash, u32)>, StateError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(StateError::Read {
                path: path.into(),
                source,
            });
        }
    };
    let value = Value::parse(&bytes).map_err(|_| StateError::Corrupt)?;
    let bank = |key| value.get(key).and_then(Value::as_bytes);
    let counter = value
        .get(4)
        .and_then(Value::as_u64)
        .and_then(|n| u32::try_from(n).ok());
    match (value.get(1).and_then(Value::as_u64), bank(2), bank(3), counter) {
        (Some(FILE_VERSION), Some(first), Some(second), Some(counter))
            if bank(5) == Some(&digest(first, second, counter)) =>
        {
            Ok(Some((Flash::from_image([first, second]), counter)))
        }
        _ => Err(StateError::Corrupt),
    }
}

/// Finds a damaged file, which the journal alone would take for a torn bank.
fn digest(first: &[u8], second: &[u8], counter: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    for bank in [first, second] {
        hash.update((bank.len() as u64).to_be_bytes());
        hash.update(bank);
    }
    hash.update(counter.to_be_bytes());
    hash.finalize().into()
}

/// Written beside, synced and renamed; only its owner may read it (`tempfile` makes it so).
fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

impl UnlockStore for Store {
    fn max_slots(&self) -> u8 {
        self.lock().max_slots
    }

    fn load(&self) -> Result<Option<Vec<u8>>, UnlockStoreError> {
        Ok(self.load_state()?.and_then(|state| state.unlock_record))
    }

    fn store(&mut self, record: &[u8]) -> Result<(), UnlockStoreError> {
        self.update(|state| {
            state.unlock_record = Some(record.to_vec());
            Ok(())
        })
        .map_err(|_| UnlockStoreError)
    }

    fn commit_unlock(&mut self, commit: &UnlockCommit<'_>) -> Result<(), UnlockStoreError> {
        let max_retries = self.lock().max_retries;
        self.update(|state| {
            state.unlock_record = Some(commit.record.to_vec());
            state.pin = Some(StoredPin {
                hash: *commit.pin_hash,
                code_points: commit.pin_code_points,
            });
            state.pin_retries = max_retries;
            state.force_pin_change = commit.force_pin_change;
            Ok(())
        })
        .map_err(|_| UnlockStoreError)
    }
}

impl MonotonicCounter for Store {
    fn value(&self) -> Result<u32, UnlockStoreError> {
        Ok(self.lock().counter)
    }

    fn increment(&mut self) -> Result<u32, CounterError> {
        let mut inner = self.lock();
        if !inner.flash.is_powered() {
            return Err(CounterError::Failed);
        }
        inner.counter = inner.counter.checked_add(1).ok_or(CounterError::AtEnd)?;
        inner.save().map_err(|_| CounterError::Failed)?;
        Ok(inner.counter)
    }
}
