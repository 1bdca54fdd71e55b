//! A desk in two states, an earlier and a later one, in which rows of every table differ; and what is then done there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::{
    AccessToken, Desk, DeskError, DeviceSlot, LogReport, NewDevice, Operator, OperatorSession, Privilege,
    RequestId, Role, Rules, Scope, UserClass,
};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::desk::{FakeBrowser, ReadRow, Record, RecordingStore, TestDesk};
use fido_unlock_sqlite::SqliteOptions;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::house::{
    ADMIN, ANNA, BERT, House, START, challenge, code_of, device, new_device, operator_id, parts_over, user,
    user_id,
};

pub const CAROL: (&str, &str) = ("carol", "umbrellas in the cellar");
/// Has a passkey.
pub const ERNA: (&str, &str) = ("erna", "lanterns on the bridge");
/// A full tile, and the next one nearly: the log's length in the later state is a little less.
const TWO_TILES: u64 = 512;

pub struct Scene {
    folder: TempDir,
    world: TestDesk,
    pub anna: OperatorSession,
    pub admin: OperatorSession,
    /// Signed out between the two states.
    pub gone: OperatorSession,
    /// Of anna, revoked between the two states.
    revoked: AccessToken,
    /// Of anna.
    token: AccessToken,
    /// A code was made for it.
    pub made: RequestId,
    /// Caller and challenge are there.
    pub ready: RequestId,
}

/// What an act came to: nothing, or the number of its refusal.
pub type Outcome = Option<ErrorCode>;
pub type Act = fn(&mut House, &Scene) -> Result<(), DeskError>;

fn issuer(slot: u8, scalar: u8) -> IssuerInfo {
    let key = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[scalar; 32]).unwrap();
    IssuerInfo {
        slot,
        suite: Suite::P256Ecdsa,
        public: key.public().unwrap(),
        retired: false,
    }
}

fn operator(name: &str) -> Operator {
    Operator {
        id: operator_id(name),
        roles: vec![Role::DeviceServiceAdministrator],
        privileges: vec![Privilege::Unlock],
        user: None,
    }
}

fn foreign(number: u8) -> NewDevice {
    NewDevice {
        other_slots: vec![DeviceSlot {
            slot: 0,
            suite: Suite::P256Ecdsa,
            issuer: Some(issuer(0, 0x66).public),
            rotation: 0,
        }],
        ..new_device(number, "zoe")
    }
}

/// Adds a passkey to the session's operator's.
fn add_passkey(
    desk: &mut Desk,
    browser: &mut FakeBrowser,
    session: &OperatorSession,
) -> Result<(), DeskError> {
    let (options, begun) = desk.begin_passkey(session)?;
    let answer = browser.create(&options);
    desk.finish_passkey(session, begun, "a key", &answer)
}

/// Signs erna in by her passkey.
fn sign_in_by_passkey(desk: &mut Desk, browser: &mut FakeBrowser) -> Result<(), DeskError> {
    let asked = desk.begin_passkey_sign_in(&operator_id(ERNA.0))?;
    let id = FakeBrowser::allowed(&asked.options).remove(0);
    let answer = browser.get(&asked.options, &id);
    desk.finish_sign_in(asked.begun, &answer).map(drop)
}

fn make_token(desk: &mut Desk, session: &OperatorSession) -> Result<AccessToken, DeskError> {
    desk.make_token(session, "a program", &[Scope::Unlock], 30)
}

/// Somebody acts by a token, where it is good.
fn by_token(desk: &mut Desk, token: &AccessToken) -> Result<(), DeskError> {
    let found = desk.by_token(token)?;
    found.map_or(Ok(()), |(session, _)| {
        desk.may(&session, Privilege::Unlock).map(drop)
    })
}

