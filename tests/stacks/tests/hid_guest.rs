//! The unlock over the kernel's hidraw in a guest kernel, with the virtual key behind uhid, and two
//! clients that are not ours: ctap-hid-fido2 and libfido2's fido2-token.
//!
//! Packages: those of adapters/hid/tests/hidraw.rs and fido2-tools.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ctap_hid_fido2::fidokey::{FidoKeyHid, GetAssertionArgsBuilder, MakeCredentialArgsBuilder};
use ctap_hid_fido2::public_key::PublicKey;
use ctap_hid_fido2::{Cfg, FidoKeyHidFactory, HidParam, verifier};
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{Transport, UnlockDevice};
use fido_unlock::host::{
    BlockProgress, ConfirmedBlock, CtapUnlockDevice, Outcome, ProbeError, Session, block_pin, probe,
};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Interface, Suite};
use fido_unlock_hid::{DeviceEntry, HidChannel, list, open};
use fido_unlock_stacks_tests::{
    CommandLine, Desk, DeskFolder, NEW_PIN, OLD_PIN, PATIENCE, VirtualKey, call, call_unless, call_within,
    guest,
};
use getrandom::SysRng;

const TEST: &str = "over_hidraw_in_a_guest";
const RP_ID: &str = "example.org";
const GET_INFO: [u8; 1] = [0x04];
/// For what must fail by its deadline.
const SHORT: Duration = Duration::from_secs(2);

#[test]
fn over_hidraw_in_a_guest() {
    if guest::is_guest() {
        in_the_guest();
    } else {
        boot();
    }
}

fn boot() {
    let token = Path::new("/usr/bin/fido2-token");
    assert!(token.exists(), "needs Debian's package fido2-tools");
    let key = Path::new(env!("CARGO_BIN_EXE_virtual_key"));
    let program = CommandLine::build();
    // Encrypting the desk's keys takes the guest long.
    let files = tempfile::tempdir().unwrap();
    let command_line = CommandLine {
        program: &program,
        state: files.path(),
    };
    let _ = DeskFolder::make(&command_line, &files.path().join("desk"));
    guest::boot(
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks-guest"),
        TEST,
        &[key, token, &program],
        Some(files.path()),
        CASES.len(),
    );
}

