//! Issuer keys in files (docs/protocol.md, "Key files").
//!
//! A P-256 key is PKCS#8 (RFC 5958), in PEM (RFC 7468) or DER, encrypted by PBES2 (RFC 8018) or not;
//! an admin key is one line of hex digits. Either may lie in an age file with a passphrase
//! (age-encryption.org/v1), armored or binary. Beside each file `NAME` lies `NAME.json` with the
//! suite and slot, since PKCS#8 has no place for them.

mod age_file;
mod description;
mod encoding;
mod error;
mod key_set;
mod pbes2;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::IssuerKey;
use fido_unlock_protocol::{AdminKey, Suite};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::whole_file;

pub use description::KeyDescription;
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
pub struct Passphrase(String);

impl Passphrase {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn expose_text(&self) -> &str {
        &self.0
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

/// A key with what stands beside it.
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

/// Reads the description alone: suite, slot and public key, without a passphrase.
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
