//! Where the key is plugged in.

use std::time::{Duration, Instant};

use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::Transport;

use crate::hand::Hand;

/// How long a person may take to move a key.
const PATIENCE: Duration = Duration::from_secs(120);

/// A HID device, or a reader with a card in it.
pub enum Place {
    Hid(fido_unlock_hid::DeviceEntry),
    Card(fido_unlock_pcsc::DeviceEntry),
}

impl Place {
    /// The FIDO interface at this path, or the reader of this name.
    pub fn named(name: &str) -> Self {
        let hid = hid_entries();
        let cards = card_entries();
        let paths: Vec<_> = hid.iter().map(|entry| &entry.path).collect();
        let readers: Vec<_> = cards.iter().map(|entry| &entry.path).collect();
        let found = format!("no FIDO key at {name:?}; there are {paths:?} and {readers:?}");
        if let Some(entry) = hid.into_iter().find(|entry| entry.path == name) {
            return Self::Hid(entry);
        }
        match cards.into_iter().find(|entry| entry.path == name) {
            Some(entry) => Self::Card(entry),
            None => panic!("{found}"),
        }
    }

    /// Opens the key anew: `interface` is a card's applet; a HID key is on its FIDO interface.
    pub fn open(&self, interface: Interface) -> Box<dyn Transport> {
        match self {
            Self::Hid(entry) => Box::new(fido_unlock_hid::open(entry).unwrap()),
            Self::Card(entry) => {
                let mut entry = entry.clone();
                entry.interface = interface;
                Box::new(fido_unlock_pcsc::open(&entry).unwrap())
            }
        }
    }

    /// Out and in again.
    pub fn replug(&mut self, hand: &mut dyn Hand) {
        hand.take_out();
        wait("the key is still in", || self.find().is_none().then_some(()));
        hand.put_back();
        *self = wait("the key is not back", || self.find());
    }

    /// Where it is now: a HID key comes back under another path.
    fn find(&self) -> Option<Self> {
        match self {
            Self::Hid(before) => hid_entries()
                .into_iter()
                .find(|entry| entry.is_same_key(before) && entry.access.is_ok())
                .map(Self::Hid),
            Self::Card(before) => card_entries()
                .into_iter()
                .find(|entry| entry.path == before.path)
                .map(Self::Card),
        }
    }
}

fn hid_entries() -> Vec<fido_unlock_hid::DeviceEntry> {
    let mut entries = fido_unlock_hid::list().unwrap();
    entries.retain(|entry| entry.interface == Interface::Fido);
    entries
}

/// None where there is no service: the key may be a HID device.
fn card_entries() -> Vec<fido_unlock_pcsc::DeviceEntry> {
    let mut entries = fido_unlock_pcsc::list().unwrap_or_default();
    entries.retain(|entry| entry.access.is_ok());
    entries
}

fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
