//! A software key that the desk knows: enrolled, with a PIN, and blocked by wrong ones.

use std::path::Path;

use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse};
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks};
use fido_unlock::host::{CtapUnlockDevice, EnrollPlan, PlannedKey, enroll};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, HasCode, Interface, Pin};
use fido_unlock_mock::framing::{Device, MockHid};
use fido_unlock_mock::platform::{Platform, PlatformError};
use fido_unlock_mock::{SoftAuthenticator, Storage, Touch};
use getrandom::SysRng;

use crate::Failure;
use crate::desk::SLOT;

/// The PIN before the block.
pub const OLD_PIN: &str = "Winter42";

/// A key, plugged in. Copies are the same key.
#[derive(Clone)]
pub struct Key(Device<SoftAuthenticator>);

impl Key {
    /// A new one, in memory or in `file`. It is touched when it asks.
    ///
    /// # Errors
    /// There is such a file, or it cannot be written.
    pub fn make(file: Option<&Path>) -> Result<Self, Failure> {
        let mut builder = SoftAuthenticator::builder().touch(Touch::After(1));
        if let Some(file) = file {
            if file.exists() {
                let text = format!("{} exists", file.display());
                return Err(Failure::new(ErrorCode::StoreWrite, text));
            }
            builder = builder.storage(Storage::File(file.into()));
        }
        let authenticator = builder
            .build()
            .map_err(|error| Failure::new(ErrorCode::StoreWrite, error.to_string()))?;
        Ok(Self(Device::new(authenticator, SystemTicks::new())))
    }

    /// Enrols it with the issuer's key.
    ///
    /// # Errors
    /// What the device answers.
    pub fn enroll(&self, issuer: &IssuerKey) -> Result<EnrollResponse, Failure> {
        let key = match (issuer.public(), issuer.expose_admin_key()) {
            (Some(public), _) if issuer.suite() == fido_unlock::Suite::P256Ecdsa => {
                PlannedKey::P256Ecdsa(public)
            }
            (Some(public), _) => PlannedKey::P256EcdhMac(public),
            (None, Some(admin_key)) => PlannedKey::AesAdminKey(admin_key),
            (None, None) => return Err(ErrorCode::KeyMissing.into()),
        };
        let plan = EnrollPlan {
            slots: &[(SLOT, key)],
            options: EnrollOptions::default(),
            protocol: PinProtocol::Two,
            token: None,
        };
        let mut device = CtapUnlockDevice::new(self.open());
        Ok(call(|call| enroll(&mut device, &plan, &mut SysRng, call))?)
    }

    /// Sets [`OLD_PIN`], then types wrong ones until it is blocked.
    ///
    /// # Errors
    /// What the device answers.
    pub fn block(&self) -> Result<(), Failure> {
        self.platform(|platform| platform.set_pin(&Pin::new(OLD_PIN.into())))?;
        loop {
            match self.try_pin("Winter24") {
                Err(ErrorCode::PinInvalid) => {}
                Err(ErrorCode::PinAuthBlocked) => self.0.replug(),
                Err(ErrorCode::PinBlocked) => return Ok(()),
                Err(other) => return Err(other.into()),
                Ok(()) => return Err(ErrorCode::InvalidArgument.into()),
            }
        }
    }

    /// Tries a PIN as a sign-in does.
    ///
    /// # Errors
    /// [`ErrorCode::PinInvalid`] and its like.
    pub fn try_pin(&self, pin: &str) -> Result<(), ErrorCode> {
        self.platform(|platform| platform.try_pin(&Pin::new(pin.into())))
            .map_err(|error| error.code())
    }

    /// Out and in again.
    pub fn replug(&self) {
        self.0.replug();
    }

    /// All its interfaces.
    #[must_use]
    pub fn device(&self) -> Device<SoftAuthenticator> {
        self.0.clone()
    }

    fn open(&self) -> HidTransport<MockHid<SoftAuthenticator>, SysRng> {
        HidTransport::new(self.0.hid(Interface::Fido), SysRng, Interface::Fido)
    }

    fn platform<R>(
        &self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
    ) -> Result<R, PlatformError> {
        let mut transport = self.open();
        call(|call| {
            work(&mut Platform::new(
                &mut transport,
                &mut SysRng,
                call,
                PinProtocol::Two,
            ))
        })
    }
}

fn call<R>(work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let (ticks, mut progress) = (SystemTicks::new(), NoProgress);
    work(&mut Call::new(
        &ticks,
        Call::WITH_TOUCH,
        &NeverCancel,
        &mut progress,
    ))
}
