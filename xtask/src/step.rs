//! A step: its name, its command, its seconds.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

/// A step failed; the text says which and how.
pub struct Failed(pub String);

/// Result of a step.
pub type Done = Result<(), Failed>;

static SECONDS: Mutex<Vec<(String, f64)>> = Mutex::new(Vec::new());

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

/// `cargo` with these arguments, in the workspace's folder.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command as a step; its output goes where ours goes.
pub fn run(name: &str, command: &mut Command) -> Done {
    timed(name, || {
        let status = command
            .status()
            .map_err(|error| Failed(format!("{name}: {error}")))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failed(format!("{name}: {status}")))
        }
    })
}

/// Runs a closure as a step.
pub fn timed<T>(name: &str, step: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
    println!("==> {name}");
    let begin = Instant::now();
    let result = step();
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "==> {name}: {} in {seconds:.1} s",
        if result.is_ok() { "passed" } else { "FAILED" }
    );
    if let Ok(mut all) = SECONDS.lock() {
        all.push((name.to_owned(), seconds));
    }
    result
}

/// Prints the seconds of every step that ran.
pub fn summary() {
    if let Ok(all) = SECONDS.lock() {
        for (name, seconds) in all.iter() {
            println!("{seconds:8.1} s  {name}");
        }
    }
}
