//! What serves a [`Device`](crate::Device)'s calls: CTAP over a transport, or a device that the host speaks
//! to.

use std::sync::Arc;
use std::time::Duration;

use fido_unlock::ctap2::device_unlock::{
    self, ChallengeRequest, ChallengeResponse, UnlockRequest as CoreRequest,
};
use fido_unlock::host::ports::{self, Call, Transport, TransportError};
use fido_unlock::host::{CtapUnlockDevice, DeviceError, DeviceRefusal};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{Challenge, ErrorCode, Family};

use crate::call::{CallOptions, DeviceCall, HostCallbacks, ProgressEvent};
use crate::error::UnlockError;
use crate::unlock_device::{
    UnlockDevice, UnlockDeviceError, UnlockRequest, response_digits, to_challenge, to_info,
};

type Ctap = CtapUnlockDevice<Box<dyn Transport + Send>>;

/// Serves one call at a time.
pub(crate) enum DeviceBackend {
    Ctap(Ctap),
    Host(HostDevice),
}

impl DeviceBackend {
    /// Runs `work`, which must be over within the host's time, or `within`.
    pub(crate) fn run<R, E: Into<UnlockError>>(
        &mut self,
        options: CallOptions,
        within: Duration,
        work: impl FnOnce(&mut Self, &mut Call<'_>) -> Result<R, E>,
    ) -> Result<R, UnlockError> {
        let (result, interrupted) = self.run_watched(options, within, work);
        match (result, interrupted) {
            (Err(error), Some(ErrorCode::HostFailed)) if error.number() == ErrorCode::Cancelled.number() => {
                Err(ErrorCode::HostFailed.into())
            }
            (result, _) => result,
        }
    }

    /// The same, with what ended it from outside, if anything did: the host's failure, the cancel or
    /// the deadline.
    pub(crate) fn run_watched<R, E: Into<UnlockError>>(
        &mut self,
        options: CallOptions,
        within: Duration,
        work: impl FnOnce(&mut Self, &mut Call<'_>) -> Result<R, E>,
    ) -> (Result<R, UnlockError>, Option<ErrorCode>) {
        let within = options.time_or(within);
        let callbacks = HostCallbacks::of(options);
        let mut tell = |event: ports::ProgressEvent| {
            callbacks.tell(match event {
                ports::ProgressEvent::Processing => ProgressEvent::Processing,
                ports::ProgressEvent::TouchNeeded => ProgressEvent::TouchNeeded,
                ports::ProgressEvent::Status(code) => ProgressEvent::OtherStatus { code },
                _ => return,
            });
        };
        self.attach(&callbacks);
        let mut call = Call::within(within).cancelled_by(&callbacks).telling(&mut tell);
        let result = work(self, &mut call).map_err(Into::into);
        let late = call.remaining().is_zero();
        self.detach();
        let interrupted = callbacks
            .interruption()
            .or_else(|| late.then_some(ErrorCode::DeadlineExceeded));
        (result, interrupted)
    }

    /// For commands that the port above the transport does not offer.
    pub(crate) fn ctap(&mut self) -> Result<&mut Ctap, UnlockError> {
        match self {
            Self::Ctap(device) => Ok(device),
            Self::Host(_) => Err(ErrorCode::NotSupported.into()),
        }
    }

    /// The device's first PIN/UV protocol.
    pub(crate) fn pin_protocol(&mut self, call: &mut Call<'_>) -> Result<PinProtocol, UnlockError> {
        let info = ports::UnlockDevice::info(self, call)?;
        Ok(info.protocols.first().copied().unwrap_or(PinProtocol::Two))
    }

    /// The host's callbacks of the call that begins.
    fn attach(&mut self, callbacks: &Arc<HostCallbacks>) {
        if let Self::Host(device) = self {
            device.callbacks = Arc::clone(callbacks);
        }
    }

    /// Releases the call's listener and cancel handle: between calls, nothing of the host's is held.
    fn detach(&mut self) {
        if let Self::Host(device) = self {
            device.callbacks = Arc::default();
        }
    }

    fn port(&mut self) -> &mut dyn ports::UnlockDevice {
        match self {
            Self::Ctap(device) => device,
            Self::Host(device) => device,
        }
    }
}

impl ports::UnlockDevice for DeviceBackend {
    fn info(&mut self, call: &mut Call<'_>) -> Result<device_unlock::UnlockInfo, DeviceError> {
        self.port().info(call)
    }

    fn info_about(
        &mut self,
        challenge: &Challenge,
        call: &mut Call<'_>,
    ) -> Result<device_unlock::UnlockInfo, DeviceError> {
        self.port().info_about(challenge, call)
    }

    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        self.port().challenge(request, call)
    }

    fn unlock(&mut self, request: &CoreRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError> {
        self.port().unlock(request, call)
    }
}

/// [`UnlockDevice`] as core's port.
pub(crate) struct HostDevice {
    device: Arc<dyn UnlockDevice>,
    callbacks: Arc<HostCallbacks>,
}

impl HostDevice {
    pub(crate) fn new(device: Arc<dyn UnlockDevice>) -> Self {
        Self {
            device,
            callbacks: Arc::default(),
        }
    }

    fn ask<R>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&dyn UnlockDevice, Arc<DeviceCall>) -> Result<R, UnlockDeviceError>,
    ) -> Result<R, DeviceError> {
        if call.cancel.is_cancelled() {
            return Err(TransportError::Cancelled.into());
        }
        if call.remaining().is_zero() {
            return Err(TransportError::DeadlineExceeded.into());
        }
        let served = DeviceCall::new(&self.callbacks, call);
        let result = work(&*self.device, Arc::clone(&served));
        served.end();
        Ok(result?)
    }
}

