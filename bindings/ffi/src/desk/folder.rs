//! Key files, and a desk over a database in a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::KeyName;
use fido_unlock::desk::ports::StorageError;
use fido_unlock::desk::{Desk, DeskParts, KeptKey, KeyRing, SoftwareSigner};
use fido_unlock_files::key_file::{self, KeyFileError, Passphrase};
use fido_unlock_files::{Argon2Passwords, FileAdminKeys, FileAnchor, SystemClock, make_private_folder};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use super::checkpoint;
use super::help_desk::{Ground, HostPorts};
use super::types::operator_id;
use super::{
    CheckpointSigner, CodeDelivery, DeskKeys, DeskRules, DeskSigner, HelpDesk, IssuerInfo, OwnerNotifier,
};
use crate::{IssuerKey, UnlockError};

/// The desk's own keys.
const OWN_KEYS: &str = "desk_keys.age";

impl From<KeyFileError> for UnlockError {
    fn from(error: KeyFileError) -> Self {
        Self::of(&error)
    }
}

/// The keys of a desk in files under one passphrase, for whoever has no HSM. Keep a backup apart from the computer: once
/// an issuer's key is lost, its devices can never be unlocked again.
#[derive(uniffi::Object)]
pub struct KeyFolder {
    folder: PathBuf,
    passphrase: Passphrase,
    keys: key_file::DeskKeys,
}

impl KeyFolder {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The desk's own.
    pub(super) const fn keys(&self) -> &key_file::DeskKeys {
        &self.keys
    }

    fn ring(&self) -> Result<KeyRing, UnlockError> {
        match key_file::load_key_set(&self.at("issuer_keys.age"), &self.passphrase) {
            Err(KeyFileError::Missing) => Ok(KeyRing::new()),
            other => Ok(other?),
        }
    }

    /// Signs with the keys that are here now.
    pub(super) fn software_signer(&self) -> Result<SoftwareSigner, UnlockError> {
        let admin_keys = FileAdminKeys::new(&self.at("admin_keys.json"), self.keys.wrapping_key());
        Ok(SoftwareSigner::new(self.ring()?, Box::new(admin_keys)))
    }
}

#[uniffi::export]
impl KeyFolder {
    /// Makes the folder and the desk's own keys in it, where they do not exist: what was begun before a crash is
    /// ended. Afterwards as `open`. The passphrase is wiped on this side.
    #[uniffi::constructor]
    pub fn create(path: String, passphrase: String) -> Result<Arc<Self>, UnlockError> {
        let (folder, passphrase) = (PathBuf::from(path), Passphrase::new(passphrase));
        make_private_folder(&folder).map_err(|error| KeyFileError::Write(error.kind()))?;
        let keys = key_file::DeskKeys::generate(&mut SystemEntropy)?;
        let file = folder.join(OWN_KEYS);
        let keys = match keys.save(&file, &passphrase) {
            Ok(()) => keys,
            Err(KeyFileError::Exists) => key_file::DeskKeys::load(&file, &passphrase)?,
            Err(error) => return Err(error.into()),
        };
        Ok(Arc::new(Self {
            folder,
            passphrase,
            keys,
        }))
    }

    /// A folder that `create` made. Number 603 for another passphrase than then.
    #[uniffi::constructor]
    pub fn open(path: String, passphrase: String) -> Result<Arc<Self>, UnlockError> {
        let (folder, passphrase) = (PathBuf::from(path), Passphrase::new(passphrase));
        let keys = key_file::DeskKeys::load(&folder.join(OWN_KEYS), &passphrase)?;
        Ok(Arc::new(Self {
            folder,
            passphrase,
            keys,
        }))
    }

    /// Keeps an issuer's key of suite 1 or 2 for a slot that has none. Its public key goes to `HelpDesk.put_issuer`.
    pub fn put_issuer_key(&self, slot: u8, key: Arc<IssuerKey>) -> Result<IssuerInfo, UnlockError> {
        let mut ring = self.ring()?;
        ring.insert(slot, key.copy()?)?;
        key_file::replace_key_set(&self.at("issuer_keys.age"), &ring, &self.passphrase)?;
        let kept = ring.present(slot).map(KeptKey::info);
        Ok((&kept.ok_or(ErrorCode::KeyMissing)?).into())
    }

    /// The public keys of the issuers' keys here.
    pub fn issuers(&self) -> Result<Vec<IssuerInfo>, UnlockError> {
        let ring = self.ring()?;
        Ok(ring
            .keys()
            .into_iter()
            .map(|kept| (&kept.info()).into())
            .collect())
    }

    /// Signs checkpoints with the desk's own key. `name`: the log's (`HelpDesk.origin`).
    pub fn checkpoint_signer(&self, name: String) -> Result<Arc<dyn CheckpointSigner>, UnlockError> {
        let name = KeyName::new(&name).map_err(|_| ErrorCode::InvalidArgument)?;
        Ok(checkpoint::software(self.keys.checkpoint_signer(name)))
    }
}

