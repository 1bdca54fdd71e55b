//! `authenticatorDeviceUnlock` over a transport: encode, exchange, check the status, decode.

use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, SubCommand, UnlockInfo, UnlockRequest, get_info_request,
    get_info_request_about,
};
use fido_unlock_protocol::ctap2::{CtapStatus, DEFAULT_MAX_MSG_SIZE};
use fido_unlock_protocol::{Challenge, DeviceId, Interface};

use super::{CommandError, DeviceError, DeviceRefusal};
use crate::ports::{Call, Transport, TransportError, UnlockDevice};

/// A device that speaks this project's command.
pub struct CtapUnlockDevice<T> {
    transport: T,
    max_msg_size: usize,
    /// As it told last.
    device_id: Option<DeviceId>,
}

impl<T: Transport> CtapUnlockDevice<T> {
    /// Over an open transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            max_msg_size: DEFAULT_MAX_MSG_SIZE,
            device_id: None,
        }
    }

    /// The transport, for other CTAP commands.
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

    /// Takes over what the device answered to another of these objects, over the same interface.
    pub(crate) fn take_info(&mut self, info: &UnlockInfo) {
        self.max_msg_size = usize::try_from(info.max_msg_size).unwrap_or(usize::MAX);
        self.device_id = info.device_id.or(self.device_id);
    }

    fn ask_challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        let map = self.exchange_map(SubCommand::GetChallenge, &request.to_message(), call)?;
        Ok(ChallengeResponse::from_value(&map)?)
    }

    /// A device that cannot ask for a touch refuses on the vendor interface (docs/protocol.md §3.1 step 6,
    /// CTAP2_ERR_UP_REQUIRED) what it takes on FIDO's right after power-up. What is asked next goes there too.
    /// `refused` stands where FIDO's interface cannot be reached, or is another device's.
    fn challenge_by_fido(
        &mut self,
        request: &ChallengeRequest,
        refused: DeviceError,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        let answer = self.ask_challenge(request, call);
        let is_reached = match &answer {
            Ok(answer) => self.device_id.is_none_or(|id| id == answer.device_id),
            Err(DeviceError::Transport(TransportError::Cancelled | TransportError::DeadlineExceeded)) => true,
            Err(DeviceError::Transport(_)) => false,
            Err(_) => true,
        };
        if is_reached {
            return answer;
        }
        self.transport.switch_to(Interface::Vendor);
        Err(refused)
    }

    /// One exchange: the answer's map, `None` if it has none.
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
        let body = body(&answer)?.map_err(|status| refused(status, meaning(sub_command, status)))?;
        parse(body)
    }

    fn read_info(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        let map = self.exchange_map(SubCommand::GetInfo, message, call)?;
        let info = UnlockInfo::from_value(&map)?;
        self.take_info(&info);
        Ok(info)
    }

    /// The same for an answer that must have a map.
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
        self.read_info(&get_info_request(), call)
    }

    fn info_about(&mut self, challenge: &Challenge, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        self.read_info(&get_info_request_about(challenge), call)
    }

    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        match self.ask_challenge(request, call) {
            Err(refused @ DeviceError::Refused(DeviceRefusal::RenewRefused))
                if self.interface() == Interface::Vendor && self.transport.switch_to(Interface::Fido) =>
            {
                self.challenge_by_fido(request, refused, call)
            }
            result => result,
        }
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
fn body<R>(answer: &[u8]) -> Result<Result<&[u8], CtapStatus>, CommandError<R>> {
    let (status, body) = answer
        .split_first()
        .ok_or(CommandError::Malformed("the answer is empty"))?;
    Ok(CtapStatus::from_byte(*status).map(|()| body))
}

/// A map, or nothing.
fn parse<R>(body: &[u8]) -> Result<Option<Value>, CommandError<R>> {
    if body.is_empty() {
        return Ok(None);
    }
    let map = Value::parse(body).map_err(|_| CommandError::Malformed("the answer is not CBOR"))?;
    if map.as_map().is_some() {
        Ok(Some(map))
    } else {
        Err(CommandError::Malformed("the answer is not a map"))
    }
}

/// What a status means in a subcommand (docs/protocol.md, "Status codes"). What it means in one step of the fleet
/// alone, that step says.
fn meaning(sub_command: SubCommand, status: CtapStatus) -> Option<DeviceRefusal> {
    use SubCommand::{GetChallenge, Probe, Unlock};
    Some(match (status, sub_command) {
        (CtapStatus::NotAllowed, GetChallenge | Unlock) => DeviceRefusal::NotLocked,
        (CtapStatus::WrongResponse, Unlock) => DeviceRefusal::WrongResponse,
        (CtapStatus::NotEnrolled, _) => DeviceRefusal::NotEnrolled,
        (CtapStatus::OtherChallengePending, _) => DeviceRefusal::OtherChallengePending,
        (CtapStatus::StoreFailed, _) => DeviceRefusal::StoreBroken,
        (CtapStatus::CounterAtEnd, _) => DeviceRefusal::CounterAtEnd,
        (CtapStatus::PinAuthBlocked, Unlock) => DeviceRefusal::TooManyWrongResponses,
        (CtapStatus::PinAuthBlocked, _) => DeviceRefusal::PinAuthBlocked,
        (CtapStatus::PinAuthInvalid, _) => DeviceRefusal::MacRefused,
        (CtapStatus::PinPolicyViolation, _) => DeviceRefusal::PinRefused,
        (CtapStatus::UserActionTimeout | CtapStatus::ActionTimeout, _) => DeviceRefusal::TouchTimedOut,
        (CtapStatus::OperationDenied, _) => DeviceRefusal::TouchRefused,
        (CtapStatus::KeepaliveCancel, _) => DeviceRefusal::Cancelled,
        (CtapStatus::UpRequired, _) => DeviceRefusal::RenewRefused,
        (CtapStatus::InvalidParameter, GetChallenge | Probe) => DeviceRefusal::SlotEmpty,
        (CtapStatus::InvalidCommand | CtapStatus::InvalidSubcommand, _) => DeviceRefusal::NotSupported,
        (CtapStatus::ChannelBusy, _) => DeviceRefusal::Busy,
        (CtapStatus::RequestTooLarge, _) => DeviceRefusal::MessageTooLarge,
        (CtapStatus::Other, _) => DeviceRefusal::NoEntropy,
        _ => return None,
    })
}

/// A status as an error.
fn refused<R>(status: CtapStatus, meaning: Option<R>) -> CommandError<R> {
    meaning.map_or(CommandError::Status(status), CommandError::Refused)
}

/// The answer to a CTAP command that is not this project's: its map.
pub(super) fn ctap_map<R>(
    answer: &[u8],
    meaning: fn(CtapStatus) -> Option<R>,
) -> Result<Option<Value>, CommandError<R>> {
    parse(body(answer)?.map_err(|status| refused(status, meaning(status)))?)
}
