//! Contract of [`Transport`].

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::{
    CancelAtThirdLook, Checked, ContractError, PATIENCE, SHORT, SILENCE, ensure, must, must_fail, within,
};
use crate::ports::{
    Call, Cancel, Interface, NeverCancel, NoProgress, ProgressEvent, Ticks, Transport, TransportError,
};

/// Around the ends of packets, short APDUs and the smallest message that every device takes.
const LENGTHS: [usize; 12] = [1, 2, 24, 57, 58, 116, 117, 255, 256, 257, 1024, 2048];
/// A device that thinks.
const SLOW: Duration = Duration::from_secs(1);

/// A message that a device answers in a known way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Command byte and what follows.
    pub message: Vec<u8>,
    /// Status byte and what follows.
    pub answer: Vec<u8>,
}

/// An adapter in front of a device that has messages whose answers tell which message they answer.
pub trait TransportBench {
    /// Opens the device anew. One that was pulled is plugged in before; the handle to the pulled one may still be
    /// there, every other one is dropped.
    ///
    /// # Errors
    /// What the adapter says.
    fn open(&mut self) -> Result<Box<dyn Transport>, TransportError>;

    /// Which interface is opened.
    fn interface(&self) -> Interface;

    /// The longest message that the way carries: 7609 bytes over HID reports of 64, 65,535 over APDUs.
    fn longest(&self) -> usize;

    /// A message of `length` bytes, from 1 to [`TransportBench::longest`], and its answer; another one for each
    /// `seed`. `None` where the device has none of that length; it must have one of some length up to 2048.
    fn exchange(&self, length: usize, seed: u8) -> Option<Exchange>;

    /// How many messages came to the device so far. `None` where nobody counts.
    fn messages(&mut self) -> Option<u64> {
        None
    }

    /// From now on the device works for so long before it answers, with keep-alives where it has them, and can
    /// be cancelled where it can. `false` where it cannot be made to.
    fn delay(&mut self, by: Duration) -> bool {
        let _ = by;
        false
    }

    /// The device answers the next message, and that alone, with no byte at all. `false` where it cannot be made to.
    fn answer_nothing(&mut self) -> bool {
        false
    }

    /// Pulls the device, or takes the card away, while the next message runs. `false` where nobody is there to do it.
    fn pull_during_next(&mut self) -> bool {
        false
    }
}

/// Looks whether the adapter gives each message its own answer and whole, sends each once, keeps to deadline
/// and cancel, and tells a device that was pulled.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn transport(bench: &mut dyn TransportBench, ticks: &dyn Ticks) -> Result<Checked, ContractError> {
    let mut checked = Checked::default();
    let mut handle = Handle::open(bench, ticks)?;
    answers(bench, &mut handle)?;
    switches(bench, &mut handle)?;
    too_long(bench, &mut handle)?;
    over_before(bench, &mut handle)?;
    if bench.messages().is_none() {
        checked.left_out.push("how often a message is sent");
    }
    if !slow(bench, &mut handle)? {
        checked
            .left_out
            .push("a device that is slow, a deadline and a cancel");
    }
    if !empty_answer(bench, &mut handle)? {
        checked.left_out.push("an answer of no bytes");
    }
    if !pulled(bench, handle)? {
        checked.left_out.push("a device that is pulled");
    }
    Ok(checked)
}

struct Handle<'t> {
    transport: Box<dyn Transport>,
    ticks: &'t dyn Ticks,
    seed: u8,
}

type Answer = Result<Vec<u8>, TransportError>;

impl<'t> Handle<'t> {
    fn open(bench: &mut dyn TransportBench, ticks: &'t dyn Ticks) -> Result<Self, ContractError> {
        let transport = must(bench.open(), "a device that is there can be opened")?;
        Ok(Self {
            transport,
            ticks,
            seed: 0,
        })
    }

    /// One that was not sent before.
    fn next_exchange(&mut self, bench: &dyn TransportBench, length: usize) -> Option<Exchange> {
        self.seed = self.seed.wrapping_add(1);
        bench.exchange(length, self.seed)
    }

    /// A short one, whatever the device has.
    fn any_exchange(&mut self, bench: &dyn TransportBench) -> Result<Exchange, ContractError> {
        LENGTHS
            .iter()
            .rev()
            .find_map(|length| self.next_exchange(bench, *length))
            .ok_or(ContractError::Broken("the bench's own exchanges: there is none"))
    }

