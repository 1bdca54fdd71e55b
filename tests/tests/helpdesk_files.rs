//! A help desk in plain files: restarts, locks, a log cut short by a crash, edits on disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use std::fs;
use std::path::Path;

use fido_unlock::desk::audit::{AuditEvent, SoftwareCheckpointSigner, verify};
use fido_unlock::desk::ports::{AdminKeyStore, AuditLog, CheckpointSigner, LicenceTerms, StorageError};
use fido_unlock::desk::{
    Delivery, DeskPolicy, GivenCode, HelpDesk, NewDevice, Operator, OperatorId, OperatorSession, Privilege,
    RequestId, Role, UnixTime, User, UserClass,
};
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_files::{FileAuditLog, FilesDesk, ImportError, WrappingKey, read_devices};
use fido_unlock_mock::desk::{Outbox, TestClock};
use fido_unlock_tests::python::second_implementation;
use helpdesk_bench::{Bench, DAY, START, admin_key};

fn wrapping_key() -> WrappingKey {
    WrappingKey::new([6; 32])
}

fn open(folder: &Path, bench: &Bench, clock: &TestClock) -> Result<HelpDesk, StorageError> {
    let desk = FilesDesk::at(folder);
    let mut ports = desk.ports(bench.ring(), Some(wrapping_key()), Box::new(Outbox::default()))?;
    ports.clock = Box::new(clock.clone());
    Ok(HelpDesk::open(ports, DeskPolicy::default()).unwrap())
}

/// A folder with an administrator, Alice and her three devices, all registered through the desk.
fn set_up(folder: &Path, bench: &Bench, clock: &TestClock) -> OperatorSession {
    let files = FilesDesk::create(folder).unwrap();
    let operator = Operator {
        id: OperatorId::new("admin").unwrap(),
        roles: vec![Role::Administrator],
        privileges: vec![Privilege::Unlock],
    };
    files.operators().put(&operator, "secret").unwrap();
    files
        .licence()
        .put(&LicenceTerms {
            service_on: true,
            valid_until: UnixTime(START + 300 * DAY),
            devices: 10,
            contact: "licences@vendor.example".into(),
        })
        .unwrap();
    let mut desk = open(folder, bench, clock).unwrap();
    let session = desk.sign_in(&operator.id, "secret").unwrap();
    let user = User {
        id: bench.alice.clone(),
        name: "Alice".into(),
        class: UserClass::Ordinary,
        channels: vec![],
    };
    desk.put_user(&session, user).unwrap();
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let aes = suite == Suite::AesAdminKey;
        let device = NewDevice {
            id: bench.device(suite),
            owner: bench.alice.clone(),
            slot: helpdesk_bench::slot(suite),
            keys: bench.keys(suite),
            admin_key: aes.then(admin_key),
            counter: (!aes).then_some(0),
            rotation: 0,
            other_slots: Vec::new(),
        };
        desk.register_device(&session, &device).unwrap();
    }
    session
}

fn code(desk: &mut HelpDesk, bench: &Bench, session: &OperatorSession, suite: Suite) -> RequestId {
    // Each device has random bytes of its own.
    let nonce = [suite.number(); 14];
    let id = bench.ready(desk, session, suite, 0, nonce).unwrap();
    let GivenCode::Shown(code) = desk.authorise(session, id, &Delivery::Show).unwrap() else {
        panic!("sent")
    };
    assert!(bench.device_accepts(suite, &bench.challenge(suite, 0, nonce), &code));
    id
}

#[test]
fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    let session = set_up(folder.path(), &bench, &clock);
    let mut given = Vec::new();
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let mut desk = open(folder.path(), &bench, &clock).unwrap();
        given.push(code(&mut desk, &bench, &session, suite));
    }
    let mut desk = open(folder.path(), &bench, &clock).unwrap();
    assert_eq!(desk.open_codes(&session, None).unwrap().len(), 3);
    for id in given {
        desk.done(&session, id).unwrap();
    }
    drop(desk);
    let mut desk = open(folder.path(), &bench, &clock).unwrap();
    assert!(desk.open_codes(&session, None).unwrap().is_empty());
    // The second code of the day still goes, the third wants a second operator.
    let s2 = Suite::P256EcdhMac;
    for expected in [None, Some(ErrorCode::ApprovalMissing)] {
        let id = bench.ready(&mut desk, &session, s2, 1, [4; 14]).unwrap();
        let result = desk.authorise(&session, id, &Delivery::Show);
        assert_eq!(result.err().map(|error| error.code()), expected);
        drop(desk);
        desk = open(folder.path(), &bench, &clock).unwrap();
    }
    desk.verify_audit(&[], None).unwrap();
}

