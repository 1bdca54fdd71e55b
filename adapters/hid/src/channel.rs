//! An open HID interface as core's `HidReports`.

use core::time::Duration;
use std::ffi::CString;
use std::time::Instant;

use fido_unlock_host::framing::HidTransport;
use fido_unlock_host::framing::ctaphid::USAGE;
use fido_unlock_host::ports::{HidReports, TransportError};
use getrandom::SysRng;
use hidapi::HidDevice;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{HidError, explain};
use crate::list::{DeviceEntry, hidapi_lock, start};
use crate::report_descriptor::{ReportLayout, report_layout};

/// Longest single wait in the system, so that a cancel or deadline is seen.
const SLICE: Duration = Duration::from_millis(50);
/// Largest report descriptor (`HID_MAX_DESCRIPTOR_SIZE` of the Linux kernel and of hidapi).
const DESCRIPTOR_SIZE: usize = 4096;

/// What is used of `hidapi::HidDevice`.
trait Device: Send {
    fn write(&self, data: &[u8]) -> hidapi::HidResult<usize>;
    fn read_timeout(&self, buffer: &mut [u8], timeout_ms: i32) -> hidapi::HidResult<usize>;
}

impl Device for HidDevice {
    fn write(&self, data: &[u8]) -> hidapi::HidResult<usize> {
        HidDevice::write(self, data)
    }

    fn read_timeout(&self, buffer: &mut [u8], timeout_ms: i32) -> hidapi::HidResult<usize> {
        HidDevice::read_timeout(self, buffer, timeout_ms)
    }
}

/// An open HID interface. Closed when dropped.
pub struct HidChannel {
    device: Box<dyn Device>,
    entry: DeviceEntry,
    layout: ReportLayout,
    /// For the report that goes out; it may hold a Response Code, so it is wiped after each.
    outgoing: Zeroizing<Vec<u8>>,
}

impl HidChannel {
    /// Opens the interface and reads its report descriptor. Without a usable descriptor reports are
    /// taken to be 64 bytes.
    ///
    /// # Errors
    /// [`HidError`], as the operating system refuses.
    pub fn open(entry: &DeviceEntry) -> Result<Self, HidError> {
        let path = CString::new(entry.path.as_str()).map_err(|_| HidError::Gone)?;
        let _one_at_a_time = hidapi_lock();
        let device = start()?
            .open_path(&path)
            .map_err(|error| explain(&error, "hid_open_path", &entry.subject()))?;
        let mut descriptor = [0; DESCRIPTOR_SIZE];
        let layout = device
            .get_report_descriptor(&mut descriptor)
            .ok()
            .and_then(|length| report_layout(descriptor.get(..length)?, entry.usage_page(), USAGE))
            .unwrap_or_default();
        Ok(Self {
            device: Box::new(device),
            entry: entry.clone(),
            layout,
            outgoing: Zeroizing::default(),
        })
    }

    /// What was opened.
    #[must_use]
    pub const fn entry(&self) -> &DeviceEntry {
        &self.entry
    }

    /// Report ID and sizes.
    #[must_use]
    pub const fn layout(&self) -> ReportLayout {
        self.layout
    }

    fn explain(&self, error: &hidapi::HidError, function: &'static str) -> TransportError {
        explain(error, function, &self.entry.subject()).into()
    }
}

impl HidReports for HidChannel {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        // Reserved at once: a buffer that grows would leave a copy behind.
        self.outgoing.reserve_exact(report.len() + 1);
        // hidapi wants the report ID first, also where it is 0 and does not go over the wire.
        self.outgoing.push(self.layout.report_id);
        self.outgoing.extend_from_slice(report);
        let written = self.device.write(&self.outgoing);
        self.outgoing.zeroize();
        let written = written.map_err(|error| self.explain(&error, "hid_write"))?;
        // Windows reports the device's own size, which may be larger.
        if written <= report.len() {
            return Err(TransportError::Failed {
                function: "hid_write",
                value: i64::try_from(written).unwrap_or(-1),
            });
        }
        Ok(())
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        let numbered = self.layout.report_id != 0;
        // The clock is read where others' reports may cut a wait short; else waits are whole.
        let begun = numbered.then(Instant::now);
        let mut left = timeout;
        loop {
            let wait = left.min(SLICE);
            let length = self
                .device
                .read_timeout(report, whole_milliseconds(wait))
                .map_err(|error| self.explain(&error, "hid_read_timeout"))?;
            if length > 0 {
                if !numbered {
                    return Ok(length);
                }
                // A numbered report comes with its ID; those of other collections are not ours.
                if report.first() == Some(&self.layout.report_id) {
                    report.copy_within(1.., 0);
                    return Ok(length - 1);
                }
            }
            left = match begun {
                Some(begun) => timeout.saturating_sub(begun.elapsed()),
                None => left.saturating_sub(wait),
            };
            if left.is_zero() {
                return Ok(0);
            }
        }
    }

    fn report_size(&self) -> usize {
        self.layout.output_size
    }
}

