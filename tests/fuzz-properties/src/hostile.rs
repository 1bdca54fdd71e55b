//! The host against a device that answers whatever the fuzzer wants: diagnosis, unlock, enrolment, probe and
//! a PIN token over it, by messages, reports and APDUs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use arbitrary::Arbitrary;
use fido_unlock_host::framing::nfc::{ApduCommand, CHAINING, VENDOR_VERSION, instruction};
use fido_unlock_host::framing::{HidTransport, Interface, NfcTransport};
use fido_unlock_host::ports::{
    ApduChannel, Call, Cancel, HidReports, NoProgress, ProgressEvent, Ticks, Transport, TransportError,
    UnlockDevice,
};
use fido_unlock_host::{
    CtapUnlockDevice, DefaultPinPolicy, EnrollPlan, NewPin, PlannedKey, ProbeError, Session, TokenScope,
    UnlockError, diagnose, enroll, get_pin_token, probe,
};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::authenticator::SeededEntropy;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::command;
use fido_unlock_protocol::ctap2::device_unlock::{ChallengeResponse, EnrollOptions};
use fido_unlock_protocol::pin_protocol::{PinProtocol, hash_pin};
use fido_unlock_protocol::{AdminKey, Challenge, DeviceId, Pin, ResponseCode, Suite};

use crate::typed;

const PIN: &str = "geheim57";
const ADMIN_KEY: &[u8; 16] = b"\x91an-admin-key!\x02\x03";
/// What a call may take beyond its time: the drain, and the question what a lost unlock did.
const LATE: Duration = Duration::from_secs(3);
/// Looks, reads and sends of one call; a wait of a call takes 50 ms or brings something.
const MOST_STEPS: u32 = 20_000;
const CHANNEL: [u8; 4] = [0, 0, 0, 5];

