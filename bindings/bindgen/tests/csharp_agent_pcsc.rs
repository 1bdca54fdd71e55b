//! The sample agent in C# over real pcscd: a card that is laid on a virtual reader, taken away and laid on
//! again is seen by `DeviceWatcher`, and unlocked; and a service that is not there is told.
//!
//! Needs what `csharp_agent.rs` needs, and Debian's pcscd, vsmartcard-vpcd and libpcsclite-dev.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "support/agent.rs"]
mod agent;
#[path = "../../../adapters/pcsc/tests/vpcd/support.rs"]
#[allow(dead_code)]
mod pcscd;
mod support;

use std::time::Duration;

use agent::asked::console::Console;
use agent::asked::key::Key;
use agent::{Program, compile_agent, id, runtimes};
use fido_unlock::host::framing::NfcTransport;
use fido_unlock::host::ports::{ApduChannel, Call, NeverCancel, NoProgress, SystemTicks};
use fido_unlock::host::{CtapUnlockDevice, Session};
use fido_unlock::{ErrorCode, Interface};
use pcscd::{CONTACTLESS, Frame, Pcscd, isolated};
use support::scratch;

const NEW_PIN: &str = "Spring43";

/// The key as a card: power goes with the field.
fn card(key: &Key) -> impl FnMut(Frame<'_>) -> Option<Vec<u8>> + Send + use<> {
    let key = key.clone();
    let mut card = key.device().card();
    move |frame| match frame {
        Frame::Apdu(apdu) => card.transmit(apdu, Duration::from_secs(30)).ok(),
        Frame::PowerOn | Frame::PowerOff | Frame::Reset => {
            key.replug();
            card = key.device().card();
            None
        }
    }
}

/// Another program has the key make a new challenge.
fn renew(key: &Key) {
    let mut device = CtapUnlockDevice::new(NfcTransport::new(key.device().card(), Interface::Fido));
    let (ticks, mut progress) = (SystemTicks::new(), NoProgress);
    let mut call = Call::new(&ticks, Call::WITH_TOUCH, &NeverCancel, &mut progress);
    let mut session = Session::begin(&mut device, None, &mut call).unwrap();
    session.renew(&mut device, &mut call).unwrap();
}

#[test]
fn a_card_that_comes_and_goes_is_seen_and_unlocked() {
    isolated("a_card_that_comes_and_goes_is_seen_and_unlocked", |folder| {
        let out = scratch("csharp-agent-pcsc");
        compile_agent(&out, &["--features", "pcsc"]);
        for runtime in runtimes() {
            let program = Program {
                runtime: &runtime,
                folder: &out,
                variables: &[],
            };
            let mut agent = program.start(&folder.join("state"), None, &[]);
            // A card service that is not there is told, so that nobody waits for a card.
            agent.error(ErrorCode::NoService);
            agent.end();
        }
        let pcscd = Pcscd::start(folder, true);
        for (place, runtime) in runtimes().into_iter().enumerate() {
            // It gives a second code too.
            let console = Console::start(&["--approval-from", "20"]);
            let key = console.key();
            let program = Program {
                runtime: &runtime,
                folder: &out,
                variables: &[],
            };
            let state = folder.join(format!("state-{place}"));
            let mut agent = program.start(&state, Some((&console, console.url())), &[]);

            let laid_on = pcscd.insert(0, CONTACTLESS, card(key));
            let before = agent.next("locked");
            assert_eq!(before["kind"], "card");
            agent.next("requested");
            agent.next("answered");
            drop(laid_on);
            agent.next("left");

            // What was shown before is void: all begins again.
            renew(key);
            let laid_on = pcscd.insert(0, CONTACTLESS, card(key));
            let locked = agent.next("locked");
            assert_eq!((id(&locked), &locked["resumed"]), (id(&before), &false.into()));
            assert_ne!(locked["challenge"], before["challenge"]);
            agent.next("requested");
            agent.next("answered");
            drop(laid_on);
            agent.next("left");

            // The PIN is there before the card is.
            agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
            let _laid_on = pcscd.insert(0, CONTACTLESS, card(key));
            let again = agent.next("locked");
            assert_eq!((id(&again), &again["resumed"]), (id(&locked), &true.into()));
            agent.next("touch");
            agent.next("unlocked");
            agent.end();
            assert_eq!(key.try_pin(NEW_PIN), Ok(()));
            println!("{}: seen and unlocked", runtime[0]);
        }
    });
}
