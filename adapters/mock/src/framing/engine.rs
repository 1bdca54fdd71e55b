//! Runs one message at a time, over all interfaces of a device.
//!
//! A handler that waits for a touch blocks in its keep-alive callback, while the host, in the same
//! thread as the device, waits for packets. So each message gets its own thread, which runs
//! only while the device waits for it: never both at once.

use core::time::Duration;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};

use fido_unlock_host::framing::Interface;
use fido_unlock_protocol::ctap2::{CtapStatus, command};

use super::CtapHandler;

/// Between two keep-alives (CTAP 2.1 §11.2.9.1.7).
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_millis(100);
const STATUS_PROCESSING: u8 = 1;

/// What goes wrong in the device itself, whatever the way to it. Messages are counted from 0.
#[derive(Clone, Debug, Default)]
pub struct DeviceFaults {
    /// Pulled when this message has come but was not handled. Happens once.
    pub remove_before_message: Option<u64>,
    /// Pulled when this message was handled, before its answer went out. Happens once.
    pub remove_after_message: Option<u64>,
    /// Keep-alives with STATUS_PROCESSING before a message is handled at all.
    pub keepalives: u32,
    /// Silence between a message's handling and its answer.
    pub latency: Duration,
    /// Never answers a CTAP message.
    pub silent: bool,
}

/// Who runs: interface and channel (0 for the card).
pub(super) type Owner = (Interface, u32);

pub(super) enum Event {
    KeepAlive(u8),
    Answer(Vec<u8>),
}

enum Work {
    /// Keep-alives left, then the message.
    Waiting(u32, Vec<u8>),
    Running(Running),
    Late(Vec<u8>),
    Silent,
}

struct Running {
    events: Receiver<Event>,
    resume: Sender<bool>,
    thread: JoinHandle<()>,
}

struct Job {
    owner: Owner,
    work: Work,
    due: Duration,
    cancelled: bool,
}

pub(super) struct Engine<A> {
    handler: Arc<Mutex<A>>,
    job: Option<Job>,
    messages: u64,
    removed: bool,
    pub(super) faults: DeviceFaults,
}

impl<A: CtapHandler + Send + 'static> Engine<A> {
    pub(super) fn new(handler: A) -> Self {
        Self {
            handler: Arc::new(Mutex::new(handler)),
            job: None,
            messages: 0,
            removed: false,
            faults: DeviceFaults::default(),
        }
    }

    /// The handler; ends what runs.
    pub(super) fn handler(&mut self) -> MutexGuard<'_, A> {
        self.abort();
        self.handler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether a fault pulled the device since the last call.
    pub(super) fn take_removed(&mut self) -> bool {
        core::mem::take(&mut self.removed)
    }

    pub(super) fn owner(&self) -> Option<Owner> {
        self.job.as_ref().map(|job| job.owner)
    }

    /// When [`Engine::poll`] gives something next.
    pub(super) fn due(&self) -> Option<Duration> {
        self.job.as_ref().map(|job| job.due)
    }

    pub(super) fn start(&mut self, owner: Owner, message: Vec<u8>, now: Duration) -> Option<Event> {
        self.abort();
        let index = self.messages;
        self.messages += 1;
        if self.faults.remove_before_message == Some(index) {
            self.faults.remove_before_message = None;
            self.removed = true;
            return None;
        }
        if owner.0 == Interface::Vendor && message.first() != Some(&command::DEVICE_UNLOCK) {
            return Some(Event::Answer(vec![CtapStatus::InvalidCommand.byte()]));
        }
        let work = if self.faults.silent {
            Work::Silent
        } else {
            Work::Waiting(self.faults.keepalives, message)
        };
        let due = if self.faults.silent { Duration::MAX } else { now };
        self.job = Some(Job {
            owner,
            work,
            due,
            cancelled: false,
        });
        self.poll(owner.0, now)
    }

    /// Tells the message of `owner` that the host cancelled; `false` if none of its messages is running.
    pub(super) fn cancel(&mut self, owner: Owner, now: Duration) -> bool {
        match &mut self.job {
            Some(job) if job.owner == owner => {
                job.cancelled = true;
                if !matches!(job.work, Work::Late(_) | Work::Silent) {
                    job.due = now;
                }
                true
            }
            _ => false,
        }
    }

    /// What the message that runs over `interface` has to say by now.
    pub(super) fn poll(&mut self, interface: Interface, now: Duration) -> Option<Event> {
        let mut job = self
            .job
            .take_if(|job| job.owner.0 == interface && now >= job.due)?;
        let event = match job.work {
            Work::Silent => return None,
            Work::Late(answer) => return Some(Event::Answer(answer)),
            Work::Waiting(_, _) if job.cancelled => {
                return Some(Event::Answer(vec![CtapStatus::KeepaliveCancel.byte()]));
            }
            Work::Waiting(0, message) => {
                let running = self.run(interface, message);
                let event = running.events.recv();
                job.work = Work::Running(running);
                event.ok()
            }
            Work::Waiting(left, message) => {
                job.work = Work::Waiting(left - 1, message);
                Some(Event::KeepAlive(STATUS_PROCESSING))
            }
            Work::Running(running) => {
                // A thread that has ended is told by `events`.
                let _ = running.resume.send(job.cancelled);
                let event = running.events.recv();
                job.work = Work::Running(running);
                event.ok()
            }
        };
        match event {
            Some(Event::KeepAlive(status)) => {
                job.due = now + KEEPALIVE_INTERVAL;
                self.job = Some(job);
                Some(Event::KeepAlive(status))
            }
            answered => {
                if let Work::Running(running) = job.work {
                    running.end();
                }
                let answer = match answered {
                    Some(Event::Answer(answer)) => answer,
                    // The handler panicked.
                    _ => vec![CtapStatus::Other.byte()],
                };
                if self.faults.remove_after_message == Some(self.messages - 1) {
                    self.faults.remove_after_message = None;
                    self.removed = true;
                    return None;
                }
                if self.faults.latency.is_zero() {
                    return Some(Event::Answer(answer));
                }
                job.work = Work::Late(answer);
                job.due = now + self.faults.latency;
                self.job = Some(job);
                None
            }
        }
    }

    /// Ends what runs, as if it were cancelled.
    pub(super) fn abort(&mut self) {
        if let Some(Job {
            work: Work::Running(running),
            ..
        }) = self.job.take()
        {
            running.end();
        }
    }

    pub(super) fn power_cycle(&mut self) {
        self.removed = false;
        self.handler().power_cycle();
    }

    fn run(&self, interface: Interface, message: Vec<u8>) -> Running {
        let handler = Arc::clone(&self.handler);
        let (event_sender, events) = channel();
        let (resume, resumed) = channel();
        let thread = spawn(move || {
            let mut handler = handler.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = handler.handle(interface, &message, &mut |status| {
                event_sender.send(Event::KeepAlive(status)).is_err() || resumed.recv().unwrap_or(true)
            });
            drop(handler);
            // Nobody listens where the device was pulled.
            let _ = event_sender.send(Event::Answer(answer));
        });
        Running {
            events,
            resume,
            thread,
        }
    }
}

impl Running {
    fn end(self) {
        drop(self.resume);
        drop(self.events);
        // A panic of the handler has been answered with CTAP1_ERR_OTHER.
        let _ = self.thread.join();
    }
}
