//! Shared support of the tests: one device with a passkey, ways to it, and a help desk's key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(clippy::missing_panics_doc, clippy::missing_errors_doc, missing_docs)]

pub mod bare;
pub mod code_vectors;
pub mod python;
pub mod secrets;
pub mod untaken;

use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse, RotateRequest};
use fido_unlock::host::framing::{HidTransport, Interface, NfcTransport};
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, Ticks, Transport, UnlockDevice};
use fido_unlock::host::{
    CtapUnlockDevice, DefaultPinPolicy, EnrollPlan, NewPin, PlannedKey, Session, UnlockError, enroll,
};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::{AuthoriseFields, DevicePublicKey, IssuerKey, RotateFields};
use fido_unlock::{AdminKey, Challenge, DeviceId, Pin, Purpose, ResponseCode, Suite};
use fido_unlock_mock::authenticator::Builder;
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::platform::{Platform, PlatformError, RelyingParty, StoredCredential};
use fido_unlock_mock::{SoftAuthenticator, TestTicks};
use getrandom::SysRng;
use zeroize::Zeroizing;

pub const OLD_PIN: &str = "oldpin42";
pub const NEW_PIN: &str = "newpin43";
pub const SLOT: u8 = 1;

/// The way to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Hid,
    Nfc,
}

/// A device with a passkey, enrolled in slot 1, and the issuer's key for it.
pub struct World {
    pub device: Device<SoftAuthenticator>,
    pub ticks: TestTicks,
    pub way: Way,
    pub protocol: PinProtocol,
    pub issuer: IssuerKey,
    pub device_id: DeviceId,
    pub device_key: DevicePublicKey,
    pub relying_party: RelyingParty,
    pub credential: StoredCredential,
}

/// An issuer's key of a suite.
pub fn issuer_key(suite: Suite) -> IssuerKey {
    match suite {
        Suite::AesAdminKey => {
            let mut key = Zeroizing::new(vec![0; 32]);
            fido_unlock::ports::Entropy::fill(&mut SysRng, &mut key).unwrap();
            IssuerKey::admin_key(AdminKey::new(&key).unwrap())
        }
        suite => IssuerKey::make_p256(suite, &mut SysRng).unwrap(),
    }
}

/// Runs `work` as one call of at most 30 virtual seconds.
pub fn with_call<R>(ticks: &TestTicks, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let mut progress = NoProgress;
    let mut call = Call::new(ticks, Call::WITH_TOUCH, &NeverCancel, &mut progress);
    work(&mut call)
}

/// Enrols a device in slot 1.
pub fn enroll_device(
    transport: impl Transport,
    ticks: &TestTicks,
    issuer: &IssuerKey,
    protocol: PinProtocol,
    options: EnrollOptions,
) -> EnrollResponse {
    enroll_slots(transport, ticks, &[(SLOT, issuer)], protocol, options)
}

/// Enrols a device in several slots.
pub fn enroll_slots(
    transport: impl Transport,
    ticks: &TestTicks,
    slots: &[(u8, &IssuerKey)],
    protocol: PinProtocol,
    options: EnrollOptions,
) -> EnrollResponse {
    let slots: Vec<_> = slots
        .iter()
        .map(|(slot, issuer)| (*slot, planned_key(issuer)))
        .collect();
    let plan = EnrollPlan {
        slots: &slots,
        options,
        protocol,
        token: None,
    };
    let mut device = CtapUnlockDevice::new(transport);
    with_call(ticks, |call| enroll(&mut device, &plan, &mut SysRng, call)).unwrap()
}

/// What of an issuer's key goes to the device.
pub fn planned_key(issuer: &IssuerKey) -> PlannedKey<'_> {
    match issuer.suite() {
        Suite::P256Ecdsa => PlannedKey::P256Ecdsa(issuer.public().unwrap()),
        Suite::P256EcdhMac => PlannedKey::P256EcdhMac(issuer.public().unwrap()),
        Suite::AesAdminKey => PlannedKey::AesAdminKey(issuer.expose_admin_key().unwrap()),
    }
}

