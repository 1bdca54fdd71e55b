//! A desk made of what is in its folder.

use fido_unlock_desk::{Desk, DeskParts};
use fido_unlock_files::key_file::DeskKeys;
use fido_unlock_files::{Argon2Passwords, FileAnchor, SystemClock};
use fido_unlock_sqlite::SqliteStore;
use getrandom::SysRng;

use crate::{DeskFolder, FolderFault, Outbox, SharedSigner};

/// What a desk in a folder is made of. `store`: over its database. `guess_window_seconds`: as
/// [`DeskParts::guess_window_seconds`].
///
/// # Errors
/// The vendor's file cannot be read.
pub fn parts(
    folder: &DeskFolder,
    keys: &DeskKeys,
    signer: &SharedSigner,
    store: SqliteStore,
    guess_window_seconds: u64,
) -> Result<DeskParts, FolderFault> {
    Ok(DeskParts {
        store: Box::new(store),
        seal_key: keys.seal_key(),
        clock: Box::new(SystemClock),
        entropy: Box::new(SysRng),
        signer: Box::new(signer.clone()),
        passwords: Box::new(Argon2Passwords::new(keys.pepper())),
        passkeys: None,
        notifier: Box::new(Outbox::new(folder.notices())),
        delivery: None,
        anchor: Some(Box::new(FileAnchor::new(&folder.anchor()))),
        vendor: folder.vendor()?,
        guess_window_seconds,
    })
}

/// Writes the public key of checkpoints where it is not there: a desk that was made up to here and not to the end has
/// none.
///
/// # Errors
/// A store's error, as [`Desk::origin`]; the file cannot be written.
pub fn checkpoint_key(folder: &DeskFolder, keys: &DeskKeys, desk: &mut Desk) -> Result<(), FolderFault> {
    if folder.keys().checkpoint_public().exists() {
        return Ok(());
    }
    let origin = desk.origin().map_err(|error| FolderFault::of(&error))?;
    folder.keys().write_checkpoint_key(keys, origin)
}
