//! Python programs as witnesses that are not ours. A machine without Python fails the tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a program to its end and gives its standard output.
///
/// # Panics
/// When it cannot be started or fails; its output is in the message.
pub fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}\n{errors}",
        output.status
    );
    text
}

/// A Python environment below `target`, made once.
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment of this name unless it is there; other processes wait meanwhile.
    ///
    /// # Panics
    /// When there is no `python3` with `venv`, or `install` panics.
    pub fn made_once(name: &str, install: impl FnOnce(&Self)) -> Self {
        let target = std::env::current_exe().unwrap();
        let target = target
            .ancestors()
            .find(|folder| folder.join("CACHEDIR.TAG").exists() || folder.ends_with("target"))
            .unwrap();
        let folder = target.join("witness").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let lock = File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let this = Self { folder };
        let done = this.folder.join("done");
        if !done.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(this.venv()));
            install(&this);
            File::create(done).unwrap();
        }
        this
    }

    fn venv(&self) -> PathBuf {
        self.folder.join("venv")
    }

    /// Runs its pip.
    ///
    /// # Panics
    /// When a package cannot be had.
    pub fn pip(&self, arguments: &[&str]) {
        run(Command::new(self.venv().join("bin/pip"))
            .arg("--disable-pip-version-check")
            .args(arguments)
            .current_dir(&self.folder));
    }

    /// A command that runs its Python, with the modules in `path`.
    #[must_use]
    pub fn python(&self, path: &Path) -> Command {
        let mut command = Command::new(self.venv().join("bin/python"));
        command
            .env("PYTHONPATH", path)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// The environment of the second implementation in `tests/second`.
///
/// # Panics
/// When there is no Python, or `cryptography` cannot be had.
#[must_use]
pub fn second_implementation() -> Environment {
    Environment::made_once("second", |environment| {
        environment.pip(&["install", "--quiet", "cryptography==50.0.2"]);
    })
}

/// An environment with python-fido2 2.2.1 and pytest.
pub struct Fido2(Environment);

impl Fido2 {
    /// Version of python-fido2; its device tests belong to it.
    const VERSION: &'static str = "2.2.1";

    /// Makes the environment unless it is there.
    ///
    /// # Panics
    /// When there is no Python, or a package cannot be had.
    #[must_use]
    pub fn new() -> Self {
        Self(Environment::made_once(
            &format!("python-fido2-{}", Self::VERSION),
            Self::install,
        ))
    }

    fn install(environment: &Environment) {
        let fido2 = format!("fido2=={}", Self::VERSION);
        // The last two build the source archive's metadata, which pip asks for.
        environment.pip(&[
            "install",
            "--quiet",
            &fido2,
            "pytest>=9,<10",
            "poetry-core",
            "setuptools",
        ]);
        // Only the source archive holds tests/device.
        let source = ["--no-deps", "--no-build-isolation", "--no-binary", "fido2"];
        environment.pip(&[&["download", "--quiet"][..], &source, &[&fido2]].concat());
        let archive = environment.folder.join(format!("fido2-{}.tar.gz", Self::VERSION));
        run(Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .current_dir(&environment.folder));
    }

    /// A command that runs this environment's Python, with `tests/witness` on its path.
    #[must_use]
    pub fn python(&self) -> Command {
        self.0.python(&witness())
    }

    /// The unpacked source archive, whose `tests/device` judges an authenticator.
    #[must_use]
    pub fn source(&self) -> PathBuf {
        self.0.folder.join(format!("fido2-{}", Self::VERSION))
    }
}

impl Default for Fido2 {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the Python programs of these tests are.
#[must_use]
pub fn witness() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("witness")
}
