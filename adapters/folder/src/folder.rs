//! A desk's folder:
//!
//! - `desk.sqlite`: the database, with all that the desk knows; `desk.sqlite.before-restore`: what a backup took the
//!   place of; `desk.sqlite.restoring`: a folder with what is about to, while `desk.sqlite.restoring.lock` is locked.
//! - `notices.jsonl`: notices to owners, for a mailer of the house.
//! - `vendor.pub`: whose licences count.
//! - `anchor`: how far the log was seen to reach.
//! - keys: [`KeyFolder`].

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use fido_unlock_desk::UserId;
use fido_unlock_desk::ports::{Anchor, DeskStore, StorageError};
use fido_unlock_files::{FileAnchor, others_may_write};
use fido_unlock_protocol::note::NoteVerifier;
use fido_unlock_protocol::{ErrorCode, IssuerList};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use crate::brought::{form, numbered_lines, read_signed, read_text};
use crate::fault::shown;
use crate::keys::VENDOR;
use crate::{FolderFault, KeyFolder};

const DATABASE: &str = "desk.sqlite";
const NOTICES: &str = "notices.jsonl";
const ANCHOR: &str = "anchor";
/// The log of a desk as versions before 0.2 kept it.
const OLDER_LOG: &str = "audit.jsonl";

/// A desk's folder.
#[derive(Clone, Debug)]
pub struct DeskFolder(PathBuf);

impl DeskFolder {
    /// A folder in which there is a desk; otherwise it is said how to make it, or how to go on.
    ///
    /// # Errors
    /// There is none, or not a whole one; others may change the folder.
    pub fn existing(path: &Path) -> Result<Self, FolderFault> {
        let folder = Self(path.to_owned());
        if folder.has_database()? {
            is_private(path)?;
            return Ok(folder);
        }
        folder.is_not_older()?;
        folder.is_not_put_aside()?;
        folder.has_no_keys()?;
        let text = format!(
            "{} is not a help desk; make one with `desk init`",
            shown(path.display())
        );
        Err(FolderFault::new(ErrorCode::StoreRead, text))
    }

    /// A folder in which a desk is to be made.
    ///
    /// # Errors
    /// It has one of an earlier version; others may change it.
    pub fn new(path: &Path) -> Result<Self, FolderFault> {
        let folder = Self(path.to_owned());
        folder.is_not_older()?;
        is_private(path)?;
        Ok(folder)
    }

    /// Whether the database is there. That this user may not look is not the same as that it is not.
    fn has_database(&self) -> Result<bool, FolderFault> {
        let database = self.database();
        database
            .try_exists()
            .map_err(|error| FolderFault::read(&database, &error))
    }

    /// Keys without a database: it was lost.
    fn has_no_keys(&self) -> Result<(), FolderFault> {
        if !self.keys().is_there() {
            return Ok(());
        }
        let text = format!(
            "{} is not there, and the keys of a help desk are. Put a backup in its place with `desk restore --from`; where \
             making a new help desk was interrupted, give `desk init` again",
            shown(self.database().display())
        );
        Err(FolderFault::new(ErrorCode::StoreRead, text))
    }

    fn is_not_older(&self) -> Result<(), FolderFault> {
        let older = self.0.join(OLDER_LOG);
        if older.exists() && !self.has_database()? {
            return Err(FolderFault::new(ErrorCode::StoreOutdated, shown(older.display())));
        }
        Ok(())
    }

    /// A restore puts the database aside before the backup takes its place.
    fn is_not_put_aside(&self) -> Result<(), FolderFault> {
        let (database, aside) = (self.database(), self.before_restore());
        if self.has_database()? || !aside.exists() {
            return Ok(());
        }
        let name = |path: &Path| shown(path.display()).to_string();
        let text = format!(
            "{} is not there; a restore has put {} aside. Go on with `desk restore --from` and the backup; or, to undo it, \
             give that its name back, with {}, where there is one",
            name(&database),
            name(&aside),
            name(&beside(&aside, "-wal"))
        );
        Err(FolderFault::new(ErrorCode::StoreRead, text))
    }

