//! A step: its name, its group, its command, its seconds. Steps run one after another in the lane that
//! called them; others may run beside it ([`lanes`]), and what their commands print is shown when each is over, so
//! that no two mix.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A step failed; the text says which and how.
pub struct Failed(pub String);

/// Result of a step.
pub type Done = Result<(), Failed>;

/// What a lane runs as a whole.
pub type Part = fn() -> Done;

/// What a step is part of, for the sums at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Format, lints, documents, licences, what is generated.
    Checks,
    /// Compilers.
    Build,
    /// What is installed or fetched from outside.
    Install,
    /// What goes to the users of other languages.
    Packages,
    /// The tests.
    Tests,
}

impl Group {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Install, "install"),
        (Self::Checks, "checks"),
        (Self::Build, "build"),
        (Self::Packages, "packages"),
        (Self::Tests, "tests"),
    ];
}

struct Timed {
    name: String,
    group: Group,
    seconds: f64,
    /// Without those of the steps in it.
    own: f64,
    aside: bool,
}

/// The runners' own summary lines, to be shown again at the end.
static SUMMARIES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static SECONDS: Mutex<Vec<Timed>> = Mutex::new(Vec::new());

thread_local! {
    /// Seconds of the steps that ended within the present one.
    static INNER: Cell<f64> = const { Cell::new(0.0) };
    static GROUP: Cell<Group> = const { Cell::new(Group::Checks) };
    static ASIDE: Cell<bool> = const { Cell::new(false) };
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

/// `cargo` with these arguments, in the workspace's folder.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(root())
        // What is looked for there afterwards must have been built there.
        .env("CARGO_TARGET_DIR", root().join("target"))
        .env_remove("CARGO_BUILD_TARGET");
    if std::env::var_os("CI").is_some() {
        // What is built once has no use for what a second build would save.
        command.env("CARGO_INCREMENTAL", "0");
    }
    forget_xtask(&mut command);
    command
}

/// Takes out what cargo told this program about itself: a build script that looks at it (ring's does) would run
/// again in each clone, and all that depends on its crate be compiled again.
pub fn forget_xtask(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let of_xtask = |name: &str| name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_");
        if name.to_str().is_some_and(of_xtask) {
            command.env_remove(name);
        }
    }
}

/// The steps of `part` belong to `group`, unless they say otherwise.
pub fn within<T>(group: Group, part: impl FnOnce() -> T) -> T {
    let before = GROUP.replace(group);
    let result = part();
    GROUP.set(before);
    result
}

