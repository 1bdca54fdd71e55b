//! A desk with many devices, and calls to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fido_unlock::desk::ports::{DeskStore, IssuerInfo};
use fido_unlock::desk::{
    Channel, ChannelKind, Delivery, Desk, DeskParts, DeviceKeys, KeyRing, LimitRule, LimitRules, NewDevice,
    OperatorId, OperatorSession, OperatorStatement, Rules, Scope, UnixTime, User, UserClass, UserId,
    VerificationMethod,
};
use fido_unlock::suite::{DevicePublicKey, IssuerKey};
use fido_unlock::{DeviceChallenge, DeviceId, ErrorCode, Suite};
use fido_unlock_mock::desk::TestDesk;
use getrandom::SysRng;

const NOW: u64 = 1_790_000_000;
const SLOT: u8 = 1;
/// The one operator's, whose name is "admin".
pub const PASSWORD: &str = "seven wooden bicycles";
/// Users and devices in one transaction.
const CHUNK: u32 = 500;

/// A desk with its devices.
pub struct House {
    world: TestDesk,
    pub caller: Caller,
    calls: Arc<AtomicU32>,
}

/// One of those who work at the desk, each with a [`Desk`] of their own over the same store.
pub struct Caller {
    desk: Desk,
    session: OperatorSession,
    devices: u32,
    /// How far all of them have come.
    calls: Arc<AtomicU32>,
    /// How long it took to put the users in, and the devices.
    pub filled: (Duration, Duration),
}

/// Whose device a call is for, and what it shows.
pub struct Call {
    pub user: UserId,
    pub device: DeviceId,
    pub challenge: DeviceChallenge,
}

/// What a desk over a store that [`House::make`] has filled is made of, in another process.
pub fn parts_over(store: Box<dyn DeskStore + Send>) -> Result<DeskParts, ErrorCode> {
    let ring = ring().map_err(|_| ErrorCode::KeyMissing)?;
    let mut parts = TestDesk::new(NOW).parts(ring);
    parts.store = store;
    parts.entropy = Box::new(SysRng);
    Ok(parts)
}

fn issuer() -> Result<IssuerKey> {
    IssuerKey::from_p256_scalar(Suite::P256EcdhMac, &[0x11; 32]).context("a key")
}

fn ring() -> Result<KeyRing> {
    let mut ring = KeyRing::new();
    ring.insert(SLOT, issuer()?)?;
    Ok(ring)
}

fn id(number: u32) -> DeviceId {
    // Spread, as random ones are.
    let spread = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let mut bytes = [0; 10];
    bytes
        .iter_mut()
        .zip(spread.to_be_bytes())
        .for_each(|(to, from)| *to = from);
    DeviceId::from_bytes(bytes)
}

fn user(number: u32) -> Result<UserId> {
    UserId::new(&format!("u{number:07}")).context("a user")
}

const FIRST: [&str; 8] = [
    "Anna", "Bert", "Clara", "David", "Emine", "Farid", "Greta", "Hiro",
];
const LAST: [&str; 8] = [
    "Abel", "Brandt", "Costa", "Dvořák", "Eriksen", "Fuchs", "García", "Huang",
];

