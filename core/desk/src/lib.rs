#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod audit;
pub mod log;
pub mod map;
pub mod ports;
pub mod record;
#[cfg(feature = "testing")]
pub mod testing;

mod approval;
mod authorised;
mod call_view;
mod caller;
mod challenge_check;
mod decide;
mod desk;
mod help_desk;
mod ids;
mod issuer_list;
mod licence;
mod limits;
mod operator;
mod policy;
mod refusal;
mod registered;
mod rows;
mod rules;
mod signer;
mod signing;
mod state;
mod step;
mod typed_text;

pub use approval::{Approval, ApprovalTask, BegunApproval};
pub use authorised::{Authorised, SealedCode};
pub use call_view::{CallView, DeskAlarm};
pub use caller::{
    BegunVerification, OperatorStatement, VerificationMethod, VerificationTask, VerifiedCaller, Vouched,
};
pub use desk::{BegunAsk, BegunCheck, Desk, DeskParts, LogReport, LogState, ShownEntry};
pub use help_desk::{Delivery, DeskPorts, Found, GivenCode, HelpDesk, KeyEvent, NewDevice, RequestView};
pub use ids::{LONGEST_ID, OperatorId, PersonNumber, RequestId, UnixTime, UserId};
pub use issuer_list::{IssuerList, IssuerListError};
pub use licence::{LicenceError, LicenceFile};
pub use limits::{LimitBook, LimitKind, LimitOutcome, LimitRecord, LimitRule, LimitRules};
pub use operator::{Operator, OperatorSession, Privilege, Role};
pub use policy::{AcceptedMethod, DeskPolicy};
pub use refusal::DeskError;
pub use registered::{Channel, ChannelKind, DeviceKeys, DeviceSlot, RegisteredDevice, User, UserClass};
pub use rules::Rules;
pub use signer::{KeptKey, KeyRing, NoAdminKeys, SoftwareSigner};
pub use signing::{SigningTask, ToSign};
pub use state::{Alarm, CodeOutcome, OpenCode};
pub use step::{Guard, SealKey, SeenLog};
pub use typed_text::{composed, folded, opaque};
