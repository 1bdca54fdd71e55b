//! The steps, and what the host says of them.

use std::time::Duration;

use fido_unlock_host::framing::Interface;
use fido_unlock_host::ports::UnlockDevice;
use fido_unlock_host::{
    CtapUnlockDevice, DefaultPinPolicy, DeviceError, DeviceRefusal, NewPin, Outcome, ProbeError, Session,
    UnlockError, probe,
};
use fido_unlock_mock::Touch;
use fido_unlock_mock::authenticator::SeededEntropy;
use fido_unlock_mock::flash::{Cut, Flash};
use fido_unlock_mock::platform::{Platform, PlatformError, RelyingParty};
use fido_unlock_mock::state::State;
use fido_unlock_protocol::ctap2::command;
use fido_unlock_protocol::pin_protocol::{PinProtocol, hash_pin};
use fido_unlock_protocol::{Challenge, Pin, Purpose, ResponseCode};

use super::check::{Allowed, Change, pin_of};
use super::issuer::Enrolled;
use super::{Code, PINS, RP_ID, Run, Step, WRONG_PIN};
use crate::virtual_device::{Edit, Fate, Key, Plan};

/// Wrong responses in one power-up (docs/protocol.md, section 3.2).
const MOST_WRONG: u32 = 5;
const MAX_RETRIES: u8 = 8;

/// The Response Codes that went out, and whether they are right for their challenge.
struct Typed {
    response: Vec<u8>,
    challenge: Challenge,
}

/// A challenge as the device told it, and the touches until then.
struct Told {
    slot: u8,
    challenge: Challenge,
    touches: u32,
}

pub struct Conversation {
    key: Key,
    enrolled: &'static Enrolled,
    protocol: PinProtocol,
    monotonic_counter: bool,
    entropy: SeededEntropy,
    session: Option<Session>,
    previous: Option<(u8, Challenge)>,
    right_codes: Vec<Typed>,
    used: Vec<Challenge>,
    told: Option<Told>,
    /// Wrong responses in this power-up that are certain, and those that may be more.
    wrong: (u32, u32),
    /// The enrolment of the start is gone.
    was_reset: bool,
    saved: Option<Flash>,
    copied_back: bool,
    /// Power is lost in the next step.
    cut: Option<Cut>,
}

fn interface(vendor: bool) -> Interface {
    if vendor {
        Interface::Vendor
    } else {
        Interface::Fido
    }
}

fn pin(number: u8) -> &'static str {
    PINS[usize::from(number) % PINS.len()]
}

impl Conversation {
    pub fn new(run: &Run) -> Self {
        let enrolled = Enrolled::get(run.force_pin_change);
        let protocol = if run.protocol_one {
            PinProtocol::One
        } else {
            PinProtocol::Two
        };
        let key = Key::new(|builder| {
            builder
                .protocols(&[protocol])
                .monotonic_counter(run.monotonic_counter)
                .max_retries(MAX_RETRIES)
        });
        key.load(&enrolled.flash);
        key.change(|state| state.pin_retries = run.retries.min(MAX_RETRIES));
        Self {
            key,
            enrolled,
            protocol,
            monotonic_counter: run.monotonic_counter,
            entropy: SeededEntropy::new(5),
            session: None,
            previous: None,
            right_codes: Vec::new(),
            used: Vec::new(),
            told: None,
            wrong: (0, 0),
            was_reset: false,
            saved: None,
            copied_back: false,
            cut: None,
        }
    }

    pub fn run(&mut self, step: Step) {
        let before = self.key.state();
        let counter = self.counter();
        let cut = self.cut.take();
        self.key.store.with_flash(|flash| flash.arm(cut));
        let allowed = self.act(step, &before);
        if self.key.recover() {
            self.lost_power();
        }
        let after = self.key.state();
        if after.to_value().get(2) != before.to_value().get(2) {
            self.lost_power();
            self.was_reset = true;
            self.told = None;
        }
        let change = Change {
            before: &before,
            after: &after,
            counters: (counter, self.counter()),
            max_retries: MAX_RETRIES,
        };
        // A flash that was copied back is another one's past, which was judged then.
        if let Some(allowed) = allowed {
            change.judge(allowed);
        }
    }

