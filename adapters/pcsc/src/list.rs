//! Which readers are connected, and what is in them.

use core::ffi::CStr;
use core::time::Duration;
use std::sync::mpsc;

use fido_unlock_protocol::DisplayText;
use fido_unlock_protocol::Interface;
use pcsc::{ReaderState, State};

use crate::atr::is_contactless;
use crate::error::PcscError;
use crate::name::to_text;
use crate::service::{JUNK, establish, unless_junk, why_not_established};

/// Longest wait for the service's answer; a healthy one takes a millisecond.
const LIST_TIMEOUT: Duration = Duration::from_secs(2);

/// A reader, with or without a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// The reader's name, to be shown.
    pub name: DisplayText,
    /// What opens it: the name again, each its own. Bytes that are no UTF-8 and characters that a terminal would
    /// obey are written `\xNN`.
    pub path: String,
    /// Which applet [`crate::open`] asks for: the vendor's, with FIDO's as the second choice. Which
    /// one the card has is known only when it is selected.
    pub interface: Interface,
    /// Answer to reset of the card, at most 33 bytes; empty without a card.
    pub atr: Vec<u8>,
    /// Whether the card lies on a contactless reader.
    pub contactless: bool,
    /// Whether the card could be connected when it was listed: [`PcscError::NoCard`],
    /// [`PcscError::Busy`] while another program holds it exclusively, or a card that does not
    /// answer. Nothing was sent to it.
    pub access: Result<(), PcscError>,
}

impl DeviceEntry {
    pub(crate) fn new(reader: &CStr, state: State, atr: &[u8]) -> Self {
        let name = DisplayText::from_bytes(reader.to_bytes());
        let access = if state.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
            Err(PcscError::NoReader)
        } else if !state.contains(State::PRESENT) {
            Err(PcscError::NoCard)
        } else if state.contains(State::MUTE) {
            Err(PcscError::new(
                pcsc::Error::UnresponsiveCard,
                "SCardGetStatusChange",
                &name,
            ))
        } else if state.contains(State::EXCLUSIVE) {
            Err(PcscError::Busy)
        } else {
            Ok(())
        };
        Self {
            path: to_text(reader),
            name,
            interface: Interface::Vendor,
            contactless: is_contactless(atr),
            atr: atr.to_vec(),
            access,
        }
    }
}

/// Lists every reader. No service, no reader and no card are three answers: an error, an empty
/// list, and an entry with [`PcscError::NoCard`]. No card is touched.
///
/// # Errors
/// [`PcscError::NoService`], [`PcscError::ServiceRefused`], [`PcscError::ServiceOutdated`],
/// [`PcscError::Sandboxed`], [`PcscError::DeadlineExceeded`] when the service hangs.
pub fn list() -> Result<Vec<DeviceEntry>, PcscError> {
    let (sender, receiver) = mpsc::channel();
    // On a thread of its own, since a service that hangs never returns.
    std::thread::Builder::new()
        .name("pcsc list".to_owned())
        .spawn(move || sender.send(unless_junk(list_now).unwrap_or(Err(JUNK))))
        .map_err(|_| PcscError::Failed {
            function: "thread",
            value: 0,
        })?;
    receiver
        .recv_timeout(LIST_TIMEOUT)
        .map_err(|_| PcscError::DeadlineExceeded)?
}

fn list_now() -> Result<Vec<DeviceEntry>, PcscError> {
    let context = establish().map_err(why_not_established)?;
    let readers = context
        .list_readers_owned()
        .map_err(|error| PcscError::new(error, "SCardListReaders", ""))?;
    Ok(readers
        .into_iter()
        .map(|reader| {
            let mut state = [ReaderState::new(reader.clone(), State::UNAWARE)];
            // One reader at a time: one that vanished meanwhile hides no other.
            let result = context.get_status_change(Duration::ZERO, &mut state);
            let [state] = &state;
            match result {
                Ok(()) => DeviceEntry::new(&reader, state.event_state(), state.atr()),
                Err(error) => DeviceEntry {
                    access: Err(PcscError::new(
                        error,
                        "SCardGetStatusChange",
                        &reader.to_string_lossy(),
                    )),
                    ..DeviceEntry::new(&reader, State::UNAWARE, &[])
                },
            }
        })
        .collect())
}
