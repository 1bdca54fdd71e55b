//! CTAP2 canonical CBOR (CTAP 2.1 §8): a value tree small enough for firmware.
//!
//! The device is strict ([`Value::parse_canonical`]), the host tolerant ([`Value::parse`]); both
//! refuse duplicate keys, trailing bytes, indefinite lengths, tags and floats. `minicbor` reads and
//! writes the tokens; it accepts what is not canonical, so canonical form is checked by writing the
//! value again.

use alloc::{string::String, vec::Vec};
use core::cmp::Ordering;
use core::fmt;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

use super::CtapStatus;

/// Nesting that CTAP2 allows (CTAP 2.1 §8: at most four levels).
pub const MAX_DEPTH: usize = 4;
/// Nesting that the host accepts from a device.
const MAX_DEPTH_LENIENT: usize = 8;

/// Why bytes are no CTAP2 CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// Not well-formed, cut off, or of a type that CTAP2 does not use.
    #[error("not CTAP2 CBOR")]
    Malformed,
    /// Bytes after the end.
    #[error("bytes after the end of the CBOR")]
    TrailingBytes,
    /// A key occurs twice in a map.
    #[error("a map key occurs twice")]
    DuplicateKey,
    /// Well-formed, but keys out of order or integers longer than needed.
    #[error("not canonical CBOR")]
    NotCanonical,
    /// Nested too deeply.
    #[error("CBOR nested too deeply")]
    TooDeep,
}

impl From<CborError> for CtapStatus {
    fn from(_: CborError) -> Self {
        Self::InvalidCbor
    }
}

/// A CBOR value. Byte strings are wiped when dropped, since some hold a response.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Major type 0.
    Unsigned(u64),
    /// Major type 1: the value −1 − n.
    Negative(u64),
    /// Major type 2.
    Bytes(Zeroizing<Vec<u8>>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<Value>),
    /// Major type 5; in canonical order once it is encoded.
    Map(Vec<(Value, Value)>),
    /// `false` or `true`.
    Bool(bool),
    /// `null`.
    Null,
}

impl Value {
    /// A map with integer keys; `None` values are left out.
    ///
    /// ```
    /// use fido_unlock_protocol::ctap2::cbor::Value;
    /// let map = Value::int_map([(1, Some(Value::from(2u64))), (2, None)]);
    /// assert_eq!(map.to_bytes().as_slice(), [0xA1, 1, 2]);
    /// ```
    #[must_use]
    pub fn int_map<const N: usize>(entries: [(i64, Option<Value>); N]) -> Self {
        Self::Map(
            entries
                .into_iter()
                .filter_map(|(key, value)| Some((Self::from(key), value?)))
                .collect(),
        )
    }

    /// A map with text keys; `None` values are left out.
    #[must_use]
    pub fn text_map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Self {
        Self::Map(
            entries
                .into_iter()
                .filter_map(|(key, value)| Some((Self::from(key), value?)))
                .collect(),
        )
    }

