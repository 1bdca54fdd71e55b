//! CTAP2 messages over HID reports.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::ctaphid::{CtapHidMachine, error_code};
use super::drive::{Pipe, drive};
use super::{Interface, Statistics};
use crate::ports::{Call, Entropy, HidReports, Ticks, Transport, TransportError};

/// Reads take what is there, so a device whose input reports are larger than its output reports works.
const READ_BUFFER: usize = 1024;

/// A [`Transport`] over [`HidReports`]. Allocates its channel with the first message.
pub struct HidTransport<H, E> {
    reports: H,
    entropy: E,
    interface: Interface,
    channel: Option<u32>,
    capabilities: Option<u8>,
    statistics: Statistics,
}

impl<H: HidReports, E: Entropy> HidTransport<H, E> {
    /// A transport over an open HID interface; `interface` says which one was opened, `entropy`
    /// makes the nonces of CTAPHID_INIT.
    pub const fn new(reports: H, entropy: E, interface: Interface) -> Self {
        Self {
            reports,
            entropy,
            interface,
            channel: None,
            capabilities: None,
            statistics: Statistics {
                transactions: 0,
                sent: 0,
                received: 0,
                bytes_sent: 0,
                bytes_received: 0,
            },
        }
    }

    /// Which interface this is.
    pub const fn interface(&self) -> Interface {
        self.interface
    }

    /// What went over it so far.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Capability bits of the device ([`super::ctaphid::capability`]), once a channel was allocated.
    pub const fn capabilities(&self) -> Option<u8> {
        self.capabilities
    }

    /// The byte port.
    pub const fn reports(&self) -> &H {
        &self.reports
    }

    /// The byte port, to be changed.
    pub const fn reports_mut(&mut self) -> &mut H {
        &mut self.reports
    }

    fn transact_once(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let mut nonce = [0; 8];
        self.entropy.fill(&mut nonce)?;
        let mut machine = CtapHidMachine::new(
            self.reports.report_size(),
            self.channel.take(),
            nonce,
            message,
            call.deadline,
        );
        let mut pipe = HidPipe {
            reports: &mut self.reports,
            statistics: &mut self.statistics,
        };
        let result = drive(&mut machine, &mut pipe, call);
        self.channel = machine.channel();
        self.capabilities = machine.capabilities().or(self.capabilities);
        result
    }
}

impl<H: HidReports, E: Entropy> Transport for HidTransport<H, E> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.statistics.transactions += 1;
        let had_channel = self.channel.is_some();
        let result = self.transact_once(message, call);
        match result {
            // A device that restarted has forgotten the channel, and did nothing with the message.
            Err(TransportError::Refused {
                origin: "CTAPHID_ERROR",
                value,
            }) if had_channel && value == u16::from(error_code::INVALID_CHANNEL) => {
                self.transact_once(message, call)
            }
            result => result,
        }
    }

    fn interface(&self) -> Interface {
        self.interface
    }
}

struct HidPipe<'a, H> {
    reports: &'a mut H,
    statistics: &'a mut Statistics,
}

impl<H: HidReports> Pipe for HidPipe<'_, H> {
    fn send(&mut self, bytes: &[u8], _call: &Call<'_>) -> Result<Option<Vec<u8>>, TransportError> {
        self.reports.write_report(bytes)?;
        self.statistics.count_sent(bytes.len());
        Ok(None)
    }

    fn wait(&mut self, _ticks: &dyn Ticks, timeout: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        let mut report = vec![0; READ_BUFFER.max(self.reports.report_size())];
        let length = self.reports.read_report(&mut report, timeout)?;
        if length == 0 {
            return Ok(None);
        }
        report.truncate(length);
        self.statistics.count_received(length);
        Ok(Some(report))
    }
}
