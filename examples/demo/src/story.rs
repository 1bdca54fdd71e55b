//! The story, in order.

use fido_unlock::code::spoken;
use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::{Interface, Statistics};
use fido_unlock::host::ports::UnlockDevice;
use fido_unlock::host::{
    CtapUnlockDevice, DefaultPinPolicy, EnrollPlan, NewPin, PlannedKey, Session, confirm_pin, diagnose,
    enroll, probe,
};
use fido_unlock::{ErrorCode, Pin, ResponseCode, Suite};
use fido_unlock_mock::platform::{RelyingParty, StoredCredential};
use getrandom::SysRng;
use serde_json::json;

use crate::Way;
use crate::desk::{Desk, ONE_TIME_CODE, OPERATOR, SLOT};
use crate::key::{Key, KeyTransport, PROTOCOL};
use crate::person::Person;
use crate::report::{Failure, Report};

const OLD_PIN: &str = "Winter42";
const NEW_PIN: &str = "Spring43";

/// From the passkey to the next sign-in.
pub fn tell(suite: Suite, way: Way, report: &Report, person: &mut Person) -> Result<(), Failure> {
    let key = Key::new(way)?;
    let mut desk = Desk::new(suite)?;
    let relying_party = RelyingParty::new("example.com");

    report.heading("Before");
    hand_out(suite, &key, &mut desk, report)?;
    let credential = make_passkey(&key, &relying_party)?;
    report.step(
        "passkey",
        "The user sets a PIN and creates a passkey; the relying party stores its public key.",
        json!({ "credential_id_length": credential.id.len() }),
    );
    sign_in(&key, &relying_party, &credential, OLD_PIN)?;
    report.step("signed-in", "Signing in works.", json!({}));

    report.heading("Wrong PINs until the PIN is blocked");
    block(&key, report)?;
    expect(
        sign_in(&key, &relying_party, &credential, OLD_PIN),
        ErrorCode::PinBlocked,
    )?;
    report.step(
        "sign-in-refused",
        "Signing in with the right PIN fails too: the PIN is blocked.",
        json!({}),
    );

    report.heading("The user's side");
    let mut device = CtapUnlockDevice::new(key.open(Interface::Vendor));
    let session = show_challenge(&key, &mut device, report)?;

    report.heading("The help desk");
    let code = help_desk(&mut desk, &session, report, person)?;

    report.heading("The user's side again");
    let before = device.transport().statistics();
    let new_pin = unlock(&key, &mut device, &session, &code, person)?;
    report.step(
        "unlocked",
        "The device accepted the code and the new PIN.",
        figures(before, device.transport()),
    );
    let entries = desk.done(&code.request)?;
    report.step(
        "done",
        &format!("The operator closes the request; the audit log of {entries} entries verifies."),
        json!({ "audit_entries": entries }),
    );

    report.heading("After");
    sign_in(&key, &relying_party, &credential, &new_pin)?;
    report.step(
        "signed-in-again",
        "The old passkey signs in with the new PIN; the relying party verified it with the public key that it already had.",
        json!({}),
    );
    expect(
        sign_in(&key, &relying_party, &credential, OLD_PIN),
        ErrorCode::PinInvalid,
    )?;
    report.step("old-pin-refused", "The old PIN is refused.", json!({}));
    Ok(())
}

/// The key is enrolled before it is handed out, and "would an unlock work?" is asked.
fn hand_out(suite: Suite, key: &Key, desk: &mut Desk, report: &Report) -> Result<(), Failure> {
    let missing = || Failure::new(ErrorCode::KeyMissing, "no issuer key");
    let issuer = desk.issuer();
    let planned = match suite {
        Suite::P256Ecdsa => PlannedKey::P256Ecdsa(issuer.public().ok_or_else(missing)?),
        Suite::P256EcdhMac => PlannedKey::P256EcdhMac(issuer.public().ok_or_else(missing)?),
        Suite::AesAdminKey => PlannedKey::AesAdminKey(issuer.expose_admin_key().ok_or_else(missing)?),
    };
    let plan = EnrollPlan {
        slots: &[(SLOT, planned)],
        options: EnrollOptions::default(),
        protocol: PROTOCOL,
        token: None,
    };
    let mut device = CtapUnlockDevice::new(key.open(Interface::Fido));
    let enrolled = key.call(|call| enroll(&mut device, &plan, &mut SysRng, call))?;
    if suite != Suite::AesAdminKey {
        key.call(|call| {
            probe(
                &mut device,
                SLOT,
                |challenge| desk.answer_probe(&enrolled, &challenge.challenge),
                call,
            )
        })?;
    }
    desk.register(&enrolled)?;
    let self_test = if suite == Suite::AesAdminKey {
        "suite 3 has no self-test"
    } else {
        "its self-test passed"
    };
    report.step(
        "enrolled",
        &format!(
            "The help desk enrols the key for {} ({self_test}) and registers it.",
            suite.name()
        ),
        json!({ "suite": suite.number() }),
    );
    Ok(())
}

