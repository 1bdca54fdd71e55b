//! Where `challenge` leaves what it showed for `unlock`, which is another process. No secret is in it.
//!
//! `--session FILE`; else beside the software authenticator (`FILE.session`); else
//! `fido-unlock/DEVICE-ID.session` in the user's state folder: `XDG_STATE_HOME`, on Windows
//! `LOCALAPPDATA`, else `~/.local/state`. Where none of them is known, nothing is kept.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fido_unlock::DeviceId;
use fido_unlock::host::Session;

use crate::device::Devices;
use crate::failure::Failure;

/// The file of a device. Without a Device ID (a device that is not blocked tells none over its vendor
/// interface) it is the only one in the state folder.
pub fn path_for(devices: &Devices, given: Option<&Path>, device_id: Option<DeviceId>) -> Option<PathBuf> {
    if let Some(path) = given {
        return Some(path.to_owned());
    }
    if let Some(mock) = devices.mock_file() {
        return Some(mock.with_added_extension("session"));
    }
    let folder = state_folder()?;
    if let Some(id) = device_id {
        return Some(folder.join(format!("{id}.session")));
    }
    let mut sessions = std::fs::read_dir(&folder)
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension() == Some(OsStr::new("session")));
    sessions.next().filter(|_| sessions.next().is_none())
}

/// `None`: the system tells none. A relative path would be another folder for each process, so it does not
/// count (XDG Base Directory Specification, "Basics").
pub fn state_folder() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let local = from("LOCALAPPDATA").filter(|_| cfg!(windows));
    // Without HOME it is what the system's table of users says.
    first_absolute(from("XDG_STATE_HOME"), local, std::env::home_dir())
}

fn first_absolute(xdg: Option<PathBuf>, local: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let folder = [xdg, local, home.map(|home| home.join(".local").join("state"))];
    let folder = folder.into_iter().flatten().find(|folder| folder.is_absolute())?;
    Some(folder.join("fido-unlock"))
}

/// Reads a session; `None` when there is no such file.
pub fn load(path: &Path) -> Result<Option<Session>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Session::from_bytes(&bytes)
            .map(Some)
            .map_err(|error| Failure::at(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::read(path, &error)),
    }
}

/// Writes a session, whole or not at all.
pub fn save(path: &Path, session: &Session) -> Result<(), Failure> {
    let saved = fido_unlock_files::write_private(path, &session.to_bytes());
    saved.map_err(|error| Failure::write(path, &error))
}

/// Writes a file, whole or not at all, readable by its owner alone, in a folder that is there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Ok(fido_unlock_folder::write_file(path, bytes)?)
}

/// Makes a folder, its owner's alone, in one that is there.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    Ok(fido_unlock_folder::make_folder(path)?)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_folder_keeps_a_session() {
        let path = |text: &str| Some(PathBuf::from(text));
        for (xdg, home, kept) in [
            (path("/state"), path("/home/a"), path("/state/fido-unlock")),
            (
                path("state"),
                path("/home/a"),
                path("/home/a/.local/state/fido-unlock"),
            ),
            (
                path(""),
                path("/home/a"),
                path("/home/a/.local/state/fido-unlock"),
            ),
            (None, path("/home/a"), path("/home/a/.local/state/fido-unlock")),
            (path("state"), path("home"), None),
            (path("state"), path(""), None),
            (None, None, None),
        ] {
            assert_eq!(first_absolute(xdg, None, home), kept);
        }
    }
}
