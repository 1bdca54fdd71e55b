//! What outlives the agent: a session and the desk's request, a file for each device. No secret is in
//! it; key and id of the request are worth a code only together with the agent's token.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use fido_unlock::host::Session;
use fido_unlock::ports::Entropy;
use fido_unlock::{DeviceId, ErrorCode};
use fido_unlock_system::SystemEntropy;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// A session, and how far it is.
#[derive(Clone)]
pub struct Saved {
    /// What was shown.
    pub session: Session,
    /// What the desk's request is called (`Idempotency-Key`). It is kept before the desk is asked, so that the request is
    /// opened once, whatever is lost.
    pub key: String,
    /// The id of the desk's request.
    pub request: Option<String>,
    /// Response and PIN may have been sent, and the answer is not known.
    pub sent: bool,
}

impl Saved {
    /// Of a key that was just seen.
    pub fn new(session: Session) -> Result<Self, Failure> {
        Ok(Self {
            session,
            key: new_key()?,
            request: None,
            sent: false,
        })
    }
}

/// A name for a request that no other one has.
pub fn new_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    SystemEntropy
        .fill(&mut bytes)
        .map_err(|_| ErrorCode::EntropyFailed)?;
    Ok(base16ct::lower::encode_string(&bytes))
}

/// Of the files.
const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct File {
    version: u8,
    session: String,
    key: String,
    request: Option<String>,
    sent: bool,
}

/// The folder.
pub struct Folder(PathBuf);

impl Folder {
    /// It is made when something is saved.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn path(&self, device: &DeviceId) -> PathBuf {
        self.0.join(format!("{}.json", device.to_code()))
    }

    /// Writes, whole or not at all, readable by its owner alone.
    pub fn save(&self, saved: &Saved) -> Result<(), Failure> {
        let path = self.path(&saved.session.device_id());
        let failed = |error: std::io::Error| {
            Failure::new(ErrorCode::StoreWrite, format!("{}: {error}", path.display()))
        };
        let file = File {
            version: VERSION,
            session: base16ct::lower::encode_string(&saved.session.to_bytes()),
            key: saved.key.clone(),
            request: saved.request.clone(),
            sent: saved.sent,
        };
        let bytes = serde_json::to_vec(&file).map_err(|error| failed(error.into()))?;
        std::fs::create_dir_all(&self.0).map_err(failed)?;
        let mut temporary = tempfile::NamedTempFile::new_in(&self.0).map_err(failed)?;
        temporary
            .write_all(&bytes)
            .and_then(|()| temporary.as_file().sync_all())
            .map_err(failed)?;
        temporary.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// What was saved of a device.
    pub fn load(&self, device: &DeviceId) -> Result<Option<Saved>, Failure> {
        read(&self.path(device))
    }

    /// Every session whose outcome is not known; what cannot be read is none.
    pub fn unresolved(&self) -> Vec<Saved> {
        let Ok(entries) = std::fs::read_dir(&self.0) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| read(&entry.ok()?.path()).ok()?)
            .filter(|saved| saved.sent)
            .collect()
    }

    /// Forgets a device.
    pub fn forget(&self, device: &DeviceId) -> Result<(), Failure> {
        let path = self.path(device);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let text = format!("{}: {error}", path.display());
                Err(Failure::new(ErrorCode::StoreWrite, text))
            }
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Result<Option<Saved>, Failure> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let text = format!("{}: {error}", path.display());
            return Err(Failure::new(ErrorCode::StoreRead, text));
        }
    };
    let parsed = serde_json::from_slice::<File>(&bytes).ok().and_then(|file| {
        let session = base16ct::lower::decode_vec(&file.session).ok()?;
        Some(Saved {
            session: Session::from_bytes(&session)
                .ok()
                .filter(|_| file.version == VERSION)?,
            key: file.key,
            request: file.request,
            sent: file.sent,
        })
    });
    match parsed {
        Some(saved) => Ok(Some(saved)),
        None => Err(Failure::new(
            ErrorCode::SessionUnreadable,
            path.display().to_string(),
        )),
    }
}
