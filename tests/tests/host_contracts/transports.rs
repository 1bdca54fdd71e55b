//! `Transport`: HID and NFC over the mock, and wrong ones.

use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::framing::ctaphid::max_message_size;
use fido_unlock::host::framing::{HidTransport, NfcTransport};
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, ProgressEvent, Transport, TransportError};
use fido_unlock::host::testing::{Exchange, TransportBench, transport};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::{Device, DeviceFaults, EchoHandler};
use getrandom::SysRng;

use crate::{assert_found, assert_kept};

const HOUR: Duration = Duration::from_secs(3600);
const SLICE: Duration = Duration::from_millis(50);

/// What an adapter does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    /// The answer to the message before, which was given up, comes to the next.
    Stale,
    /// An answer without a status byte is given as it is.
    EmptyIsAnswer,
    /// A buffer of 1024 bytes for answers.
    ShortBuffer,
    /// Messages above 1200 bytes are not sent.
    Small,
    /// A message that is too long is cut.
    Cuts,
    /// Another interface than it says.
    OtherInterface,
    /// Not to FIDO's interface, though it is on it.
    SwitchesNot,
    /// Each keep-alive begins the wait anew: the deadline moves.
    IgnoresDeadline,
    /// Fixed time-out of half a second.
    Impatient,
    /// Looks at the cancel flag before and after.
    IgnoresCancel,
    /// A call that is over is made all the same.
    BeginsLate,
    /// Tries again when no answer came in time.
    SendsAgain,
    /// Opens the device that was put back, and sends the message again.
    SendsToNext,
    /// Tells each keep-alive.
    Chatty,
    /// The time-out is taken for a device that is gone.
    LateIsGone,
}

struct Adapter {
    device: Device<EchoHandler>,
    ticks: TestTicks,
    inner: Box<dyn Transport>,
    wrong: Wrong,
    late: Option<Vec<u8>>,
}

fn open(device: &Device<EchoHandler>, interface: Interface, card: bool) -> Box<dyn Transport> {
    if card {
        Box::new(NfcTransport::new(device.card(), interface))
    } else {
        Box::new(HidTransport::new(device.hid(interface), SysRng, interface))
    }
}

impl Transport for Adapter {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let ticks = self.ticks.clone();
        let mut progress = NoProgress;
        match self.wrong {
            Wrong::Stale if self.late.is_some() => {
                let late = self.late.take();
                self.late = Some(EchoHandler::answer(message));
                return Ok(late.unwrap_or_default());
            }
            Wrong::Small if message.len() > 1200 => return Err(TransportError::MessageTooLarge),
            Wrong::IgnoresDeadline if !call.remaining().is_zero() => {
                let mut long = Call::new(&ticks, call.remaining() + HOUR, call.cancel, &mut progress);
                return match self.inner.transact(message, &mut long) {
                    Ok(answer) if call.remaining().is_zero() => {
                        // It looks at the end.
                        let _ = answer;
                        Err(TransportError::DeadlineExceeded)
                    }
                    result => result,
                };
            }
            Wrong::Impatient if call.remaining() > 10 * SLICE => {
                let mut short = Call::new(&ticks, 10 * SLICE, call.cancel, &mut progress);
                return self.inner.transact(message, &mut short);
            }
            Wrong::IgnoresCancel if !call.cancel.is_cancelled() => {
                let mut deaf = Call::new(&ticks, call.remaining(), &NeverCancel, &mut progress);
                return match self.inner.transact(message, &mut deaf) {
                    Err(_) if call.cancel.is_cancelled() => Err(TransportError::Cancelled),
                    result => result,
                };
            }
            Wrong::BeginsLate if call.remaining().is_zero() => {
                let mut late = Call::new(&ticks, SLICE, call.cancel, &mut progress);
                return self.inner.transact(message, &mut late);
            }
            _ => {}
        }
        let in_time = !call.remaining().is_zero();
        let cut = match self.wrong {
            Wrong::Cuts => &message[..message.len().min(2048)],
            _ => message,
        };
        let mut events: Vec<ProgressEvent> = Vec::new();
        let result = {
            let mut tell = |event| events.push(event);
            let mut inner = Call::new(call.ticks, Duration::ZERO, call.cancel, &mut tell);
            inner.deadline = call.deadline;
            self.inner.transact(cut, &mut inner)
        };
        for event in events {
            call.tell(event);
            if self.wrong == Wrong::Chatty {
                call.tell(event);
            }
        }
        match (self.wrong, result) {
            (Wrong::Stale, Err(TransportError::DeadlineExceeded)) if in_time => {
                self.late = Some(EchoHandler::answer(message));
                Err(TransportError::DeadlineExceeded)
            }
            (Wrong::EmptyIsAnswer, Err(TransportError::Framing { .. })) => Ok(Vec::new()),
            (Wrong::ShortBuffer, Ok(mut answer)) => {
                answer.truncate(1024);
                Ok(answer)
            }
            (Wrong::SendsAgain, Err(TransportError::DeadlineExceeded)) if in_time => {
                let mut again = Call::new(&ticks, SLICE, &NeverCancel, &mut progress);
                self.inner.transact(message, &mut again)
            }
            (Wrong::SendsToNext, Err(TransportError::Gone)) => {
                self.inner = open(&self.device, Interface::Fido, false);
                self.inner.transact(message, call)
            }
            (Wrong::LateIsGone, Err(TransportError::DeadlineExceeded)) if in_time => {
                Err(TransportError::Gone)
            }
            (_, result) => result,
        }
    }

    fn interface(&self) -> Interface {
        if self.wrong == Wrong::OtherInterface {
            return Interface::Vendor;
        }
        self.inner.interface()
    }

    fn switch_to(&mut self, interface: Interface) -> bool {
        match self.wrong {
            Wrong::SwitchesNot if interface == Interface::Fido => false,
            _ => self.inner.switch_to(interface),
        }
    }
}