#[test]
fn one_writer_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    set_up(folder.path(), &bench, &clock);
    let files = FilesDesk::at(folder.path());
    let desk = open(folder.path(), &bench, &clock).unwrap();
    let busy = [
        open(folder.path(), &bench, &clock).err().unwrap(),
        files.directory().err().unwrap(),
        files.limits().err().unwrap(),
        FileAuditLog::open(&files.audit_log_path()).err().unwrap(),
    ];
    for error in busy {
        assert_eq!(error.code(), ErrorCode::StoreBusy, "{error:?}");
    }
    // Who only reads the log is not held up, and cannot write.
    let reader = FileAuditLog::open_read_only(&files.audit_log_path()).unwrap();
    verify(&reader, &[], None).unwrap();
    drop(desk);
    open(folder.path(), &bench, &clock).unwrap();
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    let session = set_up(folder.path(), &bench, &clock);
    let mut desk = open(folder.path(), &bench, &clock).unwrap();
    code(&mut desk, &bench, &session, Suite::P256EcdhMac);
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
        names.push(file.file_name().into_string().unwrap());
    }
    for name in ["licence", "operators", "directory", "limits", "admin_keys"] {
        assert!(names.contains(&format!("{name}.json")), "{names:?}");
    }
    // The admin key is in no file as it stands.
    let hex: String = helpdesk_bench::ADMIN_KEY
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for name in &names {
        let text = fs::read(folder.path().join(name)).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(&hex), "{name}");
        assert!(
            !text.windows(16).any(|window| window == helpdesk_bench::ADMIN_KEY),
            "{name}"
        );
    }
}

#[test]
fn a_line_cut_short_by_a_crash_is_dropped_kept_aside_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    set_up(folder.path(), &bench, &clock);
    let path = FilesDesk::at(folder.path()).audit_log_path();
    let whole = fs::read(&path).unwrap();
    let last_line = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    let entries = FileAuditLog::open(&path).unwrap().count();
    let last_length = whole.len() - last_line;
    for kept in [1, 2, last_length / 2, last_length - 2, last_length - 1] {
        fs::write(&path, &whole[..last_line + kept]).unwrap();
        let desk = open(folder.path(), &bench, &clock).unwrap();
        let log = desk.audit_entries().unwrap();
        assert_eq!(u64::try_from(log.len()).unwrap(), entries, "{kept}");
        assert_eq!(log.last().unwrap().0.event, AuditEvent::LogRecovered);
        drop(desk);
        let torn = folder.path().join(format!("audit.jsonl.torn-{}", entries - 1));
        assert_eq!(fs::read(&torn).unwrap(), &whole[last_line..last_line + kept]);
        fs::remove_file(torn).unwrap();
        // The next start finds a whole log.
        let desk = open(folder.path(), &bench, &clock).unwrap();
        assert_eq!(
            u64::try_from(desk.audit_entries().unwrap().len()).unwrap(),
            entries
        );
    }
}

// M-audit-9
#[test]
fn every_edit_of_the_log_on_disk_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    set_up(folder.path(), &bench, &clock);
    let path = FilesDesk::at(folder.path()).audit_log_path();
    let whole = fs::read(&path).unwrap();
    let broken = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        FileAuditLog::open_read_only(&path)
            .map_err(|error| error.code())
            .and_then(|log| verify(&log, &[], None).map_err(|fault| fault.code()))
            .err()
    };
    assert_eq!(broken(&whole), None);
    for at in 0..whole.len() - 1 {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(broken(&changed).is_some(), "byte {at}");
    }
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for gone in 1..lines.len() - 1 {
        let mut fewer = lines.clone();
        fewer.remove(gone);
        assert_eq!(
            broken(&fewer.concat()),
            Some(ErrorCode::AuditBroken),
            "line {gone}"
        );
        let mut swapped = lines.clone();
        swapped.swap(gone, gone + 1);
        assert_eq!(
            broken(&swapped.concat()),
            Some(ErrorCode::AuditBroken),
            "line {gone}"
        );
    }
    // The view alone, which is what a person reads, must be that of the bytes.
    let text = String::from_utf8(whole.clone()).unwrap();
    let edited = text.replacen("\"operator\":\"admin\"", "\"operator\":\"dadmi\"", 1);
    assert_ne!(text, edited);
    assert_eq!(broken(edited.as_bytes()), Some(ErrorCode::AuditBroken));
}

