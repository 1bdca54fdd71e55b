//! Whole conversations with the software authenticator: any typed requests in any order, changed, lost or
//! repeated on the way, with power cut at any write, and random bytes that fail. The protocol's invariants are
//! looked at after each.

mod check;
mod issuer;
mod steps;

use arbitrary::Arbitrary;
use fido_unlock_mock::Touch;

use crate::typed;
use crate::virtual_device::{Edit, Fate};
use steps::Conversation;

/// PINs that the person types; the first is the one at the start.
const PINS: [&str; 4] = ["oldpin42", "newpin43", "thirdpin4444", "f\u{fc}nfter"];
const WRONG_PIN: &str = "wrong-pin";
const RP_ID: &str = "example.com";
/// More would only take longer.
const MOST_STEPS: usize = 24;

#[derive(Arbitrary, Debug)]
struct Run {
    protocol_one: bool,
    monotonic_counter: bool,
    /// The option of `enroll`.
    force_pin_change: bool,
    /// `pinRetries` at the start; 0 is a blocked PIN.
    retries: u8,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Step {
    CtapInfo,
    Begin {
        vendor: bool,
        slot: Option<u8>,
    },
    Renew {
        vendor: bool,
    },
    Unlock {
        vendor: bool,
        code: Code,
        pin: u8,
        edit: Option<Edit>,
        fate: Fate,
    },
    Resolve {
        vendor: bool,
    },
    Probe {
        slot: u8,
        right: bool,
    },
    TryPin {
        right: bool,
    },
    SignIn,
    MakeCredential,
    SetPin {
        pin: u8,
    },
    /// A message that an earlier step sent, from the last one back, changed or as it was.
    Again {
        back: u8,
        edit: Option<Edit>,
    },
    Raw {
        vendor: bool,
        command: Command,
        body: Vec<u8>,
    },
    Reset,
    PowerCycle {
        /// Power is cut again in the recovery.
        cut: Option<u8>,
    },
    /// Before this many more writes, or bytes.
    Cut {
        writes: u8,
    },
    CutByte {
        bytes: u16,
    },
    EntropyFails {
        fills: u8,
    },
    Button(Press),
    Wait {
        seconds: u16,
    },
    SaveFlash,
    CopyFlashBack,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Press {
    AtOnce,
    After(u8),
    Never,
    Refused,
}

impl Press {
    fn touch(self) -> Touch {
        match self {
            Self::AtOnce => Touch::AtOnce,
            Self::After(count) => Touch::After(count.into()),
            Self::Never => Touch::Never,
            Self::Refused => Touch::Refused,
        }
    }
}

/// The Response Code that is typed.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Code {
    Right,
    WrongBit(u16),
    /// Made for the challenge before.
    Stale,
    /// Made under the label of the probe.
    OfProbe,
    /// Of another slot's key, where it has the same length.
    Zeros,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Command {
    Unlock,
    ClientPin,
    MakeCredential,
    GetAssertion,
    Other(u8),
}

impl Command {
    fn number(self) -> u8 {
        match self {
            Self::Unlock => 0x55,
            Self::ClientPin => 0x06,
            Self::MakeCredential => 0x01,
            Self::GetAssertion => 0x02,
            Self::Other(number) => number,
        }
    }
}

/// - The PIN changes by a right, unused code for the pending challenge while it is blocked, by `setPIN` on a device
///   without one, and by nothing else; unlock counter, tries, challenge and PIN change together or not at all.
/// - Tries never exceed the device's maximum; one request takes one at most; only a right PIN or an unlock gives
///   any back.
/// - Five wrong responses end it until power is lost.
/// - Credentials and the secret that they come from stay, but for a reset.
/// - `getInfo`, in both command sets, changes nothing.
/// - The challenge stays without a touch, an unlock or a reset.
/// - What the host tells is what happened.
/// - Whatever came before: the right code then unlocks, and the passkey signs in.
pub fn conversation(data: &[u8]) {
    let Some(run) = typed::<Run>(data) else { return };
    let mut conversation = Conversation::new(&run);
    for step in run.steps.into_iter().take(MOST_STEPS) {
        conversation.run(step);
    }
    conversation.unlock_at_last();
}
