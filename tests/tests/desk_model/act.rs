//! What people do, and what an Administrator changes.

use fido_unlock::desk::{VerificationMethod, Vouched};
use fido_unlock::{AesChallenge, Challenge, DeviceChallenge, Suite};

use crate::explore::NEXT;
use crate::world::SLOT;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    Anna,
    Bert,
}

/// How a caller is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// By a machine that asked an enrolled factor.
    Machine,
    /// By the operator's own word.
    Word,
}

impl How {
    pub const fn words(self) -> (VerificationMethod, Vouched) {
        match self {
            Self::Machine => (VerificationMethod::EnrolledFactor, Vouched::Machine),
            Self::Word => (VerificationMethod::CallBack, Vouched::Operator),
        }
    }
}

/// A challenge. In suite 3 the nonce is all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ch {
    pub nonce: u8,
    pub counter: u16,
    pub right_slot: bool,
}

impl Ch {
    pub fn of(self, suite: Suite) -> Challenge {
        if suite == Suite::AesAdminKey {
            return Challenge::Aes(AesChallenge::from_bytes([self.nonce; 16]));
        }
        let slot = if self.right_slot { SLOT } else { SLOT + 1 };
        let line = DeviceChallenge::new(suite, slot, [self.nonce; 14], u32::from(self.counter));
        Challenge::Line(line.unwrap())
    }
}

/// Which instance of the desk waits for an answer.
pub type Instance = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Open {
        by: Who,
        user: usize,
        device: usize,
    },
    Check {
        by: Who,
        request: usize,
        how: How,
    },
    BeginCheck {
        at: Instance,
        by: Who,
        request: usize,
        how: How,
    },
    /// With the answer to what instance `answer_of` asked.
    EndCheck {
        at: Instance,
        answer_of: Instance,
    },
    Enter {
        by: Who,
        request: usize,
        challenge: Ch,
    },
    Reason {
        by: Who,
        request: usize,
        given: bool,
    },
    Way {
        by: Who,
        request: usize,
        mail: bool,
    },
    TakeOver {
        by: Who,
        request: usize,
    },
    Approve {
        by: Who,
        request: usize,
    },
    BeginAsk {
        at: Instance,
        by: Who,
        request: usize,
        says: Who,
    },
    EndAsk {
        at: Instance,
        answer_of: Instance,
    },
    Code {
        by: Who,
        request: usize,
        mail: bool,
    },
    /// The store fails when the code's own record is to be written.
    CodeUnwritten {
        by: Who,
        request: usize,
    },
    BeginCode {
        at: Instance,
        by: Who,
        request: usize,
        mail: bool,
    },
    EndCode {
        at: Instance,
    },
    /// An instance is killed between two of its transactions.
    Kill {
        at: Instance,
    },
    Done {
        by: Who,
        request: usize,
    },
    Abandon {
        by: Who,
        request: usize,
    },
    Later {
        seconds: u64,
    },
    SignIn {
        by: Who,
    },
    Change(Change),
}

impl Act {
    /// The same, with the number of the request that its move opens.
    pub fn with_request(mut self, number: usize) -> Self {
        match &mut self {
            Self::Check { request, .. }
            | Self::Enter { request, .. }
            | Self::Approve { request, .. }
            | Self::Code { request, .. }
                if *request == NEXT =>
            {
                *request = number;
            }
            _ => {}
        }
        self
    }
}

/// What an Administrator changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    OpenDesk,
    ServiceOff,
    ServiceOn,
    FewerLicensed,
    ShortLicence,
    RaiseClass,
    OnlyMachines,
    NoUnlock(Who),
    NewPassword(Who),
    Remove(Who),
    NewChannel(usize),
    Retire(usize),
    Rotate(usize),
    /// The clock goes back, and they accept it.
    ClockBack,
}
