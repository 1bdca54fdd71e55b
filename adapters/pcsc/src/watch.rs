//! Readers and cards that come and go.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};

use crate::error::PcscError;
use crate::list::DeviceEntry;

/// Longest wait in the service. A reader that comes is seen at once where the service tells of it,
/// and after this where it does not (macOS).
const SLICE: Duration = Duration::from_millis(250);
/// Longest wait for the thread's end.
const END: Duration = Duration::from_secs(1);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The service runs.
    ServiceStarted,
    /// The service does not run, or ended. It is tried again until it does.
    ServiceStopped,
    /// A reader was connected.
    ReaderAdded(DeviceEntry),
    /// A reader was taken off.
    ReaderRemoved(DeviceEntry),
    /// A card was put in, or laid on.
    CardInserted(DeviceEntry),
    /// A card was taken away; the entry is as it was.
    CardRemoved(DeviceEntry),
}

/// Sees readers and cards come and go, on a thread of its own that ends when this is dropped.
pub struct Watch {
    events: Receiver<Event>,
    ended: Arc<AtomicBool>,
}

/// Begins to watch. What is there already comes first.
///
/// # Errors
/// [`PcscError::Failed`] when no thread can be started.
pub fn watch() -> Result<Watch, PcscError> {
    let (sender, events) = mpsc::channel();
    let ended = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&ended);
    std::thread::Builder::new()
        .name("pcsc watch".to_owned())
        .spawn(move || run(&theirs, &sender))
        .map_err(|_| PcscError::Failed {
            function: "thread",
            value: 0,
        })?;
    Ok(Watch { events, ended })
}

impl Watch {
    /// Waits for the next event, at most `timeout`; `None` when nothing changed.
    ///
    /// # Errors
    /// [`PcscError::NoService`] when the thread has ended.
    pub fn next_event(&mut self, timeout: Duration) -> Result<Option<Event>, PcscError> {
        match self.events.recv_timeout(timeout) {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(PcscError::NoService),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The thread sees it within a slice. SCardCancel would be faster, but waits for the service.
        self.ended.store(true, Ordering::Release);
        // Events that are still under way come before the end.
        while self.events.recv_timeout(END).is_ok() {}
    }
}

fn run(ended: &AtomicBool, events: &Sender<Event>) {
    let mut told = None;
    while !ended.load(Ordering::Acquire) {
        let started = Context::establish(Scope::User);
        if told != Some(started.is_ok()) {
            told = Some(started.is_ok());
            let event = if started.is_ok() {
                Event::ServiceStarted
            } else {
                Event::ServiceStopped
            };
            if events.send(event).is_err() {
                return;
            }
        }
        if let Ok(context) = started {
            let mut readers = Readers::default();
            while !ended.load(Ordering::Acquire) && readers.next(&context, events).is_ok() {}
            // Ended, or the service stopped: nothing is connected any more.
            readers.retain(|_| false, events);
        }
        if !ended.load(Ordering::Acquire) {
            std::thread::sleep(SLICE / 5);
        }
    }
}

/// The readers that were told of. `states` and `known` have the same order.
#[derive(Default)]
struct Readers {
    states: Vec<ReaderState>,
    known: Vec<Known>,
    /// The service's own "a reader came or went", where it has one.
    plug_and_play: Option<ReaderState>,
}

struct Known {
    entry: DeviceEntry,
    /// The service's count of insertions and removals.
    count: u32,
}

impl Readers {
    /// Takes up new readers, waits for a change, and tells it.
    fn next(&mut self, context: &Context, events: &Sender<Event>) -> Result<(), Error> {
        let names = context.list_readers_owned()?;
        self.retain(
            |path| names.iter().any(|name| name.to_string_lossy() == path),
            events,
        );
        for name in names {
            if !self.states.iter().any(|state| state.name() == name.as_c_str()) {
                let entry = DeviceEntry::new(&name, State::EMPTY, &[]);
                let _ = events.send(Event::ReaderAdded(entry.clone()));
                self.states.push(ReaderState::new(name, State::UNAWARE));
                self.known.push(Known { entry, count: 0 });
            }
        }
        self.wait(context)?;
        for (state, known) in self.states.iter_mut().zip(&mut self.known) {
            if state.event_state().contains(State::CHANGED) {
                let entry = DeviceEntry::new(state.name(), state.event_state(), state.atr());
                let count = state.event_count();
                for event in changes(&known.entry, &entry, known.count != count) {
                    let _ = events.send(event);
                }
                *known = Known { entry, count };
            }
            state.sync_current_state();
        }
        Ok(())
    }

