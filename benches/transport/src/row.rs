//! A row of figures: what was measured, by whom, and what went over the wire for it.

use fido_unlock::pin_protocol::PinProtocol;
use serde::{Deserialize, Serialize};

use crate::device::Traffic;

pub const UNLOCK: &str = "unlock";
pub const FLOOR: &str = "the stack alone";
pub const FLOOR_UNBRACKETED: &str = "the stack alone, without transactions";
pub const RECORDED: &str = "fido-unlock, recorded answers";
pub const CRYPTOGRAPHY: &str = "of that: cryptography, measured alone";
pub const OWN: &str = "of that: own code (the rest beyond the stack)";
pub const SYSTEMS_CLOCK: &str = "of that: own code, by the system's clock";
pub const CORE: &str = "of that: own code in core, measured without a stack";
pub const OURS: &str = "fido-unlock";
pub const KEPT: &str = "fido-unlock, session kept and code at hand";

/// What the clients do.
#[derive(Clone, Copy, PartialEq)]
pub enum Task {
    GetInfo,
    ChangePin(PinProtocol),
}

impl Task {
    pub const ALL: [Self; 3] = [
        Self::GetInfo,
        Self::ChangePin(PinProtocol::Two),
        Self::ChangePin(PinProtocol::One),
    ];

    /// What the rows are called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetInfo => "getInfo",
            Self::ChangePin(PinProtocol::Two) => "changePIN, protocol two",
            Self::ChangePin(PinProtocol::One) => "changePIN, protocol one",
        }
    }

    /// What was to be reached.
    pub const fn goal(self) -> &'static str {
        match self {
            Self::GetInfo => "getInfo: no slower than the fastest peer",
            Self::ChangePin(PinProtocol::Two) => {
                "changePIN, protocol two: no slower than the fastest peer, per transaction"
            }
            Self::ChangePin(PinProtocol::One) => {
                "changePIN, protocol one: no slower than the fastest peer, per transaction"
            }
        }
    }
}

/// What a row is printed behind, on a console that says other things too.
const MARK: &str = "row ";

/// Median and 99th percentile of one thing, with what went over the wire for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Row {
    pub stack: String,
    pub what: String,
    pub who: String,
    pub runs: usize,
    /// CTAP messages.
    pub transactions: u64,
    /// APDUs or reports.
    pub sent: u64,
    pub received: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Row {
    pub fn new(stack: &str, what: &str, who: &str, mut times: Vec<f64>, traffic: Traffic) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |hundredth: usize| {
            let index = (times.len() * hundredth / 100).min(times.len() - 1);
            times[index]
        };
        Self {
            stack: stack.into(),
            what: what.into(),
            who: who.into(),
            runs: times.len(),
            transactions: traffic.messages,
            sent: traffic.sent,
            received: traffic.received,
            bytes_sent: traffic.bytes_sent,
            bytes_received: traffic.bytes_received,
            p50_us: at(50),
            p99_us: at(99),
        }
    }

    /// For the process that collects them.
    pub fn print(&self) {
        println!("{MARK}{}", serde_json::to_string(self).unwrap());
    }

    /// The row in a line, where it is one.
    pub fn read(line: &str) -> Option<Self> {
        let row = line.trim().strip_prefix(MARK)?;
        Some(
            serde_json::from_str(row)
                .unwrap_or_else(|error| panic!("a row that was garbled: {error}: {row}")),
        )
    }
}
