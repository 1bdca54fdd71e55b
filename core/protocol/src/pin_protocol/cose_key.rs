//! A P-256 key agreement key as COSE_Key (RFC 9053 §7.1; CTAP 2.1 §6.5.6: `alg` is −25).

use core::fmt;

use p256::elliptic_curve::sec1::FromSec1Point;
use p256::{PublicKey, Sec1Point};

#[cfg(feature = "alloc")]
use crate::ctap2::cbor::Value;
use crate::curve::coordinates;

/// The coordinates are not a point of P-256 (or a compressed point is not one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a point on P-256")]
pub struct InvalidPoint;

/// Coordinates as they came: checked when they are used, by [`CoseKey::to_public_key`].
#[derive(Clone, PartialEq, Eq)]
pub struct CoseKey {
    /// x, big-endian.
    pub x: [u8; 32],
    /// y, big-endian.
    pub y: [u8; 32],
}

impl CoseKey {
    /// The point, which is on the curve and not infinity.
    ///
    /// # Errors
    /// [`InvalidPoint`].
    pub fn to_public_key(&self) -> Result<PublicKey, InvalidPoint> {
        let point = Sec1Point::from_affine_coordinates(&self.x.into(), &self.y.into(), false);
        Option::from(PublicKey::from_sec1_point(&point)).ok_or(InvalidPoint)
    }

    /// The coordinates of a point.
    #[must_use]
    pub fn from_public_key(key: &PublicKey) -> Self {
        let [x, y] = coordinates(key);
        Self { x, y }
    }
}

impl fmt::Debug for CoseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CoseKey(P-256)")
    }
}

#[cfg(feature = "alloc")]
impl CoseKey {
    /// COSE_Key: {1: 2, 3: −25, −1: 1, −2: x, −3: y}.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::int_map([
            (1, Some(Value::Unsigned(2))),
            (3, Some(Value::Negative(24))),
            (-1, Some(Value::Unsigned(1))),
            (-2, Some(Value::bytes(&self.x))),
            (-3, Some(Value::bytes(&self.y))),
        ])
    }

    /// From a COSE_Key map; whether the point is on the curve is not looked at.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `kty`, `alg`, `crv` or a coordinate's length is another.
    pub fn from_value(value: &Value) -> Result<Self, InvalidPoint> {
        let is = |key, expected| value.get(key).and_then(Value::as_i64) == Some(expected);
        let coordinate = |key| {
            let bytes = value.get(key).and_then(Value::as_bytes).ok_or(InvalidPoint)?;
            <[u8; 32]>::try_from(bytes).map_err(|_| InvalidPoint)
        };
        if !(is(1, 2) && is(3, -25) && is(-1, 1)) {
            return Err(InvalidPoint);
        }
        Ok(Self {
            x: coordinate(-2)?,
            y: coordinate(-3)?,
        })
    }
}
