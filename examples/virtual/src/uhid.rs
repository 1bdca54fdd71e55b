//! HID devices of the kernel over `/dev/uhid` (Documentation/hid/uhid.rst, include/uapi/linux/uhid.h).

use core::time::Duration;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use fido_unlock_host::framing::ctaphid::{FIDO_USAGE_PAGE, VENDOR_USAGE_PAGE, command, packet};
use fido_unlock_host::ports::HidReports;
use fido_unlock_protocol::Interface;

use crate::key::{Authenticator, Key, Port, random};
use fido_unlock_mock::framing::{DeviceFaults, MockHid};

const DESTROY: u32 = 1;
const STOP: u32 = 3;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;
const BUS_USB: u16 = 3;
const DATA_MAX: usize = 4096;
/// Type; name, phys, uniq; descriptor's length, bus; vendor, product, version, country; descriptor.
const EVENT_SIZE: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + DATA_MAX;
const VENDOR_ID: u32 = 0x1209;
const PRODUCT_ID: u32 = 0xF1D0;
const NAME: &str = "Virtual key";
/// Between two looks for keep-alives and answers that are late.
const TICK: Duration = Duration::from_millis(5);
/// Reports of the last answer that are kept.
const KEPT: usize = 256;
/// Somebody else's channel: far from those that the device gives.
const FOREIGN_CHANNEL: u32 = 0x7E57_0001;

/// What the device looks like.
pub(crate) struct Shape {
    pub(crate) serial: String,
    pub(crate) report_size: u16,
    pub(crate) vendor: bool,
}

/// The key, with its interfaces while it is plugged in.
pub(crate) struct HidKey {
    key: Arc<Key>,
    shape: Shape,
    plugged: Mutex<Vec<Arc<Plugged>>>,
    itself: Weak<Self>,
}

/// One interface.
struct Plugged {
    file: File,
    ended: AtomicBool,
    line: Mutex<Line>,
}

/// From the device to the host.
struct Line {
    reports: MockHid<Authenticator>,
    /// What was sent since the host last sent something.
    last: Vec<Vec<u8>>,
    /// Pulled: not even the rest of an answer comes.
    dead: bool,
}

/// The key was pulled, or the kernel does not listen.
struct Ended;

/// The descriptor of CTAP 2.1 §11.2.8.1 with another usage page and report size.
fn descriptor(usage_page: u16, report_size: u16) -> Vec<u8> {
    let mut bytes = vec![0x06];
    bytes.extend(usage_page.to_le_bytes());
    bytes.extend([0x09, 0x01, 0xA1, 0x01]);
    for (usage, main) in [(0x20, 0x81), (0x21, 0x91)] {
        bytes.extend([0x09, usage, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x96]);
        bytes.extend(report_size.to_le_bytes());
        bytes.extend([main, 0x02]);
    }
    bytes.push(0xC0);
    bytes
}

fn create_event(usage_page: u16, shape: &Shape) -> Vec<u8> {
    let descriptor = descriptor(usage_page, shape.report_size);
    let mut event = Vec::with_capacity(EVENT_SIZE);
    event.extend(CREATE2.to_ne_bytes());
    for (text, length) in [(NAME, 128), ("", 64), (&*shape.serial, 64)] {
        let mut field = text.as_bytes().to_vec();
        // One byte at least stays zero.
        field.truncate(length - 1);
        field.resize(length, 0);
        event.extend(field);
    }
    event.extend(u16::try_from(descriptor.len()).unwrap_or_default().to_ne_bytes());
    event.extend(BUS_USB.to_ne_bytes());
    for number in [VENDOR_ID, PRODUCT_ID, 0, 0] {
        event.extend(number.to_ne_bytes());
    }
    event.extend(descriptor);
    event.resize(EVENT_SIZE, 0);
    event
}

/// The report in a UHID_OUTPUT event, without the report ID (0) in front of it.
fn output_report(event: &[u8]) -> Option<&[u8]> {
    let (data, rest) = event.split_at_checked(DATA_MAX)?;
    let size = u16::from_ne_bytes(*rest.first_chunk()?);
    data.get(1..size.into())
}

impl HidKey {
    pub(crate) fn new(key: Arc<Key>, shape: Shape) -> Arc<Self> {
        key.device.set_report_size(shape.report_size.into());
        Arc::new_cyclic(|itself| Self {
            key,
            shape,
            plugged: Mutex::default(),
            itself: itself.clone(),
        })
    }

