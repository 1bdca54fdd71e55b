//! A recent head of the log in a file beside the keys: `fido-unlock anchor 1`, then the log's id and its range in
//! hexadecimal digits, each on its own line.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fido_unlock_desk::SeenLog;
use fido_unlock_desk::log::Range;
use fido_unlock_desk::ports::{Anchor, StorageError};
use fido_unlock_desk::record::LogId;

use crate::hex;
use crate::json_file::{read_error, write_error};
use crate::whole_file;

const FIRST_LINE: &str = "fido-unlock anchor 1";

/// The anchor in a file.
#[derive(Clone, Debug)]
pub struct FileAnchor(PathBuf);

impl FileAnchor {
    /// The file need not exist: nothing was seen then.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Anchor for FileAnchor {
    fn load(&self) -> Result<Option<SeenLog>, StorageError> {
        let text = match std::fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(read_error(&self.0, &error)),
        };
        let corrupt = || StorageError::Corrupt {
            detail: self.0.display().to_string(),
        };
        let lines: Vec<&str> = text.lines().collect();
        let [FIRST_LINE, log_id, range] = lines.as_slice() else {
            return Err(corrupt());
        };
        let log_id = hex::decode_array("log id", log_id).map_err(|_| corrupt())?;
        let range = hex::decode("range", range).map_err(|_| corrupt())?;
        Ok(Some(SeenLog {
            log_id: LogId(log_id),
            range: Range::from_bytes(&range).map_err(|_| corrupt())?,
        }))
    }

    fn save(&mut self, seen: &SeenLog) -> Result<(), StorageError> {
        let text = format!(
            "{FIRST_LINE}\n{}\n{}\n",
            hex::encode(&seen.log_id.0),
            hex::encode(&seen.range.to_bytes())
        );
        whole_file::replace(&self.0, text.as_bytes()).map_err(|error| write_error(&self.0, &error))
    }
}

#[cfg(test)]
mod tests {
    use fido_unlock_desk::log::leaf_hash;

    use super::*;

    #[test]
    fn what_was_seen_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchor");
        let mut anchor = FileAnchor::new(&path);
        assert_eq!(anchor.load(), Ok(None));
        let mut range = Range::empty();
        for entry in 0..5_u8 {
            range.append(leaf_hash(&[entry]), |_, _, _| ()).unwrap();
        }
        let seen = SeenLog {
            log_id: LogId([7; 16]),
            range,
        };
        anchor.save(&seen).unwrap();
        assert_eq!(anchor.load(), Ok(Some(seen)));
        for bad in ["", "fido-unlock anchor 2\n", "fido-unlock anchor 1\n00\n00\n"] {
            std::fs::write(&path, bad).unwrap();
            assert!(
                matches!(anchor.load(), Err(StorageError::Corrupt { .. })),
                "{bad}"
            );
        }
    }

    #[test]
    fn one_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let seen = SeenLog {
            log_id: LogId([7; 16]),
            range: Range::empty(),
        };
        let saved = FileAnchor::new(&folder.path().join("none/anchor")).save(&seen);
        assert!(matches!(saved, Err(StorageError::Write { .. })), "{saved:?}");
        std::fs::create_dir(folder.path().join("anchor")).unwrap();
        let saved = FileAnchor::new(&folder.path().join("anchor")).save(&seen);
        assert!(matches!(saved, Err(StorageError::Write { .. })), "{saved:?}");
        // And nothing is left of the attempt.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
