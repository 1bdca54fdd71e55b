//! The folder of programs for users: what lies in it, and the hash of each, which is computed once, beside whoever asks.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use fido_unlock::Shown;
use sha2::{Digest, Sha256};

/// The most files that are shown.
const MOST_FILES: usize = 500;
/// How much of a file is hashed at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// A folder with packages. Links in it are not followed, and what is not a file in the folder itself is not there.
pub struct Packages(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    hashed: Mutex<Hashed>,
    /// Told when all that was new has been hashed.
    done: Condvar,
}

#[derive(Default)]
struct Hashed {
    /// By name, what a file was like when it was hashed.
    known: BTreeMap<String, (State, String)>,
    /// A thread is about it.
    at_work: bool,
}

/// What a file is known by, as long as it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    size: u64,
    modified: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The file's name.
    pub name: String,
    /// The version in its name, where it has one.
    pub version: Option<String>,
    /// In bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal digits; `None` as long as it is being computed.
    pub sha256: Option<String>,
}

impl Packages {
    /// The folder need not be there yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(Arc::new(Inner {
            folder: folder.into(),
            hashed: Mutex::default(),
            done: Condvar::new(),
        }))
    }

    /// What lies there, by name. It blocks. What is new is hashed by a thread of its own; this waits for that `patience` at
    /// most.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self, patience: Duration) -> io::Result<Vec<Package>> {
        let own = &self.0;
        let mut packages = own.list()?;
        let mut hashed = own.hashed();
        hashed
            .known
            .retain(|name, _| packages.iter().any(|(package, _)| package.name == *name));
        let is_known = |hashed: &Hashed| {
            packages
                .iter()
                .all(|(package, state)| hashed.of(package, *state).is_some())
        };
        if !is_known(&hashed) && !hashed.at_work {
            let mut new: Vec<_> = packages
                .iter()
                .filter(|(package, state)| hashed.of(package, *state).is_none())
                .map(|(package, _)| (package.size, package.name.clone()))
                .collect();
            // None waits for one that takes longer.
            new.sort_unstable();
            let inner = Arc::downgrade(own);
            let thread = std::thread::Builder::new().name("packages".into());
            hashed.at_work = thread.spawn(move || hash_all(&inner, new)).is_ok();
        }
        if hashed.at_work && !is_known(&hashed) {
            let waited = own
                .done
                .wait_timeout_while(hashed, patience, |hashed| hashed.at_work);
            hashed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        for (package, state) in &mut packages {
            package.sha256 = hashed.of(package, *state);
        }
        Ok(packages.into_iter().map(|(package, _)| package).collect())
    }

    /// The file of this name in the folder, and its size in bytes. It blocks.
    ///
    /// # Errors
    /// There is none: what has another folder in its name, is a link, or is no file is none.
    pub fn file(&self, name: &str) -> io::Result<(File, u64)> {
        let (file, metadata) = self.0.open(name)?;
        Ok((file, metadata.len()))
    }
}

impl Hashed {
    fn of(&self, package: &Package, state: State) -> Option<String> {
        let known = self.known.get(&package.name);
        known
            .filter(|(known, _)| *known == state)
            .map(|(_, hash)| hash.clone())
    }
}

/// Ends the work of a thread, however it ends.
struct AtWork<'a>(&'a Weak<Inner>);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.hashed().at_work = false;
            inner.done.notify_all();
        }
    }
}

/// Hashes them, as long as somebody has the folder. What cannot be read is tried again when it is asked for again.
fn hash_all(inner: &Weak<Inner>, new: Vec<(u64, String)>) {
    let _ends = AtWork(inner);
    for (_, name) in new {
        let Some(opened) = inner.upgrade().map(|own| own.open(&name)) else {
            return;
        };
        let Ok((mut file, metadata)) = opened else {
            continue;
        };
        let state = State::of(&metadata);
        let Ok(Some(hash)) = sha256(&mut file, inner) else {
            continue;
        };
        // It may have grown meanwhile.
        let same = file
            .metadata()
            .is_ok_and(|metadata| State::of(&metadata) == state);
        if let Some(own) = inner.upgrade().filter(|_| same) {
            own.hashed().known.insert(name, (state, hash));
        }
    }
}

impl Inner {
    fn hashed(&self) -> MutexGuard<'_, Hashed> {
        self.hashed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What lies there, without hashes.
    fn list(&self) -> io::Result<Vec<(Package, State)>> {
        let mut names: Vec<String> = fs::read_dir(&self.folder)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| is_name(name))
            .collect();
        names.sort_unstable();
        names.truncate(MOST_FILES);
        let package = |name: String| {
            // Meanwhile it may be gone.
            let (_, metadata) = self.open(&name).ok()?;
            let state = State::of(&metadata);
            let package = Package {
                version: version(&name).map(String::from),
                name,
                size: state.size,
                sha256: None,
            };
            Some((package, state))
        };
        Ok(names.into_iter().filter_map(package).collect())
    }

    fn open(&self, name: &str) -> io::Result<(File, Metadata)> {
        let none = || io::Error::from(io::ErrorKind::NotFound);
        if !is_name(name) {
            return Err(none());
        }
        let path = self.folder.join(name);
        let entry = fs::symlink_metadata(&path)?;
        if !entry.is_file() {
            return Err(none());
        }
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() && is_same(&entry, &metadata) {
            Ok((file, metadata))
        } else {
            Err(none())
        }
    }
}

