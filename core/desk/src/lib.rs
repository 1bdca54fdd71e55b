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
#[cfg(feature = "testing")]
pub mod testing;

mod approval;
mod authorised;
mod caller;
mod challenge_check;
mod help_desk;
mod ids;
mod limits;
mod operator;
mod policy;
mod refusal;
mod registered;
mod signer;
mod state;
mod typed_text;

pub use approval::{Approval, ApprovalTask, BegunApproval};
pub use authorised::{Authorised, SealedCode};
pub use caller::{
    BegunVerification, OperatorStatement, VerificationMethod, VerificationTask, VerifiedCaller, Vouched,
};
pub use help_desk::{Delivery, DeskPorts, Found, GivenCode, HelpDesk, KeyEvent, NewDevice, RequestView};
pub use ids::{LONGEST_ID, OperatorId, RequestId, UnixTime, UserId};
pub use limits::{LimitBook, LimitKind, LimitOutcome, LimitRecord, LimitRule, LimitRules};
pub use operator::{Operator, OperatorSession, Privilege, Role};
pub use policy::{AcceptedMethod, DeskPolicy};
pub use refusal::DeskError;
pub use registered::{Channel, ChannelKind, DeviceKeys, RegisteredDevice, User, UserClass};
pub use signer::{KeptKey, KeyRing, NoAdminKeys, SoftwareSigner};
pub use state::{Alarm, CodeOutcome, OpenCode};
pub use typed_text::{composed, opaque};
