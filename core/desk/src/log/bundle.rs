//! Bundles of entries (C2SP tlog-tiles): the entries that a tile of level 0 has the hashes of, each behind its length
//! (2 bytes, big-endian).

use alloc::vec::Vec;

/// The bundle of `entries`; `None` where one is longer than 65,535 bytes.
///
/// ```
/// use fido_unlock_desk::log::{bundle, unbundle};
///
/// assert_eq!(bundle([&b"ab"[..], b""]).as_deref(), Some(&b"\0\x02ab\0\0"[..]));
/// assert_eq!(unbundle(b"\0\x02ab\0\0"), Some(vec![&b"ab"[..], b""]));
/// assert_eq!(unbundle(b"\0\x02a"), None);
/// ```
#[must_use]
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for entry in entries {
        out.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Some(out)
}

/// The entries of a bundle; `None` where the bytes are none.
#[must_use]
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        out.push(entry);
        bytes = rest;
    }
    Some(out)
}
