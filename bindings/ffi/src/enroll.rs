//! Enrolment.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::ports::Call;
use fido_unlock::host::{self, EnrollPlan, PlannedKey, TokenScope, get_pin_token};
use fido_unlock::suite::IssuerPublicKey;
use fido_unlock::{AdminKey, ErrorCode, Pin, Suite as CoreSuite};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use crate::call::{CallOptions, CancelHandle, ProgressListener};
use crate::device::Device;
use crate::error::UnlockError;
use crate::issuer::IssuerKey;
use crate::types::{EnrolledDevice, Suite};

enum OwnedKey {
    Issuer(CoreSuite, IssuerPublicKey),
    Admin(AdminKey),
}

#[derive(Default)]
struct Plan {
    slots: Vec<(u8, OwnedKey)>,
    options: EnrollOptions,
    pin: Option<Pin>,
}

/// A plan for enrolling a device. FIDO interface only; the device asks for a touch and is
/// sealed until reset. While `run` runs, everything else is refused with number 802.
#[derive(Default, uniffi::Object)]
pub struct Enrollment(Mutex<Plan>);

impl Enrollment {
    /// Held during the enrolment, so that a callback that calls this object is refused instead of waiting
    /// for itself.
    fn lock(&self) -> Result<MutexGuard<'_, Plan>, UnlockError> {
        match self.0.try_lock() {
            Ok(plan) => Ok(plan),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(ErrorCode::WrongState.into()),
        }
    }

    fn add(&self, slot: u8, key: OwnedKey) -> Result<(), UnlockError> {
        let mut plan = self.lock()?;
        if slot > 15 || plan.slots.iter().any(|(taken, _)| *taken == slot) {
            return Err(ErrorCode::InvalidArgument.into());
        }
        plan.slots.push((slot, key));
        Ok(())
    }
}

#[uniffi::export]
impl Enrollment {
    /// A plan without slots.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A slot (0 to 15) for an issuer's public key in suite 1 or 2: a compressed point of 33 bytes.
    pub fn add_public_key(&self, slot: u8, suite: Suite, public_key: Vec<u8>) -> Result<(), UnlockError> {
        if suite == Suite::AesAdminKey {
            return Err(ErrorCode::InvalidArgument.into());
        }
        let key = IssuerPublicKey::from_compressed(&public_key).map_err(|_| ErrorCode::InvalidPoint)?;
        self.add(slot, OwnedKey::Issuer(suite.into(), key))
    }

    /// A slot for a key that this program holds, of any suite.
    pub fn add_key(&self, slot: u8, key: Arc<IssuerKey>) -> Result<(), UnlockError> {
        let owned = match key.0.public() {
            Some(public) => OwnedKey::Issuer(key.0.suite(), public),
            None => {
                let admin = key.0.expose_admin_key().ok_or(ErrorCode::InvalidArgument)?;
                let bytes = Zeroizing::new(admin.expose_bytes().to_vec());
                OwnedKey::Admin(AdminKey::new(&bytes).ok_or(ErrorCode::InvalidArgument)?)
            }
        };
        self.add(slot, owned)
    }

    /// The vendor interface serves nothing; an unlock over the vendor interface makes the person
    /// change the PIN.
    pub fn set_options(&self, vendor_interface_off: bool, force_pin_change: bool) -> Result<(), UnlockError> {
        self.lock()?.options = EnrollOptions {
            vendor_interface_off,
            force_pin_change,
        };
        Ok(())
    }

    /// The device's PIN, if it has one already; wiped with this object.
    pub fn set_pin(&self, pin: String) -> Result<(), UnlockError> {
        let pin = Pin::new(pin);
        self.lock()?.pin = Some(pin);
        Ok(())
    }

    /// Enrols.
    #[uniffi::method(default(progress = None, cancel = None, timeout_ms = None))]
    pub fn run(
        &self,
        device: Arc<Device>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Result<EnrolledDevice, UnlockError> {
        let plan = self.lock()?;
        let slots: Vec<(u8, PlannedKey<'_>)> = plan
            .slots
            .iter()
            .map(|(slot, key)| {
                let key = match key {
                    OwnedKey::Issuer(CoreSuite::P256Ecdsa, key) => PlannedKey::P256Ecdsa(*key),
                    OwnedKey::Issuer(_, key) => PlannedKey::P256EcdhMac(*key),
                    OwnedKey::Admin(key) => PlannedKey::AesAdminKey(key),
                };
                (*slot, key)
            })
            .collect();
        device.call(
            CallOptions::new(progress, cancel, timeout_ms),
            Call::WITH_TOUCH,
            |backend, call| {
                let protocol = backend.pin_protocol(call)?;
                let scope = TokenScope {
                    permissions: permission::AUTHENTICATOR_CONFIG,
                    rp_id: None,
                };
                let token = match &plan.pin {
                    Some(pin) => Some(get_pin_token(
                        backend.ctap()?.transport(),
                        protocol,
                        pin,
                        scope,
                        &mut SystemEntropy,
                        call,
                    )?),
                    None => None,
                };
                let plan = EnrollPlan {
                    slots: &slots,
                    options: plan.options,
                    protocol,
                    token: token.as_deref().map(Vec::as_slice),
                };
                let enrolled = host::enroll(backend.ctap()?, &plan, &mut SystemEntropy, call)?;
                Ok::<_, UnlockError>(EnrolledDevice {
                    device_id: enrolled.device_id.to_code(),
                    device_key: enrolled.device_key.as_compressed().to_vec(),
                })
            },
        )
    }
}