/// Runs every part in two lanes, whatever the others do: this one takes them from the front, the other from
/// the back, until none is left. So neither waits long for the other. Those of `idle`, which mostly wait for guests,
/// cards and their clocks, have a lane of their own, since two processors would stand still beside them.
pub fn lanes(parts: &[Part], idle: &[Part]) -> Done {
    let queue = Mutex::new(VecDeque::from(parts.to_vec()));
    let next = |take: fn(&mut VecDeque<Part>) -> Option<Part>| {
        take(&mut queue.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let lane = |take| {
        let mut done = Vec::new();
        while let Some(part) = next(take) {
            done.push(caught(part));
        }
        done
    };
    std::thread::scope(|scope| {
        let aside = scope.spawn(|| {
            ASIDE.set(true);
            lane(VecDeque::pop_back)
        });
        let third = scope.spawn(|| {
            ASIDE.set(true);
            idle.iter().copied().map(caught).collect()
        });
        let mut done = lane(VecDeque::pop_front);
        for other in [aside, third] {
            let ended = |_| vec![Err(Failed("a lane ended with a panic".into()))];
            done.extend(other.join().unwrap_or_else(ended));
        }
        joined(done)
    })
}

/// Runs a command as a step.
pub fn run(name: &str, command: &mut Command) -> Done {
    timed(name, || judged(name, execute(name, command, &mut |_| ())?))
}

/// The same where its standard output tells nobody anything.
pub fn run_quietly(name: &str, command: &mut Command) -> Done {
    timed(name, || {
        let status = command.stdout(Stdio::null()).status();
        judged(name, status.map_err(|error| Failed(format!("{name}: {error}")))?)
    })
}

/// Runs a test runner as a step; its summary lines are kept for the end.
pub fn run_tests(name: &str, command: &mut Command) -> Done {
    timed(name, || {
        let mut take = |line: &str| {
            if is_summary(line) {
                keep(format!("{name}: {line}"));
            }
        };
        judged(name, execute(name, command, &mut take)?)
    })
}

fn judged(name: &str, status: ExitStatus) -> Done {
    if status.success() {
        Ok(())
    } else {
        Err(Failed(format!("{name}: {status}")))
    }
}

/// Runs it; each line of its standard output goes to `take` and is printed: at once in the main lane, when
/// the command is over in the other.
fn execute(name: &str, command: &mut Command, take: &mut dyn FnMut(&str)) -> Result<ExitStatus, Failed> {
    let failed = |error: std::io::Error| Failed(format!("{name}: {error}"));
    if !ASIDE.get() {
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
        let mut output = BufReader::new(child.stdout.take().ok_or_else(|| Failed(name.into()))?);
        let mut line = Vec::new();
        // Whatever it prints, it is waited for.
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            take(text.trim_end());
            line.clear();
        }
        return child.wait().map_err(failed);
    }
    let lane = std::thread::current().id();
    let log = root().join(format!("target/aside-{}-{lane:?}.log", std::process::id()));
    let file = File::create(&log).map_err(failed)?;
    let status = command
        .stdin(Stdio::null())
        .stderr(file.try_clone().map_err(failed)?)
        .stdout(file)
        .status()
        .map_err(failed)?;
    let text = std::fs::read(&log).map_err(failed)?;
    let _ = std::fs::remove_file(&log);
    let text = String::from_utf8_lossy(&text);
    text.lines().for_each(take);
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    Ok(status)
}

/// Cargo's, the last of Surefire's, which has no time, and that of the runner in C# with the runtime before it:
/// `mono: 50 passed, 0 failed`. The runner's own line, without one, would count the same tests again.
fn is_summary(line: &str) -> bool {
    line.starts_with("test result: ")
        || (line.contains("Tests run: ") && !line.contains("Time elapsed"))
        || line
            .split_once(": ")
            .is_some_and(|(runtime, sums)| !runtime.contains(' ') && csharp_sums(sums).is_some())
}

/// `50 passed, 0 failed`.
fn csharp_sums(text: &str) -> Option<(u64, u64)> {
    let (passed, failed) = text.split_once(" passed, ")?;
    Some((
        passed.parse().ok()?,
        failed.strip_suffix(" failed")?.parse().ok()?,
    ))
}

/// Keeps a runner's sums for the end: `swift: 50 passed, 0 failed`.
pub fn keep(line: String) {
    if let Ok(mut all) = SUMMARIES.lock() {
        all.push(line);
    }
}

/// Runs a closure as a step.
pub fn timed<T>(name: &str, step: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
    println!("==> {name}");
    let begin = Instant::now();
    let outer = INNER.replace(0.0);
    let result = step();
    let seconds = begin.elapsed().as_secs_f64();
    let inner = INNER.replace(outer + seconds);
    println!(
        "==> {name}: {} in {seconds:.1} s",
        if result.is_ok() { "passed" } else { "FAILED" }
    );
    if let Ok(mut all) = SECONDS.lock() {
        all.push(Timed {
            name: name.to_owned(),
            group: GROUP.get(),
            seconds,
            own: seconds - inner,
            aside: ASIDE.get(),
        });
    }
    result
}

/// Runs every part, whatever the others did, so that one failure does not hide another; fails with all
/// of their reasons.
pub fn all(parts: &[Part]) -> Done {
    joined(parts.iter().map(caught).collect())
}

/// A panic is a failure like any other: it hides no other part.
fn caught(part: impl FnOnce() -> Done) -> Done {
    let group = GROUP.get();
    catch_unwind(AssertUnwindSafe(part)).unwrap_or_else(|_| {
        GROUP.set(group);
        Err(Failed("a part ended with a panic".into()))
    })
}

/// Fails with the reasons of all that failed, each said once.
pub fn joined(parts: Vec<Done>) -> Done {
    let mut seen = BTreeSet::new();
    let reasons: Vec<String> = parts
        .into_iter()
        .filter_map(|part| part.err())
        .map(|Failed(reason)| reason)
        .filter(|reason| seen.insert(reason.clone()))
        .collect();
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(Failed(reasons.join("\n")))
    }
}

