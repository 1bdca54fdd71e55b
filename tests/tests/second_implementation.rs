//! `tests/second`, written in Python from docs/protocol.md and its parts alone, meets this code:
//! its host and desk our device, our host and desk its device. `second_desk_log` has it read our log.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse, ProbeChallenge, RotateRequest};
use fido_unlock::host::ports::{Call, Transport, TransportError};
use fido_unlock::host::{
    CtapUnlockDevice, DefaultPinPolicy, NewPin, ProbeError, Session, UnlockError, probe, rotate_issuer,
};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::{AuthoriseFields, IssuerKey, RotateFields};
use fido_unlock::{Challenge, ErrorCode, HasCode, Interface, Pin, Purpose, ResponseCode, Suite};
use fido_unlock_files::key_file::{self, Encoding, Passphrase, Protection};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::platform::{Platform, PlatformError};
use fido_unlock_tests::python::{run, second_implementation};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, enroll_device, issuer_key, with_call};
use getrandom::SysRng;

const KEY: &str = env!("CARGO_BIN_EXE_ctap_pipe");
const SUITES: [Suite; 3] = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];
const PROTOCOLS: [PinProtocol; 2] = [PinProtocol::One, PinProtocol::Two];

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn second(program: &str) -> Command {
    let folder = tests().join("second");
    let mut command = second_implementation().python(&folder);
    command.arg(folder.join(program));
    command
}

#[test]
fn it_judges_every_vector_as_we_do() {
    let folder = tests().join("vectors");
    let output = run(second("vectors.py").arg(&folder));
    let mut expected = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let vectors: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            expected.push(format!("{name} {}", vectors["cases"].as_array().unwrap().len()));
        }
    }
    expected.sort();
    assert_eq!(output.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn it_reads_our_key_files() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::new("correct horse battery staple".into());
    for (number, (suite, encoding, protection)) in [
        (Suite::P256Ecdsa, Encoding::Pem, Protection::Plain),
        (Suite::P256EcdhMac, Encoding::Der, Protection::Plain),
        (Suite::P256Ecdsa, Encoding::Der, Protection::Scrypt(&passphrase)),
        (Suite::P256EcdhMac, Encoding::Pem, Protection::Pbkdf2(&passphrase)),
        (Suite::AesAdminKey, Encoding::Pem, Protection::Plain),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(number.to_string());
        let key = issuer_key(suite);
        key_file::save(&path, &key, 5, encoding, protection, &mut SysRng).unwrap();
        let mut command = second("keyfile.py");
        command.arg(&path);
        if !matches!(protection, Protection::Plain) {
            command.arg(passphrase.expose_text());
        }
        let bytes = match key.public() {
            Some(public) => public.as_compressed().to_vec(),
            None => key.expose_admin_key().unwrap().expose_bytes().to_vec(),
        };
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(run(&mut command).trim(), format!("{} 5 {hex}", suite.number()));
    }
}

/// Each suite, protocol and interface; then enrolment with a token, probe and rotation.
fn rounds_of_its_host(device: &[&str]) {
    let output = run(second("meet_device.py").args(device));
    assert_eq!(output.lines().count(), 3 * 2 * 2 + 2, "{output}");
}

#[test]
fn its_host_and_desk_unlock_our_device() {
    rounds_of_its_host(&[KEY]);
}

#[test]
fn its_device_answers_its_host_as_ours_does() {
    let device = second("device.py");
    let program = device.get_program().to_str().unwrap();
    let script = device.get_args().next().unwrap().to_str().unwrap();
    rounds_of_its_host(&[program, script]);
}

/// Malformed, incomplete and misplaced messages in each state of a device, on both interfaces.
#[test]
fn both_devices_give_the_same_answers() {
    let device = second("device.py");
    let mut command = second("same_answers.py");
    command
        .arg(device.get_program())
        .args(device.get_args())
        .args(["--", KEY]);
    let messages: u32 = run(&mut command).trim().parse().unwrap();
    assert!(messages > 5000, "{messages}");
}

/// Its device, in a process of its own, with our platform and our issuer's key.
struct Theirs {
    child: Rc<RefCell<Child>>,
    ticks: TestTicks,
    protocol: PinProtocol,
    issuer: IssuerKey,
    enrolled: EnrollResponse,
}

