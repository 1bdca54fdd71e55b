//! One key, plugged in and on a reader at once.

use std::sync::Arc;

use crate::key::{Key, Port};
use crate::uhid::HidKey;
use crate::vpcd::Card;

/// Both have the same [`Key`].
pub(crate) struct Both {
    pub(crate) hid: Arc<HidKey>,
    pub(crate) card: Arc<Card>,
}

impl Port for Both {
    fn key(&self) -> &Key {
        self.hid.key()
    }

    fn insert(&self) -> std::io::Result<()> {
        self.hid.insert()?;
        self.card.insert()
    }

    fn remove(&self) {
        self.hid.remove();
        self.card.remove();
    }

    fn state(&self) -> &'static str {
        match (self.hid.state(), self.card.state()) {
            (usb, card) if usb == card => usb,
            ("removed", _) => "card",
            (_, "removed") => "usb",
            (_, other) => other,
        }
    }

    fn way(&self, name: &str) -> Option<&dyn Port> {
        match name {
            "usb" => Some(&*self.hid),
            "card" => Some(&*self.card),
            _ => None,
        }
    }

    fn faults_changed(&self) {
        self.hid.faults_changed();
        self.card.faults_changed();
    }

    fn stale(&self) {
        self.hid.stale();
        self.card.stale();
    }
}
