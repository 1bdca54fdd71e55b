//! An authenticator in a file: several processes, one key.

use std::path::Path;

use fido_unlock::ctap2::CtapStatus;
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_mock::state::StateError;
use fido_unlock_mock::{SoftAuthenticator, Storage};

use crate::platform::*;

fn open(file: &Path) -> Platform {
    Platform::with(|builder| builder.storage(Storage::File(file.into())))
}

#[test]
fn the_next_process_finds_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let mut first = open(&file);
    first.set_pin("1234").unwrap();
    let made = first.make(Make::default()).unwrap();
    for _ in 0..2 {
        first.pin_token("0000").unwrap_err();
    }
    let token = first.token("1234", GA, Some(RP)).unwrap();
    for _ in 0..3 {
        first.pin_token("0000").unwrap_err();
    }
    assert_eq!(first.retries(), Ok((5, true)));
    drop(first);

    let mut second = open(&file);
    // Power was lost: the tries taken stay so, the block until then is over, the token is void.
    assert_eq!(second.retries(), Ok((5, false)));
    let request = |token| Assert {
        allow: vec![made.id.clone()],
        token,
        ..Default::default()
    };
    assert_eq!(
        second.assert(request(Some(&token))),
        Err(CtapStatus::PinAuthInvalid)
    );
    made.signed(&second.assert(request(None)).unwrap());
    second.pin_token("1234").unwrap();
    drop(second);
    assert_eq!(open(&file).retries(), Ok((8, false)));

    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["key"], "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

fn build(file: &Path) -> Result<SoftAuthenticator, StateError> {
    SoftAuthenticator::builder()
        .storage(Storage::File(file.into()))
        .build()
}

#[test]
fn a_damaged_file_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    drop(build(&file).unwrap());
    let good = std::fs::read(&file).unwrap();
    let damaged = (0..good.len()).map(|length| good[..length].to_vec()).chain([
        [&good[..], &[0]].concat(),
        vec![0xA0],
        b"not a key".to_vec(),
    ]);
    for bytes in damaged {
        std::fs::write(&file, &bytes).unwrap();
        let error = build(&file).err().expect("a damaged file was taken");
        assert_eq!(error.code(), ErrorCode::StoreCorrupt);
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
    }
    for place in 0..good.len() {
        let mut bytes = good.clone();
        bytes[place] ^= 0x10;
        std::fs::write(&file, &bytes).unwrap();
        let error = build(&file).err().map(|error| error.code());
        assert_eq!(error, Some(ErrorCode::StoreCorrupt), "byte {place}");
    }
}

#[test]
fn a_file_that_cannot_be_reached_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no such folder").join("key");
    assert_eq!(build(&missing).err().unwrap().code(), ErrorCode::StoreWrite);
    assert_eq!(build(folder.path()).err().unwrap().code(), ErrorCode::StoreRead);
}

/// When the file cannot be written the command fails, and the key is as it was.
#[test]
fn a_change_that_is_not_stored_did_not_happen() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("place");
    std::fs::create_dir(&place).unwrap();
    let mut key = open(&place.join("key"));
    std::fs::rename(&place, folder.path().join("away")).unwrap();
    assert_eq!(key.set_pin("1234"), Err(CtapStatus::Other));
    assert_eq!(key.option("clientPin"), Some(false));
    std::fs::rename(folder.path().join("away"), &place).unwrap();
    key.set_pin("1234").unwrap();
    assert_eq!(open(&place.join("key")).option("clientPin"), Some(true));
}