fn make_passkey(key: &Key, relying_party: &RelyingParty) -> Result<StoredCredential, Failure> {
    let pin = Pin::new(OLD_PIN.into());
    key.platform(|platform| platform.set_pin(&pin))?;
    let ceremony = relying_party.begin("webauthn.create", &mut SysRng)?;
    let auth_data = key.platform(|platform| platform.make_credential(&ceremony, "user-1", &pin))?;
    relying_party
        .register(&auth_data)
        .map_err(|error| Failure::new(ErrorCode::MalformedAnswer, error.to_string()))
}

/// A sign-in with a fresh challenge, judged by the stored public key alone.
fn sign_in(
    key: &Key,
    relying_party: &RelyingParty,
    credential: &StoredCredential,
    pin: &str,
) -> Result<(), Failure> {
    let ceremony = relying_party.begin("webauthn.get", &mut SysRng)?;
    let (auth_data, signature) =
        key.platform(|platform| platform.get_assertion(&ceremony, &credential.id, &Pin::new(pin.into())))?;
    relying_party
        .verify(&ceremony, credential, &auth_data, &signature)
        .map_err(|error| Failure::new(ErrorCode::MalformedAnswer, error.to_string()))
}

fn expect(result: Result<(), Failure>, code: ErrorCode) -> Result<(), Failure> {
    match result {
        Err(failure) if failure.code == code => Ok(()),
        Err(failure) => Err(failure),
        Ok(()) => Err(Failure::new(
            ErrorCode::WrongState,
            format!("expected to fail with \"{code}\""),
        )),
    }
}

fn block(key: &Key, report: &Report) -> Result<(), Failure> {
    let mut tries = 0;
    loop {
        match key.try_pin("Winter24").map_err(|failure| failure.code) {
            Err(ErrorCode::PinInvalid) => tries += 1,
            Err(ErrorCode::PinAuthBlocked) => {
                tries += 1;
                report.step(
                    "replug",
                    &format!("{tries} wrong PINs: the key must be taken out and put back in."),
                    json!({ "wrong_pins": tries }),
                );
                key.replug();
            }
            Err(ErrorCode::PinBlocked) => {
                tries += 1;
                report.step(
                    "blocked",
                    &format!("{tries} wrong PINs: blocked for good. CTAP offers only a reset, which destroys the passkey."),
                    json!({ "wrong_pins": tries }),
                );
                return Ok(());
            }
            Err(code) => return Err(code.into()),
            Ok(()) => return Err(Failure::new(ErrorCode::WrongState, "a wrong PIN was accepted")),
        }
    }
}

fn show_challenge(
    key: &Key,
    device: &mut CtapUnlockDevice<KeyTransport>,
    report: &Report,
) -> Result<Session, Failure> {
    let info = key.call(|call| device.info(call));
    let diagnosis = diagnose(&info, &[]).ok_or_else(|| Failure::from(ErrorCode::NotSupported))?;
    report.step(
        "diagnosis",
        &diagnosis.sentence(),
        json!({ "condition": diagnosis.condition.name() }),
    );
    let info = info?;
    let session = key.call(|call| Session::begin_with(device, &info, None, call))?;
    let no_check = match session.suite() {
        Suite::AesAdminKey => {
            "\nThis challenge has no check: nobody would notice a wrong digit. Read it carefully."
        }
        _ => "",
    };
    report.step(
        "challenge",
        &format!(
            "Device:           software key, slot {}, {}\nDevice ID:        {}\nDevice Challenge: {}{no_check}",
            session.slot(),
            session.suite().name(),
            session.device_id(),
            session.challenge().to_code()
        ),
        json!({
            "device_id": session.device_id().to_string(),
            "device_challenge": session.challenge().to_code(),
            "suite": session.suite().number(),
            "slot": session.slot(),
        }),
    );
    Ok(session)
}

