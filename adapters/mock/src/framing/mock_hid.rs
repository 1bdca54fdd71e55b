//! An open HID interface of a [`super::Device`].

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use fido_unlock_host::framing::Interface;
use fido_unlock_host::ports::{HidReports, TransportError};

use super::CtapHandler;
use super::device::{Inner, SharedTicks, lock};

/// What goes wrong between this handle and the device. Packets are counted from 0, both ways.
#[derive(Clone, Debug, Default)]
pub struct HidFaults {
    /// The device is pulled before this packet passes.
    pub gone_at: Option<u64>,
    /// This packet is lost.
    pub lose_at: Option<u64>,
    /// Reports that come before each report of the device: garbage, other channels' traffic.
    pub before_each_report: Vec<Vec<u8>>,
    /// What each packet takes.
    pub packet_time: Duration,
}

/// An open HID interface.
pub struct MockHid<A: CtapHandler + Send + 'static> {
    inner: Arc<Mutex<Inner<A>>>,
    ticks: SharedTicks,
    interface: Interface,
    opener: u64,
    plugged: u64,
    report_size: usize,
    packets: u64,
    injected: VecDeque<Vec<u8>>,
    written: Vec<Vec<u8>>,
    /// What goes wrong from now on.
    pub faults: HidFaults,
}

impl<A: CtapHandler + Send + 'static> MockHid<A> {
    pub(super) fn open(inner: Arc<Mutex<Inner<A>>>, ticks: SharedTicks, interface: Interface) -> Self {
        let (opener, plugged, report_size) = {
            let mut guard = lock(&inner);
            let opener = guard.next_opener();
            let plugged = guard.plugged;
            let (hid, _) = guard.hid(interface);
            hid.open(opener);
            (opener, plugged, hid.report_size())
        };
        Self {
            inner,
            ticks,
            interface,
            opener,
            plugged,
            report_size,
            packets: 0,
            injected: VecDeque::new(),
            written: Vec::new(),
            faults: HidFaults::default(),
        }
    }

    /// Reports that are there before anything is asked: what an earlier program left.
    pub fn push_stale(&mut self, report: Vec<u8>) {
        self.injected.push_back(report);
    }

    /// Packets that passed so far, both ways; injected ones do not count.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// Every report that was written, oldest first.
    #[must_use]
    pub fn written(&self) -> &[Vec<u8>] {
        &self.written
    }

    /// Lets one packet pass; `false` if it is lost.
    fn pass(&mut self, inner: &mut Inner<A>) -> Result<bool, TransportError> {
        if self.faults.gone_at == Some(self.packets) {
            self.faults.gone_at = None;
            inner.replug();
            return Err(TransportError::Gone);
        }
        let index = self.packets;
        self.packets += 1;
        self.ticks.sleep(self.faults.packet_time);
        Ok(self.faults.lose_at != Some(index))
    }

    fn is_gone(&self, inner: &Inner<A>) -> bool {
        inner.plugged != self.plugged
    }
}

impl<A: CtapHandler + Send + 'static> HidReports for MockHid<A> {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        let inner = Arc::clone(&self.inner);
        let mut inner = lock(&inner);
        inner.do_planned(self.ticks.now());
        if self.is_gone(&inner) {
            return Err(TransportError::Gone);
        }
        if report.len() != self.report_size {
            return Err(TransportError::Framing {
                detail: "the report has another size",
            });
        }
        if !self.pass(&mut inner)? {
            return Ok(());
        }
        self.written.push(report.to_vec());
        let now = self.ticks.now();
        let (hid, engine) = inner.hid(self.interface);
        hid.on_report(engine, now, report);
        inner.settle();
        Ok(())
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        let until = self.ticks.now() + timeout;
        let inner = Arc::clone(&self.inner);
        loop {
            let mut inner = lock(&inner);
            let now = self.ticks.now();
            inner.do_planned(now);
            if self.is_gone(&inner) {
                return Err(TransportError::Gone);
            }
            if let Some(injected) = self.injected.pop_front() {
                return Ok(copy(report, &injected));
            }
            let (hid, engine) = inner.hid(self.interface);
            hid.poll(engine, now);
            inner.settle();
            if self.is_gone(&inner) {
                return Err(TransportError::Gone);
            }
            let (hid, _) = inner.hid(self.interface);
            if let Some(next) = hid.take_report(self.opener) {
                if !self.pass(&mut inner)? {
                    continue;
                }
                let mut reports = self.faults.before_each_report.clone();
                reports.push(next);
                self.injected.extend(reports);
                continue;
            }
            let due = inner.due(self.interface).filter(|due| *due > now);
            drop(inner);
            if now >= until {
                return Ok(0);
            }
            self.ticks
                .sleep(due.map_or(until, |due| due.min(until)).saturating_sub(now));
        }
    }

    fn report_size(&self) -> usize {
        self.report_size
    }
}

impl<A: CtapHandler + Send + 'static> Drop for MockHid<A> {
    fn drop(&mut self) {
        let mut inner = lock(&self.inner);
        let (hid, _) = inner.hid(self.interface);
        hid.close(self.opener);
    }
}

fn copy(to: &mut [u8], from: &[u8]) -> usize {
    to.iter_mut().zip(from).map(|(to, from)| *to = *from).count()
}