#[test]
fn damaged_and_later_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    set_up(folder.path(), &bench, &clock);
    let path = folder.path().join("directory.json");
    let text = fs::read_to_string(&path).unwrap();
    let files = FilesDesk::at(folder.path());
    let error = |text: &str| {
        fs::write(&path, text).unwrap();
        files.directory().err().map(|error| error.code())
    };
    assert_eq!(error(&text), None);
    assert_eq!(error(&text[..text.len() / 2]), Some(ErrorCode::StoreCorrupt));
    let later = text.replace("\"version\": 1", "\"version\": 2");
    assert_eq!(error(&later), Some(ErrorCode::StoreVersion));
    assert_eq!(
        error(&text.replace("\"suite\": 2", "\"suite\": 1")),
        Some(ErrorCode::StoreCorrupt)
    );
    // However large a version is, it is one; and it is told as it stands, or not at all.
    let huge = "9".repeat(400);
    for (version, told) in [
        ("18446744073709551616", "version 18446744073709551616"),
        (&huge, "a later version"),
    ] {
        let directory = text.replace("\"version\": 1", &format!("\"version\": {version}"));
        assert_eq!(error(&directory), Some(ErrorCode::StoreVersion));
        let whole = fs::read_to_string(files.audit_log_path()).unwrap();
        let later = whole.replacen("\"version\":1", &format!("\"version\":{version}"), 1);
        assert_ne!(later, whole);
        fs::write(files.audit_log_path(), later).unwrap();
        let error = FileAuditLog::open(&files.audit_log_path()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreVersion);
        assert!(error.to_string().ends_with(told), "{error}");
        fs::write(files.audit_log_path(), whole).unwrap();
    }
    fs::remove_file(files.audit_log_path()).unwrap();
    let error = FileAuditLog::open(&files.audit_log_path()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreRead);
}

#[test]
fn a_wrapped_admin_key_belongs_to_its_device_and_its_wrapping_key() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    set_up(folder.path(), &bench, &clock);
    let files = FilesDesk::at(folder.path());
    let device = bench.device(Suite::AesAdminKey);
    assert!(files.admin_keys(wrapping_key()).get(&device).unwrap().is_some());
    let other = files.admin_keys(WrappingKey::new([7; 32]));
    assert_eq!(other.get(&device).err().unwrap().code(), ErrorCode::StoreCorrupt);
    drop(other);
    let path = folder.path().join("admin_keys.json");
    let hex = |byte: u8| format!("{byte:02x}").repeat(10);
    let text = fs::read_to_string(&path).unwrap();
    let moved = text.replace(&hex(Suite::AesAdminKey.number()), &hex(9));
    assert_ne!(text, moved);
    fs::write(&path, moved).unwrap();
    let store = files.admin_keys(wrapping_key());
    let moved = store.get(&fido_unlock::DeviceId::from_bytes([9; 10]));
    assert_eq!(moved.err().unwrap().code(), ErrorCode::StoreCorrupt);
}

