//! What people see of a request and of an alarm.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::suite::Suite;
use fido_unlock_protocol::{Challenge, DeviceId};

use crate::desk::ShownEntry;
use crate::ports::IssuerInfo;
use crate::record::DeskEvent;
use crate::{
    CallManager, Operator, OperatorId, RequestId, UnixTime, User, UserClass, UserId, VerificationMethod,
    Vouched,
};

/// How a request with a code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// Nothing was recorded yet.
    Open,
    /// The device was unlocked.
    Done,
    /// Given up.
    Abandoned,
    /// A later challenge came: the code is void, if that one was the device's.
    Superseded,
}

/// A code that was made and may still be good: it does not expire on the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCode {
    /// Its request.
    pub request: RequestId,
    /// Its device.
    pub device: DeviceId,
    /// The owner.
    pub user: UserId,
    /// Who gave it.
    pub operator: OperatorId,
    /// When it was made.
    pub at: UnixTime,
    /// Open or abandoned.
    pub outcome: CodeOutcome,
}

/// What an operator sees of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    /// Its id.
    pub id: RequestId,
    /// Whose it is.
    pub operator: OperatorId,
    /// The owner; their name is read back to the caller.
    pub user: User,
    /// The device.
    pub device: DeviceId,
    /// Its suite, which says how a challenge is read.
    pub suite: Suite,
    /// Reason or ticket; empty when none was given yet.
    pub reason: String,
    /// The number that the caller calls from, where it was noted.
    pub caller_number: Option<String>,
    /// When it was opened.
    pub opened_at: UnixTime,
    /// The last second in which it lives.
    pub expires_at: UnixTime,
    /// Raised by each change of what an approver is shown.
    pub revision: u32,
    /// Whether it has neither run out nor ended.
    pub lives: bool,
    /// How the caller was verified and on whose word, as long as that counts.
    pub caller: Option<(VerificationMethod, Vouched)>,
    /// Who may vouch for the caller, and how far that is; `None` where nobody is the user's manager.
    pub manager: Option<CallManager>,
    /// The operator who has said that the caller is not the user: it has ended.
    pub reported_by: Option<OperatorId>,
    /// The challenge, which passed the checks.
    pub challenge: Option<Challenge>,
    /// Who approved, as long as that counts.
    pub approved_by: Option<OperatorId>,
    /// The channel that the code goes to; `None`: it is shown.
    pub channel: Option<String>,
    /// How its code ended; `None` before one was made.
    pub code: Option<CodeOutcome>,
    /// Codes of this device that may still be good.
    pub open_codes: Vec<OpenCode>,
    /// A backup was put in place since a code was authorised for this device: codes of it that are not listed may still
    /// be good, its counter was taken as it came, and a second operator must approve.
    pub unknown_since_backup: bool,
}

/// What every Administrator is told, until they have read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Its number, from 0.
    pub number: u64,
    /// The place of its entry in the log.
    pub entry: u64,
    /// What happened: a change of a user, an operator or the rules that loosens them
    /// ([`DeskEvent::UserChanged`], [`DeskEvent::OperatorChanged`], [`DeskEvent::RulesChanged`]), one that was let hold at
    /// once ([`DeskEvent::ChangeApproved`]), [`DeskEvent::ClockAccepted`], [`DeskEvent::LogRestored`], or a password that somebody else gave
    /// ([`DeskEvent::PasswordChanged`]).
    pub event: DeskEvent,
    /// When.
    pub at: UnixTime,
    /// Who did it, where the name is still known.
    pub operator: Option<String>,
    /// Which operator it is about.
    pub about: Option<String>,
    /// Which user it is about.
    pub user: Option<String>,
    /// The entry's text, such as the reason, where it was not erased.
    pub text: Option<String>,
    /// From when on it holds, where it rests.
    pub due: Option<UnixTime>,
}

/// An issuer's key, and what is known beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIssuer {
    /// The key.
    pub info: IssuerInfo,
    /// When it was entered.
    pub since: UnixTime,
    /// Devices in use that take its codes; `None` where they were not counted from the first one on.
    pub devices: Option<u32>,
}

/// What was recorded last of the issuers' keys, each as its entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRecords {
    /// One was made or rotated into a slot.
    pub made: Option<ShownEntry>,
    /// They were backed up.
    pub backed_up: Option<ShownEntry>,
    /// They were restored from a backup.
    pub restored: Option<ShownEntry>,
}

/// A change that rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending<T> {
    /// What will hold.
    pub value: T,
    /// The first second in which it does, unless a second Administrator lets it hold before.
    pub holds_from: UnixTime,
    /// Who asked for it, where the name is still known.
    pub asked_by: Option<String>,
}

/// An operator as they are, for who is about to change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOperator {
    /// The operator, with what they may do now.
    pub operator: Operator,
    /// What rests of that.
    pub rests: Option<Pending<Operator>>,
}

/// A user as they are, for who is about to change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// The user; their class as it holds now.
    pub user: User,
    /// A lower class that rests.
    pub rests: Option<Pending<UserClass>>,
    /// Who vouches for them now.
    pub manager: Option<UserId>,
    /// Who will, or that nobody will, where that rests.
    pub manager_rests: Option<Pending<Option<UserId>>>,
}

/// An inconsistency, until an Administrator acknowledges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskAlarm {
    /// Its number, from 0.
    pub id: u64,
    /// What.
    pub code: ErrorCode,
    /// Which device, where it is about one.
    pub device: Option<DeviceId>,
    /// The counter's low 16 bits in the challenge that raised it.
    pub counter: Option<u16>,
    /// When.
    pub at: UnixTime,
}
