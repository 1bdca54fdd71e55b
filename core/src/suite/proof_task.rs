//! What an [`IssuerProver`](crate::ports::IssuerProver) is given: fields under a purpose, never bytes.

use super::{
    AuthoriseFields, DevicePublicKey, IssuerPublicKey, RotateFields, Suite, p256_ecdh_mac, p256_ecdsa,
};

/// One response to a probe. Only [`probe_with`](crate::unlock::probe_with) makes it.
#[derive(Debug)]
pub struct ProbeTask {
    pub(crate) slot: u8,
    pub(crate) fields: AuthoriseFields,
}

impl ProbeTask {
    /// The slot whose key is to be used.
    #[must_use]
    pub const fn slot(&self) -> u8 {
        self.slot
    }

    /// What the response is made over, of [`Purpose::Probe`](super::Purpose::Probe).
    #[must_use]
    pub const fn fields(&self) -> &AuthoriseFields {
        &self.fields
    }
}

/// Which of the two keys of a rotation is to prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationRole {
    /// The key that allows the rotation: the slot's present one, or the recovery key.
    Authorising,
    /// The key that the slot gets.
    New,
}

/// One proof of a rotation. Only [`rotate_with`](crate::unlock::rotate_with) makes it.
#[derive(Debug)]
pub struct RotationTask {
    pub(crate) role: RotationRole,
    pub(crate) signing_key: IssuerPublicKey,
    pub(crate) signing_suite: Suite,
    pub(crate) fields: RotateFields,
    pub(crate) device_key: Option<DevicePublicKey>,
}

impl RotationTask {
    /// Which of the two.
    #[must_use]
    pub const fn role(&self) -> RotationRole {
        self.role
    }

    /// Q of the key that is to prove it.
    #[must_use]
    pub const fn signing_key(&self) -> &IssuerPublicKey {
        &self.signing_key
    }

    /// The suite of that key, which says how.
    #[must_use]
    pub const fn signing_suite(&self) -> Suite {
        self.signing_suite
    }

    /// What both proofs are made over.
    #[must_use]
    pub const fn fields(&self) -> &RotateFields {
        &self.fields
    }

    /// E; always there for a key of suite 2.
    #[must_use]
    pub const fn device_key(&self) -> Option<&DevicePublicKey> {
        self.device_key.as_ref()
    }

    /// Whether it can be the proof: in suite 1 a wrong key is found here and not by the device.
    pub(crate) fn proves(&self, proof: &[u8]) -> bool {
        match self.signing_suite {
            Suite::P256Ecdsa => p256_ecdsa::verify(&self.signing_key, &self.fields.message(), proof),
            Suite::P256EcdhMac => proof.len() == p256_ecdh_mac::MAC_LENGTH,
            Suite::AesAdminKey => false,
        }
    }
}
