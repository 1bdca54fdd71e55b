//! A help desk's key and the device that was enrolled with it.

use core::time::Duration;

use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::ports::{Call, NeverCancel, NoProgress, SystemTicks, Transport, UnlockDevice};
use fido_unlock::suite::{AuthoriseFields, IssuerKey};
use fido_unlock::unlock::{
    CtapUnlockDevice, DefaultPinPolicy, EnrollPlan, NewPin, PlannedKey, Session, UnlockError, enroll,
};
use fido_unlock::{Challenge, Pin, Purpose, ResponseCode, Suite};
use fido_unlock_tests::issuer_key;
use getrandom::SysRng;

/// Longest call; also over slow emulation.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `body` as one call in real time.
pub fn call<R>(body: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = SystemTicks::new();
    body(&mut Call::new(&ticks, PATIENCE, &NeverCancel, &mut NoProgress))
}

/// An issuer's key and a device enrolled with it in slot 1.
pub struct Desk {
    issuer: IssuerKey,
    enrolled: EnrollResponse,
}

impl Desk {
    /// Enrols the device behind `transport`, which must be its FIDO interface.
    pub fn enroll(suite: Suite, transport: impl Transport) -> Self {
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
        let enrolled = call(|call| enroll(&mut device, &plan, &mut SysRng, call)).unwrap();
        Self { issuer, enrolled }
    }

    /// The Response Code for a session's challenge.
    pub fn respond(&self, session: &Session) -> ResponseCode {
        match session.challenge() {
            Challenge::Aes(challenge) => self.issuer.respond_aes(challenge).unwrap(),
            Challenge::Line(challenge) => self
                .issuer
                .respond(&AuthoriseFields {
                    purpose: Purpose::Authorise,
                    suite: self.issuer.suite(),
                    device_id: self.enrolled.device_id,
                    issuer: self.issuer.public().unwrap(),
                    device_key: (self.issuer.suite() == Suite::P256EcdhMac)
                        .then_some(self.enrolled.device_key),
                    challenge: *challenge,
                })
                .unwrap(),
        }
    }

    /// From the challenge to the new PIN.
    pub fn unlock(&self, device: &mut dyn UnlockDevice, pin: &str) -> Result<(), UnlockError> {
        let session = call(|call| Session::begin(device, None, call))?;
        self.finish(device, &session, pin)
    }

    /// From the Response Code to the new PIN.
    pub fn finish(
        &self,
        device: &mut dyn UnlockDevice,
        session: &Session,
        pin: &str,
    ) -> Result<(), UnlockError> {
        let response = self.respond(session);
        let pin = Pin::new(pin.to_owned());
        let pin = NewPin::judge(&pin, &pin, &DefaultPinPolicy::new(), session.rules()).unwrap();
        call(|call| session.unlock(device, &response, &pin, &mut SysRng, call))
    }
}