#[derive(Arbitrary, Debug)]
struct Run {
    way: Way,
    flow: Flow,
    vendor: bool,
    /// Cancelled at this look at the flag; 0 is never.
    cancel_at: u8,
    answers: Vec<Answer>,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Messages,
    Reports,
    /// Only CTAPHID_INIT is answered well.
    RawReports,
    Apdus,
    /// Only SELECT is answered well.
    RawApdus,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Flow {
    Unlock { renew: bool },
    Enroll,
    Probe,
    Token { permissions: u8 },
}

#[derive(Arbitrary, Debug)]
enum Answer {
    Info(Info),
    Challenge(ChallengeFields),
    /// Success and this in the place of CBOR.
    Body(Vec<u8>),
    Status(u8),
    /// The whole answer, status included.
    Bytes(Vec<u8>),
    KeyAgreement {
        good: bool,
    },
    /// An error of the way.
    Error(u8),
    Silence,
    /// Comes before the next answer.
    Keepalive(u8),
    /// A report or nothing that anybody asked for, before the next answer.
    Stray(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
struct Info {
    retries: u8,
    counter: u32,
    enrolled: bool,
    unlock_blocked: bool,
    slots: Vec<(u8, u8)>,
    device_id: Option<u8>,
    protocols: Vec<u8>,
    pin_lengths: (u8, u8),
    max_msg_size: u16,
    /// This key is left out, or has another type.
    without: Option<(u8, bool)>,
}

#[derive(Arbitrary, Debug)]
struct ChallengeFields {
    nonce: u8,
    device_id: u8,
    suite: u8,
    slot: u8,
    counter: u8,
    good_key: bool,
    without: Option<(u8, bool)>,
}

impl Info {
    /// By bits of the counter, which otherwise say nothing.
    fn spent(&self) -> Option<bool> {
        (self.counter >> 31 == 1).then_some(self.counter >> 30 & 1 == 1)
    }

    fn to_value(&self) -> Value {
        let slots: Vec<Value> = self
            .slots
            .iter()
            .map(|(slot, suite)| {
                Value::int_map([
                    (1, Some((*slot).into())),
                    (2, Some((*suite).into())),
                    (3, (suite & 4 == 0).then(|| Value::bytes(&[*slot; 16]))),
                ])
            })
            .collect();
        let protocols: Vec<Value> = self.protocols.iter().map(|number| Value::from(*number)).collect();
        let map = Value::int_map([
            (1, Some(1u64.into())),
            (2, Some(true.into())),
            (3, Some(self.retries.into())),
            (4, Some(false.into())),
            (6, Some(protocols.into())),
            (7, Some(self.pin_lengths.0.into())),
            (8, Some(self.pin_lengths.1.into())),
            (9, Some(false.into())),
            (10, Some(false.into())),
            (11, Some(u64::from(self.max_msg_size).into())),
            (12, Some(self.counter.into())),
            (13, Some(self.enrolled.into())),
            (14, Some(slots.into())),
            (15, self.device_id.map(|id| Value::bytes(&[id; 10]))),
            (16, Some(self.unlock_blocked.into())),
            (17, Some(true.into())),
            (18, Some(12u64.into())),
            (19, self.spent().map(Value::from)),
        ]);
        spoil(map, self.without)
    }
}

impl ChallengeFields {
    fn to_value(&self) -> Value {
        let aes = self.suite == 3;
        let mut challenge = vec![self.nonce; if aes { 16 } else { 18 }];
        if !aes {
            challenge[0] = 0x10 | self.suite & 15;
            challenge[1] = self.slot << 4 | self.nonce & 15;
            challenge[17] = self.counter << 4;
        }
        let map = Value::int_map([
            (1, Some(Value::bytes(&challenge))),
            (2, Some(Value::bytes(&[self.device_id; 10]))),
            (3, aes.then(|| 3u64.into())),
            (4, aes.then(|| self.slot.into())),
            (5, Some(key_agreement(self.good_key))),
        ]);
        spoil(map, self.without)
    }
}

/// Without a key, or with another type under it.
fn spoil(map: Value, without: Option<(u8, bool)>) -> Value {
    let (Value::Map(mut entries), Some((key, gone))) = (map.clone(), without) else {
        return map;
    };
    let is_it = |(other, _): &(Value, Value)| *other == Value::from(key);
    if gone {
        entries.retain(|entry| !is_it(entry));
    } else if let Some(entry) = entries.iter_mut().find(|entry| is_it(entry)) {
        entry.1 = "text".into();
    }
    Value::Map(entries)
}

/// A COSE_Key: the curve's base point, or none that is on it.
fn key_agreement(good: bool) -> Value {
    let hex = |text: &str| -> Vec<u8> {
        (0..32)
            .map(|byte| u8::from_str_radix(&text[2 * byte..2 * byte + 2], 16).unwrap())
            .collect()
    };
    let x = hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    let mut y = hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    y[31] ^= u8::from(!good);
    Value::int_map([
        (1, Some(2u64.into())),
        (3, Some(Value::from(-25i64))),
        (-1, Some(1u64.into())),
        (-2, Some(Value::bytes(&x))),
        (-3, Some(Value::bytes(&y))),
    ])
}

/// - Every call of the host is over in its time, and asks no end of things.
/// - PIN, PIN hash and admin key are in no message.
/// - The Response Code goes out once a call at most, and only after the device has told the Device ID and the
///   challenge that the session shows.
/// - An unlock that is told as done was sent.
/// - A session is read back from its bytes as it was.
pub fn hostile(data: &[u8]) {
    if let Some(run) = typed::<Run>(data) {
        play(run);
    }
}

/// The device, with what was seen of the host.
fn play(run: Run) -> Device {
    let ticks = TestTicks::new();
    let device = Device(Rc::new(RefCell::new(Hostile {
        answers: run.answers.into(),
        raw: matches!(run.way, Way::RawReports | Way::RawApdus),
        watch: Watch {
            exact: run.way == Way::Messages,
            ..Watch::default()
        },
        steps: 0,
        ticks: ticks.clone(),
    })));
    let interface = if run.vendor {
        Interface::Vendor
    } else {
        Interface::Fido
    };
    let transport: Box<dyn Transport> = match run.way {
        Way::Messages => Box::new(Messages(device.clone(), interface)),
        Way::Reports | Way::RawReports => {
            let reports = Reports {
                device: device.clone(),
                message: Vec::new(),
                length: 0,
                out: VecDeque::new(),
            };
            Box::new(HidTransport::new(reports, SeededEntropy::new(1), interface))
        }
        Way::Apdus | Way::RawApdus => {
            let card = Apdus {
                device: device.clone(),
                chain: Vec::new(),
                rest: Vec::new(),
            };
            Box::new(NfcTransport::new(card, interface))
        }
    };
    let cancel = CancelAt {
        looks: Cell::new(0),
        at: run.cancel_at,
    };
    let host = Host {
        device: device.clone(),
        ticks,
        cancel,
    };
    let mut unlock_device = CtapUnlockDevice::new(transport);
    match run.flow {
        Flow::Unlock { renew } => host.unlock(&mut unlock_device, renew),
        Flow::Enroll => host.enroll(&mut unlock_device),
        Flow::Probe => {
            let made = |suite| response(suite);
            let _ = host.call(Call::QUICK, |call| {
                probe::<_, ProbeError>(
                    &mut unlock_device,
                    1,
                    |asked| Ok(made(asked.challenge.suite())),
                    call,
                )
                .map(drop)
            });
        }
        Flow::Token { permissions } => {
            let pin = Pin::new(PIN.into());
            let scope = TokenScope {
                permissions,
                rp_id: Some("example.com"),
            };
            let token = host.call(Call::WITH_TOUCH, |call| {
                let transport = unlock_device.transport();
                get_pin_token(
                    transport,
                    PinProtocol::Two,
                    &pin,
                    scope,
                    &mut SeededEntropy::new(2),
                    call,
                )
            });
            if let Ok(token) = token {
                assert!(matches!(token.len(), 16 | 32));
            }
        }
    }
    device
}

struct Host {
    device: Device,
    ticks: TestTicks,
    cancel: CancelAt,
}

impl Host {
    fn call<T>(&self, within: Duration, work: impl FnOnce(&mut Call<'_>) -> T) -> T {
        let begun = self.ticks.now();
        self.device.0.borrow_mut().steps = 0;
        let mut progress = NoProgress;
        let mut call = Call::new(&self.ticks, within, &self.cancel, &mut progress);
        let result = work(&mut call);
        assert!(
            self.ticks.now() - begun <= within + LATE,
            "a call goes on after its deadline"
        );
        result
    }

    fn unlock(&self, device: &mut CtapUnlockDevice<Box<dyn Transport>>, renew: bool) {
        let info = self.call(Call::QUICK, |call| device.info(call));
        if let Some(found) = diagnose(&info, &[]) {
            assert!(!found.sentence().is_empty());
            let ready = info.as_ref().is_ok_and(|info| info.is_blocked() && info.sealed);
            assert!(ready || !found.can_unlock());
        }
        let Ok(info) = info else { return };
        let begun = self.call(Call::QUICK, |call| Session::begin_with(device, &info, None, call));
        let Ok(mut session) = begun else { return };
        if renew {
            let before = session.clone();
            let renewed = self.call(Call::WITH_TOUCH, |call| session.renew(device, call));
            assert!(renewed.is_ok() || session == before);
            assert_eq!(session.device_id(), before.device_id());
        }
        assert_eq!(Session::from_bytes(&session.to_bytes()).as_ref(), Ok(&session));
        let Ok(pin) = NewPin::judge(&Pin::new(PIN.into()), &DefaultPinPolicy::new(), session.rules()) else {
            return;
        };
        let code = response(session.suite());
        self.device.watch(|watch| {
            watch.unlocks = 0;
            watch.guarded = code.expose_bytes().to_vec();
            watch.shown = Some((session.device_id(), *session.challenge()));
        });
        let result = self.call(Call::WITH_TOUCH, |call| {
            session.unlock(device, &code, &pin, &mut SeededEntropy::new(3), call)
        });
        let (sent, exact) = self.device.watch(|watch| (watch.unlocks, watch.exact));
        // Framing sends a message again that the device says it did not take.
        assert!(sent <= 1 || !exact, "the Response Code goes out {sent} times");
        assert!(
            sent >= 1 || result.is_err(),
            "an unlock that was not sent is told as done"
        );
        if let Err(UnlockError::Refused(_)) = result {
            let _ = self.call(Call::QUICK, |call| session.resolve(device, call));
        }
    }

    fn enroll(&self, device: &mut CtapUnlockDevice<Box<dyn Transport>>) {
        let key = AdminKey::new(ADMIN_KEY).unwrap();
        let plan = EnrollPlan {
            slots: &[(1, PlannedKey::AesAdminKey(&key))],
            options: EnrollOptions::default(),
            protocol: PinProtocol::Two,
            token: None,
        };
        let _ = self.call(Call::WITH_TOUCH, |call| {
            enroll(device, &plan, &mut SeededEntropy::new(4), call).map(drop)
        });
    }
}

/// A Response Code of a suite that no device has told.
fn response(suite: Suite) -> ResponseCode {
    let mut bytes: Vec<u8> = (0..suite.response_length())
        .map(|place| 0xC0 ^ place as u8)
        .collect();
    if suite == Suite::P256EcdhMac {
        bytes[12] &= 0xF0;
    }
    ResponseCode::from_bytes(suite, &bytes).unwrap()
}

struct CancelAt {
    looks: Cell<u8>,
    at: u8,
}

impl Cancel for CancelAt {
    fn is_cancelled(&self) -> bool {
        self.looks.set(self.looks.get().saturating_add(1));
        self.at != 0 && self.looks.get() >= self.at
    }
}

/// What goes over to the device.
#[derive(Default)]
struct Watch {
    /// What the device tells is what the host reads: nothing stray comes in between.
    exact: bool,
    /// The command bytes of the messages that came.
    asked: Vec<u8>,
    /// Copies of the Response Code that went out.
    unlocks: u32,
    guarded: Vec<u8>,
    shown: Option<(DeviceId, Challenge)>,
    /// What the device said last when it was asked for a challenge.
    told: Option<(DeviceId, Challenge)>,
}

impl Watch {
    fn message(&mut self, message: &[u8]) {
        self.asked.extend(message.first());
        let has = |part: &[u8]| message.windows(part.len()).any(|window| window == part);
        assert!(!has(PIN.as_bytes()) && !has(&*hash_pin(PIN.as_bytes())) && !has(ADMIN_KEY));
        if !self.guarded.is_empty() && has(&self.guarded) {
            self.unlocks += 1;
            let same = self.shown.is_some() && self.told == self.shown;
            assert!(same || !self.exact, "the Response Code goes to another device");
        }
    }

    fn answer(&mut self, answer: &[u8]) {
        let map = answer.strip_prefix(&[0]).and_then(|body| Value::parse(body).ok());
        let told = map.and_then(|map| ChallengeResponse::from_value(&map).ok());
        if let Some(told) = told {
            self.told = Some((told.device_id, told.challenge));
        }
    }
}

struct Hostile {
    answers: VecDeque<Answer>,
    raw: bool,
    watch: Watch,
    steps: u32,
    ticks: TestTicks,
}

/// One thing that the device does.
enum Does {
    Answer(Vec<u8>),
    Keepalive(u8),
    Stray(Vec<u8>),
    Error(u8),
    Nothing,
}

#[derive(Clone)]
struct Device(Rc<RefCell<Hostile>>);

impl Device {
    fn watch<T>(&self, look: impl FnOnce(&mut Watch) -> T) -> T {
        look(&mut self.0.borrow_mut().watch)
    }

    fn step(&self) {
        let mut device = self.0.borrow_mut();
        device.steps += 1;
        assert!(device.steps < MOST_STEPS, "a call asks without end");
    }

    fn next(&self) -> Does {
        let mut device = self.0.borrow_mut();
        let with = |status: u8, body: &[u8]| [&[status], body].concat();
        let answer = match device.answers.pop_front() {
            Some(Answer::Info(info)) => with(0, &info.to_value().to_bytes()),
            Some(Answer::Challenge(fields)) => with(0, &fields.to_value().to_bytes()),
            Some(Answer::Body(body)) => with(0, &body),
            Some(Answer::Status(status)) => vec![status],
            Some(Answer::Bytes(bytes)) => bytes,
            Some(Answer::KeyAgreement { good }) => {
                let key = match device.watch.asked.last() {
                    Some(&command::DEVICE_UNLOCK) => 5,
                    _ => 1,
                };
                with(0, &Value::int_map([(key, Some(key_agreement(good)))]).to_bytes())
            }
            Some(Answer::Error(error)) => return Does::Error(error),
            Some(Answer::Silence) | None => return Does::Nothing,
            Some(Answer::Keepalive(status)) => return Does::Keepalive(status),
            Some(Answer::Stray(bytes)) => return Does::Stray(bytes),
        };
        device.watch.answer(&answer);
        Does::Answer(answer)
    }

    fn is_raw(&self) -> bool {
        self.0.borrow().raw
    }

    fn sleep(&self, duration: Duration) {
        self.0.borrow().ticks.sleep(duration);
    }
}

struct Messages(Device, Interface);

impl Transport for Messages {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.0.watch(|watch| watch.message(message));
        loop {
            self.0.step();
            match self.0.next() {
                Does::Answer(answer) => return Ok(answer),
                Does::Keepalive(status) => call.tell(ProgressEvent::from_keepalive(status)),
                Does::Stray(_) => {}
                Does::Error(error) => {
                    return Err(match error % 6 {
                        0 => TransportError::Gone,
                        1 => TransportError::CardReset,
                        2 => TransportError::Cancelled,
                        3 => TransportError::DeadlineExceeded,
                        4 => TransportError::Busy,
                        _ => TransportError::Framing { detail: "fuzzed" },
                    });
                }
                Does::Nothing => {
                    call.ticks.sleep(call.remaining());
                    return Err(TransportError::DeadlineExceeded);
                }
            }
        }
    }

    fn interface(&self) -> Interface {
        self.1
    }
}

struct Reports {
    device: Device,
    message: Vec<u8>,
    length: usize,
    out: VecDeque<Vec<u8>>,
}

impl Reports {
    fn push(&mut self, channel: &[u8], command: u8, message: &[u8]) {
        let (head, mut rest) = message.split_at(message.len().min(57));
        let length = (message.len() as u16).to_be_bytes();
        let mut packets = vec![[channel, &[0x80 | command], &length, head].concat()];
        for sequence in 0..0x80 {
            if rest.is_empty() {
                break;
            }
            let (part, more) = rest.split_at(rest.len().min(59));
            packets.push([channel, &[sequence], part].concat());
            rest = more;
        }
        for mut packet in packets {
            packet.resize(64, 0);
            self.out.push_back(packet);
        }
    }

    fn answer(&mut self) {
        loop {
            match self.device.next() {
                Does::Answer(answer) if self.device.is_raw() => {
                    self.out.extend(answer.chunks(64).map(<[u8]>::to_vec));
                }
                Does::Answer(answer) => self.push(&CHANNEL, 0x10, &answer),
                Does::Keepalive(status) => {
                    self.push(&CHANNEL, 0x3B, &[status]);
                    continue;
                }
                Does::Stray(mut report) => {
                    report.truncate(64);
                    self.out.push_back(report);
                    continue;
                }
                Does::Error(error) => self.push(&CHANNEL, 0x3F, &[error]),
                Does::Nothing => {}
            }
            return;
        }
    }
}

impl HidReports for Reports {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        self.device.step();
        assert_eq!(report.len(), 64);
        if report[4] & 0x80 == 0 {
            self.message.extend(&report[5..]);
        } else {
            self.length = u16::from_be_bytes([report[5], report[6]]).into();
            self.message = report[7..].to_vec();
            match report[4] & 0x7F {
                0x06 => {
                    let answer = [&report[7..15], &CHANNEL, &[2, 1, 0, 0, 4]].concat();
                    self.push(&report[..4], 0x06, &answer);
                    return Ok(());
                }
                0x11 => {
                    self.answer();
                    return Ok(());
                }
                _ => {}
            }
        }
        if self.message.len() >= self.length {
            let message = self.message[..self.length].to_vec();
            self.device.watch(|watch| watch.message(&message));
            self.answer();
        }
        Ok(())
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        self.device.step();
        match self.out.pop_front() {
            Some(next) => {
                report[..next.len()].copy_from_slice(&next);
                Ok(next.len())
            }
            None => {
                self.device.sleep(timeout);
                Ok(0)
            }
        }
    }
}

struct Apdus {
    device: Device,
    chain: Vec<u8>,
    rest: Vec<u8>,
}

impl Apdus {
    fn answer(&mut self, timeout: Duration) -> Result<Vec<u8>, TransportError> {
        loop {
            return match self.device.next() {
                Does::Answer(answer) if self.device.is_raw() => Ok(answer),
                Does::Answer(answer) => {
                    self.rest = answer;
                    Ok(self.more())
                }
                Does::Keepalive(status) => Ok(vec![status, 0x91, 0x00]),
                Does::Stray(_) => continue,
                Does::Error(error) if error & 0x80 == 0 => Ok(vec![0x60 | error & 15, error]),
                Does::Error(error) if error & 1 == 0 => Err(TransportError::CardReset),
                Does::Error(_) => Err(TransportError::Gone),
                Does::Nothing => {
                    self.device.sleep(timeout);
                    Err(TransportError::DeadlineExceeded)
                }
            };
        }
    }