    /// The unlock counter, as `getInfo` tells it; and `getInfo` only reads.
    fn counter(&self) -> u32 {
        let before = self.key.state_bytes();
        let mut device = CtapUnlockDevice::new(self.key.wire(Interface::Fido));
        let info = self.key.call(|call| device.info(call)).expect("getInfo");
        let state = self.key.state();
        assert_eq!(info.pin_retries, state.pin_retries);
        assert_eq!(info.pin_set, state.pin.is_some());
        assert_eq!(info.sealed, state.unlock_record.is_some());
        assert!(!info.unlock_blocked || self.wrong.1 >= MOST_WRONG);
        assert!(info.unlock_blocked || self.wrong.0 < MOST_WRONG);
        assert_eq!(self.key.state_bytes(), before, "getInfo changed something");
        info.unlock_counter
    }

    fn lost_power(&mut self) {
        self.wrong = (0, 0);
    }

    fn touches(&self) -> u32 {
        self.key.touch.waits()
    }

    fn act(&mut self, step: Step, before: &State) -> Option<Allowed> {
        let mut allowed = Allowed::default();
        match step {
            Step::CtapInfo => {
                let bytes = self.key.state_bytes();
                self.key.raw(Interface::Fido, &[command::GET_INFO]);
                assert_eq!(
                    self.key.state_bytes(),
                    bytes,
                    "authenticatorGetInfo changed something"
                );
            }
            Step::Begin { vendor, slot } => {
                allowed.record = true;
                self.begin(interface(vendor), slot.map(|slot| slot % 4));
            }
            Step::Renew { vendor } => {
                allowed.record = true;
                self.renew(interface(vendor));
            }
            Step::Unlock {
                vendor,
                code,
                pin: number,
                edit,
                fate,
            } => {
                allowed = self.unlock(interface(vendor), code, pin(number), edit, fate);
            }
            Step::Resolve { vendor } => {
                // The challenge is asked for once more. One that is void by then, as after a cut between the monotonic
                // counter and the record, is followed by another.
                allowed.record = true;
                self.resolve(interface(vendor));
            }
            Step::Probe { slot, right } => self.probe(slot % 4, right),
            Step::TryPin { right } => {
                let text = pin_of(before).filter(|_| right).unwrap_or(WRONG_PIN);
                allowed.tries = 1;
                allowed.right_pin = right;
                let taken = self.platform(|platform| platform.try_pin(&Pin::new(text.into())));
                assert!(
                    taken.is_err() || (right && before.pin_retries > 0),
                    "a wrong PIN is taken"
                );
            }
            Step::SignIn => {
                allowed = sign_in_may();
                if let Some(pin) = pin_of(before) {
                    let signed_in = self.sign_in(pin);
                    assert!(!signed_in || before.pin_retries > 0);
                }
            }
            Step::MakeCredential => {
                allowed = sign_in_may();
                allowed.credential = true;
                if let Some(pin) = pin_of(before) {
                    let ceremony = RelyingParty::new(RP_ID).begin("webauthn.create", &mut self.entropy);
                    let _ = self.platform(|platform| {
                        platform.make_credential(&ceremony.unwrap(), "another user", &Pin::new(pin.into()))
                    });
                }
            }
            Step::SetPin { pin: number } => {
                allowed.set_pin = true;
                let set = self.platform(|platform| platform.set_pin(&Pin::new(pin(number).into())));
                assert!(set.is_err() || before.pin.is_none(), "setPIN over a PIN");
            }
            Step::Again { back, edit } => allowed = self.again(back, edit, before),
            Step::Raw {
                vendor,
                command,
                body,
            } => {
                let message = [&[command.number()], &body[..]].concat();
                self.key.raw(interface(vendor), &message);
                allowed = raw_may(&message, before);
            }
            Step::Reset => {
                allowed.reset = true;
                self.power_cycle(None);
                self.key.raw(Interface::Fido, &[command::RESET]);
            }
            Step::PowerCycle { cut } => self.power_cycle(cut),
            Step::Cut { writes } => self.cut = Some(Cut::AtWrite(u64::from(writes % 16))),
            Step::CutByte { bytes } => self.cut = Some(Cut::AtByte(u64::from(bytes % 4096))),
            Step::EntropyFails { fills } => self.key.noise.fail(fills % 4),
            Step::Button(press) => self.key.touch.set(press.touch()),
            Step::Wait { seconds } => self.key.ticks.advance(Duration::from_secs(seconds.into())),
            Step::SaveFlash => self.saved = Some(self.key.store.with_flash(|flash| flash.clone())),
            Step::CopyFlashBack => {
                if let Some(flash) = &self.saved {
                    self.key.load(flash);
                    self.lost_power();
                    self.copied_back = true;
                    self.told = None;
                    return None;
                }
            }
        }
        Some(allowed)
    }