/// The code as the operator reads it out.
struct ReadOut {
    text: zeroize::Zeroizing<String>,
    request: crate::desk::OpenRequest,
}

fn help_desk(
    desk: &mut Desk,
    session: &Session,
    report: &Report,
    person: &mut Person,
) -> Result<ReadOut, Failure> {
    let request = loop {
        let operator = person.ask_hinted("Operator, your name", OPERATOR.0)?;
        let password = person.ask_hinted("Operator, your password", OPERATOR.1)?;
        let device = person.ask(
            "The Device ID that the caller reads out",
            &session.device_id().to_string(),
        )?;
        let read_back = person.ask_hinted(
            "The one-time code that was sent to the caller's enrolled factor",
            ONE_TIME_CODE,
        )?;
        let opened = fido_unlock::DeviceId::parse(&device)
            .map_err(Failure::from)
            .and_then(|device| desk.open_request(&operator, &password, &device, &read_back));
        match opened {
            Err(failure) if person.is_there() => report.failure(&failure),
            other => break other?,
        }
    };
    report.step(
        "caller-verified",
        &format!("The device belongs to {}; the caller is verified.", request.owner),
        json!({ "owner": request.owner }),
    );
    let code = loop {
        let challenge = person.ask(
            "The Device Challenge that the caller reads out",
            &session.challenge().to_code(),
        )?;
        match desk.respond(&request, &challenge) {
            Err(failure) if person.is_there() => report.failure(&failure),
            other => break other?,
        }
    };
    let text = code.expose_code();
    let aloud = match session.suite() {
        Suite::P256EcdhMac => format!("\nRead aloud:    {}", spoken(&text).as_str()),
        Suite::AesAdminKey => "\nThis code has no check: only the device will notice a wrong digit.".into(),
        Suite::P256Ecdsa => String::new(),
    };
    report.step(
        "response",
        &format!(
            "Response Code: {}{aloud}",
            text.replace('\n', "\n               ")
        ),
        json!({ "response_code": text.as_str() }),
    );
    Ok(ReadOut { text, request })
}

fn unlock(
    key: &Key,
    device: &mut CtapUnlockDevice<KeyTransport>,
    session: &Session,
    code: &ReadOut,
    person: &mut Person,
) -> Result<zeroize::Zeroizing<String>, Failure> {
    loop {
        let lines = if session.suite() == Suite::P256Ecdsa { 4 } else { 1 };
        let typed = person.ask_lines("User, the Response Code", lines, &code.text)?;
        let pin = person.ask_pin("User, the new PIN (6 to 63 letters and digits)", NEW_PIN)?;
        let again = person.ask_pin("User, the new PIN again", NEW_PIN)?;
        let result = ResponseCode::parse(session.suite(), &typed)
            .map_err(Failure::from)
            .and_then(|response| {
                confirm_pin(&pin, &again)?;
                let judged = NewPin::judge(&pin, &DefaultPinPolicy::new(), session.rules())?;
                key.call(|call| session.unlock(device, &response, &judged, &mut SysRng, call))?;
                Ok(())
            });
        match result {
            Ok(()) => return Ok(zeroize::Zeroizing::new(pin.expose_text().into())),
            Err(failure) if person.is_there() => {
                eprintln!(
                    "{} (error {} {})",
                    failure.message,
                    failure.code.number(),
                    failure.code.name()
                );
                eprintln!("{}", failure.code.next_step());
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// What the whole unlock took on the way to the device, from `getInfo` to the new PIN.
fn figures(before: Statistics, transport: &KeyTransport) -> serde_json::Value {
    let all = transport.statistics();
    json!({
        "transactions": all.transactions,
        "sent": all.sent,
        "received": all.received,
        "bytes_sent": all.bytes_sent,
        "bytes_received": all.bytes_received,
        "transactions_after_the_call": all.transactions - before.transactions,
    })
}
