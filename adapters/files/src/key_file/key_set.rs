//! All issuer keys of a help desk in one age file with a passphrase: its working file, or a backup.
//!
//! Inside the age file is UTF-8 text, lines ended by 0A: `fido-unlock key set 1`, then per key
//! `<slot> <suite> present|retired <scalar, 64 lower-case hex digits>`, by slot, the present key of a
//! slot first and then the retired ones, newest first.

use core::fmt::Write;
use std::path::Path;

use base16ct::lower;
use fido_unlock_desk::KeyRing;
use fido_unlock_desk::ports::SignerError;
use fido_unlock_protocol::Suite;
use fido_unlock_protocol::suite::IssuerKey;
use zeroize::Zeroizing;

use super::{KeyFileError, Passphrase, age_file, read};
use crate::whole_file;

const FIRST_LINE: &str = "fido-unlock key set 1";
const ANY_FIRST_LINE: &str = "fido-unlock key set ";
/// A line is at most this long, so that the text never moves in memory.
const LONGEST_LINE: usize = 90;

/// What a desk shows with every key set.
pub const LOST_KEY_WARNING: &str = "Once an issuer key is lost, no device that trusts it can be unlocked again: only a \
recovery key in slot 0, or a reset, which destroys every credential, helps then. Keep a backup of the keys and, \
apart from it, its passphrase, away from this computer. Whoever has both can unlock every device.";

/// Writes a key set to a new file.
///
/// # Errors
/// [`KeyFileError::Exists`] when there is a file of that name; [`KeyFileError::Write`];
/// [`KeyFileError::Protection`] for an empty passphrase or more keys than a file holds (about 180).
pub fn save_key_set(path: &Path, ring: &KeyRing, passphrase: &Passphrase) -> Result<(), KeyFileError> {
    let file = encode(ring, passphrase)?;
    if path.exists() {
        return Err(KeyFileError::Exists);
    }
    whole_file::create(path, &file).map_err(|error| KeyFileError::from_write(&error))
}

/// Writes a key set over the one that may be there, after a key was made or rotated.
///
/// # Errors
/// As [`save_key_set`], but for [`KeyFileError::Exists`].
pub fn replace_key_set(path: &Path, ring: &KeyRing, passphrase: &Passphrase) -> Result<(), KeyFileError> {
    let file = encode(ring, passphrase)?;
    whole_file::replace(path, &file).map_err(|error| KeyFileError::from_write(&error))
}

/// Reads a key set.
///
/// # Errors
/// [`KeyFileError::Missing`], [`KeyFileError::Read`], [`KeyFileError::Passphrase`],
/// [`KeyFileError::Malformed`], [`KeyFileError::Version`].
pub fn load_key_set(path: &Path, passphrase: &Passphrase) -> Result<KeyRing, KeyFileError> {
    let file = read(path)?;
    if !age_file::is_age(&file) {
        return Err(KeyFileError::Malformed);
    }
    decode(&passphrase.open(|passphrase| age_file::decrypt(&file, passphrase))?)
}

