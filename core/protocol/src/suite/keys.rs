//! Public keys, checked once: x ‖ y on the wire, hashed and named by their compressed SEC 1 form. Both are kept, so that
//! neither has to be computed from the other.

use core::fmt;

use p256::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use p256::{PublicKey, Sec1Point, SecretKey};
use sha2::{Digest, Sha256};

use crate::curve;
use crate::pin_protocol::InvalidPoint;

/// Bytes of a key on the wire: x ‖ y.
pub const WIRE_KEY_LENGTH: usize = 64;

/// The point x ‖ y, if it is on the curve.
fn public_key(bytes: &[u8; WIRE_KEY_LENGTH]) -> Result<PublicKey, InvalidPoint> {
    let point = Sec1Point::from_untagged_bytes(&(*bytes).into());
    Option::from(PublicKey::from_sec1_point(&point)).ok_or(InvalidPoint)
}

macro_rules! public_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            compressed: [u8; 33],
            y: [u8; 32],
        }

        impl $name {
            /// From a SEC1 point, compressed (33 bytes).
            ///
            /// # Errors
            /// [`InvalidPoint`] when it is not on the curve, infinity, or not compressed.
            pub fn from_compressed(bytes: &[u8]) -> Result<Self, InvalidPoint> {
                let array: [u8; 33] = bytes.try_into().map_err(|_| InvalidPoint)?;
                // `p256` also takes the compact form (tag 05), which would be a second name of a key.
                if !matches!(array, [2 | 3, ..]) {
                    return Err(InvalidPoint);
                }
                let key = PublicKey::from_sec1_bytes(&array).map_err(|_| InvalidPoint)?;
                Ok(Self::from_public_key(&key))
            }

            /// From x ‖ y, as it comes over the wire (64 bytes).
            ///
            /// # Errors
            /// [`InvalidPoint`] when it is of another length, not on the curve, or a coordinate is p or more.
            pub fn from_wire(bytes: &[u8]) -> Result<Self, InvalidPoint> {
                let array: &[u8; WIRE_KEY_LENGTH] = bytes.try_into().map_err(|_| InvalidPoint)?;
                public_key(array).map(|key| Self::from_public_key(&key))
            }

            /// From a point of `p256`.
            #[must_use]
            pub fn from_public_key(key: &PublicKey) -> Self {
                let mut compressed = [0; 33];
                let point = key.to_sec1_point(true);
                compressed
                    .iter_mut()
                    .zip(point.as_bytes())
                    .for_each(|(to, from)| *to = *from);
                let [_, y] = curve::coordinates(key);
                Self { compressed, y }
            }

            /// The public half of a scalar.
            pub(crate) fn from_secret_key(key: &SecretKey) -> Self {
                let [x, y] = curve::public(key);
                let sign = 2 | y.last().copied().unwrap_or_default() & 1;
                let mut compressed = [sign; 33];
                compressed.iter_mut().skip(1).zip(x).for_each(|(to, from)| *to = from);
                Self { compressed, y }
            }

            /// The 33 bytes of the compressed point.
            #[must_use]
            pub const fn as_compressed(&self) -> &[u8; 33] {
                &self.compressed
            }

            /// x ‖ y, as it goes over the wire.
            #[must_use]
            pub fn to_wire(&self) -> [u8; WIRE_KEY_LENGTH] {
                let mut out = [0; WIRE_KEY_LENGTH];
                let bytes = self.compressed.iter().skip(1).chain(&self.y);
                out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                out
            }

            /// The point.
            ///
            /// # Errors
            /// [`InvalidPoint`] never happens for a value of this type.
            pub fn to_public_key(&self) -> Result<PublicKey, InvalidPoint> {
                public_key(&self.to_wire())
            }

            /// SHA-256 of the compressed point.
            #[must_use]
            pub fn hash(&self) -> [u8; 32] {
                Sha256::digest(self.compressed).into()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                for byte in self.hash().iter().take(8) {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str("…)")
            }
        }
    };
}

public_key! {
    /// Q, the issuer's public key of one slot.
    IssuerPublicKey
}

public_key! {
    /// E, the device's own public key in suite 2.
    DevicePublicKey
}

impl IssuerPublicKey {
    /// What `getInfo` gives for it: the first 16 bytes of [`IssuerPublicKey::hash`].
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out.iter_mut().zip(self.hash()).for_each(|(to, from)| *to = from);
        out
    }
}
