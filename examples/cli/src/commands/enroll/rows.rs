//! The rows that `desk import` takes (`fido-unlock-files`, `read_devices`).

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fido_unlock::ctap2::device_unlock::EnrollResponse;
use fido_unlock::desk::{NewDevice, UserId};
use fido_unlock::{DeviceId, ErrorCode, Suite};
use fido_unlock_files::{Imported, device_rows, read_devices};

use crate::brought::form;
use crate::desk::public_key::PublicKey;
use crate::failure::Failure;
use crate::output::shown;

/// A device as its row has it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub owner: &'a UserId,
    /// What people call it; may be empty.
    pub label: &'a str,
    pub used: &'a PublicKey,
    pub answer: &'a EnrollResponse,
}

impl Row<'_> {
    fn write(&self, header: bool) -> String {
        let hex = |bytes: &[u8; 33]| base16ct::lower::encode_string(bytes);
        let device_key = match self.used.suite {
            Suite::P256EcdhMac => hex(self.answer.device_key.as_compressed()),
            _ => String::new(),
        };
        let row = [
            self.answer.device_id.to_code(),
            self.owner.as_str().to_owned(),
            self.used.suite.number().to_string(),
            self.used.slot.to_string(),
            hex(self.used.public.as_compressed()),
            device_key,
            self.label.to_owned(),
        ];
        device_rows(header, [row.each_ref().map(String::as_str)])
    }

    /// Without the header.
    pub fn text(&self) -> String {
        self.write(false)
    }

    /// With the header.
    pub fn with_header(&self) -> String {
        self.write(true)
    }
}

/// The header alone.
pub fn header() -> String {
    device_rows(true, [])
}

/// A file that grows by a row for each key; no other process writes to it meanwhile.
pub struct RowsFile {
    path: PathBuf,
    file: File,
    owners: BTreeMap<DeviceId, UserId>,
    /// What was in it at the start.
    before: Vec<NewDevice>,
}

impl RowsFile {
    /// Opens the file or makes it. What is in it must be such rows, whole.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let write = |error: std::io::Error| Failure::write(path, &error);
        let opened = File::options().read(true).append(true).create(true).open(path);
        let mut file = opened.map_err(write)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Failure::new(ErrorCode::StoreBusy, shown(path.display())),
            TryLockError::Error(error) => write(error),
        })?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(|error| Failure::read(path, &error))?;
        if text.is_empty() {
            file.write_all(header().as_bytes()).map_err(write)?;
            file.sync_all().map_err(write)?;
            sync_folder(path).map_err(write)?;
            text.extend_from_slice(header().as_bytes());
        } else if !text.starts_with(header().trim_end().as_bytes()) {
            // A spreadsheet's own form could be read, but a row of this form would not fit behind it.
            let what = format!(
                "rows are added only to a file that begins with {}",
                header().trim_end()
            );
            return Err(form(path, &what));
        } else if text.last() != Some(&b'\n') {
            return Err(form(path, "the last line is not whole"));
        }
        let read = read_devices(&text).and_then(Imported::whole);
        let read = read.map_err(|error| Failure::at(path, &error))?;
        let before: Vec<NewDevice> = read.into_iter().map(|row| row.value).collect();
        Ok(Self {
            path: path.to_owned(),
            file,
            owners: before
                .iter()
                .map(|device| (device.id, device.owner.clone()))
                .collect(),
            before,
        })
    }

    /// The devices that were in it at the start.
    pub fn devices(&self) -> &[NewDevice] {
        &self.before
    }

    /// Whose this device is, where it has a row already.
    pub fn owner(&self, id: &DeviceId) -> Option<&UserId> {
        self.owners.get(id)
    }

    /// Adds a row; it is on disk when this returns. Where it cannot be written, the error has the row in it,
    /// and the file is as it was.
    pub fn add(&mut self, enrolled: &Row<'_>) -> Result<(), Failure> {
        let row = enrolled.text();
        let end = self.file.seek(SeekFrom::End(0));
        let written = self
            .file
            .write_all(row.as_bytes())
            .and_then(|()| self.file.sync_all());
        if let Err(error) = written {
            if let Ok(end) = end {
                // Half a row would keep the file from being read; that it stays is seen at the next start.
                let _ = self.file.set_len(end);
            }
            let text = format!(
                "{}: {error}\nthe key is enrolled; this is its row:\n{row}",
                shown(self.path.display())
            );
            return Err(Failure::new(Failure::write(&self.path, &error).code, text));
        }
        self.owners
            .insert(enrolled.answer.device_id, enrolled.owner.clone());
        Ok(())
    }
}

/// A new file's name is on disk only when its folder is. Windows has no such thing.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fido_unlock::suite::IssuerKey;
    use fido_unlock_system::SystemEntropy;

    use super::*;

    fn enrolled(number: u8) -> (PublicKey, EnrollResponse) {
        let point = || {
            IssuerKey::make_p256(Suite::P256EcdhMac, &mut SystemEntropy)
                .unwrap()
                .public()
                .unwrap()
        };
        let used = PublicKey {
            suite: Suite::P256EcdhMac,
            slot: 1,
            public: point(),
        };
        let device_key =
            fido_unlock::suite::DevicePublicKey::from_compressed(point().as_compressed()).unwrap();
        let answer = EnrollResponse {
            device_id: DeviceId::from_bytes([number; 10]),
            device_key,
        };
        (used, answer)
    }

    #[test]
    fn rows_are_added_and_a_torn_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("devices.csv");
        let owner = UserId::new("a, \"b\"").unwrap();
        for number in [1, 2] {
            let mut rows = RowsFile::open(&path).unwrap();
            assert_eq!(RowsFile::open(&path).err().unwrap().code, ErrorCode::StoreBusy);
            let (used, answer) = enrolled(number);
            assert!(rows.owner(&answer.device_id).is_none());
            let row = Row {
                owner: &owner,
                label: "blue",
                used: &used,
                answer: &answer,
            };
            rows.add(&row).unwrap();
            assert_eq!(rows.owner(&answer.device_id), Some(&owner));
        }
        let text = std::fs::read(&path).unwrap();
        assert_eq!(read_devices(&text).unwrap().rows.len(), 2);
        assert!(
            RowsFile::open(&path)
                .unwrap()
                .owner(&DeviceId::from_bytes([1; 10]))
                .is_some()
        );
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        assert_eq!(RowsFile::open(&path).err().unwrap().code, ErrorCode::TextForm);
        let semicolons = String::from_utf8(text.clone()).unwrap().replace(',', ";");
        for other in ["not,such,a,file\n1,2,3,4\n", "my-host\n", &semicolons] {
            std::fs::write(&path, other).unwrap();
            assert_eq!(RowsFile::open(&path).err().unwrap().code, ErrorCode::TextForm);
            assert_eq!(std::fs::read(&path).unwrap(), other.as_bytes());
        }
    }
}