    /// A byte string.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads strictly, as a device does: canonical form only.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse_canonical(bytes: &[u8]) -> Result<Self, CborError> {
        let value = parse(bytes, MAX_DEPTH)?;
        if value.to_bytes().as_slice() == bytes {
            Ok(value)
        } else {
            Err(CborError::NotCanonical)
        }
    }

    /// Reads as a host does: any key order and integer length.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
        parse(bytes, MAX_DEPTH_LENIENT)
    }

    /// Reads the first value as a host does, and gives what follows it (authData holds a COSE_Key
    /// and then extensions, WebAuthn Level 2 §6.1).
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse_first(bytes: &[u8]) -> Result<(Self, &[u8]), CborError> {
        let mut decoder = Decoder::new(bytes);
        let value = read(&mut decoder, MAX_DEPTH_LENIENT)?;
        Ok((value, bytes.get(decoder.position()..).unwrap_or_default()))
    }

    /// Canonical CBOR.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.to_bytes_after(&[])
    }

    /// Canonical CBOR behind other bytes, such as that of a command.
    pub(crate) fn to_bytes_after(&self, head: &[u8]) -> Zeroizing<Vec<u8>> {
        // Reserved at once: a buffer that grows would leave a copy behind.
        let mut out = Zeroizing::new(Vec::with_capacity(head.len() + self.encoded_bound()));
        out.extend_from_slice(head);
        self.encode(&mut out);
        out
    }

    fn encoded_bound(&self) -> usize {
        9 + match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
            Self::Array(items) => items.iter().map(Self::encoded_bound).sum(),
            Self::Map(entries) => entries
                .iter()
                .map(|(k, v)| k.encoded_bound() + v.encoded_bound())
                .sum(),
            Self::Unsigned(_) | Self::Negative(_) | Self::Bool(_) | Self::Null => 0,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        // Writing to a `Vec` cannot fail.
        let mut encoder = Encoder::new(&mut *out);
        let _ = match self {
            Self::Unsigned(n) => encoder.u64(*n).map(drop),
            Self::Negative(n) => minicbor::data::Int::try_from(-1 - i128::from(*n))
                .map_or(Ok(()), |n| encoder.int(n).map(drop)),
            Self::Bytes(bytes) => encoder.bytes(bytes).map(drop),
            Self::Text(text) => encoder.str(text).map(drop),
            Self::Bool(value) => encoder.bool(*value).map(drop),
            Self::Null => encoder.null().map(drop),
            Self::Array(items) => {
                let done = encoder.array(items.len() as u64).map(drop);
                items.iter().for_each(|item| item.encode(out));
                done
            }
            Self::Map(entries) => {
                let done = encoder.map(entries.len() as u64).map(drop);
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|(a, _), (b, _)| a.canonical_order(b));
                for (key, value) in sorted {
                    key.encode(out);
                    value.encode(out);
                }
                done
            }
        };
    }

    /// The order of two map keys: that of their encodings, without writing those that a map may have.
    fn canonical_order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Unsigned(a), Self::Unsigned(b)) | (Self::Negative(a), Self::Negative(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => (a.len(), a.as_slice()).cmp(&(b.len(), b.as_slice())),
            (Self::Text(a), Self::Text(b)) => (a.len(), a).cmp(&(b.len(), b)),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            _ if self.rank() != other.rank() => self.rank().cmp(&other.rank()),
            _ => self.to_bytes().cmp(&other.to_bytes()),
        }
    }

    /// Major type, and the order within type 7.
    const fn rank(&self) -> u8 {
        match self {
            Self::Unsigned(_) => 0,
            Self::Negative(_) => 1,
            Self::Bytes(_) => 2,
            Self::Text(_) => 3,
            Self::Array(_) => 4,
            Self::Map(_) => 5,
            Self::Bool(_) => 7,
            Self::Null => 8,
        }
    }

    /// The value under an integer key of a map.
    #[must_use]
    pub fn get(&self, key: i64) -> Option<&Self> {
        self.lookup(|other| other.as_i64() == Some(key))
    }

    /// The value under a text key of a map.
    #[must_use]
    pub fn get_text(&self, key: &str) -> Option<&Self> {
        self.lookup(|other| other.as_text() == Some(key))
    }

    fn lookup(&self, is_key: impl Fn(&Self) -> bool) -> Option<&Self> {
        self.as_map()?
            .iter()
            .find(|(key, _)| is_key(key))
            .map(|(_, value)| value)
    }

    /// An unsigned integer.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Unsigned(n) = self {
            Some(*n)
        } else {
            None
        }
    }

    /// An integer that fits 64 bits with its sign.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Unsigned(n) => i64::try_from(*n).ok(),
            Self::Negative(n) => i64::try_from(*n).ok().map(|n| -1 - n),
            _ => None,
        }
    }

    /// A byte string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// A text string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// An array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    /// A map.
    #[must_use]
    pub fn as_map(&self) -> Option<&[(Self, Self)]> {
        if let Self::Map(entries) = self {
            Some(entries)
        } else {
            None
        }
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }
}

/// Lengths and numbers of small things, never bytes: a byte string may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(n) => write!(f, "{n}"),
            Self::Negative(n) => write!(f, "{}", -1 - i128::from(*n)),
            Self::Bytes(bytes) => write!(f, "bytes[{}]", bytes.len()),
            Self::Text(text) => write!(f, "text[{}]", text.len()),
            Self::Array(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => f
                .debug_map()
                .entries(entries.iter().map(|(k, v)| (k, v)))
                .finish(),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Unsigned(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Unsigned(n.into())
    }
}

impl From<u8> for Value {
    fn from(n: u8) -> Self {
        Self::Unsigned(n.into())
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        if n < 0 {
            Self::Negative(n.unsigned_abs() - 1)
        } else {
            Self::Unsigned(n.unsigned_abs())
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items)
    }
}

fn parse(bytes: &[u8], depth: usize) -> Result<Value, CborError> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, depth)?;
    if decoder.position() == bytes.len() {
        Ok(value)
    } else {
        Err(CborError::TrailingBytes)
    }
}

