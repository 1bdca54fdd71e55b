//! `HidReports`: the mock, and wrong ones.

use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::ports::{HidReports, Ticks, TransportError};
use fido_unlock::host::testing::{HidBench, hid_reports};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::{Device, EchoHandler};

use crate::{assert_found, assert_kept};

const HOUR: Duration = Duration::from_secs(3600);
const NONE: Duration = Duration::ZERO;

/// What an adapter does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    /// The system took less than the report; the adapter says success.
    ShortWrite,
    /// The system took nothing in time; the adapter says success, for each tenth report.
    LostWrite,
    /// The report goes out without the report ID that the system takes off.
    EatsFirstByte,
    /// The report ID comes with the report.
    KeepsReportId,
    /// The buffer's length in place of the report's.
    BufferLength,
    /// After a time-out the last report's length stands in the overlapped structure: it is given again.
    Stale,
    /// Each report comes by two ways.
    Doubled,
    /// Keeps the newest report.
    NewestAlone,
    /// Gives the newest first.
    LastFirst,
    /// A time-out of 0 is none, as in libusb.
    ZeroIsForEver,
    /// Time-outs in whole milliseconds, rounded down.
    RoundedDown,
    /// Does not wait.
    NeverWaits,
    /// A wait goes on past its end.
    Outlives,
    /// A pending read is cancelled when its wait ends; what came by then is lost.
    LosesAtEnd,
    /// Looks before the wait and after it.
    SleepsThrough,
    /// A pulled device has nothing to say.
    GoneIsNothing,
    /// A write to a pulled device is a success.
    GoneIsWritten,
    /// A pulled device is any failure.
    GoneIsFailed,
    /// A pulled device is opened again by itself.
    OpensAgain,
    /// A wait does not see that the device was pulled.
    SleepsThroughPull,
}

struct Adapter {
    device: Device<EchoHandler>,
    ticks: TestTicks,
    inner: Box<dyn HidReports>,
    wrong: Wrong,
    writes: u32,
    last: Vec<u8>,
    kept: Vec<Vec<u8>>,
}

impl Adapter {
    fn take(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        self.inner.read_report(report, timeout)
    }
}

impl HidReports for Adapter {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        self.writes += 1;
        let mut report = report.to_vec();
        match self.wrong {
            Wrong::ShortWrite => {
                let short = report.len() - 4;
                report[short..].fill(0);
            }
            Wrong::LostWrite if self.writes.is_multiple_of(10) => return Ok(()),
            Wrong::EatsFirstByte => {
                report.remove(0);
                report.push(0);
            }
            _ => {}
        }
        match self.inner.write_report(&report) {
            Err(TransportError::Gone) if self.wrong == Wrong::GoneIsWritten => Ok(()),
            other => other,
        }
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        let read = match self.wrong {
            Wrong::ZeroIsForEver if timeout.is_zero() => self.take(report, HOUR),
            Wrong::RoundedDown => self.take(report, Duration::from_millis(timeout.as_millis() as u64)),
            Wrong::NeverWaits => self.take(report, NONE),
            Wrong::Outlives => self.take(report, timeout + HOUR),
            Wrong::SleepsThrough | Wrong::SleepsThroughPull => match self.take(report, NONE) {
                Ok(0) if self.wrong == Wrong::SleepsThrough || timeout > Duration::from_secs(1) => {
                    self.ticks.sleep(timeout);
                    self.take(report, NONE)
                }
                Ok(0) => self.take(report, timeout),
                other => other,
            },
            Wrong::LosesAtEnd => match self.take(report, timeout) {
                Ok(0) if !timeout.is_zero() => self.take(report, Duration::from_millis(2)).map(|_| 0),
                other => other,
            },
            _ => self.take(report, timeout),
        };
        let length = match (self.wrong, read) {
            (Wrong::GoneIsNothing, Err(TransportError::Gone)) => {
                self.ticks.sleep(timeout);
                return Ok(0);
            }
            (Wrong::GoneIsFailed, Err(TransportError::Gone)) => {
                return Err(TransportError::Failed {
                    function: "read",
                    value: 19,
                });
            }
            (Wrong::OpensAgain, Err(TransportError::Gone)) => {
                self.inner = Box::new(self.device.hid(Interface::Fido));
                return Err(TransportError::Gone);
            }
            (_, read) => read?,
        };
        match self.wrong {
            Wrong::Stale if length == 0 && !self.last.is_empty() => {
                report[..self.last.len()].copy_from_slice(&self.last);
                Ok(self.last.len())
            }
            Wrong::Doubled if length == 0 && !self.kept.is_empty() => {
                let again = self.kept.remove(0);
                report[..again.len()].copy_from_slice(&again);
                Ok(again.len())
            }
            Wrong::KeepsReportId if length > 0 => {
                report.copy_within(..length, 1);
                report[0] = 0;
                Ok(length + 1)
            }
            Wrong::BufferLength if length > 0 => Ok(report.len()),
            Wrong::NewestAlone if length > 0 => {
                let mut newest = length;
                loop {
                    match self.take(report, NONE)? {
                        0 => return Ok(newest),
                        length => newest = length,
                    }
                }
            }
            Wrong::LastFirst => {
                let mut next = length;
                while next > 0 {
                    self.kept.push(report[..next].to_vec());
                    next = self.take(report, NONE)?;
                }
                let newest = self.kept.pop().unwrap_or_default();
                report[..newest.len()].copy_from_slice(&newest);
                Ok(newest.len())
            }
            _ => {
                if length > 0 {
                    self.last = report[..length].to_vec();
                    self.kept.push(self.last.clone());
                }
                Ok(length)
            }
        }
    }

    fn report_size(&self) -> usize {
        self.inner.report_size()
    }
}