    /// Waits for a change, at most [`SLICE`].
    fn wait(&mut self, context: &Context) -> Result<(), Error> {
        // macOS knows no such reader and would call it unknown at once.
        if !cfg!(target_os = "macos") {
            let state = self
                .plug_and_play
                .take()
                .unwrap_or_else(|| ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
            self.states.push(state);
        } else if self.states.is_empty() {
            std::thread::sleep(SLICE);
            return Ok(());
        }
        let result = context.get_status_change(SLICE, &mut self.states);
        if !cfg!(target_os = "macos") {
            self.plug_and_play = self.states.pop();
            if let Some(state) = &mut self.plug_and_play {
                state.sync_current_state();
            }
        }
        match result {
            // A reader that vanished is missed when they are listed again.
            Ok(()) | Err(Error::Timeout | Error::Cancelled | Error::UnknownReader) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool, events: &Sender<Event>) {
        for known in self.known.iter().filter(|known| !keep(&known.entry.path)) {
            if has_card(&known.entry) {
                let _ = events.send(Event::CardRemoved(known.entry.clone()));
            }
            let _ = events.send(Event::ReaderRemoved(known.entry.clone()));
        }
        self.states.retain(|state| keep(&state.name().to_string_lossy()));
        self.known.retain(|known| keep(&known.entry.path));
    }
}

fn has_card(entry: &DeviceEntry) -> bool {
    !matches!(entry.access, Err(PcscError::NoCard | PcscError::NoReader))
}

/// `counted`: the service counted a removal or insertion since, so that a card which is there before
/// and after was exchanged.
fn changes(before: &DeviceEntry, now: &DeviceEntry, counted: bool) -> Vec<Event> {
    let removed = || Event::CardRemoved(before.clone());
    let inserted = || Event::CardInserted(now.clone());
    match (has_card(before), has_card(now)) {
        (true, true) if counted || before.atr != now.atr => vec![removed(), inserted()],
        (true, false) => vec![removed()],
        (false, true) => vec![inserted()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_exchanged_between_two_looks_is_two_events() {
        let entry = |state, atr: &[u8]| DeviceEntry::new(c"Reader 0", state, atr);
        let empty = entry(State::EMPTY, &[]);
        let card = entry(State::PRESENT, &[0x3B, 0]);
        let held = entry(State::PRESENT | State::EXCLUSIVE, &[0x3B, 0]);
        let removed = Event::CardRemoved(card.clone());
        let inserted = Event::CardInserted(card.clone());
        assert_eq!(changes(&card, &card, true), [removed.clone(), inserted.clone()]);
        assert_eq!(changes(&empty, &card, true), [inserted]);
        assert_eq!(changes(&card, &empty, true), [removed]);
        assert_eq!(changes(&card, &held, false), []);
        assert_eq!(changes(&empty, &empty, true), []);
        assert_eq!(held.access, Err(PcscError::Busy));
    }

    #[test]
    fn readers_and_cards_are_told_as_gone_when_the_service_ends() {
        let (sender, receiver) = mpsc::channel();
        let card = DeviceEntry::new(c"Reader 0", State::PRESENT, &[0x3B, 0]);
        let mut readers = Readers::default();
        readers.states.push(ReaderState::new(c"Reader 0", State::UNAWARE));
        readers.known.push(Known {
            entry: card.clone(),
            count: 1,
        });
        readers.retain(|_| false, &sender);
        drop(sender);
        let events: Vec<Event> = receiver.iter().collect();
        assert_eq!(
            events,
            [Event::CardRemoved(card.clone()), Event::ReaderRemoved(card)]
        );
        assert!(readers.states.is_empty() && readers.known.is_empty());
    }
}