fn name(number: u32) -> String {
    let pick = |names: [&'static str; 8], by: u32| names.into_iter().cycle().nth((number / by % 8) as usize);
    format!(
        "{} {} {number}",
        pick(FIRST, 1).unwrap_or_default(),
        pick(LAST, 8).unwrap_or_default()
    )
}

impl House {
    /// A desk in `store` with so many devices, and half as many users.
    pub fn make(store: Box<dyn DeskStore + Send>, devices: u32) -> Result<Self> {
        let world = TestDesk::new(NOW);
        let many = LimitRule {
            window_seconds: 86_400,
            approval_from: u32::MAX,
            refuse_from: u32::MAX,
        };
        let rules = Rules {
            limits: LimitRules {
                device: many,
                operator: many,
                issuer: many,
            },
            ..Rules::default()
        };
        let operator = OperatorId::new("admin").context("a name")?;
        let mut parts = world.parts(ring()?);
        parts.store = store;
        parts.entropy = Box::new(SysRng);
        let mut desk = Desk::create(parts, rules, &operator, PASSWORD)?;
        let session = desk.sign_in(&operator, PASSWORD)?;
        desk.put_licence(&session, &TestDesk::licence(NOW, u32::MAX))?;
        let public = issuer()?.public().context("a public key")?;
        desk.put_issuer(
            &session,
            &IssuerInfo {
                slot: SLOT,
                suite: Suite::P256EcdhMac,
                public,
                retired: false,
            },
        )?;
        let calls = Arc::<AtomicU32>::default();
        let mut caller = Caller {
            desk,
            session,
            devices,
            calls: Arc::clone(&calls),
            filled: Default::default(),
        };
        let device_key = DevicePublicKey::from_compressed(public.as_compressed())?;
        caller.fill(DeviceKeys::P256EcdhMac {
            issuer: public,
            device: device_key,
        })?;
        caller.desk.open_desk(&caller.session)?;
        Ok(Self { world, caller, calls })
    }

    /// One more of those who work there.
    pub fn another(&self, store: Box<dyn DeskStore + Send>) -> Result<Caller> {
        let mut parts = self.world.parts(ring()?);
        parts.store = store;
        parts.entropy = Box::new(SysRng);
        Ok(Caller {
            desk: Desk::open(parts)?,
            session: self.caller.session.clone(),
            devices: self.caller.devices,
            calls: Arc::clone(&self.calls),
            filled: Default::default(),
        })
    }

    /// Another desk's, with an anchor as a desk in use has one.
    pub fn parts(&self, store: Box<dyn DeskStore + Send>) -> DeskParts {
        let mut world = self.world.clone();
        world.anchored = true;
        let mut parts = world.parts(KeyRing::new());
        parts.store = store;
        parts
    }
}

impl Caller {
    fn fill(&mut self, keys: DeviceKeys) -> Result<()> {
        let started = Instant::now();
        let users: Vec<u32> = (0..self.devices.div_ceil(2)).collect();
        for some in users.chunks(CHUNK as usize) {
            let some: Vec<User> = some
                .iter()
                .map(|number| {
                    Ok(User {
                        id: user(*number)?,
                        name: name(*number),
                        class: UserClass::Ordinary,
                        channels: vec![Channel {
                            id: "mail".into(),
                            kind: ChannelKind::Mail,
                            address: format!("u{number}@corp.example"),
                            changed_at: UnixTime(0),
                        }],
                    })
                })
                .collect::<Result<_>>()?;
            self.desk.put_users(&self.session, &some)?;
        }
        let with_users = Instant::now();
        let numbers: Vec<u32> = (0..self.devices).collect();
        for some in numbers.chunks(CHUNK as usize) {
            let some: Vec<NewDevice> = some
                .iter()
                .map(|number| {
                    Ok(NewDevice {
                        id: id(*number),
                        owner: user(number / 2)?,
                        slot: SLOT,
                        keys,
                        admin_key: None,
                        counter: Some(0),
                        rotation: 0,
                        other_slots: Vec::new(),
                        label: None,
                    })
                })
                .collect::<Result<_>>()?;
            for registered in self.desk.register_devices(&self.session, &some)? {
                registered?;
            }
        }
        self.filled = (with_users - started, with_users.elapsed());
        Ok(())
    }

    /// An access token for what an operator does.
    pub fn token(&mut self) -> Result<String> {
        let token = self
            .desk
            .make_token(&self.session, "bench", &[Scope::Unlock], 1)?;
        Ok(token.expose().as_str().to_owned())
    }

    /// The next one, each for another device with a challenge of its own.
    pub fn next_call(&self) -> Result<Call> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let device = number.wrapping_mul(7919) % self.devices;
        let round = number / self.devices;
        let mut nonce = [0; 14];
        nonce
            .iter_mut()
            .zip(number.to_be_bytes())
            .for_each(|(to, from)| *to = from);
        Ok(Call {
            user: user(device / 2)?,
            device: id(device),
            challenge: DeviceChallenge::new(Suite::P256EcdhMac, SLOT, nonce, round).context("a challenge")?,
        })
    }

    /// Whole calls.
    pub fn calls(&mut self, count: u32) -> Result<()> {
        for _ in 0..count {
            let Call {
                user,
                device,
                challenge,
            } = self.next_call()?;
            let (desk, session) = (&mut self.desk, &self.session);
            let request = desk.open_request(session, &user, &device, "ticket")?.id;
            let mut statement = OperatorStatement::new(VerificationMethod::CallBack, "called back");
            desk.verify_caller(session, request, &mut statement)?;
            desk.enter_read_challenge(session, request, &fido_unlock::Challenge::Line(challenge))?;
            desk.authorise(session, request, &Delivery::Show)?;
            desk.done(session, request)?;
        }
        Ok(())
    }

    /// Whole calls, and what a service does after each: the owners are told.
    pub fn calls_with_notices(&mut self, count: u32) -> Result<()> {
        for _ in 0..count {
            self.calls(1)?;
            while self.desk.send_notice()? {}
        }
        Ok(())
    }

    /// What an operator types: a part of a name, a number, or of a Device ID.
    pub fn search_text(&self, number: u32) -> String {
        let one = number.wrapping_mul(104_729) % self.devices;
        match number % 4 {
            0 => name(one / 2).chars().take(6).collect(),
            1 => format!("u{}", one / 2),
            2 => id(one).to_code().chars().take(9).collect(),
            _ => name(one / 2),
        }
    }

    /// Looks, and keeps no record.
    pub fn suggest(&mut self, text: &str) -> Result<()> {
        self.desk.suggest(&self.session, text)?;
        Ok(())
    }

    /// Looks, and records it.
    pub fn search(&mut self, text: &str) -> Result<()> {
        self.desk.search(&self.session, text)?;
        Ok(())
    }

    pub fn entries(&mut self) -> Result<u64> {
        Ok(self.desk.log_state()?.size)
    }
}
