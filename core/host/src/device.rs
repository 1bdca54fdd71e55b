//! `authenticatorDeviceUnlock` over a transport: encode, exchange, judge the status, decode.

use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, SubCommand, UnlockInfo, UnlockRequest, get_info_request,
};
use fido_unlock_protocol::ctap2::{CtapStatus, DEFAULT_MAX_MSG_SIZE};
use fido_unlock_protocol::error::ErrorCode;

use super::DeviceError;
use crate::ports::{Call, Transport, TransportError, UnlockDevice};

/// A device that speaks this project's command.
pub struct CtapUnlockDevice<T> {
    transport: T,
    max_msg_size: usize,
}

impl<T: Transport> CtapUnlockDevice<T> {
    /// Over an open transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            max_msg_size: DEFAULT_MAX_MSG_SIZE,
        }
    }

    /// The transport, for CTAP commands beside this one.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// The transport again.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Which interface it is.
    pub fn interface(&self) -> Interface {
        self.transport.interface()
    }

    /// One exchange: the answer's map, `None` where it has none.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub(super) fn exchange(
        &mut self,
        sub_command: SubCommand,
        message: &[u8],
        call: &mut Call<'_>,
    ) -> Result<Option<Value>, DeviceError> {
        if message.len() > self.max_msg_size {
            return Err(TransportError::MessageTooLarge.into());
        }
        let answer = self.transport.transact(message, call)?;
        let body = body(&answer)?.map_err(|status| meaning(sub_command, status))?;
        parse(body)
    }

    /// The same where the answer must have a map.
    pub(super) fn exchange_map(
        &mut self,
        sub_command: SubCommand,
        message: &[u8],
        call: &mut Call<'_>,
    ) -> Result<Value, DeviceError> {
        self.exchange(sub_command, message, call)?
            .ok_or(DeviceError::Malformed("the answer has no map"))
    }
}

impl<T: Transport> UnlockDevice for CtapUnlockDevice<T> {
    fn info(&mut self, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        let map = self.exchange_map(SubCommand::GetInfo, &get_info_request(), call)?;
        let info = UnlockInfo::from_value(&map)?;
        self.max_msg_size = usize::try_from(info.max_msg_size).unwrap_or(usize::MAX);
        Ok(info)
    }

    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        let map = self.exchange_map(SubCommand::GetChallenge, &request.to_message(), call)?;
        Ok(ChallengeResponse::from_value(&map)?)
    }

    fn unlock(&mut self, request: &UnlockRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError> {
        match self.exchange(SubCommand::Unlock, &request.to_message(), call)? {
            None => Ok(()),
            // Another command's answer that came once more; what this one did must be asked.
            Some(_) => Err(DeviceError::Malformed("the answer to unlock has a map")),
        }
    }
}

/// What follows a success status, or the other status.
fn body(answer: &[u8]) -> Result<Result<&[u8], CtapStatus>, DeviceError> {
    let (status, body) = answer
        .split_first()
        .ok_or(DeviceError::Malformed("the answer is empty"))?;
    Ok(CtapStatus::from_byte(*status).map(|()| body))
}

/// A map, or nothing.
fn parse(body: &[u8]) -> Result<Option<Value>, DeviceError> {
    if body.is_empty() {
        return Ok(None);
    }
    let map = Value::parse(body).map_err(|_| DeviceError::Malformed("the answer is not CBOR"))?;
    if map.as_map().is_some() {
        Ok(Some(map))
    } else {
        Err(DeviceError::Malformed("the answer is not a map"))
    }
}

/// What a status means in a subcommand (docs/protocol.md, "Status codes").
fn meaning(sub_command: SubCommand, status: CtapStatus) -> DeviceError {
    use SubCommand::{Enroll, GetChallenge, Probe, RotateIssuer, Unlock};
    let code = match (status, sub_command) {
        (CtapStatus::NotAllowed, Enroll) => ErrorCode::Sealed,
        (CtapStatus::NotAllowed, GetChallenge | Unlock) => ErrorCode::DeviceNotLocked,
        (CtapStatus::WrongResponse, Unlock) => ErrorCode::ResponseWrong,
        (CtapStatus::WrongResponse, Probe) => ErrorCode::ProbeFailed,
        (CtapStatus::WrongResponse, RotateIssuer) => ErrorCode::RotationRefused,
        (CtapStatus::NotEnrolled, _) => ErrorCode::DeviceNotEnrolled,
        (CtapStatus::OtherChallengePending, _) => ErrorCode::ChallengePending,
        (CtapStatus::StoreFailed, _) => ErrorCode::StoreBroken,
        (CtapStatus::PinAuthBlocked, Unlock) => ErrorCode::TooManyWrongResponses,
        (CtapStatus::PinAuthBlocked, _) => ErrorCode::PinAuthBlocked,
        (CtapStatus::PinAuthInvalid, _) => ErrorCode::MacRefused,
        (CtapStatus::PinPolicyViolation, _) => ErrorCode::PinRefusedByDevice,
        (CtapStatus::PuatRequired | CtapStatus::UnauthorizedPermission, Enroll) => {
            ErrorCode::EnrolmentRefused
        }
        (CtapStatus::UserActionTimeout | CtapStatus::ActionTimeout, _) => ErrorCode::TouchTimedOut,
        (CtapStatus::OperationDenied, _) => ErrorCode::TouchRefused,
        (CtapStatus::KeepaliveCancel, _) => ErrorCode::Cancelled,
        (CtapStatus::UpRequired, _) => ErrorCode::RenewRefused,
        (CtapStatus::InvalidParameter, GetChallenge | Probe) => ErrorCode::SuiteNotEnrolled,
        (CtapStatus::InvalidCommand | CtapStatus::InvalidSubcommand, _) => ErrorCode::NotSupported,
        (CtapStatus::ChannelBusy, _) => ErrorCode::Busy,
        (CtapStatus::RequestTooLarge, _) => ErrorCode::MessageTooLarge,
        (CtapStatus::Other, _) => ErrorCode::NoEntropy,
        _ => return DeviceError::Status(status),
    };
    DeviceError::Refused(code)
}

/// The answer to a CTAP command that is not this project's: its map.
pub(super) fn ctap_map(
    answer: &[u8],
    meaning: fn(CtapStatus) -> ErrorCode,
) -> Result<Option<Value>, DeviceError> {
    parse(body(answer)?.map_err(|status| match meaning(status) {
        ErrorCode::UnexpectedStatus => DeviceError::Status(status),
        code => DeviceError::Refused(code),
    })?)
}
