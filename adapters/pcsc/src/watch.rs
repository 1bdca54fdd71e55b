//! Readers and cards that come and go.

use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, State};

use crate::error::PcscError;
use crate::list::DeviceEntry;
use crate::service::{JUNK, establish, unless_junk, why_not_established};

/// Longest wait in the service. A new reader is seen at once if the service announces it,
/// and after this time if it does not (macOS).
const SLICE: Duration = Duration::from_millis(250);
/// Most readers that one request may be about: Windows' MAXIMUM_SMARTCARD_READERS; pcscd's limit is 16.
const MOST_STATES: usize = 10;
/// Most events that wait to be taken. When there are more, the thread waits as well, and then sees what is there.
const MOST_EVENTS: usize = 256;
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
    /// The service runs, but not for this program ([`PcscError::ServiceOutdated`], [`PcscError::ServiceRefused`]),
    /// or it fails to answer. Told once, while it is tried again and again.
    Problem(PcscError),
}

/// Watches readers and cards come and go, on its own thread, which ends when this is dropped.
pub struct Watch {
    events: Receiver<Event>,
    ended: Arc<AtomicBool>,
}

/// Begins to watch. What is there already comes first.
///
/// # Errors
/// [`PcscError::Failed`] when no thread can be started.
pub fn watch() -> Result<Watch, PcscError> {
    let (sender, events) = mpsc::sync_channel(MOST_EVENTS);
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

fn run(ended: &AtomicBool, events: &SyncSender<Event>) {
    let mut told = None;
    while !ended.load(Ordering::Acquire) {
        let (context, now) = match unless_junk(establish) {
            Some(Ok(context)) => (Some(context), Ok(())),
            Some(Err(error)) => (None, Err(why_not_established(error))),
            None => (None, Err(JUNK)),
        };
        if told.as_ref() != Some(&now) {
            for event in service_changed(told.as_ref(), &now) {
                if events.send(event).is_err() {
                    return;
                }
            }
            told = Some(now);
        }
        if let Some(context) = context {
            look(&context, ended, events);
        }
        if !ended.load(Ordering::Acquire) {
            std::thread::sleep(SLICE / 5);
        }
    }
}

type Service = Result<(), PcscError>;

/// What to report about the service when its state has changed.
fn service_changed(before: Option<&Service>, now: &Service) -> Vec<Event> {
    match now {
        Ok(()) => vec![Event::ServiceStarted],
        Err(PcscError::NoService) => vec![Event::ServiceStopped],
        Err(error) if before == Some(&Ok(())) => vec![Event::ServiceStopped, Event::Problem(error.clone())],
        Err(error) => vec![Event::Problem(error.clone())],
    }
}

/// Until the service ends, or the watch.
fn look(context: &Context, ended: &AtomicBool, events: &SyncSender<Event>) {
    let mut readers = Readers::default();
    let mut told = None;
    while !ended.load(Ordering::Acquire) {
        let error = match unless_junk(|| readers.next(context, events)) {
            Some(Ok(())) => None,
            Some(Err(failure)) => {
                let error = PcscError::new(failure.error, failure.function, "");
                if error == PcscError::NoService || failure.error == Error::InvalidHandle {
                    break;
                }
                Some(error)
            }
            None => {
                // What was asked beside the readers may still stand behind them.
                readers.states.truncate(readers.known.len());
                Some(JUNK)
            }
        };
        match error {
            None => told = None,
            Some(error) => {
                // What it does not answer is asked again; the readers that are known are still there.
                if told.as_ref() != Some(&error) {
                    let _ = events.send(Event::Problem(error.clone()));
                    told = Some(error);
                }
                std::thread::sleep(SLICE);
            }
        }
    }
    // Ended, or the service stopped: nothing is connected any more.
    readers.retain(|_| false, events);
}

/// The readers that were told of. `states` and `known` have the same order.
#[derive(Default)]
struct Readers {
    states: Vec<ReaderState>,
    known: Vec<Known>,
    /// The service's own "a reader came or went", if it has one.
    plug_and_play: Option<ReaderState>,
}

struct Known {
    entry: DeviceEntry,
    /// The service's count of insertions and removals.
    count: u32,
}

impl Readers {
    /// Picks up new readers, waits for a change, and reports it.
    fn next(&mut self, context: &Context, events: &SyncSender<Event>) -> Result<(), Failure> {
        let names = context
            .list_readers_owned()
            .map_err(failure("SCardListReaders"))?;
        self.retain(
            |known: &CStr| names.iter().any(|name| name.as_c_str() == known),
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
        self.wait(context).map_err(failure("SCardGetStatusChange"))?;
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
        let ask = |states: &mut [ReaderState], time: Duration| match context.get_status_change(time, states) {
            // A reader that vanished is missed when they are listed again.
            Ok(()) | Err(Error::Timeout | Error::Cancelled | Error::UnknownReader) => Ok(()),
            Err(error) => Err(error),
        };
        // macOS knows no such reader and would call it unknown at once. Beside many, the slice must do.
        if cfg!(target_os = "macos") || self.states.len() >= MOST_STATES {
            if self.states.is_empty() {
                std::thread::sleep(SLICE);
            }
            return in_parts(&mut self.states, ask);
        }
        let state = self
            .plug_and_play
            .take()
            .unwrap_or_else(|| ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        self.states.push(state);
        let result = ask(&mut self.states, SLICE);
        self.plug_and_play = self.states.pop();
        if let Some(state) = &mut self.plug_and_play {
            state.sync_current_state();
        }
        result
    }

    fn retain(&mut self, keep: impl Fn(&CStr) -> bool, events: &SyncSender<Event>) {
        let kept: Vec<bool> = self.states.iter().map(|state| keep(state.name())).collect();
        for (known, _) in self.known.iter().zip(&kept).filter(|(_, kept)| !**kept) {
            if has_card(&known.entry) {
                let _ = events.send(Event::CardRemoved(known.entry.clone()));
            }
            let _ = events.send(Event::ReaderRemoved(known.entry.clone()));
        }
        let mut of_state = kept.iter();
        self.states.retain(|_| of_state.next() == Some(&true));
        let mut of_known = kept.iter();
        self.known.retain(|_| of_known.next() == Some(&true));
    }
}

/// A failed PC/SC function.
struct Failure {
    error: Error,
    function: &'static str,
}

fn failure(function: &'static str) -> impl Fn(Error) -> Failure {
    move |error| Failure { error, function }
}

/// Asks for no more states at once than a service allows; the parts share the slice.
fn in_parts<S, E>(
    states: &mut [S],
    mut ask: impl FnMut(&mut [S], Duration) -> Result<(), E>,
) -> Result<(), E> {
    let parts = states.len().div_ceil(MOST_STATES);
    let share = u32::try_from(parts).map_or(Duration::ZERO, |parts| SLICE / parts.max(1));
    states
        .chunks_mut(MOST_STATES)
        .try_for_each(|part| ask(part, share))
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
    fn no_question_is_about_more_readers_than_a_service_takes() {
        for (readers, parts) in [(0, 0), (1, 1), (10, 1), (11, 2), (16, 2), (40, 4), (1_000, 100)] {
            let mut asked = Vec::new();
            let mut states: Vec<usize> = (0..readers).collect();
            let result: Result<(), Error> = in_parts(&mut states, |part, time| {
                assert!(part.len() <= MOST_STATES);
                asked.push((part.to_vec(), time));
                Ok(())
            });
            assert_eq!(result, Ok(()));
            assert_eq!(asked.len(), parts);
            assert!(asked.iter().map(|(_, time)| *time).sum::<Duration>() <= SLICE);
            let all: Vec<usize> = asked.into_iter().flat_map(|(part, _)| part).collect();
            assert_eq!(all, states, "each once");
        }
    }

    #[test]
    fn a_service_that_does_not_serve_is_no_service_that_does_not_run() {
        let (runs, stopped, outdated) = (Ok(()), Err(PcscError::NoService), Err(PcscError::ServiceOutdated));
        let problem = || Event::Problem(PcscError::ServiceOutdated);
        assert_eq!(service_changed(None, &runs), [Event::ServiceStarted]);
        assert_eq!(service_changed(None, &stopped), [Event::ServiceStopped]);
        assert_eq!(service_changed(Some(&stopped), &outdated), [problem()]);
        assert_eq!(
            service_changed(Some(&runs), &outdated),
            [Event::ServiceStopped, problem()]
        );
    }

    #[test]
    fn readers_and_cards_are_told_as_gone_when_the_service_ends() {
        let (sender, receiver) = mpsc::sync_channel(MOST_EVENTS);
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
