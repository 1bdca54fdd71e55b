//! Suite 3: admin keys, one for each device.

use fido_unlock_protocol::AdminKey;
use fido_unlock_protocol::suite::aes_admin_key;

use super::refusals::refuses;
use super::{ContractError, SignerUnderTest, accepted, admin_key, block, device, ensure, task, twice};
use crate::DeviceKeys;
use crate::ports::{Signer, SignerError};

/// Devices, and the first byte and length of their keys.
const KEYS: [(u8, u8, usize); 3] = [(1, 0xA1, 16), (2, 0xA2, 24), (3, 0xA3, 32)];

pub(super) fn kept(
    mut tested: SignerUnderTest,
    open: &mut dyn FnMut() -> Result<SignerUnderTest, SignerError>,
) -> Result<(), ContractError> {
    for (number, byte, length) in KEYS {
        let (device, key) = (device(number), admin_key(byte, length)?);
        tested.signer.check_admin_key(&device, &key)?;
        let before = task(number, 0, DeviceKeys::AesAdminKey, block(1))?;
        refuses(
            &mut *tested.signer,
            &before,
            "a key that was only checked is not kept",
        )?;
        tested.signer.store_admin_key(&device, &key)?;
    }
    drop(tested);
    let mut tested = open()?;
    let signer = &mut *tested.signer;
    for (number, byte, length) in KEYS {
        let task = task(number, 0, DeviceKeys::AesAdminKey, block(2))?;
        ensure(
            !matches!(signer.sign(&task), Err(SignerError::KeyMissing)),
            "a key that was stored is there at the next start",
        )?;
        answers(signer, number, &admin_key(byte, length)?)?;
    }
    shared(signer)?;
    replaced(signer)
}

fn answers(signer: &mut dyn Signer, number: u8, key: &AdminKey) -> Result<(), ContractError> {
    for nonce in [0, number, 0xFF] {
        let task = task(number, 0, DeviceKeys::AesAdminKey, block(nonce))?;
        let right = aes_admin_key::respond(key, &[nonce; 16]);
        for answer in twice(signer, &task)? {
            ensure(
                right
                    .as_ref()
                    .is_ok_and(|right| right.as_slice() == answer.as_slice()),
                "a block is the challenge, encrypted under the device's own admin key",
            )?;
            accepted(&task, &answer)?;
        }
    }
    Ok(())
}

fn shared(signer: &mut dyn Signer) -> Result<(), ContractError> {
    const FOUND: &str = "a key that another device has is refused, and says which";
    let key = admin_key(0xA1, 16)?;
    let other = device(1);
    let found = Err(SignerError::AdminKeyShared { other });
    ensure(signer.check_admin_key(&device(4), &key) == found, FOUND)?;
    ensure(signer.store_admin_key(&device(4), &key) == found, FOUND)?;
    let not_kept = task(4, 0, DeviceKeys::AesAdminKey, block(4))?;
    refuses(signer, &not_kept, "a key that is refused is not kept")?;
    ensure(
        signer.check_admin_key(&other, &key).is_ok() && signer.store_admin_key(&other, &key).is_ok(),
        "a device may be given its own key again",
    )?;
    answers(signer, 1, &key)
}

fn replaced(signer: &mut dyn Signer) -> Result<(), ContractError> {
    let (old, new) = (admin_key(0xA1, 16)?, admin_key(0xB1, 32)?);
    signer.store_admin_key(&device(1), &new)?;
    answers(signer, 1, &new)?;
    ensure(
        signer.check_admin_key(&device(5), &old).is_ok(),
        "a key that was replaced is nobody's",
    )
}
