//! A help desk with two operators, two users and three devices.

use std::path::{Path, PathBuf};

use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{
    Channel, ChannelKind, Delivery, Desk, DeskError, DeskParts, DeviceKeys, GivenCode, KeyRing, NewDevice,
    Operator, OperatorId, OperatorSession, OperatorStatement, Privilege, RequestId, Role, Rules, UnixTime,
    User, UserClass, UserId, VerificationMethod,
};
use fido_unlock::suite::{IssuerKey, IssuerPublicKey};
use fido_unlock::{DeviceChallenge, DeviceId, ErrorCode, HasCode, ResponseCode, Suite};
use fido_unlock_mock::desk::{OneTimeCode, TestDesk};
use fido_unlock_protocol::ports::{Entropy, EntropyError};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

pub const START: u64 = 1_790_000_000;
pub const MINUTE: u64 = 60;
pub const DAY: u64 = 24 * 60 * MINUTE;
pub const SLOT: u8 = 1;
pub const ADMIN: (&str, &str) = ("admin", "correct horse battery staple");
pub const ANNA: (&str, &str) = ("anna", "seven wooden bicycles");
pub const BERT: (&str, &str) = ("bert", "quiet lamps on the roof");

/// A desk that is open, and the handles to what it stands on.
pub struct House {
    pub world: TestDesk,
    pub desk: Desk,
    /// The database, where it is one in a file.
    pub database: Option<PathBuf>,
}

/// Numbers that are random in each process.
pub struct Random;

impl Entropy for Random {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

/// The parts of a desk over a database in a file, which is made where there is none.
pub fn parts_over(world: &TestDesk, database: &Path, options: SqliteOptions) -> DeskParts {
    DeskParts {
        store: Box::new(SqliteStore::create(database, options).unwrap()),
        entropy: Box::new(Random),
        ..world.parts(ring())
    }
}

pub fn issuer_key() -> IssuerKey {
    IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x11; 32]).unwrap()
}

pub fn issuer() -> IssuerPublicKey {
    issuer_key().public().unwrap()
}

pub fn ring() -> KeyRing {
    let mut ring = KeyRing::new();
    ring.insert(SLOT, issuer_key()).unwrap();
    ring
}

pub fn device(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 10])
}

pub fn challenge(nonce: u8, counter: u32) -> String {
    DeviceChallenge::new(Suite::P256Ecdsa, SLOT, [nonce; 14], counter)
        .unwrap()
        .to_code()
}

pub fn user_id(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn operator_id(name: &str) -> OperatorId {
    OperatorId::new(name).unwrap()
}

pub fn user(name: &str, class: UserClass) -> User {
    User {
        id: user_id(name),
        name: format!("{name} Example"),
        class,
        channels: vec![Channel {
            id: "mail".into(),
            kind: ChannelKind::Mail,
            address: format!("{name}@corp.example"),
            changed_at: UnixTime(0),
        }],
    }
}

pub fn new_device(number: u8, owner: &str) -> NewDevice {
    NewDevice {
        id: device(number),
        owner: user_id(owner),
        slot: SLOT,
        keys: DeviceKeys::P256Ecdsa { issuer: issuer() },
        admin_key: None,
        counter: Some(0),
        rotation: 0,
        other_slots: Vec::new(),
        label: None,
    }
}

pub fn code_of<T>(result: Result<T, DeskError>) -> ErrorCode {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.code(),
    }
}

/// Lets hold what rests of an operator, as it is shown then.
pub fn approve_operator(desk: &mut Desk, session: &OperatorSession, name: &str) -> Result<(), DeskError> {
    let rests = desk.pending_operators(session)?;
    let rests = rests
        .into_iter()
        .find(|rests| rests.value.id == operator_id(name));
    desk.approve_operator(session, &rests.unwrap(), "urgent")
}

/// Lets the class of a user hold that rests, as it is shown then.
pub fn approve_user(desk: &mut Desk, session: &OperatorSession, name: &str) -> Result<(), DeskError> {
    let rests = desk.pending_class(session, &user_id(name))?.unwrap();
    desk.approve_user(session, &user_id(name), &rests, "urgent")
}

