//! Contract of [`AdminKeyStore`].

use alloc::boxed::Box;
use alloc::vec;

use fido_unlock_protocol::{AdminKey, DeviceId};

use super::{ContractError, ensure};
use crate::ports::{AdminKeyStore, StorageError};

/// `open` opens the same store, empty at first; the one before is dropped by then.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn admin_key_store(
    mut open: impl FnMut() -> Result<Box<dyn AdminKeyStore + Send>, StorageError>,
) -> Result<(), ContractError> {
    let key = |byte: u8, length: usize| {
        AdminKey::new(&vec![byte; length]).ok_or(ContractError::Broken("the suite's own keys"))
    };
    let device = |byte| DeviceId::from_bytes([byte; 10]);
    let mut store = open()?;
    ensure(store.get(&device(1))?.is_none(), "a new store is empty")?;
    for (number, length) in [(1, 16), (2, 24), (3, 32)] {
        store.put(&device(number), &key(number, length)?)?;
    }
    let mut store = {
        drop(store);
        open()?
    };
    for (number, length) in [(1, 16), (2, 24), (3, 32)] {
        let key = key(number, length)?;
        let kept = store.get(&device(number))?;
        ensure(
            kept.is_some_and(|kept| kept.ct_eq(&key)),
            "a key of each length comes back",
        )?;
        ensure(
            store.device_with(&key)? == Some(device(number)),
            "a key's device is found",
        )?;
    }
    ensure(
        store.device_with(&key(1, 24)?)?.is_none(),
        "a key that only begins the same is another",
    )?;
    store.put(&device(1), &key(9, 16)?)?;
    ensure(
        store.device_with(&key(1, 16)?)?.is_none(),
        "a key that was replaced is gone",
    )?;
    ensure(
        store.device_with(&key(9, 16)?)? == Some(device(1)),
        "the new one is found",
    )
}
