use std::path::PathBuf;

use fido_unlock::desk::ports::{Anchor, Clock, DeskStore};
use fido_unlock::desk::{Rules, UnixTime};
use fido_unlock_files::{FileAnchor, SystemClock, make_private_folder};
use fido_unlock_system::SystemEntropy;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::desk::operator_id;

const PASSWORD: &str = "seven wooden bicycles";
const DAY: u64 = 24 * 60 * 60;

/// This computer's clock as it was when it ran a day ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> UnixTime {
        SystemClock.now().plus_seconds(DAY)
    }
}

/// A desk as a process that was killed left it, with a log that SQLite has not brought into the database, and an earlier
/// backup of it.
struct House {
    above: TempDir,
    keys: DeskKeys,
    who: Credentials,
}

impl House {
    fn new(clock: impl Fn() -> Box<dyn Clock + Send>) -> Self {
        let house = Self {
            above: tempfile::tempdir().unwrap(),
            keys: DeskKeys::generate(&mut SystemEntropy).unwrap(),
            who: Credentials {
                operator: operator_id("admin").unwrap(),
                password: Zeroizing::new(PASSWORD.into()),
            },
        };
        let live = house.folder("live");
        let parts = |store| DeskParts {
            clock: clock(),
            ..parts(
                &live,
                &house.keys,
                &SharedSigner::without_keys(&live.keys(), &house.keys),
                store,
            )
            .unwrap()
        };
        let options = SqliteOptions::default();
        let store = SqliteStore::create(&live.database(), options).unwrap();
        let admin = &house.who.operator;
        drop(Desk::create(parts(store), Rules::default(), admin, PASSWORD).unwrap());
        let store = SqliteStore::open(&live.database(), options).unwrap();
        store.backup(&house.backup()).unwrap();
        let mut desk = Desk::open(parts(store)).unwrap();
        for _ in 0..3 {
            desk.sign_in(admin, PASSWORD).unwrap();
        }
        make_private_folder(&house.path("killed")).unwrap();
        for name in ["desk.sqlite", "desk.sqlite-wal", "anchor"] {
            std::fs::copy(house.path("live").join(name), house.path("killed").join(name)).unwrap();
        }
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.above.path().join(name)
    }

    fn backup(&self) -> PathBuf {
        self.path("early.sqlite")
    }

    fn folder(&self, name: &str) -> DeskFolder {
        DeskFolder::new(&self.path(name)).unwrap()
    }

