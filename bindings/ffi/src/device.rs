//! An open device: its state, the test whether an unlock would work, and blocking a PIN on purpose.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock::host::framing::{HidTransport, NfcTransport};
use fido_unlock::host::ports::{self, Call, Transport};
use fido_unlock::host::{self, BlockProgress, CtapUnlockDevice};
use fido_unlock_system::SystemEntropy;

use crate::backend::{DeviceBackend, HostDevice};
use crate::call::{CallOptions, CancelHandle, ProgressListener};
use crate::device_state::{DeviceInfo, Diagnosis};
use crate::error::UnlockError;
use crate::issuer_prover::{self, HostProver, IssuerProver, RotationPlan};
use crate::pipe::{ApduChannel, HidReports, HostApdu, HostHid};
use crate::probe::{BlockConsent, ProbePassed, ProbeResponder};
use crate::types::Interface;
use crate::unlock_device::UnlockDevice;

/// How far `Device.block_pin` has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum BlockOutcome {
    /// The PIN is blocked for good; an unlock is possible now.
    Blocked,
    /// Plug the device in again and call again.
    ReplugNeeded,
}

/// An open device. One call at a time: a second one, also from within a callback, is refused with
/// number 802.
#[derive(uniffi::Object)]
pub struct Device {
    backend: Mutex<DeviceBackend>,
}

impl Device {
    pub(crate) fn new(transport: Box<dyn Transport + Send>) -> Arc<Self> {
        Self::over(DeviceBackend::Ctap(CtapUnlockDevice::new(transport)))
    }

    fn over(backend: DeviceBackend) -> Arc<Self> {
        Arc::new(Self {
            backend: Mutex::new(backend),
        })
    }

    /// The device for one call, which must be over within the host's time, or `within`.
    pub(crate) fn call<R, E: Into<UnlockError>>(
        &self,
        options: CallOptions,
        within: Duration,
        work: impl FnOnce(&mut DeviceBackend, &mut Call<'_>) -> Result<R, E>,
    ) -> Result<R, UnlockError> {
        self.backend()?.run(options, within, work)
    }

    /// The device, locked against other calls.
    pub(crate) fn backend(&self) -> Result<MutexGuard<'_, DeviceBackend>, UnlockError> {
        match self.backend.try_lock() {
            Ok(backend) => Ok(backend),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(ErrorCode::WrongState.into()),
        }
    }
}

#[uniffi::export]
impl Device {
    /// Over a HID interface that the host has opened; `which` says which one it is.
    #[uniffi::constructor]
    pub fn open_hid(pipe: Arc<dyn HidReports>, which: Interface) -> Result<Arc<Self>, UnlockError> {
        let reports = HostHid::open(pipe)?;
        Ok(Self::new(Box::new(HidTransport::new(
            reports,
            SystemEntropy,
            which.into(),
        ))))
    }

    /// Over a card that the host has connected. With `preference` `Vendor`, the unlock applet is used if
    /// the card has it, and FIDO's otherwise; with `Fido`, only FIDO's.
    #[uniffi::constructor]
    pub fn open_apdu(pipe: Arc<dyn ApduChannel>, preference: Interface) -> Result<Arc<Self>, UnlockError> {
        let channel = HostApdu::open(pipe)?;
        Ok(Self::new(Box::new(NfcTransport::new(channel, preference.into()))))
    }

    /// A vendor's device with a command set of its own, which the host speaks. Probe, enrolment, rotation
    /// and `block_pin` are not in that port: they are refused with number 121.
    #[uniffi::constructor]
    #[must_use]
    pub fn open_unlock_device(device: Arc<dyn UnlockDevice>) -> Arc<Self> {
        Self::over(DeviceBackend::Host(HostDevice::new(device)))
    }

    /// The state.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn info(
        &self,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<DeviceInfo, UnlockError> {
        let options = CallOptions::new(None, cancel, timeout_ms);
        self.call(options, Call::QUICK, |backend, call| {
            ports::UnlockDevice::info(backend, call).map(|info| DeviceInfo::of(&info))
        })
    }

