//! Public keys as they are stored and hashed: compressed SEC1 points, checked once.

use core::fmt;

use p256::PublicKey;
use sha2::{Digest, Sha256};

use crate::pin_protocol::InvalidPoint;

macro_rules! public_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 33]);

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
                PublicKey::from_sec1_bytes(&array).map_err(|_| InvalidPoint)?;
                Ok(Self(array))
            }

            /// From a point of `p256`.
            #[must_use]
            pub fn from_public_key(key: &PublicKey) -> Self {
                use p256::elliptic_curve::sec1::ToSec1Point;
                let mut out = [0; 33];
                let point = key.to_sec1_point(true);
                out.iter_mut().zip(point.as_bytes()).for_each(|(to, from)| *to = *from);
                Self(out)
            }

            /// The 33 bytes of the compressed point.
            #[must_use]
            pub const fn as_compressed(&self) -> &[u8; 33] {
                &self.0
            }

            /// The point.
            ///
            /// # Errors
            /// [`InvalidPoint`] never happens for a value of this type.
            pub fn to_public_key(&self) -> Result<PublicKey, InvalidPoint> {
                PublicKey::from_sec1_bytes(&self.0).map_err(|_| InvalidPoint)
            }

            /// SHA-256 of the compressed point.
            #[must_use]
            pub fn hash(&self) -> [u8; 32] {
                Sha256::digest(self.0).into()
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
    /// What `getInfo` tells of it: the first 16 bytes of [`IssuerPublicKey::hash`].
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out.iter_mut().zip(self.hash()).for_each(|(to, from)| *to = from);
        out
    }
}
