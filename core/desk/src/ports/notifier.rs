//! Telling the owner of a device, and sending a code to a registered channel.

use alloc::string::String;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::{DeviceId, ResponseCode};
use minicbor::{Decode, Encode};

use crate::{Channel, OperatorId, RequestId, UnixTime, User};

/// What the owner is told. Not `non_exhaustive`: the compiler then says which text a mailer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum NoticeKind {
    /// A Response Code was given out for their device.
    #[n(0)]
    CodeGiven,
    /// The operator recorded that the device was unlocked.
    #[n(1)]
    Done,
    /// The operator recorded that the unlock was abandoned; the code may still be good.
    #[n(2)]
    Abandoned,
    /// A way to them was added, changed or taken away.
    #[n(3)]
    ChannelChanged,
    /// They are somebody's manager, and are asked whether it is that person who calls: the request's number leads them to
    /// the question.
    #[n(4)]
    ManagerAsked,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::CodeGiven,
        Self::Done,
        Self::Abandoned,
        Self::ChannelChanged,
        Self::ManagerAsked,
    ];
}

/// A message to the owner of a device, or to their manager. It holds no code.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// What happened.
    pub kind: NoticeKind,
    /// Whom it is for.
    pub user: &'a User,
    /// Their device, where it is about one.
    pub device: Option<DeviceId>,
    /// The request, for them to name when they ask about it; `None` where it is about a channel.
    pub request: Option<RequestId>,
    /// The one channel to send it to, as it was when something about it changed: there is a notice for each that the
    /// user had before or has now. `None`: those of the user.
    pub channel: Option<&'a Channel>,
    /// Who did it.
    pub operator: &'a OperatorId,
    /// When.
    pub at: UnixTime,
    /// The same each time that the notice is sent, so that a receiver can tell a repetition.
    pub message_id: [u8; 16],
}

/// A message could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message could not be sent: {detail}")]
pub struct DeliveryError {
    /// What could not be reached; never the message.
    pub detail: String,
}

impl HasCode for DeliveryError {
    fn code(&self) -> ErrorCode {
        ErrorCode::HostFailed
    }
}

/// Notifies owners, through the channels that are registered for them.
pub trait Notifier {
    /// Sends one notice. A failure is recorded and does not hold up the call.
    ///
    /// # Errors
    /// [`DeliveryError`] when it could not be handed over.
    fn notify(&mut self, notice: &Notice<'_>) -> Result<(), DeliveryError>;
}

/// Sends Response Codes.
pub trait CodeDelivery {
    /// Sends `code` to `channel`, which the desk has found usable. Whatever is copied out of the
    /// code must be wiped.
    ///
    /// # Errors
    /// [`DeliveryError`] when it could not be handed over.
    fn send(&mut self, channel: &Channel, code: &ResponseCode) -> Result<(), DeliveryError>;
}
