//! The contract suites of core over a real pcscd.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use fido_unlock_host::framing::{Interface, NfcTransport};
use fido_unlock_host::ports::{ApduChannel, SystemTicks, Transport, TransportError};
use fido_unlock_host::testing::{self, CardBench, Echo, Exchange, TransportBench};
use fido_unlock_mock::framing::{Device, DeviceFaults, EchoHandler};
use fido_unlock_pcsc::{CardChannel, DeviceEntry, open};
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};

use crate::support::{
    CONTACTLESS, Frame, Model, PATIENCE, Pcscd, VirtualCard, echo_card, first_card, first_empty, isolated,
};

/// Whether another program is kept out is known when it could not connect by then.
const SOON: Duration = Duration::from_millis(200);

/// What the card is told to do, from outside.
#[derive(Default)]
struct Orders {
    /// Before each answer.
    delay: Duration,
    /// Leaves the reader in place of the next answer.
    leave: bool,
}

#[derive(Clone, Default)]
struct Ordered(Arc<(Mutex<Orders>, Condvar)>);

impl Ordered {
    fn change(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    /// Waits as it is told to; whether the card leaves then.
    fn obey(&self) -> bool {
        let begun = Instant::now();
        let mut orders = self.0.0.lock().unwrap();
        loop {
            let left = orders.delay.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return std::mem::take(&mut orders.leave);
            }
            orders = self.0.1.wait_timeout(orders, left).unwrap().0;
        }
    }
}

/// A card in the first reader, put in again when it was taken out.
struct Slot {
    pcscd: Pcscd,
    card: Option<VirtualCard>,
    orders: Ordered,
}

impl Slot {
    fn new(pcscd: Pcscd) -> Self {
        Self {
            pcscd,
            card: None,
            orders: Ordered::default(),
        }
    }

    fn entry(&mut self, model: impl FnOnce() -> Box<dyn Model>) -> DeviceEntry {
        if self.card.is_some() {
            return first_card();
        }
        let mut model = model();
        let (card, entry) = self
            .pcscd
            .insert_seen(CONTACTLESS, move |frame: Frame<'_>| model(frame));
        self.card = Some(card);
        entry
    }

    fn take(&mut self) {
        self.card = None;
        first_empty();
    }
}

struct Channels {
    slot: Slot,
    entry: Option<DeviceEntry>,
    left: bool,
}

impl Channels {
    fn entry(&self) -> &DeviceEntry {
        self.entry.as_ref().unwrap()
    }
}

impl CardBench for Channels {
    fn open(&mut self) -> Result<Box<dyn ApduChannel>, TransportError> {
        if std::mem::take(&mut self.left) {
            self.slot.take();
        }
        let orders = self.slot.orders.clone();
        let entry = self.slot.entry(|| {
            Box::new(move |frame: Frame<'_>| {
                let leaves = matches!(frame, Frame::Apdu(_)) && orders.obey();
                (!leaves).then(|| echo_card(frame)).flatten()
            })
        });
        self.entry = Some(entry);
        Ok(Box::new(CardChannel::open(self.entry(), PATIENCE)?))
    }

    fn echo(&self, data: &[u8]) -> Echo {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let length = match length {
            [0, short] => vec![short],
            [high, low] => vec![0, high, low],
        };
        Echo {
            command: [&[0x00, 0xEE, 0, 0][..], &length, data].concat(),
            response: [data, &[0x90, 0x00]].concat(),
        }
    }

    fn delay(&mut self, by: Duration) -> bool {
        self.slot.orders.change(|orders| orders.delay = by);
        true
    }

    fn take_during_next(&mut self) -> bool {
        self.slot.orders.change(|orders| orders.leave = true);
        self.left = true;
        true
    }

    fn take(&mut self) -> bool {
        self.slot.take();
        true
    }

    fn reset(&mut self) -> bool {
        let reader = std::ffi::CString::new(self.entry().path.as_str()).unwrap();
        let context = Context::establish(Scope::User).unwrap();
        let other = context
            .connect(&reader, ShareMode::Shared, Protocols::ANY)
            .unwrap();
        other.disconnect(Disposition::ResetCard).ok().unwrap();
        true
    }

