//! A platform: builds requests, checks answers. Everything is at its public CTAP surface.

use core::cell::Cell;

use fido_unlock::Interface;
use fido_unlock::ctap2::CtapStatus;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::pin_protocol::{CoseKey, PinProtocol, encapsulate, hash_pin};
use fido_unlock::secret::SharedSecret;
use fido_unlock_mock::authenticator::{Builder, SeededEntropy};
use fido_unlock_mock::framing::CtapHandler;
use fido_unlock_mock::{SoftAuthenticator, TestTicks};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

pub const MC: u64 = 0x01;
pub const GA: u64 = 0x02;
pub const CM: u64 = 0x04;
pub const ACFG: u64 = 0x20;
pub const RP: &str = "example.org";
pub const HASH: [u8; 32] = [0x42; 32];

pub struct Platform {
    pub key: SoftAuthenticator,
    pub ticks: TestTicks,
    pub protocol: PinProtocol,
    pub keepalives: Cell<u32>,
    pub cancel_at: Option<u32>,
}

pub fn bytes(bytes: &[u8]) -> Option<Value> {
    Some(Value::bytes(bytes))
}

impl Platform {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(set: impl FnOnce(Builder) -> Builder) -> Self {
        let ticks = TestTicks::new();
        let builder = SoftAuthenticator::builder().ticks(ticks.clone());
        Self {
            key: set(builder).build().unwrap(),
            ticks,
            protocol: PinProtocol::Two,
            keepalives: Cell::new(0),
            cancel_at: None,
        }
    }

    pub fn raw(&mut self, message: &[u8]) -> Result<Vec<u8>, CtapStatus> {
        let (count, cancel_at) = (&self.keepalives, self.cancel_at);
        count.set(0);
        let answer = self.key.handle(Interface::Fido, message, &mut |_| {
            count.set(count.get() + 1);
            Some(count.get()) == cancel_at
        });
        let (&status, body) = answer.split_first().unwrap();
        CtapStatus::from_byte(status).map(|()| body.to_vec())
    }

    pub fn call(&mut self, command: u8, params: Value) -> Result<Value, CtapStatus> {
        let mut message = vec![command];
        message.extend_from_slice(&params.to_bytes());
        let body = self.raw(&message)?;
        if body.is_empty() {
            return Ok(Value::Map(Vec::new()));
        }
        Ok(Value::parse_canonical(&body).unwrap())
    }

    pub fn info(&mut self) -> Value {
        Value::parse_canonical(&self.raw(&[0x04]).unwrap()).unwrap()
    }

    pub fn option(&mut self, name: &str) -> Option<bool> {
        self.info()
            .get(4)
            .unwrap()
            .get_text(name)
            .and_then(Value::as_bool)
    }

    pub fn client_pin<const N: usize>(
        &mut self,
        sub_command: u64,
        rest: [(i64, Option<Value>); N],
    ) -> Result<Value, CtapStatus> {
        let Value::Map(mut map) = Value::int_map(rest) else {
            unreachable!()
        };
        let protocol = self.protocol.number().into();
        map.push((1u8.into(), protocol));
        map.push((2u8.into(), sub_command.into()));
        self.call(0x06, Value::Map(map))
    }

    pub fn agree(&mut self) -> (CoseKey, SharedSecret) {
        let answer = self.client_pin(2, []).unwrap();
        let peer = CoseKey::from_value(answer.get(1).unwrap()).unwrap();
        encapsulate(self.protocol, &peer, &mut SeededEntropy::new(1)).unwrap()
    }

    pub fn encrypt(&self, secret: &SharedSecret, plain: &[u8]) -> Vec<u8> {
        self.protocol
            .encrypt(secret, plain, &mut SeededEntropy::new(2))
            .unwrap()
    }

    /// setPIN with any plaintext in the place of the padded PIN.
    pub fn set_padded_pin(&mut self, padded: &[u8]) -> Result<(), CtapStatus> {
        let (key, secret) = self.agree();
        let new_pin_enc = self.encrypt(&secret, padded);
        let param = self.protocol.authenticate(&secret, &new_pin_enc).unwrap();
        self.client_pin(
            3,
            [
                (3, Some(key.to_value())),
                (4, bytes(&param)),
                (5, bytes(&new_pin_enc)),
            ],
        )
        .map(drop)
    }

    pub fn set_pin(&mut self, pin: &str) -> Result<(), CtapStatus> {
        self.set_padded_pin(&pad(pin))
    }