    /// One message of at most `length`; never gives an empty answer.
    fn transact(
        &mut self,
        message: &[u8],
        length: Duration,
        cancel: &dyn Cancel,
        progress: &mut Vec<ProgressEvent>,
    ) -> Result<Answer, ContractError> {
        let (transport, ticks) = (&mut self.transport, self.ticks);
        let mut tell = |event| progress.push(event);
        let mut call = Call::new(ticks, length, cancel, &mut tell);
        let limit = length.saturating_add(PATIENCE);
        let answer = within(ticks, limit, "a message ends with its call's deadline", || {
            transport.transact(message, &mut call)
        })?;
        if let Ok(answer) = &answer {
            ensure(!answer.is_empty(), "an answer has at least its status byte")?;
        }
        Ok(answer)
    }

    fn passes(
        &mut self,
        bench: &mut dyn TransportBench,
        exchange: &Exchange,
        sentence: &'static str,
    ) -> Result<Vec<ProgressEvent>, ContractError> {
        let before = bench.messages();
        let mut progress = Vec::new();
        let answer = self.transact(&exchange.message, PATIENCE, &NeverCancel, &mut progress)?;
        ensure(must(answer, sentence)? == exchange.answer, sentence)?;
        came(bench, before, 1, "a message that is answered is sent once")?;
        Ok(progress)
    }

    /// Whether all is as before.
    fn settles(&mut self, bench: &mut dyn TransportBench) -> Result<(), ContractError> {
        for _ in 0..3 {
            let exchange = self.any_exchange(bench)?;
            self.passes(
                bench,
                &exchange,
                "after a message that was given up the next gets its own answer",
            )?;
        }
        Ok(())
    }
}

/// Whether so many messages came to the device since `before`, where somebody counts.
fn came(
    bench: &mut dyn TransportBench,
    before: Option<u64>,
    count: u64,
    sentence: &'static str,
) -> Result<(), ContractError> {
    match (before, bench.messages()) {
        (Some(before), Some(now)) => ensure(now == before + count, sentence),
        _ => Ok(()),
    }
}

fn answers(bench: &mut dyn TransportBench, handle: &mut Handle<'_>) -> Result<(), ContractError> {
    let longest = bench.longest();
    let mut passed = false;
    for length in LENGTHS.into_iter().chain([longest]) {
        if let Some(exchange) = handle.next_exchange(bench, length) {
            handle.passes(bench, &exchange, "a message passes whole, and so does its answer")?;
            passed = true;
        }
    }
    ensure(passed, "the bench's own exchanges: there is none")?;
    ensure(
        handle.transport.interface() == bench.interface(),
        "a transport says which interface its messages go to",
    )?;
    let exchange = handle.any_exchange(bench)?;
    handle.passes(bench, &exchange, "a short answer after a long one is only itself")?;
    Ok(())
}

/// To each interface and back again. A card may lack the one that it is switched to, which the next message shows.
fn switches(bench: &mut dyn TransportBench, handle: &mut Handle<'_>) -> Result<(), ContractError> {
    let first = bench.interface();
    for interface in [Interface::Vendor, Interface::Fido, first] {
        let (was, before) = (handle.transport.interface(), bench.messages());
        let switched = handle.transport.switch_to(interface);
        ensure(
            switched || interface != was,
            "a transport can be switched to the interface that it has",
        )?;
        came(bench, before, 0, "nothing is sent for a switch")?;
        let exchange = handle.any_exchange(bench)?;
        handle.passes(bench, &exchange, "a message passes after a switch")?;
        ensure(
            switched || handle.transport.interface() == was,
            "a transport that was not switched keeps its interface",
        )?;
    }
    ensure(
        handle.transport.interface() == first,
        "a transport that was switched can be switched back",
    )
}

fn too_long(bench: &mut dyn TransportBench, handle: &mut Handle<'_>) -> Result<(), ContractError> {
    let before = bench.messages();
    let message = vec![0x55; bench.longest() + 1];
    let answer = handle.transact(&message, PATIENCE, &NeverCancel, &mut Vec::new())?;
    must_fail(
        answer,
        &TransportError::MessageTooLarge,
        "a message that the way does not carry is MessageTooLarge",
    )?;
    came(bench, before, 0, "nothing of a message that is too large is sent")?;
    handle.settles(bench)
}