/// Prints the seconds of every step that ran and their sums by group, the runners' summary lines, and the
/// sum of these. Steps of two lanes overlap, so the sums are more than what passed on the clock, which is
/// printed too.
pub fn summary(whole: f64) {
    if let Ok(all) = SECONDS.lock() {
        for step in all.iter() {
            let lane = if step.aside { " (aside)" } else { "" };
            println!("{:8.1} s  {}{lane}", step.seconds, step.name);
        }
        for (group, name) in Group::ALL {
            let steps = all.iter().filter(|step| step.group == group);
            println!("{:8.1} s  {name}", steps.fold(0.0, |sum, step| sum + step.own));
        }
        println!("{whole:8.1} s  in all, by the clock");
    }
    let Ok(all) = SUMMARIES.lock() else { return };
    if all.is_empty() {
        return;
    }
    let (mut passed, mut failed) = (0, 0);
    for line in all.iter() {
        println!("{line}");
        let (good, bad) = count(line);
        passed += good;
        failed += bad;
    }
    println!("{passed} passed, {failed} failed");
}

/// Passed and failed tests of a summary line.
fn count(line: &str) -> (u64, u64) {
    let number_before = |word: &str| {
        let (before, _) = line.split_once(word)?;
        before.trim_end().rsplit(' ').next()?.parse::<u64>().ok()
    };
    let number_after = |word: &str| {
        let after = line.split(word).nth(1)?;
        after.split(',').next()?.trim().parse::<u64>().ok()
    };
    if let (Some(passed), Some(failed)) = (number_before("passed;"), number_before("failed;")) {
        return (passed, failed);
    }
    if let Some(sums) = line.rsplit_once(": ").and_then(|(_, sums)| csharp_sums(sums)) {
        return sums;
    }
    let run = number_after("Tests run:").unwrap_or(0);
    let bad = number_after("Failures:").unwrap_or(0) + number_after("Errors:").unwrap_or(0);
    let skipped = number_after("Skipped:").unwrap_or(0);
    (run.saturating_sub(bad + skipped), bad)
}

#[cfg(test)]
mod tests {
    use super::{Failed, all, count, is_summary, lanes};

    #[test]
    fn a_part_that_fails_does_not_hide_the_next() {
        let failing = || Err(Failed("one".into()));
        let other = || Err(Failed("two".into()));
        let result = all(&[failing, || Ok(()), other]);
        assert!(result.is_err_and(|Failed(reason)| reason == "one\ntwo"));
        assert!(all(&[|| Ok(())]).is_ok());
    }

    #[test]
    fn the_lanes_run_every_part() {
        let failing = || Err(Failed("one".into()));
        let result = lanes(&[|| Ok(()), failing, || panic!("a part's own"), || Ok(())], &[]);
        assert!(result.is_err_and(|Failed(reason)| reason.contains("one") && reason.contains("panic")));
        let result = lanes(&[|| Ok(())], &[failing, || panic!("a part's own")]);
        assert!(result.is_err_and(|Failed(reason)| reason.contains("one") && reason.contains("panic")));
        assert!(lanes(&[|| Ok(()), || Ok(())], &[|| Ok(())]).is_ok());
    }

    #[test]
    fn each_test_is_counted_once() {
        let output = [
            "running 1 test",
            "test fido_unlock_runs_on_mono_and_dotnet ... ok",
            "---- fido_unlock_runs_on_mono_and_dotnet stdout ----",
            "ok     UnlockTests.Suite1OverHid",
            // The runner's own line, where a test prints all of its output.
            "50 passed, 0 failed",
            "mono: 50 passed, 0 failed",
            "dotnet: 49 passed, 1 failed",
            "mono: 6 stories",
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9.00s",
            "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s -- in a.B",
            "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0",
        ];
        let kept: Vec<_> = output.iter().filter(|line| is_summary(line)).collect();
        let sums: Vec<_> = kept
            .iter()
            .map(|line| count(&format!("tests: C#: {line}")))
            .collect();
        assert_eq!(sums, [(50, 0), (49, 1), (1, 0), (3, 0)]);
    }

    #[test]
    fn both_runners_are_counted() {
        assert_eq!(
            count("x: test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured"),
            (7, 2)
        );
        assert_eq!(
            count("x: [INFO] Tests run: 332, Failures: 1, Errors: 2, Skipped: 3"),
            (326, 3)
        );
    }
}
