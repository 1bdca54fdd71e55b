//! The passphrase of the keys: from the terminal, a credential of systemd's, or a file that only its owner can read.

use std::io;
use std::path::{Path, PathBuf};

use fido_unlock::{Shown, text};
use fido_unlock_files::key_file::Passphrase;
use fido_unlock_terminal::{Answer, Echo, ask};
use zeroize::Zeroizing;

use crate::config::PassphraseFrom;
use crate::secret_file::{self, Readers, SecretFileFault};

/// The longest passphrase, in bytes.
const LONGEST: usize = 4096;
/// Where systemd says that a service's credentials are (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum NoPassphrase {
    /// The service was not started by systemd with credentials.
    #[error(
        "{CREDENTIALS} is not set: start it by systemd with LoadCredential=, or take the passphrase from a file \
         (passphrase = \"file:PATH\")"
    )]
    NoCredentials,
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] SecretFileFault),
    /// It is no passphrase.
    #[error("{}: {what}: write the passphrase into it, in one line", Shown(&.path.display().to_string()))]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// Nobody can be asked.
    #[error("the passphrase of the keys is asked for at the terminal, and there is none: {0}")]
    NoTerminal(io::Error),
    /// Nothing was typed.
    #[error("no passphrase was typed")]
    NotTyped,
}

/// Fetches it.
///
/// # Errors
/// It is not there, cannot be read, or others can read it.
pub fn passphrase(from: &PassphraseFrom) -> Result<Passphrase, NoPassphrase> {
    let text = match from {
        PassphraseFrom::Terminal => typed()?,
        PassphraseFrom::Credential(name) => {
            let folder = std::env::var_os(CREDENTIALS).ok_or(NoPassphrase::NoCredentials)?;
            // Who may read it there is systemd's affair.
            of_file(&Path::new(&folder).join(name), Readers::Any)?
        }
        PassphraseFrom::File(path) => of_file(path, Readers::Owner)?,
    };
    Ok(Passphrase::new(text.to_string()))
}

fn typed() -> Result<Zeroizing<String>, NoPassphrase> {
    let answer = ask("Passphrase of the keys: ", Echo::Off, LONGEST).map_err(NoPassphrase::NoTerminal)?;
    let Answer::Line(line) = answer else {
        return Err(NoPassphrase::NotTyped);
    };
    match text::read(&line) {
        Ok(text) if !text.is_empty() => Ok(text),
        _ => Err(NoPassphrase::NotTyped),
    }
}

fn of_file(path: &Path, readers: Readers) -> Result<Zeroizing<String>, NoPassphrase> {
    let form = |what: String| NoPassphrase::Form {
        path: path.to_owned(),
        what,
    };
    let bytes = secret_file::read(path, LONGEST, readers)?;
    let text = text::read(&bytes).map_err(|error| form(error.to_string()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains('\n') {
        return Err(form("it is not one line".into()));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn of(bytes: &[u8], mode: u32) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        of_file(&path, Readers::Owner)
            .map(|read| read.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn one_line_that_only_its_owner_can_read() {
        for bytes in [
            &b"green lamps 4711"[..],
            b"green lamps 4711\n",
            b"\xef\xbb\xbfgreen lamps 4711\r\n",
        ] {
            assert_eq!(of(bytes, 0o600).unwrap(), "green lamps 4711");
        }
        assert_eq!(of(b" x ", 0o400).unwrap(), " x ", "spaces are part of it");
        for mode in [0o640, 0o604, 0o622] {
            assert!(of(b"x", mode).unwrap_err().contains("chmod 600"), "{mode:o}");
        }
        for bytes in [&b""[..], b"\n", b"one\ntwo\n", b"\xff\n", &[b'a'; 4097]] {
            let said = of(bytes, 0o600).unwrap_err();
            assert!(said.contains("passphrase: "), "{said}");
            assert!(!said.contains("two") && !said.contains("aaaa"), "{said}");
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let gone = passphrase(&PassphraseFrom::File("/nowhere/passphrase".into()));
        assert!(gone.err().unwrap().to_string().contains("/nowhere/passphrase"));
        assert!(passphrase(&PassphraseFrom::File("/".into())).is_err());
    }
}
