//! A key as bytes of a file, and back.

use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::IssuerKey;
use fido_unlock_protocol::{AdminKey, Suite, text};
use p256::SecretKey;
use p256::pkcs8::EncodePrivateKey;
use pkcs8::der::pem::PemLabel;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use super::pbes2::{self, Function};
use super::{Encoding, KeyFileError, Passphrase, Protection, age_file};

/// The bytes of a key file.
///
/// # Errors
/// [`KeyFileError::Protection`] for an empty passphrase, or PBES2 with an admin key;
/// [`KeyFileError::Entropy`].
pub fn encode(
    key: &IssuerKey,
    encoding: Encoding,
    protection: Protection<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let passphrase = match protection {
        Protection::Plain => None,
        Protection::Scrypt(passphrase)
        | Protection::Pbkdf2(passphrase)
        | Protection::Age(passphrase)
        | Protection::AgeArmored(passphrase) => Some(passphrase),
    };
    if passphrase.is_some_and(|passphrase| passphrase.expose_text().is_empty()) {
        return Err(KeyFileError::Protection);
    }
    match protection {
        Protection::Plain => plain(key, encoding),
        Protection::Scrypt(passphrase) => encrypted(key, encoding, Function::Scrypt, passphrase, entropy),
        Protection::Pbkdf2(passphrase) => encrypted(key, encoding, Function::Pbkdf2, passphrase, entropy),
        Protection::Age(passphrase) => {
            age_file::encrypt(&plain(key, encoding)?, passphrase, false).map(Zeroizing::new)
        }
        Protection::AgeArmored(passphrase) => {
            age_file::encrypt(&plain(key, encoding)?, passphrase, true).map(Zeroizing::new)
        }
    }
}

fn plain(key: &IssuerKey, encoding: Encoding) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    if let Some(admin) = key.expose_admin_key() {
        let mut text = Zeroizing::new(vec![0; admin.expose_bytes().len() * 2 + 1]);
        let (digits, end) = text.split_at_mut(admin.expose_bytes().len() * 2);
        base16ct::lower::encode(admin.expose_bytes(), digits).map_err(|_| KeyFileError::Malformed)?;
        end.fill(b'\n');
        return Ok(text);
    }
    write(&pkcs8_der(key)?, PrivateKeyInfoRef::PEM_LABEL, encoding)
}

fn encrypted(
    key: &IssuerKey,
    encoding: Encoding,
    function: Function,
    passphrase: &Passphrase,
    entropy: &mut dyn Entropy,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    if key.suite() == Suite::AesAdminKey {
        return Err(KeyFileError::Protection);
    }
    let info = pbes2::encrypt(pkcs8_der(key)?.as_bytes(), function, passphrase, entropy)?;
    write(&info, EncryptedPrivateKeyInfoRef::PEM_LABEL, encoding)
}

fn pkcs8_der(key: &IssuerKey) -> Result<SecretDocument, KeyFileError> {
    let scalar = key.expose_p256_scalar().ok_or(KeyFileError::WrongSuite)?;
    SecretKey::from_slice(&*scalar)
        .map_err(|_| KeyFileError::Malformed)?
        .to_pkcs8_der()
        .map_err(|_| KeyFileError::Malformed)
}

fn write(
    document: &SecretDocument,
    label: &'static str,
    encoding: Encoding,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    match encoding {
        Encoding::Der => Ok(document.to_bytes()),
        Encoding::Pem => {
            let text = document
                .to_pem(label, LineEnding::LF)
                .map_err(|_| KeyFileError::Malformed)?;
            Ok(Zeroizing::new(text.as_bytes().to_vec()))
        }
    }
}

