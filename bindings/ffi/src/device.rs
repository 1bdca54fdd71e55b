//! An open device: what state it is in, and a PIN that is blocked on purpose.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use fido_unlock::ErrorCode;
use fido_unlock::ctap2::device_unlock;
use fido_unlock::host::framing::{HidTransport, NfcTransport};
use fido_unlock::host::ports::{self, Call, Transport};
use fido_unlock::host::{self, BlockProgress, CtapUnlockDevice};
use fido_unlock::pin_protocol::PinProtocol;
use getrandom::SysRng;

use crate::call::{Terms, terms};
use crate::enroll::{BlockConsent, ProbePassed, ProbeResponder};
use crate::issuer_prover::{self, HostProver};
use crate::link::{HostDevice, Link};
use crate::pipe::{HostApdu, HostHid};
use crate::{
    ApduChannel, CancelHandle, HidReports, Interface, IssuerProver, PinRules, ProgressListener, RotationPlan,
    Suite, UnlockDevice, UnlockError,
};

/// A key slot.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SlotInfo {
    /// 0 to 15; slot 0 may be the offline recovery key.
    pub slot: u8,
    /// What its key is for.
    pub suite: Suite,
    /// 16 bytes that name the issuer's key; absent in suite 3.
    pub fingerprint: Option<Vec<u8>>,
    /// How often the slot was given a new key.
    pub rotation: u32,
}

impl SlotInfo {
    pub(crate) fn of(slot: &device_unlock::SlotInfo) -> Self {
        Self {
            slot: slot.slot,
            suite: slot.suite.into(),
            fingerprint: slot.fingerprint.map(Into::into),
            rotation: slot.rotation,
        }
    }
}

/// The device's state.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeviceInfo {
    /// The Device ID; over the vendor interface only while the PIN is blocked.
    pub device_id: Option<String>,
    /// Whether a PIN is set.
    pub pin_set: bool,
    /// Tries left; 0 is blocked for good.
    pub pin_retries: u8,
    /// Whether it refuses PINs until it is plugged in again.
    pub pin_auth_blocked: bool,
    /// Tries of the fingerprint sensor, where there is one.
    pub uv_retries: Option<u8>,
    /// Whether the PIN must be changed before it is used.
    pub force_pin_change: bool,
    /// What a new PIN must be like.
    pub pin_rules: PinRules,
    /// How often it was unlocked.
    pub unlock_counter: u32,
    /// Enrolled, and closed to other issuers until reset.
    pub sealed: bool,
    /// Its key slots.
    pub slots: Vec<SlotInfo>,
    /// Whether five Response Codes were wrong since it was plugged in.
    pub unlock_blocked: bool,
    /// Whether an unlock wants a touch.
    pub needs_touch: bool,
}

impl DeviceInfo {
    fn of(info: &device_unlock::UnlockInfo) -> Self {
        Self {
            device_id: info.device_id.map(|id| id.to_code()),
            pin_set: info.pin_set,
            pin_retries: info.pin_retries,
            pin_auth_blocked: info.pin_auth_blocked,
            uv_retries: info.uv_retries,
            force_pin_change: info.force_pin_change,
            pin_rules: PinRules::of(&host::PinRules::of(info)),
            unlock_counter: info.unlock_counter,
            sealed: info.sealed,
            slots: info.slots.iter().map(SlotInfo::of).collect(),
            unlock_blocked: info.unlock_blocked,
            needs_touch: info.touch,
        }
    }
}

/// The state that matters most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// Blocked for good and enrolled: an unlock is possible.
    Locked,
    /// The same, but five Response Codes were wrong since it was plugged in.
    LockedUntilReplugged,
    /// The same, but a slot's key is not one of the help desk's.
    LockedByForeignIssuer,
    /// Blocked for good and never enrolled: only a reset is left.
    LockedNotEnrolled,
    /// It refuses PINs until it is plugged in again; tries are left.
    PinAuthBlocked {
        /// Tries left.
        pin_retries: u8,
    },
    /// The fingerprint sensor is blocked, the PIN is not.
    UvBlocked,
    /// No PIN was ever set.
    PinNotSet,
    /// The PIN works.
    Unlocked {
        /// Tries left.
        pin_retries: u8,
    },
    /// The device does not know the unlock command.
    NotSupported,
    /// A card without the FIDO applet: another applet's PIN is meant.
    OtherApplet,
    /// A state that this version of the binding has no name for: show the sentence.
    Unknown,
}

impl From<host::Condition> for Condition {
    fn from(condition: host::Condition) -> Self {
        match condition {
            host::Condition::Locked => Self::Locked,
            host::Condition::LockedUntilReplugged => Self::LockedUntilReplugged,
            host::Condition::LockedByForeignIssuer => Self::LockedByForeignIssuer,
            host::Condition::LockedNotEnrolled => Self::LockedNotEnrolled,
            host::Condition::PinAuthBlocked { pin_retries } => Self::PinAuthBlocked { pin_retries },
            host::Condition::UvBlocked => Self::UvBlocked,
            host::Condition::PinNotSet => Self::PinNotSet,
            host::Condition::Unlocked { pin_retries } => Self::Unlocked { pin_retries },
            host::Condition::NotSupported => Self::NotSupported,
            host::Condition::OtherApplet => Self::OtherApplet,
        }
    }
}

