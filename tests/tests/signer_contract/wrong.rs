//! A plain signer, and what it does wrong when told to.

use std::sync::{Arc, Mutex};

use fido_unlock::desk::ports::{Signer, SignerError};
use fido_unlock::desk::{DeviceKeys, SigningTask};
use fido_unlock::suite::p256_ecdh_mac::SharedZ;
use fido_unlock::suite::{DevicePublicKey, IssuerPublicKey, aes_admin_key};
use fido_unlock::{AdminKey, AesChallenge, DeviceId, Suite};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{FieldBytes, ProjectivePoint, Scalar, SecretKey, ecdh};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a signer does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Right,
    /// Nothing wrong: tokens do.
    HighS,
    /// Another key of the token.
    OtherKey,
    Swapped,
    /// The driver hashes, and the token again.
    HashedTwice,
    /// The driver's buffer is too small.
    SignsBeginning,
    /// A random source that has stopped.
    OneNonce,
    /// As most libraries write signatures.
    Der,
    /// The HMAC, whatever the suite.
    OtherSuite,
    /// The session with the token is used up.
    Once,
    /// Each device's key is taken to be the first one's.
    OtherDevice,
    /// Z as a number, without zero bytes in front.
    ShortZ,
    MacOfDigest,
    MacOfBeginning,
    /// Truncated by the signer already.
    ShortMac,
    /// Signs with its key, whichever is named.
    AnyKey,
    /// Looks for the key, not for its slot.
    AnySlot,
    /// One key in two suites.
    AnySuite,
    /// Does not look at the challenge.
    AnyChallenge,
    /// A key of zeros where there is none.
    ZeroAdminKey,
    /// A missing key is a failure like any other.
    FailsOtherwise,
    /// A key that was looked at is kept.
    KeepsChecked,
    /// Keys are kept in memory.
    Forgets,
    OneAdminKey,
    NotShared,
    /// Says so when asked, and stores nevertheless.
    StoresShared,
    /// Refuses when it has stored.
    KeepsRefused,
    /// A device's own key is another's too.
    NotItsOwn,
    /// A key that was replaced is still known.
    KeepsOld,
}

type Keys = Vec<(DeviceId, Vec<u8>)>;

/// Admin keys, newest last.
pub type AdminKeys = Arc<Mutex<Keys>>;

pub struct Wrong {
    kind: Kind,
    admin_keys: AdminKeys,
    signed: bool,
}

const ECDSA: [u8; 32] = [0x11; 32];
const ECDH: [u8; 32] = [0x22; 32];

fn secret(bytes: [u8; 32]) -> SecretKey {
    SecretKey::from_slice(&bytes).unwrap()
}

/// ECDSA by the book (FIPS 186-5, section 6.4.1) over a digest.
fn sign(key: &SecretKey, nonce: &Scalar, digest: &[u8]) -> Vec<u8> {
    let point = (ProjectivePoint::GENERATOR * nonce)
        .to_affine()
        .to_sec1_point(false);
    let number = |bytes: &[u8]| <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::try_from(bytes).unwrap());
    let r = number(point.x().unwrap());
    let d = *key.to_nonzero_scalar();
    let s = nonce.invert().unwrap() * (number(digest) + r * d);
    [r.to_repr(), s.to_repr()].concat()
}

impl Wrong {
    pub fn open(admin_keys: &AdminKeys, kind: Kind) -> Self {
        if kind == Kind::Forgets {
            admin_keys.lock().unwrap().clear();
        }
        Self {
            kind,
            admin_keys: admin_keys.clone(),
            signed: false,
        }
    }

    fn missing(&self) -> SignerError {
        match self.kind {
            Kind::FailsOtherwise => SignerError::Failed {
                detail: "CKR_GENERAL_ERROR".into(),
            },
            _ => SignerError::KeyMissing,
        }
    }

    fn ecdsa(&self, message: &[u8]) -> Vec<u8> {
        let key = match self.kind {
            Kind::OtherKey => SigningKey::from(secret([0x12; 32])),
            _ => SigningKey::from(secret(ECDSA)),
        };
        let make = |message: &[u8]| {
            let signature: p256::ecdsa::Signature = key.sign(message);
            signature.normalize_s()
        };
        match self.kind {
            Kind::HashedTwice => make(&Sha256::digest(message)).to_vec(),
            Kind::SignsBeginning => make(&message[..message.len().min(64)]).to_vec(),
            Kind::OneNonce => sign(
                &secret(ECDSA),
                &Scalar::from(0x5EED_u64),
                &Sha256::digest(message),
            ),
            Kind::Der => make(message).to_der().as_bytes().to_vec(),
            Kind::Swapped => {
                let made = make(message).to_vec();
                [&made[32..], &made[..32]].concat()
            }
            Kind::HighS => {
                let (r, s) = make(message).split_scalars();
                [r.to_repr(), (-*s).to_repr()].concat()
            }
            _ => make(message).to_vec(),
        }
    }

