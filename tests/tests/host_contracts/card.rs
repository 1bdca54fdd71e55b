//! `ApduChannel`: the mock, one that gives up on a cancel, and wrong ones.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fido_unlock::host::framing::nfc::{ApduCommand, CLASS_CTAP, FIDO_AID, instruction};
use fido_unlock::host::ports::{ApduChannel, Cancel, Ticks, TransportError};
use fido_unlock::host::testing::{CardBench, Echo, apdu_channel};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::{Device, DeviceFaults, EchoHandler, MockApdu};

use crate::{assert_found, assert_kept};

const HOUR: Duration = Duration::from_secs(3600);
const A_KEEPALIVE: Duration = Duration::from_millis(100);

/// What an adapter does, and does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Mock,
    /// A right one that gives up on a cancel.
    GivesUp,
    /// A response to the command before, which was given up.
    Stale,
    /// pcscd's success of no bytes, when the card is taken out during a command.
    EmptyIsSuccess,
    /// The same as any failure.
    GoneIsFailed,
    /// A response buffer of 258 bytes, for extended APDUs too.
    ShortBuffer,
    /// The buffer's rest comes along.
    LongBuffer,
    /// The reader's own time-out counts, not the caller's.
    IgnoresTimeout,
    /// Seconds for milliseconds: everything is too late at once.
    TooShort,
    /// A command whose time is over is a card that is gone.
    LateIsGone,
    /// Connects again by itself after a reset, and sends the command once more.
    HidesReset,
    /// Cannot be connected again.
    NeverReconnects,
    /// The end of the transaction is forgotten.
    HoldsTransaction,
    /// There is no transaction.
    NoTransaction,
    /// The channel that was dropped is still in its transaction.
    DropsHeld,
    /// Looks at the cancel flag once, at the start.
    LooksOnce,
    /// Takes the next card for the one that was taken out.
    NextCard,
}

/// The handle and what of it the bench looks at.
type Shared = Arc<Mutex<MockApdu<EchoHandler>>>;

struct Adapter {
    device: Device<EchoHandler>,
    ticks: TestTicks,
    handle: Shared,
    kind: Kind,
    late: Option<Vec<u8>>,
}

impl Adapter {
    /// The virtual clock stands still unless somebody waits: the wait is the mock's, in slices.
    fn wait(&self, cancel: &dyn Cancel, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        let until = self.ticks.now() + timeout;
        loop {
            let left = until.saturating_sub(self.ticks.now());
            let slice = left.min(Duration::from_millis(50));
            match self.handle.lock().unwrap().transmit(apdu, slice) {
                Err(TransportError::DeadlineExceeded) if cancel.is_cancelled() => {
                    return Err(TransportError::Cancelled);
                }
                Err(TransportError::DeadlineExceeded) if self.ticks.now() < until => {}
                result => return result,
            }
        }
    }
}

impl ApduChannel for Adapter {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        if self.kind == Kind::Stale
            && let Some(late) = self.late.take()
        {
            return Ok(late);
        }
        let timeout = match self.kind {
            Kind::IgnoresTimeout => HOUR,
            Kind::TooShort => timeout / 1000,
            _ => timeout,
        };
        let mut handle = self.handle.lock().unwrap();
        match (self.kind, handle.transmit(apdu, timeout)) {
            (Kind::Stale, Err(TransportError::DeadlineExceeded)) => {
                let data = ApduCommand::parse(apdu).unwrap().data;
                self.late = Some([&EchoHandler::answer(data)[..], &[0x90, 0x00]].concat());
                Err(TransportError::DeadlineExceeded)
            }
            (Kind::EmptyIsSuccess, Err(TransportError::Gone)) => Ok(Vec::new()),
            (Kind::GoneIsFailed, Err(TransportError::Gone)) => Err(TransportError::Failed {
                function: "SCardTransmit",
                value: 0x8010_0016,
            }),
            (Kind::LateIsGone, Err(TransportError::DeadlineExceeded)) => Err(TransportError::Gone),
            (Kind::ShortBuffer, Ok(mut response)) => {
                response.truncate(258);
                Ok(response)
            }
            (Kind::LongBuffer, Ok(mut response)) if apdu[1] == instruction::MSG => {
                response.resize(response.len().max(258), 0);
                Ok(response)
            }
            (Kind::HidesReset, Err(TransportError::CardReset)) => {
                handle.reconnect(timeout)?;
                handle.transmit(apdu, timeout)
            }
            (Kind::NextCard, Err(TransportError::Gone)) => {
                let mut next = self.device.card();
                std::mem::swap(&mut *handle, &mut next);
                Err(TransportError::Gone)
            }
            (_, result) => result,
        }
    }

    fn transmit_unless(
        &mut self,
        cancel: &dyn Cancel,
        apdu: &[u8],
        timeout: Duration,
    ) -> Result<Vec<u8>, TransportError> {
        match self.kind {
            Kind::GivesUp => self.wait(cancel, apdu, timeout),
            Kind::LooksOnce if cancel.is_cancelled() => Err(TransportError::Cancelled),
            _ => self.transmit(apdu, timeout),
        }
    }

    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        let mut handle = self.handle.lock().unwrap();
        match (self.kind, handle.begin_transaction(timeout)) {
            (Kind::NoTransaction, Ok(())) => {
                handle.end_transaction();
                Ok(())
            }
            (Kind::HidesReset, Err(TransportError::CardReset)) => handle.reconnect(timeout),
            (_, result) => result,
        }
    }

    fn end_transaction(&mut self) {
        if self.kind != Kind::HoldsTransaction {
            self.handle.lock().unwrap().end_transaction();
        }
    }

    fn reconnect(&mut self, timeout: Duration) -> Result<(), TransportError> {
        if self.kind == Kind::NeverReconnects {
            return Err(TransportError::Gone);
        }
        self.handle.lock().unwrap().reconnect(timeout)
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        if self.kind != Kind::DropsHeld {
            self.handle.lock().unwrap().end_transaction();
        }
    }
}