    fn power_cycle(&mut self, cut: Option<u8>) {
        self.lost_power();
        if let Some(writes) = cut {
            let cut = Cut::AtWrite(u64::from(writes % 8));
            self.key.store.with_flash(|flash| flash.arm(Some(cut)));
        }
        self.key.power_cycle();
        self.key.recover();
    }

    fn platform<T>(
        &mut self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<T, PlatformError>,
    ) -> Result<T, PlatformError> {
        let mut wire = self.key.wire(Interface::Fido);
        self.key.call(|call| {
            work(&mut Platform::new(
                &mut wire,
                &mut self.entropy,
                call,
                self.protocol,
            ))
        })
    }

    /// Signs in with the passkey of the start; a signature that is given is good.
    fn sign_in(&mut self, pin: &str) -> bool {
        let relying_party = RelyingParty::new(RP_ID);
        let credential = &self.enrolled.credential;
        let ceremony = relying_party.begin("webauthn.get", &mut self.entropy).unwrap();
        let given = self
            .platform(|platform| platform.get_assertion(&ceremony, &credential.id, &Pin::new(pin.into())));
        let Ok((auth_data, signature)) = given else {
            return false;
        };
        assert!(!self.was_reset, "a credential lived through a reset");
        relying_party
            .verify(&ceremony, credential, &auth_data, &signature)
            .expect("the passkey signs");
        true
    }

    fn begin(&mut self, interface: Interface, slot: Option<u8>) {
        let touches = self.touches();
        let mut device = CtapUnlockDevice::new(self.key.wire(interface));
        let begun = self.key.call(|call| Session::begin(&mut device, slot, call));
        let Ok(session) = begun else { return };
        assert_eq!(
            self.key.state().pin_retries,
            0,
            "a challenge for a PIN that is not blocked"
        );
        assert_eq!(Session::from_bytes(&session.to_bytes()).as_ref(), Ok(&session));
        let now = Told {
            slot: session.slot(),
            challenge: *session.challenge(),
            touches: self.touches(),
        };
        if let Some(told) = &self.told {
            let same = told.challenge == now.challenge;
            let untouched = told.touches == self.touches() && touches == self.touches();
            assert!(
                same || told.slot != now.slot || !untouched,
                "the challenge ends without a touch"
            );
        }
        self.told = Some(now);
        self.take(session);
    }

    fn take(&mut self, session: Session) {
        if let Some(old) = self.session.take()
            && old.challenge() != session.challenge()
        {
            self.previous = Some((old.slot(), *old.challenge()));
        }
        self.session = Some(session);
    }

    fn renew(&mut self, interface: Interface) {
        let Some(mut session) = self.session.clone() else {
            return;
        };
        let (touches, old) = (self.touches(), *session.challenge());
        let mut device = CtapUnlockDevice::new(self.key.wire(interface));
        if self.key.call(|call| session.renew(&mut device, call)).is_err() {
            return;
        }
        assert_ne!(*session.challenge(), old);
        // Where none is pending none ends.
        if self.told.is_some() && !self.used.contains(&old) && !self.copied_back {
            assert!(self.touches() > touches, "a challenge ends without a touch");
        }
        self.told = Some(Told {
            slot: session.slot(),
            challenge: *session.challenge(),
            touches: self.touches(),
        });
        self.take(session);
    }

