//! `cargo xtask long bench desk [DEVICES...]`: the desk over SQLite beside a floor that writes the same pages and
//! decides nothing, in one run; and what grows with the number of devices.

#[allow(dead_code, reason = "the figures of the console use the rest")]
mod house;

use std::collections::VecDeque;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use fido_unlock::desk::Desk;
use fido_unlock::desk::ports::{Batch, DeskStore};
use fido_unlock_mock::desk::{MemoryStore, Record, RecordingStore};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use rustix::time::{ClockId, clock_gettime};

use house::{Caller, House};

/// Whole calls that are measured.
const CALLS: u32 = 300;
/// Desk and floor take turns so often, so that whatever else machine and disk do strikes both.
const ROUNDS: u32 = 10;
/// Callers beside each other, and calls of each in a round.
const CALLERS: u32 = 16;
const CALLS_EACH: u32 = 4;
/// Transactions of a call: open, verified (begun, finished), challenge, authorised, made, done.
const STEPS: u32 = 7;
const SEARCHES: u32 = 500;
const OPENINGS: u32 = 50;
const SYNCS: u32 = 100;

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
    processor(ClockId::ProcessCPUTime)
}

fn processor(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn us(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

fn a_second(count: u32, us: f64) -> f64 {
    f64::from(count) / us * 1e6
}

fn percentile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() as f64 * part) as usize;
    times
        .get(at.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// `p50 …, p99 …` of so many runs, by the clock and of this thread's processor time.
fn percentiles(count: u32, mut run: impl FnMut(u32) -> Result<()>) -> Result<String> {
    let (mut times, mut worked) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (started, before) = (Instant::now(), processor(ClockId::ThreadCPUTime));
        run(number)?;
        times.push(us(started));
        worked.push(processor(ClockId::ThreadCPUTime) - before);
    }
    let mut ms = |part| {
        (
            percentile(&mut times, part) / 1e3,
            percentile(&mut worked, part) / 1e3,
        )
    };
    let ((p50, p50_worked), (p99, p99_worked)) = (ms(0.5), ms(0.99));
    Ok(format!(
        "p50 {p50:.2} ms, p99 {p99:.2} ms (processor {p50_worked:.2} and {p99_worked:.2})"
    ))
}

/// What else the machine does, and what a page that is written and synced takes.
fn machine(folder: &Path) -> Result<()> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    let sync = percentiles(SYNCS, |number| {
        file.rewind()?;
        file.write_all(&[number as u8; 4096])?;
        Ok(file.sync_data()?)
    })?;
    println!("machine: load {}; a page synced: {sync}", load.trim());
    Ok(())
}

/// The writer's work without a commit: over a store in memory, of which all is in the processor.
fn processor_time() -> Result<()> {
    let store = MemoryStore::default();
    let mut house = House::make(Box::new(store), 1_000)?;
    house.caller.calls(20)?;
    let before = cpu();
    house.caller.calls(CALLS)?;
    let step = (cpu() - before) / f64::from(CALLS * STEPS);
    println!("a step, without commit: {step:.0} us of processor time (signature included; goal 250)");
    Ok(())
}

