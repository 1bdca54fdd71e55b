//! Debian's Wine, with a folder of its own for its registry and drive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{root, succeed};

/// A Wine that is ready to run 64-bit programs.
pub struct Wine {
    prefix: PathBuf,
}

impl Wine {
    /// Made once for all tests of a process; the folder stays for the next.
    pub fn ready() -> &'static Self {
        static WINE: OnceLock<Wine> = OnceLock::new();
        WINE.get_or_init(|| {
            let wine = Self {
                prefix: root().join("target/wine"),
            };
            fs::create_dir_all(&wine.prefix).unwrap();
            wine.keep();
            let system = wine.prefix.join("drive_c/windows/system32");
            // Also where it was made before: Wine's services keep the output of the program that they start
            // with, and nobody waits for the end of this one's.
            let mut boot = wine.command(Path::new("wineboot"));
            let boot = boot.arg("--init").stdout(Stdio::null()).stderr(Stdio::null());
            assert!(boot.status().unwrap().success(), "wineboot");
            if !system.join("bcryptprimitives.dll").exists() {
                provide_random_numbers(&system);
            }
            wine
        })
    }

    /// Lets the server run on for some minutes: a program that starts just when it ends for want of
    /// programs is refused ("Connection reset by peer").
    fn keep(&self) {
        let mut server = Command::new("/usr/lib/wine/wineserver64");
        let running = server
            .arg("-p600")
            .env("WINEPREFIX", &self.prefix)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        // 2: one runs already.
        assert!(
            running.success() || running.code() == Some(2),
            "wineserver: {running}"
        );
    }

    /// A Windows program.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("/usr/lib/wine/wine64");
        command
            .arg(program)
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            // Nothing to be installed for .NET Framework or web pages.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
        command
    }
}

/// Wine 8 has no `bcryptprimitives.dll`, which Rust's std imports. For tests alone.
fn provide_random_numbers(system: &Path) {
    let dll = system.join("bcryptprimitives.dll");
    let made = dll.with_extension("tmp");
    succeed(
        Command::new("x86_64-w64-mingw32-gcc")
            .args(["-shared", "-O2", "-Wall", "-Werror", "-o"])
            .arg(&made)
            .arg(root().join("tests/packages/wine/bcryptprimitives.c"))
            .arg("-ladvapi32"),
    );
    fs::rename(made, dll).unwrap();
}
