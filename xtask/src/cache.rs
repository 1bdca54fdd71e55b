//! What a second run on this machine, from this clone or another, need not make again: compiled
//! dependencies, tools, other programs' environments. It lies below `XDG_CACHE_HOME`
//! (XDG Base Directory Specification); programs stay in each clone's `target/`.
//!
//! One run at a time has it. A run that finds it taken uses the clone's own `target/cache`, so that two
//! clones never wait for each other, nor write over each other's files.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use crate::step::{Done, Failed, Group, root, within};

/// Below the cache of the person.
const NAME: &str = "fido-unlock";

/// The folder of this run, and the lock that keeps others out of it until the program ends.
struct Taken {
    folder: PathBuf,
    _lock: Option<File>,
}

/// The folder for this run.
pub fn folder() -> &'static Path {
    static TAKEN: OnceLock<Taken> = OnceLock::new();
    &TAKEN.get_or_init(take).folder
}

/// `name` in it.
pub fn place(name: &str) -> PathBuf {
    folder().join(name)
}

/// A folder that `make` fills, unless it did before for the same `of` (versions, by name) and the same Python.
/// One lane after the other.
pub fn made(name: &str, of: &[&str], make: impl FnOnce(&Path) -> Done) -> Result<PathBuf, Failed> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let folder = place(name);
    let python = Command::new("python3").arg("--version").output();
    let python = python.map(|output| output.stdout).unwrap_or_default();
    let wanted = format!("{} {}", of.join(" "), String::from_utf8_lossy(&python).trim());
    let done = folder.join("done");
    if std::fs::read_to_string(&done).is_ok_and(|had| had == wanted) {
        return Ok(folder);
    }
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(failed)?;
    within(Group::Install, || make(&folder))?;
    std::fs::write(&done, wanted).map_err(failed)?;
    Ok(folder)
}

fn take() -> Taken {
    let own = || Taken {
        folder: root().join("target/cache"),
        _lock: None,
    };
    let Some(shared) = shared() else { return own() };
    match lock(&shared) {
        Ok(lock) => {
            println!("==> what can be kept is kept in {}", shared.display());
            Taken {
                folder: shared,
                _lock: Some(lock),
            }
        }
        Err(why) => {
            println!(
                "==> {} cannot be used ({why}): this run builds in target/cache",
                shared.display()
            );
            own()
        }
    }
}

/// `$XDG_CACHE_HOME`, where it is absolute, as the specification wants it; else `~/.cache`.
fn shared() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    given
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .map(|cache| cache.join(NAME))
}

/// Held until the file is closed, by the end of the program at the latest.
fn lock(folder: &Path) -> Result<File, String> {
    let file = std::fs::create_dir_all(folder).and_then(|()| File::create(folder.join("lock")));
    let file = file.map_err(|error| error.to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err("another run has it".into()),
        Err(TryLockError::Error(error)) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::lock;

    #[test]
    fn one_run_at_a_time_has_it() {
        let folder = std::env::temp_dir().join(format!("fido-unlock-xtask-{}", std::process::id()));
        let first = lock(&folder);
        assert!(first.is_ok());
        assert!(lock(&folder).is_err());
        drop(first);
        assert!(lock(&folder).is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