    pub fn change_pin(&mut self, old: &str, new: &str) -> Result<(), CtapStatus> {
        let (key, secret) = self.agree();
        let new_pin_enc = self.encrypt(&secret, &pad(new));
        let pin_hash_enc = self.encrypt(&secret, &*hash_pin(old.as_bytes()));
        let message = [&new_pin_enc[..], &pin_hash_enc[..]].concat();
        let param = self.protocol.authenticate(&secret, &message).unwrap();
        self.client_pin(
            4,
            [
                (3, Some(key.to_value())),
                (4, bytes(&param)),
                (5, bytes(&new_pin_enc)),
                (6, bytes(&pin_hash_enc)),
            ],
        )
        .map(drop)
    }

    /// getPinUvAuthTokenUsingPinWithPermissions.
    pub fn token(&mut self, pin: &str, permissions: u64, rp_id: Option<&str>) -> Result<Vec<u8>, CtapStatus> {
        let (key, secret) = self.agree();
        let pin_hash_enc = self.encrypt(&secret, &*hash_pin(pin.as_bytes()));
        let answer = self.client_pin(
            9,
            [
                (3, Some(key.to_value())),
                (6, bytes(&pin_hash_enc)),
                (9, Some(permissions.into())),
                (10, rp_id.map(Value::from)),
            ],
        )?;
        let encrypted = answer.get(2).unwrap().as_bytes().unwrap().to_vec();
        Ok(self.protocol.decrypt(&secret, &encrypted).unwrap().to_vec())
    }

    /// getPinToken.
    pub fn pin_token(&mut self, pin: &str) -> Result<Vec<u8>, CtapStatus> {
        let (key, secret) = self.agree();
        let pin_hash_enc = self.encrypt(&secret, &*hash_pin(pin.as_bytes()));
        let answer = self.client_pin(5, [(3, Some(key.to_value())), (6, bytes(&pin_hash_enc))])?;
        let encrypted = answer.get(2).unwrap().as_bytes().unwrap().to_vec();
        Ok(self.protocol.decrypt(&secret, &encrypted).unwrap().to_vec())
    }

    /// pinRetries and powerCycleState.
    pub fn retries(&mut self) -> Result<(u64, bool), CtapStatus> {
        let answer = self.client_pin(1, [])?;
        Ok((
            answer.get(3).unwrap().as_u64().unwrap(),
            answer.get(4).unwrap().as_bool().unwrap(),
        ))
    }

    /// Wrong PINs and power cycles until the PIN is blocked for good.
    pub fn block(&mut self) {
        for _ in 0..100 {
            match self.token("wrong-pin", GA, Some(RP)) {
                Err(CtapStatus::PinBlocked) => return,
                Err(CtapStatus::PinAuthBlocked) => self.key.power_cycle(),
                other => assert_eq!(other.unwrap_err(), CtapStatus::PinInvalid),
            }
        }
        panic!("never blocked");
    }

    pub fn param(&self, token: &[u8], message: &[u8]) -> Option<Value> {
        bytes(&self.protocol.authenticate_with_key(token, message).unwrap())
    }

    pub fn make(&mut self, request: Make<'_>) -> Result<Credential, CtapStatus> {
        let params = request.params(self);
        let answer = self.call(0x01, params)?;
        Ok(Credential::check(&answer, request.rp_id))
    }

    pub fn assert(&mut self, request: Assert<'_>) -> Result<Value, CtapStatus> {
        let params = request.params(self);
        self.call(0x02, params)
    }
}

pub fn pad(pin: &str) -> Vec<u8> {
    let mut padded = pin.as_bytes().to_vec();
    padded.resize(64, 0);
    padded
}

#[derive(Clone)]
pub struct Make<'a> {
    pub rp_id: &'a str,
    pub user: u8,
    pub discoverable: bool,
    pub exclude: Vec<Vec<u8>>,
    pub protection: Option<u64>,
    pub hmac_secret: bool,
    pub min_pin_length: bool,
    pub token: Option<&'a [u8]>,
}

impl Default for Make<'_> {
    fn default() -> Self {
        Self {
            rp_id: RP,
            user: 1,
            discoverable: false,
            exclude: Vec::new(),
            protection: None,
            hmac_secret: false,
            min_pin_length: false,
            token: None,
        }
    }
}

pub fn descriptor(id: &[u8]) -> Value {
    Value::text_map([("id", bytes(id)), ("type", Some("public-key".into()))])
}

fn non_empty(map: Value) -> Option<Value> {
    (!map.as_map().unwrap().is_empty()).then_some(map)
}

