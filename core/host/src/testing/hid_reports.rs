//! Contract of [`HidReports`].

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::{
    Checked, ContractError, PATIENCE, SHORT, SLICE, ensure, eventually, must, must_fail, pattern, within,
};
use crate::framing::ctaphid::{
    Assembly, BROADCAST_CHANNEL, MIN_REPORT_SIZE, Packet, command, error_code, packet, packet_count,
};
use crate::ports::{HidReports, Ticks, TransportError};

/// As core reads: reports may be larger than the port says.
const BUFFER: usize = 1024;
/// Pings of so many reports: the system keeps a few dozen for a program that does not read.
const BURST: usize = 16;
/// A device that waits for the rest of a message longer than 500 ms gives it up: on a slow machine that says
/// nothing about the adapter.
const TRIES: usize = 5;
const NONCE: [u8; 8] = *b"contract";
/// When a report comes by itself, in milliseconds: around the ends of the waits of 50 ms.
const LATE: [u64; 9] = [0, 10, 45, 49, 50, 51, 55, 100, 130];

/// An adapter in front of a device that answers CTAPHID_INIT and CTAPHID_PING (CTAP 2.1 §11.2.9.1), which no other
/// program uses meanwhile.
pub trait HidBench {
    /// Opens the interface anew. A device that was pulled is plugged in before; the handle to the pulled one
    /// may still be there, every other one is dropped.
    ///
    /// # Errors
    /// What the adapter says.
    fn open(&mut self) -> Result<Box<dyn HidReports>, TransportError>;

    /// Makes the device send this report by itself, `after` from now. `false` where it cannot be made to.
    fn send(&mut self, report: &[u8], after: Duration) -> bool {
        let _ = (report, after);
        false
    }

    /// Pulls the device, `after` from now. `false` where nobody is there to pull it.
    fn pull(&mut self, after: Duration) -> bool {
        let _ = after;
        false
    }
}

/// Looks whether the adapter carries reports whole, in order and once; whether its waits end, neither early nor
/// late; and whether a device that was pulled is gone for good.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn hid_reports(bench: &mut dyn HidBench, ticks: &dyn Ticks) -> Result<Checked, ContractError> {
    let mut checked = Checked::default();
    let mut handle = Handle::open(bench, ticks)?;
    handle.allocate()?;
    reports_pass(&mut handle)?;
    waits_end(&mut handle)?;
    if !late_reports(bench, &mut handle)? {
        checked.left_out.push("a report that comes by itself");
    }
    if !pulled(bench, handle)? {
        checked.left_out.push("a device that is pulled");
    }
    Ok(checked)
}

struct Handle<'t> {
    reports: Box<dyn HidReports>,
    ticks: &'t dyn Ticks,
    size: usize,
    channel: u32,
    buffer: Vec<u8>,
}

impl<'t> Handle<'t> {
    fn open(bench: &mut dyn HidBench, ticks: &'t dyn Ticks) -> Result<Self, ContractError> {
        let reports = must(bench.open(), "a device that is plugged in can be opened")?;
        let size = reports.report_size();
        ensure(
            (MIN_REPORT_SIZE..=BUFFER).contains(&size),
            "a report has 24 to 1024 bytes",
        )?;
        Ok(Self {
            reports,
            ticks,
            size,
            channel: BROADCAST_CHANNEL,
            buffer: vec![0; BUFFER],
        })
    }

    /// One read, whatever comes of it.
    fn try_read(
        &mut self,
        timeout: Duration,
    ) -> Result<Result<Option<Vec<u8>>, TransportError>, ContractError> {
        let (reports, buffer) = (&mut self.reports, &mut self.buffer);
        let limit = timeout.saturating_add(PATIENCE);
        let read = within(self.ticks, limit, "a wait ends with its time-out", || {
            reports.read_report(buffer, timeout)
        })?;
        let length = match read {
            Ok(0) => return Ok(Ok(None)),
            Ok(length) => length,
            Err(error) => return Ok(Err(error)),
        };
        let report = self.buffer.get(..length).map(<[u8]>::to_vec);
        ensure(report.is_some(), "a read gives no more bytes than the buffer has")?;
        Ok(Ok(report))
    }

    fn read(&mut self, timeout: Duration) -> Result<Option<Vec<u8>>, ContractError> {
        must(self.try_read(timeout)?, "a device that is there can be read")
    }

    fn write(&mut self, report: &[u8]) -> Result<(), ContractError> {
        must(
            self.reports.write_report(report),
            "a device that is there takes a report",
        )
    }

