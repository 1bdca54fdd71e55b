//! Pipes of a host keep the contracts of core's ports, with the mock as the host's part.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::framing::nfc::{ApduCommand, CLASS_CTAP, FIDO_AID, instruction};
use fido_unlock::host::ports::{ApduChannel as _, HidReports as _, TransportError};
use fido_unlock::host::{ports, testing};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::{Device, DeviceFaults, EchoHandler, MockApdu, MockHid};
use testing::{CardBench, Echo, HidBench};

use super::{ApduChannel, HidReports, HostApdu, HostHid, PipeError};

impl From<TransportError> for PipeError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Gone => Self::Gone,
            TransportError::CardReset => Self::CardReset,
            TransportError::Busy => Self::Busy,
            TransportError::DeadlineExceeded => Self::TimedOut,
            _ => Self::Failed { code: 0 },
        }
    }
}

/// What the host keeps behind its object.
struct Host<T>(Mutex<T>);

impl<T> Host<T> {
    fn new(handle: T) -> Arc<Self> {
        Arc::new(Self(Mutex::new(handle)))
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

fn milliseconds(timeout_ms: u32) -> Duration {
    Duration::from_millis(timeout_ms.into())
}

impl HidReports for Host<MockHid<EchoHandler>> {
    fn write_report(&self, report: Vec<u8>) -> Result<(), PipeError> {
        Ok(self.lock().write_report(&report)?)
    }

    fn read_report(&self, timeout_ms: u32) -> Result<Vec<u8>, PipeError> {
        let mut report = vec![0; 1024];
        let length = self.lock().read_report(&mut report, milliseconds(timeout_ms))?;
        report.truncate(length);
        Ok(report)
    }

    fn report_size(&self) -> Result<u32, PipeError> {
        Ok(u32::try_from(self.lock().report_size()).unwrap())
    }
}

impl ApduChannel for Host<MockApdu<EchoHandler>> {
    fn transmit(&self, apdu: Vec<u8>, timeout_ms: u32) -> Result<Vec<u8>, PipeError> {
        match self.lock().transmit(&apdu, milliseconds(timeout_ms)) {
            // As Android's IsoDep and pcscd do it: a response of nothing.
            Err(TransportError::Gone) => Ok(Vec::new()),
            result => Ok(result?),
        }
    }

    fn extended_length(&self) -> Result<bool, PipeError> {
        Ok(self.lock().extended_length())
    }

    fn begin_transaction(&self, timeout_ms: u32) -> Result<(), PipeError> {
        Ok(self.lock().begin_transaction(milliseconds(timeout_ms))?)
    }

    fn end_transaction(&self) -> Result<(), PipeError> {
        self.lock().end_transaction();
        Ok(())
    }

    fn reconnect(&self, timeout_ms: u32) -> Result<(), PipeError> {
        Ok(self.lock().reconnect(milliseconds(timeout_ms))?)
    }
}

struct Bench {
    device: Device<EchoHandler>,
    card: Option<Arc<Host<MockApdu<EchoHandler>>>>,
}

fn bench() -> (Bench, TestTicks) {
    let ticks = TestTicks::new();
    let bench = Bench {
        device: Device::new(EchoHandler::default(), ticks.clone()),
        card: None,
    };
    (bench, ticks)
}

impl HidBench for Bench {
    fn open(&mut self) -> Result<Box<dyn ports::HidReports>, TransportError> {
        let pipe = HostHid::open(Host::new(self.device.hid(Interface::Fido)))?;
        Ok(Box::new(pipe))
    }

    fn send(&mut self, report: &[u8], after: Duration) -> bool {
        self.device.send_report_later(Interface::Fido, report, after);
        true
    }

    fn pull(&mut self, after: Duration) -> bool {
        self.device.replug_later(after);
        true
    }
}

impl CardBench for Bench {
    fn open(&mut self) -> Result<Box<dyn ports::ApduChannel>, TransportError> {
        let card = Host::new(self.device.card());
        self.card = Some(Arc::clone(&card));
        Ok(Box::new(HostApdu::open(card)?))
    }

    fn select(&self) -> Option<Vec<u8>> {
        Some([&[0x00, 0xA4, 4, 0, 8][..], &FIDO_AID, &[0]].concat())
    }

    fn echo(&self, data: &[u8]) -> Echo {
        let extended = data.len() > 255;
        let command = ApduCommand {
            class: CLASS_CTAP,
            instruction: instruction::MSG,
            p1: 0,
            p2: 0,
            data,
            expected: Some(if extended { 65_536 } else { 256 }),
            extended,
        };
        Echo {
            command: command.encode().unwrap().to_vec(),
            response: [&EchoHandler::answer(data)[..], &[0x90, 0x00]].concat(),
        }
    }

    fn delay(&mut self, by: Duration) -> bool {
        self.device.set_faults(DeviceFaults {
            keepalives: u32::try_from(by.as_millis() / 100).unwrap(),
            ..DeviceFaults::default()
        });
        true
    }

    fn take_during_next(&mut self) -> bool {
        self.device.set_faults(DeviceFaults {
            remove_before_message: Some(self.device.messages()),
            ..DeviceFaults::default()
        });
        true
    }

    fn take(&mut self) -> bool {
        self.device.replug();
        true
    }

    fn reset(&mut self) -> bool {
        self.device.reset_card();
        true
    }

    fn is_kept_out(&mut self) -> Option<bool> {
        self.card.as_ref().map(|card| card.lock().is_in_transaction())
    }
}

#[test]
fn a_hid_pipe_keeps_its_contract() {
    let (mut bench, ticks) = bench();
    let checked = testing::hid_reports(&mut bench, &ticks).unwrap();
    assert_eq!(checked.left_out, [""; 0]);
}

#[test]
fn an_apdu_pipe_keeps_its_contract() {
    let (mut bench, ticks) = bench();
    let checked = testing::apdu_channel(&mut bench, &ticks).unwrap();
    assert_eq!(checked.left_out, ["a cancel"]);
}
