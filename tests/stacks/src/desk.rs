//! A help desk's key and the device that was enrolled with it.

use core::time::Duration;
use std::path::Path;

use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse, ProbeChallenge};
use fido_unlock::host::framing::{HidTransport, Interface};
use fido_unlock::host::ports::{Call, Cancel, NeverCancel, NoProgress, SystemTicks, Transport, UnlockDevice};
use fido_unlock::host::{
    CtapUnlockDevice, DefaultPinPolicy, EnrollError, EnrollPlan, NewPin, PlannedKey, Session, UnlockError,
    enroll,
};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::{AuthoriseFields, IssuerKey};
use fido_unlock::{Challenge, DeviceChallenge, ErrorCode, HasCode, Pin, Purpose, ResponseCode, Suite};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::platform::Platform;
use fido_unlock_mock::{SoftAuthenticator, Storage};
use fido_unlock_tests::issuer_key;
use getrandom::SysRng;

/// Longest call, and longest wait for anything that must happen: also over slow emulation, and while other
/// work has the machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `body` as one call in real time.
pub fn call<R>(body: impl FnOnce(&mut Call<'_>) -> R) -> R {
    call_within(PATIENCE, body)
}

/// The same with a deadline of its own.
pub fn call_within<R>(limit: Duration, body: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = SystemTicks::new();
    body(&mut Call::new(&ticks, limit, &NeverCancel, &mut NoProgress))
}

/// The same with a cancel flag, which must end it: its deadline is far away.
pub fn call_unless<R>(cancel: &dyn Cancel, body: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = SystemTicks::new();
    body(&mut Call::new(&ticks, 10 * PATIENCE, cancel, &mut NoProgress))
}

/// An issuer's key and a device enrolled with it in slot 1.
pub struct Desk {
    issuer: IssuerKey,
    enrolled: EnrollResponse,
}

/// Whether the device behind `transport` takes this PIN.
pub fn try_pin(transport: &mut dyn Transport, pin: &str) -> Result<(), ErrorCode> {
    call(|call| {
        Platform::new(transport, &mut SysRng, call, PinProtocol::Two)
            .try_pin(&Pin::new(pin.to_owned()))
            .map_err(|error| error.code())
    })
}

/// Sets a PIN on the key in this file, which no process has open, and blocks it.
pub fn block(state: &Path) {
    let key = SoftAuthenticator::builder().storage(Storage::File(state.into()));
    let key = Device::new(key.build().unwrap(), SystemTicks::new());
    let open = || HidTransport::new(key.hid(Interface::Fido), SysRng, Interface::Fido);
    call(|call| {
        Platform::new(&mut open(), &mut SysRng, call, PinProtocol::Two)
            .set_pin(&Pin::new(crate::OLD_PIN.to_owned()))
    })
    .unwrap();
    loop {
        match try_pin(&mut open(), "wrong-pin").unwrap_err() {
            ErrorCode::PinInvalid => {}
            ErrorCode::PinAuthBlocked => key.replug(),
            ErrorCode::PinBlocked => return,
            other => panic!("{other:?}"),
        }
    }
}

impl Desk {
    /// A key in a file, enrolled and blocked.
    pub fn with_blocked_key(suite: Suite, state: &Path) -> Self {
        let key = SoftAuthenticator::builder().storage(Storage::File(state.into()));
        let key = Device::new(key.build().unwrap(), SystemTicks::new());
        let desk = Self::enroll(
            suite,
            HidTransport::new(key.hid(Interface::Fido), SysRng, Interface::Fido),
        );
        drop(key);
        block(state);
        desk
    }

    /// Enrols the device behind `transport`, which must be its FIDO interface.
    pub fn enroll(suite: Suite, transport: impl Transport) -> Self {
        Self::try_enroll(suite, transport).unwrap()
    }

    /// The same with a device that may refuse.
    pub fn try_enroll(suite: Suite, transport: impl Transport) -> Result<Self, EnrollError> {
        let issuer = issuer_key(suite);
        let key = match suite {
            Suite::P256Ecdsa => PlannedKey::P256Ecdsa(issuer.public().unwrap()),
            Suite::P256EcdhMac => PlannedKey::P256EcdhMac(issuer.public().unwrap()),
            Suite::AesAdminKey => PlannedKey::AesAdminKey(issuer.expose_admin_key().unwrap()),
        };
        let plan = EnrollPlan {
            slots: &[(1, key)],
            options: EnrollOptions::default(),
            protocol: PinProtocol::Two,
            token: None,
        };
        let mut device = CtapUnlockDevice::new(transport);
        let enrolled = call(|call| enroll(&mut device, &plan, &mut SysRng, call))?;
        Ok(Self { issuer, enrolled })
    }

    /// What the help desk reads out for a challenge that was read to it.
    pub fn read_out(&self, challenge: &str) -> String {
        let challenge = Challenge::parse(self.issuer.suite(), challenge).unwrap();
        self.respond(&challenge).expose_code().to_string()
    }

    fn respond(&self, challenge: &Challenge) -> ResponseCode {
        match challenge {
            Challenge::Aes(challenge) => self.issuer.respond_aes(challenge).unwrap(),
            Challenge::Line(challenge) => self.respond_to(Purpose::Authorise, *challenge),
        }
    }

    /// The answer to a probe; not in suite 3.
    #[must_use]
    pub fn prove(&self, asked: &ProbeChallenge) -> ResponseCode {
        self.respond_to(Purpose::Probe, asked.challenge)
    }

    fn respond_to(&self, purpose: Purpose, challenge: DeviceChallenge) -> ResponseCode {
        let suite = self.issuer.suite();
        self.issuer
            .respond(&AuthoriseFields {
                purpose,
                suite,
                device_id: self.enrolled.device_id,
                issuer: self.issuer.public().unwrap(),
                device_key: (suite == Suite::P256EcdhMac).then_some(self.enrolled.device_key),
                challenge,
            })
            .unwrap()
    }

    /// From the challenge to the new PIN.
    pub fn unlock(&self, device: &mut dyn UnlockDevice, pin: &str) -> Result<(), UnlockError> {
        let session = call(|call| Session::begin(device, None, call))?;
        self.finish(device, &session, pin, PATIENCE)
    }

    /// From the Response Code to the new PIN.
    pub fn finish(
        &self,
        device: &mut dyn UnlockDevice,
        session: &Session,
        pin: &str,
        limit: Duration,
    ) -> Result<(), UnlockError> {
        call_within(limit, |call| self.finish_in(device, session, pin, call))
    }

    /// The same within a call.
    pub fn finish_in(
        &self,
        device: &mut dyn UnlockDevice,
        session: &Session,
        pin: &str,
        call: &mut Call<'_>,
    ) -> Result<(), UnlockError> {
        let response = self.respond(session.challenge());
        let pin = Pin::new(pin.to_owned());
        let pin = NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules()).unwrap();
        session.unlock(device, &response, &pin, &mut SysRng, call)
    }
}
