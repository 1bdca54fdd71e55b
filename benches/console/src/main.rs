//! `cargo xtask bench desk --http [DEVICES]`: the console over loopback beside the library over the same database, in
//! turns of one run, with the load on the same cores; pages, search, memory, and the time to start.

#[path = "../../desk/src/house.rs"]
#[allow(dead_code, reason = "the desk's own figures use the rest")]
mod house;
mod load;
mod serve;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use house::{Caller, House};
use load::{Program, Reader};
use serve::Served;

/// Devices, where the caller does not say: an import of a million takes a quarter of an hour.
const DEVICES: u32 = 100_000;
/// Library and service take turns so often, so that whatever else machine and disk do strikes both.
const ROUNDS: u32 = 10;
/// Callers beside each other, and calls of each in a round.
const CALLERS: u32 = 16;
const CALLS_EACH: u32 = 4;
/// Requests for each page, and searches.
const PAGES: u32 = 100;
const SEARCHES: u32 = 500;
const STARTS: u32 = 9;
/// Of the menu, and what people wait for.
const PATHS: [&str; 12] = [
    "/unlock",
    "/approvals",
    "/devices",
    "/audit",
    "/audit/checkpoints",
    "/charts",
    "/downloads",
    "/operators",
    "/keys",
    "/licence",
    "/settings",
    "/account",
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("serve"), Some(database)) => serve::run(Path::new(&database)),
        (devices, _) => {
            let devices = devices.map_or(Ok(DEVICES), str::parse);
            measure(devices.context("a number of devices")?)
        }
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn percentile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() as f64 * part) as usize;
    let at = at.min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or(0.0)
}

/// `p50 …, p99 …` of so many runs.
fn percentiles(count: u32, mut run: impl FnMut(u32) -> Result<()>) -> Result<String> {
    let mut times = Vec::new();
    for number in 0..count {
        let started = Instant::now();
        run(number)?;
        times.push(ms(started));
    }
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    Ok(format!("p50 {p50:.2} ms, p99 {p99:.2} ms"))
}

fn measure(devices: u32) -> Result<()> {
    println!("{devices} devices, {} users", devices.div_ceil(2));
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("machine: load {}", load.trim());
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("desk.sqlite");
    let store = SqliteStore::create(&database, SqliteOptions::default())?;
    let started = Instant::now();
    let mut house = House::make(Box::new(store.clone()), devices)?;
    println!("import: {:.1} s", started.elapsed().as_secs_f64());
    let token = house.caller.token()?;
    let mut callers = (0..CALLERS)
        .map(|_| house.another(Box::new(store.clone())))
        .collect::<Result<Vec<_>>>()?;

    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let served = Served::start(&database)?;
        served.reader().get("/sign-in")?;
        starts.push(ms(started));
    }
    println!(
        "start to first answer: {:.0} ms in the median of {STARTS} (goal 300, without the passphrase)",
        percentile(&mut starts, 0.5)
    );

    let served = Served::start(&database)?;
    println!("resident, before the first page: {} MB", served.resident()?);
    let mut reader = served.reader();
    reader.sign_in(house::PASSWORD)?;
    let started = Instant::now();
    reader.get("/unlock")?;
    println!("first page: {:.2} ms (goal 50)", ms(started));
    for path in PATHS {
        println!("{path}: {}", percentiles(PAGES, |_| reader.get(path))?);
    }
    searches(&house.caller, &reader)?;
    codes(&mut callers, &served, &token)?;
    println!("resident: {} MB (goal 150)", served.resident()?);
    Ok(())
}

fn searches(caller: &Caller, reader: &Reader) -> Result<()> {
    let texts: Vec<String> = (0..SEARCHES).map(|number| caller.search_text(number)).collect();
    let looked = percentiles(SEARCHES, |number| {
        reader.search(texts.get(number as usize).map_or("", String::as_str))
    })?;
    println!("search: {looked} (goal 30 in p99)");
    Ok(())
}

/// Codes a second: the library's and the service's, in turns.
fn codes(callers: &mut [Caller], served: &Served, token: &str) -> Result<()> {
    let programs: Vec<Program> = callers.iter().map(|_| served.program(token)).collect();
    let (mut library, mut service, mut ratios) = (0.0, 0.0, Vec::new());
    for _ in 0..ROUNDS {
        let own = at_once(callers.iter_mut(), |caller| caller.calls_with_notices(CALLS_EACH))?;
        let asked = at_once(callers.iter_mut().zip(&programs), |(caller, program)| {
            (0..CALLS_EACH).try_for_each(|_| program.call(&caller.next_call()?))
        })?;
        library += own;
        service += asked;
        ratios.push(own / asked * 100.0);
    }
    let a_second = |ms: f64| f64::from(ROUNDS * CALLERS * CALLS_EACH) / ms * 1e3;
    println!(
        "codes, {CALLERS} callers: {:.0}/s by the service, {:.0}/s by the library; {:.0} % in the median of {ROUNDS} turns \
         (goal 60)",
        a_second(service),
        a_second(library),
        percentile(&mut ratios, 0.5)
    );
    Ok(())
}

/// What several do at the same time; gives how long it took, in milliseconds.
fn at_once<T: Send>(all: impl Iterator<Item = T>, run: impl Fn(T) -> Result<()> + Sync) -> Result<f64> {
    let started = Instant::now();
    let run = &run;
    std::thread::scope(|scope| {
        let threads: Vec<_> = all.map(|one| scope.spawn(move || run(one))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| anyhow::anyhow!("a caller ended"))?)
    })?;
    Ok(ms(started))
}
