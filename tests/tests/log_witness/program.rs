//! Go's judge of a log's files.
//!
//! Packages: golang-go, golang-golang-x-mod-dev.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Go's program, built from its source in `tests/witness/log`.
pub fn witness(source: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("log-witness");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("witness");
    let built = Command::new("/usr/bin/go")
        .args(["build", "-o"])
        .arg(&program)
        .arg("main.go")
        .current_dir(source)
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", folder.join("cache"))
        .env("GO111MODULE", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .status()
        .expect("needs golang-go");
    assert!(built.success(), "needs golang-golang-x-mod-dev");
    program
}

/// Whether it takes what is in a folder, and what it says.
pub fn judge(program: &Path, folder: &Path) -> (bool, String) {
    let output = Command::new(program).arg(folder).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}