impl World {
    /// `rotateIssuer`: the first rotation of the slot, from the present key, by itself, to `new`.
    pub fn rotate_message(&self, new: &IssuerKey) -> Zeroizing<Vec<u8>> {
        let fields = RotateFields {
            suite: new.suite(),
            device_id: self.device_id,
            slot: SLOT,
            authorising_slot: SLOT,
            old_issuer: self.issuer.public().unwrap(),
            new_issuer: new.public(),
            rotation: 1,
        };
        RotateRequest {
            slot: SLOT,
            new_key: new.public(),
            authorising_slot: SLOT,
            authorisation: &self.issuer.prove_rotation(&fields, None).unwrap(),
            new_authorisation: Some(&new.prove_rotation(&fields, None).unwrap()),
        }
        .to_message()
    }

    /// Everything up to the moment before the PIN is forgotten.
    pub fn new(way: Way, suite: Suite, protocol: PinProtocol) -> Self {
        Self::with_authenticator(way, suite, protocol, EnrollOptions::default(), |builder| builder)
    }

    /// The same with an authenticator of one's own.
    pub fn with_authenticator(
        way: Way,
        suite: Suite,
        protocol: PinProtocol,
        options: EnrollOptions,
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::with_keys(way, issuer_key(suite), protocol, options, &[], build)
    }

    /// The same over HID with further slots.
    pub fn with_slots(
        suite: Suite,
        protocol: PinProtocol,
        options: EnrollOptions,
        more: &[(u8, &IssuerKey)],
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::with_keys(Way::Hid, issuer_key(suite), protocol, options, more, build)
    }

    /// The same with all keys one's own: `issuer` in slot 1, `more` beside it.
    pub fn with_keys(
        way: Way,
        issuer: IssuerKey,
        protocol: PinProtocol,
        options: EnrollOptions,
        more: &[(u8, &IssuerKey)],
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let mut world = Self::unenrolled(way, issuer, protocol, build);
        let mut slots = vec![(SLOT, &world.issuer)];
        slots.extend_from_slice(more);
        let transport = world.open(Interface::Fido);
        let enrolled = enroll_slots(transport, &world.ticks, &slots, protocol, options);
        world.device_id = enrolled.device_id;
        world.device_key = enrolled.device_key;
        world.set_pin(OLD_PIN);
        world.make_passkey(OLD_PIN);
        world
    }

    /// A device as it comes out of reset, without PIN, passkey and enrolment.
    pub fn unenrolled(
        way: Way,
        issuer: IssuerKey,
        protocol: PinProtocol,
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let ticks = TestTicks::new();
        let builder = SoftAuthenticator::builder()
            .ticks(std::sync::Arc::new(ticks.clone()))
            .protocols(&[protocol]);
        let device = Device::new(build(builder).build().unwrap(), ticks.clone());
        Self {
            device,
            ticks,
            way,
            protocol,
            issuer,
            device_id: DeviceId::from_bytes([0; 10]),
            device_key: IssuerKeyHolder::any_device_key(),
            relying_party: RelyingParty::new("example.com"),
            credential: StoredCredential {
                id: Vec::new(),
                public_key: fido_unlock::pin_protocol::CoseKey {
                    x: [0; 32],
                    y: [0; 32],
                },
            },
        }
    }

    /// Opens the device anew.
    pub fn open(&self, interface: Interface) -> Box<dyn Transport> {
        match self.way {
            Way::Hid => Box::new(HidTransport::new(self.device.hid(interface), SysRng, interface)),
            Way::Nfc => Box::new(NfcTransport::new(self.device.card(), interface)),
        }
    }

    /// Opens it for the unlock command.
    pub fn unlock_device(&self, interface: Interface) -> CtapUnlockDevice<Box<dyn Transport>> {
        CtapUnlockDevice::new(self.open(interface))
    }

    /// Runs `work` as one call.
    pub fn call<R>(&self, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
        with_call(&self.ticks, work)
    }