/// Lets the rules hold that rest, as they are shown then.
pub fn approve_rules(desk: &mut Desk, session: &OperatorSession) -> Result<(), DeskError> {
    let rests = desk.pending_rules(session)?.unwrap();
    desk.approve_rules(session, &rests, "urgent")
}

impl House {
    /// Users zoe (ordinary: devices 1 and 2) and boss (privileged: device 3), operators anna and bert.
    pub fn new() -> Self {
        Self::with(Rules::default())
    }

    /// The same with other rules.
    pub fn with(rules: Rules) -> Self {
        let mut house = Self::made(TestDesk::new(START), None, rules);
        let admin = house.sign_in(ADMIN);
        house.desk.open_desk(&admin).unwrap();
        house
    }

    pub fn in_set_up() -> Self {
        Self::made(TestDesk::new(START), None, Rules::default())
    }

    /// The same as [`House::new`] in a database in a file.
    pub fn in_file(database: &Path, rules: Rules) -> Self {
        let mut house = Self::made(TestDesk::new(START), Some(database.into()), rules);
        let admin = house.sign_in(ADMIN);
        house.desk.open_desk(&admin).unwrap();
        house
    }

    /// A desk over a database in a file that is there already.
    pub fn over(world: TestDesk, database: &Path) -> Result<Self, DeskError> {
        let desk = Desk::open(parts_over(&world, database, SqliteOptions::default()))?;
        let database = Some(database.into());
        Ok(Self {
            world,
            desk,
            database,
        })
    }

    pub fn parts(&self) -> DeskParts {
        match &self.database {
            Some(database) => parts_over(&self.world, database, SqliteOptions::default()),
            None => self.world.parts(ring()),
        }
    }

    fn made(world: TestDesk, database: Option<PathBuf>, rules: Rules) -> Self {
        let parts = match &database {
            Some(database) => parts_over(&world, database, SqliteOptions::default()),
            None => world.parts(ring()),
        };
        let desk = Desk::create(parts, rules, &operator_id(ADMIN.0), ADMIN.1);
        let mut house = Self {
            desk: desk.unwrap(),
            world,
            database,
        };
        let admin = house.sign_in(ADMIN);
        let desk = &mut house.desk;
        desk.put_licence(&admin, &TestDesk::licence(START, 1000)).unwrap();
        let info = IssuerInfo {
            slot: SLOT,
            suite: Suite::P256Ecdsa,
            public: issuer(),
            retired: false,
        };
        desk.put_issuer(&admin, &info).unwrap();
        for (name, password) in [ANNA, BERT] {
            let operator = Operator {
                id: operator_id(name),
                roles: vec![Role::DeviceServiceAdministrator],
                privileges: vec![Privilege::Unlock],
                user: None,
            };
            desk.put_operator(&admin, &operator, Some(password)).unwrap();
        }
        desk.put_user(&admin, &user("zoe", UserClass::Ordinary)).unwrap();
        desk.put_user(&admin, &user("boss", UserClass::Privileged))
            .unwrap();
        for (number, owner) in [(1, "zoe"), (2, "zoe"), (3, "boss")] {
            desk.register_device(&admin, &new_device(number, owner)).unwrap();
        }
        house
    }

    pub fn sign_in(&mut self, (name, password): (&str, &str)) -> OperatorSession {
        self.desk.sign_in(&operator_id(name), password).unwrap()
    }

    pub fn later(&self, seconds: u64) {
        self.world.clock.advance(seconds);
    }

    /// Another process over the same store.
    pub fn reopen(&mut self) {
        self.desk = Desk::open(self.parts()).unwrap();
    }

    pub fn open(&mut self, session: &OperatorSession, number: u8) -> RequestId {
        let owner = if number == 3 { "boss" } else { "zoe" };
        let view = self
            .desk
            .open_request(session, &user_id(owner), &device(number), "ticket 4711");
        view.unwrap().id
    }