fn read(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, CborError> {
    let malformed = |_| CborError::Malformed;
    match decoder.datatype().map_err(malformed)? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64().map(Value::Unsigned).map_err(malformed),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let n = i128::from(decoder.int().map_err(malformed)?);
            u64::try_from(-1 - n)
                .map(Value::Negative)
                .map_err(|_| CborError::Malformed)
        }
        Type::Bytes => decoder.bytes().map(Value::bytes).map_err(malformed),
        Type::String => decoder.str().map(Value::from).map_err(malformed),
        Type::Bool => decoder.bool().map(Value::Bool).map_err(malformed),
        Type::Null => decoder.null().map(|()| Value::Null).map_err(malformed),
        Type::Array => {
            let depth = depth.checked_sub(1).ok_or(CborError::TooDeep)?;
            let length = decoder.array().map_err(malformed)?.ok_or(CborError::Malformed)?;
            // Grown as items come: a length from outside reserves nothing.
            let mut items = Vec::new();
            for _ in 0..length {
                items.push(read(decoder, depth)?);
            }
            Ok(Value::Array(items))
        }
        Type::Map => {
            let depth = depth.checked_sub(1).ok_or(CborError::TooDeep)?;
            let length = decoder.map().map_err(malformed)?.ok_or(CborError::Malformed)?;
            let mut entries: Vec<(Value, Value)> = Vec::new();
            for _ in 0..length {
                let key = read(decoder, 0)?;
                entries.push((key, read(decoder, depth)?));
            }
            if has_duplicate(&entries, Value::canonical_order) {
                return Err(CborError::DuplicateKey);
            }
            Ok(Value::Map(entries))
        }
        _ => Err(CborError::Malformed),
    }
}

