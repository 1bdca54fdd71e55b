//! A whole unlock over a real pcscd: enrol, probe, block, challenge, respond, unlock; then the
//! credential made before signs in with the new PIN and not with the old one. Another program resets the card and selects another applet
//! in between.

use std::ffi::CString;

use fido_unlock_host::framing::{Interface, NfcTransport};
use fido_unlock_host::ports::{
    ApduChannel, Call, NeverCancel, NoProgress, SystemTicks, TransportError, UnlockDevice,
};
use fido_unlock_host::{
    BlockProgress, ConfirmedBlock, CtapUnlockDevice, DefaultPinPolicy, EnrollPlan, NewPin, PlannedKey,
    ProbeError, Session, block_pin, enroll, probe,
};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::platform::{Platform, PlatformError, RelyingParty, StoredCredential};
use fido_unlock_pcsc::{CardChannel, DeviceEntry, open};
use fido_unlock_protocol::ctap2::device_unlock::{EnrollOptions, EnrollResponse};
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::suite::{AuthoriseFields, IssuerKey};
use fido_unlock_protocol::{Challenge, ErrorCode, HasCode, Pin, Purpose, Suite};
use getrandom::SysRng;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};

use crate::support::{CONTACTLESS, Frame, Model, PATIENCE, Pcscd, isolated};

const OLD_PIN: &str = "old493817";
const NEW_PIN: &str = "new205746";
/// T=1 in a contact reader: TD1 = 80, TD2 = 01, no historical bytes.
const CONTACT_T1: &[u8] = &[0x3B, 0x80, 0x80, 0x11, 0x00, 0x11];
/// T=0, no extended length.
const CONTACT_T0: &[u8] = &[0x3B, 0x00];

/// The software authenticator as a card: power off and reset take its power.
fn card(key: &Device<SoftAuthenticator>) -> impl Model + 'static {
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

/// Does something as the platform, over protocol 2.
fn platform<R>(
    device: &mut CtapUnlockDevice<NfcTransport<CardChannel>>,
    body: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
) -> Result<R, ErrorCode> {
    call(|call| {
        body(&mut Platform::new(
            device.transport(),
            &mut SysRng,
            call,
            PinProtocol::Two,
        ))
    })
    .map_err(|error| error.code())
}

fn pin(text: &str) -> Pin {
    Pin::new(text.to_owned())
}

/// Signs in with a fresh challenge, judged by the public key that was stored at registration.
fn sign_in(
    device: &mut CtapUnlockDevice<NfcTransport<CardChannel>>,
    relying_party: &RelyingParty,
    credential: &StoredCredential,
    text: &str,
) -> Result<(), ErrorCode> {
    let ceremony = relying_party.begin("webauthn.get", &mut SysRng).unwrap();
    let (auth_data, signature) = platform(device, |platform| {
        platform.get_assertion(&ceremony, &credential.id, &pin(text))
    })?;
    relying_party
        .verify(&ceremony, credential, &auth_data, &signature)
        .unwrap();
    Ok(())
}

fn respond(
    issuer: &IssuerKey,
    enrolled: &EnrollResponse,
    purpose: Purpose,
    challenge: fido_unlock_protocol::DeviceChallenge,
) -> fido_unlock_protocol::ResponseCode {
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
    let key = Device::new(SoftAuthenticator::builder().build().unwrap(), SystemTicks::new());
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
    platform(&mut device, |platform| platform.set_pin(&pin(OLD_PIN))).unwrap();
    let relying_party = RelyingParty::new("example.com");
    let ceremony = relying_party.begin("webauthn.create", &mut SysRng).unwrap();
    let auth_data = platform(&mut device, |platform| {
        platform.make_credential(&ceremony, "user", &pin(OLD_PIN))
    });
    let credential = relying_party.register(&auth_data.unwrap()).unwrap();
    sign_in(&mut device, &relying_party, &credential, OLD_PIN).unwrap();
    let passed = call(|call| {
        probe(
            &mut device,
            1,
            |asked| Ok::<_, ProbeError>(respond(&issuer, &enrolled, Purpose::Probe, asked.challenge)),
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
        key.replug();
        crate::support::first_empty();
        let (virtual_card, entry) = pcscd.insert_seen(atr, card(&key));
        rounds = Some(virtual_card);
        device = open_fido(&entry);
    };
    assert_eq!(
        sign_in(&mut device, &relying_party, &credential, OLD_PIN),
        Err(ErrorCode::PinBlocked)
    );
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

    let rules = session.rules();
    let new_pin = NewPin::judge(&pin(NEW_PIN), &DefaultPinPolicy::default(), rules).unwrap();
    call(|call| session.unlock(&mut device, &response, &new_pin, &mut SysRng, call)).unwrap();
    assert!(!call(|call| device.info(call)).unwrap().is_blocked());
    drop(device);

    let mut device = open_fido(&entry);
    assert_eq!(
        sign_in(&mut device, &relying_party, &credential, OLD_PIN),
        Err(ErrorCode::PinInvalid)
    );
    assert_eq!(sign_in(&mut device, &relying_party, &credential, NEW_PIN), Ok(()));
}

#[test]
fn suite_2_over_a_contactless_card() {
    isolated("unlock::suite_2_over_a_contactless_card", |folder| {
        whole_unlock(&Pcscd::start(folder, true), CONTACTLESS, Suite::P256EcdhMac);
    });
}

#[test]
fn suite_1_over_a_contact_card_with_t_1() {
    isolated("unlock::suite_1_over_a_contact_card_with_t_1", |folder| {
        whole_unlock(&Pcscd::start(folder, true), CONTACT_T1, Suite::P256Ecdsa);
    });
}

#[test]
fn suite_1_over_a_contact_card_with_t_0() {
    isolated("unlock::suite_1_over_a_contact_card_with_t_0", |folder| {
        whole_unlock(&Pcscd::start(folder, true), CONTACT_T0, Suite::P256Ecdsa);
    });
}

#[test]
fn a_card_without_the_applets_is_told_as_that() {
    isolated("unlock::a_card_without_the_applets_is_told_as_that", |folder| {
        let pcscd = Pcscd::start(folder, true);
        let (_card, entry) = pcscd.insert_seen(CONTACTLESS, crate::support::echo_card);
        let mut transport = open(&entry).unwrap();
        let result = call(|call| transport.connect(call));
        assert_eq!(result, Err(TransportError::AppletMissing));
    });
}
