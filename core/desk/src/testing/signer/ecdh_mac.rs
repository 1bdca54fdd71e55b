//! Suite 2: HMAC under what is shared with the device.

use fido_unlock_protocol::suite::p256_ecdh_mac::SharedZ;
use fido_unlock_protocol::suite::{DeviceSecretKey, IssuerPublicKey, Suite};
use sha2::{Digest, Sha256};

use super::{CHALLENGES, ContractError, OWN_KEYS, accepted, device_key, ensure, line, task, twice};
use crate::DeviceKeys;
use crate::ports::Signer;

/// One Z of 256 begins with a zero byte: of so many none does once in 10^17 keys.
const MOST_TRIED: u16 = 10_000;

pub(super) fn answers(
    signer: &mut dyn Signer,
    slot: u8,
    issuer: IssuerPublicKey,
) -> Result<(), ContractError> {
    for number in 1..=CHALLENGES {
        answer(
            signer,
            slot,
            issuer,
            number,
            &device_key(u16::from(number) + 300)?,
        )?;
    }
    let short = with_short_z(&issuer)?;
    answer(signer, slot, issuer, CHALLENGES + 1, &short)
}

/// A device whose Z with this issuer begins with a zero byte, which libraries of big numbers leave out.
fn with_short_z(issuer: &IssuerPublicKey) -> Result<DeviceSecretKey, ContractError> {
    for number in 1..MOST_TRIED {
        let key = device_key(number)?;
        let z = key.derive_z(issuer).map_err(|_| OWN_KEYS)?;
        if z.expose_bytes().first() == Some(&0) {
            return Ok(key);
        }
    }
    Err(OWN_KEYS)
}

fn answer(
    signer: &mut dyn Signer,
    slot: u8,
    issuer: IssuerPublicKey,
    number: u8,
    key: &DeviceSecretKey,
) -> Result<(), ContractError> {
    let keys = DeviceKeys::P256EcdhMac {
        issuer,
        device: key.public(),
    };
    let task = task(number, slot, keys, line(Suite::P256EcdhMac, slot, number)?)?;
    let to_sign = task.to_sign()?;
    let z = key.derive_z(&issuer).map_err(|_| OWN_KEYS)?;
    for answer in twice(signer, &task)? {
        judge(&z, to_sign.as_bytes(), &answer)?;
        accepted(&task, &answer)?;
    }
    Ok(())
}

/// Says what is wrong with an HMAC, as far as it shows.
fn judge(z: &SharedZ, message: &[u8], answer: &[u8]) -> Result<(), ContractError> {
    if z.verify_mac(message, answer) {
        return Ok(());
    }
    ensure(
        !without_leading_zeros(z).verify_mac(message, answer),
        "Z has 32 bytes, those that are zero in front too",
    )?;
    ensure(
        !z.verify_mac(&Sha256::digest(message), answer),
        "the HMAC is over the message, not over its digest",
    )?;
    let mut parts = (0..message.len()).filter_map(|end| message.get(..end));
    ensure(
        !parts.any(|part| z.verify_mac(part, answer)),
        "the HMAC is over the whole message, not over its beginning",
    )?;
    ensure(
        false,
        "an HMAC is the one that the device makes with its own key and the issuer's",
    )
}

/// HMAC fills a key with zero bytes behind, so that this is the shorter one.
fn without_leading_zeros(z: &SharedZ) -> SharedZ {
    let mut bytes = *z.expose_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.rotate_left(zeros);
    SharedZ::from_bytes(bytes)
}
