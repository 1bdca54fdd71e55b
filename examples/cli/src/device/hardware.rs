//! Real devices: USB keys through `fido-unlock-hid`, smart cards through `fido-unlock-pcsc`.

use fido_unlock::ErrorCode;
use fido_unlock::ports::{Interface, Transport, TransportError};

use super::Entry;
use crate::failure::Failure;

/// What can open a device that was listed.
enum Source {
    #[cfg(feature = "hid")]
    Usb(fido_unlock_hid::DeviceEntry),
    #[cfg(feature = "pcsc")]
    Card(fido_unlock_pcsc::DeviceEntry),
}

/// Everything that can be seen. That cards cannot be listed (no smart card service) is no error while
/// there are USB keys, and the other way round.
pub fn list() -> Result<Vec<Entry>, Failure> {
    Ok(find()?.into_iter().map(|(entry, _)| entry).collect())
}

fn find() -> Result<Vec<(Entry, Source)>, Failure> {
    let mut found = Vec::new();
    let mut failed = None;
    #[cfg(feature = "hid")]
    match fido_unlock_hid::list() {
        Ok(keys) => found.extend(keys.into_iter().map(usb)),
        Err(error) => failed = Some(Failure::from(error)),
    }
    #[cfg(feature = "pcsc")]
    match fido_unlock_pcsc::list() {
        Ok(readers) => found.extend(readers.into_iter().map(card)),
        Err(error) => failed = Some(Failure::from(error)),
    }
    match failed {
        Some(failure) if found.is_empty() => Err(failure),
        _ => Ok(found),
    }
}

#[cfg(feature = "hid")]
fn usb(key: fido_unlock_hid::DeviceEntry) -> (Entry, Source) {
    let entry = Entry {
        name: key.name.clone(),
        path: key.path.clone(),
        kind: "usb",
        interface: Some(key.interface),
        access: key.access.as_ref().map(drop).map_err(fido_unlock::HasCode::code),
    };
    (entry, Source::Usb(key))
}

#[cfg(feature = "pcsc")]
fn card(reader: fido_unlock_pcsc::DeviceEntry) -> (Entry, Source) {
    let entry = Entry {
        name: reader.name.clone(),
        path: reader.path.clone(),
        kind: "card",
        interface: None,
        access: reader
            .access
            .as_ref()
            .map(drop)
            .map_err(fido_unlock::HasCode::code),
    };
    (entry, Source::Card(reader))
}

/// Opens the device that is named or, without a name, the only one.
pub fn open(path: Option<&str>, interface: Interface) -> Result<Box<dyn Transport>, Failure> {
    let mut found = find()?;
    found.retain(|(entry, _)| {
        path.is_none_or(|path| entry.path == path || entry.name == path)
            && entry.interface.is_none_or(|own| own == interface)
    });
    // Readers without a card, and keys that cannot be opened, count only when nothing else is there.
    if found.iter().any(|(entry, _)| entry.access.is_ok()) {
        found.retain(|(entry, _)| entry.access.is_ok());
    }
    match found.as_slice() {
        [] => Err(TransportError::NoDevice.into()),
        [(entry, source)] => {
            entry.access?;
            source.open(interface)
        }
        several => {
            let paths: Vec<&str> = several.iter().map(|(entry, _)| entry.path.as_str()).collect();
            let text = format!("name one with --device: {}", paths.join(", "));
            Err(Failure::new(ErrorCode::SeveralDevices, text))
        }
    }
}

impl Source {
    fn open(&self, interface: Interface) -> Result<Box<dyn Transport>, Failure> {
        match self {
            #[cfg(feature = "hid")]
            Self::Usb(key) => {
                let _ = interface;
                Ok(Box::new(fido_unlock_hid::open(key)?))
            }
            #[cfg(feature = "pcsc")]
            Self::Card(reader) => {
                let mut reader = reader.clone();
                reader.interface = interface;
                Ok(Box::new(fido_unlock_pcsc::open(&reader)?))
            }
        }
    }
}
