//! The desk that is explored: what it stands on, and how it stands before anything happens.

use std::sync::{Arc, Mutex, MutexGuard};

use fido_unlock::desk::log::NoteVerifier;
use fido_unlock::desk::ports::{
    CodeDelivery, DeliveryError, Entropy, EntropyError, IssuerInfo, Signer, SignerError,
};
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{
    Channel, ChannelKind, Desk, DeskParts, DeviceKeys, KeyRing, NewDevice, Operator, OperatorId,
    OperatorSession, Privilege, Role, Rules, SealKey, SigningTask, UnixTime, User, UserClass, UserId,
};
use fido_unlock::suite::{DevicePublicKey, IssuerKey, IssuerPublicKey};
use fido_unlock::{AdminKey, DeviceId, ResponseCode, Suite};
use fido_unlock_mock::desk::{FastPasswords, NextCommit, Outbox, StoreContent, TestDesk};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ghost::{Device, Ghost, Owner, Person, Task};

pub const START: u64 = 1_790_000_000;
pub const YEAR: u64 = 365 * 24 * 60 * 60;
pub const MINUTE: u64 = 60;
pub const SLOT: u8 = 1;
/// An ordinary user and a privileged one; each has a device.
pub const OWNERS: [&str; 2] = ["zoe", "boss"];
pub const OPERATORS: [&str; 2] = ["anna", "bert"];
pub const ADMIN: &str = "admin";
/// Looks at the codes that may still be good, and does nothing else.
pub const READER: &str = "reader";
pub const PASSWORD: &str = "quiet lamps on the roof";
pub const MAIL: &str = "mail";

pub fn device_id(number: usize) -> [u8; 10] {
    [number as u8 + 1; 10]
}

pub fn operator_id(name: &str) -> OperatorId {
    OperatorId::new(name).unwrap()
}

pub fn user_id(number: usize) -> UserId {
    UserId::new(OWNERS[number]).unwrap()
}

pub fn user(number: usize, privileged: bool, address: u8) -> User {
    User {
        id: user_id(number),
        name: OWNERS[number].into(),
        class: if privileged {
            UserClass::Privileged
        } else {
            UserClass::Ordinary
        },
        channels: vec![Channel {
            id: MAIL.into(),
            kind: ChannelKind::Mail,
            address: format!("{}{address}@corp.example", OWNERS[number]),
            changed_at: UnixTime(0),
        }],
    }
}

/// Issuers' keys: the one that devices are registered with, and the one that they are rotated to.
pub fn issuer(number: usize) -> IssuerPublicKey {
    let scalar = [0x11 + number as u8; 32];
    let key = IssuerKey::from_p256_scalar(Suite::P256EcdhMac, &scalar).unwrap();
    key.public().unwrap()
}

fn device_key() -> DevicePublicKey {
    DevicePublicKey::from_compressed(issuer(5).as_compressed()).unwrap()
}

/// What the desk asks for between its transactions, and what it is given.
#[derive(Default)]
pub struct Probe {
    pub at_sign: AtSign,
    pub task: Option<Task>,
    pub content: Option<StoreContent>,
    pub sent: Option<([u8; 32], bool)>,
}

/// What happens when the signer is asked.
#[derive(Default)]
pub enum AtSign {
    /// It answers.
    #[default]
    Answer,
    /// The desk is killed: what the store holds then is kept.
    Kill,
    /// It answers when others have done what made this of the store.
    Meanwhile(Box<StoreContent>, u64),
    /// It answers, and then the store fails.
    StoreFails,
}

/// Random numbers from what happens, so that what happened in another order is not another desk.
#[derive(Clone, Default)]
pub struct Seeds(Arc<Mutex<([u8; 32], u64)>>);

impl Seeds {
    pub fn set(&self, seed: [u8; 32]) {
        *lock(&self.0) = (seed, 0);
    }
}