type Case = (&'static str, fn(&Blocked));

const CASES: &[Case] = &[
    ("unlocked over the FIDO interface", over_the_fido_interface),
    ("unlocked over the vendor interface", over_the_vendor_interface),
    ("unlocked by the command line", by_the_command_line),
    ("told what is missing", without_rights),
    ("enrolled one after another", one_after_another),
    ("blocked on purpose", blocked_on_purpose),
    ("unlocked while others use both interfaces", while_others_use_it),
    ("pulled at every packet", pulled_at_every_packet),
    ("put back under another path", put_back_under_another_path),
    ("no touch, and a refused one", touches),
    ("slow, silent, garbage", broken_answers),
    ("other channels and stale reports", other_reports),
    ("an answer that comes twice", answered_twice),
    ("cancelled by the person", cancelled),
];

fn in_the_guest() {
    let blocked = Blocked::make();
    for (name, case) in CASES {
        let begun = Instant::now();
        eventually("no device", || list().unwrap().is_empty().then_some(()));
        case(&blocked);
        println!("case passed: {name} ({} ms)", begun.elapsed().as_millis());
    }
    guest::tell_cases(CASES.len());
}

fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The entry of an interface, once it can be opened.
fn entry(interface: Interface) -> DeviceEntry {
    eventually("an interface", || {
        list()
            .unwrap()
            .into_iter()
            .find(|entry| entry.interface == interface && entry.access.is_ok())
    })
}

type Unlocker = CtapUnlockDevice<HidTransport<HidChannel, SysRng>>;

fn unlocker(interface: Interface) -> Unlocker {
    CtapUnlockDevice::new(open(&entry(interface)).unwrap())
}

fn start(state: &Path) -> VirtualKey {
    VirtualKey::start("/bin/virtual_key", "hid", state, &["--serial", "S1"])
}

fn replug(key: &mut VirtualKey) {
    key.tell("remove");
    eventually("no device", || list().unwrap().is_empty().then_some(()));
    key.tell("insert");
}

/// ctap-hid-fido2 as the client.
fn client() -> FidoKeyHid {
    let path = HidParam::Path(entry(Interface::Fido).path);
    FidoKeyHidFactory::create_by_params(&[path], &Cfg::init()).unwrap()
}

/// Wrong PINs until it is blocked.
fn block_as_client(key: &mut VirtualKey) {
    loop {
        match refused(client().get_pin_token("wrong-pin")).as_str() {
            "0x31" => {}
            "0x34" => replug(key),
            "0x32" => return,
            other => panic!("{other}"),
        }
    }
}

/// The status that the client was refused with, as it writes it.
fn refused<T>(result: Result<T, impl ToString>) -> String {
    let Err(error) = result else { panic!("not refused") };
    let text = error.to_string();
    text.split_whitespace()
        .find(|word| word.starts_with("0x"))
        .unwrap_or(&text)
        .to_owned()
}

/// fido2-token's words about the key.
fn fido2_token() -> String {
    let path = entry(Interface::Fido).path;
    let run = |arguments: &[&str]| {
        let output = Command::new("/bin/fido2-token").args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    };
    let listed = run(&["-L"]);
    assert!(
        listed.contains(&format!("{path}: vendor=0x1209, product=0xf1d0")),
        "{listed}"
    );
    let info = run(&["-I", &path]);
    println!("{listed}{info}");
    info
}

/// A key with a credential whose PIN was blocked by the client.
struct Blocked {
    image: Vec<u8>,
    desk: Desk,
    credential_id: Vec<u8>,
    public_key: PublicKey,
}

impl Blocked {
    fn make() -> Self {
        let state = PathBuf::from("/tmp/made");
        let mut key = start(&state);
        let desk = Desk::enroll(Suite::P256EcdhMac, open(&entry(Interface::Fido)).unwrap());
        let device = client();
        device.set_new_pin(OLD_PIN).unwrap();
        let challenge = verifier::create_challenge();
        let arguments = MakeCredentialArgsBuilder::new(RP_ID, &challenge)
            .pin(OLD_PIN)
            .build();
        let made = device.make_credential_with_args(&arguments).unwrap();
        let mut blocked = Self {
            image: Vec::new(),
            desk,
            credential_id: made.credential_descriptor.id,
            public_key: made.credential_publickey,
        };
        blocked.sign_in(&device, OLD_PIN).unwrap();
        drop(device);
        block_as_client(&mut key);
        assert_eq!(refused(client().get_pin_token(OLD_PIN)), "0x32");
        assert!(fido2_token().contains("pin retries: 0"));
        drop(key);
        blocked.image = std::fs::read(&state).unwrap();
        blocked
    }

    /// The same key once more.
    fn plug(&self) -> VirtualKey {
        let state = Path::new("/tmp/key");
        std::fs::write(state, &self.image).unwrap();
        start(state)
    }

    fn sign_in(&self, device: &FidoKeyHid, pin: &str) -> Result<(), String> {
        let challenge = verifier::create_challenge();
        let arguments = GetAssertionArgsBuilder::new(RP_ID, &challenge)
            .pin(pin)
            .credential_id(&self.credential_id)
            .build();
        let assertions = device
            .get_assertion_with_args(&arguments)
            .map_err(|error| error.to_string())?;
        assert!(verifier::verify_assertion(
            RP_ID,
            &self.public_key,
            &challenge,
            &assertions[0]
        ));
        Ok(())
    }

    /// The client signs in with the new PIN alone.
    fn check_unlocked(&self) {
        let device = client();
        assert_eq!(device.get_pin_retries().unwrap(), 8);
        self.sign_in(&device, NEW_PIN).unwrap();
        assert_eq!(refused(self.sign_in(&device, OLD_PIN)), "0x31");
    }
}

fn over(blocked: &Blocked, interface: Interface) {
    let _key = blocked.plug();
    let mut device = unlocker(interface);
    blocked.desk.unlock(&mut device, NEW_PIN).unwrap();
    assert_eq!(device.interface(), interface);
    drop(device);
    assert!(fido2_token().contains("pin retries: 8"));
    blocked.check_unlocked();
}

fn over_the_fido_interface(blocked: &Blocked) {
    over(blocked, Interface::Fido);
}

fn over_the_vendor_interface(blocked: &Blocked) {
    over(blocked, Interface::Vendor);
}

fn by_the_command_line(blocked: &Blocked) {
    let command_line = CommandLine {
        program: Path::new("/bin/fido-unlock"),
        state: Path::new("/tmp/home"),
    };
    let _key = blocked.plug();
    entry(Interface::Vendor);
    command_line.unlock(&blocked.desk, "Virtual key");
    blocked.check_unlocked();
}

/// As a user for whom no udev rule is installed.
fn without_rights(blocked: &Blocked) {
    let _key = blocked.plug();
    entry(Interface::Vendor);
    entry(Interface::Fido);
    for command in ["devices", "diagnose"] {
        let output = Command::new("/bin/fido-unlock")
            .arg(command)
            .uid(65534)
            .gid(65534)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        println!("$ fido-unlock {command}\n{text}");
        assert_eq!(output.status.success(), command == "devices");
        assert!(text.contains(r#"KERNELS=="*:1209:F1D0.*""#), "{text}");
        assert!(text.contains("/dev/hidraw"), "{text}");
    }
}

/// With a desk that was made outside.
fn one_after_another(_: &Blocked) {
    let command_line = CommandLine {
        program: Path::new("/bin/fido-unlock"),
        state: Path::new("/tmp/home"),
    };
    let desk = DeskFolder::at(&command_line, &Path::new(guest::FILES).join("desk"));
    let state = |number: usize| PathBuf::from(format!("/tmp/bulk{number}"));
    // Keys of one model, without serial numbers; each takes its predecessor's path.
    let put_in = |number| VirtualKey::start("/bin/virtual_key", "hid", &state(number), &[]);
    let ids = desk.enroll_three(Path::new("/tmp"), put_in);

    let mut key = put_in(1);
    client().set_new_pin(OLD_PIN).unwrap();
    block_as_client(&mut key);
    entry(Interface::Vendor);
    desk.unlock_second(&ids, NEW_PIN);
    assert_eq!(client().get_pin_retries().unwrap(), 8);
    client().get_pin_token(NEW_PIN).unwrap();
    assert_eq!(refused(client().get_pin_token(OLD_PIN)), "0x31");
}

/// With the device at the desk, after a probe.
fn blocked_on_purpose(_: &Blocked) {
    let mut key = start(Path::new("/tmp/on-purpose"));
    let desk = Desk::enroll(Suite::P256EcdhMac, open(&entry(Interface::Fido)).unwrap());
    client().set_new_pin(OLD_PIN).unwrap();
    let mut device = unlocker(Interface::Fido);
    let passed = call(|call| {
        probe(
            &mut device,
            1,
            |asked| Ok::<_, ProbeError>(desk.prove(asked)),
            call,
        )
    });
    let consent = ConfirmedBlock::new(passed.unwrap(), true).unwrap();
    loop {
        let progress =
            call(|call| block_pin(device.transport(), &consent, PinProtocol::Two, &mut SysRng, call));
        if progress.unwrap() == BlockProgress::Blocked {
            break;
        }
        drop(device);
        replug(&mut key);
        device = unlocker(Interface::Fido);
    }
    drop(device);
    assert_eq!(refused(client().get_pin_token(OLD_PIN)), "0x32");
    desk.unlock(&mut unlocker(Interface::Vendor), NEW_PIN).unwrap();
    client().get_pin_token(NEW_PIN).unwrap();
}

/// hidraw gives every report to every opener, and the device does one thing at a time.
fn while_others_use_it(blocked: &Blocked) {
    use std::sync::atomic::{AtomicBool, Ordering};
    let _key = blocked.plug();
    let (fido, vendor) = (entry(Interface::Fido), entry(Interface::Vendor));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let others = [
            scope.spawn(|| {
                let mut transport = open(&fido).unwrap();
                let mut count = 0;
                while !done.load(Ordering::Acquire) {
                    let answer = call(|call| transport.transact(&GET_INFO, call)).unwrap();
                    assert_eq!(answer[0], 0);
                    count += 1;
                }
                count
            }),
            scope.spawn(|| {
                let mut device = CtapUnlockDevice::new(open(&vendor).unwrap());
                let mut count = 0;
                while !done.load(Ordering::Acquire) {
                    call(|call| device.info(call)).unwrap();
                    count += 1;
                }
                count
            }),
        ];
        let result = blocked.desk.unlock(&mut unlocker(Interface::Fido), NEW_PIN);
        done.store(true, Ordering::Release);
        result.unwrap();
        for other in others {
            assert!(other.join().unwrap() > 0);
        }
    });
    blocked.check_unlocked();
}

/// Packets of one unlock: INIT, getInfo, getChallenge, unlock (more than one report for some).
const LEAST_PACKETS: u32 = 10;

fn pulled_at_every_packet(blocked: &Blocked) {
    let mut unknown = 0;
    for packets in 0.. {
        let mut key = blocked.plug();
        let mut device = unlocker(Interface::Fido);
        key.tell(&format!("fault pull {}", packets * 64));
        let Err(error) = blocked.desk.unlock(&mut device, NEW_PIN) else {
            assert!(packets >= LEAST_PACKETS, "{packets}");
            break;
        };
        drop(device);
        assert!(
            matches!(error.code(), ErrorCode::Gone | ErrorCode::OutcomeUnknown),
            "{packets}: {error:?}"
        );
        key.tell("insert");
        let mut device = unlocker(Interface::Fido);
        if call(|call| device.info(call)).unwrap().is_blocked() {
            blocked.desk.unlock(&mut device, NEW_PIN).unwrap();
            drop(device);
        } else {
            // Set, and the answer lost.
            assert_eq!(error.code(), ErrorCode::OutcomeUnknown);
            drop(device);
            blocked.check_unlocked();
            unknown += 1;
        }
        drop(key);
        eventually("no device", || list().unwrap().is_empty().then_some(()));
    }
    assert!(unknown > 0, "the last answer was never lost");
}

/// While the person was on the telephone.
fn put_back_under_another_path(blocked: &Blocked) {
    let mut key = blocked.plug();
    let before = entry(Interface::Fido);
    let mut device = CtapUnlockDevice::new(open(&before).unwrap());
    let session = call(|call| Session::begin(&mut device, None, call)).unwrap();
    key.tell("remove");
    let lost = blocked.desk.finish(&mut device, &session, NEW_PIN, PATIENCE);
    assert_eq!(lost.unwrap_err().code(), ErrorCode::Gone);
    key.tell("insert");
    // The dead handle is still open, so the path is another.
    let after = entry(Interface::Fido);
    assert_ne!(after.path, before.path);
    assert!(after.is_same_key(&before));
    let mut again = CtapUnlockDevice::new(open(&after).unwrap());
    blocked
        .desk
        .finish(&mut again, &session, NEW_PIN, PATIENCE)
        .unwrap();
    drop(again);
    blocked.check_unlocked();
}

fn touches(blocked: &Blocked) {
    let mut key = blocked.plug();
    let mut device = unlocker(Interface::Vendor);
    let session = call(|call| Session::begin(&mut device, None, call)).unwrap();
    key.tell("touch off");
    let late = blocked.desk.finish(&mut device, &session, NEW_PIN, SHORT);
    assert_eq!(late.unwrap_err().code(), ErrorCode::DeadlineExceeded);
    let outcome = call(|call| session.resolve(&mut device, call)).unwrap();
    assert_eq!(outcome, Outcome::NotUnlocked);
    key.tell("touch refuse");
    let refused = blocked.desk.finish(&mut device, &session, NEW_PIN, PATIENCE);
    assert_eq!(refused.unwrap_err().code(), ErrorCode::TouchRefused);
    key.tell("touch on");
    blocked
        .desk
        .finish(&mut device, &session, NEW_PIN, PATIENCE)
        .unwrap();
    drop(device);
    blocked.check_unlocked();
}

/// Each ends by itself, and the next unlock works without restarting anything.
fn broken_answers(blocked: &Blocked) {
    let mut key = blocked.plug();
    let mut device = unlocker(Interface::Vendor);
    let mut info = |limit| call_within(limit, |call| device.info(call));
    assert!(info(PATIENCE).unwrap().is_blocked());
    for fault in ["silent", "slow 3000", "garbage"] {
        key.tell(&format!("fault {fault}"));
        let begun = Instant::now();
        let code = info(SHORT).unwrap_err().code();
        assert!(begun.elapsed() < PATIENCE, "{fault}");
        if fault == "garbage" {
            // A random byte may also read as a keep-alive, as CTAPHID_ERROR or as a short answer.
            assert!(
                matches!(
                    code,
                    ErrorCode::Framing
                        | ErrorCode::DeadlineExceeded
                        | ErrorCode::TransportFailed
                        | ErrorCode::MalformedAnswer
                ),
                "{code:?}"
            );
        } else {
            assert_eq!(code, ErrorCode::DeadlineExceeded, "{fault}");
        }
        key.tell("fault none");
        assert!(info(PATIENCE).unwrap().is_blocked(), "{fault}");
    }
    blocked.desk.unlock(&mut device, NEW_PIN).unwrap();
    drop(device);
    blocked.check_unlocked();
}

fn other_reports(blocked: &Blocked) {
    let mut key = blocked.plug();
    key.tell("fault foreign");
    let mut earlier = unlocker(Interface::Fido);
    assert!(call(|call| earlier.info(call)).unwrap().is_blocked());
    // What an earlier program left: its answer once more, on its channel.
    let mut device = unlocker(Interface::Fido);
    key.tell("fault stale");
    blocked.desk.unlock(&mut device, NEW_PIN).unwrap();
    drop((earlier, device));
    key.tell("fault none");
    blocked.check_unlocked();
}

/// On the channel itself: an answer to another command must never be taken for success.
fn answered_twice(blocked: &Blocked) {
    let mut key = blocked.plug();
    let mut device = unlocker(Interface::Fido);
    let session = call(|call| Session::begin(&mut device, None, call)).unwrap();
    key.tell("touch refuse");
    key.tell("fault stale");
    let refused = blocked.desk.finish(&mut device, &session, NEW_PIN, PATIENCE);
    // Which one depends on whether the device is done when it is asked what it did.
    let code = refused.unwrap_err().code();
    assert!(
        matches!(code, ErrorCode::MalformedAnswer | ErrorCode::OutcomeUnknown),
        "{code:?}"
    );
    drop(device);
    let mut device = unlocker(Interface::Fido);
    let outcome = call(|call| session.resolve(&mut device, call)).unwrap();
    assert_eq!(outcome, Outcome::NotUnlocked);
    key.tell("touch on");
    blocked
        .desk
        .finish(&mut device, &session, NEW_PIN, PATIENCE)
        .unwrap();
    drop(device);
    blocked.check_unlocked();
}

fn cancelled(blocked: &Blocked) {
    let mut key = blocked.plug();
    let mut device = unlocker(Interface::Vendor);
    let session = call(|call| Session::begin(&mut device, None, call)).unwrap();
    // While it waits for a touch: the device is told.
    key.tell("touch off");
    let finished = key.cancel_when(
        |(_, touches)| touches == 1,
        |cancel| {
            call_unless(cancel, |call| {
                blocked.desk.finish_in(&mut device, &session, NEW_PIN, call)
            })
        },
    );
    assert_eq!(finished.unwrap_err().code(), ErrorCode::Cancelled);
    key.tell("touch on");
    let outcome = call(|call| session.resolve(&mut device, call)).unwrap();
    assert_eq!(outcome, Outcome::NotUnlocked);
    // While it says nothing.
    let (messages, _) = key.counts();
    key.tell("fault silent");
    let asked = key.cancel_when(
        |(now, _)| now > messages,
        |cancel| call_unless(cancel, |call| device.info(call)),
    );
    assert_eq!(asked.unwrap_err().code(), ErrorCode::Cancelled);
    key.tell("fault none");
    blocked
        .desk
        .finish(&mut device, &session, NEW_PIN, PATIENCE)
        .unwrap();
    drop(device);
    blocked.check_unlocked();
}
