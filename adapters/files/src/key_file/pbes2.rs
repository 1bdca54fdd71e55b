//! PKCS#8 `EncryptedPrivateKeyInfo` by PBES2 (RFC 8018 §6.2; scrypt: RFC 7914 §7).

use fido_unlock_protocol::ports::Entropy;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, ScryptParams};
use pkcs8::{EncryptedPrivateKeyInfoRef, Error, PrivateKeyInfoRef, SecretDocument, pkcs5};

use super::{KeyFileError, Passphrase};

/// More would need more memory than OpenSSL gives scrypt in its default settings (32 MiB).
const SCRYPT_N: u64 = 1 << 14;
const SCRYPT_R: u16 = 8;
const SCRYPT_P: u16 = 5;
const PBKDF2_ROUNDS: u32 = 600_000;

/// Limits for files that others made: 256 MiB, and N × r × p of about 10 seconds.
const MAX_SCRYPT_BYTES: u64 = 256 << 20;
const MAX_SCRYPT_MIXES: u64 = 1 << 25;
const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;

/// Which passphrase function a new file gets.
#[derive(Clone, Copy)]
pub(super) enum Function {
    Scrypt,
    Pbkdf2,
}

pub(super) fn encrypt(
    der: &[u8],
    function: Function,
    passphrase: &Passphrase,
    entropy: &mut dyn Entropy,
) -> Result<SecretDocument, KeyFileError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    entropy.fill(&mut salt).map_err(|_| KeyFileError::Entropy)?;
    entropy.fill(&mut iv).map_err(|_| KeyFileError::Entropy)?;
    let kdf = match function {
        Function::Scrypt => Kdf::Scrypt(ScryptParams {
            salt: salt.as_slice().try_into().map_err(|_| KeyFileError::Malformed)?,
            cost_parameter: SCRYPT_N,
            block_size: SCRYPT_R,
            parallelization: SCRYPT_P,
            key_length: None,
        }),
        Function::Pbkdf2 => {
            Kdf::Pbkdf2(Pbkdf2Params::hmac_sha256(PBKDF2_ROUNDS, &salt).map_err(|_| KeyFileError::Malformed)?)
        }
    };
    let parameters = Parameters {
        kdf,
        encryption: EncryptionScheme::Aes256Cbc { iv },
    };
    PrivateKeyInfoRef::try_from(der)
        .map_err(|_| KeyFileError::Malformed)?
        .encrypt_with_params(parameters, passphrase.expose_text())
        .map_err(|_| KeyFileError::Malformed)
}

/// The `PrivateKeyInfo` inside. A wrong passphrase and a damaged file look alike.
pub(super) fn decrypt(
    info: &EncryptedPrivateKeyInfoRef<'_>,
    passphrase: &Passphrase,
) -> Result<SecretDocument, KeyFileError> {
    let parameters = info.encryption_algorithm.pbes2().ok_or(KeyFileError::Malformed)?;
    check_cost(&parameters.kdf)?;
    info.decrypt(passphrase.expose_text())
        .map_err(|error| match error {
            // The padding is wrong, or what came out is no ASN.1.
            Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | Error::Asn1(_) => {
                KeyFileError::Passphrase
            }
            _ => KeyFileError::Malformed,
        })
}

/// Before any work: `pkcs5` has no bound for scrypt's memory and panics when N is 0.
fn check_cost(kdf: &Kdf) -> Result<(), KeyFileError> {
    let fits = match (kdf.scrypt(), kdf.pbkdf2()) {
        (Some(scrypt), _) => {
            let (n, r) = (scrypt.cost_parameter, u64::from(scrypt.block_size));
            let p = u64::from(scrypt.parallelization);
            let mixes = n.checked_mul(r).ok_or(KeyFileError::TooCostly)?;
            n.is_power_of_two()
                && n > 1
                && mixes <= MAX_SCRYPT_BYTES / 128
                && mixes
                    .checked_mul(p)
                    .is_some_and(|mixes| mixes <= MAX_SCRYPT_MIXES)
        }
        (None, Some(pbkdf2)) => pbkdf2.iteration_count <= MAX_PBKDF2_ROUNDS,
        (None, None) => false,
    };
    if fits {
        Ok(())
    } else {
        Err(KeyFileError::TooCostly)
    }
}
