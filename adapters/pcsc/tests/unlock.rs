//! A whole unlock over a real pcscd: enrol, probe, block, challenge, respond, unlock; then the new
//! PIN counts and the old one does not. Another program resets the card and selects another applet
//! in between.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

mod support;

use std::ffi::CString;

use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::client_pin::{ClientPinRequest, ClientPinResponse, SubCommand, permission};
use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse};
use fido_unlock::framing::{Interface, NfcTransport};
use fido_unlock::pin_protocol::{PinProtocol, encapsulate, pad_pin};
use fido_unlock::ports::{
    ApduChannel, Call, NeverCancel, NoProgress, SystemTicks, Transport, TransportError, UnlockDevice,
};
use fido_unlock::suite::{AuthoriseFields, IssuerKey};
use fido_unlock::unlock::{
    BlockProgress, ConfirmedBlock, CtapUnlockDevice, DefaultPinPolicy, DeviceError, EnrollPlan, NewPin,
    PlannedKey, Session, block_pin, enroll, get_pin_token, probe,
};
use fido_unlock::{Challenge, ErrorCode, HasCode, Pin, Purpose, Suite};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::{CtapHandler, Device};
use fido_unlock_pcsc::{CardChannel, DeviceEntry, open};
use getrandom::SysRng;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use support::{CONTACTLESS, Frame, Model, PATIENCE, Pcscd, isolated};

const OLD_PIN: &str = "old493817";
const NEW_PIN: &str = "new205746";
/// T=1 in a contact reader: TD1 = 80, TD2 = 01, no historical bytes.
const CONTACT_T1: &[u8] = &[0x3B, 0x80, 0x80, 0x11, 0x00, 0x11];
/// T=0, no extended length.
const CONTACT_T0: &[u8] = &[0x3B, 0x00];

struct Key(SoftAuthenticator);

impl CtapHandler for Key {
    fn handle(
        &mut self,
        interface: Interface,
        message: &[u8],
        keepalive: &mut dyn FnMut(u8) -> bool,
    ) -> Vec<u8> {
        self.0.handle(interface, message, keepalive)
    }

    fn power_cycle(&mut self) {
        self.0.power_cycle();
    }
}

/// The software authenticator as a card: power off and reset take its power.
fn card(key: &Device<Key>) -> impl Model + 'static {
    let key = key.clone();
    let mut channel = key.card();
    move |frame: Frame<'_>| match frame {
        Frame::Apdu(apdu) => loop {
            match channel.transmit(apdu, PATIENCE) {
                Ok(response) => return Some(response),
                Err(TransportError::CardReset) => channel.reconnect(PATIENCE).unwrap(),
                Err(error) => panic!("{error}"),
            }
        },
        Frame::PowerOff | Frame::Reset => {
            key.reset_card();
            None
        }
        Frame::PowerOn => None,
    }
}

/// Runs `body` with a call of its own.
fn call<R>(body: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = SystemTicks::new();
    body(&mut Call::new(&ticks, PATIENCE, &NeverCancel, &mut NoProgress))
}

/// setPIN (CTAP 2.1 §6.5.5.5).
fn set_pin(transport: &mut impl Transport, pin: &str) {
    let protocol = PinProtocol::Two;
    let request = ClientPinRequest::new(SubCommand::GetKeyAgreement, Some(protocol));
    let answer = call(|call| transport.transact(&request.to_message(), call)).unwrap();
    assert_eq!(answer[0], 0);
    let answer = ClientPinResponse::from_value(&Value::parse(&answer[1..]).unwrap());
    let (key, secret) = encapsulate(protocol, &answer.key_agreement.unwrap(), &mut SysRng).unwrap();
    let padded = pad_pin(pin.as_bytes()).unwrap();
    let new_pin_enc = protocol.encrypt(&secret, &*padded, &mut SysRng).unwrap();
    let mut request = ClientPinRequest::new(SubCommand::SetPin, Some(protocol));
    request.key_agreement = Some(key);
    request.pin_uv_auth_param = Some(protocol.authenticate(&secret, &new_pin_enc).unwrap());
    request.new_pin_enc = Some(new_pin_enc);
    let answer = call(|call| transport.transact(&request.to_message(), call)).unwrap();
    assert_eq!(answer[..], [0]);
}

/// Whether the device takes a PIN.
fn try_pin(transport: &mut impl Transport, pin: &str) -> Result<(), ErrorCode> {
    let pin = Pin::new(pin.to_owned());
    call(|call| {
        get_pin_token(
            transport,
            PinProtocol::Two,
            &pin,
            permission::GET_ASSERTION,
            &mut SysRng,
            call,
        )
    })
    .map(drop)
    .map_err(|error| error.code())
}

fn respond(
    issuer: &IssuerKey,
    enrolled: &EnrollResponse,
    purpose: Purpose,
    challenge: fido_unlock::DeviceChallenge,
) -> fido_unlock::ResponseCode {
    issuer
        .respond(&AuthoriseFields {
            purpose,
            suite: issuer.suite(),
            device_id: enrolled.device_id,
            issuer: issuer.public().unwrap(),
            device_key: (issuer.suite() == Suite::P256EcdhMac).then_some(enrolled.device_key),
            challenge,
        })
        .unwrap()
}

