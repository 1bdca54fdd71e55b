//! authenticatorLargeBlobs and largeBlobKey (CTAP 2.1 §6.10, §12.3).

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::ctap2::cbor::Value;
use sha2::{Digest, Sha256};

use crate::platform::*;

const LBW: u64 = 0x10;

impl Platform {
    fn read(&mut self, offset: u64, count: u64) -> Result<Vec<u8>, CtapStatus> {
        let params = Value::int_map([(1, Some(count.into())), (3, Some(offset.into()))]);
        let answer = self.call(0x0C, params)?;
        Ok(answer.get(1).unwrap().as_bytes().unwrap().to_vec())
    }

    fn write(
        &mut self,
        offset: u32,
        length: Option<usize>,
        fragment: &[u8],
        token: Option<&[u8]>,
    ) -> Result<(), CtapStatus> {
        let message = [
            &[0xFF; 32][..],
            &[0x0C, 0x00],
            &offset.to_le_bytes(),
            &Sha256::digest(fragment),
        ]
        .concat();
        let params = Value::int_map([
            (2, bytes(fragment)),
            (3, Some(offset.into())),
            (4, length.map(|length| Value::from(length as u64))),
            (5, token.and_then(|token| self.param(token, &message))),
            (6, token.map(|_| self.protocol.number().into())),
        ]);
        self.call(0x0C, params).map(drop)
    }
}

fn sealed(array: &[u8]) -> Vec<u8> {
    [array, &Sha256::digest(array)[..16]].concat()
}

#[test]
fn the_array_is_written_whole_or_not_at_all() {
    let mut platform = Platform::new();
    assert_eq!(platform.read(0, 100), Ok(sealed(&[0x80])));
    assert_eq!(platform.read(17, 100), Ok(Vec::new()));
    assert_eq!(platform.read(18, 100), Err(CtapStatus::InvalidParameter));
    assert_eq!(platform.read(0, 1137), Err(CtapStatus::InvalidLength));

    let new = sealed(&[7; 1500]);
    platform.write(0, Some(new.len()), &new[..1000], None).unwrap();
    assert_eq!(platform.read(0, 100), Ok(sealed(&[0x80])), "not before the last");
    platform.write(1000, None, &new[1000..], None).unwrap();
    let read = [
        platform.read(0, 1000).unwrap(),
        platform.read(1000, 1000).unwrap(),
    ]
    .concat();
    assert_eq!(read, new);
    platform.key.store().load_state().unwrap().unwrap();

    let mut wrong = sealed(&[8; 20]);
    wrong[3] ^= 1;
    for (offset, length, fragment, status) in [
        (0, Some(36), &wrong[..], CtapStatus::IntegrityFailure),
        (0, Some(2049), &wrong[..], CtapStatus::LargeBlobStorageFull),
        (0, Some(16), &wrong[..16], CtapStatus::InvalidParameter),
        (0, None, &wrong[..], CtapStatus::InvalidParameter),
        (0, Some(20), &wrong[..], CtapStatus::InvalidParameter),
        (36, None, &wrong[..], CtapStatus::InvalidSeq),
        (36, Some(72), &wrong[..], CtapStatus::InvalidParameter),
    ] {
        assert_eq!(platform.write(offset, length, fragment, None), Err(status));
    }
    // Another command ends a write.
    platform.write(0, Some(36), &wrong[..10], None).unwrap();
    platform.info();
    assert_eq!(
        platform.write(10, None, &wrong[10..], None),
        Err(CtapStatus::InvalidSeq)
    );
    assert_eq!(platform.read(0, 1000).unwrap(), new[..1000]);
}

/// As a program at the vendor interface can send at any time; and an unlock that is done ends it, since it drops the
/// token.
// M-2-9
#[test]
fn a_poller_ends_no_write_and_an_unlock_does() {
    use fido_unlock_tests::{NEW_PIN, Way, World};
    let new = sealed(&[7; 100]);
    let world = World::new(
        Way::Hid,
        fido_unlock::Suite::P256EcdhMac,
        fido_unlock::pin_protocol::PinProtocol::Two,
    );
    // The device has a PIN, so that the write needs a token; the unlock comes in between.
    let token = world.token(fido_unlock_tests::OLD_PIN, 0x10, None).unwrap();
    let write = |offset: u32, length: Option<usize>, fragment: &[u8]| {
        let message = [
            &[0xFF; 32][..],
            &[0x0C, 0x00],
            &offset.to_le_bytes(),
            &Sha256::digest(fragment),
        ]
        .concat();
        let param = world.protocol.authenticate_with_key(&token, &message).unwrap();
        let params = Value::int_map([
            (2, bytes(fragment)),
            (3, Some(offset.into())),
            (4, length.map(|length| Value::from(length as u64))),
            (5, bytes(&param)),
            (6, Some(world.protocol.number().into())),
        ]);
        world.ctap(0x0C, &params).0
    };
    world.change_state(|state| state.pin_retries = 0);
    let vendor = fido_unlock::Interface::Vendor;
    assert_eq!(write(0, Some(new.len()), &new[..50]), 0);
    world.info(vendor);
    world.try_challenge(vendor, 1, false).unwrap();
    assert_eq!(world.wrong_response(vendor), 0xF8);
    assert_eq!(write(50, None, &new[50..]), 0);
    assert_eq!(write(0, Some(new.len()), &new[..50]), 0);
    assert_eq!(world.status(vendor, &world.parts(NEW_PIN).message()), 0);
    assert_ne!(write(50, None, &new[50..]), 0);
}

#[test]
fn writing_wants_its_own_permission() {
    let mut platform = Platform::new();
    platform.set_pin("1234").unwrap();
    let new = sealed(&[9; 20]);
    assert_eq!(
        platform.write(0, Some(36), &new, None),
        Err(CtapStatus::PuatRequired)
    );
    let token = platform.token("1234", ACFG, None).unwrap();
    assert_eq!(
        platform.write(0, Some(36), &new, Some(&token)),
        Err(CtapStatus::PinAuthInvalid)
    );
    let token = platform.token("1234", LBW | MC, Some(RP)).unwrap();
    // It outlives a touch, which ends every other permission.
    platform
        .make(Make {
            token: Some(&token),
            ..Default::default()
        })
        .unwrap();
    platform.write(0, Some(36), &new, Some(&token)).unwrap();
    assert_eq!(platform.read(0, 100), Ok(new));
}