/// One of its interfaces; frames as in adapters/mock/examples/ctap_pipe.rs.
struct Pipe {
    child: Rc<RefCell<Child>>,
    interface: Interface,
}

const POWER_CYCLE: u8 = 2;

fn exchange(child: &RefCell<Child>, kind: u8, message: &[u8]) -> Vec<u8> {
    let child = &mut *child.borrow_mut();
    let length = u16::try_from(1 + message.len()).unwrap();
    let frame = [&length.to_be_bytes()[..], &[kind], message].concat();
    child.stdin.as_mut().unwrap().write_all(&frame).unwrap();
    let output = child.stdout.as_mut().unwrap();
    loop {
        let mut length = [0; 2];
        output.read_exact(&mut length).unwrap();
        let mut frame = vec![0; u16::from_be_bytes(length).into()];
        output.read_exact(&mut frame).unwrap();
        // Else a keep-alive.
        if frame.remove(0) == 0 {
            return frame;
        }
    }
}

impl Transport for Pipe {
    fn transact(&mut self, message: &[u8], _: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        Ok(exchange(
            &self.child,
            u8::from(self.interface == Interface::Vendor),
            message,
        ))
    }

    fn interface(&self) -> Interface {
        self.interface
    }
}

impl Theirs {
    fn new(suite: Suite, protocol: PinProtocol, options: EnrollOptions) -> Self {
        let number = protocol.number().to_string();
        let child = second("device.py")
            .args(["--protocols", &number])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let child = Rc::new(RefCell::new(child));
        let (ticks, issuer) = (TestTicks::new(), issuer_key(suite));
        let pipe = Pipe {
            child: child.clone(),
            interface: Interface::Fido,
        };
        let enrolled = enroll_device(pipe, &ticks, &issuer, protocol, options);
        let this = Self {
            child,
            ticks,
            protocol,
            issuer,
            enrolled,
        };
        this.platform(|platform| platform.set_pin(&Pin::new(OLD_PIN.into())))
            .unwrap();
        this
    }

    fn open(&self, interface: Interface) -> CtapUnlockDevice<Pipe> {
        let child = self.child.clone();
        CtapUnlockDevice::new(Pipe { child, interface })
    }

    fn power_cycle(&self) {
        exchange(&self.child, POWER_CYCLE, &[]);
    }

    fn call<R>(&self, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
        with_call(&self.ticks, work)
    }

    fn platform<R>(&self, work: impl FnOnce(&mut Platform<'_, '_>) -> R) -> R {
        let mut device = self.open(Interface::Fido);
        self.call(|call| {
            work(&mut Platform::new(
                device.transport(),
                &mut SysRng,
                call,
                self.protocol,
            ))
        })
    }

    fn try_pin(&self, pin: &str) -> Result<(), ErrorCode> {
        self.platform(|platform| platform.try_pin(&Pin::new(pin.into())))
            .map_err(|error: PlatformError| error.code())
    }

