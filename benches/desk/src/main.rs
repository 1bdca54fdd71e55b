//! `cargo xtask long bench desk [DEVICES...]`: the desk over SQLite beside a floor that writes the same pages and
//! decides nothing, in one run; and what grows with the number of devices.

mod house;
mod recording;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use fido_unlock::desk::Desk;
use fido_unlock::desk::ports::DeskStore;
use fido_unlock_mock::desk::MemoryStore;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use rustix::time::{ClockId, clock_gettime};

use house::House;
use recording::Recording;

/// Whole calls that are measured.
const CALLS: u32 = 300;
/// Callers beside each other.
const CALLERS: u32 = 16;
/// Transactions of a call: open, verified (begun, finished), challenge, authorised, made, done.
const STEPS: u32 = 7;
const SEARCHES: u32 = 500;
const OPENINGS: u32 = 50;

fn main() -> Result<()> {
    let mut sizes: Vec<u32> = std::env::args()
        .skip(1)
        .map(|size| size.parse().context("a number of devices"))
        .collect::<Result<_>>()?;
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000, 100_000];
    }
    processor_time()?;
    let mut openings = Vec::new();
    for size in sizes {
        openings.push(at_size(size)?);
    }
    if let (Some(first), Some(last)) = (openings.first(), openings.last()) {
        println!("opening, largest beside smallest: {:.2}", last / first);
    }
    Ok(())
}

/// Processor time of this process, in microseconds.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn us(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

fn percentile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() as f64 * part) as usize;
    times
        .get(at.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// The writer's work without a commit: over a store in memory, of which all is in the processor.
fn processor_time() -> Result<()> {
    let store = MemoryStore::default();
    let mut house = House::make(Box::new(store), 1_000)?;
    house.calls(20)?;
    let before = cpu();
    house.calls(CALLS)?;
    let step = (cpu() - before) / f64::from(CALLS * STEPS);
    println!("a step, without commit: {step:.0} us of processor time (signature included; goal 250)");
    Ok(())
}

/// Gives the time to open, in microseconds.
fn at_size(devices: u32) -> Result<f64> {
    println!("\n{devices} devices, {} users", devices.div_ceil(2));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("desk.sqlite");
    let recorded = Recording::default();
    let store = recorded.over(SqliteStore::create(&path, SqliteOptions::default())?);
    let started = Instant::now();
    let mut house = House::make(Box::new(store), devices)?;
    println!("import: {:.1} s", started.elapsed().as_secs_f64());

    house.calls(20)?;
    let copy = folder.path().join("copy.sqlite");
    SqliteStore::open(&path, SqliteOptions::default())?.backup(&copy)?;
    recorded.begin_recording();
    let started = Instant::now();
    house.calls(CALLS)?;
    let ours = us(started);
    let batches = recorded.take();
    // The same pages, and no more.
    let mut floor_store = SqliteStore::open(&copy, SqliteOptions::default())?;
    let started = Instant::now();
    for batch in &batches {
        let txn = floor_store.begin()?;
        txn.commit(batch)?;
    }
    let floor = us(started);
    println!(
        "codes: {:.0}/s, {} commits each; floor {:.0}/s; {:.0} % of it (goal 70)",
        f64::from(CALLS) / ours * 1e6,
        batches.len() as u32 / CALLS,
        f64::from(CALLS) / floor * 1e6,
        floor / ours * 100.0
    );

    let shared = Arc::new(Mutex::new(house));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            let shared = Arc::clone(&shared);
            scope.spawn(move || {
                for _ in 0..CALLS / CALLERS {
                    let mut house = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Err(error) = house.calls(1) {
                        eprintln!("a call: {error}");
                    }
                }
            });
        }
    });
    let calls = f64::from(CALLS / CALLERS * CALLERS);
    println!("codes, {CALLERS} callers: {:.0}/s", calls / us(started) * 1e6);

    let mut house = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let mut times = Vec::new();
    for number in 0..SEARCHES {
        let text = house.search_text(number);
        let started = Instant::now();
        house.suggest(&text)?;
        times.push(us(started));
    }
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    println!(
        "search: p50 {:.1} ms, p99 {:.1} ms (goal 20)",
        p50 / 1e3,
        p99 / 1e3
    );

    let mut times = Vec::new();
    for _ in 0..OPENINGS {
        let started = Instant::now();
        let store = SqliteStore::open(&path, SqliteOptions::default())?;
        let desk = Desk::open(house.parts(Box::new(store)))?;
        times.push(us(started));
        drop(desk);
    }
    let opening = percentile(&mut times, 0.5);
    println!(
        "opening: {:.2} ms (goal 20), {} entries",
        opening / 1e3,
        house.entries()?
    );
    println!("resident: {} MB", resident()?);
    Ok(opening)
}

/// In megabytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("VmRSS")?.parse::<u64>()? / 1024)
}
