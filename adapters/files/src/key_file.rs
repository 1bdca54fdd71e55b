//! Issuer keys in files (docs/protocol.md, "Key files").
//!
//! A P-256 key is PKCS#8 (RFC 5958), in PEM (RFC 7468) or DER, encrypted by PBES2 (RFC 8018) or not;
//! an admin key is one line of hex digits. Either may lie in an age file with a passphrase
//! (age-encryption.org/v1), armored or binary. Next to each file `NAME` is `NAME.json` with the
//! suite and slot, since PKCS#8 has no place for them.

mod age_file;
mod description;
mod desk_keys;
mod encoding;
mod error;
mod key_set;
mod pbes2;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use fido_unlock_desk::opaque;
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::IssuerKey;
use fido_unlock_protocol::{AdminKey, Suite};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::whole_file;

pub use description::KeyDescription;
pub use desk_keys::DeskKeys;
pub use encoding::{decode, encode};
pub use error::KeyFileError;
pub use key_set::{LOST_KEY_WARNING, load_key_set, replace_key_set, save_key_set};

/// No key file is longer; a longer one is refused unread.
pub(crate) const MAX_LENGTH: usize = 16 * 1024;

/// The passphrase of a key file.
///
/// ```compile_fail
/// let passphrase = fido_unlock_files::key_file::Passphrase::new("correct horse".into());
/// println!("{passphrase:?}");
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Passphrase {
    text: String,
    /// Where that is another text.
    typed: Option<String>,
}

impl Passphrase {
    /// Takes the text over. It protects files as [`opaque`] makes it, so that one passphrase is the same
    /// from every keyboard; a file that another program wrote is also tried with the text as typed.
    #[must_use]
    pub fn new(typed: String) -> Self {
        let text = opaque(&typed);
        if *text == typed {
            return Self {
                text: typed,
                typed: None,
            };
        }
        Self {
            text: String::clone(&text),
            typed: Some(typed),
        }
    }

    /// The text.
    #[must_use]
    pub fn expose_text(&self) -> &str {
        &self.text
    }

    /// Opens with the text and, if it does not fit, with the text as typed.
    pub(crate) fn open<T>(&self, open: impl Fn(&Self) -> Result<T, KeyFileError>) -> Result<T, KeyFileError> {
        match (open(self), &self.typed) {
            (Err(KeyFileError::Passphrase), Some(typed)) => open(&Self {
                text: typed.clone(),
                typed: None,
            }),
            (result, _) => result,
        }
    }
}

/// How a P-256 key is written; an admin key is hex in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Text, RFC 7468.
    Pem,
    /// Binary.
    Der,
}

/// How a key is protected.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Protection<'a> {
    /// Not at all, but for the file's mode.
    Plain,
    /// PBES2 with scrypt (N = 2^14, r = 8, p = 5) and AES-256-CBC. P-256 keys only.
    Scrypt(&'a Passphrase),
    /// PBES2 with PBKDF2-HMAC-SHA-256 (600,000 rounds) and AES-256-CBC. P-256 keys only.
    Pbkdf2(&'a Passphrase),
    /// A binary age file (scrypt, N = 2^16).
    Age(&'a Passphrase),
    /// The same as text.
    AgeArmored(&'a Passphrase),
}

/// A key and its description.
pub struct LoadedKey {
    /// The key.
    pub key: IssuerKey,
    /// Suite, slot and public key, which fits `key`.
    pub description: KeyDescription,
}

/// A new key: P-256 in suites 1 and 2, AES-256 in suite 3.
///
/// # Errors
/// [`KeyFileError::Entropy`].
pub fn generate(suite: Suite, entropy: &mut dyn Entropy) -> Result<IssuerKey, KeyFileError> {
    if suite != Suite::AesAdminKey {
        return IssuerKey::make_p256(suite, entropy).map_err(|_| KeyFileError::Entropy);
    }
    let mut bytes = Zeroizing::new(vec![0; 32]);
    entropy.fill(&mut bytes).map_err(|_| KeyFileError::Entropy)?;
    AdminKey::new(&bytes)
        .map(IssuerKey::admin_key)
        .ok_or(KeyFileError::Malformed)
}

/// Writes a key for `slot` (0 to 15) to a new file, and `NAME.json` beside it: each atomically
/// (temporary file, sync, rename), readable by its owner alone (mode 0600 on Unix; on other systems
/// the folder's rights hold).
///
/// # Errors
/// [`KeyFileError::Exists`] when there is a file of that name; [`KeyFileError::Protection`];
/// [`KeyFileError::Write`]; [`KeyFileError::Entropy`].
pub fn save(
    path: &Path,
    key: &IssuerKey,
    slot: u8,
    encoding: Encoding,
    protection: Protection<'_>,
    entropy: &mut dyn Entropy,
) -> Result<KeyDescription, KeyFileError> {
    let description = KeyDescription::new(key, slot)?;
    let bytes = encode(key, encoding, protection, entropy)?;
    if path.exists() {
        return Err(KeyFileError::Exists);
    }
    // A description without a key is overwritten by the next try; a key without one is not usable.
    let written = |error| KeyFileError::from_write(&error);
    whole_file::replace(&description::path_for(path), &description.to_json()?).map_err(written)?;
    whole_file::create(path, &bytes).map_err(written)?;
    Ok(description)
}

/// Reads a key and its description; the passphrase is not looked at when none is needed.
///
/// # Errors
/// [`KeyFileError`]: missing, unreadable, not a key, passphrase wanted or wrong, of another suite,
/// or not the key that the description names.
pub fn load(path: &Path, passphrase: Option<&Passphrase>) -> Result<LoadedKey, KeyFileError> {
    let description = describe(path)?;
    let key = decode(&read(path)?, description.suite, passphrase)?;
    if key.public() != description.public {
        return Err(KeyFileError::OtherKey);
    }
    Ok(LoadedKey { key, description })
}

/// Reads only the description: suite, slot and public key, without a passphrase.
///
/// # Errors
/// [`KeyFileError`].
pub fn describe(path: &Path) -> Result<KeyDescription, KeyFileError> {
    KeyDescription::from_json(&read(&description::path_for(path))?)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let file = File::open(path).map_err(KeyFileError::from_read)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LENGTH + 1));
    file.take(MAX_LENGTH as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(KeyFileError::from_read)?;
    if bytes.len() > MAX_LENGTH {
        return Err(KeyFileError::Malformed);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_program_opens_with_the_passphrase_as_it_was_typed() {
        let typed = "cafe\u{301}";
        let raw = Passphrase {
            text: typed.into(),
            typed: None,
        };
        let key = IssuerKey::from_p256_scalar(Suite::P256EcdhMac, &[7; 32]).unwrap();
        struct Zero;
        impl Entropy for Zero {
            fn fill(&mut self, bytes: &mut [u8]) -> Result<(), fido_unlock_protocol::ports::EntropyError> {
                bytes.fill(0);
                Ok(())
            }
        }
        for protection in [Protection::Scrypt(&raw), Protection::Age(&raw)] {
            let file = encode(&key, Encoding::Pem, protection, &mut Zero).unwrap();
            let open = |text: &str| decode(&file, Suite::P256EcdhMac, Some(&Passphrase::new(text.into())));
            assert_eq!(open(typed).unwrap().public(), key.public());
            assert_eq!(open("caf\u{e9}").err(), Some(KeyFileError::Passphrase));
        }
    }
}