    fn block(&self) {
        loop {
            match self.try_pin("wrong-pin").unwrap_err() {
                ErrorCode::PinBlocked => return,
                ErrorCode::PinAuthBlocked => self.power_cycle(),
                ErrorCode::PinInvalid => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn begin(&self, device: &mut CtapUnlockDevice<Pipe>) -> Result<Session, ErrorCode> {
        self.call(|call| Session::begin(device, None, call))
            .map_err(|error: UnlockError| error.code())
    }

    fn fields(&self, challenge: &fido_unlock::DeviceChallenge, purpose: Purpose) -> AuthoriseFields {
        AuthoriseFields {
            purpose,
            suite: self.issuer.suite(),
            device_id: self.enrolled.device_id,
            issuer: self.issuer.public().unwrap(),
            device_key: (self.issuer.suite() == Suite::P256EcdhMac).then_some(self.enrolled.device_key),
            challenge: *challenge,
        }
    }

    fn respond(&self, session: &Session) -> ResponseCode {
        match session.challenge() {
            Challenge::Aes(challenge) => self.issuer.respond_aes(challenge).unwrap(),
            Challenge::Line(challenge) => self
                .issuer
                .respond(&self.fields(challenge, Purpose::Authorise))
                .unwrap(),
        }
    }

    fn unlock(
        &self,
        device: &mut CtapUnlockDevice<Pipe>,
        session: &Session,
        response: &ResponseCode,
    ) -> Result<(), ErrorCode> {
        let pin = Pin::new(NEW_PIN.into());
        let pin = NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules()).unwrap();
        self.call(|call| session.unlock(device, response, &pin, &mut SysRng, call))
            .map_err(|error| error.code())
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        let mut child = self.child.borrow_mut();
        drop(child.stdin.take());
        let status = child.wait().unwrap();
        assert!(std::thread::panicking() || status.success(), "{status}");
    }
}

#[test]
fn our_host_and_desk_unlock_its_device() {
    for suite in SUITES {
        for protocol in PROTOCOLS {
            for interface in [Interface::Fido, Interface::Vendor] {
                one_way(suite, protocol, interface);
            }
        }
    }
}

fn one_way(suite: Suite, protocol: PinProtocol, interface: Interface) {
    let case = format!("{suite:?} {protocol:?} {interface:?}");
    let theirs = Theirs::new(suite, protocol, EnrollOptions::default());
    theirs.try_pin(OLD_PIN).unwrap();
    let mut device = theirs.open(interface);
    let not_locked = Some(ErrorCode::DeviceNotLocked);
    assert_eq!(theirs.begin(&mut device).err(), not_locked, "{case}");
    theirs.block();

    let mut session = theirs.begin(&mut device).unwrap();
    assert_eq!(session.device_id(), theirs.enrolled.device_id, "{case}");
    assert_eq!(session.suite(), suite, "{case}");
    let old = theirs.respond(&session);
    theirs.call(|call| session.renew(&mut device, call)).unwrap();
    let wrong = Some(ErrorCode::ResponseWrong);
    assert_eq!(theirs.unlock(&mut device, &session, &old).err(), wrong, "{case}");
    theirs.power_cycle();
    // As a person carries it: read out, typed in.
    let code = theirs.respond(&session).expose_code();
    let code = ResponseCode::parse(suite, &code).unwrap();
    theirs.unlock(&mut device, &session, &code).unwrap();

    theirs.try_pin(NEW_PIN).unwrap();
    assert_eq!(theirs.try_pin(OLD_PIN), Err(ErrorCode::PinInvalid), "{case}");
    assert_eq!(theirs.begin(&mut device).err(), not_locked, "{case}");
}

#[test]
fn our_issuer_probes_its_device_and_gives_it_a_new_key() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac] {
        let mut theirs = Theirs::new(suite, PinProtocol::Two, EnrollOptions::default());
        let mut device = theirs.open(Interface::Fido);
        for purpose in [Purpose::Probe, Purpose::Authorise] {
            let answer = |challenge: &ProbeChallenge| {
                let fields = theirs.fields(&challenge.challenge, purpose);
                Ok::<_, ProbeError>(theirs.issuer.respond(&fields).unwrap())
            };
            let result = theirs.call(|call| probe(&mut device, SLOT, answer, call));
            assert_eq!(result.is_ok(), purpose == Purpose::Probe, "{suite:?}");
        }

        let new = issuer_key(suite);
        let fields = RotateFields {
            suite,
            device_id: theirs.enrolled.device_id,
            slot: SLOT,
            authorising_slot: SLOT,
            old_issuer: theirs.issuer.public().unwrap(),
            new_issuer: new.public(),
            rotation: 1,
        };
        let e = (suite == Suite::P256EcdhMac).then_some(&theirs.enrolled.device_key);
        let proofs = [&theirs.issuer, &new].map(|key| key.prove_rotation(&fields, e).unwrap());
        for (authorisation, new_authorisation, code) in [
            (&proofs[1], &proofs[0], Some(ErrorCode::RotationRefused)),
            (&proofs[0], &proofs[1], None),
        ] {
            let request = RotateRequest {
                slot: SLOT,
                new_key: new.public(),
                authorising_slot: SLOT,
                authorisation,
                new_authorisation: Some(new_authorisation),
            };
            let result = theirs.call(|call| rotate_issuer(&mut device, &request, call));
            assert_eq!(result.err().map(|error| error.code()), code, "{suite:?}");
        }

        theirs.block();
        let session = theirs.begin(&mut device).unwrap();
        let old = theirs.respond(&session);
        let wrong = Some(ErrorCode::ResponseWrong);
        assert_eq!(theirs.unlock(&mut device, &session, &old).err(), wrong);
        theirs.issuer = new;
        let code = theirs.respond(&session);
        theirs.unlock(&mut device, &session, &code).unwrap();
    }
}