impl ports::UnlockDevice for HostDevice {
    fn info(&mut self, call: &mut Call<'_>) -> Result<device_unlock::UnlockInfo, DeviceError> {
        to_info(self.ask(call, |device, served| device.info(None, served))?)
    }

    fn info_about(
        &mut self,
        challenge: &Challenge,
        call: &mut Call<'_>,
    ) -> Result<device_unlock::UnlockInfo, DeviceError> {
        let challenge = Some(challenge.as_bytes().to_vec());
        to_info(self.ask(call, |device, served| device.info(challenge, served))?)
    }

    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        let (slot, protocol, renew) = (request.slot, request.protocol.into(), request.renew);
        to_challenge(self.ask(call, |device, served| {
            device.challenge(slot, protocol, renew, served)
        })?)
    }

    fn unlock(&mut self, request: &CoreRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError> {
        let fields = UnlockRequest::of(request);
        let response = response_digits(request.response);
        self.ask(call, |device, served| device.unlock(fields, response, served))
    }
}

impl From<UnlockDeviceError> for DeviceError {
    fn from(error: UnlockDeviceError) -> Self {
        let transport = match error {
            UnlockDeviceError::Refused { number } => {
                return match ErrorCode::from_number(number) {
                    // An answer that nobody can make anything of is as good as lost.
                    Some(ErrorCode::MalformedAnswer | ErrorCode::OutcomeUnknown) => {
                        UnlockDeviceError::Malformed.into()
                    }
                    Some(ErrorCode::PinRefusedByDevice) => Self::Refused(DeviceRefusal::PinRefused),
                    Some(code) if code.family() == Family::Device => {
                        Self::Refused(DeviceRefusal::from_code(code).unwrap_or(DeviceRefusal::Unexpected))
                    }
                    // A number that is not a device's is the program's own mistake.
                    _ => TransportError::HostFailed.into(),
                };
            }
            UnlockDeviceError::Malformed => return Self::Malformed("the program's own device"),
            UnlockDeviceError::NoDevice => TransportError::NoDevice,
            UnlockDeviceError::PermissionDenied { path } => {
                TransportError::PermissionDenied { path: path.into() }
            }
            UnlockDeviceError::NeedsElevation => TransportError::NeedsElevation,
            UnlockDeviceError::Busy => TransportError::Busy,
            UnlockDeviceError::Gone => TransportError::Gone,
            UnlockDeviceError::TimedOut => TransportError::DeadlineExceeded,
            UnlockDeviceError::Cancelled => TransportError::Cancelled,
            UnlockDeviceError::Failed { code } => TransportError::Failed {
                function: "the program's device",
                value: code,
            },
            UnlockDeviceError::HostFailed => TransportError::HostFailed,
        };
        transport.into()
    }
}
