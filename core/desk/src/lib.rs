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

pub mod export;
pub mod log;
pub mod map;
pub mod ports;
pub mod record;
#[cfg(feature = "testing")]
pub mod testing;

mod access_token;
mod approval;
mod call_view;
mod caller;
mod challenge_check;
mod decide;
mod delivery;
mod desk;
mod figures;
mod ids;
mod licence;
mod limits;
mod new_secret;
mod operator;
mod passkey;
mod refusal;
mod registered;
mod rows;
mod rule_changes;
mod rules;
mod sign_in_code;
mod signer;
mod signing;
mod step;
mod typed_text;
#[cfg(test)]
mod vectors;
mod vouching;
mod wrong_rows;

pub use access_token::{AccessToken, KnownToken, Scope};
pub use approval::{Approval, ApprovalTask};
pub use call_view::{
    Announcement, CallView, CodeOutcome, DeskAlarm, KeyRecords, KnownIssuer, KnownOperator, KnownUser,
    OpenCode, Pending,
};
pub use caller::{OperatorStatement, VerificationMethod, VerificationTask, VerifiedCaller, Vouched};
pub use delivery::{Delivery, GivenCode};
pub use desk::{
    BegunAsk, BegunCheck, Desk, DeskParts, DeviceDay, ExportTexts, FieldValue, Health, LogFilter, LogReading,
    LogReport, LogState, NextCode, SetUp, ShownEntry, Standing, VerifyProgress, WriteFile,
};
pub use fido_unlock_protocol::{IssuerList, IssuerListError, UnixTime};
pub use figures::{DURATIONS, DayFigures, Figures, NumberFigures, OperatorFigures, RefusalFigures};
pub use ids::{DeviceLabel, LONGEST_ID, OperatorId, PersonNumber, RequestId, UserId};
pub use licence::{LicenceError, LicenceFile};
pub use limits::{LimitKind, LimitRule, LimitRules};
pub use new_secret::judge_new_secret;
pub use operator::{LiveSession, Operator, OperatorSession, OwnAccount, Privilege, Role};
pub use passkey::{AskedPasskey, BegunAssertion, BegunPasskey, KnownPasskey, SignIn};
pub use refusal::DeskError;
pub use registered::{
    Channel, ChannelKind, DeviceKeys, DeviceSlot, DeviceView, Found, NewDevice, RegisteredDevice, User,
    UserClass,
};
pub use rule_changes::{Rule, RuleChange, RuleRemark, RuleValue, RulesPreview};
pub use rules::{AcceptedMethod, Rules};
pub use sign_in_code::SignInCode;
pub use signer::{KeptKey, KeyEvent, KeyRing, NoAdminKeys, SoftwareSigner};
pub use signing::{SigningTask, ToSign};
pub use step::{Guard, SealKey, SeenLog};
pub use typed_text::{composed, folded, looks_like, opaque};
pub use vouching::{CallManager, ManagerAnswer, ManagerQuestion, NewManager, WantedUser};
pub use wrong_rows::{RowFault, WrongRow, WrongRows};