/// The FIDO applet, for what the vendor's does not do.
fn open_fido(entry: &DeviceEntry) -> CtapUnlockDevice<NfcTransport<CardChannel>> {
    let mut entry = entry.clone();
    entry.interface = Interface::Fido;
    CtapUnlockDevice::new(open(&entry).unwrap())
}

fn reset_as_another_program(reader: &str) {
    let context = Context::establish(Scope::User).unwrap();
    let reader = CString::new(reader).unwrap();
    let other = context
        .connect(&reader, ShareMode::Shared, Protocols::ANY)
        .unwrap();
    other.disconnect(Disposition::ResetCard).ok().unwrap();
}

fn whole_unlock(pcscd: &Pcscd, atr: &[u8], suite: Suite) {
    let key = Device::new(
        Key(SoftAuthenticator::builder().build().unwrap()),
        SystemTicks::new(),
    );
    let (virtual_card, entry) = pcscd.insert_seen(atr, card(&key));
    let issuer = IssuerKey::make_p256(suite, &mut SysRng).unwrap();
    let public = issuer.public().unwrap();

    // Enrolment, and its self-test.
    let mut device = open_fido(&entry);
    let planned = match suite {
        Suite::P256Ecdsa => PlannedKey::P256Ecdsa(public),
        _ => PlannedKey::P256EcdhMac(public),
    };
    let plan = EnrollPlan {
        slots: &[(1, planned)],
        options: EnrollOptions::default(),
        protocol: PinProtocol::Two,
        token: None,
    };
    let enrolled = call(|call| enroll(&mut device, &plan, &mut SysRng, call)).unwrap();
    set_pin(device.transport(), OLD_PIN);
    assert_eq!(try_pin(device.transport(), OLD_PIN), Ok(()));
    let passed = call(|call| {
        probe(
            &mut device,
            1,
            |asked| Ok::<_, DeviceError>(respond(&issuer, &enrolled, Purpose::Probe, asked.challenge)),
            call,
        )
    })
    .unwrap();

    // Blocked, with the card out and in again after each three wrong PINs.
    let consent = ConfirmedBlock::new(passed, true).unwrap();
    let mut rounds = Some(virtual_card);
    let entry = loop {
        let progress =
            call(|call| block_pin(device.transport(), &consent, PinProtocol::Two, &mut SysRng, call));
        if progress.unwrap() == BlockProgress::Blocked {
            break entry;
        }
        drop(rounds.take());
        support::first_empty();
        let (virtual_card, entry) = pcscd.insert_seen(atr, card(&key));
        rounds = Some(virtual_card);
        device = open_fido(&entry);
    };
    assert_eq!(try_pin(device.transport(), OLD_PIN), Err(ErrorCode::PinBlocked));
    drop(device);

    // The user's side, over the vendor applet.
    let mut device = CtapUnlockDevice::new(open(&entry).unwrap());
    let info = call(|call| device.info(call)).unwrap();
    assert!(info.is_blocked());
    assert_eq!(device.interface(), Interface::Vendor);
    let session = call(|call| Session::begin_with(&mut device, &info, None, call)).unwrap();
    let Challenge::Line(challenge) = *session.challenge() else {
        panic!("a challenge of suite 3")
    };
    let response = respond(&issuer, &enrolled, Purpose::Authorise, challenge);

    // While the person was on the telephone: another applet was selected, and then the card reset.
    key.deselect_card();
    assert!(call(|call| device.info(call)).unwrap().is_blocked());
    reset_as_another_program(&entry.path);

    let pin = Pin::new(NEW_PIN.to_owned());
    let pin = NewPin::judge(&pin, &pin, &DefaultPinPolicy::default(), session.rules()).unwrap();
    call(|call| session.unlock(&mut device, &response, &pin, &mut SysRng, call)).unwrap();
    assert!(!call(|call| device.info(call)).unwrap().is_blocked());
    drop(device);

    let mut device = open_fido(&entry);
    assert_eq!(try_pin(device.transport(), OLD_PIN), Err(ErrorCode::PinInvalid));
    assert_eq!(try_pin(device.transport(), NEW_PIN), Ok(()));
}

#[test]
fn suite_2_over_a_contactless_card() {
    isolated("suite_2_over_a_contactless_card", |folder| {
        whole_unlock(&Pcscd::start(folder, true), CONTACTLESS, Suite::P256EcdhMac);
    });
}

#[test]
fn suite_1_over_a_contact_card_with_t_1() {
    isolated("suite_1_over_a_contact_card_with_t_1", |folder| {
        whole_unlock(&Pcscd::start(folder, true), CONTACT_T1, Suite::P256Ecdsa);
    });
}

#[test]
fn suite_1_over_a_contact_card_with_t_0() {
    isolated("suite_1_over_a_contact_card_with_t_0", |folder| {
        whole_unlock(&Pcscd::start(folder, true), CONTACT_T0, Suite::P256Ecdsa);
    });
}

#[test]
fn a_card_without_the_applets_is_told_as_that() {
    isolated("a_card_without_the_applets_is_told_as_that", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let (_card, entry) = pcscd.insert_seen(CONTACTLESS, support::echo_card);
        let mut transport = open(&entry).unwrap();
        let result = call(|call| transport.connect(call));
        assert_eq!(result, Err(TransportError::AppletMissing));
    });
}