    /// The same desk once more.
    fn killed(&self, name: &str) -> DeskFolder {
        make_private_folder(&self.path(name)).unwrap();
        for entry in std::fs::read_dir(self.path("killed")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, self.path(name).join(path.file_name().unwrap())).unwrap();
        }
        self.folder(name)
    }

    fn word(&self) -> Word<'_> {
        Word {
            who: &self.who,
            note: "the disk broke",
            accept_clock: false,
        }
    }

    /// How long the log of a database is; it is left as it is.
    fn size(&self, database: &Path) -> usize {
        let copy = self.above.path().join("looked-at");
        SqliteStore::copy(database, &copy).unwrap();
        let mut store = SqliteStore::open(&copy, SqliteOptions::default()).unwrap();
        let size = store.view().unwrap().entries(0, u32::MAX).unwrap().len();
        drop(store);
        std::fs::remove_file(copy).unwrap();
        size
    }

    fn open(&self, folder: &DeskFolder) -> Result<Desk, Failure> {
        let path = folder.database().parent().unwrap().to_owned();
        let folder = DeskFolder::existing(&path)?;
        Ok(Desk::open(parts_at(&folder, &self.keys, &folder.database())?)?)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The computer goes off after so many steps.
#[test]
fn wherever_it_stops_an_anchor_is_there_nothing_is_lost_and_the_next_command_says_how_to_go_on() {
    let house = House::new(|| Box::new(SystemClock));
    let before = house.size(&house.path("killed/desk.sqlite"));
    let early = house.size(&house.backup());
    assert!(before > early + 1);
    let mut told = Vec::new();
    for stop in 0.. {
        let folder = house.killed(&format!("stopped-{stop}"));
        let anchored = || assert!(FileAnchor::new(&folder.anchor()).load().unwrap().is_some());
        let staged = Staged::new(&folder, &house.backup()).unwrap();
        staged.restore(&folder, &house.keys, &house.word()).unwrap();
        anchored();
        let steps = steps::all(&folder, &staged);
        let Some(steps) = steps.get(..stop) else { break };
        for step in steps {
            step.run().unwrap();
            anchored();
        }
        std::mem::forget(staged);

        let former = [folder.before_restore(), folder.database()];
        let former = former.iter().find(|database| database.exists()).unwrap();
        assert_eq!(house.size(former), before, "{stop}");
        let found = house
            .open(&folder)
            .map(|mut desk| desk.log_state().unwrap().size as usize);
        let goes_on = |folder: &DeskFolder| match &found {
            Ok(size) if *size == early + 1 => {}
            Err(failure) if failure.code == ErrorCode::StoreSetBack => {
                let parts = parts_at(folder, &house.keys, &folder.database()).unwrap();
                house.word().restore(parts).unwrap();
            }
            _ => {
                replace(folder, &house.keys, &house.backup(), &house.word()).unwrap();
                assert!(!folder.restoring().exists());
            }
        };
        told.push(match &found {
            Ok(size) if *size == before => "as it was",
            Ok(size) if *size == early + 1 => "restored",
            Err(failure) if failure.code == ErrorCode::StoreRead => {
                let detail = failure.detail.as_ref().unwrap();
                assert!(detail.contains("desk.sqlite.before-restore aside"), "{detail}");
                assert!(detail.contains("`desk restore --from`"), "{detail}");
                // Nor is a new desk made there.
                let refused = folder.is_free().unwrap_err();
                assert_eq!(Failure::from(refused).detail, failure.detail);
                "put aside"
            }
            Err(failure) if failure.code == ErrorCode::StoreSetBack => "desk restore",
            other => panic!("{stop}: {other:?}"),
        });
        goes_on(&folder);
        house.open(&folder).unwrap();
        assert_eq!(house.size(&folder.before_restore()), before, "{stop}");
    }
    let expected = [
        ["as it was"; 4].as_slice(),
        &["put aside"; 3],
        &["desk restore", "restored"],
    ];
    assert_eq!(told, expected.concat());
}

/// As the message says.
#[test]
fn what_was_put_aside_can_be_given_its_name_back() {
    let house = House::new(|| Box::new(SystemClock));
    let folder = house.killed("stopped");
    let before = house.size(&folder.database());
    let staged = Staged::new(&folder, &house.backup()).unwrap();
    let put_aside =
        |step: &steps::Step| *step == steps::Step::Rename(folder.database(), folder.before_restore());
    let steps = steps::all(&folder, &staged);
    let last = steps.iter().position(put_aside).unwrap();
    steps[..=last].iter().for_each(|step| step.run().unwrap());
    for ending in ["", "-wal"] {
        let name = |path: PathBuf| crate::desk::beside(&path, ending);
        std::fs::rename(name(folder.before_restore()), name(folder.database())).unwrap();
    }
    assert_eq!(house.size(&folder.database()), before);
    house.open(&folder).unwrap();
}

/// What was put aside by an earlier restore stays as it is when the database is lost later.
#[test]
fn a_lost_database_is_restored_beside_what_an_earlier_restore_kept() {
    let house = House::new(|| Box::new(SystemClock));
    let folder = house.killed("lost");
    replace(&folder, &house.keys, &house.backup(), &house.word()).unwrap();
    let kept = house.size(&folder.before_restore());
    std::fs::remove_file(folder.database()).unwrap();
    // Left over from the lost one.
    std::fs::write(crate::desk::beside(&folder.database(), "-wal"), "x").unwrap();
    replace(&folder, &house.keys, &house.backup(), &house.word()).unwrap();
    assert_eq!(house.size(&folder.before_restore()), kept);
    house.open(&folder).unwrap();
    // And is not written over where the database is there.
    let again = replace(&folder, &house.keys, &house.backup(), &house.word());
    assert_eq!(again.err().unwrap().code, ErrorCode::Usage);
}

#[test]
fn one_that_is_refused_leaves_nothing_behind() {
    let mut house = House::new(|| Box::new(SystemClock));
    let folder = house.killed("refused");
    let before = names(&house.path("refused"));
    let none = house.path("none.sqlite");
    std::fs::write(&none, "no database").unwrap();
    let refused = replace(&folder, &house.keys, &none, &house.word()).err().unwrap();
    assert_eq!(refused.code, ErrorCode::StoreCorrupt);
    assert!(refused.detail.unwrap().contains("none.sqlite: "));
    house.who.password = Zeroizing::new("wrong".into());
    let refused = replace(&folder, &house.keys, &house.backup(), &house.word());
    assert_eq!(refused.err().unwrap().code, ErrorCode::OperatorUnknown);
    assert_eq!(names(&house.path("refused")), before);
}

#[test]
fn a_backup_that_is_ahead_of_the_clock_wants_a_word_about_it() {
    let house = House::new(|| Box::new(Ahead));
    let folder = house.killed("ahead");
    let refused = replace(&folder, &house.keys, &house.backup(), &house.word());
    let refused = refused.err().unwrap();
    assert_eq!(refused.code, ErrorCode::ClockWentBack);
    assert!(refused.detail.unwrap().contains("`desk restore --accept-clock`"));
    let word = Word {
        accept_clock: true,
        ..house.word()
    };
    drop(replace(&folder, &house.keys, &house.backup(), &word).unwrap());
    house
        .open(&folder)
        .unwrap()
        .sign_in(&house.who.operator, PASSWORD)
        .unwrap();
}