    fn ecdh_mac(&self, message: &[u8], device: &DevicePublicKey) -> Vec<u8> {
        let device = match self.kind {
            Kind::OtherDevice => secret([0x33; 32]).public_key(),
            _ => device.to_public_key().unwrap(),
        };
        let z = ecdh::diffie_hellman(secret(ECDH).to_nonzero_scalar(), device.as_affine());
        let mut z: [u8; 32] = (*z.raw_secret_bytes()).into();
        if self.kind == Kind::ShortZ {
            // HMAC fills a key with zero bytes behind, so that this is the shorter one.
            let zeros = z.iter().take_while(|byte| **byte == 0).count();
            z.rotate_left(zeros);
        }
        let mac = |message: &[u8]| SharedZ::from_bytes(z).mac(message).unwrap().to_vec();
        match self.kind {
            Kind::MacOfDigest => mac(&Sha256::digest(message)),
            Kind::MacOfBeginning => mac(&message[..message.len().min(64)]),
            Kind::ShortMac => mac(message)[..13].to_vec(),
            _ => mac(message),
        }
    }

    fn block(&self, device: &DeviceId, challenge: &AesChallenge) -> Result<Vec<u8>, SignerError> {
        let keys = self.admin_keys.lock().unwrap();
        let own = keys.iter().rev().find(|(of, _)| of == device);
        let key = match self.kind {
            Kind::OneAdminKey if own.is_some() => keys.first(),
            _ => own,
        };
        let key = match key {
            Some((_, key)) => key.clone(),
            None if self.kind == Kind::ZeroAdminKey => vec![0; 16],
            None => return Err(self.missing()),
        };
        let key = AdminKey::new(&key).unwrap();
        Ok(aes_admin_key::respond(&key, challenge.as_bytes())
            .unwrap()
            .to_vec())
    }

    /// Whether the key is the one that this signer has for this suite.
    fn holds(&self, suite: Suite, slot: u8, issuer: &IssuerPublicKey) -> bool {
        let public = |bytes| IssuerPublicKey::from_public_key(&secret(bytes).public_key());
        let held = [
            (Suite::P256Ecdsa, 1, public(ECDSA)),
            (Suite::P256EcdhMac, 4, public(ECDH)),
        ];
        held.iter().any(|(of, at, public)| {
            let key = public == issuer || self.kind == Kind::AnyKey;
            let slot = *at == slot || self.kind == Kind::AnySlot;
            key && slot && (*of == suite || self.kind == Kind::AnySuite)
        })
    }

    fn keep(&self, device: &DeviceId, key: &AdminKey) {
        let mut keys = self.admin_keys.lock().unwrap();
        if self.kind != Kind::KeepsOld {
            keys.retain(|(of, _)| of != device);
        }
        keys.push((*device, key.expose_bytes().to_vec()));
    }

    fn shared(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        let keys = self.admin_keys.lock().unwrap();
        let same = |of: &DeviceId| of == device && self.kind != Kind::NotItsOwn;
        let other = keys
            .iter()
            .find(|(of, kept)| !same(of) && kept == key.expose_bytes());
        match other {
            Some((other, _)) if self.kind != Kind::NotShared => {
                Err(SignerError::AdminKeyShared { other: *other })
            }
            _ => Ok(()),
        }
    }
}

impl Signer for Wrong {
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        if self.kind == Kind::Once && std::mem::replace(&mut self.signed, true) {
            return Err(SignerError::Unavailable {
                detail: "CKR_OPERATION_NOT_INITIALIZED".into(),
            });
        }
        let to_sign = match (task.to_sign(), task.fields()) {
            (Ok(to_sign), _) => to_sign.as_bytes().to_vec(),
            (Err(_), Some(fields)) if self.kind == Kind::AnyChallenge => fields.message().to_vec(),
            (Err(_), _) => return Err(SignerError::WrongSuite),
        };
        let answer = match task.keys() {
            DeviceKeys::P256Ecdsa { issuer } | DeviceKeys::P256EcdhMac { issuer, .. }
                if !self.holds(task.keys().suite(), task.slot(), issuer) =>
            {
                return Err(self.missing());
            }
            DeviceKeys::P256Ecdsa { .. } if self.kind == Kind::OtherSuite => {
                let z = SharedZ::from_bytes([1; 32]);
                z.mac(&to_sign).unwrap().to_vec()
            }
            DeviceKeys::P256Ecdsa { .. } => self.ecdsa(&to_sign),
            DeviceKeys::P256EcdhMac { device, .. } => self.ecdh_mac(&to_sign, device),
            DeviceKeys::AesAdminKey => {
                let block: [u8; 16] = to_sign.as_slice().try_into().unwrap();
                self.block(&task.device(), &AesChallenge::from_bytes(block))?
            }
        };
        Ok(Zeroizing::new(answer))
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.shared(device, key)?;
        if self.kind == Kind::KeepsChecked {
            self.keep(device, key);
        }
        Ok(())
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        let found = self.shared(device, key);
        match self.kind {
            Kind::StoresShared => {
                self.keep(device, key);
                Ok(())
            }
            Kind::KeepsRefused => {
                self.keep(device, key);
                found
            }
            _ => {
                found?;
                self.keep(device, key);
                Ok(())
            }
        }
    }
}
