//! A desk of one's own: the folder that `fido-unlock desk init` has made, opened once, with as many desks over it as
//! there are threads.

use std::path::Path;
use std::sync::Arc;

use fido_unlock::HasCode;
use fido_unlock::desk::{Desk, DeskError};
use fido_unlock_files::key_file::Passphrase;
use fido_unlock_folder::{DeskFolder, FolderFault, SharedSigner, checkpoint_key, parts};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use crate::desks::MakeDesk;

/// Wrong passwords are written down once in so many seconds, so that a guess costs no write.
const GUESS_WINDOW: u64 = 10;

/// Opens the folder's keys, and a first desk to see that all fits together; gives what opens one more.
///
/// # Errors
/// There is no desk; others may change it; the passphrase is another one; the database is not under these keys.
pub fn open(folder: &Path, passphrase: &Passphrase) -> Result<Arc<MakeDesk>, FolderFault> {
    let folder = DeskFolder::existing(folder)?;
    let keys = folder.keys().desk_keys(passphrase)?;
    let signer = SharedSigner::new(folder.keys().signer(&keys, passphrase)?);
    // Its handles share one writer.
    let store = SqliteStore::open(&folder.database(), SqliteOptions::default())?;
    let mut first =
        Desk::open(parts(&folder, &keys, &signer, store.clone(), GUESS_WINDOW)?).map_err(fault)?;
    checkpoint_key(&folder, &keys, &mut first)?;
    Ok(Arc::new(move || {
        let parts = parts(&folder, &keys, &signer, store.clone(), GUESS_WINDOW);
        Desk::open(parts.map_err(|fault| DeskError::from(fault.code()))?)
    }))
}

/// Whether there is a desk in a folder, which nobody else may change; nothing is opened.
///
/// # Errors
/// There is none, or others may change it.
pub fn is_there(folder: &Path) -> Result<(), FolderFault> {
    DeskFolder::existing(folder).map(drop)
}

/// What a desk says when it is opened.
#[must_use]
pub fn fault(error: DeskError) -> FolderFault {
    FolderFault::new(error.code(), error.to_string())
}
