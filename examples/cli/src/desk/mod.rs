//! A help desk in a folder: `fido-unlock-files` for its data, and here its keys, policy and notices.

mod keys;
mod outbox;
mod policy;
pub mod public_key;
mod shared_signer;

use std::path::{Path, PathBuf};

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::AdminKeyStore;
use fido_unlock::desk::{HelpDesk, KeyRing, NoAdminKeys, OperatorId, OperatorSession, SoftwareSigner};
use fido_unlock_files::key_file::Passphrase;
use fido_unlock_files::{FilesDesk, others_may_write};
use zeroize::Zeroizing;

pub use keys::{KeyFolder, read_checkpoint_key};
pub use policy::{read as read_policy, write as write_policy};
pub use shared_signer::SharedSigner;

use crate::args::At;
use crate::failure::Failure;
use crate::output::shown;
use crate::prompt::Prompt;

/// An open help desk with an operator who has signed in.
pub struct OpenDesk {
    /// The desk.
    pub desk: HelpDesk,
    /// The operator.
    pub session: OperatorSession,
    /// Its keys in memory; none unless [`Keys::Wanted`].
    pub signer: SharedSigner,
    /// Its keys on disk.
    pub folder: KeyFolder,
    /// What opens them; there with [`Keys::Wanted`].
    pub passphrase: Option<Passphrase>,
}

/// Whether a command uses the desk's keys, and so asks for their passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It does.
    Wanted,
    /// It does not.
    NotWanted,
}

impl OpenDesk {
    /// Asks for operator, password and, where wanted, passphrase; then opens the desk.
    pub fn sign_in(at: &At, prompt: Prompt, keys: Keys) -> Result<Self, Failure> {
        let credentials = Credentials::ask(at, prompt)?;
        let passphrase = match keys {
            Keys::Wanted => Some(passphrase(&prompt.secret("Passphrase of the keys")?)),
            Keys::NotWanted => None,
        };
        Self::open(&at.desk, &credentials, passphrase)
    }

    /// Opens the desk and signs the operator in.
    pub fn open(
        path: &Path,
        credentials: &Credentials,
        passphrase: Option<Passphrase>,
    ) -> Result<Self, Failure> {
        let folder = KeyFolder::of_desk(path);
        let (ring, admin_keys): (_, Box<dyn AdminKeyStore + Send>) = match &passphrase {
            Some(passphrase) => {
                let wrapping_key = folder.wrapping_key(passphrase)?;
                let admin_keys = FilesDesk::at(path).admin_keys(wrapping_key);
                (folder.ring(passphrase)?, Box::new(admin_keys))
            }
            None => (KeyRing::new(), Box::new(NoAdminKeys)),
        };
        let signer = SharedSigner::new(SoftwareSigner::new(ring, admin_keys));
        let mut desk = open_desk(path, &signer)?;
        let session = desk.sign_in(&credentials.operator, &credentials.password)?;
        Ok(Self {
            desk,
            session,
            signer,
            folder,
            passphrase,
        })
    }

    /// What opens the keys.
    pub fn passphrase(&self) -> Result<&Passphrase, Failure> {
        self.passphrase
            .as_ref()
            .ok_or_else(|| ErrorCode::WrongState.into())
    }
}

/// An operator's name and password.
pub struct Credentials {
    /// The name.
    pub operator: OperatorId,
    /// The password.
    pub password: Zeroizing<String>,
}

impl Credentials {
    /// Asks for them.
    pub fn ask(at: &At, prompt: Prompt) -> Result<Self, Failure> {
        exists(&at.desk)?;
        let name = prompt.or_text(at.operator.as_deref(), "--operator", "Operator")?;
        let operator = operator_id(&name)?;
        let password = prompt.secret(&format!("Password of {operator}"))?;
        Ok(Self { operator, password })
    }
}

/// The desk without an operator and without keys, for what a clock that went back leaves possible.
pub fn open_without_keys(path: &Path) -> Result<HelpDesk, Failure> {
    let none = SoftwareSigner::new(KeyRing::new(), Box::new(NoAdminKeys));
    open_desk(path, &SharedSigner::new(none))
}

fn open_desk(path: &Path, signer: &SharedSigner) -> Result<HelpDesk, Failure> {
    let notices = Box::new(outbox::Outbox::new(path.join("notices.jsonl")));
    let mut ports = FilesDesk::at(path).ports(KeyRing::new(), None, notices)?;
    ports.signer = Box::new(signer.clone());
    Ok(HelpDesk::open(ports, read_policy(path)?)?)
}

/// A passphrase of its own copy; the typed one is wiped by its owner.
pub fn passphrase(typed: &str) -> Passphrase {
    Passphrase::new(typed.to_owned())
}

/// An operator's name.
pub fn operator_id(name: &str) -> Result<OperatorId, Failure> {
    OperatorId::new(name)
        .ok_or_else(|| Failure::usage("an operator's name has 1 to 128 characters, none of them invisible"))
}

/// Nobody else can put files of theirs in place of a desk's, a backup's too. A folder that is not there is
/// made for its owner alone, in one that nobody else can change.
pub fn is_private(folder: &Path) -> Result<(), Failure> {
    match others_may_write(folder) {
        Ok(Some(exposed)) => Err(Failure::new(ErrorCode::FolderShared, shown(exposed))),
        Ok(None) => Ok(()),
        Err(error) => Err(Failure::read(folder, &error)),
    }
}

/// The desk's folder is there; otherwise it is said how to make it.
pub fn exists(path: &Path) -> Result<PathBuf, Failure> {
    let log = FilesDesk::at(path).audit_log_path();
    if log.exists() {
        is_private(path)?;
        Ok(log)
    } else {
        let text = format!(
            "{} is not a help desk; make one with `desk init`",
            shown(path.display())
        );
        Err(Failure::new(ErrorCode::StoreRead, text))
    }
}
