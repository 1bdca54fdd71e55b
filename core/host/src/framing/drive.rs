//! The only loop: a machine, its byte port, deadline, cancel flag and progress callback.

use alloc::vec::Vec;
use core::time::Duration;

use zeroize::Zeroizing;

use crate::ports::{Call, ProgressEvent, Ticks, TransportError};

/// Longest wait between two looks at the cancel flag, so that a cancel is seen within 100 ms.
const SLICE: Duration = Duration::from_millis(50);

/// What a machine wants done next. Afterwards the machine is asked again.
pub enum Step {
    /// Send this report or APDU. It may hold a Response Code: it zeroizes itself.
    Send(Zeroizing<Vec<u8>>),
    /// Wait for bytes, at most until this moment.
    WaitUntil(Duration),
    /// Tell the person.
    Progress(ProgressEvent),
    /// The transaction is over; this is the answer, status byte first.
    Done(Vec<u8>),
    /// The transaction is over without an answer.
    Failed(TransportError),
}

/// A sans-IO transaction: one CTAP2 message and its answer.
///
/// Once [`Step::Done`] or [`Step::Failed`] was given, the machine is over. Whatever bytes it is
/// given, it is over by its deadline plus 100 ms.
pub trait Machine {
    /// Nothing came; `now` is the time.
    fn on_time(&mut self, now: Duration) -> Step;

    /// A report or a response APDU came.
    fn on_bytes(&mut self, now: Duration, bytes: &[u8]) -> Step;

    /// Whether the last part of the message was given to be sent, so that the device may act on it.
    fn is_message_sent(&self) -> bool;

    /// The person cancelled. Told once; what follows from it is the next step.
    fn cancel(&mut self, now: Duration);
}

/// A byte port as the loop sees it. It keeps what came, so that no report needs a buffer of its own.
pub(crate) trait Pipe {
    /// Sends; whether an answer came at once (from a card).
    fn send(&mut self, bytes: &[u8], call: &Call<'_>, now: Duration) -> Result<bool, TransportError>;

    /// Waits at most `timeout`; whether something came.
    fn wait(&mut self, ticks: &dyn Ticks, timeout: Duration) -> Result<bool, TransportError>;

    /// What came.
    fn received(&self) -> &[u8];
}

/// Runs `machine` to its end. An error of the pipe ends it at once.
pub(crate) fn drive<M: Machine, P: Pipe>(
    machine: &mut M,
    pipe: &mut P,
    call: &mut Call<'_>,
) -> Result<Vec<u8>, TransportError> {
    let mut cancelled = call.cancel.is_cancelled();
    let mut now = call.ticks.now();
    if cancelled {
        machine.cancel(now);
    }
    let mut step = machine.on_time(now);
    loop {
        let came = match step {
            Step::Send(bytes) => {
                if machine.is_message_sent() {
                    call.message_sent();
                }
                pipe.send(&bytes, call, now)?
            }
            Step::WaitUntil(until) => pipe.wait(call.ticks, until.saturating_sub(now).min(SLICE))?,
            Step::Progress(event) => {
                call.tell(event);
                false
            }
            Step::Done(answer) => return Ok(answer),
            Step::Failed(error) => return Err(error),
        };
        now = call.ticks.now();
        if !cancelled && call.cancel.is_cancelled() {
            cancelled = true;
            machine.cancel(now);
        }
        step = if came {
            machine.on_bytes(now, pipe.received())
        } else {
            machine.on_time(now)
        };
    }
}
