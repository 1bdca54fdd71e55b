//! Cards that say what lengths they take, or give their data without Le, with our own host: an unlock whose message
//! needs more than one short APDU.

use fido_unlock::Suite;
use fido_unlock::host::CtapUnlockDevice;
use fido_unlock_pcsc::{open, takes_extended_length};
use fido_unlock_stacks_tests::{Desk, NEW_PIN, OLD_PIN, try_pin};

use crate::pcscd::{Pcscd, first_empty, isolated};
use crate::support::{card_in, fido_entry, insert, state};

/// Options of the card, what its ATR says, and whether extended length is used.
type Shape<'a> = (&'a [&'a str], Option<bool>, bool);

const SHAPES: &[Shape<'_>] = &[
    (&[], None, true),
    (&["--extended-length", "yes"], Some(true), true),
    (&["--extended-length", "no"], Some(false), false),
    (&["--contact", "--extended-length", "yes"], Some(true), true),
    (&["--contact", "--extended-length", "no"], Some(false), false),
    (&["--data-without-le"], None, true),
    // Over T=0 no command with data has an Le.
    (&["--t0"], None, false),
    (&["--t0", "--data-without-le"], None, false),
];

#[test]
fn an_unlock_over_each() {
    isolated("shapes::an_unlock_over_each", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        for (options, told, extended) in SHAPES {
            let desk = Desk::with_blocked_key(Suite::P256Ecdsa, &state(folder, 0));
            let key = insert(folder, 0, options);
            let entry = card_in(0);
            assert_eq!(takes_extended_length(&entry.atr), *told, "{options:?}");
            let mut device = CtapUnlockDevice::new(open(&entry).unwrap());
            desk.unlock(&mut device, NEW_PIN).unwrap();
            let transport = device.into_transport();
            // Nothing was tried that the card had to refuse.
            assert_eq!(transport.memory().extended_length, *extended, "{options:?}");
            drop(transport);
            let mut transport = open(&fido_entry(&entry)).unwrap();
            assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
            assert!(try_pin(&mut transport, OLD_PIN).is_err());
            drop((transport, key));
            first_empty();
            std::fs::remove_file(state(folder, 0)).unwrap();
        }
    });
}
