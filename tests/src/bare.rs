//! The device without a transport: raw commands to its handler, its flash, and the parts of one
//! `unlock` to be spoiled.

use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::ctap2::command;
use fido_unlock::ctap2::device_unlock::{
    ChallengeRequest, ChallengeResponse, KeyAgreementRequest, KeyAgreementResponse, UnlockInfo,
    get_info_request, get_info_request_about, key, unlock_auth_message,
};
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{TokenScope, get_pin_token};
use fido_unlock::pin_protocol::{CoseKey, PinProtocol, encapsulate, pad_pin};
use fido_unlock::secret::SharedSecret;
use fido_unlock::{Challenge, ErrorCode, HasCode, Pin, Purpose, ResponseCode};
use fido_unlock_mock::flash::{Cut, Flash};
use fido_unlock_mock::framing::CtapHandler;
use fido_unlock_mock::state::State;
use fido_unlock_mock::{SoftAuthenticator, Store, Touch, TouchHandle};
use getrandom::SysRng;

use crate::{SLOT, World};

/// Status byte and map of an answer.
pub type Answer = (u8, Option<Value>);

/// Splits an answer; its CBOR must be canonical.
pub fn split(answer: &[u8]) -> Answer {
    let (status, body) = answer.split_first().expect("an answer has a status byte");
    let map = (!body.is_empty()).then(|| Value::parse_canonical(body).expect("the device is strict"));
    (*status, map)
}

/// Command byte and CBOR.
pub fn message(map: &Value) -> Vec<u8> {
    let mut out = vec![command::DEVICE_UNLOCK];
    out.extend_from_slice(&map.to_bytes());
    out
}

/// Sends a whole message to an authenticator.
pub fn send(device: &mut SoftAuthenticator, interface: Interface, message: &[u8]) -> Answer {
    split(&device.handle(interface, message, &mut |_| false))
}

/// The device's own view of the person's part, for one `unlock`.
pub struct UnlockParts {
    pub challenge: Vec<u8>,
    pub response: Vec<u8>,
    pub protocol: PinProtocol,
    pub protocol_number: u64,
    pub platform_key: CoseKey,
    pub secret: SharedSecret,
    /// What is encrypted: 64 bytes.
    pub padded_pin: Vec<u8>,
    pub spoil_param: fn(&mut Vec<u8>),
    /// Keys to leave out, and values to put in the place of others.
    pub without: Vec<i64>,
    pub instead: Vec<(i64, Value)>,
}

impl UnlockParts {
    pub fn map(&self) -> Value {
        let new_pin_enc = self
            .protocol
            .encrypt(&self.secret, &self.padded_pin, &mut SysRng)
            .unwrap();
        let covered = unlock_auth_message(&self.challenge, &self.response, &new_pin_enc);
        let mut param = self.protocol.authenticate(&self.secret, &covered).unwrap();
        (self.spoil_param)(&mut param);
        let Value::Map(mut entries) = Value::int_map([
            (key::SUB_COMMAND, Some(3u64.into())),
            (key::PIN_UV_AUTH_PROTOCOL, Some(self.protocol_number.into())),
            (key::PIN_UV_AUTH_PARAM, Some(Value::bytes(&param))),
            (key::CHALLENGE, Some(Value::bytes(&self.challenge))),
            (key::RESPONSE, Some(Value::bytes(&self.response))),
            (key::KEY_AGREEMENT, Some(self.platform_key.to_value())),
            (key::NEW_PIN_ENC, Some(Value::bytes(&new_pin_enc))),
        ]) else {
            unreachable!()
        };
        entries.retain(|(key, _)| !self.without.iter().any(|gone| *key == Value::from(*gone)));
        for (key, value) in &self.instead {
            entries.retain(|(other, _)| *other != Value::from(*key));
            entries.push((Value::from(*key), value.clone()));
        }
        Value::Map(entries)
    }

    pub fn message(&self) -> Vec<u8> {
        message(&self.map())
    }
}

impl World {
    /// Sends a whole message to the device, without a transport.
    pub fn send(&self, interface: Interface, message: &[u8]) -> Answer {
        self.device.with(|device| send(device, interface, message))
    }

    /// The same where only the status counts.
    pub fn status(&self, interface: Interface, message: &[u8]) -> u8 {
        self.send(interface, message).0
    }

    pub fn info(&self, interface: Interface) -> UnlockInfo {
        let (status, map) = self.send(interface, &get_info_request());
        assert_eq!(status, 0);
        UnlockInfo::from_value(&map.unwrap()).unwrap()
    }

    /// Whether an unlock spent this challenge, by `getInfo`.
    pub fn spent(&self, interface: Interface, challenge: &Challenge) -> Option<bool> {
        let (status, map) = self.send(interface, &get_info_request_about(challenge));
        assert_eq!(status, 0);
        UnlockInfo::from_value(&map.unwrap()).unwrap().spent
    }

