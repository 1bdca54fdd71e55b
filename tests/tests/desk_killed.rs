//! A process that is killed in the middle of calls, again and again, over one database: what it had answered is there,
//! and nothing was given without its record. `cargo xtask long desk` kills it 200 times, CI 10 times.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "desk/house.rs"]
mod house;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{CodeOutcome, DeskError, LimitRule, LimitRules, RequestId, Rules};
use fido_unlock_mock::desk::TestDesk;
use rusqlite::Connection;

use crate::house::{ADMIN, ANNA, DAY, House, MINUTE, challenge, device, issuer, user_id};

const NAME: &str = "a_process_that_is_killed_loses_nothing_it_had_answered_and_gives_nothing_unrecorded";
const DATABASE: &str = "FIDO_UNLOCK_KILLED_DATABASE";
const KILLS: &str = "FIDO_UNLOCK_KILLS";
const SEED: &str = "FIDO_UNLOCK_SEED";
/// Codes for a device in a day.
const MOST: u32 = 3;

fn rules() -> Rules {
    let limit = |most| LimitRule {
        window_seconds: DAY,
        approval_from: most,
        refuse_from: most,
    };
    Rules {
        limits: LimitRules {
            device: limit(MOST),
            operator: limit(10_000),
            issuer: limit(10_000),
        },
        ..Rules::default()
    }
}

/// The time of the last entry.
fn latest(database: &Path) -> u64 {
    let connection = Connection::open(database).unwrap();
    let text = "SELECT at FROM entries ORDER BY idx DESC LIMIT 1";
    let at: i64 = connection.query_row(text, (), |row| row.get(0)).unwrap();
    at.try_into().unwrap()
}

fn reopened(database: &Path) -> House {
    House::over(TestDesk::new(latest(database)), database).unwrap()
}

