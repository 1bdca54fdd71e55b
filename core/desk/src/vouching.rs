//! A manager who vouches for a caller: who that is, what they are asked, and what they say.

use alloc::string::String;

use fido_unlock_protocol::DeviceId;
use minicbor::{Decode, Encode};

use crate::{KnownUser, OperatorId, RequestId, UnixTime, User, UserId};

/// What a manager says of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum ManagerAnswer {
    /// It is the user.
    #[n(0)]
    Yes,
    /// It is somebody else.
    #[n(1)]
    No,
    /// They cannot say.
    #[n(2)]
    Unknown,
}

/// The manager of a call's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallManager {
    /// Who vouches for the user.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// When they were asked in this call; `None` where they were not.
    pub asked_at: Option<UnixTime>,
    /// What they said.
    pub answer: Option<ManagerAnswer>,
}

/// What a manager is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerQuestion {
    /// The request.
    pub request: RequestId,
    /// Whom the caller says they are.
    pub user: UserId,
    /// That user's name.
    pub name: String,
    /// The device that they want unlocked.
    pub device: DeviceId,
    /// The operator on the line.
    pub operator: OperatorId,
    /// Reason or ticket.
    pub reason: String,
    /// When the call began.
    pub opened_at: UnixTime,
    /// When the manager was asked.
    pub asked_at: UnixTime,
    /// The last second in which the request lives.
    pub expires_at: UnixTime,
    /// Whether an answer is still wanted: there is none, and the request lives.
    pub waits: bool,
    /// What was answered.
    pub answer: Option<ManagerAnswer>,
    /// A hash over all that is shown here, by which an answer is for this and nothing else.
    pub basis: [u8; 32],
}

/// Who is to vouch for a user from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NewManager {
    /// Whoever does now, and who will where that rests.
    #[default]
    Same,
    /// Nobody.
    Nobody,
    /// This user.
    Is(UserId),
}

/// A user as they are to be ([`Desk::put_users_known`](crate::Desk::put_users_known)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedUser {
    /// Name, class and channels.
    pub user: User,
    /// Who vouches for them.
    pub manager: NewManager,
    /// As they were shown; `None` where there was no such user.
    pub known: Option<KnownUser>,
}
