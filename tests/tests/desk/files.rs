//! What a desk keeps in files beside its store: the admin keys of suite 3, wrapped; and devices that come in one.

use std::fs;

use fido_unlock::desk::ports::AdminKeyStore;
use fido_unlock::desk::{KeyRing, Privilege, SoftwareSigner, User, UserClass, testing};
use fido_unlock::{AdminKey, DeviceId, ErrorCode, HasCode, Suite};
use fido_unlock_files::{FileAdminKeys, ImportError, WrappingKey, read_devices};
use fido_unlock_mock::desk::{MemoryAdminKeys, TestDesk};

use crate::house::{ADMIN, ANNA, House, START, code_of, device, issuer, ring, user_id};
use crate::suites::{ADMIN_KEY, aes_device, challenge_of, mac_device, mac_key, number};

fn wrapping_key() -> WrappingKey {
    WrappingKey::new([6; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn stores_of_admin_keys_keep_their_contract() {
    let keys = MemoryAdminKeys::default();
    testing::admin_key_store(|| Ok(Box::new(keys.clone()))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin_keys.json");
    testing::admin_key_store(|| Ok(Box::new(FileAdminKeys::new(&path, wrapping_key())))).unwrap();
}

#[test]
fn a_desk_signs_with_an_admin_key_out_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin_keys.json");
    let mut house = House::new();
    for start in 0..2 {
        let keys = FileAdminKeys::new(&path, wrapping_key());
        let mut parts = house.world.parts(ring());
        parts.signer = Box::new(SoftwareSigner::new(KeyRing::new(), Box::new(keys)));
        house.desk = fido_unlock::desk::Desk::open(parts).unwrap();
        let anna = house.sign_in(ANNA);
        let suite = Suite::AesAdminKey;
        if start == 0 {
            let device = aes_device(number(suite), &ADMIN_KEY);
            house.desk.register_device(&anna, &device).unwrap();
        }
        // A device that is there keeps its key, whoever brings another.
        let mut another = ADMIN_KEY;
        another[0] ^= 1;
        let before = fs::read(&path).unwrap();
        let refused = house
            .desk
            .register_devices(&anna, &[aes_device(number(suite), &another)])
            .unwrap()
            .remove(0);
        assert_eq!(code_of(refused), ErrorCode::DeviceExists);
        assert_eq!(fs::read(&path).unwrap(), before);
        let shown = challenge_of(suite, 9);
        let id = house.ready_in(&anna, suite, &shown);
        let code = house.code(&anna, id).unwrap();
        assert!(crate::suites::takes(suite, &mac_key(0x22), &shown, &code));
    }
    let text = fs::read(&path).unwrap();
    assert!(!text.windows(16).any(|window| window == ADMIN_KEY));
    assert!(!String::from_utf8(text).unwrap().contains(&hex(&ADMIN_KEY)));
    #[cfg(unix)]
    for file in fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
    }
}

/// The path of admin keys that hold one of device 13.
fn kept() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin_keys.json");
    let key = AdminKey::new(&ADMIN_KEY).unwrap();
    FileAdminKeys::new(&path, wrapping_key())
        .put(&device(13), &key)
        .unwrap();
    (folder, path)
}

#[test]
fn a_wrapped_admin_key_belongs_to_its_device_and_its_wrapping_key() {
    let (_folder, path) = kept();
    let code = |key: WrappingKey, id: &DeviceId| match FileAdminKeys::new(&path, key).get(id) {
        Ok(found) => Ok(found.is_some()),
        Err(error) => Err(error.code()),
    };
    assert_eq!(code(wrapping_key(), &device(13)), Ok(true));
    assert_eq!(code(wrapping_key(), &device(9)), Ok(false));
    let other = WrappingKey::new([7; 32]);
    assert_eq!(code(other, &device(13)), Err(ErrorCode::StoreCorrupt));
    let text = fs::read_to_string(&path).unwrap();
    let moved = text.replace(&hex(&[13; 10]), &hex(&[9; 10]));
    assert_ne!(text, moved);
    fs::write(&path, moved).unwrap();
    assert_eq!(code(wrapping_key(), &device(9)), Err(ErrorCode::StoreCorrupt));
}

#[test]
fn damaged_and_later_files_are_told_apart() {
    let (_folder, path) = kept();
    let text = fs::read_to_string(&path).unwrap();
    let error = |text: &str| {
        fs::write(&path, text).unwrap();
        let keys = FileAdminKeys::new(&path, wrapping_key());
        keys.get(&device(13))
            .err()
            .map(|error| (error.code(), error.to_string()))
    };
    assert_eq!(error(&text), None);
    let half = error(&text[..text.len() / 2]).unwrap();
    assert_eq!(half.0, ErrorCode::StoreCorrupt);
    // However large a version is, it is one; and it is told as it stands, or not at all.
    let huge = "9".repeat(400);
    for (version, told) in [
        ("2", "version 2"),
        ("1e400", "version 1e400"),
        ("18446744073709551616", "version 18446744073709551616"),
        (&huge, "a later version"),
    ] {
        let later = text.replace("\"version\": 1", &format!("\"version\": {version}"));
        assert_ne!(later, text);
        let (code, says) = error(&later).unwrap();
        assert_eq!(code, ErrorCode::StoreVersion);
        assert!(says.ends_with(told), "{says}");
    }
}

#[test]
fn devices_are_imported_from_an_enrolment_station() {
    let mut house = House::new().of_all_suites();
    let anna = house.sign_in(ANNA);
    let mac = mac_device(0x62, mac_key(0x22).public().unwrap());
    let fido_unlock::desk::DeviceKeys::P256EcdhMac { issuer: q, device: e } = &mac.keys else {
        panic!("suite 2")
    };
    let device_key = hex(e.as_compressed());
    let head = "device_id,user,suite,slot,issuer,device_key\n";
    let one = format!(
        "{},zoe,1,1,{},\n",
        device(0x61).to_code(),
        hex(issuer().as_compressed())
    );
    let two = format!(
        "{}, zoe ,2,2,{},{device_key}\n",
        device(0x62).to_code(),
        hex(q.as_compressed())
    );
    let devices = read_devices(format!("{head}{one}{two}").as_bytes()).unwrap();
    for row in &devices.whole().unwrap() {
        house.desk.register_device(&anna, &row.value).unwrap();
    }
    let found = house.desk.find_device(&anna, &device(0x62)).unwrap();
    assert_eq!((found.user.id, found.devices[0].keys), (user_id("zoe"), mac.keys));

    let wrong = |line: &str| {
        let read = read_devices(format!("{head}{one}{line}").as_bytes()).unwrap();
        assert_eq!(read.rows.len(), 1);
        read.faults.errors[0].clone()
    };
    let field = |line: &str| match wrong(line) {
        ImportError::Field {
            line: 3,
            column,
            field,
            ..
        } => (column, field),
        other => panic!("{other}"),
    };
    // Rows of today have a label, and one that cannot be shown as it is is told.
    let labelled = |label: &str| {
        let head = head.replace("device_key", "device_key,label");
        let read = read_devices(format!("{head}{},{label}\n", two.trim_end()).as_bytes()).unwrap();
        read.whole()
            .map(|rows| rows[0].value.label.as_ref().map(ToString::to_string))
    };
    assert_eq!(
        labelled("Example Key 5").unwrap().as_deref(),
        Some("Example Key 5")
    );
    assert_eq!(labelled("").unwrap(), None);
    assert!(labelled("a\u{202e}b").is_err());
    assert_eq!(field(&two.replace(&device_key, "")), (6, "device_key"));
    assert_eq!(field(&two.replace(",2,2,", ",3,2,")), (3, "suite"));
    assert_eq!(field(&two.replace(",2,2,", ",1,2,")), (6, "device_key"));
    assert_eq!(field(&two.replace("zoe", "")), (2, "user"));
    let cells = ImportError::Cells {
        line: 3,
        found: 3,
        wanted: 6,
    };
    assert_eq!(wrong("only,three,fields\n"), cells);
    let mut typo = two.clone();
    typo.replace_range(0..1, if two.starts_with('A') { "B" } else { "A" });
    assert!(matches!(wrong(&typo), ImportError::DeviceId { line: 3, .. }));
}

/// An enrolment cannot be taken back: what would keep the device out is told before, whatever device it will be.
#[test]
fn whether_a_device_more_has_a_place_is_told_before_there_is_one() {
    let mut house = House::new();
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    let nina = house.operator("nina", &[Privilege::Unlock]);
    let nina = house.sign_in(nina);
    house.desk.may_enroll(&anna, &user_id("zoe")).unwrap();
    let may = |house: &mut House, session, user| code_of(house.desk.may_enroll(session, &user_id(user)));
    assert_eq!(may(&mut house, &nina, "zoe"), ErrorCode::PrivilegeMissing);
    assert_eq!(may(&mut house, &anna, "nobody"), ErrorCode::UserUnknown);
    let devices = house.desk.standing(&anna).unwrap().devices;
    let full = TestDesk::licence(START, devices);
    house.desk.put_licence(&admin, &full).unwrap();
    assert_eq!(may(&mut house, &anna, "zoe"), ErrorCode::LicenceDevices);
    assert_eq!(may(&mut house, &anna, "nobody"), ErrorCode::LicenceDevices);
    let more = TestDesk::licence(START, devices + 1);
    house.desk.put_licence(&admin, &more).unwrap();
    house.desk.may_enroll(&anna, &user_id("zoe")).unwrap();
}

#[test]
fn who_changes_users_sees_them_as_they_are_and_nothing_is_recorded() {
    let mut house = House::new();
    let admin = house.sign_in(ADMIN);
    let boss = User {
        class: UserClass::Ordinary,
        ..house.desk.find_user(&admin, &user_id("boss")).unwrap().user
    };
    house.desk.put_user(&admin, &boss).unwrap();
    let anna = house.sign_in(ANNA);
    let size = house.log_size();
    let ids = ["zoe", "nobody", "boss"].map(user_id);
    let known = house.desk.known_users(&admin, &ids).unwrap();
    assert_eq!(house.log_size(), size);
    let [Some(zoe), None, Some(boss)] = &known[..] else {
        panic!("{known:?}")
    };
    assert_eq!((&zoe.user.id, &zoe.rests), (&ids[0], &None));
    assert_eq!((&boss.user.id, boss.user.class), (&ids[2], UserClass::Privileged));
    assert_eq!(boss.rests.as_ref().unwrap().value, UserClass::Ordinary);
    let refused = house.desk.known_users(&anna, &ids);
    assert_eq!(code_of(refused), ErrorCode::PrivilegeMissing);
}