    /// Its state, and what the person can do; this only reads. `own_issuers`: fingerprints (16 bytes
    /// each) of your own issuer keys, as `read_issuer_list` gives them; if empty, no key counts as foreign.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn diagnose(
        &self,
        own_issuers: Vec<Vec<u8>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<Diagnosis, UnlockError> {
        let own: Vec<[u8; 16]> = own_issuers
            .into_iter()
            .map(|print| print.try_into().map_err(|_| ErrorCode::InvalidArgument))
            .collect::<Result<_, _>>()?;
        let options = CallOptions::new(None, cancel, timeout_ms);
        self.call(options, Call::QUICK, |backend, call| {
            let info = ports::UnlockDevice::info(backend, call);
            let Some(found) = host::diagnose(&info, &own) else {
                return Err(match info {
                    Err(error) => UnlockError::from(error),
                    Ok(_) => ErrorCode::MalformedAnswer.into(),
                });
            };
            Ok(Diagnosis::of(&found))
        })
    }

    /// Would an unlock work? Suites 1 and 2, FIDO interface only. `responder` makes the response
    /// under the probe label.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn probe(
        &self,
        slot: u8,
        responder: Arc<dyn ProbeResponder>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<Arc<ProbePassed>, UnlockError> {
        let options = CallOptions::new(None, cancel, timeout_ms);
        self.call(options, Call::WITH_TOUCH, |backend, call| {
            ProbePassed::run(backend, slot, &*responder, call)
        })
    }

    /// The same with the issuer's key behind the host's prover, an HSM. `issuer`: its Q;
    /// `device_key`: E, as enrolment gave it; compressed points of 33 bytes.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn probe_with(
        &self,
        slot: u8,
        issuer: Vec<u8>,
        device_key: Vec<u8>,
        prover: Arc<dyn IssuerProver>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<Arc<ProbePassed>, UnlockError> {
        let issuer = issuer_prover::issuer_key(&issuer)?;
        let device_key = issuer_prover::device_key(&device_key)?;
        let mut prover = HostProver(prover);
        let options = CallOptions::new(None, cancel, timeout_ms);
        self.call(options, Call::WITH_TOUCH, |backend, call| {
            let passed = host::probe_with(backend.ctap()?, slot, issuer, device_key, &mut prover, call)?;
            Ok::<_, UnlockError>(ProbePassed::of(passed))
        })
    }

    /// Gives a slot a new issuer key, or closes it; both keys are behind `prover`. The device is compared
    /// with the plan before anything is proven (number 112: it holds another key; 131: its only slot would be closed), and asks for a touch.
    /// Gives the slot's new rotation number, for `HelpDesk.record_rotation`. FIDO interface only.
    #[uniffi::method(default(progress = None, cancel = None, timeout_ms = None))]
    pub fn rotate_issuer(
        &self,
        plan: RotationPlan,
        prover: Arc<dyn IssuerProver>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<u32, UnlockError> {
        let plan = plan.to_core()?;
        let mut prover = HostProver(prover);
        let options = CallOptions::new(progress, cancel, timeout_ms);
        self.call(options, Call::WITH_TOUCH, |backend, call| {
            Ok::<_, UnlockError>(host::rotate_with(backend.ctap()?, &plan, &mut prover, call)?)
        })
    }

    /// Blocks a forgotten PIN, so that an unlock becomes possible; the consent needs a passed probe.
    /// FIDO interface only.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn block_pin(
        &self,
        consent: Arc<BlockConsent>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<BlockOutcome, UnlockError> {
        let options = CallOptions::new(None, cancel, timeout_ms);
        self.call(options, Call::WITH_TOUCH, |backend, call| {
            let protocol = backend.pin_protocol(call)?;
            let outcome = host::block_pin(
                backend.ctap()?.transport(),
                consent.confirmed(),
                protocol,
                &mut SystemEntropy,
                call,
            )?;
            Ok::<_, UnlockError>(match outcome {
                BlockProgress::Blocked => BlockOutcome::Blocked,
                BlockProgress::ReplugNeeded => BlockOutcome::ReplugNeeded,
            })
        })
    }

    /// The interface in use; number 121 if the host speaks to the device itself.
    pub fn active_interface(&self) -> Result<Interface, UnlockError> {
        Ok(self.backend()?.ctap()?.interface().into())
    }
}