/// hidapi counts in milliseconds; a shorter wait than one must not become a busy loop.
fn whole_milliseconds(wait: Duration) -> i32 {
    i32::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
}

/// Opens `entry` as a transport of CTAP2 messages.
///
/// # Errors
/// As [`HidChannel::open`].
pub fn open(entry: &DeviceEntry) -> Result<HidTransport<HidChannel, SysRng>, HidError> {
    Ok(HidTransport::new(
        HidChannel::open(entry)?,
        SysRng,
        entry.interface,
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use fido_unlock_protocol::Interface;

    use super::*;

    #[derive(Default)]
    struct Log {
        written: Vec<Vec<u8>>,
        waits: Vec<i32>,
        answers: VecDeque<Result<Vec<u8>, &'static str>>,
    }

    #[derive(Clone, Default)]
    struct FakeDevice(Arc<Mutex<Log>>);

    impl Device for FakeDevice {
        fn write(&self, data: &[u8]) -> hidapi::HidResult<usize> {
            self.0.lock().unwrap().written.push(data.to_vec());
            Ok(data.len())
        }

        fn read_timeout(&self, buffer: &mut [u8], timeout_ms: i32) -> hidapi::HidResult<usize> {
            let mut log = self.0.lock().unwrap();
            log.waits.push(timeout_ms);
            match log.answers.pop_front() {
                Some(Ok(bytes)) => {
                    buffer[..bytes.len()].copy_from_slice(&bytes);
                    Ok(bytes.len())
                }
                Some(Err(message)) => Err(hidapi::HidError::HidApiError {
                    message: message.to_owned(),
                }),
                None => {
                    drop(log);
                    std::thread::sleep(Duration::from_millis(u64::try_from(timeout_ms).unwrap()));
                    Ok(0)
                }
            }
        }
    }

    fn channel(report_id: u8, size: usize) -> (HidChannel, FakeDevice) {
        let device = FakeDevice::default();
        let channel = HidChannel {
            device: Box::new(device.clone()),
            entry: DeviceEntry {
                name: "".into(),
                path: "no-such-device".to_owned(),
                interface: Interface::Fido,
                vendor_id: 0,
                product_id: 0,
                serial: None,
                port: None,
                access: Ok(()),
            },
            layout: ReportLayout {
                report_id,
                input_size: size,
                output_size: size,
            },
            outgoing: Zeroizing::default(),
        };
        (channel, device)
    }

    #[test]
    fn a_report_of_64_bytes_goes_out_as_65_with_a_leading_zero() {
        let (mut channel, device) = channel(0, 64);
        channel.write_report(&[0xA5; 64]).unwrap();
        let written = device.0.lock().unwrap().written.clone();
        assert_eq!(written.len(), 1);
        assert_eq!(written[0].len(), 65);
        assert_eq!(written[0][0], 0);
        assert_eq!(written[0][1..], [0xA5; 64]);
    }

    #[test]
    fn the_size_is_the_descriptors() {
        for size in [62, 64, 512] {
            assert_eq!(channel(0, size).0.report_size(), size);
        }
    }

    #[test]
    fn no_wait_is_longer_than_50_ms_nor_shorter_than_a_millisecond() {
        let (mut channel, device) = channel(0, 64);
        let mut report = [0; 64];
        let nothing = || Ok(Vec::new());
        let answers = [nothing(), nothing(), Ok(vec![7])];
        device.0.lock().unwrap().answers.extend(answers);
        let length = channel.read_report(&mut report, Duration::from_secs(60)).unwrap();
        assert_eq!((length, report[0]), (1, 7));
        assert_eq!(device.0.lock().unwrap().waits, [50, 50, 50]);
        assert_eq!(channel.read_report(&mut report, Duration::from_millis(10)), Ok(0));
        assert_eq!(whole_milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(whole_milliseconds(Duration::ZERO), 0);
    }

    #[test]
    fn numbered_reports_lose_their_number_and_others_are_dropped() {
        let (mut channel, device) = channel(7, 64);
        device
            .0
            .lock()
            .unwrap()
            .answers
            .extend([Ok(vec![3, 9, 9]), Ok(vec![7, 1, 2])]);
        let mut report = [0; 64];
        let length = channel.read_report(&mut report, Duration::from_secs(1)).unwrap();
        assert_eq!(report[..length], [1, 2]);
        channel.write_report(&[5; 64]).unwrap();
        assert_eq!(device.0.lock().unwrap().written[0][..2], [7, 5]);
    }

    #[test]
    fn a_pulled_device_is_gone() {
        let (mut channel, device) = channel(0, 64);
        device.0.lock().unwrap().answers.extend([
            Err("hid_read_timeout: unexpected poll error (device disconnected)"),
            Err("anything, for the path is not there any more"),
        ]);
        for _ in 0..2 {
            let result = channel.read_report(&mut [0; 64], Duration::from_millis(10));
            assert_eq!(result, Err(TransportError::Gone));
        }
    }
}