/// A key of `suite` from the bytes of a key file; the form is found by itself.
///
/// # Errors
/// [`KeyFileError::Malformed`], [`KeyFileError::TooCostly`], [`KeyFileError::PassphraseWanted`],
/// [`KeyFileError::Passphrase`], [`KeyFileError::WrongSuite`].
pub fn decode(
    bytes: &[u8],
    suite: Suite,
    passphrase: Option<&Passphrase>,
) -> Result<IssuerKey, KeyFileError> {
    let text = as_utf8(bytes)?;
    let bytes = text.as_deref().map_or(bytes, |text| text.as_bytes());
    match passphrase {
        None => open(bytes, suite, None),
        Some(passphrase) => passphrase.open(|passphrase| open(bytes, suite, Some(passphrase))),
    }
}

/// A text with a byte order mark, or in UTF-16, without it and in UTF-8: an editor or a shell of Windows
/// had the file. Neither DER nor a binary age file begins so.
fn as_utf8(bytes: &[u8]) -> Result<Option<Zeroizing<String>>, KeyFileError> {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] | [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, ..] | [0, _, ..] => {
            text::read(bytes).map(Some).map_err(|_| KeyFileError::Malformed)
        }
        _ => Ok(None),
    }
}

fn open(bytes: &[u8], suite: Suite, passphrase: Option<&Passphrase>) -> Result<IssuerKey, KeyFileError> {
    if !age_file::is_age(bytes) {
        return decode_inner(bytes, suite, passphrase);
    }
    let passphrase = passphrase.ok_or(KeyFileError::PassphraseWanted)?;
    let plain = age_file::decrypt(bytes, passphrase)?;
    decode_inner(&plain, suite, Some(passphrase))
}

fn decode_inner(
    bytes: &[u8],
    suite: Suite,
    passphrase: Option<&Passphrase>,
) -> Result<IssuerKey, KeyFileError> {
    let text = bytes.trim_ascii();
    if !text.is_empty() && text.iter().all(u8::is_ascii_hexdigit) {
        return admin_key(text, suite);
    }
    if suite == Suite::AesAdminKey {
        return Err(KeyFileError::WrongSuite);
    }
    if !text.starts_with(b"-----") {
        return from_der(bytes, suite, passphrase);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| KeyFileError::Malformed)?;
    let (label, document) = SecretDocument::from_pem(text).map_err(|_| KeyFileError::Malformed)?;
    if label != PrivateKeyInfoRef::PEM_LABEL && label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
        return Err(KeyFileError::Malformed);
    }
    from_der(document.as_bytes(), suite, passphrase)
}

fn admin_key(hex: &[u8], suite: Suite) -> Result<IssuerKey, KeyFileError> {
    if suite != Suite::AesAdminKey {
        return Err(KeyFileError::WrongSuite);
    }
    let bytes = base16ct::mixed::decode_vec(hex).map_err(|_| KeyFileError::Malformed)?;
    AdminKey::new(&Zeroizing::new(bytes))
        .map(IssuerKey::admin_key)
        .ok_or(KeyFileError::Malformed)
}

fn from_der(der: &[u8], suite: Suite, passphrase: Option<&Passphrase>) -> Result<IssuerKey, KeyFileError> {
    if let Ok(info) = EncryptedPrivateKeyInfoRef::try_from(der) {
        let passphrase = passphrase.ok_or(KeyFileError::PassphraseWanted)?;
        let plain = pbes2::decrypt(&info, passphrase)?;
        // CBC's padding is right by chance once in 256: what then is no key is a wrong passphrase.
        let info = PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(|_| KeyFileError::Passphrase)?;
        return from_info(info, suite);
    }
    from_info(
        PrivateKeyInfoRef::try_from(der).map_err(|_| KeyFileError::Malformed)?,
        suite,
    )
}

fn from_info(info: PrivateKeyInfoRef<'_>, suite: Suite) -> Result<IssuerKey, KeyFileError> {
    let secret = SecretKey::try_from(info).map_err(|_| KeyFileError::Malformed)?;
    let scalar: Zeroizing<[u8; 32]> = Zeroizing::new(secret.to_bytes().into());
    IssuerKey::from_p256_scalar(suite, &scalar).ok_or(KeyFileError::WrongSuite)
}