/// Gives the time to open, in microseconds.
fn at_size(devices: u32) -> Result<f64> {
    println!("\n{devices} devices, {} users", devices.div_ceil(2));
    let folder = tempfile::tempdir()?;
    machine(folder.path())?;
    let path = folder.path().join("desk.sqlite");
    let options = SqliteOptions::default();
    let store = SqliteStore::create(&path, options)?;
    let record = Record::default();
    let over = |store: &SqliteStore| Box::new(RecordingStore::new(Box::new(store.clone()), &record));

    let (started, before) = (Instant::now(), cpu());
    let mut house = House::make(over(&store), devices)?;
    let (users, all) = house.caller.filled;
    println!(
        "import: {:.1} s (users {:.1}, devices {:.1}), {:.0} us of processor time for a device and half a user; {} MB",
        us(started) / 1e6,
        users.as_secs_f64(),
        all.as_secs_f64(),
        (cpu() - before) / f64::from(devices),
        path.metadata()?.len() >> 20
    );

    house.caller.calls(20)?;
    let copy = folder.path().join("copy.sqlite");
    store.backup(&copy)?;
    let floor = SqliteStore::open(&copy, options)?;
    machine(folder.path())?;

    let mut step = 0.0;
    let alone = rounds(CALLS / ROUNDS, || {
        record.start();
        let (started, before) = (Instant::now(), cpu());
        house.caller.calls(CALLS / ROUNDS)?;
        let ours = us(started);
        step += (cpu() - before) / f64::from(CALLS * STEPS);
        Ok((ours, written(&floor, record.take().batches, 1)?))
    })?;
    println!("codes, one caller: {alone} (goal 70); a step {step:.0} us of processor time");

    let mut callers = (0..CALLERS)
        .map(|_| house.another(over(&store)))
        .collect::<Result<Vec<_>>>()?;
    let together = rounds(CALLERS * CALLS_EACH, || {
        record.start();
        let ours = at_once(&mut callers)?;
        let mut batches = record.take().batches;
        batches.sort_by_key(|batch| batch.first_entry);
        Ok((ours, written(&floor, batches, CALLERS)?))
    })?;
    println!("codes, {CALLERS} callers (goal 500/s): {together}");

    let caller = &mut house.caller;
    let texts: Vec<String> = (0..SEARCHES).map(|number| caller.search_text(number)).collect();
    let text = |number: u32| texts.get(number as usize).map_or("", String::as_str);
    let looked = percentiles(SEARCHES, |number| caller.suggest(text(number)))?;
    let recorded = percentiles(SEARCHES, |number| caller.search(text(number)))?;
    println!("search: {looked} (goal 20); with its record: {recorded}");

    let mut times = Vec::new();
    let opened = percentiles(OPENINGS, |_| {
        let started = Instant::now();
        let store = SqliteStore::open(&path, options)?;
        let desk = Desk::open(house.parts(Box::new(store)))?;
        times.push(us(started));
        drop(desk);
        Ok(())
    })?;
    let opening = percentile(&mut times, 0.5);
    println!(
        "opening: {:.2} ms (goal 20), {} entries; closed again: {opened}",
        opening / 1e3,
        house.caller.entries()?
    );
    println!("resident: {} MB", resident()?);
    machine(folder.path())?;
    Ok(opening)
}

/// Turns of desk and floor, each with so many calls; `round` gives how long each took.
fn rounds(calls: u32, mut round: impl FnMut() -> Result<(f64, f64)>) -> Result<String> {
    let (mut ours, mut least, mut ratios) = (0.0, 0.0, Vec::new());
    for _ in 0..ROUNDS {
        let (desk, floor) = round()?;
        ours += desk;
        least += floor;
        ratios.push(floor / desk * 100.0);
    }
    Ok(format!(
        "{:.0}/s; floor {:.0}/s; {:.0} % of it in the median of {ROUNDS} turns",
        a_second(calls * ROUNDS, ours),
        a_second(calls * ROUNDS, least),
        percentile(&mut ratios, 0.5)
    ))
}

/// Calls of several at the same time; gives how long they took.
fn at_once(callers: &mut [Caller]) -> Result<f64> {
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = callers
            .iter_mut()
            .map(|caller| scope.spawn(move || caller.calls(CALLS_EACH)))
            .collect();
        threads.into_iter().try_for_each(ended)
    })?;
    Ok(us(started))
}

/// The same pages, and no more: batches in their order, written by several; gives how long it took.
fn written(store: &SqliteStore, batches: Vec<Batch>, by: u32) -> Result<f64> {
    let batches = Mutex::new(VecDeque::from(batches));
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..by)
            .map(|_| {
                let (mut store, batches) = (store.clone(), &batches);
                scope.spawn(move || -> Result<()> {
                    loop {
                        let txn = store.begin()?;
                        // Whose turn it is takes the next one.
                        let next = batches.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                        let Some(batch) = next else { return Ok(txn.end()?) };
                        txn.commit(&batch)?;
                    }
                })
            })
            .collect();
        threads.into_iter().try_for_each(ended)
    })?;
    Ok(us(started))
}

fn ended(thread: std::thread::ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    thread.join().map_err(|_| anyhow::anyhow!("a caller ended"))?
}

/// In megabytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("VmRSS")?.parse::<u64>()? / 1024)
}