struct Bench {
    device: Device<EchoHandler>,
    ticks: TestTicks,
    wrong: Wrong,
    knobs: bool,
}

fn bench(wrong: Wrong) -> Bench {
    let ticks = TestTicks::new();
    Bench {
        device: Device::new(EchoHandler::default(), ticks.clone()),
        ticks,
        wrong,
        knobs: true,
    }
}

impl HidBench for Bench {
    fn open(&mut self) -> Result<Box<dyn HidReports>, TransportError> {
        let inner = Box::new(self.device.hid(Interface::Fido));
        if self.wrong == Wrong::Nothing {
            return Ok(inner);
        }
        Ok(Box::new(Adapter {
            device: self.device.clone(),
            ticks: self.ticks.clone(),
            inner,
            wrong: self.wrong,
            writes: 0,
            last: Vec::new(),
            kept: Vec::new(),
        }))
    }

    fn send(&mut self, report: &[u8], after: Duration) -> bool {
        if self.knobs {
            self.device.send_report_later(Interface::Fido, report, after);
        }
        self.knobs
    }

    fn pull(&mut self, after: Duration) -> bool {
        if self.knobs {
            self.device.replug_later(after);
        }
        self.knobs
    }
}

#[test]
fn the_mock_keeps_the_contract_with_reports_of_every_size() {
    for size in [24, 62, 64, 512, 1024] {
        let mut bench = bench(Wrong::Nothing);
        bench.device.set_report_size(size);
        let ticks = bench.ticks.clone();
        assert_kept(hid_reports(&mut bench, &ticks), &[]);
    }
}

#[test]
fn what_a_bench_cannot_do_is_left_out_and_named() {
    let mut bench = bench(Wrong::Nothing);
    bench.knobs = false;
    let ticks = bench.ticks.clone();
    assert_kept(
        hid_reports(&mut bench, &ticks),
        &["a report that comes by itself", "a device that is pulled"],
    );
}

#[test]
fn wrong_adapters_are_found() {
    for (wrong, word) in [
        (Wrong::ShortWrite, "to its last byte"),
        (Wrong::LostWrite, "every report"),
        (Wrong::EatsFirstByte, "CTAPHID_INIT"),
        (Wrong::KeepsReportId, "CTAPHID_INIT"),
        (Wrong::BufferLength, "whole"),
        (Wrong::Stale, "comes once"),
        (Wrong::Doubled, "comes once"),
        (Wrong::NewestAlone, "in order"),
        (Wrong::LastFirst, "in order"),
        (Wrong::ZeroIsForEver, "ends with its time-out"),
        (Wrong::RoundedDown, "lasts as long"),
        (Wrong::NeverWaits, "lasts as long"),
        (Wrong::Outlives, "ends with its time-out"),
        (Wrong::LosesAtEnd, "between two waits"),
        (Wrong::SleepsThrough, "during a wait"),
        (Wrong::GoneIsNothing, "read of a pulled"),
        (Wrong::GoneIsWritten, "stays so"),
        (Wrong::GoneIsFailed, "is Gone"),
        (Wrong::OpensAgain, "stays so"),
        (Wrong::SleepsThroughPull, "wait"),
    ] {
        let mut bench = bench(wrong);
        let ticks = bench.ticks.clone();
        assert_found(&format!("{wrong:?}"), hid_reports(&mut bench, &ticks), word);
    }
}