/// `None` where nobody has the folder any more.
fn sha256(file: &mut File, inner: &Weak<Inner>) -> io::Result<Option<String>> {
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    while inner.strong_count() > 0 {
        match file.read(&mut chunk)? {
            0 => return Ok(Some(base16ct::lower::encode_string(&hash.finalize()))),
            read => hash.update(chunk.get(..read).unwrap_or_default()),
        }
    }
    Ok(None)
}

/// Nothing was put in its place between the two looks.
#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.dev() == other.dev() && one.ino() == other.ino()
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    State::of(one) == State::of(other)
}

/// A name of a file and no path, not hidden, and with nothing in it that cannot be seen.
fn is_name(name: &str) -> bool {
    let is_plain = Shown(name).is_plain() && name.len() <= 200;
    let is_one =
        !name.contains(['/', '\\', ':']) && Path::new(name).file_name().is_some_and(|own| own == name);
    is_plain && is_one && !name.starts_with('.') && name.trim() == name
}

/// The version in a file's name: numbers with dots between them, such as 1.4.2 in `app-1.4.2-x64.msi`.
fn version(name: &str) -> Option<&str> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut parts = stem.split(['-', '_', ' ']);
    parts.find_map(|part| {
        let part = part.strip_prefix('v').unwrap_or(part);
        let mut numbers = part.split('.');
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (part.contains('.') && numbers.all(is_number)).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any of it takes.
    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_version_is_numbers_with_dots() {
        for (name, expected) in [
            ("fido-unlock-1.4.2-x64.msi", Some("1.4.2")),
            ("fido-unlock_1.4_amd64.deb", Some("1.4")),
            ("FIDO Unlock 2.0.1.0.msix", Some("2.0.1.0")),
            ("app-v1.0.exe", Some("1.0")),
            ("app-1.exe", None),
            ("app-1..2.exe", None),
            ("readme.txt", None),
            ("x64.msi", None),
        ] {
            assert_eq!(version(name), expected, "{name}");
        }
    }

    /// One file that takes its time keeps nobody from seeing the others.
    #[test]
    fn nobody_waits_for_a_large_file() {
        let folder = tempfile::tempdir().unwrap();
        let packages = Packages::new(folder.path());
        // It has holes and no content, and takes minutes all the same.
        let large = File::create(folder.path().join("a-large.msi")).unwrap();
        large.set_len(1 << 38).unwrap();
        fs::write(folder.path().join("b-small.msi"), "small").unwrap();
        let hashes = || {
            let list = packages.list(Duration::ZERO).unwrap();
            list.into_iter().map(|package| package.sha256).collect::<Vec<_>>()
        };
        assert_eq!(hashes()[0], None);
        while hashes()[1].is_none() {
            std::thread::yield_now();
        }
        assert_eq!(hashes()[0], None);
    }

    #[test]
    fn a_file_is_hashed_again_when_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let packages = Packages::new(folder.path());
        let path = folder.path().join("a-1.0.txt");
        let hash = |text: &str| Some(base16ct::lower::encode_string(&Sha256::digest(text)));
        fs::write(&path, "one").unwrap();
        assert_eq!(packages.list(LONG).unwrap()[0].sha256, hash("one"));
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        // The same length and time: it is not read again.
        fs::write(&path, "two").unwrap();
        let kept = File::options().write(true).open(&path).unwrap();
        kept.set_modified(before).unwrap();
        assert_eq!(packages.list(LONG).unwrap()[0].sha256, hash("one"));
        kept.set_modified(before + Duration::from_secs(1)).unwrap();
        assert_eq!(packages.list(LONG).unwrap()[0].sha256, hash("two"));
        fs::remove_file(&path).unwrap();
        assert_eq!(packages.list(LONG).unwrap(), []);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_of_the_folder_is_not_there() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("packages");
        fs::create_dir_all(folder.join("inner")).unwrap();
        fs::write(outside.path().join("secret.txt"), "s").unwrap();
        fs::write(folder.join("inner/file.txt"), "s").unwrap();
        fs::write(folder.join(".hidden"), "s").unwrap();
        fs::write(folder.join("good.txt"), "g").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.join("link.txt")).unwrap();
        let packages = Packages::new(&folder);
        let names: Vec<_> = packages
            .list(LONG)
            .unwrap()
            .into_iter()
            .map(|own| own.name)
            .collect();
        assert_eq!(names, ["good.txt"]);
        for name in [
            "link.txt",
            "inner",
            "inner/file.txt",
            "../secret.txt",
            "..",
            ".",
            "",
            ".hidden",
            "good.txt/",
            "./good.txt",
            "a\\b",
            "good.txt\0",
        ] {
            assert!(packages.file(name).is_err(), "{name:?}");
        }
        assert!(packages.file("good.txt").is_ok());
    }
}