impl Make<'_> {
    pub fn params(&self, platform: &Platform) -> Value {
        let list: Vec<_> = self.exclude.iter().map(|id| descriptor(id)).collect();
        let extensions = Value::text_map([
            ("credProtect", self.protection.map(Value::from)),
            ("hmac-secret", self.hmac_secret.then_some(true.into())),
            ("minPinLength", self.min_pin_length.then_some(true.into())),
        ]);
        let algorithm = Value::text_map([
            ("alg", Some(Value::from(-7i64))),
            ("type", Some("public-key".into())),
        ]);
        let user = Value::text_map([
            ("id", bytes(&[self.user])),
            ("name", Some("alex".into())),
            ("displayName", Some("Alex".into())),
        ]);
        Value::int_map([
            (1, bytes(&HASH)),
            (
                2,
                Some(Value::text_map([
                    ("id", Some(self.rp_id.into())),
                    ("name", Some("Example".into())),
                ])),
            ),
            (3, Some(user)),
            (4, Some(Value::Array(vec![algorithm]))),
            (5, (!list.is_empty()).then_some(list.into())),
            (6, non_empty(extensions)),
            (
                7,
                self.discoverable
                    .then_some(Value::text_map([("rk", Some(true.into()))])),
            ),
            (8, self.token.and_then(|token| platform.param(token, &HASH))),
            (9, self.token.map(|_| platform.protocol.number().into())),
        ])
    }
}

#[derive(Clone)]
pub struct Assert<'a> {
    pub rp_id: &'a str,
    pub allow: Vec<Vec<u8>>,
    pub up: Option<bool>,
    pub extensions: Option<Value>,
    pub token: Option<&'a [u8]>,
}

impl Default for Assert<'_> {
    fn default() -> Self {
        Self {
            rp_id: RP,
            allow: Vec::new(),
            up: None,
            extensions: None,
            token: None,
        }
    }
}

impl Assert<'_> {
    pub fn params(&self, platform: &Platform) -> Value {
        let list: Vec<_> = self.allow.iter().map(|id| descriptor(id)).collect();
        Value::int_map([
            (1, Some(self.rp_id.into())),
            (2, bytes(&HASH)),
            (3, (!list.is_empty()).then_some(list.into())),
            (4, self.extensions.clone()),
            (5, self.up.map(|up| Value::text_map([("up", Some(up.into()))]))),
            (6, self.token.and_then(|token| platform.param(token, &HASH))),
            (7, self.token.map(|_| platform.protocol.number().into())),
        ])
    }
}

/// A credential as a relying party stores it.
pub struct Credential {
    pub id: Vec<u8>,
    pub key: VerifyingKey,
    pub flags: u8,
    pub extensions: Option<Value>,
}

impl Credential {
    /// Reads a makeCredential answer and verifies its self attestation.
    pub fn check(answer: &Value, rp_id: &str) -> Self {
        assert_eq!(answer.get(1).unwrap().as_text(), Some("packed"));
        let auth_data = answer.get(2).unwrap().as_bytes().unwrap();
        assert_eq!(auth_data[..32], Sha256::digest(rp_id)[..]);
        let flags = auth_data[32];
        assert_eq!(flags & 0x40, 0x40);
        let length = usize::from(u16::from_be_bytes([auth_data[53], auth_data[54]]));
        let id = auth_data[55..55 + length].to_vec();
        let rest = &auth_data[55 + length..];
        // COSE_Key of P-256: always 77 bytes.
        let (cose, extensions) = rest.split_at(77);
        let cose = Value::parse_canonical(cose).unwrap();
        assert_eq!(cose.get(3).unwrap().as_i64(), Some(-7));
        let mut point = vec![4];
        point.extend_from_slice(cose.get(-2).unwrap().as_bytes().unwrap());
        point.extend_from_slice(cose.get(-3).unwrap().as_bytes().unwrap());
        let credential = Self {
            id,
            key: VerifyingKey::from_sec1_bytes(&point).unwrap(),
            flags,
            extensions: (flags & 0x80 != 0).then(|| Value::parse_canonical(extensions).unwrap()),
        };
        let statement = answer.get(3).unwrap();
        assert_eq!(statement.get_text("alg").unwrap().as_i64(), Some(-7));
        assert!(credential.verifies(auth_data, statement.get_text("sig").unwrap().as_bytes().unwrap()));
        credential
    }

    fn verifies(&self, auth_data: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_der(signature).unwrap();
        self.key.verify(&[auth_data, &HASH].concat(), &signature).is_ok()
    }

    /// Whether an assertion is by this credential; gives flags, signature counter and extensions.
    pub fn signed(&self, answer: &Value) -> (u8, u32, Option<Value>) {
        assert_eq!(
            answer.get(1).unwrap().get_text("id").unwrap().as_bytes(),
            Some(&self.id[..])
        );
        let auth_data = answer.get(2).unwrap().as_bytes().unwrap();
        assert!(self.verifies(auth_data, answer.get(3).unwrap().as_bytes().unwrap()));
        let flags = auth_data[32];
        (
            flags,
            u32::from_be_bytes(auth_data[33..37].try_into().unwrap()),
            (flags & 0x80 != 0).then(|| Value::parse_canonical(&auth_data[37..]).unwrap()),
        )
    }
}
