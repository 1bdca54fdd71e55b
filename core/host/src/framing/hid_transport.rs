//! CTAP2 messages over HID reports.

use alloc::vec::Vec;
use core::time::Duration;

use fido_unlock_protocol::ports::Entropy;

use super::ctaphid::{CtapHidMachine, error_code};
use super::drive::{Pipe, drive};
use super::{Interface, Statistics};
use crate::ports::{Call, HidReports, Ticks, Transport, TransportError};

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
    /// For the next CTAPHID_INIT; most messages need none.
    nonce: Option<[u8; 8]>,
    /// For the report that comes in.
    report: Vec<u8>,
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
            nonce: None,
            report: Vec::new(),
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
        let nonce = match self.nonce {
            Some(nonce) => nonce,
            None => {
                let mut nonce = [0; 8];
                self.entropy.fill(&mut nonce)?;
                nonce
            }
        };
        let mut machine = CtapHidMachine::new(
            self.reports.report_size(),
            self.channel.take(),
            nonce,
            message,
            call.deadline,
        );
        self.report.resize(READ_BUFFER.max(self.reports.report_size()), 0);
        let mut pipe = HidPipe {
            reports: &mut self.reports,
            statistics: &mut self.statistics,
            report: &mut self.report,
            length: 0,
        };
        let result = drive(&mut machine, &mut pipe, call);
        self.channel = machine.channel();
        self.capabilities = machine.capabilities().or(self.capabilities);
        self.nonce = (!machine.is_nonce_used()).then_some(nonce);
        result
    }
}

impl<H: HidReports, E: Entropy> Transport for HidTransport<H, E> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.statistics.transactions += 1;
        call.nothing_sent_yet();
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
    report: &'a mut [u8],
    length: usize,
}

impl<H: HidReports> Pipe for HidPipe<'_, H> {
    fn send(&mut self, bytes: &[u8], _call: &Call<'_>, _now: Duration) -> Result<bool, TransportError> {
        self.reports.write_report(bytes)?;
        self.statistics.count_sent(bytes.len());
        Ok(false)
    }

    fn wait(&mut self, _ticks: &dyn Ticks, timeout: Duration) -> Result<bool, TransportError> {
        self.length = self.reports.read_report(self.report, timeout)?;
        if self.length == 0 {
            return Ok(false);
        }
        self.statistics.count_received(self.length);
        Ok(true)
    }

    fn received(&self) -> &[u8] {
        self.report.get(..self.length).unwrap_or(self.report)
    }
}