#[test]
fn devices_are_imported_from_an_enrolment_station() {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "dsa");
    let issuer = |suite| hex(bench.keys(suite).issuer().unwrap().as_compressed());
    let device_key = hex(helpdesk_bench::device_key().public().as_compressed());
    let id = |byte| fido_unlock::DeviceId::from_bytes([byte; 10]).to_code();
    let head = "device_id,user,suite,slot,issuer,device_key\n";
    let one = format!("{},alice,1,1,{},\n", id(0x61), issuer(Suite::P256Ecdsa));
    let two = format!(
        "{}, alice ,2,2,{},{device_key}\n",
        id(0x62),
        issuer(Suite::P256EcdhMac)
    );
    let devices = read_devices(format!("{head}{one}{two}").as_bytes()).unwrap();
    for device in &devices {
        desk.register_device(&session, device).unwrap();
    }
    let unlock = bench.sign_in(&mut desk, "desk-1");
    assert_eq!(
        desk.find_device(&unlock, &devices[1].id).unwrap().user.id,
        bench.alice
    );

    let wrong = |line: &str| {
        read_devices(format!("{head}{one}{line}").as_bytes())
            .map(|_| ())
            .unwrap_err()
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
    assert_eq!(field(&two.replace(&device_key, "")), (6, "device_key"));
    assert_eq!(field(&two.replace(",2,2,", ",3,2,")), (3, "suite"));
    assert_eq!(field(&two.replace(",2,2,", ",1,2,")), (6, "device_key"));
    assert_eq!(field(&two.replace("alice", "")), (2, "user"));
    let cells = ImportError::Cells { line: 3, found: 3 };
    assert_eq!(wrong("only,three,fields\n"), cells);
    let mut typo = two.clone();
    typo.replace_range(0..1, if two.starts_with('A') { "B" } else { "A" });
    assert!(matches!(wrong(&typo), ImportError::DeviceId { line: 3, .. }));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `tests/second/audit.py` knows of the log what docs/protocol/audit.md says.
#[test]
fn the_second_implementation_verifies_the_log_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, clock) = (Bench::new(), TestClock::new(START));
    let session = set_up(folder.path(), &bench, &clock);
    let mut desk = open(folder.path(), &bench, &clock).unwrap();
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let id = code(&mut desk, &bench, &session, suite);
        desk.done(&session, id).unwrap();
    }
    let mut signer = SoftwareCheckpointSigner::from_scalar(&[0x51; 32]).unwrap();
    let checkpoint = desk.checkpoint(&session, &mut signer).unwrap();
    let entries = desk.audit_entries().unwrap().len();
    drop(desk);

    let kept = folder.path().join("checkpoint");
    fs::write(&kept, checkpoint.to_bytes()).unwrap();
    let key: String = signer
        .public()
        .to_compressed()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("second");
    let environment = second_implementation();
    let verified = |log: &[u8]| {
        let path = folder.path().join("copy");
        fs::write(&path, log).unwrap();
        let mut command = environment.python(&modules);
        command
            .arg(modules.join("audit.py"))
            .args([&path, &kept])
            .arg(&key);
        let output = command.output().unwrap();
        let text = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8(text).unwrap().trim().to_owned()
    };
    let log = fs::read(FilesDesk::at(folder.path()).audit_log_path()).unwrap();
    assert_eq!(verified(&log), entries.to_string());

    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let without = |gone: &[usize]| {
        let kept = lines.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        kept.flat_map(|(_, line)| line.to_vec()).collect::<Vec<u8>>()
    };
    let last = lines.len() - 1;
    // The last entry, that a checkpoint was made, is behind the checkpoint.
    assert_eq!(verified(&without(&[last])), (entries - 1).to_string());
    assert_eq!(verified(&log[..log.len() - 1]), (entries - 1).to_string());
    let mut other_view = log.clone();
    let at = log.windows(8).position(|window| window == b"SignedIn").unwrap();
    other_view[at] = b'Z';
    let faults = [
        (without(&[3]), "(704, "),
        (without(&[last, last - 1]), "(705, "),
        (other_view, "(704, "),
        (without(&[0]), "(703, "),
    ];
    for (changed, fault) in faults {
        let found = verified(&changed);
        assert!(found.starts_with(fault), "{found}");
    }

    // The first line has one form, byte for byte, and a later version is told whatever its number.
    // M-audit-8
    let first = std::str::from_utf8(lines[0]).unwrap();
    let id = &first[first.len() - 35..first.len() - 3];
    let version = |number: &str| first.replace(":1,", &format!(":{number},"));
    for (line, number) in [
        (first.replace(':', ": "), 703),
        (first.replace('\n', " \n"), 703),
        (first.replace('\n', "\r\n"), 703),
        (first.replace("fido", "\\u0066ido"), 703),
        (first.replace(id, &id.to_uppercase()), 703),
        (first.replace('}', r#","more":1}"#), 703),
        (
            format!("{{\"version\":1,\"format\":\"fido-unlock audit log\",\"log_id\":\"{id}\"}}\n"),
            703,
        ),
        (version("\"1\""), 703),
        (version("2"), 706),
        (version("18446744073709551616"), 706),
        (version("1e400"), 706),
        (version(&"9".repeat(400)), 706),
        (version("123456789012345678901234567890"), 706),
    ] {
        assert_ne!(line, first);
        let changed = [line.as_bytes(), &without(&[0])].concat();
        let path = folder.path().join("ours");
        fs::write(&path, &changed).unwrap();
        let ours = FileAuditLog::open_read_only(&path).err();
        assert_eq!(ours.map(|error| error.code().number()), Some(number), "{line}");
        let theirs = verified(&changed);
        assert!(theirs.starts_with(&format!("({number}, ")), "{line} {theirs}");
    }
}