    fn plugged(&self) -> MutexGuard<'_, Vec<Arc<Plugged>>> {
        self.plugged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plug(&self, interface: Interface) -> std::io::Result<Arc<Plugged>> {
        let path = "/dev/uhid";
        let opened = File::options().read(true).write(true).open(path);
        let mut file =
            opened.map_err(|error| std::io::Error::new(error.kind(), format!("{path}: {error}")))?;
        let usage_page = match interface {
            Interface::Fido => FIDO_USAGE_PAGE,
            Interface::Vendor => VENDOR_USAGE_PAGE,
        };
        file.write_all(&create_event(usage_page, &self.shape))?;
        let plugged = self.over(file, interface);
        for run in [Self::take_from_host, Self::give_to_host] {
            let (key, line) = (self.itself.clone(), Arc::clone(&plugged));
            std::thread::Builder::new().spawn(move || {
                if let Some(key) = key.upgrade()
                    && let Err(Ended) = run(&key, &line)
                {
                    key.pulled(&line);
                }
            })?;
        }
        Ok(plugged)
    }

    /// An interface that the kernel has by this file.
    fn over(&self, file: File, interface: Interface) -> Arc<Plugged> {
        Arc::new(Plugged {
            file,
            ended: AtomicBool::new(false),
            line: Mutex::new(Line {
                reports: self.key.device.hid(interface),
                last: Vec::new(),
                dead: false,
            }),
        })
    }

    /// This interface is at its end, and so are those that are plugged in with it; what was put in
    /// again since stays.
    fn pulled(&self, interface: &Arc<Plugged>) {
        let mut plugged = self.plugged();
        if plugged.iter().any(|other| Arc::ptr_eq(other, interface)) {
            self.unplug(&mut plugged);
        }
    }

    fn unplug(&self, plugged: &mut Vec<Arc<Plugged>>) {
        for interface in plugged.drain(..) {
            interface.ended.store(true, Ordering::Release);
            // Refused where the kernel has destroyed it already.
            let _ = (&interface.file).write_all(&DESTROY.to_ne_bytes());
        }
        self.key.usb_left();
    }

    fn take_from_host(&self, plugged: &Plugged) -> Result<(), Ended> {
        let mut event = [0; EVENT_SIZE];
        loop {
            let length = (&plugged.file).read(&mut event).map_err(|_| Ended)?;
            let (kind, rest) = event
                .get(..length)
                .and_then(<[u8]>::split_first_chunk)
                .ok_or(Ended)?;
            match u32::from_ne_bytes(*kind) {
                OUTPUT => {
                    let report = output_report(rest).ok_or(Ended)?;
                    let mut line = plugged.line();
                    self.pass(&mut line, report)?;
                    line.last.clear();
                    // A report of another size is the host's mistake, and lost.
                    let _ = line.reports.write_report(report);
                    self.send(plugged, &mut line)?;
                }
                STOP => return Err(Ended),
                _ => {}
            }
        }
    }

    fn give_to_host(&self, plugged: &Plugged) -> Result<(), Ended> {
        while !plugged.ended.load(Ordering::Acquire) {
            self.send(plugged, &mut plugged.line())?;
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    /// Everything that the device has to say by now.
    fn send(&self, plugged: &Plugged, line: &mut Line) -> Result<(), Ended> {
        let mut report = [0; DATA_MAX];
        loop {
            let length = line
                .reports
                .read_report(&mut report, Duration::ZERO)
                .map_err(|_| Ended)?;
            let report = report.get_mut(..length).ok_or(Ended)?;
            if report.is_empty() {
                return Ok(());
            }
            let faults = self.key.faults().clone();
            if faults.silent {
                continue;
            }
            if faults.foreign {
                for (code, data) in [(command::KEEPALIVE, &[2][..]), (command::CBOR, &[0x31])] {
                    if let Some(foreign) = packet(FOREIGN_CHANNEL, code, data, 0, length) {
                        self.pass(line, &foreign)?;
                        plugged.emit(&foreign)?;
                    }
                }
            }
            if faults.garbage {
                // The channel stays, so that it is not taken for somebody else's.
                let garbage: [u8; 60] = random();
                let behind = report.iter_mut().skip(4);
                behind.zip(garbage).for_each(|(to, from)| *to = from);
            }
            if line.last.len() < KEPT {
                line.last.push(report.to_vec());
            }
            self.pass(line, report)?;
            plugged.emit(report)?;
        }
    }

    /// Lets a report pass, either way, unless the key is pulled before its end.
    fn pass(&self, line: &mut Line, report: &[u8]) -> Result<(), Ended> {
        line.dead |= self.key.burn(report.len());
        if line.dead { Err(Ended) } else { Ok(()) }
    }
}

impl Plugged {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, report: &[u8]) -> Result<(), Ended> {
        let mut event = INPUT2.to_ne_bytes().to_vec();
        event.extend(u16::try_from(report.len()).unwrap_or_default().to_ne_bytes());
        event.extend(report);
        (&self.file).write_all(&event).map_err(|_| Ended)
    }
}

impl Port for HidKey {
    fn key(&self) -> &Key {
        &self.key
    }