    fn more(&mut self) -> Vec<u8> {
        let rest = self.rest.split_off(self.rest.len().min(256));
        let mut part = std::mem::replace(&mut self.rest, rest);
        part.extend(if self.rest.is_empty() {
            [0x90, 0x00]
        } else {
            [0x61, u8::try_from(self.rest.len()).unwrap_or(0)]
        });
        part
    }
}

impl ApduChannel for Apdus {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        self.device.step();
        let command = ApduCommand::parse(apdu).expect("a command APDU");
        match command.instruction {
            instruction::SELECT => Ok([VENDOR_VERSION, &[0x90, 0x00]].concat()),
            instruction::MSG => {
                self.chain.extend(command.data);
                if command.class & CHAINING != 0 {
                    return Ok(vec![0x90, 0x00]);
                }
                let message = std::mem::take(&mut self.chain);
                self.device.watch(|watch| watch.message(&message));
                self.answer(timeout)
            }
            instruction::ISO_GET_RESPONSE if !self.rest.is_empty() => Ok(self.more()),
            _ => self.answer(timeout),
        }
    }

    fn reconnect(&mut self, _: Duration) -> Result<(), TransportError> {
        self.chain.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Answer {
        Answer::Info(Info {
            retries: 0,
            counter: 0,
            enrolled: true,
            unlock_blocked: false,
            slots: vec![(1, 1)],
            device_id: Some(5),
            protocols: vec![2],
            pin_lengths: (4, 63),
            max_msg_size: 1200,
            without: None,
        })
    }

    fn challenge() -> Answer {
        Answer::Challenge(ChallengeFields {
            nonce: 3,
            device_id: 5,
            suite: 1,
            slot: 1,
            counter: 0,
            good_key: true,
            without: None,
        })
    }

    /// What is asked on the way to the end of each flow. An answer that the host no longer takes would end them
    /// all at their beginning, and nothing would be found any more.
    #[test]
    fn right_answers_lead_to_the_end_of_each_flow() {
        let key = || Answer::KeyAgreement { good: true };
        let good = || Answer::Status(0);
        let token = || {
            Answer::Body(
                Value::int_map([(2, Some(Value::bytes(&[7; 48])))])
                    .to_bytes()
                    .to_vec(),
            )
        };
        let unlock = Flow::Unlock { renew: false };
        let ours = command::DEVICE_UNLOCK;
        for way in [Way::Messages, Way::Reports, Way::Apdus] {
            for (flow, answers, asked) in [
                (
                    unlock,
                    vec![info(), challenge(), challenge(), good()],
                    vec![ours; 4],
                ),
                (Flow::Enroll, vec![key(), good()], vec![ours; 2]),
                (Flow::Probe, vec![challenge(), good(), info()], vec![ours; 3]),
                (
                    Flow::Token { permissions: 1 },
                    vec![key(), token()],
                    vec![command::CLIENT_PIN; 2],
                ),
            ] {
                let device = play(Run {
                    way,
                    flow,
                    vendor: false,
                    cancel_at: 0,
                    answers,
                });
                device.watch(|watch| assert_eq!(watch.asked, asked, "{way:?} {flow:?}"));
                let unlocks = device.watch(|watch| watch.unlocks);
                assert_eq!(unlocks, u32::from(matches!(flow, Flow::Unlock { .. })));
            }
        }
    }
}
