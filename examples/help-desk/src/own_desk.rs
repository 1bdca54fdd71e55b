//! A desk of one's own: the folder that `fido-unlock desk init` has made, opened once, with as many desks over it as
//! there are threads.

use std::path::Path;
use std::sync::Arc;

use fido_unlock::HasCode;
use fido_unlock::desk::{Desk, DeskError};
use fido_unlock_files::key_file::Passphrase;
use fido_unlock_folder::{DeskFolder, FolderFault, SharedSigner, checkpoint_key, parts};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use crate::app::MakeNoteSigner;
use crate::desks::MakeDesk;

/// Wrong passwords are written down once in so many seconds, so that a guess costs no write.
const GUESS_WINDOW: u64 = 10;

/// A desk that was opened.
pub struct OwnDesk {
    /// Opens one more desk over it.
    pub make: Arc<MakeDesk>,
    /// Makes what signs its checkpoints.
    pub notes: Arc<MakeNoteSigner>,
}

/// Opens the folder's keys, and a first desk to see that all fits together.
///
/// # Errors
/// There is no desk; others may change it; the passphrase is another one; the database is not under these keys.
pub fn open(folder: &Path, passphrase: &Passphrase) -> Result<OwnDesk, FolderFault> {
    let folder = DeskFolder::existing(folder)?;
    let keys = Arc::new(folder.keys().desk_keys(passphrase)?);
    let signer = SharedSigner::new(folder.keys().signer(&keys, passphrase)?);
    // Its handles share one writer.
    let store = SqliteStore::open(&folder.database(), SqliteOptions::default())?;
    let mut first =
        Desk::open(parts(&folder, &keys, &signer, store.clone(), GUESS_WINDOW)?).map_err(fault)?;
    checkpoint_key(&folder, &keys, &mut first)?;
    let own = Arc::clone(&keys);
    Ok(OwnDesk {
        make: Arc::new(move || {
            let parts = parts(&folder, &keys, &signer, store.clone(), GUESS_WINDOW);
            Desk::open(parts.map_err(|fault| DeskError::from(fault.code()))?)
        }),
        notes: Arc::new(move |log| Box::new(own.checkpoint_signer(log))),
    })
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