fn database(folder: &str) -> PathBuf {
    Path::new(folder).join("desk.sqlite")
}

/// The parts of a desk whose database and anchor are in `folder`.
fn parts(
    folder: &str,
    open: fn(&Path, SqliteOptions) -> Result<SqliteStore, StorageError>,
    keys: &DeskKeys,
    host: HostPorts,
) -> Result<DeskParts, UnlockError> {
    let store = open(&database(folder), SqliteOptions::default())?;
    host.on(Ground {
        store: Box::new(store),
        seal_key: keys.seal_key(),
        clock: Box::new(SystemClock),
        passwords: Box::new(Argon2Passwords::new(keys.pepper())),
        anchor: Some(Box::new(FileAnchor::new(&Path::new(folder).join("anchor")))),
    })
}

#[uniffi::export]
impl HelpDesk {
    /// Makes a desk in a folder, which is made where it does not exist, with its first Administrator. Until
    /// `open_desk` ends the set-up it gives no code. `delivery`: where the desk is to send codes to channels;
    /// `vendor_keys`: lines of the keys that sign licences. The password is wiped on this side.
    #[uniffi::constructor]
    #[allow(clippy::too_many_arguments, reason = "a secret never crosses inside a record")]
    pub fn create(
        folder: String,
        keys: Arc<DeskKeys>,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
        vendor_keys: Vec<String>,
        rules: DeskRules,
        administrator: String,
        password: String,
    ) -> Result<Arc<Self>, UnlockError> {
        let password = Zeroizing::new(password);
        let host = HostPorts {
            signer,
            notifier,
            delivery,
            vendor_keys,
        };
        let parts = parts(&folder, SqliteStore::create, &keys, host)?;
        Self::make(parts, rules, &administrator, &password)
    }

    /// Opens the desk in a folder. Several may be open at a time, in this and in other processes of the computer.
    /// Number 713 where its database is not sealed under these keys, 714 where it was set back.
    #[uniffi::constructor]
    pub fn open(
        folder: String,
        keys: Arc<DeskKeys>,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
        vendor_keys: Vec<String>,
    ) -> Result<Arc<Self>, UnlockError> {
        let host = HostPorts {
            signer,
            notifier,
            delivery,
            vendor_keys,
        };
        let parts = parts(&folder, SqliteStore::open, &keys, host)?;
        Ok(Self::over(Desk::open(parts)?))
    }

    /// Opens the desk in a folder whose database was set back to a backup (`backup_desk`), which `open` refuses with
    /// number 714. Remove `desk.sqlite-wal` and `desk.sqlite-shm` before the backup is copied over `desk.sqlite`: they
    /// belong to the database that was there. Its log goes on under a new id, so `origin` is another and checkpoints are signed under that name;
    /// sessions and requests end; the first code for each device needs a second operator's approval. Open no other
    /// desk over the folder meanwhile, and open those that are open again. `operator`: an Administrator as the backup
    /// knows them; `note`: what had happened. The password is wiped on this side.
    #[uniffi::constructor]
    #[allow(clippy::too_many_arguments, reason = "a secret never crosses inside a record")]
    pub fn restore(
        folder: String,
        keys: Arc<DeskKeys>,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
        vendor_keys: Vec<String>,
        operator: String,
        password: String,
        note: String,
    ) -> Result<Arc<Self>, UnlockError> {
        let password = Zeroizing::new(password);
        let host = HostPorts {
            signer,
            notifier,
            delivery,
            vendor_keys,
        };
        let parts = parts(&folder, SqliteStore::open, &keys, host)?;
        let operator = operator_id(&operator)?;
        Ok(Self::over(Desk::restore(parts, &operator, &password, &note)?))
    }

    /// The same for a backup whose last entry is later than this computer's clock, because a clock too far ahead has
    /// written it: `restore` then fails with number 423. Say it only of a clock that is right. The desk goes on with it,
    /// with an entry of its own, and every Administrator is told.
    #[uniffi::constructor]
    #[allow(clippy::too_many_arguments, reason = "a secret never crosses inside a record")]
    pub fn restore_and_accept_clock(
        folder: String,
        keys: Arc<DeskKeys>,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
        vendor_keys: Vec<String>,
        operator: String,
        password: String,
        note: String,
    ) -> Result<Arc<Self>, UnlockError> {
        let password = Zeroizing::new(password);
        let host = HostPorts {
            signer,
            notifier,
            delivery,
            vendor_keys,
        };
        let parts = parts(&folder, SqliteStore::open, &keys, host)?;
        let operator = operator_id(&operator)?;
        Ok(Self::over(Desk::restore_and_accept_clock(
            parts, &operator, &password, &note,
        )?))
    }
}

/// Copies the database of the desk in `folder` to the file `to`, which must not exist, while others work on it. Keep
/// it, and the key files, apart from the computer.
#[uniffi::export]
pub fn backup_desk(folder: String, to: String) -> Result<(), UnlockError> {
    let store = SqliteStore::open(&database(&folder), SqliteOptions::default())?;
    Ok(store.backup(Path::new(&to))?)
}
