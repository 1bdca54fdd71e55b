//! Real devices: USB keys through `fido-unlock-hid`, smart cards through `fido-unlock-pcsc`.

use fido_unlock::ErrorCode;
use fido_unlock::ports::{Interface, Transport};

use super::pick::{Candidate, pick};
use super::{Entry, Listing};
use crate::failure::Failure;

/// What can open a device that was listed.
enum Source {
    #[cfg(feature = "hid")]
    Usb(fido_unlock_hid::DeviceEntry),
    #[cfg(feature = "pcsc")]
    Card(fido_unlock_pcsc::DeviceEntry),
}

/// Devices with what opens them, and why a kind of device could not be listed.
type Found = (Vec<(Entry, Source)>, Vec<Failure>);

/// Everything that can be seen.
pub fn list() -> Result<Listing, Failure> {
    let (found, problems) = find()?;
    Ok(Listing {
        entries: found.into_iter().map(|(entry, _)| entry).collect(),
        problems,
    })
}

/// That no kind of device could be listed is an error.
fn find() -> Result<Found, Failure> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let mut listed = false;
    #[cfg(feature = "hid")]
    match fido_unlock_hid::list() {
        Ok(keys) => {
            listed = true;
            found.extend(keys.into_iter().map(usb));
        }
        Err(error) => problems.push(Failure::from(error)),
    }
    #[cfg(feature = "pcsc")]
    match fido_unlock_pcsc::list() {
        Ok(readers) => {
            listed = true;
            found.extend(readers.into_iter().map(card));
        }
        Err(error) => problems.push(Failure::from(error)),
    }
    match problems.pop() {
        Some(problem) if !listed => Err(problem),
        Some(problem) => {
            problems.push(problem);
            Ok((found, problems))
        }
        None => Ok((found, problems)),
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
    let (mut found, _) = find()?;
    found.retain(|(entry, _)| path.is_none_or(|path| entry.path == path || entry.name == path));
    let candidates: Vec<Candidate> = found
        .iter()
        .enumerate()
        .map(|(index, (entry, source))| Candidate {
            key: found
                .iter()
                .position(|(_, other)| other.is_same_key(source))
                .unwrap_or(index),
            interface: entry.interface,
            access: entry.access,
        })
        .collect();
    match pick(&candidates, interface) {
        Ok(index) => {
            let (_, source) = found.get(index).ok_or(ErrorCode::NoDevice)?;
            source.open(interface)
        }
        Err(ErrorCode::SeveralDevices) => {
            let paths: Vec<&str> = found.iter().map(|(entry, _)| entry.path.as_str()).collect();
            let text = format!("name one with --device: {}", paths.join(", "));
            Err(Failure::new(ErrorCode::SeveralDevices, text))
        }
        Err(code) => Err(code.into()),
    }
}

impl Source {
    /// Whether both are interfaces of one key.
    fn is_same_key(&self, other: &Self) -> bool {
        match (self, other) {
            #[cfg(feature = "hid")]
            (Self::Usb(one), Self::Usb(two)) => one.is_same_key(two),
            #[cfg(feature = "pcsc")]
            (Self::Card(one), Self::Card(two)) => one.path == two.path,
            #[cfg(all(feature = "hid", feature = "pcsc"))]
            _ => false,
        }
    }

    #[cfg_attr(not(feature = "pcsc"), allow(unused_variables))]
    fn open(&self, interface: Interface) -> Result<Box<dyn Transport>, Failure> {
        match self {
            #[cfg(feature = "hid")]
            // Listed as this very interface.
            Self::Usb(key) => Ok(Box::new(fido_unlock_hid::open(key)?)),
            #[cfg(feature = "pcsc")]
            Self::Card(reader) => {
                let mut reader = reader.clone();
                reader.interface = interface;
                Ok(Box::new(fido_unlock_pcsc::open(&reader)?))
            }
        }
    }
}