/// Whole calls without end, each answer on a line of its own as soon as it is had.
fn calls(database: &Path) -> Result<(), DeskError> {
    let mut house = reopened(database);
    // The name of the test stands on this line already.
    println!("\nopened");
    loop {
        house.later(100 * MINUTE);
        let anna = house.sign_in(ANNA);
        for number in [1, 2] {
            let view = house
                .desk
                .open_request(&anna, &user_id("zoe"), &device(number), "ticket");
            let id = view?.id;
            println!("request {id}");
            house.verify(&anna, id)?;
            let nonce = getrandom::u32().unwrap().to_be_bytes()[0];
            let mut entered = house.desk.enter_challenge(&anna, id, &challenge(nonce, 0));
            // The unlock of an earlier call was recorded, or not: the device knows.
            if let Err(DeskError::Counter { expected, .. }) = entered {
                let counter = challenge(nonce, expected.into());
                entered = house.desk.enter_challenge(&anna, id, &counter);
            }
            match entered.and_then(|()| house.code(&anna, id)) {
                Ok(code) => println!("code {id} {}", hex(&code.sha256())),
                Err(DeskError::Refused(ErrorCode::LimitDevice)) => continue,
                // A nonce that the other device had.
                Err(DeskError::ChallengeElsewhere { .. }) => continue,
                Err(error) => return Err(error),
            }
            if number == 1 {
                house.desk.done(&anna, id)?;
                println!("done {id}");
            } else {
                house.desk.abandon(&anna, id)?;
                println!("abandoned {id}");
            }
        }
        house.desk.sign_out(&anna)?;
        while house.desk.send_notice()? {}
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Starts calls, kills them, and gives the lines that were whole.
fn killed(database: &Path, random: &mut Random) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(DATABASE, database)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    let mut next = |said: &mut Vec<String>| {
        let mut line = String::new();
        let whole = lines.read_line(&mut line).unwrap() > 0 && line.ends_with('\n');
        if whole {
            said.push(line.trim_end().into());
        }
        whole
    };
    // One in eight before it has opened the database, or while it does.
    if random.below(8) > 0 {
        while said.last().is_none_or(|line: &String| line != "opened") {
            assert!(next(&mut said), "the process ended by itself: {said:?}");
        }
    }
    std::thread::sleep(Duration::from_micros(random.below(250_000)));
    assert_eq!(child.try_wait().unwrap(), None, "the process ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    while next(&mut said) {}
    said
}

/// The log from place `from` on.
fn entries(house: &mut House, from: usize) -> Vec<DeskEntry> {
    let admin = house.sign_in(ADMIN);
    let shown = house.desk.audit_entries(&admin, from as u64, u32::MAX).unwrap();
    shown.into_iter().map(|shown| shown.entry).collect()
}

/// No code without its authorisation before, and no more of those than the limit.
fn log_is_sound(entries: &[DeskEntry]) {
    let mut authorised = BTreeSet::new();
    let mut of_device: BTreeMap<[u8; 10], Vec<u64>> = BTreeMap::new();
    for entry in entries {
        match entry.event {
            DeskEvent::Authorised => {
                assert!(authorised.insert(entry.request.unwrap()), "authorised twice");
                assert_eq!(entry.issuer, Some(issuer().hash()));
                let times = of_device.entry(entry.device.unwrap()).or_default();
                times.push(entry.at.0);
                let inside = times.iter().filter(|at| entry.at.0 - **at < DAY).count();
                assert!(inside <= MOST as usize, "{inside} codes in a day");
            }
            DeskEvent::CodeMade => assert!(authorised.contains(&entry.request.unwrap())),
            _ => {}
        }
    }
}

/// Everything that was said is there.
fn answers_are_there(house: &mut House, entries: &[DeskEntry], said: &[String]) -> usize {
    let anna = house.sign_in(ANNA);
    let has = |event: DeskEvent, id: RequestId| {
        let of = entries.iter().filter(move |entry| entry.request == Some(id));
        of.filter(|entry| entry.event == event).collect::<Vec<_>>()
    };
    let mut codes = 0;
    for line in said {
        let words: Vec<&str> = line.split(' ').collect();
        let (what, id) = match words.as_slice() {
            [what @ ("request" | "code" | "done" | "abandoned"), id, ..] => {
                (*what, RequestId::parse(id).unwrap())
            }
            _ => continue,
        };
        let view = house.desk.request(&anna, id).unwrap();
        match what {
            "code" => {
                codes += 1;
                let made = has(DeskEvent::CodeMade, id);
                assert_eq!(made.len(), 1);
                assert_eq!(hex(&made[0].code_sha256.unwrap()), words[2]);
                assert!(view.code.is_some());
            }
            "done" => assert_eq!(
                (view.code, has(DeskEvent::Done, id).len()),
                (Some(CodeOutcome::Done), 1)
            ),
            "abandoned" => assert_eq!(view.code, Some(CodeOutcome::Abandoned)),
            _ => assert_eq!(has(DeskEvent::RequestOpened, id).len(), 1),
        }
    }
    codes
}

#[test]
fn a_process_that_is_killed_loses_nothing_it_had_answered_and_gives_nothing_unrecorded() {
    if let Some(database) = std::env::var_os(DATABASE) {
        let ended = calls(Path::new(&database));
        panic!("calls ended: {ended:?}");
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let kills = number(KILLS).unwrap_or(10);
    let seed = number(SEED).unwrap_or_else(|| getrandom::u64().unwrap());
    println!("{SEED}={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("desk.sqlite");
    drop(House::in_file(&database, rules()));
    let (mut log, mut codes) = (Vec::new(), 0);
    for _ in 0..kills {
        let said = killed(&database, &mut random);
        let mut house = reopened(&database);
        house.desk.verify_audit(&[]).unwrap();
        let new = entries(&mut house, log.len());
        codes += answers_are_there(&mut house, &new, &said);
        log.extend(new);
        log_is_sound(&log);
    }
    println!("{kills} kills, {codes} codes were shown");
    assert!(codes > 0, "no code was ever shown");
}
