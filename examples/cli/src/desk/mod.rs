//! A help desk in a folder: its database, its keys, and who works at it.
//!
//! Whoever opens the folder opens the desk's own keys, so this is for trying things and for the one person who owns it
//! all; several operators share a service (docs/security.md).

pub mod public_key;
mod rules;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{
    Announcement, Desk, DeskParts, Operator, OperatorId, OperatorSession, Pending, Privilege,
};
use fido_unlock_files::key_file::{DeskKeys, Passphrase};
use fido_unlock_folder::checkpoint_key;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use zeroize::Zeroizing;

pub use fido_unlock_folder::{
    DeskFolder, KeyFolder, SharedSigner, beside, is_private, read_issuer_list, read_verifiers,
};
pub use rules::{differences, read as read_rules, remarks, text as rules_text};

use crate::args::{At, privilege_name, role_name};
use crate::failure::Failure;
use crate::output::{say, shown};
use crate::prompt::Prompt;

/// So many of what every Administrator is told are shown at a time.
const MOST_ANNOUNCED: usize = 100;

/// Whether a command signs with the issuers' keys, and so opens them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It does.
    Wanted,
    /// It does not.
    NotWanted,
}

/// A desk that was opened with its passphrase; nobody has signed in.
pub struct Opened {
    /// The desk.
    pub desk: Desk,
    /// The issuers' keys in memory; none unless [`Keys::Wanted`].
    pub signer: SharedSigner,
    /// Where everything lies.
    pub folder: DeskFolder,
    /// The desk's own keys.
    pub keys: DeskKeys,
    /// What opens them.
    pub passphrase: Passphrase,
}

/// An open desk with an operator who has signed in.
pub struct OpenDesk {
    /// The desk.
    pub desk: Desk,
    /// The operator.
    pub session: OperatorSession,
    /// The issuers' keys in memory; none unless [`Keys::Wanted`].
    pub signer: SharedSigner,
    /// Where everything lies.
    pub folder: DeskFolder,
    /// The desk's own keys.
    pub keys: DeskKeys,
    /// What opens them.
    pub passphrase: Passphrase,
}

impl OpenDesk {
    /// Asks for operator, password and passphrase; then opens the desk. An Administrator is told whether there is
    /// something that every Administrator is to read.
    pub fn sign_in(at: &At, prompt: Prompt, keys: Keys) -> Result<Self, Failure> {
        let mut open = Self::sign_in_to_read(at, prompt, keys)?;
        let unread = open.announcements()?.len();
        if unread > 0 {
            say(format_args!(
                "Announced to every Administrator and not read by you: {unread}. `desk status` shows it."
            ));
        }
        Ok(open)
    }

    /// The same for who reads it now.
    pub fn sign_in_to_read(at: &At, prompt: Prompt, keys: Keys) -> Result<Self, Failure> {
        let credentials = Credentials::ask(at, prompt)?;
        let passphrase = ask_passphrase(prompt)?;
        let mut open = Self::open(folder_of(at)?, &credentials, passphrase, keys)?;
        if let Some(pending) = open.desk.pending_own(&open.session)? {
            say(format_args!("What you may do is to change: {}.", rests(&pending)));
        }
        Ok(open)
    }

    /// What an Administrator has not read of what each is told; nothing for others.
    pub fn announcements(&mut self) -> Result<Vec<Announcement>, Failure> {
        if !self.desk.may(&self.session, Privilege::Administer)? {
            return Ok(Vec::new());
        }
        Ok(self.desk.announcements(&self.session, MOST_ANNOUNCED)?)
    }

    /// Opens the desk and signs the operator in.
    pub fn open(
        folder: DeskFolder,
        credentials: &Credentials,
        passphrase: Passphrase,
        keys: Keys,
    ) -> Result<Self, Failure> {
        let mut opened = Opened::open(folder, passphrase, keys)?;
        let session = opened
            .desk
            .sign_in(&credentials.operator, &credentials.password)?;
        Ok(Self {
            desk: opened.desk,
            session,
            signer: opened.signer,
            folder: opened.folder,
            keys: opened.keys,
            passphrase: opened.passphrase,
        })
    }

