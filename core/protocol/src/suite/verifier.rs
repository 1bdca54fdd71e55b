//! The device's side of the suites: what a slot holds, and whether a response or proof is good.

use super::p256_ecdh_mac::DeviceSecretKey;
use super::{AuthoriseFields, IssuerPublicKey, Purpose, RotateFields, Suite, aes_admin_key, p256_ecdsa};
use crate::challenge::Challenge;
use crate::device_id::DeviceId;
use crate::secret::{AdminKey, ResponseCode};

/// What one enrolled slot checks with.
#[derive(Clone, Copy)]
pub enum DeviceVerifier<'a> {
    /// Suite 1.
    P256Ecdsa {
        /// Q.
        issuer: &'a IssuerPublicKey,
    },
    /// Suite 2.
    P256EcdhMac {
        /// Q.
        issuer: &'a IssuerPublicKey,
        /// e.
        device_key: &'a DeviceSecretKey,
    },
    /// Suite 3.
    AesAdminKey {
        /// The admin key.
        key: &'a AdminKey,
    },
}

impl DeviceVerifier<'_> {
    /// The slot's suite.
    #[must_use]
    pub fn suite(&self) -> Suite {
        match self {
            Self::P256Ecdsa { .. } => Suite::P256Ecdsa,
            Self::P256EcdhMac { .. } => Suite::P256EcdhMac,
            Self::AesAdminKey { .. } => Suite::AesAdminKey,
        }
    }

    /// Q; `None` in suite 3.
    #[must_use]
    pub fn issuer(&self) -> Option<&IssuerPublicKey> {
        match self {
            Self::P256Ecdsa { issuer } | Self::P256EcdhMac { issuer, .. } => Some(issuer),
            Self::AesAdminKey { .. } => None,
        }
    }

    /// Whether `response` is good for this purpose, device and challenge; MACs are compared in
    /// constant time. False also for a response or challenge of another suite, and for a probe in
    /// suite 3, which has none.
    #[must_use]
    pub fn verify_response(
        &self,
        purpose: Purpose,
        device_id: DeviceId,
        challenge: &Challenge,
        response: &ResponseCode,
    ) -> bool {
        if response.suite() != self.suite() {
            return false;
        }
        match (self, challenge) {
            (Self::AesAdminKey { key }, Challenge::Aes(challenge)) => {
                purpose == Purpose::Authorise
                    && aes_admin_key::verify(key, challenge.as_bytes(), response.expose_bytes())
            }
            (Self::P256Ecdsa { issuer } | Self::P256EcdhMac { issuer, .. }, Challenge::Line(challenge)) => {
                let fields = AuthoriseFields {
                    purpose,
                    suite: self.suite(),
                    device_id,
                    issuer: **issuer,
                    device_key: match self {
                        Self::P256EcdhMac { device_key, .. } => Some(device_key.public()),
                        _ => None,
                    },
                    challenge: *challenge,
                };
                fields.check().is_ok() && self.verify_message(&fields.message(), response.expose_bytes())
            }
            _ => false,
        }
    }

    fn verify_message(&self, message: &[u8], response: &[u8]) -> bool {
        match self {
            Self::P256Ecdsa { issuer } => p256_ecdsa::verify(issuer, message, response),
            Self::P256EcdhMac { issuer, device_key } => device_key
                .derive_z(issuer)
                .is_ok_and(|z| z.verify(message, response)),
            Self::AesAdminKey { .. } => false,
        }
    }

    fn verify_proof(&self, message: &[u8], proof: &[u8]) -> bool {
        match self {
            Self::P256Ecdsa { issuer } => p256_ecdsa::verify(issuer, message, proof),
            Self::P256EcdhMac { issuer, device_key } => device_key
                .derive_z(issuer)
                .is_ok_and(|z| z.verify_mac(message, proof)),
            Self::AesAdminKey { .. } => false,
        }
    }
}

/// Whether a rotation is proven. The device fills `fields` from its own store, but for the new Q.
///
/// `authorising`: what the authorising slot holds, with its proof. `new`: the rotated slot as it
/// becomes, with the new key's proof; `None` exactly when the slot is closed.
#[must_use]
pub fn verify_rotation(
    fields: &RotateFields,
    authorising: (DeviceVerifier<'_>, &[u8]),
    new: Option<(DeviceVerifier<'_>, &[u8])>,
) -> bool {
    let message = fields.message();
    let (authority, proof) = authorising;
    // The slot's own key is the old key; without this a caller's mix-up of slots would pass.
    let is_authority = fields.authorising_slot != fields.slot
        || (authority.issuer() == Some(&fields.old_issuer) && authority.suite() == fields.suite);
    let new_is_proven = match new {
        None => fields.new_issuer.is_none(),
        Some((key, proof)) => {
            key.suite() == fields.suite
                && fields.new_issuer.is_some()
                && key.issuer() == fields.new_issuer.as_ref()
                && key.verify_proof(&message, proof)
        }
    };
    fields.check().is_ok() && is_authority && authority.verify_proof(&message, proof) && new_is_proven
}
