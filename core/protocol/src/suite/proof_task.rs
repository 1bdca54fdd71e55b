//! What an [`IssuerProver`](crate::ports::IssuerProver) is given: fields under a purpose, never bytes.

use super::{
    AuthoriseFields, DevicePublicKey, IssuerPublicKey, Purpose, RotateFields, Suite, SuiteError,
    p256_ecdh_mac, p256_ecdsa,
};

/// One response to a probe.
#[derive(Debug)]
pub struct ProbeTask {
    slot: u8,
    fields: AuthoriseFields,
}

impl ProbeTask {
    /// `slot`: the slot whose key is to be used, 0 to 15.
    ///
    /// # Errors
    /// [`SuiteError::WrongSuite`] when the fields are not of [`Purpose::Probe`]: a prover never unlocks;
    /// those of [`AuthoriseFields::check`].
    pub fn new(slot: u8, fields: AuthoriseFields) -> Result<Self, SuiteError> {
        if fields.purpose != Purpose::Probe {
            return Err(SuiteError::WrongSuite);
        }
        fields.check()?;
        Ok(Self { slot, fields })
    }

    /// The slot whose key is to be used.
    #[must_use]
    pub const fn slot(&self) -> u8 {
        self.slot
    }

    /// What the response is made over, of [`Purpose::Probe`].
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

/// One proof of a rotation.
#[derive(Debug)]
pub struct RotationTask {
    role: RotationRole,
    signing_key: IssuerPublicKey,
    signing_suite: Suite,
    fields: RotateFields,
    device_key: Option<DevicePublicKey>,
}

impl RotationTask {
    /// `signing_key` and `signing_suite`: of the key that is to prove it; `device_key`: E, wanted for a key
    /// of suite 2.
    ///
    /// # Errors
    /// [`SuiteError::DeviceKey`] when it is missing; those of [`RotateFields::check`].
    pub fn new(
        role: RotationRole,
        signing_key: IssuerPublicKey,
        signing_suite: Suite,
        fields: RotateFields,
        device_key: Option<DevicePublicKey>,
    ) -> Result<Self, SuiteError> {
        fields.check()?;
        if signing_suite == Suite::P256EcdhMac && device_key.is_none() {
            return Err(SuiteError::DeviceKey);
        }
        Ok(Self {
            role,
            signing_key,
            signing_suite,
            fields,
            device_key,
        })
    }

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

    /// Whether it can be the proof: in suite 1 the signature is verified; in suite 2 only the length is looked
    /// at, since the MAC's key is the prover's.
    #[must_use]
    pub fn may_prove(&self, proof: &[u8]) -> bool {
        match self.signing_suite {
            Suite::P256Ecdsa => p256_ecdsa::verify(&self.signing_key, &self.fields.message(), proof),
            Suite::P256EcdhMac => proof.len() == p256_ecdh_mac::MAC_LENGTH,
            Suite::AesAdminKey => false,
        }
    }
}