    /// Sends the notices that are due. One that cannot be sent stays in the outbox and is no reason to fail.
    pub fn send_notices(&mut self) {
        loop {
            match self.desk.send_notice() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    return say(format_args!("A notice to an owner is still to be sent: {error}"));
                }
            }
        }
    }
}

/// Of an operator's rights that rest: what, from when on, and who asked for it.
pub fn rests(pending: &Pending<Operator>) -> String {
    format!("{}, {}", rights(&pending.value), due(pending))
}

/// From when on a change holds, and who asked for it.
pub fn due<T>(pending: &Pending<T>) -> String {
    let by = pending.asked_by.as_deref().unwrap_or("nobody who is still known");
    format!("from {} on, asked for by {}", pending.holds_from, shown(by))
}

/// An operator's roles and privileges, by the command line's names.
pub fn rights(operator: &Operator) -> String {
    let roles = operator.roles.iter().copied().map(role_name);
    let both: Vec<String> = roles
        .chain(operator.privileges.iter().copied().map(privilege_name))
        .collect();
    if both.is_empty() {
        "nothing".into()
    } else {
        both.join(", ")
    }
}

impl Opened {
    /// Opens the desk.
    pub fn open(folder: DeskFolder, passphrase: Passphrase, keys: Keys) -> Result<Self, Failure> {
        let desk_keys = folder.keys().desk_keys(&passphrase)?;
        let signer = match keys {
            Keys::Wanted => SharedSigner::new(folder.keys().signer(&desk_keys, &passphrase)?),
            Keys::NotWanted => SharedSigner::without_keys(&folder.keys(), &desk_keys),
        };
        let store = SqliteStore::open(&folder.database(), SqliteOptions::default())?;
        let mut desk = Desk::open(parts(&folder, &desk_keys, &signer, store)?)?;
        checkpoint_key(&folder, &desk_keys, &mut desk)?;
        Ok(Self {
            desk,
            signer,
            folder,
            keys: desk_keys,
            passphrase,
        })
    }
}

/// What a desk in a folder is made of.
pub fn parts(
    folder: &DeskFolder,
    keys: &DeskKeys,
    signer: &SharedSigner,
    store: SqliteStore,
) -> Result<DeskParts, Failure> {
    // This process ends after one guess: nothing that it counted would be left.
    Ok(fido_unlock_folder::parts(folder, keys, signer, store, 0)?)
}

/// The folder that a command names, in which there is a desk.
pub fn folder_of(at: &At) -> Result<DeskFolder, Failure> {
    Ok(DeskFolder::existing(&at.desk)?)
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
        folder_of(at)?;
        Self::ask_first(at, prompt)
    }

    /// The same, where the database may be lost.
    pub fn ask_first(at: &At, prompt: Prompt) -> Result<Self, Failure> {
        let name = prompt.or_text(at.operator.as_deref(), "--operator", "Operator")?;
        let operator = operator_id(&name)?;
        let password = prompt.secret(&format!("Password of {operator}"))?;
        Ok(Self { operator, password })
    }
}

/// Asks for the passphrase of the desk's keys.
pub fn ask_passphrase(prompt: Prompt) -> Result<Passphrase, Failure> {
    Ok(passphrase(&prompt.secret("Passphrase of the keys")?))
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

/// A request, as `respond` showed it.
pub fn request_id(text: &str) -> Result<fido_unlock::desk::RequestId, Failure> {
    fido_unlock::desk::RequestId::parse(text).map_err(|error| {
        let mut failure = Failure::of_code(&error);
        if failure.detail.is_none() {
            failure.detail = Some(ErrorCode::RequestUnknown.to_string());
        }
        failure
    })
}