impl Entropy for Seeds {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let mut state = lock(&self.0);
        for chunk in bytes.chunks_mut(32) {
            state.1 += 1;
            let block = Sha256::new_with_prefix(state.0).chain_update(state.1.to_be_bytes());
            chunk
                .iter_mut()
                .zip(block.finalize())
                .for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// Signs with no key: what is right about a code is not what is explored.
struct Hand {
    world: TestDesk,
    probe: Arc<Mutex<Probe>>,
}

impl Signer for Hand {
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        let mut probe = lock(&self.probe);
        let content = self.world.store.content();
        let id = task.request();
        let issuer_of = |key: &IssuerPublicKey| usize::from(*key == issuer(1));
        probe.task = Some(Task {
            device: *task.device().as_bytes(),
            user: task.user().as_str().into(),
            issuer: task.keys().issuer().map_or(0, issuer_of),
            challenge: challenge_of(task),
            recorded: has_entry(&content, |entry| {
                entry.event == DeskEvent::Authorised && entry.request == Some(id)
            }),
        });
        match std::mem::take(&mut probe.at_sign) {
            AtSign::Answer => {}
            AtSign::Kill => {
                probe.content = Some(content);
                return Err(SignerError::HostFailed);
            }
            AtSign::Meanwhile(content, now) => {
                self.world.store.set_content(*content);
                self.world.clock.set(now);
            }
            AtSign::StoreFails => self.world.store.next_commit(NextCommit::Fails),
        }
        let length = if task.keys().issuer().is_some() { 32 } else { 16 };
        let code = Sha256::digest(format!("{id} {:?}", challenge_of(task)));
        Ok(Zeroizing::new(code[..length].to_vec()))
    }

    fn check_admin_key(&self, _: &DeviceId, _: &AdminKey) -> Result<(), SignerError> {
        Ok(())
    }

    fn store_admin_key(&mut self, _: &DeviceId, _: &AdminKey) -> Result<(), SignerError> {
        Ok(())
    }
}

fn challenge_of(task: &SigningTask) -> Vec<u8> {
    match task.fields() {
        Some(fields) => fields.challenge.as_bytes().to_vec(),
        None => task.to_sign().unwrap().as_bytes().to_vec(),
    }
}

struct Post {
    world: TestDesk,
    probe: Arc<Mutex<Probe>>,
}

impl CodeDelivery for Post {
    fn send(&mut self, _: &Channel, code: &ResponseCode) -> Result<(), DeliveryError> {
        let recorded = is_recorded(&self.world.store.content(), code.sha256());
        lock(&self.probe).sent = Some((code.sha256(), recorded));
        Ok(())
    }
}

pub fn has_entry(content: &StoreContent, is: impl Fn(&DeskEntry) -> bool) -> bool {
    let newest = content.entries.iter().rev();
    newest
        .map(|entry| DeskEntry::from_bytes(entry).unwrap())
        .any(|entry| is(&entry))
}

/// Whether a code's own record is in the log, behind that it was authorised.
pub fn is_recorded(content: &StoreContent, sha256: [u8; 32]) -> bool {
    let entries = content.entries.iter();
    let mut entries = entries.map(|entry| DeskEntry::from_bytes(entry).unwrap());
    let mut authorised = Vec::new();
    entries.any(|entry| {
        if entry.event == DeskEvent::Authorised {
            authorised.push(entry.request);
        }
        let made = entry.event == DeskEvent::CodeMade && entry.code_sha256 == Some(sha256);
        made && authorised.contains(&entry.request)
    })
}

/// What all states of a scope stand on.
pub struct World {
    pub test: TestDesk,
    pub seeds: Seeds,
    pub probe: Arc<Mutex<Probe>>,
    vendor: Vec<NoteVerifier>,
    pub reader: OperatorSession,
    pub admin: OperatorSession,
    /// Licences: for all, for fewer devices than there are, and one that runs out soon.
    pub licences: [String; 3],
}

/// How a scope begins.
#[derive(Clone)]
pub struct Setting {
    pub suite: Suite,
    pub rules: Rules,
    /// Whether the set-up has ended.
    pub set_up: bool,
}

/// For how long the shortest licence is valid, from when the day begins.
pub const SHORT_LICENCE: u64 = 30;

impl World {
    pub fn new(setting: &Setting) -> (Self, StoreContent, [OperatorSession; 2], Ghost) {
        let test = TestDesk::new(START);
        let seeds = Seeds::default();
        let probe = Arc::default();
        let vendor = test.parts(KeyRing::new()).vendor;
        let parts = parts(&test, &seeds, &probe, &vendor);
        let rules = setting.rules.clone();
        let mut desk = Desk::create(parts, rules.clone(), &operator_id(ADMIN), PASSWORD).unwrap();
        let admin = desk.sign_in(&operator_id(ADMIN), PASSWORD).unwrap();
        let licences = [
            TestDesk::licence(START, 2),
            TestDesk::licence(START, 1),
            TestDesk::licence(
                START + setting.rules.channel_rest_seconds + SHORT_LICENCE - YEAR,
                2,
            ),
        ];
        desk.put_licence(&admin, &licences[0]).unwrap();
        if setting.suite != Suite::AesAdminKey {
            put_issuer(&mut desk, &admin, 0);
        }
        for name in [OPERATORS[0], OPERATORS[1], READER] {
            let operator = Operator {
                id: operator_id(name),
                roles: vec![Role::DeviceServiceAdministrator],
                privileges: vec![Privilege::Unlock],
                user: None,
            };
            desk.put_operator(&admin, &operator, Some(PASSWORD)).unwrap();
        }
        for number in 0..OWNERS.len() {
            desk.put_user(&admin, &user(number, number == 1, 0)).unwrap();
            let device = new_device(setting.suite, number);
            desk.register_device(&admin, &device).unwrap();
        }
        if setting.suite != Suite::AesAdminKey {
            put_issuer(&mut desk, &admin, 1);
        }
        if setting.set_up {
            desk.open_desk(&admin).unwrap();
        }
        // Channels have rested, and who works today has just signed in.
        let now = START + setting.rules.channel_rest_seconds;
        let licence = Some((START + YEAR, 2));
        test.clock.set(now);
        let mut sign_in = |name| desk.sign_in(&operator_id(name), PASSWORD).unwrap();
        let sessions = OPERATORS.map(&mut sign_in);
        let (admin, reader) = (sign_in(ADMIN), sign_in(READER));
        drop(desk);
        let content = test.store.content();
        let ghost = Ghost {
            suite: setting.suite,
            now,
            open: setting.set_up,
            service_on: true,
            licence,
            rules,
            rules_number: 0,
            people: OPERATORS.map(|_| Person {
                signed_in_at: now,
                by_another_clock: false,
                old_password: false,
                removed: false,
                may_unlock: true,
            }),
            owners: [0, 1].map(|number| Owner {
                privileged: number == 1,
                channel_since: START,
            }),
            devices: [0, 1].map(|owner| Device {
                owner,
                retired: false,
                rotation: 0,
                counter: 0,
            }),
            requests: Vec::new(),
            answered: Vec::new(),
            counted: Vec::new(),
            seen: Vec::new(),
            changes: 0,
            set_back: false,
        };
        let world = Self {
            test,
            seeds,
            probe,
            vendor,
            reader,
            admin,
            licences,
        };
        (world, content, sessions, ghost)
    }

