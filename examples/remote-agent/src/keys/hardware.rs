//! USB keys and smart cards.

use std::sync::Arc;
use std::time::Duration;

use fido_unlock::ports::Transport;

use super::{Change, Keys, Route};
use crate::Failure;

/// Both kinds; either may be missing from the build.
pub struct Hardware {
    #[cfg(feature = "hid")]
    usb: fido_unlock_hid::Watch,
    #[cfg(feature = "pcsc")]
    cards: fido_unlock_pcsc::Watch,
}

impl Hardware {
    /// Begins to watch.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            #[cfg(feature = "hid")]
            usb: fido_unlock_hid::watch(),
            #[cfg(feature = "pcsc")]
            cards: fido_unlock_pcsc::watch()?,
        })
    }
}

impl Keys for Hardware {
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure> {
        // Cards are watched by a thread, so that a look at them costs no time where USB is waited for.
        #[cfg(feature = "pcsc")]
        {
            use fido_unlock_pcsc::Event;
            let wait = if cfg!(feature = "hid") {
                Duration::ZERO
            } else {
                timeout
            };
            match self.cards.next_event(wait)? {
                Some(Event::CardInserted(entry)) => return Ok(Some(Change::Arrived(Arc::new(Card(entry))))),
                Some(Event::CardRemoved(entry)) => return Ok(Some(Change::Left(entry.path))),
                _ => {}
            }
        }
        #[cfg(feature = "hid")]
        {
            use fido_unlock_hid::Event;
            match self.usb.next_event(timeout)? {
                Some(Event::Plugged(entry)) => return Ok(Some(Change::Arrived(Arc::new(Usb(entry))))),
                Some(Event::Unplugged(entry)) => return Ok(Some(Change::Left(entry.path))),
                _ => {}
            }
        }
        Ok(None)
    }
}

#[cfg(feature = "hid")]
struct Usb(fido_unlock_hid::DeviceEntry);

#[cfg(feature = "hid")]
impl Route for Usb {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn kind(&self) -> &'static str {
        "usb"
    }

    fn path(&self) -> &str {
        &self.0.path
    }

    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        Ok(Box::new(fido_unlock_hid::open(&self.0)?))
    }
}

#[cfg(feature = "pcsc")]
struct Card(fido_unlock_pcsc::DeviceEntry);

#[cfg(feature = "pcsc")]
impl Route for Card {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn kind(&self) -> &'static str {
        "card"
    }

    fn path(&self) -> &str {
        &self.0.path
    }

    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        Ok(Box::new(fido_unlock_pcsc::open(&self.0)?))
    }
}