struct Bench {
    device: Device<EchoHandler>,
    ticks: TestTicks,
    kind: Kind,
    /// The latest.
    handle: Option<Shared>,
}

fn bench(kind: Kind) -> Bench {
    let ticks = TestTicks::new();
    Bench {
        device: Device::new(EchoHandler::default(), ticks.clone()),
        ticks,
        kind,
        handle: None,
    }
}

impl Bench {
    fn faults(&self, faults: DeviceFaults) -> bool {
        self.device.set_faults(faults);
        true
    }
}

impl CardBench for Bench {
    fn open(&mut self) -> Result<Box<dyn ApduChannel>, TransportError> {
        let handle = Arc::new(Mutex::new(self.device.card()));
        self.handle = Some(Arc::clone(&handle));
        Ok(Box::new(Adapter {
            device: self.device.clone(),
            ticks: self.ticks.clone(),
            handle,
            kind: self.kind,
            late: None,
        }))
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
        self.faults(DeviceFaults {
            keepalives: u32::try_from(by.as_millis() / A_KEEPALIVE.as_millis()).unwrap(),
            ..DeviceFaults::default()
        })
    }

    fn take_during_next(&mut self) -> bool {
        self.faults(DeviceFaults {
            remove_before_message: Some(self.device.messages()),
            ..DeviceFaults::default()
        })
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
        let handle = self.handle.as_ref()?;
        Some(handle.lock().unwrap().is_in_transaction())
    }

    fn gives_up_on_cancel(&self) -> bool {
        matches!(self.kind, Kind::GivesUp | Kind::LooksOnce)
    }
}

#[test]
fn the_mock_keeps_the_contract() {
    let mut bench = bench(Kind::Mock);
    let ticks = bench.ticks.clone();
    assert_kept(apdu_channel(&mut bench, &ticks), &["a cancel"]);
}

#[test]
fn one_that_gives_up_on_a_cancel_is_looked_at_whole() {
    let mut bench = bench(Kind::GivesUp);
    let ticks = bench.ticks.clone();
    assert_kept(apdu_channel(&mut bench, &ticks), &[]);
}

#[test]
fn wrong_adapters_are_found() {
    for (kind, word) in [
        (Kind::Stale, "its own response"),
        (Kind::EmptyIsSuccess, "two bytes or more"),
        (Kind::GoneIsFailed, "is Gone"),
        (Kind::ShortBuffer, "both ways"),
        (Kind::LongBuffer, "comes in whole"),
        (Kind::IgnoresTimeout, "ends with its time-out"),
        (Kind::TooShort, "however slow"),
        (Kind::LateIsGone, "DeadlineExceeded"),
        (Kind::HidesReset, "told, not hidden"),
        (Kind::NeverReconnects, "can be connected again"),
        (Kind::HoldsTransaction, "lets others in"),
        (Kind::NoTransaction, "keeps others out"),
        (Kind::DropsHeld, "dropped within"),
        (Kind::LooksOnce, "a cancel ends"),
        (Kind::NextCard, "stays so"),
    ] {
        let mut bench = bench(kind);
        let ticks = bench.ticks.clone();
        assert_found(&format!("{kind:?}"), apdu_channel(&mut bench, &ticks), word);
    }
}