    fn code(&self, session: &Session, code: Code) -> ResponseCode {
        let (slot, challenge) = (session.slot(), session.challenge());
        let right = || self.enrolled.respond(slot, Purpose::Authorise, challenge);
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = right().expose_bytes().to_vec();
            change(&mut bytes);
            ResponseCode::from_bytes(session.suite(), &bytes).unwrap_or_else(|_| right())
        };
        match code {
            Code::Right => right(),
            Code::WrongBit(bit) => changed(&|bytes| {
                let place = usize::from(bit / 8) % bytes.len();
                bytes[place] ^= 1 << (bit % 8);
            }),
            Code::Zeros => changed(&|bytes| bytes.fill(0)),
            Code::Stale => match &self.previous {
                Some((old_slot, old)) if old.suite() == session.suite() => {
                    self.enrolled.respond(*old_slot, Purpose::Authorise, old)
                }
                _ => changed(&|bytes| bytes.fill(0xF0)),
            },
            Code::OfProbe => self.enrolled.respond(slot, Purpose::Probe, challenge),
        }
    }

    /// Whether a code may still unlock: its challenge was not used up, as far as the device can know.
    fn is_fresh(&self, challenge: &Challenge) -> bool {
        !self.used.contains(challenge) || (self.copied_back && !self.monotonic_counter)
    }

    fn unlock(
        &mut self,
        interface: Interface,
        code: Code,
        new_pin: &'static str,
        edit: Option<Edit>,
        fate: Fate,
    ) -> Allowed {
        let Some(session) = self.session.clone() else {
            return Allowed::default();
        };
        let policy = DefaultPinPolicy::new().unicode();
        let Ok(judged) = NewPin::judge(&Pin::new(new_pin.into()), &policy, session.rules()) else {
            return Allowed::default();
        };
        let response = self.code(&session, code);
        let challenge = *session.challenge();
        let right = !self.was_reset
            && response.expose_bytes()
                == self
                    .enrolled
                    .respond(session.slot(), Purpose::Authorise, &challenge)
                    .expose_bytes();
        let before = self.key.state();
        let counter = self.counter();
        let mut wire = self.key.wire(interface);
        wire.plan = Plan {
            part: response.expose_bytes().to_vec(),
            edit,
            fate,
        };
        let mut device = CtapUnlockDevice::new(wire);
        let entropy = &mut self.entropy;
        let result = self
            .key
            .call(|call| session.unlock(&mut device, &response, &judged, entropy, call));
        let wire = device.into_transport();
        let edited = wire.was_edited();
        assert!(wire.delivered() <= 1, "unlock is sent twice");
        if right {
            self.right_codes.push(Typed {
                response: response.expose_bytes().to_vec(),
                challenge,
            });
        }
        let may_unlock = right && !edited && self.is_fresh(&challenge);
        let lost_power = self.key.recover();
        let delivered = wire.delivered() > 0 && !edited;
        drop(wire);
        let blocked = self.wrong.0 >= MOST_WRONG;
        if lost_power {
            self.lost_power();
        }
        let after = self.key.state();
        let counter_after = self.counter_later();
        let moved = counter_after != counter;
        match &result {
            Ok(()) => {
                assert!(may_unlock && !blocked, "unlocked without a right code");
                assert!(
                    moved && pin_of(&after) == Some(new_pin),
                    "told as unlocked, but it is not"
                );
                assert_eq!(before.pin_retries, 0);
            }
            Err(UnlockError::Device(error)) => {
                assert!(!moved, "told as not unlocked ({error}), but it is");
                let refused = |refusal| *error == DeviceError::Refused(refusal);
                if refused(DeviceRefusal::WrongResponse) {
                    assert!(!right, "a right code is refused");
                    assert!(!edited, "a message that its MAC does not fit is judged");
                    if !lost_power {
                        self.wrong.0 += 1;
                    }
                }
                if refused(DeviceRefusal::TooManyWrongResponses) {
                    assert!(self.wrong.1 >= MOST_WRONG || lost_power);
                }
            }
            Err(UnlockError::Refused(_)) => {}
        }
        if delivered && !right && !lost_power {
            self.wrong.1 += 1;
        }
        if moved {
            self.used.push(challenge);
            self.told = None;
            self.wrong = (0, 0);
        }
        assert!(self.wrong.0 <= MOST_WRONG);
        Allowed {
            unlock: may_unlock,
            // The challenge is asked for once more before.
            record: true,
            ..Allowed::default()
        }
    }

    /// As [`Conversation::counter`], where the count of wrong responses is not settled yet.
    fn counter_later(&self) -> u32 {
        let mut device = CtapUnlockDevice::new(self.key.wire(Interface::Fido));
        let info = self.key.call(|call| device.info(call)).expect("getInfo");
        info.unlock_counter
    }

    fn resolve(&mut self, interface: Interface) {
        let Some(session) = &self.session else { return };
        let mut device = CtapUnlockDevice::new(self.key.wire(interface));
        let outcome = self.key.call(|call| session.resolve(&mut device, call));
        if outcome == Ok(Outcome::Unlocked) && !self.copied_back && !self.was_reset {
            assert!(
                self.used.contains(session.challenge()),
                "resolved to an unlock that was not"
            );
        }
        if outcome == Ok(Outcome::NotUnlocked) && !self.copied_back && !self.was_reset {
            assert!(
                !self.used.contains(session.challenge()),
                "an unlock is resolved to none"
            );
        }
    }

    fn probe(&mut self, slot: u8, right: bool) {
        let mut device = CtapUnlockDevice::new(self.key.wire(Interface::Fido));
        let (enrolled, before) = (self.enrolled, self.key.state_bytes());
        let passed = self.key.call(|call| {
            probe::<_, ProbeError>(
                &mut device,
                slot,
                |asked| {
                    let purpose = if right { Purpose::Probe } else { Purpose::Authorise };
                    Ok(enrolled.respond(slot, purpose, &Challenge::Line(asked.challenge)))
                },
                call,
            )
            .map(drop)
        });
        assert!(
            passed.is_err() || (right && !self.was_reset),
            "a wrong response passes the probe"
        );
        if self.key.store.with_flash(|flash| flash.is_powered()) {
            assert_eq!(self.key.state_bytes(), before, "the probe changed something");
        }
    }

    /// An earlier message once more: what it may do it may do only where it is a right `unlock` that the device
    /// did not get, or did not carry out.
    fn again(&mut self, back: u8, edit: Option<Edit>, before: &State) -> Allowed {
        let found = self.key.sent.borrow().iter().rev().nth(back.into()).cloned();
        let Some((interface, original)) = found else {
            return Allowed::default();
        };
        let mut message = original.clone();
        if let Some(edit) = edit {
            edit.apply(&mut message);
        }
        let has = |part: &[u8]| original.windows(part.len()).any(|window| window == part);
        let code = self.right_codes.iter().find(|code| has(&code.response));
        let challenge = code.map(|code| code.challenge).filter(|_| message == original);
        let may_unlock = challenge.is_some_and(|challenge| self.is_fresh(&challenge));
        let touches = self.touches();
        let counter = self.counter();
        self.key.raw(interface, &message);
        if self.key.recover() {
            self.lost_power();
        }
        // A wrong response may be among what is repeated.
        self.wrong.1 += 1;
        let moved = self.counter_later() != counter;
        if moved {
            assert!(may_unlock && self.wrong.0 < MOST_WRONG, "an old message unlocks");
            self.used.extend(challenge);
            self.wrong = (0, 0);
        }
        if moved || self.touches() != touches {
            self.told = None;
        }
        let mut allowed = raw_may(&message, before);
        allowed.unlock = may_unlock;
        // A repeated setPIN or getPinToken is one that was right once.
        allowed.right_pin = message.first() == Some(&command::CLIENT_PIN);
        allowed.set_pin = allowed.right_pin;
        allowed
    }

    /// Power, button and random bytes are good again, and the PIN is blocked: the help desk's code unlocks.
    pub fn unlock_at_last(&mut self) {
        self.key.recover();
        self.power_cycle(None);
        self.key.noise.fail(0);
        self.key.touch.set(Touch::AtOnce);
        if self.was_reset || self.key.state().unlock_record.is_none() {
            return;
        }
        self.key.change(|state| {
            state.pin_retries = 0;
            state.force_pin_change = false;
        });
        self.session = None;
        self.begin(Interface::Fido, None);
        let session = self.session.as_ref().expect("a challenge");
        if !self.is_fresh(session.challenge()) {
            panic!("a used challenge is told");
        }
        let old = pin_of(&self.key.state());
        let new = PINS.into_iter().find(|pin| Some(*pin) != old).unwrap();
        self.unlock(Interface::Fido, Code::Right, new, None, Fate::Answered);
        let state = self.key.state();
        let hash = state.pin.as_ref().map(|pin| pin.hash);
        assert_eq!(
            hash,
            Some(*hash_pin(new.as_bytes())),
            "the right code does not unlock"
        );
        assert!(self.sign_in(new), "the passkey does not sign in");
    }
}

/// What a sign-in with the right PIN may change.
fn sign_in_may() -> Allowed {
    Allowed {
        tries: 1,
        right_pin: true,
        ..Allowed::default()
    }
}

/// What a message that nobody made may change.
fn raw_may(message: &[u8], before: &State) -> Allowed {
    let code = message.first().copied().unwrap_or_default();
    Allowed {
        tries: u8::from(code == command::CLIENT_PIN),
        credential: code == command::MAKE_CREDENTIAL,
        reset: code == command::RESET,
        settings: before.pin.is_none(),
        record: code == command::DEVICE_UNLOCK,
        ..Allowed::default()
    }
}