    /// The next report, waited for in short waits, as core does.
    fn next(&mut self, sentence: &'static str) -> Result<Vec<u8>, ContractError> {
        let ticks = self.ticks;
        eventually(ticks, sentence, || self.read(SLICE))
    }

    fn packet(&self, command: u8, message: &[u8], index: usize) -> Result<Vec<u8>, ContractError> {
        packet(self.channel, command, message, index, self.size)
            .map(|report| report.to_vec())
            .ok_or(ContractError::Broken("the suite's own message"))
    }

    /// A report of one ping, full to its last byte.
    fn full_report(&self, seed: u8) -> Result<Vec<u8>, ContractError> {
        self.packet(command::PING, &pattern(seed, self.size - 7), 0)
    }

    fn allocate(&mut self) -> Result<(), ContractError> {
        const SENTENCE: &str = "CTAPHID_INIT is answered: a report goes out and comes in without a report ID, from its first byte";
        let report = self.packet(command::INIT, &NONCE, 0)?;
        self.write(&report)?;
        let (ticks, begun) = (self.ticks, self.ticks.now());
        loop {
            // What an earlier program left may come first, though not for ever.
            ensure(ticks.now().saturating_sub(begun) < PATIENCE, SENTENCE)?;
            let answer = self.next(SENTENCE)?;
            if let Some(Packet::Init {
                channel: BROADCAST_CHANNEL,
                command: command::INIT,
                data,
                ..
            }) = Packet::parse(&answer)
                && let Some((NONCE, rest)) = data.split_first_chunk::<8>().map(|(nonce, rest)| (*nonce, rest))
                && let Some((channel, _)) = rest.split_first_chunk::<4>()
            {
                self.channel = u32::from_be_bytes(*channel);
                return Ok(());
            }
        }
    }

