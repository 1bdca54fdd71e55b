//! A relying party and the platform in front of a software authenticator.

use std::sync::Arc;

use fido_unlock::host::ports::Call;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, Pin};
use fido_unlock_mock::platform::{
    Platform, PlatformError, RelyingParty, RelyingPartyError, StoredCredential,
};
use fido_unlock_system::SystemEntropy;

use super::MockKey;
use crate::call::CallOptions;
use crate::{Device, UnlockError};

/// A passkey as the relying party stored it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MockPasskey {
    /// Credential ID.
    pub credential_id: Vec<u8>,
    /// The public key's x, 32 bytes.
    pub x: Vec<u8>,
    /// The public key's y, 32 bytes.
    pub y: Vec<u8>,
}

/// A sign-in that the relying party took, for a host that checks it by itself: ES256 in DER over
/// `auth_data` and `client_data_hash`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MockAssertion {
    /// SHA-256 of clientDataJSON, which holds the fresh challenge.
    pub client_data_hash: Vec<u8>,
    /// authData.
    pub auth_data: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// A relying party that knows nothing but the public keys that it stored.
#[derive(uniffi::Object)]
pub struct MockRelyingParty(RelyingParty);

impl From<RelyingPartyError> for UnlockError {
    fn from(error: RelyingPartyError) -> Self {
        Self::new(ErrorCode::MalformedAnswer, error.to_string())
    }
}

/// Where the platform's ceremonies run: the software key itself, or a device over a host pipe.
trait Ceremonies {
    fn run<R>(
        &self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
    ) -> Result<R, UnlockError>;
}

impl Ceremonies for MockKey {
    fn run<R>(
        &self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
    ) -> Result<R, UnlockError> {
        Ok(self.platform(work)?)
    }
}

impl Ceremonies for Device {
    fn run<R>(
        &self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
    ) -> Result<R, UnlockError> {
        self.call(CallOptions::default(), Call::WITH_TOUCH, |backend, call| {
            let transport = backend.ctap()?.transport();
            work(&mut Platform::new(
                transport,
                &mut SystemEntropy,
                call,
                PinProtocol::Two,
            ))
            .map_err(UnlockError::from)
        })
    }
}

impl MockRelyingParty {
    fn make(&self, on: &impl Ceremonies, user: &str, pin: String) -> Result<MockPasskey, UnlockError> {
        let pin = Pin::new(pin);
        let ceremony = self.0.begin("webauthn.create", &mut SystemEntropy)?;
        let auth_data = on.run(|platform| platform.make_credential(&ceremony, user, &pin))?;
        let stored = self.0.register(&auth_data)?;
        Ok(MockPasskey {
            credential_id: stored.id,
            x: stored.public_key.x.to_vec(),
            y: stored.public_key.y.to_vec(),
        })
    }

    fn get(
        &self,
        on: &impl Ceremonies,
        passkey: MockPasskey,
        pin: String,
    ) -> Result<MockAssertion, UnlockError> {
        let pin = Pin::new(pin);
        let coordinate = |bytes: Vec<u8>| bytes.try_into().map_err(|_| ErrorCode::InvalidArgument);
        let credential = StoredCredential {
            id: passkey.credential_id,
            public_key: fido_unlock::pin_protocol::CoseKey {
                x: coordinate(passkey.x)?,
                y: coordinate(passkey.y)?,
            },
        };
        let ceremony = self.0.begin("webauthn.get", &mut SystemEntropy)?;
        let (auth_data, signature) =
            on.run(|platform| platform.get_assertion(&ceremony, &credential.id, &pin))?;
        self.0.verify(&ceremony, &credential, &auth_data, &signature)?;
        Ok(MockAssertion {
            client_data_hash: ceremony.client_data_hash().to_vec(),
            auth_data,
            signature,
        })
    }
}

#[uniffi::export]
impl MockRelyingParty {
    /// `rp_id`: a domain.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(rp_id: String) -> Arc<Self> {
        Arc::new(Self(RelyingParty::new(&rp_id)))
    }

    /// Makes a passkey on a key.
    pub fn make_passkey(
        &self,
        key: Arc<MockKey>,
        user: String,
        pin: String,
    ) -> Result<MockPasskey, UnlockError> {
        self.make(&*key, &user, pin)
    }

    /// The same on a device over a host pipe.
    pub fn make_passkey_on(
        &self,
        device: Arc<Device>,
        user: String,
        pin: String,
    ) -> Result<MockPasskey, UnlockError> {
        self.make(&*device, &user, pin)
    }

    /// A sign-in with a fresh challenge, judged by the stored public key alone.
    pub fn sign_in(
        &self,
        key: Arc<MockKey>,
        passkey: MockPasskey,
        pin: String,
    ) -> Result<MockAssertion, UnlockError> {
        self.get(&*key, passkey, pin)
    }

    /// The same on a device over a host pipe.
    pub fn sign_in_on(
        &self,
        device: Arc<Device>,
        passkey: MockPasskey,
        pin: String,
    ) -> Result<MockAssertion, UnlockError> {
        self.get(&*device, passkey, pin)
    }
}

/// Sets the first PIN of a device over a host pipe, as a platform does.
#[uniffi::export]
pub fn mock_set_pin(device: Arc<Device>, pin: String) -> Result<(), UnlockError> {
    let pin = Pin::new(pin);
    device.run(|platform| platform.set_pin(&pin))
}

/// Checks a PIN of a device over a host pipe, as a sign-in does.
#[uniffi::export]
pub fn mock_try_pin(device: Arc<Device>, pin: String) -> Result<(), UnlockError> {
    let pin = Pin::new(pin);
    device.run(|platform| platform.try_pin(&pin))
}

/// Resets a device over a host pipe, as a platform does just after it was plugged in: PIN, passkeys
/// and enrolment are gone.
#[uniffi::export]
pub fn mock_reset(device: Arc<Device>) -> Result<(), UnlockError> {
    device.run(|platform| platform.reset())
}
