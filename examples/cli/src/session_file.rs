//! Where `challenge` leaves what it showed for `unlock`, which is another process. No secret is in it.
//!
//! `--session FILE`; else beside the software authenticator (`FILE.session`); else
//! `fido-unlock/DEVICE-ID.session` in the user's state folder: `XDG_STATE_HOME`, on Windows
//! `LOCALAPPDATA`, else `~/.local/state`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use fido_unlock::host::Session;
use fido_unlock::{DeviceId, ErrorCode, HasCode};

use crate::device::Devices;
use crate::failure::Failure;

/// The file of a device. Without a Device ID (a device that is not blocked tells none over its vendor
/// interface) it is the only one in the state folder.
pub fn path_for(
    devices: &Devices,
    given: Option<&Path>,
    device_id: Option<DeviceId>,
) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = given {
        return Ok(Some(path.to_owned()));
    }
    if let Some(mock) = devices.mock_file() {
        return Ok(Some(mock.with_added_extension("session")));
    }
    let folder = state_folder()?;
    if let Some(id) = device_id {
        return Ok(Some(folder.join(format!("{id}.session"))));
    }
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Ok(None);
    };
    let mut sessions = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension() == Some(OsStr::new("session")));
    Ok(sessions.next().filter(|_| sessions.next().is_none()))
}

fn state_folder() -> Result<PathBuf, Failure> {
    let from = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = from("XDG_STATE_HOME")
        .or_else(|| from("LOCALAPPDATA").filter(|_| cfg!(windows)))
        .or_else(|| Some(from("HOME")?.join(".local").join("state")));
    folder.map(|folder| folder.join("fido-unlock")).ok_or_else(|| {
        Failure::new(
            ErrorCode::StoreWrite,
            "no state folder is known; use --session FILE",
        )
    })
}

/// Reads a session; `None` when there is no such file.
pub fn load(path: &Path) -> Result<Option<Session>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Session::from_bytes(&bytes)
            .map(Some)
            .map_err(|error| Failure::new(error.code(), path.display().to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::read(path, &error)),
    }
}

/// Writes a session, whole or not at all.
pub fn save(path: &Path, session: &Session) -> Result<(), Failure> {
    write_file(path, &session.to_bytes())
}

/// Writes a file, whole or not at all, readable by its owner alone; its folder is made.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let write = || {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error: std::io::Error| Failure::write(path, &error))
}