    /// Sends a ping and gives its echo; `None` where the device gave the message up half-way.
    fn ping(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, ContractError> {
        const LOST: &str =
            "every report that was written reaches the device, and every one of the device's comes";
        const WHOLE: &str = "reports come whole, in order and once";
        for index in 0..packet_count(message.len(), self.size) {
            let report = self.packet(command::PING, message, index)?;
            self.write(&report)?;
        }
        let mut assembly: Option<Assembly> = None;
        loop {
            let report = self.next(LOST)?;
            match (Packet::parse(&report), assembly.as_mut()) {
                (Some(found), _) if found.channel() != self.channel => {
                    return Err(ContractError::Broken(WHOLE));
                }
                (
                    Some(Packet::Init {
                        command: command::ERROR,
                        data: [error_code::MSG_TIMEOUT, ..],
                        ..
                    }),
                    None,
                ) => return Ok(None),
                (
                    Some(Packet::Init {
                        command: command::ERROR,
                        ..
                    }),
                    _,
                ) => return Err(ContractError::Broken(LOST)),
                (
                    Some(Packet::Init {
                        command: command::PING,
                        length,
                        data,
                        ..
                    }),
                    None,
                ) => assembly = Some(Assembly::begin(length, data)),
                (Some(Packet::Continuation { sequence, data, .. }), Some(assembly)) => {
                    ensure(assembly.push(sequence, data).is_ok(), WHOLE)?;
                }
                _ => return Err(ContractError::Broken(WHOLE)),
            }
            if let Some(whole) = assembly.as_ref().filter(|assembly| assembly.is_complete()) {
                return Ok(Some(whole.data().to_vec()));
            }
        }
    }

    fn echoes(&mut self, seed: u8, length: usize, sentence: &'static str) -> Result<(), ContractError> {
        let message = pattern(seed, length);
        for _ in 0..TRIES {
            if let Some(echo) = self.ping(&message)? {
                return ensure(echo == message, sentence);
            }
        }
        Err(ContractError::Broken(
            "every report of a message reaches the device",
        ))
    }

    /// Whether the handle is dead, once it was told so, for both directions and for good.
    fn stays_gone(&mut self) -> Result<(), ContractError> {
        const SENTENCE: &str = "a handle that was told Gone stays so";
        let report = vec![0; self.size];
        for _ in 0..3 {
            must_fail(self.try_read(SLICE)?, &TransportError::Gone, SENTENCE)?;
            must_fail(
                self.reports.write_report(&report),
                &TransportError::Gone,
                SENTENCE,
            )?;
        }
        Ok(())
    }
}

fn reports_pass(handle: &mut Handle<'_>) -> Result<(), ContractError> {
    const FULL: &str = "a report passes whole, to its last byte";
    for seed in 1..=3 {
        handle.echoes(seed, handle.size - 7, FULL)?;
    }
    handle.echoes(4, 1, "a short message passes")?;
    let burst = handle.size - 7 + (BURST - 1) * (handle.size - 5);
    handle.echoes(5, burst, "a message of many reports passes whole")?;
    handle.echoes(6, burst, "so does the next")?;
    ensure(
        handle.read(SHORT)?.is_none(),
        "each report comes once: nothing comes where nothing was sent",
    )
}

fn waits_end(handle: &mut Handle<'_>) -> Result<(), ContractError> {
    const EARLY: &str =
        "a wait for nothing lasts as long as it was asked to: core would keep a processor busy";
    let ticks = handle.ticks;
    for (times, timeout) in [(1, SHORT), (20, Duration::from_micros(900))] {
        let begun = ticks.now();
        for _ in 0..times {
            ensure(
                handle.read(timeout)?.is_none(),
                "nothing comes where nothing was sent",
            )?;
        }
        // Half, since clocks are coarse.
        ensure(ticks.now().saturating_sub(begun) >= timeout * times / 2, EARLY)?;
    }
    let report = handle.full_report(7)?;
    ensure(
        handle.read(Duration::ZERO)?.is_none(),
        "nothing comes where nothing was sent",
    )?;
    handle.write(&report)?;
    ticks.sleep(SHORT);
    let answer = eventually(ticks, "a report that is there is given without a wait", || {
        handle.read(Duration::ZERO)
    })?;
    ensure(
        answer.starts_with(&report),
        "a report passes whole, to its last byte",
    )
}

/// `false` where the bench has no such knob.
fn late_reports(bench: &mut dyn HidBench, handle: &mut Handle<'_>) -> Result<bool, ContractError> {
    for (seed, after) in (10..).zip(LATE) {
        let report = handle.full_report(seed)?;
        if !bench.send(&report, Duration::from_millis(after)) {
            return Ok(false);
        }
        let came =
            handle.next("a report that comes between two waits, or as one ends, is kept for the next")?;
        ensure(
            came.starts_with(&report),
            "what comes is the report that was sent last",
        )?;
    }
    ensure(
        handle.read(SHORT)?.is_none(),
        "a report that came as a wait ended is not given again",
    )?;
    let [first, second] = [handle.full_report(30)?, handle.full_report(31)?];
    bench.send(&first, Duration::ZERO);
    bench.send(&second, SLICE);
    handle.ticks.sleep(SHORT);
    for report in [first, second] {
        let came = handle.next("of several reports that are there none is dropped")?;
        ensure(came.starts_with(&report), "reports come in order")?;
    }
    let report = handle.full_report(32)?;
    bench.send(&report, SHORT);
    let ticks = handle.ticks;
    let came = within(
        ticks,
        PATIENCE,
        "a report that comes during a wait ends it",
        || handle.read(2 * PATIENCE),
    )??;
    ensure(
        came.is_some_and(|came| came.starts_with(&report)),
        "a report that comes during a wait is its result",
    )?;
    Ok(true)
}

/// `false` where the bench has no such knob.
fn pulled(bench: &mut dyn HidBench, mut handle: Handle<'_>) -> Result<bool, ContractError> {
    let ticks = handle.ticks;
    if !bench.pull(Duration::ZERO) {
        return Ok(false);
    }
    let error = eventually(ticks, "a read of a pulled device fails", || {
        Ok(handle.try_read(SLICE)?.err())
    })?;
    must_fail(
        Err::<(), _>(error),
        &TransportError::Gone,
        "a pulled device is Gone",
    )?;
    handle.stays_gone()?;

    let mut again = Handle::open(bench, ticks)?;
    again.allocate()?;
    again.echoes(40, again.size - 7, "a device that was put back is used as before")?;
    handle.stays_gone()?;
    drop(handle);

    bench.pull(Duration::ZERO);
    let report = vec![0; again.size];
    let error = eventually(ticks, "a write to a pulled device is no success", || {
        Ok(again.reports.write_report(&report).err())
    })?;
    must_fail(
        Err::<(), _>(error),
        &TransportError::Gone,
        "a pulled device is Gone",
    )?;
    again.stays_gone()?;
    drop(again);

    let mut waiting = Handle::open(bench, ticks)?;
    waiting.allocate()?;
    bench.pull(SHORT);
    let read = within(ticks, PATIENCE, "a pull ends a wait", || {
        waiting.try_read(2 * PATIENCE)
    })??;
    must_fail(
        read,
        &TransportError::Gone,
        "a device that is pulled during a wait is Gone",
    )?;
    waiting.stays_gone()?;
    Ok(true)
}
