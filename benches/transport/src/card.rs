//! PC/SC: a private pcscd with vpcd's reader and a card in this process.

use std::ffi::CString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fido_unlock::Interface;
use fido_unlock::host::framing::NfcTransport;
use fido_unlock_pcsc::{CardChannel, DeviceEntry, open};
use fido_unlock_stacks_tests::fido2_pcsc;
use fido_unlock_tests::Way;
use pcsc::{Card, Context, Disposition, MAX_BUFFER_SIZE_EXTENDED, Protocols, Scope, ShareMode};

use crate::clients::{self, Floor, Ours, Process};
use crate::device::{self, Exchange, Key};
use crate::measure::{Plan, unlock};
use crate::ours::Counter;
use crate::pcscd::{CONTACTLESS, Frame, Pcscd};
use crate::stack::Stack;

/// Time for a transaction to end.
const SETTLE: Duration = Duration::from_micros(500);

/// The reader with the card.
struct Reader {
    name: CString,
    entry: DeviceEntry,
    context: Context,
}

/// Open by `pcsc` alone.
struct Raw(Card);

impl Drop for Raw {
    fn drop(&mut self) {
        // Dropped by itself it would be reset.
        let _ = self
            .0
            .reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard);
    }
}

impl Stack for Reader {
    type Transport = NfcTransport<CardChannel>;
    type Raw = Raw;
    const NAME: &'static str = "card";
    const HAS_BRACKETS: bool = true;

    fn open(&self, interface: Interface) -> Self::Transport {
        let mut entry = self.entry.clone();
        entry.interface = interface;
        open(&entry).unwrap()
    }

    fn open_raw(&self) -> Raw {
        let card = self
            .context
            .connect(&self.name, ShareMode::Shared, Protocols::ANY);
        Raw(card.unwrap())
    }

    fn drain(_: &mut Self::Transport) {}

    fn raw(Raw(card): &mut Raw, exchanges: &[Exchange], brackets: bool) -> Duration {
        let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
        // The adapter ends its transaction in the background; whoever asks before that waits 100 ms.
        // Not asleep: a processor that was idle is slower.
        let begun = Instant::now();
        while begun.elapsed() < SETTLE {
            std::thread::yield_now();
        }
        // The adapter's threads look for answers awake, which keeps the processors awake for pcscd and the
        // card as well. The floor is given the same.
        let awake = AtomicBool::new(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while awake.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            });
            let begin = Instant::now();
            for exchange in exchanges {
                let length = if brackets {
                    let transaction = card.transaction().unwrap();
                    let length = transaction.transmit(&exchange.sent, &mut buffer).unwrap().len();
                    transaction
                        .end(Disposition::LeaveCard)
                        .map_err(|(_, error)| error)
                        .unwrap();
                    length
                } else {
                    card.transmit(&exchange.sent, &mut buffer).unwrap().len()
                };
                assert_eq!(length, exchange.received[0].len());
            }
            let time = begin.elapsed();
            awake.store(false, Ordering::Relaxed);
            time
        })
    }
}

/// Measures in a process whose PC/SC socket is in `folder`.
pub fn run(folder: &Path, plan: Plan) {
    let pcscd = Pcscd::start(folder, true);
    let key = Key::new(Way::Nfc);
    let (wire, authenticator) = (key.wire.clone(), key.world.device.clone());
    let mut card = authenticator.card();
    let (_card, entry) = pcscd.insert_seen(CONTACTLESS, move |frame: Frame<'_>| match frame {
        Frame::Apdu(apdu) => wire.answer(apdu, || vec![device::apdu(&mut card, apdu)]).pop(),
        Frame::PowerOff | Frame::Reset => {
            authenticator.reset_card();
            None
        }
        Frame::PowerOn => None,
    });
    let reader = Reader {
        name: CString::new(entry.path.as_str()).unwrap(),
        entry,
        context: Context::establish(Scope::User).unwrap(),
    };
    let ticks = Counter::new();
    unlock(&reader, &key, plan);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/pin_change.py");
    let mut python = Process::start("python-fido2", fido2_pcsc().python().arg(script));
    clients::measure(
        Reader::NAME,
        &mut [
            &mut Floor {
                stack: &reader,
                key: &key,
                ticks: &ticks,
            },
            &mut Ours {
                stack: &reader,
                ticks: &ticks,
            },
            &mut python,
        ],
        &key,
        plan,
    );
}
