//! age files with a passphrase (age-encryption.org/v1, scrypt recipient).

use core::iter;
use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use super::{KeyFileError, MAX_LENGTH, Passphrase};

const BINARY_HEAD: &[u8] = b"age-encryption.org/";
const ARMOR_HEAD: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// log2 of scrypt's N in new files: 64 MiB.
const WORK_FACTOR: u8 = 16;
/// In files that others made: 1 GiB.
const MAX_WORK_FACTOR: u8 = 20;

pub(super) fn is_age(bytes: &[u8]) -> bool {
    bytes.starts_with(BINARY_HEAD) || bytes.trim_ascii_start().starts_with(ARMOR_HEAD)
}

fn secret(passphrase: &Passphrase) -> SecretString {
    SecretString::from(passphrase.expose_text())
}

pub(super) fn encrypt(plain: &[u8], passphrase: &Passphrase, armored: bool) -> Result<Vec<u8>, KeyFileError> {
    let mut recipient = age::scrypt::Recipient::new(secret(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
        .map_err(|_| KeyFileError::Protection)?;
    let format = if armored {
        Format::AsciiArmor
    } else {
        Format::Binary
    };
    let mut out = Vec::new();
    let write = || {
        let armor = ArmoredWriter::wrap_output(&mut out, format)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(plain)?;
        writer.finish()?.finish()?;
        Ok(())
    };
    write().map_err(|error: std::io::Error| KeyFileError::from_write(&error))?;
    Ok(out)
}

pub(super) fn decrypt(bytes: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let mut identity = age::scrypt::Identity::new(secret(passphrase));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes.trim_ascii_start()))
        .map_err(|_| KeyFileError::Malformed)?;
    if !decryptor.is_scrypt() {
        return Err(KeyFileError::Malformed);
    }
    let reader = decryptor
        .decrypt(iter::once(&identity as &dyn age::Identity))
        .map_err(|error| match error {
            DecryptError::ExcessiveWork { .. } => KeyFileError::TooCostly,
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys => KeyFileError::Passphrase,
            _ => KeyFileError::Malformed,
        })?;
    // Room for the longest file: the buffer never moves and leaves no copy behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(MAX_LENGTH + 1));
    reader
        .take(MAX_LENGTH as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| KeyFileError::Malformed)?;
    if plain.len() > MAX_LENGTH {
        return Err(KeyFileError::Malformed);
    }
    Ok(plain)
}
