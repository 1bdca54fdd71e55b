//! The user's security key: the software authenticator behind CTAPHID, as a program on the user's computer sees it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse};
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks, UnlockDevice};
use fido_unlock::host::{
    Condition, CtapUnlockDevice, DefaultPinPolicy, EnrollPlan, NewPin, PlannedKey, Session, confirm_pin,
    diagnose, enroll,
};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Interface, Pin, ResponseCode};
use fido_unlock_mock::authenticator::Builder;
use fido_unlock_mock::framing::{Device, MockHid};
use fido_unlock_mock::platform::{Platform, PlatformError, RelyingParty, StoredCredential};
use fido_unlock_mock::serve::{KeyServer, Wire};
use fido_unlock_mock::{SoftAuthenticator, Storage, Touch};
use getrandom::SysRng;

use super::SLOT;
use crate::refusal::Refusal;

const PROTOCOL: PinProtocol = PinProtocol::Two;
/// Not the PIN, whatever it is: it is shorter than any that the user's app takes.
const WRONG_PIN: &str = "0000";

/// What the user's app shows of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// State.
    pub condition: Condition,
    /// Device ID and Device Challenge, while an unlock is possible.
    pub codes: Option<(String, String)>,
    /// Whether the PIN is blocked.
    pub locked: bool,
}

/// A key that is plugged in. Clones are the same key.
#[derive(Clone)]
pub struct VirtualKey {
    device: Device<SoftAuthenticator>,
    user: Arc<Mutex<User>>,
    owner: Arc<str>,
}

/// What is at the user's place besides the key.
#[derive(Default)]
struct User {
    /// What their app has shown.
    session: Option<Session>,
    /// What the relying party keeps of the passkey.
    passkey: Option<StoredCredential>,
}

impl VirtualKey {
    /// The PIN before the first lock.
    pub const OLD_PIN: &str = "Winter42";
    /// Where the passkey signs in.
    pub const RELYING_PARTY: &str = "example.com";

    /// A new one, in memory.
    ///
    /// # Errors
    /// No random bytes.
    pub(super) fn make(owner: &str) -> Result<Self, Refusal> {
        Self::of(SoftAuthenticator::builder(), owner)
    }

    /// A new one in memory, or in a file that is not there yet. It waits a moment for its touch, as one does that a person
    /// touches.
    ///
    /// # Errors
    /// There is such a file, or it cannot be written; no random bytes.
    pub(super) fn to_be_locked(owner: &str, file: Option<&Path>) -> Result<Self, Refusal> {
        let mut builder = SoftAuthenticator::builder().touch(Touch::After(1));
        if let Some(file) = file {
            if file.exists() {
                let why = format!("{}: it is there already", file.display());
                return Err(Refusal::file(ErrorCode::StoreWrite, &why));
            }
            builder = builder.storage(Storage::File(file.into()));
        }
        Self::of(builder, owner)
    }