    /// The unlock's own key agreement key.
    pub fn unlock_key(&self, protocol: PinProtocol) -> CoseKey {
        let (status, map) = self.send(Interface::Fido, &KeyAgreementRequest { protocol }.to_message());
        assert_eq!(status, 0);
        KeyAgreementResponse::from_value(&map.unwrap())
            .unwrap()
            .key_agreement
    }

    /// Changes one value of the unlock record in flash.
    pub fn change_record(&self, key: u64, value: Value) {
        self.change_state(|state| {
            let Value::Map(mut entries) = Value::parse(state.unlock_record.as_ref().unwrap()).unwrap() else {
                panic!("a record is a map")
            };
            let place = entries.iter_mut().find(|(other, _)| *other == Value::from(key));
            place.expect("the record has it").1 = value;
            state.unlock_record = Some(Value::Map(entries).to_bytes().to_vec());
        });
    }

    /// `getChallenge` of slot 1.
    pub fn try_challenge(
        &self,
        interface: Interface,
        slot: u8,
        renew: bool,
    ) -> Result<ChallengeResponse, u8> {
        let protocol = self.protocol;
        let request = ChallengeRequest {
            slot,
            protocol,
            renew,
        };
        match self.send(interface, &request.to_message()) {
            (0, map) => Ok(ChallengeResponse::from_value(&map.unwrap()).unwrap()),
            (status, _) => Err(status),
        }
    }

    pub fn challenge(&self) -> ChallengeResponse {
        self.try_challenge(Interface::Fido, SLOT, false).unwrap()
    }

    /// The issuer's response to a challenge.
    pub fn response_to(&self, challenge: &Challenge) -> ResponseCode {
        match challenge {
            Challenge::Aes(challenge) => self.issuer.respond_aes(challenge).unwrap(),
            Challenge::Line(challenge) => self
                .issuer
                .respond(&self.fields(challenge, Purpose::Authorise))
                .unwrap(),
        }
    }

    /// All that a right `unlock` consists of.
    pub fn parts(&self, pin: &str) -> UnlockParts {
        let answer = self.challenge();
        self.parts_of(pin, &answer.key_agreement, &answer.challenge)
    }

    /// The same for a challenge and a key agreement key that are known.
    pub fn parts_of(&self, pin: &str, key_agreement: &CoseKey, challenge: &Challenge) -> UnlockParts {
        let (platform_key, secret) = encapsulate(self.protocol, key_agreement, &mut SysRng).unwrap();
        UnlockParts {
            challenge: challenge.as_bytes().to_vec(),
            response: self.response_to(challenge).expose_bytes().to_vec(),
            protocol: self.protocol,
            protocol_number: self.protocol.number().into(),
            platform_key,
            secret,
            padded_pin: pad_pin(pin.as_bytes()).unwrap().to_vec(),
            spoil_param: |_| {},
            without: Vec::new(),
            instead: Vec::new(),
        }
    }

    /// A right `unlock` but for the response; the status.
    pub fn wrong_response(&self, interface: Interface) -> u8 {
        let mut parts = self.parts(crate::NEW_PIN);
        parts.response[0] ^= 0x80;
        self.status(interface, &parts.message())
    }

    pub fn store(&self) -> Store {
        self.device.with(|device| device.store())
    }

    pub fn touch(&self) -> TouchHandle {
        self.device.with(|device| device.touch_handle())
    }

    pub fn state(&self) -> State {
        self.store().load_state().unwrap().unwrap()
    }

    /// Changes what stands in flash, without a power cycle.
    pub fn change_state(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let bytes = state.to_value().to_bytes();
        self.store().with_flash(|flash| flash.commit(&bytes)).unwrap();
    }

    pub fn flash(&self) -> Flash {
        self.store().with_flash(|flash| flash.clone())
    }

    /// Puts an older flash back and the device back in; the button is touched at once.
    pub fn restore(&self, flash: &Flash) {
        self.store().with_flash(|place| *place = flash.clone());
        self.touch().set(Touch::AtOnce);
        self.device.replug();
    }

    pub fn arm(&self, cut: Option<Cut>) {
        self.store().with_flash(|flash| flash.arm(cut));
    }
}

/// CTAP commands that the platform of the mock does not need.
impl World {
    /// A raw CTAP command: status and map.
    pub fn ctap(&self, command: u8, map: &Value) -> Answer {
        let mut message = vec![command];
        message.extend_from_slice(&map.to_bytes());
        self.send(Interface::Fido, &message)
    }

