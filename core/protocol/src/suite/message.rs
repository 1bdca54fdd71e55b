//! The messages that responses and rotation proofs are made over (docs/protocol.md, "Suites" and
//! "Rotation messages"). Every field has a fixed length and every purpose its own label, so a
//! message for one purpose is never one for another.

use core::ops::Deref;

use zeroize::Zeroizing;

use super::{DevicePublicKey, IssuerPublicKey, Purpose, Suite, SuiteError, p256_ecdh_mac, p256_ecdsa};
use crate::challenge::DeviceChallenge;
use crate::device_id::DeviceId;
use crate::secret::ResponseCode;

/// The length of a Device ID in bytes, as written in front of it.
const DEVICE_ID_LENGTH: u8 = 10;
const ROTATE_LABEL: &[u8] = b"fido-unlock/1 rotate";
/// A key slot is 4 bits of a challenge.
const HIGHEST_SLOT: u8 = 15;
/// The slot of the offline recovery key, the only one that acts on other slots.
pub const RECOVERY_SLOT: u8 = 0;

/// The bytes that a response or proof is made over; at most 118, so that no heap is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    bytes: [u8; Self::LONGEST],
    length: usize,
}

impl Message {
    /// M of an authorisation: 23 of label, 3, 10, 32, 32 and 18 bytes.
    const LONGEST: usize = 118;

    const fn new() -> Self {
        Self {
            bytes: [0; Self::LONGEST],
            length: 0,
        }
    }

    /// All parts have fixed lengths that add up to at most [`Self::LONGEST`].
    fn push(&mut self, part: &[u8]) {
        let end = self.length + part.len();
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(part);
            self.length = end;
        }
    }
}

impl Deref for Message {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Purpose {
    /// The label that begins the message, without the zero byte that ends it.
    #[must_use]
    pub const fn label(self) -> &'static [u8] {
        match self {
            Self::Authorise => b"fido-unlock/1 authorise",
            Self::Probe => b"fido-unlock/1 probe",
        }
    }
}

/// What a response of suite 1 or 2 is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthoriseFields {
    /// What the response allows.
    pub purpose: Purpose,
    /// The slot's suite, the same as in the challenge.
    pub suite: Suite,
    /// The device.
    pub device_id: DeviceId,
    /// Q of the slot.
    pub issuer: IssuerPublicKey,
    /// E, from the registry: there in suite 2, `None` in suite 1.
    pub device_key: Option<DevicePublicKey>,
    /// The pending challenge.
    pub challenge: DeviceChallenge,
}

impl AuthoriseFields {
    /// Whether the fields fit each other: suite 1 or 2, the challenge's own suite, E exactly in
    /// suite 2. Every function here that takes fields asks this first.
    ///
    /// # Errors
    /// [`SuiteError::WrongSuite`], [`SuiteError::ChallengeSuite`], [`SuiteError::DeviceKey`].
    pub fn check(&self) -> Result<(), SuiteError> {
        let device_key_wanted = match self.suite {
            Suite::P256Ecdsa => false,
            Suite::P256EcdhMac => true,
            Suite::AesAdminKey => return Err(SuiteError::WrongSuite),
        };
        let in_challenge = self.challenge.suite();
        if in_challenge != self.suite {
            return Err(SuiteError::ChallengeSuite);
        }
        if self.device_key.is_some() != device_key_wanted {
            return Err(SuiteError::DeviceKey);
        }
        Ok(())
    }

    /// M: label ‖ 00 ‖ suite ‖ 0A ‖ Device ID (10) ‖ SHA-256(Q compressed) ‖ SHA-256(E compressed),
    /// or 32 zero bytes in suite 1 ‖ challenge (18). Whoever signs it elsewhere (an HSM) asks
    /// [`AuthoriseFields::check`] first.
    #[must_use]
    pub fn message(&self) -> Message {
        let mut out = Message::new();
        out.push(self.purpose.label());
        out.push(&[0, self.suite.number(), DEVICE_ID_LENGTH]);
        out.push(self.device_id.as_bytes());
        out.push(&self.issuer.hash());
        out.push(&self.device_key.map_or([0; 32], |key| key.hash()));
        out.push(self.challenge.as_bytes());
        out
    }