struct Bench {
    device: Device<EchoHandler>,
    ticks: TestTicks,
    wrong: Wrong,
    interface: Interface,
    card: bool,
    report_size: usize,
}

fn bench(wrong: Wrong) -> Bench {
    let ticks = TestTicks::new();
    Bench {
        device: Device::new(EchoHandler::default(), ticks.clone()),
        ticks,
        wrong,
        interface: Interface::Fido,
        card: false,
        report_size: 64,
    }
}

impl Bench {
    fn faults(&self, faults: DeviceFaults) -> bool {
        self.device.set_faults(faults);
        true
    }
}

impl TransportBench for Bench {
    fn open(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        self.device.set_report_size(self.report_size);
        let inner = open(&self.device, self.interface, self.card);
        if self.wrong == Wrong::Nothing {
            return Ok(inner);
        }
        Ok(Box::new(Adapter {
            device: self.device.clone(),
            ticks: self.ticks.clone(),
            inner,
            wrong: self.wrong,
            late: None,
        }))
    }

    fn interface(&self) -> Interface {
        self.interface
    }

    fn longest(&self) -> usize {
        if self.card {
            65_535
        } else {
            max_message_size(self.report_size)
        }
    }

    fn exchange(&self, length: usize, seed: u8) -> Option<Exchange> {
        let mut message = vec![0x55];
        message.extend((1..length).map(|at| (at % 251) as u8 ^ seed));
        Some(Exchange {
            answer: EchoHandler::answer(&message),
            message,
        })
    }

    fn messages(&mut self) -> Option<u64> {
        Some(self.device.messages())
    }

    fn delay(&mut self, by: Duration) -> bool {
        self.faults(DeviceFaults {
            keepalives: u32::try_from(by.as_millis() / 100).unwrap(),
            ..DeviceFaults::default()
        })
    }

    fn answer_nothing(&mut self) -> bool {
        self.device.with(|handler| handler.answer_nothing = true);
        true
    }

    fn pull_during_next(&mut self) -> bool {
        self.faults(DeviceFaults {
            remove_after_message: Some(self.device.messages()),
            ..DeviceFaults::default()
        })
    }
}

#[test]
fn both_transports_keep_the_contract_over_every_interface() {
    for interface in [Interface::Fido, Interface::Vendor] {
        for (card, report_size) in [(false, 64), (false, 24), (false, 512), (true, 64)] {
            let mut bench = bench(Wrong::Nothing);
            (bench.interface, bench.card, bench.report_size) = (interface, card, report_size);
            let ticks = bench.ticks.clone();
            assert_kept(transport(&mut bench, &ticks), &[]);
        }
    }
}

#[test]
fn wrong_adapters_are_found() {
    for (wrong, word) in [
        (Wrong::Stale, "its own answer"),
        (Wrong::EmptyIsAnswer, "at least its status byte"),
        (Wrong::ShortBuffer, "passes whole"),
        (Wrong::Small, "passes whole"),
        (Wrong::Cuts, "passes whole"),
        (Wrong::OtherInterface, "which interface"),
        (Wrong::SwitchesNot, "can be switched to"),
        (Wrong::IgnoresDeadline, "deadline"),
        (Wrong::Impatient, "however slow"),
        (Wrong::IgnoresCancel, "a cancel ends"),
        (Wrong::BeginsLate, "over before it begins"),
        (Wrong::SendsAgain, "not sent again"),
        (Wrong::SendsToNext, "is Gone"),
        (Wrong::Chatty, "at a change"),
        (Wrong::LateIsGone, "DeadlineExceeded"),
    ] {
        let mut bench = bench(wrong);
        let ticks = bench.ticks.clone();
        assert_found(&format!("{wrong:?}"), transport(&mut bench, &ticks), word);
    }
}