    fn is_kept_out(&mut self) -> Option<bool> {
        // Connecting blocks in pcscd as long as another program's transaction lasts.
        Some(CardChannel::open(self.entry(), SOON).is_err())
    }

    fn gives_up_on_cancel(&self) -> bool {
        true
    }
}

#[test]
fn the_channel_keeps_the_contract_of_its_port() {
    isolated(
        "contracts::the_channel_keeps_the_contract_of_its_port",
        |folder| {
            let mut bench = Channels {
                slot: Slot::new(Pcscd::start(folder, true)),
                entry: None,
                left: false,
            };
            let checked = testing::apdu_channel(&mut bench, &SystemTicks::new()).unwrap();
            assert_eq!(checked.left_out, [""; 0]);
        },
    );
}

struct Transports {
    slot: Slot,
    device: Device<EchoHandler>,
    interface: Interface,
    left: bool,
}

/// The device as a card: power off and reset take its power.
fn model(device: &Device<EchoHandler>, orders: Ordered) -> Box<dyn Model> {
    let device = device.clone();
    let mut channel = device.card();
    Box::new(move |frame: Frame<'_>| match frame {
        Frame::Apdu(apdu) => loop {
            match channel.transmit(apdu, PATIENCE) {
                // Only a message is left unanswered, not the SELECT before it.
                Ok(_) if apdu[1] == 0x10 && orders.obey() => return None,
                Ok(response) => return Some(response),
                Err(TransportError::CardReset) => channel.reconnect(PATIENCE).unwrap(),
                Err(error) => panic!("{error}"),
            }
        },
        Frame::PowerOff | Frame::Reset => {
            device.reset_card();
            None
        }
        Frame::PowerOn => None,
    })
}

impl TransportBench for Transports {
    fn open(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        if std::mem::take(&mut self.left) {
            self.slot.take();
        }
        let orders = self.slot.orders.clone();
        let device = &self.device;
        let mut entry = self.slot.entry(|| model(device, orders));
        entry.interface = self.interface;
        let transport: NfcTransport<CardChannel> = open(&entry)?;
        Ok(Box::new(transport))
    }

    fn interface(&self) -> Interface {
        self.interface
    }

    fn longest(&self) -> usize {
        65_535
    }

    fn exchange(&self, length: usize, seed: u8) -> Option<Exchange> {
        let mut message = vec![0x55];
        message.extend((1..length).map(|at| (at % 251) as u8 ^ seed));
        // vpcd counts the bytes of an APDU with 16 bits.
        (length < 65_000).then(|| Exchange {
            answer: EchoHandler::answer(&message),
            message,
        })
    }

    fn messages(&mut self) -> Option<u64> {
        Some(self.device.messages())
    }

    fn delay(&mut self, by: Duration) -> bool {
        self.device.set_faults(DeviceFaults {
            keepalives: u32::try_from(by.as_millis() / 100).unwrap(),
            ..DeviceFaults::default()
        });
        true
    }

    fn answer_nothing(&mut self) -> bool {
        self.device.with(|handler| handler.answer_nothing = true);
        true
    }

    fn pull_during_next(&mut self) -> bool {
        self.slot.orders.change(|orders| orders.leave = true);
        self.left = true;
        true
    }
}

#[test]
fn the_transport_keeps_the_contract_of_its_port() {
    isolated(
        "contracts::the_transport_keeps_the_contract_of_its_port",
        |folder| {
            for interface in [Interface::Fido, Interface::Vendor] {
                let mut bench = Transports {
                    slot: Slot::new(Pcscd::start(folder, true)),
                    device: Device::new(EchoHandler::default(), SystemTicks::new()),
                    interface,
                    left: false,
                };
                let checked = testing::transport(&mut bench, &SystemTicks::new()).unwrap();
                assert_eq!(checked.left_out, [""; 0]);
            }
        },
    );
}
