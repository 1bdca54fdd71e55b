//! The contract suites of core over the kernel's hidraw.

use std::thread::JoinHandle;
use std::time::Duration;

use fido_unlock_hid::{DeviceEntry, HidChannel, open};
use fido_unlock_host::ports::{HidReports, SystemTicks, Transport, TransportError};
use fido_unlock_host::testing::{self, Exchange, HidBench, TransportBench};
use fido_unlock_mock::framing::{Device, DeviceFaults, EchoHandler};
use fido_unlock_protocol::Interface;

use super::uhid::UhidKey;
use super::{devices, eventually};

/// uhid keeps 32 reports for the device and hidraw 64 for the program, and both drop what is more: unlike USB
/// they go as fast as they can.
const LONGEST_ECHO: usize = 1500;

struct Bench {
    device: Device<EchoHandler>,
    interface: Interface,
    size: u16,
    plugged: Option<UhidKey>,
    pulling: Option<JoinHandle<()>>,
}

impl Bench {
    fn new(interface: Interface, size: u16) -> Self {
        Self {
            device: Device::new(EchoHandler::default(), SystemTicks::new()),
            interface,
            size,
            plugged: None,
            pulling: None,
        }
    }

    fn entry(&mut self) -> DeviceEntry {
        if let Some(pulling) = self.pulling.take() {
            pulling.join().unwrap();
        }
        if self.plugged.is_none() {
            devices(0);
            // Ends what ran on the device when it was pulled.
            self.device.set_faults(DeviceFaults::default());
            self.device.with(|_| ());
            self.plugged = Some(UhidKey::plug(&self.device, self.interface, self.size, ""));
        }
        devices(1).remove(0)
    }

    fn pull_when(&mut self, wait: impl FnOnce() + Send + 'static) {
        let plugged = self.plugged.take();
        self.pulling = Some(std::thread::spawn(move || {
            wait();
            drop(plugged);
        }));
    }
}

impl HidBench for Bench {
    fn open(&mut self) -> Result<Box<dyn HidReports>, TransportError> {
        Ok(Box::new(HidChannel::open(&self.entry())?))
    }

    fn send(&mut self, report: &[u8], after: Duration) -> bool {
        self.device.send_report_later(self.interface, report, after);
        true
    }

    fn pull(&mut self, after: Duration) -> bool {
        if after.is_zero() {
            self.plugged = None;
        } else {
            self.pull_when(move || std::thread::sleep(after));
        }
        true
    }
}

pub fn reports() {
    for (interface, size) in [(Interface::Fido, 64), (Interface::Vendor, 62)] {
        let mut bench = Bench::new(interface, size);
        let checked = testing::hid_reports(&mut bench, &SystemTicks::new()).unwrap();
        assert_eq!(checked.left_out, [""; 0]);
        // Pulled as the suite ended.
        let _ = bench.entry();
    }
}

struct Messages(Bench);

impl TransportBench for Messages {
    fn open(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(open(&self.0.entry())?))
    }

    fn interface(&self) -> Interface {
        self.0.interface
    }

    fn longest(&self) -> usize {
        7609
    }

    fn exchange(&self, length: usize, seed: u8) -> Option<Exchange> {
        let mut message = vec![0x55];
        message.extend((1..length).map(|at| (at % 251) as u8 ^ seed));
        (length <= LONGEST_ECHO).then(|| Exchange {
            answer: EchoHandler::answer(&message),
            message,
        })
    }

    fn messages(&mut self) -> Option<u64> {
        Some(self.0.device.messages())
    }

    fn delay(&mut self, by: Duration) -> bool {
        self.0.device.set_faults(DeviceFaults {
            keepalives: u32::try_from(by.as_millis() / 100).unwrap(),
            ..DeviceFaults::default()
        });
        true
    }

    fn answer_nothing(&mut self) -> bool {
        self.0.device.with(|handler| handler.answer_nothing = true);
        true
    }

    fn pull_during_next(&mut self) -> bool {
        let (device, before) = (self.0.device.clone(), self.0.device.messages());
        self.delay(Duration::from_secs(90));
        self.0.pull_when(move || {
            eventually("a message", || (device.messages() > before).then_some(()));
        });
        true
    }
}

pub fn messages() {
    for interface in [Interface::Fido, Interface::Vendor] {
        let mut bench = Messages(Bench::new(interface, 64));
        let checked = testing::transport(&mut bench, &SystemTicks::new()).unwrap();
        assert_eq!(checked.left_out, [""; 0]);
    }
}