/// What is done at a desk: together it reads rows of every table, some that are there and some that are not.
pub const ACTS: &[(&str, Act)] = &[
    ("sign in", |house, _| {
        house.desk.sign_in(&operator_id(ANNA.0), ANNA.1).map(drop)
    }),
    ("sign in after wrong passwords", |house, _| {
        house.desk.sign_in(&operator_id(BERT.0), BERT.1).map(drop)
    }),
    ("sign in as one who was removed", |house, _| {
        house.desk.sign_in(&operator_id(CAROL.0), CAROL.1).map(drop)
    }),
    ("sign in by a passkey", |house, _| {
        let mut browser = FakeBrowser {
            counter: 100,
            ..FakeBrowser::default()
        };
        sign_in_by_passkey(&mut house.desk, &mut browser)
    }),
    ("a new passkey", |house, scene| {
        let mut browser = FakeBrowser {
            key: 42,
            ..FakeBrowser::default()
        };
        add_passkey(&mut house.desk, &mut browser, &scene.anna)
    }),
    ("by a token", |house, scene| {
        by_token(&mut house.desk, &scene.token)
    }),
    ("by a token that was revoked", |house, scene| {
        by_token(&mut house.desk, &scene.revoked)
    }),
    ("one's account", |house, scene| {
        house.desk.own_account(&scene.anna).map(drop)
    }),
    ("a new token", |house, scene| {
        make_token(&mut house.desk, &scene.anna).map(drop)
    }),
    ("go on after signing out", |house, scene| {
        house.desk.may(&scene.gone, Privilege::Unlock).map(drop)
    }),
    ("suggest users", |house, scene| {
        house.desk.suggest(&scene.anna, "zoe").map(drop)
    }),
    ("find one who was erased", |house, scene| {
        house.desk.find_user(&scene.anna, &user_id("carl")).map(drop)
    }),
    ("find a user", |house, scene| {
        house.desk.find_user(&scene.anna, &user_id("zoe")).map(drop)
    }),
    ("find a device that is not there", |house, scene| {
        house.desk.find_device(&scene.anna, &device(9)).map(drop)
    }),
    ("list users", |house, scene| {
        house.desk.users(&scene.anna, None, 50).map(drop)
    }),
    ("list operators", |house, scene| {
        house.desk.operators(&scene.admin).map(drop)
    }),
    ("list requests", |house, scene| {
        house.desk.open_requests(&scene.anna, None, 50).map(drop)
    }),
    ("a code", |house, scene| {
        house.code(&scene.anna, scene.ready).map(drop)
    }),
    ("a code made again", |house, scene| {
        house.code(&scene.anna, scene.made).map(drop)
    }),
    ("a new request with a new challenge", |house, scene| {
        let anna = &scene.anna;
        let view = house.desk.open_request(anna, &user_id("zoe"), &device(1), "r")?;
        house.verify(anna, view.id)?;
        house.desk.enter_challenge(anna, view.id, &challenge(0x77, 0))
    }),
    ("the challenge of another device", |house, scene| {
        let anna = &scene.anna;
        let view = house.desk.open_request(anna, &user_id("zoe"), &device(2), "r")?;
        house.desk.enter_challenge(anna, view.id, &challenge(0xA1, 0))
    }),
    ("a counter that moved", |house, scene| {
        let anna = &scene.anna;
        let view = house.desk.open_request(anna, &user_id("zoe"), &device(2), "r")?;
        house.desk.enter_challenge(anna, view.id, &challenge(0xB9, 6))
    }),
    ("a challenge that was answered", |house, scene| {
        let anna = &scene.anna;
        let view = house.desk.open_request(anna, &user_id("zoe"), &device(1), "r")?;
        house.desk.enter_challenge(anna, view.id, &challenge(0xA6, 0))
    }),
    ("a request that is not there", |house, scene| {
        let id = RequestId::from_bytes([0xEE; 10]);
        house.desk.request(&scene.anna, id).map(drop)
    }),
    ("list alarms", |house, scene| {
        house.desk.alarms(&scene.anna, 0, 50).map(drop)
    }),
    ("acknowledge an alarm twice", |house, scene| {
        house.desk.acknowledge(&scene.admin, 0, "note")
    }),
    ("acknowledge an alarm that is not there", |house, scene| {
        house.desk.acknowledge(&scene.admin, 99, "note")
    }),
    ("send a notice", |house, _| house.desk.send_notice().map(drop)),
    ("read what every Administrator is told", |house, scene| {
        let told = house.desk.announcements(&scene.admin, 50)?;
        let last = told.last().map(|last| last.number);
        house.desk.announcements_read(&scene.admin, last.unwrap())
    }),
    ("list issuers", |house, scene| {
        house.desk.issuers(&scene.anna).map(drop)
    }),
    ("register a device", |house, scene| {
        house.desk.register_device(&scene.admin, &new_device(5, "zoe"))
    }),
    ("register a device with a foreign slot", |house, scene| {
        house.desk.register_device(&scene.admin, &foreign(6))
    }),
    ("a new user", |house, scene| {
        let new = user("newcomer", UserClass::Ordinary);
        house.desk.put_user(&scene.admin, &new)
    }),
    ("a new operator", |house, scene| {
        let password = Some("a long enough pass phrase");
        house.desk.put_operator(&scene.admin, &operator("dora"), password)
    }),
    ("read the log", |house, scene| {
        house.desk.audit_entries(&scene.admin, 0, 20).map(drop)
    }),
];

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.sqlite");
        let mut house = House::in_file(&path, Rules::default());
        let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
        let desk = &mut house.desk;
        desk.put_user(&admin, &user("carl", UserClass::Ordinary)).unwrap();
        desk.put_operator(&admin, &operator(CAROL.0), Some(CAROL.1))
            .unwrap();
        desk.put_issuer(&admin, &issuer(2, 0x22)).unwrap();
        desk.put_operator(&admin, &operator(ERNA.0), Some(ERNA.1))
            .unwrap();
        let mut browser = FakeBrowser::default();
        let erna = house.sign_in(ERNA);
        add_passkey(&mut house.desk, &mut browser, &erna).unwrap();
        let revoked = make_token(&mut house.desk, &anna).unwrap();
        let gone = house.sign_in(ANNA);
        let guess = house.desk.sign_in(&operator_id(BERT.0), "wrong");
        assert_eq!(code_of(guess), ErrorCode::OperatorUnknown);
        let made = house.ready(&anna, 1, 0xA1, 0);
        house.code(&anna, made).unwrap();
        let ready = house.ready(&anna, 2, 0xC3, 0);
        // Two alarms.
        let elsewhere = house.desk.enter_challenge(&anna, ready, &challenge(0xA1, 0));
        assert_eq!(code_of(elsewhere), ErrorCode::ChallengeElsewhere);
        let moved = house.desk.enter_challenge(&anna, ready, &challenge(0xA4, 6));
        assert_eq!(code_of(moved), ErrorCode::CounterMoved);
        while house.log_size() < TWO_TILES - 40 {
            house.desk.find_device(&anna, &device(1)).unwrap();
        }
        let world = house.world.clone();
        drop(house);
        let early = folder.path().join("early");
        std::fs::copy(&path, &early).unwrap();

        let mut house = House::over(world.clone(), &path).unwrap();
        let desk = &mut house.desk;
        desk.put_licence(&admin, &TestDesk::licence(START, 500)).unwrap();
        let stricter = Rules {
            session_seconds: 3600,
            ..Rules::default()
        };
        desk.put_rules(&admin, &stricter).unwrap();
        let mut bert = operator(BERT.0);
        bert.privileges.push(Privilege::Audit);
        desk.put_operator(&admin, &bert, None).unwrap();
        let mut zoe = user("zoe", UserClass::Ordinary);
        zoe.name = "Zoe Changed".into();
        desk.put_user(&admin, &zoe).unwrap();
        desk.erase_user(&admin, &user_id("carl")).unwrap();
        desk.remove_operator(&admin, &operator_id(CAROL.0)).unwrap();
        desk.put_issuer(&admin, &issuer(2, 0x33)).unwrap();
        desk.register_device(&admin, &new_device(4, "zoe")).unwrap();
        desk.sign_out(&gone).unwrap();
        let known = desk.own_account(&anna).unwrap().tokens;
        desk.revoke_token(&anna, &known[0].id).unwrap();
        let token = make_token(desk, &anna).unwrap();
        sign_in_by_passkey(desk, &mut browser).unwrap();
        desk.acknowledge(&admin, 0, "looked at").unwrap();
        desk.send_notice().unwrap();
        code_of(desk.sign_in(&operator_id(BERT.0), "wrong again"));
        let other = house.ready(&anna, 1, 0xA6, 0);
        house.code(&anna, other).unwrap();
        let ready = house.ready(&anna, 2, 0xD1, 0);
        assert!(house.log_size() < TWO_TILES);
        drop(house);
        std::fs::copy(&path, folder.path().join("late")).unwrap();
        Self {
            folder,
            world,
            anna,
            admin,
            gone,
            revoked,
            token,
            made,
            ready,
        }
    }

    pub fn early(&self) -> PathBuf {
        self.folder.path().join("early")
    }

    pub fn late(&self) -> PathBuf {
        self.folder.path().join("late")
    }

    /// A copy of a state in the database's place.
    pub fn put(&self, state: &Path) -> PathBuf {
        let path = self.folder.path().join("desk.sqlite");
        for more in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(self.folder.path().join(format!("desk.sqlite{more}")));
        }
        std::fs::copy(state, &path).unwrap();
        path
    }

    pub fn world(&self) -> TestDesk {
        self.world.clone()
    }

    /// Opens the later state after `change`, as a process that has seen nothing, and acts there.
    pub fn after(&self, change: impl FnOnce(&Connection), act: Act) -> Outcome {
        let path = self.put(&self.late());
        by_hand(&path, &self.early(), change);
        let acted = House::over(self.world(), &path).and_then(|mut house| act(&mut house, self));
        acted.err().map(|error| error.code())
    }

    /// What `audit verify` says of the later state after `change`.
    pub fn verified(&self, change: impl FnOnce(&Connection)) -> Result<LogReport, DeskError> {
        let path = self.put(&self.late());
        by_hand(&path, &self.early(), change);
        House::over(self.world(), &path)?.desk.verify_audit(&[])
    }

    /// What an act reads in the later state, and what it comes to.
    pub fn reads(&self, act: Act) -> (BTreeSet<ReadRow>, Outcome) {
        let path = self.put(&self.late());
        let record = Record::default();
        record.start();
        let mut parts = parts_over(&self.world, &path, SqliteOptions::default());
        parts.store = Box::new(RecordingStore::new(parts.store, &record));
        let mut house = House {
            desk: Desk::open(parts).unwrap(),
            world: self.world(),
            database: Some(path),
        };
        let outcome = act(&mut house, self).err().map(|error| error.code());
        (record.take().reads, outcome)
    }
}

/// Changes a database as its administrator can, with the earlier state beside it: no trigger, rule or foreign key is in
/// the way, and afterwards all tables look as they should.
pub fn by_hand(path: &Path, early: &Path, change: impl FnOnce(&Connection)) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute("ATTACH ?1 AS early", [early.to_str().unwrap()])
        .unwrap();
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF; BEGIN",
        )
        .unwrap();
    for (name, _) in &triggers {
        connection
            .execute_batch(&format!("DROP TRIGGER main.{name}"))
            .unwrap();
    }
    change(&connection);
    for (_, sql) in triggers {
        connection.execute_batch(&sql).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}