    fn insert(&self) -> std::io::Result<()> {
        let mut plugged = self.plugged();
        if plugged.is_empty() {
            self.key.usb_came();
            plugged.push(self.plug(Interface::Fido)?);
            if self.shape.vendor {
                plugged.push(self.plug(Interface::Vendor)?);
            }
        }
        Ok(())
    }

    fn remove(&self) {
        self.unplug(&mut self.plugged());
    }

    fn state(&self) -> &'static str {
        if self.plugged().is_empty() {
            "removed"
        } else {
            "inserted"
        }
    }

    fn faults_changed(&self) {
        self.key.device.set_faults(DeviceFaults {
            latency: self.key.faults().slow,
            ..DeviceFaults::default()
        });
    }

    fn stale(&self) {
        for plugged in &*self.plugged() {
            let line = plugged.line();
            for report in &line.last {
                // A pulled key sends nothing.
                let _ = plugged.emit(report);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_create_event_has_the_kernels_layout() {
        let shape = Shape {
            serial: "S".repeat(100),
            report_size: 64,
            vendor: true,
        };
        let event = create_event(0xF1D0, &shape);
        assert_eq!(event.len(), 4376);
        assert_eq!(event[..4], 11u32.to_ne_bytes());
        assert!(event[4..].starts_with(b"Virtual key\0"));
        assert_eq!(event[4 + 128 + 64 + 62..][..2], *b"S\0");
        assert_eq!(
            event[260..264],
            [36u16.to_ne_bytes(), 3u16.to_ne_bytes()].concat()
        );
        assert_eq!(event[280..][..7], [0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01]);
    }

    #[test]
    fn a_thread_that_ends_late_does_not_pull_the_key_that_was_put_in_again() {
        let folder = tempfile::tempdir().unwrap();
        let shape = Shape {
            serial: String::new(),
            report_size: 64,
            vendor: true,
        };
        let hid = HidKey::new(Key::in_file(&folder.path().join("key")).unwrap(), shape);
        let plug = || {
            // Files in the place of /dev/uhid.
            let both = [Interface::Fido, Interface::Vendor]
                .map(|interface| hid.over(tempfile::tempfile().unwrap(), interface));
            hid.plugged().extend(both.clone());
            both
        };
        let before = plug();
        hid.remove();
        assert_eq!(hid.state(), "removed");
        let now = plug();
        for interface in &before {
            hid.pulled(interface);
        }
        assert_eq!(hid.state(), "inserted");
        assert!(
            now.iter()
                .all(|interface| !interface.ended.load(Ordering::Acquire))
        );
        // Its own end is that of both its interfaces.
        hid.pulled(&now[1]);
        assert_eq!(hid.state(), "removed");
        assert!(
            now.iter()
                .all(|interface| interface.ended.load(Ordering::Acquire))
        );
    }

    #[test]
    fn an_output_event_is_read_without_its_report_id() {
        let mut event = vec![0; DATA_MAX + 3];
        event[..3].copy_from_slice(&[0, 7, 8]);
        event[DATA_MAX..][..2].copy_from_slice(&3u16.to_ne_bytes());
        assert_eq!(output_report(&event), Some(&[7, 8][..]));
        event[DATA_MAX..][..2].copy_from_slice(&5000u16.to_ne_bytes());
        assert_eq!(output_report(&event), None);
        assert_eq!(output_report(&event[..9]), None);
    }
}