/// Whether a key occurs twice. A sender of a 64 kB map must not make the reader compare each key with every other.
fn has_duplicate(entries: &[(Value, Value)], mut order: impl FnMut(&Value, &Value) -> Ordering) -> bool {
    // Keys in canonical order, as they nearly always are, cannot repeat.
    if entries.is_sorted_by(|(one, _), (next, _)| order(one, next).is_lt()) {
        return false;
    }
    let mut keys: Vec<&Value> = entries.iter().map(|(key, _)| key).collect();
    keys.sort_unstable_by(|one, other| order(one, other));
    keys.windows(2)
        .any(|pair| matches!(pair, [one, next] if order(one, next).is_eq()))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use proptest::prelude::*;

    fn refused(bytes: &[u8]) -> CborError {
        Value::parse_canonical(bytes).unwrap_err()
    }

    #[test]
    fn strict_refuses_what_lenient_takes() {
        for (bytes, what) in [
            (&[0x18, 0x01][..], "integer too long"),
            (&[0xA2, 0x02, 0x00, 0x01, 0x00], "keys out of order"),
            (&[0x58, 0x01, 0x00], "length too long"),
            (&[0xA2, 0x20, 0x00, 0x01, 0x00], "negative before positive"),
            (
                &[0xA2, 0x62, b'a', b'a', 0x00, 0x61, b'b', 0x00],
                "longer text first",
            ),
        ] {
            assert_eq!(refused(bytes), CborError::NotCanonical, "{what}");
            assert!(Value::parse(bytes).is_ok(), "{what}");
        }
    }

    #[test]
    fn both_refuse() {
        for (bytes, error) in [
            (&[0xA2, 0x01, 0x00, 0x01, 0x00][..], CborError::DuplicateKey),
            (&[0xA2, 0x01, 0x00, 0x18, 0x01, 0x00], CborError::DuplicateKey),
            // Behind a key that is out of order, though it is in order with the one before it.
            (
                &[0xA3, 0x02, 0x00, 0x01, 0x00, 0x02, 0x00],
                CborError::DuplicateKey,
            ),
            // An integer, a text, and the integer again.
            (
                &[0xA3, 0x01, 0x00, 0x61, b'a', 0x00, 0x01, 0x00],
                CborError::DuplicateKey,
            ),
            // In a map that is a value.
            (
                &[0xA1, 0x01, 0xA2, 0x61, b'a', 0x00, 0x61, b'a', 0x00],
                CborError::DuplicateKey,
            ),
            (&[0x00, 0x00], CborError::TrailingBytes),
            (&[0x9F, 0xFF], CborError::Malformed),
            (&[0xBF, 0xFF], CborError::Malformed),
            (&[0x5F, 0xFF], CborError::Malformed),
            (&[0xC0, 0x00], CborError::Malformed),
            (&[0xF9, 0x00, 0x00], CborError::Malformed),
            (&[0xF7], CborError::Malformed),
            (&[0x1C], CborError::Malformed),
            (&[0x42, 0x00], CborError::Malformed),
            (&[0x61, 0xFF], CborError::Malformed),
            (
                &[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                CborError::Malformed,
            ),
            (&[], CborError::Malformed),
        ] {
            assert_eq!(refused(bytes), error, "{bytes:02x?}");
            assert_eq!(Value::parse(bytes), Err(error), "{bytes:02x?}");
        }
    }

    #[test]
    fn each_key_is_not_compared_with_each() {
        let count = 20_000_u64;
        let backwards = (0..count).rev().map(Value::from).collect::<Vec<_>>();
        let scattered = (0..count).map(|n| match n.wrapping_mul(0x9E37_79B9_7F4A_7C15) {
            number if n % 3 == 0 => Value::from(number),
            number if n % 3 == 1 => Value::bytes(&number.to_be_bytes()),
            number => Value::from(alloc::format!("{number}").as_str()),
        });
        for keys in [backwards, scattered.collect()] {
            let mut entries: Vec<(Value, Value)> = keys.into_iter().map(|key| (key, Value::Null)).collect();
            for twice in [false, true] {
                if twice {
                    entries.push(entries[7].clone());
                }
                let mut comparisons = 0;
                let found = has_duplicate(&entries, |one, other| {
                    comparisons += 1;
                    one.canonical_order(other)
                });
                assert_eq!(found, twice);
                // Of n keys each with each would be n * n / 2.
                assert!(comparisons < 50 * count, "{comparisons}");
                // The reader goes that way.
                let read = Value::parse(&Value::Map(entries.clone()).to_bytes());
                assert_eq!(read.err(), twice.then_some(CborError::DuplicateKey));
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(Value::parse_canonical(&[0x81, 0x81, 0x81, 0x80]).is_ok());
        assert_eq!(refused(&[0x81, 0x81, 0x81, 0x81, 0x80]), CborError::TooDeep);
        assert_eq!(Value::parse(&[0x81; 100]), Err(CborError::TooDeep));
    }

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<u64>().prop_map(Value::Unsigned),
            any::<u64>().prop_map(Value::Negative),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(|b| Value::bytes(&b)),
            ".{0,30}".prop_map(|t: String| Value::Text(t)),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        leaf().prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                proptest::collection::btree_map(any::<u64>(), inner, 0..6)
                    .prop_map(|map| Value::Map(map.into_iter().map(|(k, v)| (k.into(), v)).collect())),
            ]
        })
    }

    /// Integers and texts, each once, in any order.
    fn keys() -> impl Strategy<Value = Vec<Value>> {
        let integers = proptest::collection::btree_set(-4i64..4, 0..6);
        let texts = proptest::collection::btree_set("[ab]{0,2}", 0..4);
        (integers, texts)
            .prop_map(|(integers, texts)| {
                let texts = texts.iter().map(|text| Value::from(text.as_str()));
                integers.into_iter().map(Value::from).chain(texts).collect()
            })
            .prop_shuffle()
    }

    /// A map of up to 23 keys, in the order that they have here.
    fn map_of(keys: &[Value]) -> Vec<u8> {
        let mut bytes = vec![0xA0 | u8::try_from(keys.len()).unwrap()];
        for key in keys {
            bytes.extend_from_slice(&key.to_bytes());
            bytes.push(0);
        }
        bytes
    }

    proptest! {
        #[test]
        fn a_key_that_stands_twice_is_found_wherever_it_stands(
            keys in keys(), key: prop::sample::Index, place: prop::sample::Index,
        ) {
            let once = map_of(&keys);
            prop_assert!(Value::parse(&once).is_ok(), "{:02x?}", once);
            if !keys.is_empty() {
                let mut twice = keys.clone();
                twice.insert(place.index(keys.len() + 1), key.get(&keys).clone());
                let bytes = map_of(&twice);
                prop_assert_eq!(Value::parse(&bytes), Err(CborError::DuplicateKey));
                prop_assert_eq!(refused(&bytes), CborError::DuplicateKey);
            }
        }

        #[test]
        fn keys_stand_in_the_order_of_their_encodings(
            // Eight at once, so that there are always two of a kind.
            values in proptest::collection::vec(leaf(), 8), other in value(),
        ) {
            for (a, b) in values.iter().flat_map(|a| values.iter().chain([&other]).map(move |b| (a, b))) {
                prop_assert_eq!(a.canonical_order(b), a.to_bytes().cmp(&b.to_bytes()));
            }
        }

        #[test]
        fn what_is_written_is_read(value in value()) {
            let bytes = value.to_bytes();
            prop_assert_eq!(Value::parse_canonical(&bytes), Ok(value));
        }

        #[test]
        fn no_bytes_panic_and_canonical_means_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = Value::parse_canonical(&bytes) {
                let again = value.to_bytes();
                prop_assert_eq!(again.as_slice(), bytes.as_slice());
            }
        }
    }
}
