//! What a signer does not answer.

use fido_unlock_protocol::suite::{IssuerKey, IssuerPublicKey, Suite};

use super::{ContractError, OWN_KEYS, SignerUnderTest, block, device_key, line, task};
use crate::ports::{Signer, SignerError};
use crate::{DeviceKeys, SigningTask};

/// A key that the suite has made, and no signer holds.
fn stranger() -> Result<IssuerPublicKey, ContractError> {
    IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0xC7; 32])
        .and_then(|key| key.public())
        .ok_or(OWN_KEYS)
}

fn keys(suite: Suite, issuer: IssuerPublicKey) -> Result<DeviceKeys, ContractError> {
    Ok(match suite {
        Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
            issuer,
            device: device_key(7)?.public(),
        },
        Suite::P256Ecdsa | Suite::AesAdminKey => DeviceKeys::P256Ecdsa { issuer },
    })
}

pub(super) fn refused(tested: &mut SignerUnderTest) -> Result<(), ContractError> {
    let of_suites = [
        (Suite::P256Ecdsa, Suite::P256EcdhMac, tested.p256_ecdsa),
        (Suite::P256EcdhMac, Suite::P256Ecdsa, tested.p256_ecdh_mac),
    ];
    for (suite, other, held) in of_suites {
        let (slot, _) = held.unwrap_or((1, stranger()?));
        let challenge = line(suite, slot, 0x91)?;
        let strange = task(9, slot, keys(suite, stranger()?)?, challenge)?;
        refuses(
            &mut *tested.signer,
            &strange,
            "nothing is signed for a key that the signer does not hold",
        )?;
        let Some((slot, issuer)) = held else { continue };
        let elsewhere = (slot + 1) % 16;
        let moved = task(9, elsewhere, keys(suite, issuer)?, line(suite, elsewhere, 0x92)?)?;
        refuses(&mut *tested.signer, &moved, "a key answers in its own slot alone")?;
        let changed = task(9, slot, keys(other, issuer)?, line(other, slot, 0x93)?)?;
        refuses(
            &mut *tested.signer,
            &changed,
            "a key answers in its own suite alone",
        )?;
        // Which no desk makes.
        let mixed = task(9, slot, keys(suite, issuer)?, line(other, slot, 0x94)?)?;
        refuses(
            &mut *tested.signer,
            &mixed,
            "a challenge of another suite is not answered",
        )?;
    }
    let unknown = task(9, 0, DeviceKeys::AesAdminKey, block(0x95))?;
    refuses(
        &mut *tested.signer,
        &unknown,
        "nothing is answered for a device without an admin key",
    )
}

/// Whether a task is refused, and by the right name.
pub(super) fn refuses(
    signer: &mut dyn Signer,
    task: &SigningTask,
    sentence: &'static str,
) -> Result<(), ContractError> {
    match signer.sign(task) {
        Ok(_) => Err(ContractError::Broken(sentence)),
        Err(SignerError::KeyMissing | SignerError::WrongSuite) => Ok(()),
        Err(_) => Err(ContractError::Broken(
            "what has no key here is refused as a missing key or another suite",
        )),
    }
}
