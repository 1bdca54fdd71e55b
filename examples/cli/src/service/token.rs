//! The access token: from a file, from the environment, or kept by `desk sign-in`. It is never an argument, which other users can read.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fido_unlock::ErrorCode;
use fido_unlock::desk::AccessToken;
use fido_unlock_remote::ServiceAddress;
use zeroize::Zeroizing;

use crate::args::ServiceOptions;
use crate::failure::Failure;
use crate::output::shown;
use crate::session_file::state_folder;

/// As the agents name it.
const VARIABLE: &str = "FIDO_UNLOCK_DESK_TOKEN";
/// The longest file, in bytes: a token and a line end are 49.
const LONGEST: usize = 256;

/// The token that a command is given, or one that was kept.
pub fn find(address: &ServiceAddress, options: &ServiceOptions) -> Result<AccessToken, Failure> {
    if let Some(path) = &options.token_file {
        return read(path);
    }
    if let Some(value) = std::env::var_os(VARIABLE) {
        let text = value.into_string().map(Zeroizing::new);
        let token = text.ok().and_then(|text| AccessToken::parse(text.trim()));
        return token.ok_or_else(|| Failure::usage(format!("{VARIABLE} is no access token: fud_…")));
    }
    if let Ok(kept) = place(address)
        && kept.exists()
    {
        return read(&kept);
    }
    let text = format!(
        "no access token for {address}: `desk sign-in --desk {address}` gets one by your browser; or make one in the console, \
         under Your account, and give it by --token-file or {VARIABLE}"
    );
    Err(Failure::new(ErrorCode::OperatorUnknown, text))
}

/// Where the token of a service is kept: in the user's state folder.
pub fn place(address: &ServiceAddress) -> Result<PathBuf, Failure> {
    let folder = state_folder().ok_or_else(|| {
        Failure::usage(
            "there is no folder to keep an access token in: set XDG_STATE_HOME to an absolute path",
        )
    })?;
    // Names and ports have none of these.
    Ok(folder.join(format!("{}.token", address.as_str().replace([':', '/'], "_"))))
}

/// Keeps a token, its owner's alone.
pub fn keep(path: &Path, token: &AccessToken) -> Result<(), Failure> {
    let written = fido_unlock_files::write_private(path, token.expose().as_bytes());
    written.map_err(|error| Failure::write(path, &error))
}

/// Forgets it.
pub fn forget(path: &Path) -> Result<(), Failure> {
    std::fs::remove_file(path).map_err(|error| Failure::write(path, &error))
}

/// A token in a file that nobody else can read.
pub fn read(path: &Path) -> Result<AccessToken, Failure> {
    let unread = |error: io::Error| Failure::read(path, &error);
    let file = File::open(path).map_err(unread)?;
    // Of the file that is read, not of what has its name by then.
    if is_exposed(&file).map_err(unread)? {
        let text = format!(
            "{}: other users can read or change it: make it yours alone (chmod 600)",
            shown(path.display())
        );
        return Err(Failure::new(ErrorCode::FolderShared, text));
    }
    // As large as it becomes: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 32));
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(unread)?;
    let text = core::str::from_utf8(&bytes).unwrap_or_default();
    AccessToken::parse(text.trim()).ok_or_else(|| {
        let text = format!("{}: no access token is in it: fud_…", shown(path.display()));
        Failure::new(ErrorCode::TextForm, text)
    })
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

/// Without such modes nothing is judged.
#[cfg(not(unix))]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_that_others_can_read_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let token = AccessToken::from_bytes([7; 32]);
        let write = |text: &str, mode: u32| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        };
        let whole = format!("{}\n", token.expose().as_str());
        write(&whole, 0o600);
        assert_eq!(*read(&path).unwrap().expose(), *token.expose());
        for mode in [0o640, 0o604, 0o620] {
            write(&whole, mode);
            assert_eq!(read(&path).err().unwrap().code, ErrorCode::FolderShared);
        }
        write("fud_short", 0o600);
        let failure = read(&path).err().unwrap();
        assert_eq!(failure.code, ErrorCode::TextForm);
        assert!(!failure.detail.unwrap().contains("short"));
    }
}