    /// Takes what the holder of the issuer's key answered to [`AuthoriseFields::message`]: in suite 1 an ECDSA signature,
    /// r and s of 32 bytes each (whatever the s), in suite 2 the 32 bytes of the HMAC. A signature is brought to low-S
    /// and verified, so that a wrong key is found here and not by the person at the device; in suite 2 only the device
    /// can tell. `None` where it is no such answer, or another key's.
    #[must_use]
    pub fn accept(&self, answer: &[u8]) -> Option<ResponseCode> {
        self.check().ok()?;
        let response = |bytes: &[u8]| ResponseCode::from_bytes(self.suite, bytes).ok();
        match self.suite {
            Suite::P256Ecdsa => {
                let signature = Zeroizing::new(p256_ecdsa::make_low_s(answer)?);
                p256_ecdsa::verify(&self.issuer, &self.message(), &*signature)
                    .then(|| response(&*signature))?
            }
            Suite::P256EcdhMac => response(&*p256_ecdh_mac::truncate(answer.try_into().ok()?)),
            Suite::AesAdminKey => None,
        }
    }
}

/// What both proofs of a rotation are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotateFields {
    /// The suite of the slot that is rotated, which a rotation never changes: 1 or 2. The
    /// authorising key may be of the other one; its proof is then of its own suite.
    pub suite: Suite,
    /// The device.
    pub device_id: DeviceId,
    /// The slot whose key changes, 0 to 15.
    pub slot: u8,
    /// The slot whose key allows it: the same one, or 0 (the recovery key).
    pub authorising_slot: u8,
    /// Q of `slot` as it is now.
    pub old_issuer: IssuerPublicKey,
    /// Q of `slot` as it becomes; `None` closes the slot until the device is reset.
    pub new_issuer: Option<IssuerPublicKey>,
    /// The slot's present rotation number + 1.
    pub rotation: u32,
}

impl RotateFields {
    /// Whether the fields fit each other.
    ///
    /// # Errors
    /// [`SuiteError::WrongSuite`] in suite 3; [`SuiteError::Rotation`] when a slot is above 15, the
    /// authorising slot is neither `slot` nor 0, the key does not change, or the number is 0.
    pub fn check(&self) -> Result<(), SuiteError> {
        if self.suite == Suite::AesAdminKey {
            return Err(SuiteError::WrongSuite);
        }
        let slots = self.slot <= HIGHEST_SLOT
            && (self.authorising_slot == self.slot || self.authorising_slot == RECOVERY_SLOT);
        if slots && self.new_issuer != Some(self.old_issuer) && self.rotation != 0 {
            Ok(())
        } else {
            Err(SuiteError::Rotation)
        }
    }

    /// R: "fido-unlock/1 rotate" ‖ 00 ‖ suite ‖ 0A ‖ Device ID (10) ‖ slot ‖ authorising slot ‖
    /// SHA-256(old Q compressed) ‖ new Q compressed (33), or 33 zero bytes ‖ rotation number (4,
    /// big-endian).
    #[must_use]
    pub fn message(&self) -> Message {
        let mut out = Message::new();
        out.push(ROTATE_LABEL);
        out.push(&[0, self.suite.number(), DEVICE_ID_LENGTH]);
        out.push(self.device_id.as_bytes());
        out.push(&[self.slot, self.authorising_slot]);
        out.push(&self.old_issuer.hash());
        out.push(&self.new_issuer.map_or([0; 33], |key| *key.as_compressed()));
        out.push(&self.rotation.to_be_bytes());
        out
    }
}