    /// A pinUvAuthToken.
    pub fn token(&self, pin: &str, permissions: u8, rp_id: Option<&str>) -> Result<Vec<u8>, ErrorCode> {
        let mut transport = self.open(Interface::Fido);
        let pin = Pin::new(pin.into());
        let scope = TokenScope { permissions, rp_id };
        self.call(|call| get_pin_token(&mut transport, self.protocol, &pin, scope, &mut SysRng, call))
            .map(|token| token.to_vec())
            .map_err(|error| error.code())
    }

    /// `toggleAlwaysUv` under a token: whether the device takes the token.
    pub fn toggle_always_uv(&self, token: &[u8]) -> u8 {
        let message = [&[0xFF; 32][..], &[0x0D, 2]].concat();
        let param = self.protocol.authenticate_with_key(token, &message).unwrap();
        let request = Value::int_map([
            (1, Some(2u64.into())),
            (3, Some(self.protocol.number().into())),
            (4, Some(Value::bytes(&param))),
        ]);
        self.ctap(command::CONFIG, &request).0
    }

    /// The key agreement key that `authenticatorClientPIN` gives.
    pub fn key_agreement(&self, protocol: PinProtocol) -> CoseKey {
        let request = Value::int_map([(1, Some(protocol.number().into())), (2, Some(2u64.into()))]);
        let (status, map) = self.ctap(command::CLIENT_PIN, &request);
        assert_eq!(status, 0);
        CoseKey::from_value(map.unwrap().get(1).unwrap()).unwrap()
    }

    /// A credential with hmac-secret; its ID.
    pub fn make_hmac_credential(&self, pin: &str) -> Vec<u8> {
        let hash = [0x24; 32];
        let token = self
            .token(pin, permission::MAKE_CREDENTIAL, Some("example.com"))
            .unwrap();
        let param = self.protocol.authenticate_with_key(&token, &hash).unwrap();
        let entity = |id: Value| Value::text_map([("id", Some(id)), ("name", Some("name".into()))]);
        let algorithm = Value::text_map([
            ("alg", Some(Value::from(-7i64))),
            ("type", Some("public-key".into())),
        ]);
        let request = Value::int_map([
            (1, Some(Value::bytes(&hash))),
            (2, Some(entity("example.com".into()))),
            (3, Some(entity(Value::bytes(b"hmac")))),
            (4, Some(vec![algorithm].into())),
            (6, Some(Value::text_map([("hmac-secret", Some(true.into()))]))),
            (8, Some(Value::bytes(&param))),
            (9, Some(self.protocol.number().into())),
        ]);
        let (status, map) = self.ctap(command::MAKE_CREDENTIAL, &request);
        assert_eq!(status, 0);
        let map = map.unwrap();
        // authData: 37 bytes, AAGUID (16), the ID's length (2), the ID (WebAuthn §6.5.1).
        let auth_data = map.get(2).unwrap().as_bytes().unwrap();
        let length = usize::from(u16::from_be_bytes([auth_data[53], auth_data[54]]));
        auth_data[55..55 + length].to_vec()
    }

    /// What hmac-secret gives for a credential and a fixed salt, with user verification.
    pub fn hmac_secret(&self, pin: &str, credential_id: &[u8]) -> Vec<u8> {
        let hash = [0x42; 32];
        let token = self
            .token(pin, permission::GET_ASSERTION, Some("example.com"))
            .unwrap();
        let peer = self.key_agreement(self.protocol);
        let (key, secret) = encapsulate(self.protocol, &peer, &mut SysRng).unwrap();
        let salt = self.protocol.encrypt(&secret, &[7; 32], &mut SysRng).unwrap();
        let input = Value::int_map([
            (1, Some(key.to_value())),
            (2, Some(Value::bytes(&salt))),
            (
                3,
                Some(Value::bytes(&self.protocol.authenticate(&secret, &salt).unwrap())),
            ),
            (4, Some(self.protocol.number().into())),
        ]);
        let descriptor = Value::text_map([
            ("id", Some(Value::bytes(credential_id))),
            ("type", Some("public-key".into())),
        ]);
        let param = self.protocol.authenticate_with_key(&token, &hash).unwrap();
        let request = Value::int_map([
            (1, Some("example.com".into())),
            (2, Some(Value::bytes(&hash))),
            (3, Some(vec![descriptor].into())),
            (4, Some(Value::text_map([("hmac-secret", Some(input))]))),
            (6, Some(Value::bytes(&param))),
            (7, Some(self.protocol.number().into())),
        ]);
        let (status, map) = self.ctap(command::GET_ASSERTION, &request);
        assert_eq!(status, 0);
        let map = map.unwrap();
        // authData: 37 bytes, then the extensions.
        let extensions = Value::parse(&map.get(2).unwrap().as_bytes().unwrap()[37..]).unwrap();
        let encrypted = extensions.get_text("hmac-secret").unwrap().as_bytes().unwrap();
        self.protocol.decrypt(&secret, encrypted).unwrap().to_vec()
    }
}
