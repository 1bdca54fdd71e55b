//! Suite 3, `AES-ADMIN-KEY`: AES-ECB (SP 800-38A §6.1) of the 16-byte challenge under the device's
//! admin key, as the Windows smart card unblock does. It authenticates neither device nor purpose.

use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::SuiteError;
use crate::secret::AdminKey;

/// Bytes of a challenge and of a response.
pub const BLOCK_LENGTH: usize = 16;

/// One AES block: the response to `challenge`.
///
/// # Errors
/// [`SuiteError::Failed`] never happens: an [`AdminKey`] has one of AES's three lengths.
pub fn respond(
    key: &AdminKey,
    challenge: &[u8; BLOCK_LENGTH],
) -> Result<Zeroizing<[u8; BLOCK_LENGTH]>, SuiteError> {
    let key = key.expose_bytes();
    match key.len() {
        16 => encrypt::<Aes128>(key, challenge),
        24 => encrypt::<Aes192>(key, challenge),
        _ => encrypt::<Aes256>(key, challenge),
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    challenge: &[u8; BLOCK_LENGTH],
) -> Result<Zeroizing<[u8; BLOCK_LENGTH]>, SuiteError> {
    let cipher = C::new_from_slice(key).map_err(|_| SuiteError::Failed)?;
    let mut block: Block<C> = Block::<C>::try_from(challenge.as_slice()).map_err(|_| SuiteError::Failed)?;
    cipher.encrypt_block(&mut block);
    let mut out = Zeroizing::new([0; BLOCK_LENGTH]);
    out.iter_mut()
        .zip(block.iter())
        .for_each(|(to, from)| *to = *from);
    Ok(out)
}

/// Whether `response` is the one, in constant time (its length is not hidden).
#[must_use]
pub fn verify(key: &AdminKey, challenge: &[u8; BLOCK_LENGTH], response: &[u8]) -> bool {
    respond(key, challenge).is_ok_and(|right| right.as_slice().ct_eq(response).into())
}

/// Keys that stand in manuals and standards; a longer key goes round again from the first byte.
const KNOWN_DEFAULTS: [[u8; 16]; 8] = [
    // GlobalPlatform's default, and counting from 00 and from 01.
    0x4041_4243_4445_4647_4849_4a4b_4c4d_4e4f_u128.to_be_bytes(),
    0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f_u128.to_be_bytes(),
    0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_u128.to_be_bytes(),
    // GlobalPlatform sample cards of Gemalto: "GEMXPRESSOSAMPLE".
    *b"GEMXPRESSOSAMPLE",
    // FIPS 197 appendix C's plaintext, often taken as a key.
    0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes(),
    0xffee_ddcc_bbaa_9988_7766_5544_3322_1100_u128.to_be_bytes(),
    // Hex digits up and down.
    0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128.to_be_bytes(),
    // FIPS 197 appendix A.1.
    0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes(),
];
/// FIPS 197 appendix A.2.
const FIPS_197_192: [u8; 24] = [
    0x8e, 0x73, 0xb0, 0xf7, 0xda, 0x0e, 0x64, 0x52, 0xc8, 0x10, 0xf3, 0x2b, 0x80, 0x90, 0x79, 0xe5, 0x62,
    0xf8, 0xea, 0xd2, 0x52, 0x2c, 0x6b, 0x7b,
];
/// FIPS 197 appendix A.3.
const FIPS_197_256: [u8; 32] = [
    0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81, 0x1f,
    0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
];

/// Whether a key is one that somebody could guess:
///
/// * it repeats itself after 8 bytes or fewer: all zeroes, all FF, the PIV default management key
///   0102030405060708 three times (SP 800-73 cards), 0123456789ABCDEF twice;
/// * each byte is the one before plus a constant: 000102…, 010203…, 404142… (GlobalPlatform's
///   default), FFFEFD…;
/// * the keys of manuals and standards, of each length.
///
/// A random key falls under these rules less than once in 2^63.
///
/// ```
/// use fido_unlock_protocol::AdminKey;
/// use fido_unlock_protocol::suite::aes_admin_key::is_known_default;
/// let key = AdminKey::new(&[0; 24]).unwrap();
/// assert!(is_known_default(&key));
/// ```
#[must_use]
pub fn is_known_default(key: &AdminKey) -> bool {
    let key = key.expose_bytes();
    // The key is compared with itself moved on by 8 bytes; every period of 1, 2, 4 or 8 shows.
    let repeats = same(key.iter().skip(8), key.iter());
    let steps = || {
        key.iter()
            .skip(1)
            .zip(key)
            .map(|(next, last)| next.wrapping_sub(*last))
    };
    let ascends = same(steps().skip(1), steps());
    let listed = KNOWN_DEFAULTS.iter().fold(false, |found, known| {
        found | same(key.iter(), known.iter().cycle())
    });
    let long = [&FIPS_197_192[..], &FIPS_197_256[..]]
        .iter()
        .fold(false, |found, known| found | bool::from(key.ct_eq(known)));
    repeats | ascends | listed | long
}

/// Whether `left` is the beginning of `right`, looking at all of it.
fn same<T: PartialEq>(left: impl Iterator<Item = T>, right: impl Iterator<Item = T>) -> bool {
    left.zip(right)
        .fold(true, |same, (left, right)| same & (left == right))
}
