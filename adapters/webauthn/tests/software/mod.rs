//! A browser and an authenticator of the tests' own: what they answer is written here by the specification (W3C Web
//! Authentication, sections 5.8.1, 6.1 and 6.5.4).

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use minicbor::Encoder;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// User present, user verified, attested credential data included.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn unbase64(text: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text.as_str().unwrap()).unwrap()
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Right,
    ForeignOrigin,
    ForeignParty,
    Unverified,
    ForeignKey,
    SameCounter,
}

/// A browser on a page of `origin`, with an authenticator that counts its signatures.
pub struct Browser {
    pub origin: String,
    pub party: String,
    keys: BTreeMap<Vec<u8>, SigningKey>,
    counter: u32,
}

impl Browser {
    pub fn new(party: &str, origin: &str) -> Self {
        Self {
            origin: origin.into(),
            party: party.into(),
            keys: BTreeMap::new(),
            counter: 0,
        }
    }

    fn client_data(&self, kind: &str, options: &Value, way: Way) -> Vec<u8> {
        let origin = match way {
            Way::ForeignOrigin => "https://thief.example:8443",
            _ => &self.origin,
        };
        let data = json!({
            "type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&mut self, flags: u8, way: Way) -> Vec<u8> {
        let party = match way {
            Way::ForeignParty => "thief.example",
            _ => &self.party,
        };
        let verified = match way {
            Way::Unverified => 0,
            _ => VERIFIED,
        };
        let mut data = Sha256::digest(party).to_vec();
        if way != Way::SameCounter {
            self.counter += 1;
        }
        data.push(flags | PRESENT | verified);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

/// The public key as COSE has it (RFC 9053 section 7.1.1).
fn cose(key: &SigningKey) -> Vec<u8> {
    let point = key.verifying_key().to_sec1_point(false);
    let mut out = Vec::new();
    let mut e = Encoder::new(&mut out);
    e.map(5).unwrap().u8(1).unwrap().u8(2).unwrap();
    e.u8(3).unwrap().i8(-7).unwrap().i8(-1).unwrap().u8(1).unwrap();
    e.i8(-2).unwrap().bytes(point.x().unwrap()).unwrap();
    e.i8(-3).unwrap().bytes(point.y().unwrap()).unwrap();
    out
}

impl Browser {
    /// What `navigator.credentials.create` gives, as JSON.
    pub fn create(&mut self, options: &str, way: Way) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["rp"]["id"], self.party);
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let number = u8::try_from(self.keys.len()).unwrap() + 1;
        let (id, key) = (vec![number; 32], key(number));
        let client = self.client_data("webauthn.create", &options, way);
        let mut data = self.authenticator_data(ATTESTED, way);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(&id);
        data.extend(cose(&key));
        let mut object = Vec::new();
        let mut e = Encoder::new(&mut object);
        e.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        e.str("attStmt").unwrap().map(0).unwrap();
        e.str("authData").unwrap().bytes(&data).unwrap();
        self.keys.insert(id.clone(), key);
        json!({
            "id": base64(&id), "rawId": base64(&id), "type": "public-key", "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {"credProps": {"rk": false}},
            "response": {
                "clientDataJSON": base64(&client), "attestationObject": base64(&object), "transports": ["usb"],
                "publicKeyAlgorithm": -7,
            },
        })
        .to_string()
    }

    /// The same of `get`, by the passkey of that credential id.
    pub fn get(&mut self, options: &str, id: &[u8], way: Way) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["rpId"], self.party);
        assert_eq!(options["userVerification"], "required");
        let client = self.client_data("webauthn.get", &options, way);
        let data = self.authenticator_data(0, way);
        let key = match way {
            Way::ForeignKey => key(0x77),
            _ => self.keys[id].clone(),
        };
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature: Signature = key.sign(&signed);
        json!({
            "id": base64(id), "rawId": base64(id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64(&client), "authenticatorData": base64(&data),
                "signature": base64(signature.to_der().as_bytes()), "userHandle": null,
            },
        })
        .to_string()
    }

    /// The credential ids that the options allow.
    pub fn allowed(options: &str) -> Vec<Vec<u8>> {
        let options: Value = serde_json::from_str(options).unwrap();
        let allowed = options["allowCredentials"].as_array().unwrap();
        // What would tell somebody's own passkey from nobody's.
        let known = |one: &Value| one.as_object().unwrap().len() == 2 && one["type"] == "public-key";
        assert!(allowed.iter().all(known), "{options}");
        allowed.iter().map(|one| unbase64(&one["id"])).collect()
    }
}
