//! `getKeyAgreement`, and the unlock's own key agreement keys: one for each protocol, made when it is first asked for.
//! They are not `authenticatorClientPIN`'s, so that nobody who may open the vendor interface disturbs that command.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{KeyAgreementRequest, KeyAgreementResponse};
use fido_unlock_protocol::pin_protocol::{CoseKey, KeyAgreementKey, PinProtocol};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::secret::SharedSecret;

use super::{Ports, UnlockHandler};

/// They die with power.
#[derive(Default)]
pub(super) struct KeyAgreementKeys {
    one: Option<KeyAgreementKey>,
    two: Option<KeyAgreementKey>,
}

impl KeyAgreementKeys {
    pub(super) const fn new() -> Self {
        Self { one: None, two: None }
    }

    fn place(&mut self, protocol: PinProtocol) -> &mut Option<KeyAgreementKey> {
        match protocol {
            PinProtocol::One => &mut self.one,
            PinProtocol::Two => &mut self.two,
        }
    }

    /// The public half.
    pub(super) fn public(
        &mut self,
        protocol: PinProtocol,
        entropy: &mut dyn Entropy,
    ) -> Result<CoseKey, CtapStatus> {
        let place = self.place(protocol);
        if let Some(key) = place {
            return Ok(key.public());
        }
        Ok(place.insert(KeyAgreementKey::make(entropy)?).public())
    }

    /// The shared secret with a platform. `None` if no key was given out, so that nobody can have agreed on one.
    pub(super) fn decapsulate(
        &mut self,
        protocol: PinProtocol,
        platform_key: &CoseKey,
    ) -> Result<Option<SharedSecret>, CtapStatus> {
        let refused = |_| CtapStatus::InvalidParameter;
        match self.place(protocol) {
            Some(key) => key.decapsulate(protocol, platform_key).map(Some).map_err(refused),
            None => platform_key.to_public_key().map(|_| None).map_err(refused),
        }
    }

    /// The next one that is asked for is new.
    pub(super) fn drop_key(&mut self, protocol: PinProtocol) {
        *self.place(protocol) = None;
    }
}

impl UnlockHandler {
    pub(super) fn get_key_agreement(
        &mut self,
        map: &Value,
        ports: &mut Ports<'_>,
    ) -> Result<Value, CtapStatus> {
        let protocol = KeyAgreementRequest::from_value(map)?.protocol;
        if !ports.client_pin.pin_state().protocols.contains(&protocol) {
            return Err(CtapStatus::InvalidParameter);
        }
        let key_agreement = self.keys.public(protocol, ports.entropy)?;
        Ok(KeyAgreementResponse { key_agreement }.to_value())
    }
}
