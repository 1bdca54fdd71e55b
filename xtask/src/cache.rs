//! What a second run on this machine, from this clone or another, need not make again: compiled
//! dependencies, tools, other programs' environments. It lies below `XDG_CACHE_HOME`
//! (XDG Base Directory Specification); programs stay in each clone's `target/`.
//!
//! One run at a time has it. A run that finds it taken uses the clone's own `target/cache`, so that two
//! clones never wait for each other, nor write over each other's files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::step::root;

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

fn take() -> Taken {
    let own = || Taken {
        folder: root().join("target/cache"),
        _lock: None,
    };
    let Some(shared) = shared() else { return own() };
    match lock(&shared) {
        Some(lock) => {
            println!("==> what can be kept is kept in {}", shared.display());
            Taken {
                folder: shared,
                _lock: Some(lock),
            }
        }
        None => {
            println!(
                "==> another run has {}: this one builds in target/cache",
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
fn lock(folder: &Path) -> Option<File> {
    std::fs::create_dir_all(folder).ok()?;
    let file = File::create(folder.join("lock")).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::lock;

    #[test]
    fn one_run_at_a_time_has_it() {
        let folder = std::env::temp_dir().join(format!("fido-unlock-xtask-{}", std::process::id()));
        let first = lock(&folder);
        assert!(first.is_some());
        assert!(lock(&folder).is_none());
        drop(first);
        assert!(lock(&folder).is_some());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