    /// An instance of the desk over what the store holds now.
    pub fn desk(&self) -> Desk {
        Desk::open(parts(&self.test, &self.seeds, &self.probe, &self.vendor)).unwrap()
    }
}

fn new_device(suite: Suite, number: usize) -> NewDevice {
    let aes = suite == Suite::AesAdminKey;
    NewDevice {
        id: DeviceId::from_bytes(device_id(number)),
        owner: user_id(number),
        slot: if aes { 0 } else { SLOT },
        keys: if aes {
            DeviceKeys::AesAdminKey
        } else {
            DeviceKeys::P256EcdhMac {
                issuer: issuer(0),
                device: device_key(),
            }
        },
        admin_key: aes.then(|| admin_key(number)),
        counter: (!aes).then_some(0),
        rotation: 0,
        other_slots: Vec::new(),
        label: None,
    }
}

fn admin_key(number: usize) -> AdminKey {
    let key: [u8; 32] = Sha256::digest(format!("admin key {number}")).into();
    AdminKey::new(&key).unwrap()
}

fn put_issuer(desk: &mut Desk, admin: &OperatorSession, number: usize) {
    let info = IssuerInfo {
        slot: SLOT,
        suite: Suite::P256EcdhMac,
        public: issuer(number),
        retired: false,
    };
    desk.put_issuer(admin, &info).unwrap();
}

fn parts(test: &TestDesk, seeds: &Seeds, probe: &Arc<Mutex<Probe>>, vendor: &[NoteVerifier]) -> DeskParts {
    DeskParts {
        store: Box::new(test.store.clone()),
        seal_key: SealKey::from_bytes([0x5E; 32]),
        clock: Box::new(test.clock.clone()),
        entropy: Box::new(seeds.clone()),
        signer: Box::new(Hand {
            world: test.clone(),
            probe: Arc::clone(probe),
        }),
        passwords: Box::new(FastPasswords),
        passkeys: None,
        notifier: Box::new(Outbox::default()),
        delivery: Some(Box::new(Post {
            world: test.clone(),
            probe: Arc::clone(probe),
        })),
        anchor: None,
        vendor: vendor.to_vec(),
        guess_window_seconds: 0,
    }
}
