//! A desk of one's own: the folder that `fido-unlock desk init` has made, opened once, with as many desks over it as
//! there are threads.

use std::path::Path;
use std::sync::Arc;

use fido_unlock::HasCode;
use fido_unlock::desk::ports::Passkeys;
use fido_unlock::desk::{Desk, DeskError, DeskParts, OperatorId, SignInCode};
use fido_unlock_files::key_file::{DeskKeys, Passphrase};
use fido_unlock_folder::{DeskFolder, FolderFault, SharedSigner, checkpoint_key, parts};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use fido_unlock_webauthn::WebauthnPasskeys;

use crate::app::MakeNoteSigner;
use crate::desks::MakeDesk;
use crate::site::Site;

/// Wrong passwords are written down once in so many seconds, so that a guess costs no write.
const GUESS_WINDOW: u64 = 10;

/// A desk that was opened.
pub struct OwnDesk {
    /// Opens one more desk over it.
    pub make: Arc<MakeDesk>,
    /// Makes what signs its checkpoints.
    pub notes: Arc<MakeNoteSigner>,
}

/// Opens the folder's keys, and a first desk to see that all fits together. `site`: for whose name passkeys are made; an
/// address has none.
///
/// # Errors
/// There is no desk; others may change it; the passphrase is another one; the database is not under these keys.
pub fn open(folder: &Path, passphrase: &Passphrase, site: &Site) -> Result<OwnDesk, FolderFault> {
    let folder = DeskFolder::existing(folder)?;
    let keys = Arc::new(folder.keys().desk_keys(passphrase)?);
    let signer = SharedSigner::new(folder.keys().signer(&keys, passphrase)?);
    // Its handles share one writer.
    let store = SqliteStore::open(&folder.database(), SqliteOptions::default())?;
    let passkeys = WebauthnPasskeys::new(site.party(), &site.passkey_origin(), "Help desk").ok();
    let own = Arc::clone(&keys);
    let of = Of {
        folder,
        keys,
        signer,
        store,
        passkeys,
    };
    let mut first = Desk::open(of.parts()?).map_err(fault)?;
    checkpoint_key(&of.folder, &of.keys, &mut first)?;
    Ok(OwnDesk {
        make: Arc::new(move || Desk::open(of.parts().map_err(|fault| DeskError::from(fault.code()))?)),
        notes: Arc::new(move |log| Box::new(own.checkpoint_signer(log))),
    })
}

/// Of what each desk over the folder is made.
struct Of {
    folder: DeskFolder,
    keys: Arc<DeskKeys>,
    signer: SharedSigner,
    store: SqliteStore,
    passkeys: Option<WebauthnPasskeys>,
}

impl Of {
    fn parts(&self) -> Result<DeskParts, FolderFault> {
        let passkeys = self.passkeys.clone();
        Ok(DeskParts {
            passkeys: passkeys.map(|passkeys| Box::new(passkeys) as Box<dyn Passkeys + Send>),
            ..parts(
                &self.folder,
                &self.keys,
                &self.signer,
                self.store.clone(),
                GUESS_WINDOW,
            )?
        })
    }
}

/// What is printed at the start of a desk to which nobody can sign in yet: its Administrator's name, and the one-time
/// code by which they set a password.
///
/// # Errors
/// The desk's.
pub fn first_code(make: &MakeDesk) -> Result<Option<(OperatorId, SignInCode)>, FolderFault> {
    make().and_then(|mut desk| desk.first_code()).map_err(fault)
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
