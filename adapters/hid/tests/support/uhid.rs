//! A device of the mock as a HID device of the kernel, over `/dev/uhid`
//! (Documentation/hid/uhid.rst, include/uapi/linux/uhid.h).

use std::fs::File;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fido_unlock_host::ports::HidReports;
use fido_unlock_mock::framing::{CtapHandler, Device, MockHid};
use fido_unlock_protocol::Interface;

const DESTROY: u32 = 1;
const STOP: u32 = 3;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;
const DATA_MAX: usize = 4096;
const EVENT_SIZE: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + DATA_MAX;

/// A report descriptor with one input and one output report of `size` bytes.
pub fn descriptor(usage_page: u16, size: u16) -> Vec<u8> {
    let mut bytes = vec![0x06];
    bytes.extend(usage_page.to_le_bytes());
    bytes.extend([0x09, 0x01, 0xA1, 0x01]);
    for (usage, main) in [(0x20, 0x81), (0x21, 0x91)] {
        bytes.extend([0x09, usage, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x96]);
        bytes.extend(size.to_le_bytes());
        bytes.extend([main, 0x02]);
    }
    bytes.push(0xC0);
    bytes
}

/// Plugs an interface in. Reports come from the file ([`next_output`]) and go into it ([`input`]).
pub fn create(interface: Interface, size: u16, serial: &str) -> File {
    let mut file = File::options().read(true).write(true).open("/dev/uhid").unwrap();
    let usage_page = match interface {
        Interface::Fido => 0xF1D0,
        Interface::Vendor => 0xFF55,
    };
    let descriptor = descriptor(usage_page, size);
    let mut event = Vec::with_capacity(EVENT_SIZE);
    event.extend(CREATE2.to_ne_bytes());
    for (text, length) in [("Virtual key", 128), ("", 64), (serial, 64)] {
        let mut field = text.as_bytes().to_vec();
        field.resize(length, 0);
        event.extend(field);
    }
    event.extend(u16::try_from(descriptor.len()).unwrap().to_ne_bytes());
    event.extend(3u16.to_ne_bytes()); // BUS_USB
    for number in [0x1209u32, 0xF1D0, 0, 0] {
        event.extend(number.to_ne_bytes());
    }
    event.extend(descriptor);
    event.resize(EVENT_SIZE, 0);
    file.write_all(&event).unwrap();
    file
}

/// The next report of the host, without its report ID; `None` when nobody will send any more.
pub fn next_output(file: &mut File) -> Option<Vec<u8>> {
    let mut event = [0; EVENT_SIZE];
    while file.read(&mut event).is_ok_and(|length| length >= 4) {
        match u32::from_ne_bytes(event[..4].try_into().unwrap()) {
            OUTPUT => {
                let size = u16::from_ne_bytes(event[4 + DATA_MAX..][..2].try_into().unwrap());
                // The report ID comes first, 0 as there is none.
                let data = &event[4..4 + usize::from(size)];
                assert_eq!(data[0], 0);
                return Some(data[1..].to_vec());
            }
            STOP => return None,
            _ => {}
        }
    }
    None
}

/// Gives the host a report.
pub fn input(file: &mut File, report: &[u8]) -> std::io::Result<()> {
    let mut event = INPUT2.to_ne_bytes().to_vec();
    event.extend(u16::try_from(report.len()).unwrap().to_ne_bytes());
    event.extend(report);
    file.write_all(&event)
}

/// One HID interface, plugged in; pulled when dropped.
pub struct UhidKey {
    file: File,
    ended: Arc<AtomicBool>,
}

impl UhidKey {
    /// Plugs an interface of `key` in.
    pub fn plug<A: CtapHandler + Send + 'static>(
        key: &Device<A>,
        interface: Interface,
        size: u16,
        serial: &str,
    ) -> Self {
        let file = create(interface, size, serial);
        key.set_report_size(size.into());
        let reports = Arc::new(Mutex::new(key.hid(interface)));
        let ended = Arc::new(AtomicBool::new(false));
        let (from_host, to_device) = (file.try_clone().unwrap(), Arc::clone(&reports));
        std::thread::spawn(move || host_to_device(from_host, &to_device));
        let (to_host, flag) = (file.try_clone().unwrap(), Arc::clone(&ended));
        std::thread::spawn(move || device_to_host(to_host, &reports, &flag));
        Self { file, ended }
    }
}

impl Drop for UhidKey {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        let _ = self.file.write_all(&DESTROY.to_ne_bytes());
    }
}

fn host_to_device<A: CtapHandler + Send + 'static>(mut file: File, reports: &Mutex<MockHid<A>>) {
    while let Some(report) = next_output(&mut file) {
        reports.lock().unwrap().write_report(&report).unwrap();
    }
}

fn device_to_host<A: CtapHandler + Send + 'static>(
    mut file: File,
    reports: &Mutex<MockHid<A>>,
    ended: &AtomicBool,
) {
    let mut report = [0; DATA_MAX];
    while !ended.load(Ordering::Acquire) {
        let length = reports
            .lock()
            .unwrap()
            .read_report(&mut report, Duration::ZERO)
            .unwrap();
        if length > 0 {
            if input(&mut file, &report[..length]).is_err() {
                return;
            }
        } else {
            // Without the lock, which is the other direction's then.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
