//! Contract of [`Directory`].

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey};

use super::{ContractError, ensure};
use crate::ports::{Directory, StorageError};
use crate::{Channel, ChannelKind, DeviceKeys, RegisteredDevice, UnixTime, User, UserClass, UserId};

/// The points 1·G and 2·G of P-256, compressed (SEC 2).
const POINTS: [[u8; 33]; 2] = [
    [
        0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
        0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ],
    [
        0x03, 0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f, 0x7e, 0x8a, 0x52, 0x38, 0x03, 0x04, 0xb5, 0x1a, 0xc3,
        0xc0, 0x89, 0x69, 0xe2, 0x77, 0xf2, 0x1b, 0x35, 0xa6, 0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99, 0x78,
    ],
];

fn user(id: &str, name: &str, class: UserClass) -> Result<User, ContractError> {
    Ok(User {
        id: UserId::new(id).ok_or(ContractError::Broken("the suite's own user id"))?,
        name: name.into(),
        class,
        channels: vec![Channel {
            id: "mail".into(),
            kind: ChannelKind::Mail,
            address: "a@corp.example".into(),
            changed_at: UnixTime(5),
        }],
    })
}

fn devices(owner: &UserId) -> Result<Vec<RegisteredDevice>, ContractError> {
    let [issuer, device] = POINTS;
    let own = |_| ContractError::Broken("the suite's own points");
    let issuer = IssuerPublicKey::from_compressed(&issuer).map_err(own)?;
    let device = DevicePublicKey::from_compressed(&device).map_err(own)?;
    let keys = [
        DeviceKeys::P256Ecdsa { issuer },
        DeviceKeys::P256EcdhMac { issuer, device },
        DeviceKeys::AesAdminKey,
    ];
    let made = (1..).zip(keys).map(|(number, keys)| RegisteredDevice {
        id: DeviceId::from_bytes([number; 10]),
        owner: owner.clone(),
        slot: if keys.issuer().is_some() { number } else { 0 },
        keys,
        counter: keys.issuer().map(|_| 70_000),
        rotation: 2,
        registered_at: UnixTime(1_790_000_000),
        other_slots: Vec::new(),
        retired: false,
    });
    Ok(made.collect())
}

/// `open` opens the same registry, empty at first; the one before is dropped by then.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn directory(
    mut open: impl FnMut() -> Result<Box<dyn Directory + Send>, StorageError>,
) -> Result<(), ContractError> {
    let mut registry = open()?;
    let alice = user("alice", "Alice Ångström", UserClass::Ordinary)?;
    let bob = user("bob", "Bob", UserClass::Privileged)?;
    let devices = devices(&alice.id)?;
    ensure(registry.user(&alice.id)?.is_none(), "a new registry has no users")?;
    ensure(registry.devices_in_use()? == 0, "a new registry has no devices")?;
    registry.put_user(&bob)?;
    registry.put_user(&alice)?;
    for device in devices.iter().rev() {
        registry.put_device(device)?;
    }
    let mut registry = {
        drop(registry);
        open()?
    };
    ensure(
        registry.user(&alice.id)?.as_ref() == Some(&alice),
        "a user comes back as it was",
    )?;
    ensure(
        registry.devices_of(&alice.id)? == devices,
        "a user's devices come back, by id",
    )?;
    ensure(
        registry.devices_of(&bob.id)?.is_empty(),
        "a device is its owner's alone",
    )?;
    for device in &devices {
        ensure(
            registry.device(&device.id)?.as_ref() == Some(device),
            "a device comes back as it was",
        )?;
    }
    ensure(
        registry.device(&DeviceId::from_bytes([9; 10]))?.is_none(),
        "an unknown device is none",
    )?;

    let by_name = registry.search_users("ÅNGSTRÖM", 10)?;
    ensure(by_name == [alice.clone()], "a search looks at names, in any case")?;
    ensure(
        registry.search_users("BO", 10)? == [bob.clone()],
        "a search looks at ids, in any case",
    )?;
    ensure(
        registry.search_users("b", 10)? == [bob.clone()],
        "a search gives only what it finds",
    )?;
    ensure(
        registry.search_users("", 1)? == [alice.clone()],
        "a search keeps to its limit, by id",
    )?;

    let first = devices
        .first()
        .ok_or(ContractError::Broken("the suite's own devices"))?;
    let retired = RegisteredDevice {
        retired: true,
        ..first.clone()
    };
    registry.put_device(&retired)?;
    ensure(
        registry.device(&first.id)?.as_ref() == Some(&retired),
        "a put replaces",
    )?;
    ensure(registry.devices_in_use()? == 2, "a retired device is not in use")?;
    ensure(
        registry.devices_of(&alice.id)?.len() == 3,
        "a retired device is still there",
    )
}