/// Calls that are over before they begin.
fn over_before(bench: &mut dyn TransportBench, handle: &mut Handle<'_>) -> Result<(), ContractError> {
    struct Cancelled;
    impl Cancel for Cancelled {
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    const UNSENT: &str = "a call that is over before it begins sends nothing";
    let before = bench.messages();
    let exchange = handle.any_exchange(bench)?;
    let answer = handle.transact(&exchange.message, PATIENCE, &Cancelled, &mut Vec::new())?;
    must_fail(answer, &TransportError::Cancelled, UNSENT)?;
    let answer = handle.transact(&exchange.message, Duration::ZERO, &NeverCancel, &mut Vec::new())?;
    must_fail(answer, &TransportError::DeadlineExceeded, UNSENT)?;
    // A deadline that has long passed.
    let mut progress = NoProgress;
    let mut call = Call::new(handle.ticks, Duration::ZERO, &NeverCancel, &mut progress);
    call.deadline = Duration::ZERO;
    let answer = handle.transport.transact(&exchange.message, &mut call);
    must_fail(answer, &TransportError::DeadlineExceeded, UNSENT)?;
    came(bench, before, 0, UNSENT)?;
    handle.settles(bench)
}

/// `false` where the bench has no such knob.
fn slow(bench: &mut dyn TransportBench, handle: &mut Handle<'_>) -> Result<bool, ContractError> {
    const ONCE: &str = "a message that was given up is not sent again";
    if !bench.delay(SLOW) {
        return Ok(false);
    }
    let exchange = handle.any_exchange(bench)?;
    let progress = handle.passes(
        bench,
        &exchange,
        "an answer that comes before the deadline is given, however slow the device is",
    )?;
    ensure(
        progress.windows(2).all(|pair| pair.first() != pair.last()),
        "progress is told at a change, not at each keep-alive",
    )?;

    bench.delay(SILENCE);
    let before = bench.messages();
    let exchange = handle.any_exchange(bench)?;
    let answer = handle.transact(&exchange.message, SHORT, &NeverCancel, &mut Vec::new())?;
    bench.delay(Duration::ZERO);
    must_fail(
        answer,
        &TransportError::DeadlineExceeded,
        "a message whose deadline has passed is DeadlineExceeded; keep-alives do not move it",
    )?;
    came(bench, before, 1, ONCE)?;
    handle.settles(bench)?;

    bench.delay(SILENCE);
    let before = bench.messages();
    let exchange = handle.any_exchange(bench)?;
    let cancel = CancelAtThirdLook::default();
    let ticks = handle.ticks;
    let answer = within(ticks, PATIENCE, "a cancel ends a message", || {
        handle.transact(&exchange.message, 2 * PATIENCE, &cancel, &mut Vec::new())
    })??;
    bench.delay(Duration::ZERO);
    must_fail(
        answer,
        &TransportError::Cancelled,
        "a message that was cancelled says so",
    )?;
    if let (Some(before), Some(now)) = (before, bench.messages()) {
        // The third look may come before the message is out.
        ensure(now <= before + 1, ONCE)?;
    }
    handle.settles(bench)?;
    Ok(true)
}

/// `false` where the bench has no such knob.
fn empty_answer(bench: &mut dyn TransportBench, handle: &mut Handle<'_>) -> Result<bool, ContractError> {
    if !bench.answer_nothing() {
        return Ok(false);
    }
    let exchange = handle.any_exchange(bench)?;
    let answer = handle.transact(&exchange.message, PATIENCE, &NeverCancel, &mut Vec::new())?;
    ensure(
        matches!(answer, Err(TransportError::Framing { .. })),
        "an answer without a status byte is a Framing error",
    )?;
    handle.settles(bench)?;
    Ok(true)
}

/// `false` where the bench has no such knob.
fn pulled(bench: &mut dyn TransportBench, mut handle: Handle<'_>) -> Result<bool, ContractError> {
    const STAYS: &str = "a transport whose device is Gone stays so";
    if !bench.pull_during_next() {
        return Ok(false);
    }
    let before = bench.messages();
    let exchange = handle.any_exchange(bench)?;
    let answer = handle.transact(&exchange.message, PATIENCE, &NeverCancel, &mut Vec::new())?;
    must_fail(
        answer,
        &TransportError::Gone,
        "a device that is pulled during a message is Gone",
    )?;
    let answer = handle.transact(&exchange.message, PATIENCE, &NeverCancel, &mut Vec::new())?;
    must_fail(answer, &TransportError::Gone, STAYS)?;
    came(
        bench,
        before,
        1,
        "a message that the device was pulled from is not sent again",
    )?;

    let mut again = Handle::open(bench, handle.ticks)?;
    again.settles(bench)?;
    let answer = handle.transact(&exchange.message, PATIENCE, &NeverCancel, &mut Vec::new())?;
    must_fail(answer, &TransportError::Gone, STAYS)?;
    Ok(true)
}