fn encode(ring: &KeyRing, passphrase: &Passphrase) -> Result<Vec<u8>, KeyFileError> {
    let keys = ring.keys();
    let capacity = LONGEST_LINE.saturating_mul(keys.len().saturating_add(1));
    if passphrase.expose_text().is_empty() || capacity > super::MAX_LENGTH {
        return Err(KeyFileError::Protection);
    }
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    text.push_str(FIRST_LINE);
    text.push('\n');
    for kept in keys {
        let info = kept.info();
        let scalar = kept
            .expose_key()
            .expose_p256_scalar()
            .ok_or(KeyFileError::WrongSuite)?;
        let mut digits = Zeroizing::new([0; 64]);
        let digits = lower::encode_str(&*scalar, &mut *digits).map_err(|_| KeyFileError::Malformed)?;
        let state = if info.retired { "retired" } else { "present" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{} {} {state} {digits}", info.slot, info.suite.number());
    }
    age_file::encrypt(text.as_bytes(), passphrase, false)
}

fn decode(plain: &[u8]) -> Result<KeyRing, KeyFileError> {
    let text = core::str::from_utf8(plain).map_err(|_| KeyFileError::Malformed)?;
    let mut lines = text
        .strip_suffix('\n')
        .ok_or(KeyFileError::Malformed)?
        .split('\n');
    match lines.next() {
        Some(FIRST_LINE) => {}
        Some(line) if line.starts_with(ANY_FIRST_LINE) => return Err(KeyFileError::Version),
        _ => return Err(KeyFileError::Malformed),
    }
    let mut ring = KeyRing::new();
    // The ring lists the newest key first, so the oldest goes in first.
    for line in lines.rev() {
        add(&mut ring, line)
            .ok_or(KeyFileError::Malformed)?
            .map_err(|_| KeyFileError::Malformed)?;
    }
    Ok(ring)
}

fn add(ring: &mut KeyRing, line: &str) -> Option<Result<(), SignerError>> {
    let mut fields = line.split(' ');
    let slot = fields.next()?.parse().ok()?;
    let suite = Suite::from_number(fields.next()?.parse().ok()?)?;
    let state = fields.next()?;
    let mut scalar = Zeroizing::new([0; 32]);
    let length = lower::decode(fields.next()?, &mut *scalar).ok()?.len();
    if length != scalar.len() || fields.next().is_some() {
        return None;
    }
    let key = IssuerKey::from_p256_scalar(suite, &scalar)?;
    match state {
        "present" => Some(ring.insert(slot, key)),
        "retired" => Some(ring.insert_retired(slot, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let key = |suite, seed| IssuerKey::from_p256_scalar(suite, &[seed; 32]).unwrap();
        let mut ring = KeyRing::new();
        ring.insert(0, key(Suite::P256Ecdsa, 1)).unwrap();
        ring.insert(15, key(Suite::P256EcdhMac, 2)).unwrap();
        ring.rotate(15, key(Suite::P256EcdhMac, 3)).unwrap();
        ring.rotate(15, key(Suite::P256EcdhMac, 4)).unwrap();
        ring
    }

    fn infos(ring: &KeyRing) -> Vec<fido_unlock_desk::ports::IssuerInfo> {
        ring.keys()
            .into_iter()
            .map(fido_unlock_desk::KeptKey::info)
            .collect()
    }

    #[test]
    fn a_key_set_comes_back_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.age");
        let passphrase = Passphrase::new("correct horse".into());
        save_key_set(&path, &ring(), &passphrase).unwrap();
        let back = load_key_set(&path, &passphrase).unwrap();
        assert_eq!(infos(&back), infos(&ring()));
        assert_eq!(back.keys().len(), 4);
        for (back, kept) in back.keys().iter().zip(ring().keys()) {
            assert_eq!(
                back.expose_key().expose_p256_scalar(),
                kept.expose_key().expose_p256_scalar()
            );
        }
        let file = std::fs::read(&path).unwrap();
        assert!(
            !file
                .windows(16)
                .any(|window| window == [4; 16] || window == b"0404040404040404")
        );
        assert_eq!(
            save_key_set(&path, &ring(), &passphrase),
            Err(KeyFileError::Exists)
        );
        replace_key_set(&path, &KeyRing::new(), &passphrase).unwrap();
        assert!(load_key_set(&path, &passphrase).unwrap().keys().is_empty());
        let wrong = Passphrase::new("wrong horse".into());
        assert_eq!(load_key_set(&path, &wrong).err(), Some(KeyFileError::Passphrase));
        std::fs::write(&path, FIRST_LINE).unwrap();
        assert_eq!(
            load_key_set(&path, &passphrase).err(),
            Some(KeyFileError::Malformed)
        );
        let empty = Passphrase::new(String::new());
        assert_eq!(
            replace_key_set(&path, &ring(), &empty),
            Err(KeyFileError::Protection)
        );
    }

    #[test]
    fn only_this_form_is_read() {
        let scalar = "01".repeat(32);
        let good = format!("{FIRST_LINE}\n0 1 present {scalar}\n");
        assert_eq!(decode(good.as_bytes()).unwrap().keys().len(), 1);
        let error = |text: &str| decode(text.as_bytes()).err();
        assert_eq!(
            error(&good.replace("set 1", "set 2")),
            Some(KeyFileError::Version)
        );
        let bad = [
            String::new(),
            good.trim_end().to_owned(),
            good.replace("0 1 present", "16 1 present"),
            good.replace("0 1 present", "0 3 present"),
            good.replace("0 1 present", "0 4 present"),
            good.replace("present", "Present"),
            good.replace(&scalar, &"00".repeat(32)),
            good.replace(&scalar, &scalar[2..]),
            good.replace(&scalar, &format!("{scalar}01")),
            good.replace(&scalar, &format!("{scalar} ")),
            format!("{good}0 1 present {}\n", "02".repeat(32)),
            format!("{good}1 1 present {scalar}\n"),
            format!("{good}\n"),
        ];
        for text in bad {
            assert_eq!(error(&text), Some(KeyFileError::Malformed), "{text}");
        }
    }
}