    fn of(builder: Builder, owner: &str) -> Result<Self, Refusal> {
        let authenticator = builder.build().map_err(|_| ErrorCode::StoreBroken)?;
        Ok(Self {
            device: Device::new(authenticator, SystemTicks::default()),
            user: Arc::default(),
            owner: owner.into(),
        })
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Serves its vendor interface on a port of this machine, for programs in any language: frames of a length (2 bytes,
    /// big-endian) and a HID report, one connection at a time. `port`: 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn serve(&self, port: u16) -> io::Result<KeyServer> {
        KeyServer::start(self.device.clone(), Wire::Hid, Interface::Vendor, port)
    }

    pub(super) fn enroll(&self, key: PlannedKey<'_>) -> Result<EnrollResponse, Refusal> {
        let plan = EnrollPlan {
            slots: &[(SLOT, key)],
            options: EnrollOptions::default(),
            protocol: PROTOCOL,
            token: None,
        };
        let mut device = self.open(Interface::Fido);
        Ok(call(|call| enroll(&mut device, &plan, &mut SysRng, call))?)
    }

    /// The user sets a PIN and makes a passkey.
    pub(super) fn make_passkey(&self) -> Result<(), Refusal> {
        let pin = Pin::new(Self::OLD_PIN.into());
        let relying_party = RelyingParty::new(Self::RELYING_PARTY);
        self.platform(|platform| platform.set_pin(&pin))?;
        let ceremony = relying_party
            .begin("webauthn.create", &mut SysRng)
            .map_err(|_| ErrorCode::EntropyFailed)?;
        let made = self.platform(|platform| platform.make_credential(&ceremony, "demonstration", &pin))?;
        let passkey = relying_party
            .register(&made)
            .map_err(|_| ErrorCode::MalformedAnswer)?;
        self.user().passkey = Some(passkey);
        Ok(())
    }

    /// The key as the user's app shows it: what it says of itself, and, while an unlock is possible, Device ID and
    /// challenge.
    ///
    /// # Errors
    /// What the key answers.
    pub fn state(&self) -> Result<KeyState, Refusal> {
        let mut device = self.open(Interface::Vendor);
        let info = call(|call| device.info(call));
        let diagnosis = diagnose(&info, &[]).ok_or(ErrorCode::NotSupported)?;
        let mut user = self.user();
        user.session = match diagnosis.can_unlock() {
            true => Some(call(|call| Session::begin_with(&mut device, &info?, None, call))?),
            false => None,
        };
        let codes = user.session.as_ref();
        Ok(KeyState {
            codes: codes.map(|session| (session.device_id().to_code(), session.challenge().to_code())),
            locked: matches!(
                diagnosis.condition,
                Condition::Locked | Condition::LockedUntilReplugged
            ),
            condition: diagnosis.condition,
        })
    }

    /// The user types the Response Code and a new PIN twice, and presses UNLOCK.
    ///
    /// # Errors
    /// What they typed; [`ErrorCode::DeviceNotLocked`]; what the key answers.
    pub fn unlock(&self, code: &str, pin: &Pin, again: &Pin) -> Result<(), Refusal> {
        let mut device = self.open(Interface::Vendor);
        let mut user = self.user();
        let session = match &user.session {
            Some(shown) => shown.clone(),
            None => call(|call| Session::begin(&mut device, None, call))?,
        };
        let code = ResponseCode::parse(session.suite(), code)?;
        let pin = NewPin::judge(
            confirm_pin(pin, again)?,
            &DefaultPinPolicy::new(),
            session.rules(),
        )?;
        call(|call| session.unlock(&mut device, &code, &pin, &mut SysRng, call))?;
        user.session = None;
        Ok(())
    }

    /// Signs in with the passkey; the relying party judges by the public key that it has had since before the lock.
    ///
    /// # Errors
    /// What the key answers, such as [`ErrorCode::PinBlocked`]; [`ErrorCode::MalformedAnswer`] where the relying party
    /// refuses it.
    pub fn sign_in(&self, pin: &Pin) -> Result<(), Refusal> {
        let passkey = self.user().passkey.clone().ok_or(ErrorCode::KeyMissing)?;
        let relying_party = RelyingParty::new(Self::RELYING_PARTY);
        let ceremony = relying_party
            .begin("webauthn.get", &mut SysRng)
            .map_err(|_| ErrorCode::EntropyFailed)?;
        let (auth_data, signature) =
            self.platform(|platform| platform.get_assertion(&ceremony, &passkey.id, pin))?;
        let judged = relying_party.verify(&ceremony, &passkey, &auth_data, &signature);
        judged.map_err(|_| ErrorCode::MalformedAnswer.into())
    }

    /// Out, and in again.
    pub fn replug(&self) {
        self.device.replug();
    }

    /// Wrong PINs until it is blocked; gives how many: none where it was blocked already.
    ///
    /// # Errors
    /// What the key answers.
    pub fn lock(&self) -> Result<u32, Refusal> {
        let mut tries = 0;
        loop {
            let tried = self.platform(|platform| platform.try_pin(&Pin::new(WRONG_PIN.into())));
            match tried.as_ref().map_err(PlatformError::code) {
                Err(ErrorCode::PinInvalid) => tries += 1,
                Err(ErrorCode::PinAuthBlocked) => {
                    tries += 1;
                    self.replug();
                }
                // The last one blocks it.
                Err(ErrorCode::PinBlocked) => return Ok(if tries == 0 { 0 } else { tries + 1 }),
                Err(other) => return Err(other.into()),
                Ok(()) => return Err(ErrorCode::WrongState.into()),
            }
        }
    }

    fn user(&self) -> MutexGuard<'_, User> {
        self.user.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transport(&self, interface: Interface) -> HidTransport<MockHid<SoftAuthenticator>, SysRng> {
        HidTransport::new(self.device.hid(interface), SysRng, interface)
    }

    fn open(
        &self,
        interface: Interface,
    ) -> CtapUnlockDevice<HidTransport<MockHid<SoftAuthenticator>, SysRng>> {
        CtapUnlockDevice::new(self.transport(interface))
    }

    fn platform<R>(
        &self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
    ) -> Result<R, PlatformError> {
        let mut transport = self.transport(Interface::Fido);
        call(|call| work(&mut Platform::new(&mut transport, &mut SysRng, call, PROTOCOL)))
    }
}

/// One call of at most 30 seconds.
fn call<R>(work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let (ticks, mut progress) = (SystemTicks::new(), NoProgress);
    work(&mut Call::new(
        &ticks,
        Call::WITH_TOUCH,
        &NeverCancel,
        &mut progress,
    ))
}
