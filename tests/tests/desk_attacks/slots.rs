//! F9 and F9b: a recovery key of the attacker's own beside the genuine one.

use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::{DeviceKeys, DeviceSlot, NewDevice};
use fido_unlock::suite::{IssuerKey, IssuerPublicKey};
use fido_unlock::{ErrorCode, Suite};

use crate::house::{ADMIN, ANNA, House, code_of, device, new_device};

fn of_others() -> IssuerPublicKey {
    let key = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x66; 32]).unwrap();
    key.public().unwrap()
}

fn slot(number: u8, issuer: IssuerPublicKey) -> DeviceSlot {
    DeviceSlot {
        slot: number,
        suite: Suite::P256Ecdsa,
        issuer: Some(issuer),
        rotation: 0,
    }
}

/// F9: the public key of a slot, exchanged where the desk kept it, went into devices. It is a sealed row now
/// (desk_seals.rs: `Issuers`, `Slots`), and a device that brings another is not registered.
#[test]
fn f9_a_device_of_another_issuer_is_not_registered() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let device = NewDevice {
        keys: DeviceKeys::P256Ecdsa { issuer: of_others() },
        ..new_device(7, "zoe")
    };
    let refused = house.desk.register_device(&admin, &device);
    assert_eq!(code_of(refused), ErrorCode::KeyMissing);
}

#[test]
fn f9b_a_foreign_key_in_another_slot_is_refused_when_the_device_is_registered() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let device = NewDevice {
        other_slots: vec![slot(0, of_others())],
        ..new_device(7, "zoe")
    };
    let refused = house.desk.register_device(&admin, &device);
    assert_eq!(code_of(refused), ErrorCode::ForeignIssuer);
    // The house's own recovery key is none.
    let recovery = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x22; 32]).unwrap();
    let info = IssuerInfo {
        slot: 0,
        suite: Suite::P256Ecdsa,
        public: recovery.public().unwrap(),
        retired: false,
    };
    house.desk.put_issuer(&admin, &info).unwrap();
    let device = NewDevice {
        other_slots: vec![slot(0, info.public)],
        ..new_device(7, "zoe")
    };
    house.desk.register_device(&admin, &device).unwrap();
}

/// Open: nobody sees it over the telephone. Whatever program looks at the device does, and the desk records it.
#[test]
fn f9b_a_foreign_key_that_came_later_is_recorded_when_a_program_sees_the_device() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    let from = house.log_size();
    let seen = house.desk.slots_seen(&admin, &device(1), &[slot(0, of_others())]);
    assert_eq!(code_of(seen), ErrorCode::ForeignIssuer);
    let number = ErrorCode::ForeignIssuer.number();
    assert!(house.log_from(from).contains(&format!("Refused {number}")));
}