    pub fn verify(&mut self, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
        let mut statement = OperatorStatement::new(VerificationMethod::CallBack, "called back, spoke to her");
        self.desk.verify_caller(session, id, &mut statement)
    }

    /// A request with a verified caller and a challenge.
    pub fn ready(&mut self, session: &OperatorSession, number: u8, nonce: u8, counter: u32) -> RequestId {
        let id = self.open(session, number);
        self.verify(session, id).unwrap();
        self.desk
            .enter_challenge(session, id, &challenge(nonce, counter))
            .unwrap();
        id
    }

    pub fn code(&mut self, session: &OperatorSession, id: RequestId) -> Result<ResponseCode, DeskError> {
        match self.desk.authorise(session, id, &Delivery::Show)? {
            GivenCode::Shown(code) => Ok(code),
            GivenCode::Sent { .. } => panic!("the code was sent"),
        }
    }

    /// The names of the log's events, and numbers of errors, from `from` on.
    pub fn log_from(&mut self, from: u64) -> Vec<String> {
        let admin = self.sign_in(ADMIN);
        let entries = self.desk.audit_entries(&admin, from, u32::MAX).unwrap();
        let shown = entries.iter().map(|shown| match shown.entry.error {
            Some(error) => format!("{} {error}", shown.entry.event.name()),
            None => shown.entry.event.name().into(),
        });
        shown.collect()
    }

    pub fn log_size(&mut self) -> u64 {
        self.desk.log_state().unwrap().size
    }

    /// The log's entries as they are stored.
    pub fn entries(&self) -> Vec<DeskEntry> {
        let entries = self.world.store.content().entries;
        entries
            .iter()
            .map(|bytes| DeskEntry::from_bytes(bytes).unwrap())
            .collect()
    }

    /// How many entries say this.
    pub fn count(&self, event: DeskEvent) -> usize {
        self.entries().iter().filter(|entry| entry.event == event).count()
    }

    /// Does what must be refused with `code`; gives the one entry that says so, behind which there may be an alarm.
    pub fn refused<T>(
        &mut self,
        code: ErrorCode,
        act: impl FnOnce(&mut Desk) -> Result<T, DeskError>,
    ) -> DeskEntry {
        let before = self.entries().len();
        assert_eq!(code_of(act(&mut self.desk)), code);
        let mut new = self.entries().split_off(before);
        new.retain(|entry| entry.event != DeskEvent::AlarmRaised);
        assert_eq!(new.len(), 1, "{code:?}");
        assert_eq!(new[0].event, DeskEvent::Refused, "{code:?}");
        assert_eq!(new[0].error, Some(code.number()));
        new.remove(0)
    }

    /// Another operator, who has these privileges alone when they have rested for a day.
    pub fn operator<'a>(&mut self, name: &'a str, privileges: &[Privilege]) -> (&'a str, &'static str) {
        let admin = self.sign_in(ADMIN);
        let operator = Operator {
            id: operator_id(name),
            roles: vec![],
            privileges: privileges.to_vec(),
            user: None,
        };
        let password = "a long enough pass phrase";
        self.desk.put_operator(&admin, &operator, Some(password)).unwrap();
        (name, password)
    }

    /// Takes everything from an operator that they may do.
    pub fn disarm(&mut self, name: &str) {
        let admin = self.sign_in(ADMIN);
        let operator = Operator {
            id: operator_id(name),
            roles: vec![],
            privileges: vec![],
            user: None,
        };
        self.desk.put_operator(&admin, &operator, None).unwrap();
    }

    /// A request for boss's device, whose caller a machine has verified and whose challenge is entered.
    pub fn ready_for_approval(&mut self, session: &OperatorSession, nonce: u8) -> RequestId {
        let id = self.open(session, 3);
        self.desk
            .verify_caller(session, id, &mut OneTimeCode::new("8812", "8812"))
            .unwrap();
        self.desk
            .enter_challenge(session, id, &challenge(nonce, 0))
            .unwrap();
        id
    }
}
