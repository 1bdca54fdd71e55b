//! One key with all its interfaces.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock_host::framing::Interface;
use fido_unlock_host::ports::Ticks;

use super::card::Card;
use super::engine::{DeviceFaults, Engine};
use super::hid_device::HidDevice;
use super::{CtapHandler, MockApdu, MockHid};

/// The device's clock: [`crate::TestTicks`], or the system's.
pub type SharedTicks = Arc<dyn Ticks + Send + Sync>;

pub(super) struct Inner<A> {
    pub(super) engine: Engine<A>,
    pub(super) fido: HidDevice,
    pub(super) vendor: HidDevice,
    pub(super) card: Card,
    /// Handles of an older plug-in are dead.
    pub(super) plugged: u64,
    /// Card handles of an older reset must reconnect.
    pub(super) card_resets: u64,
    openers: u64,
    /// What happens by itself, and when.
    planned: Vec<(Duration, Planned)>,
}

enum Planned {
    Report(Interface, Vec<u8>),
    Replug,
}

impl<A: CtapHandler + Send + 'static> Inner<A> {
    pub(super) fn hid(&mut self, interface: Interface) -> (&mut HidDevice, &mut Engine<A>) {
        match interface {
            Interface::Fido => (&mut self.fido, &mut self.engine),
            Interface::Vendor => (&mut self.vendor, &mut self.engine),
        }
    }

    pub(super) fn due(&self, interface: Interface) -> Option<Duration> {
        let hid = match interface {
            Interface::Fido => &self.fido,
            Interface::Vendor => &self.vendor,
        };
        let planned = self.planned.iter().map(|(at, _)| *at).min();
        hid.due()
            .into_iter()
            .chain(self.engine.due())
            .chain(planned)
            .min()
    }

    /// Does what was planned until now.
    pub(super) fn do_planned(&mut self, now: Duration) {
        let (due, later) = core::mem::take(&mut self.planned)
            .into_iter()
            .partition::<Vec<_>, _>(|(at, _)| *at <= now);
        self.planned = later;
        for (_, planned) in due {
            match planned {
                Planned::Report(interface, report) => self.hid(interface).0.push_report(&report),
                Planned::Replug => self.replug(),
            }
        }
    }

    pub(super) fn power_cycle(&mut self) {
        self.engine.power_cycle();
        self.fido.power_cycle();
        self.vendor.power_cycle();
        self.card.power_cycle();
        self.card_resets += 1;
    }

    pub(super) fn replug(&mut self) {
        self.plugged += 1;
        self.power_cycle();
    }

    /// Carries out a removal that a fault asked for.
    pub(super) fn settle(&mut self) {
        if self.engine.take_removed() {
            self.replug();
        }
    }

    pub(super) fn next_opener(&mut self) -> u64 {
        self.openers += 1;
        self.openers
    }
}

/// One key: a handler behind two HID interfaces and a card with two applets. Copies are the same key.
pub struct Device<A> {
    inner: Arc<Mutex<Inner<A>>>,
    ticks: SharedTicks,
}

impl<A> Clone for Device<A> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ticks: Arc::clone(&self.ticks),
        }
    }
}

pub(super) fn lock<A>(inner: &Mutex<Inner<A>>) -> MutexGuard<'_, Inner<A>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A: CtapHandler + Send + 'static> Device<A> {
    /// A key, plugged in.
    pub fn new(handler: A, ticks: impl Ticks + Send + Sync + 'static) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                engine: Engine::new(handler),
                fido: HidDevice::new(Interface::Fido),
                vendor: HidDevice::new(Interface::Vendor),
                card: Card::default(),
                plugged: 0,
                card_resets: 0,
                openers: 0,
                planned: Vec::new(),
            })),
            ticks: Arc::new(ticks),
        }
    }

    /// Opens a HID interface, as one more program.
    #[must_use]
    pub fn hid(&self, interface: Interface) -> MockHid<A> {
        MockHid::open(Arc::clone(&self.inner), Arc::clone(&self.ticks), interface)
    }

    /// Connects to the card, as one more program.
    #[must_use]
    pub fn card(&self) -> MockApdu<A> {
        MockApdu::connect(Arc::clone(&self.inner), Arc::clone(&self.ticks))
    }

    /// Looks at the handler, or changes it; ends the message that runs.
    pub fn with<R>(&self, look: impl FnOnce(&mut A) -> R) -> R {
        look(&mut lock(&self.inner).engine.handler())
    }

    /// Sets what goes wrong in the device.
    pub fn set_faults(&self, faults: DeviceFaults) {
        lock(&self.inner).engine.faults = faults;
    }

    /// Bytes in a HID report, 64 unless set. Interfaces that are open keep the old size in mind.
    pub fn set_report_size(&self, report_size: usize) {
        let mut inner = lock(&self.inner);
        inner.fido.set_report_size(report_size);
        inner.vendor.set_report_size(report_size);
    }

    /// How long a message may wait for its next packet, half a second unless set. For programs that may be held up for
    /// longer between two packets: on a machine that is busy, or while their memory is collected.
    pub fn set_receive_timeout(&self, receive_timeout: Duration) {
        let mut inner = lock(&self.inner);
        inner.fido.set_receive_timeout(receive_timeout);
        inner.vendor.set_receive_timeout(receive_timeout);
    }

    /// CTAP messages that came so far, over all interfaces.
    #[must_use]
    pub fn messages(&self) -> u64 {
        lock(&self.inner).engine.messages()
    }

    /// Whether a message runs, a wait for a touch included.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        lock(&self.inner).engine.owner().is_some()
    }

    /// Out and in again: open handles are dead, what is volatile is gone.
    pub fn replug(&self) {
        lock(&self.inner).replug();
    }

    /// The same, `after` from now.
    pub fn replug_later(&self, after: Duration) {
        let at = self.ticks.now() + after;
        lock(&self.inner).planned.push((at, Planned::Replug));
    }

    /// The device sends a report that nobody asked for, `after` from now, to every program that has the
    /// interface open by then.
    pub fn send_report_later(&self, interface: Interface, report: &[u8], after: Duration) {
        let at = self.ticks.now() + after;
        let planned = Planned::Report(interface, report.to_vec());
        lock(&self.inner).planned.push((at, planned));
    }

    /// Another program resets the card: handles must reconnect, what is volatile is gone.
    pub fn reset_card(&self) {
        lock(&self.inner).power_cycle();
    }

    /// The card is reset, or taken off its reader, while the key has power over USB: handles must reconnect
    /// and select again; what is volatile stays.
    pub fn reset_card_alone(&self) {
        let mut inner = lock(&self.inner);
        if inner.engine.owner().is_some_and(|(_, channel)| channel == 0) {
            inner.engine.abort();
        }
        inner.card.power_cycle();
        inner.card_resets += 1;
    }

    /// Another program selects another applet of the card.
    pub fn deselect_card(&self) {
        lock(&self.inner).card.deselect();
    }
}