    /// Runs `work` on a platform.
    pub fn platform<R>(&self, work: impl FnOnce(&mut Platform<'_, '_>) -> R) -> R {
        let mut transport = self.open(Interface::Fido);
        self.call(|call| {
            work(&mut Platform::new(
                &mut transport,
                &mut SysRng,
                call,
                self.protocol,
            ))
        })
    }

    pub fn set_pin(&self, pin: &str) {
        self.platform(|platform| platform.set_pin(&Pin::new(pin.into())))
            .unwrap();
    }

    pub fn make_passkey(&mut self, pin: &str) {
        let ceremony = self.relying_party.begin("webauthn.create", &mut SysRng).unwrap();
        let auth_data = self
            .platform(|platform| platform.make_credential(&ceremony, "user", &Pin::new(pin.into())))
            .unwrap();
        self.credential = self.relying_party.register(&auth_data).unwrap();
    }

    /// Signs in with the stored public key and a fresh challenge.
    pub fn sign_in(&self, pin: &str) -> Result<(), PlatformError> {
        let ceremony = self.relying_party.begin("webauthn.get", &mut SysRng).unwrap();
        let (auth_data, signature) = self.platform(|platform| {
            platform.get_assertion(&ceremony, &self.credential.id, &Pin::new(pin.into()))
        })?;
        self.relying_party
            .verify(&ceremony, &self.credential, &auth_data, &signature)
            .unwrap();
        Ok(())
    }

    /// Types wrong PINs until the PIN is blocked for good.
    pub fn block(&self) {
        for _ in 0..64 {
            let result = self.platform(|platform| platform.try_pin(&Pin::new("wrong-pin".into())));
            match fido_unlock::HasCode::code(&result.unwrap_err()) {
                fido_unlock::ErrorCode::PinBlocked => return,
                fido_unlock::ErrorCode::PinAuthBlocked => self.device.replug(),
                fido_unlock::ErrorCode::PinInvalid => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("the PIN never blocks");
    }

    /// The help desk's answer, without a help desk around it.
    pub fn respond(&self, session: &Session) -> ResponseCode {
        match session.challenge() {
            Challenge::Aes(challenge) => self.issuer.respond_aes(challenge).unwrap(),
            Challenge::Line(challenge) => self
                .issuer
                .respond(&self.fields(challenge, Purpose::Authorise))
                .unwrap(),
        }
    }

    /// The fields of a response.
    pub fn fields(&self, challenge: &fido_unlock::DeviceChallenge, purpose: Purpose) -> AuthoriseFields {
        AuthoriseFields {
            purpose,
            suite: self.issuer.suite(),
            device_id: self.device_id,
            issuer: self.issuer.public().unwrap(),
            device_key: (self.issuer.suite() == Suite::P256EcdhMac).then_some(self.device_key),
            challenge: *challenge,
        }
    }

    /// Begins a session.
    pub fn begin(&self, device: &mut dyn UnlockDevice) -> Result<Session, UnlockError> {
        self.call(|call| Session::begin(device, None, call))
    }

    /// A judged new PIN.
    pub fn new_pin(&self, session: &Session, pin: &str) -> NewPin {
        let pin = Pin::new(pin.into());
        NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules()).unwrap()
    }

    /// Unlocks with the code that the session's suite would have.
    pub fn unlock(
        &self,
        device: &mut dyn UnlockDevice,
        session: &Session,
        response: &ResponseCode,
        pin: &str,
    ) -> Result<(), UnlockError> {
        let pin = self.new_pin(session, pin);
        self.call(|call| session.unlock(device, response, &pin, &mut SysRng, call))
    }
}

struct IssuerKeyHolder;

impl IssuerKeyHolder {
    /// A point, until the device has made its own.
    fn any_device_key() -> DevicePublicKey {
        let key = IssuerKey::make_p256(Suite::P256EcdhMac, &mut SysRng).unwrap();
        DevicePublicKey::from_compressed(key.public().unwrap().as_compressed()).unwrap()
    }
}

/// Virtual time passes.
pub fn wait(ticks: &TestTicks, duration: core::time::Duration) {
    ticks.sleep(duration);
}
