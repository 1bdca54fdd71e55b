//! Maven: the repository in a folder, and one of a test's own for what Maven has fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::packages;

/// The packages' version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file of the repository that `cargo xtask package` made, by the end of its name.
pub fn artifact(name: &str, end: &str) -> PathBuf {
    packages().join(format!(
        "maven/io/github/fidounlock/{name}/{VERSION}/{name}-{VERSION}{end}"
    ))
}

/// What Maven once took from a repository it never looks for again, and its local repository is shared by
/// all builds of a person: this one is a copy of all that is there but our own artifact.
pub fn local_repository(out: &Path) -> PathBuf {
    let shared = Path::new(&std::env::var("HOME").unwrap()).join(".m2/repository");
    let local = out.join("repository");
    if shared.exists() {
        // Another build may be fetching into it: Maven fetches what is missing here.
        let mut copy = Command::new("cp");
        let _ = copy
            .arg("-a")
            .args([&shared, &local])
            .stderr(Stdio::null())
            .status();
        let _ = fs::remove_dir_all(local.join("io/github/fidounlock"));
    }
    local
}