    /// Whether there is nothing that a new desk would take the place of.
    ///
    /// # Errors
    /// There is a desk, or one that a restore or a loss has left without its database.
    pub fn is_free(&self) -> Result<(), FolderFault> {
        if self.has_desk()? {
            return Err(FolderFault::exists(&self.0, " and is already a help desk"));
        }
        self.is_not_put_aside()?;
        let anchor = self.anchor();
        if FileAnchor::new(&anchor).load()?.is_some() {
            let text = format!(
                "{} knows a help desk whose database is not there; put that, or a backup (`desk restore --from`), in its \
                 place, or for a new help desk move the anchor away",
                shown(anchor.display())
            );
            return Err(FolderFault::new(ErrorCode::StoreSetBack, text));
        }
        Ok(())
    }

    /// Whether a desk was made in it, to the end.
    fn has_desk(&self) -> Result<bool, FolderFault> {
        if !self.has_database()? {
            return Ok(false);
        }
        let mut store = match SqliteStore::open(&self.database(), SqliteOptions::default()) {
            // Made, and nothing written to it yet.
            Err(StorageError::Read { .. }) => return Ok(false),
            store => store?,
        };
        Ok(store.begin()?.head()?.is_some())
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// The database that was there before a backup took its place.
    #[must_use]
    pub fn before_restore(&self) -> PathBuf {
        self.database().with_added_extension("before-restore")
    }

    /// A folder with the copy of a backup that is about to take the database's place.
    #[must_use]
    pub fn restoring(&self) -> PathBuf {
        self.database().with_added_extension("restoring")
    }

    /// Where copies of what was known of a user may lie in this folder: the notices that name them, and the database
    /// that a backup took the place of.
    ///
    /// # Errors
    /// The notices cannot be read.
    pub fn copies_of(&self, user: &UserId) -> Result<Vec<PathBuf>, FolderFault> {
        let mut copies = Vec::new();
        let notices = self.notices();
        match File::open(&notices) {
            Ok(file) => {
                for line in BufReader::new(file).split(b'\n') {
                    let line = line.map_err(|error| FolderFault::read(&notices, &error))?;
                    let notice: serde_json::Value = serde_json::from_slice(&line).unwrap_or_default();
                    if notice.get("user").is_some_and(|id| id == user.as_str()) {
                        copies.push(notices);
                        break;
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(FolderFault::read(&notices, &error)),
        }
        copies.extend(Some(self.before_restore()).filter(|aside| aside.exists()));
        Ok(copies)
    }

    /// Notices to owners.
    #[must_use]
    pub fn notices(&self) -> PathBuf {
        self.0.join(NOTICES)
    }

    /// The anchor.
    #[must_use]
    pub fn anchor(&self) -> PathBuf {
        self.0.join(ANCHOR)
    }

    /// Where the vendor's keys stand.
    #[must_use]
    pub fn vendor_file(&self) -> PathBuf {
        self.0.join(VENDOR)
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> KeyFolder {
        KeyFolder::of_desk(&self.0)
    }

    /// Whose licences count; nobody's without the file.
    ///
    /// # Errors
    /// It cannot be read, or a line of it is no key.
    pub fn vendor(&self) -> Result<Vec<NoteVerifier>, FolderFault> {
        let path = self.vendor_file();
        if path.exists() {
            read_verifiers(&path)
        } else {
            Ok(Vec::new())
        }
    }
}

/// What SQLite keeps beside a database under this ending of its name.
#[must_use]
pub fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Public keys of notes, one on each line.
///
/// # Errors
/// It cannot be read, or a line of it is no key.
pub fn read_verifiers(path: &Path) -> Result<Vec<NoteVerifier>, FolderFault> {
    let text = read_text(path)?;
    let read = |(number, line): (usize, &str)| {
        NoteVerifier::parse(line).map_err(|error| form(path, &format!("line {number}: {error}")))
    };
    numbered_lines(&text).map(read).collect()
}

/// A list of issuers that one of `keys` has signed.
///
/// # Errors
/// It cannot be read, or none of them has signed it.
pub fn read_issuer_list(path: &Path, keys: &[NoteVerifier]) -> Result<IssuerList, FolderFault> {
    IssuerList::verify(&read_signed(path)?, keys).map_err(|error| FolderFault::at(path, &error))
}

/// Nobody else can put files of theirs in place of a desk's, a backup's too. A folder that is not there is
/// made for its owner alone.
///
/// # Errors
/// [`ErrorCode::FolderShared`]; the path cannot be followed.
pub fn is_private(folder: &Path) -> Result<(), FolderFault> {
    match others_may_write(folder) {
        Ok(Some(exposed)) => Err(FolderFault::new(ErrorCode::FolderShared, shown(exposed))),
        Ok(None) => Ok(()),
        Err(error) => Err(FolderFault::read(folder, &error)),
    }
}
