//! The software authenticator above the transport: stands for a vendor's own command set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fido_unlock::ctap2::device_unlock::{self, ChallengeRequest};
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{self, Call, Cancel, TransportError};
use fido_unlock::host::{CtapUnlockDevice, DeviceError};
use fido_unlock::pin_protocol::CoseKey;
use fido_unlock::{Challenge, DeviceChallenge, HasCode, ResponseCode, Suite};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::MockHid;
use fido_unlock_system::SystemEntropy;

use super::MockKey;
use crate::types::SlotInfo;
use crate::unlock_device::{KeyAgreement, PendingChallenge, UnlockInfo, UnlockRequest};
use crate::{DeviceCall, Interface, PinProtocol, ProgressEvent, UnlockDevice, UnlockDeviceError};

type Ctap = CtapUnlockDevice<HidTransport<MockHid<SoftAuthenticator>, SystemEntropy>>;

struct MockUnlockDevice(Mutex<Ctap>);

impl MockUnlockDevice {
    fn run<R>(
        &self,
        served: &DeviceCall,
        work: impl FnOnce(&mut Ctap, &mut Call<'_>) -> Result<R, DeviceError>,
    ) -> Result<R, UnlockDeviceError> {
        let cancel = Served(served);
        let mut tell = |event| {
            served.progress(match event {
                ports::ProgressEvent::TouchNeeded => ProgressEvent::TouchNeeded,
                ports::ProgressEvent::Status(code) => ProgressEvent::OtherStatus { code },
                _ => ProgressEvent::Processing,
            });
        };
        let within = Duration::from_millis(served.remaining_ms().into());
        let mut call = Call::within(within).cancelled_by(&cancel).telling(&mut tell);
        let mut device = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&mut device, &mut call)?)
    }
}

struct Served<'a>(&'a DeviceCall);

impl Cancel for Served<'_> {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl From<DeviceError> for UnlockDeviceError {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Malformed(_) => Self::Malformed,
            DeviceError::Transport(TransportError::Gone) => Self::Gone,
            DeviceError::Transport(TransportError::Busy) => Self::Busy,
            DeviceError::Transport(TransportError::Cancelled) => Self::Cancelled,
            DeviceError::Transport(TransportError::DeadlineExceeded) => Self::TimedOut,
            DeviceError::Transport(_) => Self::Failed { code: 0 },
            other => Self::Refused {
                number: other.code().number(),
            },
        }
    }
}

/// Of whichever suite: the session's own knows which.
fn any_challenge(bytes: &[u8]) -> Option<Challenge> {
    let suites = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];
    suites
        .into_iter()
        .find_map(|suite| Challenge::from_bytes(suite, bytes).ok())
}

fn coordinate(bytes: Vec<u8>) -> Result<[u8; 32], UnlockDeviceError> {
    bytes.try_into().map_err(|_| UnlockDeviceError::Malformed)
}

impl UnlockDevice for MockUnlockDevice {
    fn info(
        &self,
        challenge: Option<Vec<u8>>,
        call: Arc<DeviceCall>,
    ) -> Result<UnlockInfo, UnlockDeviceError> {
        let info = match challenge {
            None => self.run(&call, ports::UnlockDevice::info)?,
            Some(bytes) => {
                let challenge = any_challenge(&bytes).ok_or(UnlockDeviceError::Malformed)?;
                self.run(&call, |device, call| {
                    ports::UnlockDevice::info_about(device, &challenge, call)
                })?
            }
        };
        Ok(UnlockInfo {
            pin_set: info.pin_set,
            pin_retries: info.pin_retries,
            pin_auth_blocked: info.pin_auth_blocked,
            uv_retries: info.uv_retries,
            protocols: info.protocols.into_iter().map(Into::into).collect(),
            min_pin_length: info.min_pin_length,
            max_pin_length: info.max_pin_length,
            force_pin_change: info.force_pin_change,
            pin_complexity_policy: info.pin_complexity_policy,
            unlock_counter: info.unlock_counter,
            sealed: info.sealed,
            slots: info.slots.iter().map(SlotInfo::of).collect(),
            device_id: info.device_id.map(|id| id.as_bytes().to_vec()),
            unlock_blocked: info.unlock_blocked,
            needs_touch: info.touch,
            spent: info.spent,
        })
    }

    fn challenge(
        &self,
        slot: u8,
        protocol: PinProtocol,
        renew: bool,
        call: Arc<DeviceCall>,
    ) -> Result<PendingChallenge, UnlockDeviceError> {
        let request = ChallengeRequest {
            slot,
            protocol: protocol.into(),
            renew,
        };
        let answer = self.run(&call, |device, call| {
            ports::UnlockDevice::challenge(device, &request, call)
        })?;
        Ok(PendingChallenge {
            challenge: answer.challenge.as_bytes().to_vec(),
            suite: answer.suite.into(),
            slot: answer.slot,
            device_id: answer.device_id.as_bytes().to_vec(),
            key_agreement: KeyAgreement {
                x: answer.key_agreement.x.to_vec(),
                y: answer.key_agreement.y.to_vec(),
            },
        })
    }

    fn unlock(
        &self,
        request: UnlockRequest,
        response: String,
        call: Arc<DeviceCall>,
    ) -> Result<(), UnlockDeviceError> {
        let malformed = |_| UnlockDeviceError::Malformed;
        let suite = match request.challenge.len() {
            16 => Suite::AesAdminKey,
            _ => DeviceChallenge::from_bytes(&request.challenge)
                .map_err(malformed)?
                .suite(),
        };
        let bytes = base16ct::lower::decode_vec(&response).map_err(|_| UnlockDeviceError::Malformed)?;
        let response = ResponseCode::from_bytes(suite, &bytes).map_err(malformed)?;
        let request = device_unlock::UnlockRequest {
            challenge: Challenge::from_bytes(suite, &request.challenge).map_err(malformed)?,
            response: &response,
            protocol: request.protocol.into(),
            platform_key: CoseKey {
                x: coordinate(request.platform_key.x)?,
                y: coordinate(request.platform_key.y)?,
            },
            new_pin_enc: request.new_pin_enc,
            pin_uv_auth_param: request.pin_uv_auth_param,
        };
        self.run(&call, |device, call| {
            ports::UnlockDevice::unlock(device, &request, call)
        })
    }
}

#[uniffi::export]
impl MockKey {
    /// The key above the transport, as a vendor's own command set would reach it; a host's device may
    /// hand its three calls on to it.
    #[must_use]
    pub fn unlock_device(&self, which: Interface) -> Arc<dyn UnlockDevice> {
        let which = which.into();
        let transport = HidTransport::new(self.device.hid(which), SystemEntropy, which);
        Arc::new(MockUnlockDevice(Mutex::new(CtapUnlockDevice::new(transport))))
    }
}