/// What `Device.diagnose` found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Diagnosis {
    /// The state.
    pub condition: Condition,
    /// The number of its row in the error table.
    pub number: u16,
    /// State and what to do, in one sentence for the person.
    pub sentence: String,
    /// Whether an unlock is possible now.
    pub can_unlock: bool,
    /// The Device ID, where the device tells it.
    pub device_id: Option<String>,
    /// Enrolled and sealed.
    pub enrolled: bool,
    /// A slot's issuer key is not among those named as one's own.
    pub foreign_issuer: bool,
}

/// How far `Device.block_pin` got.
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
    link: Mutex<Link>,
}

impl Device {
    pub(crate) fn new(transport: Box<dyn Transport + Send>) -> Arc<Self> {
        Self::over(Link::Ctap(CtapUnlockDevice::new(transport)))
    }

    fn over(link: Link) -> Arc<Self> {
        Arc::new(Self {
            link: Mutex::new(link),
        })
    }

    /// The device for one call, which `terms` bound.
    pub(crate) fn call<R, E: Into<UnlockError>>(
        &self,
        terms: Terms,
        within: std::time::Duration,
        work: impl FnOnce(&mut Link, &mut Call<'_>) -> Result<R, E>,
    ) -> Result<R, UnlockError> {
        let mut link = self.link()?;
        terms.run(&mut link, within, work)
    }

    /// The device, for nobody else meanwhile.
    pub(crate) fn link(&self) -> Result<MutexGuard<'_, Link>, UnlockError> {
        match self.link.try_lock() {
            Ok(link) => Ok(link),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(ErrorCode::WrongState.into()),
        }
    }
}

/// The device's first PIN/UV protocol.
pub(crate) fn protocol(link: &mut Link, call: &mut Call<'_>) -> Result<PinProtocol, UnlockError> {
    let info = ports::UnlockDevice::info(link, call)?;
    Ok(info.protocols.first().copied().unwrap_or(PinProtocol::Two))
}

#[uniffi::export]
impl Device {
    /// Over a HID interface that the host has opened; `which` says which one it is.
    #[uniffi::constructor]
    pub fn open_hid(pipe: Arc<dyn HidReports>, which: Interface) -> Result<Arc<Self>, UnlockError> {
        let reports = HostHid::open(pipe)?;
        Ok(Self::new(Box::new(HidTransport::new(
            reports,
            SysRng,
            which.into(),
        ))))
    }

    /// Over a card that the host has connected. `preference` `Vendor` takes the unlock applet where
    /// the card has it and FIDO's otherwise; `Fido` takes FIDO's alone.
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
        Self::over(Link::Host(HostDevice::new(device)))
    }

    /// The state.
    #[uniffi::method(default(cancel = None, timeout_ms = None))]
    pub fn info(
        &self,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<DeviceInfo, UnlockError> {
        let terms = terms(None, cancel, timeout_ms);
        self.call(terms, Call::QUICK, |link, call| {
            ports::UnlockDevice::info(link, call).map(|info| DeviceInfo::of(&info))
        })
    }

    /// What state it is in and what the person can do; only reads. `own_issuers`: fingerprints (16
    /// bytes each) of one's own issuer keys; where empty, none counts as foreign.
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
        let terms = terms(None, cancel, timeout_ms);
        self.call(terms, Call::QUICK, |link, call| {
            let info = ports::UnlockDevice::info(link, call);
            let Some(found) = host::diagnose(&info, &own) else {
                return Err(match info {
                    Err(error) => UnlockError::from(error),
                    Ok(_) => ErrorCode::MalformedAnswer.into(),
                });
            };
            Ok(Diagnosis {
                condition: found.condition.into(),
                number: found.condition.code().number(),
                sentence: found.sentence(),
                can_unlock: found.can_unlock(),
                device_id: found.device_id.map(|id| id.to_code()),
                enrolled: found.enrolled,
                foreign_issuer: found.foreign_issuer,
            })
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
        let terms = terms(None, cancel, timeout_ms);
        self.call(terms, Call::WITH_TOUCH, |link, call| {
            ProbePassed::run(link, slot, &*responder, call)
        })
    }

    /// The same with the issuer's key behind a prover of the host's, an HSM. `issuer`: its Q;
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
        let terms = terms(None, cancel, timeout_ms);
        self.call(terms, Call::WITH_TOUCH, |link, call| {
            let passed = host::probe_with(link.ctap()?, slot, issuer, device_key, &mut prover, call)?;
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
        let terms = terms(progress, cancel, timeout_ms);
        self.call(terms, Call::WITH_TOUCH, |link, call| {
            Ok::<_, UnlockError>(host::rotate_with(link.ctap()?, &plan, &mut prover, call)?)
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
        let terms = terms(None, cancel, timeout_ms);
        self.call(terms, Call::WITH_TOUCH, |link, call| {
            let protocol = protocol(link, call)?;
            let outcome = host::block_pin(
                link.ctap()?.transport(),
                consent.confirmed(),
                protocol,
                &mut SysRng,
                call,
            )?;
            Ok::<_, UnlockError>(match outcome {
                BlockProgress::Blocked => BlockOutcome::Blocked,
                BlockProgress::ReplugNeeded => BlockOutcome::ReplugNeeded,
            })
        })
    }

    /// The interface that answers; number 121 where the host speaks to the device itself.
    pub fn active_interface(&self) -> Result<Interface, UnlockError> {
        Ok(self.link()?.ctap()?.interface().into())
    }
}
