//! Makes tests/vectors again. Each set comes from code that is not the library's: Python with
//! `cryptography` and python-fido2, or a plain encoder in the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::step::{Done, Failed, root, run};
use crate::workspace;

/// As many as there are at least: a generator that makes none is seen.
const FILES: usize = 12;
/// What the generators are made for.
const REQUIREMENTS: &[&str] = &["cryptography==48.0.0", "fido2==2.2.1"];

/// Where the generators write, where it is not tests/vectors.
const OUT: &str = "FIDO_UNLOCK_VECTORS_OUT";

/// Writes every vector file.
pub fn write() -> Done {
    make(&committed())
}

/// Fails when a generator gives other bytes than are committed. It writes elsewhere: tests read these files
/// meanwhile.
pub fn check() -> Done {
    let made = root().join("target/vectors");
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", made.display()));
    let _ = std::fs::remove_dir_all(&made);
    std::fs::create_dir_all(made.join("schema")).map_err(failed)?;
    make(&made)?;
    let mut files = 0;
    for folder in [made.clone(), made.join("schema")] {
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let new = entry.map_err(failed)?.path();
            if new.is_dir() {
                continue;
            }
            files += 1;
            let old = committed().join(new.strip_prefix(&made).unwrap_or(&new));
            if std::fs::read(&old).ok() != Some(std::fs::read(&new).map_err(failed)?) {
                return Err(Failed(format!(
                    "{} differs from what its generator gives",
                    old.display()
                )));
            }
        }
    }
    if files >= FILES {
        Ok(())
    } else {
        Err(Failed(format!(
            "{files} vector files were made, {FILES} expected"
        )))
    }
}

fn committed() -> PathBuf {
    root().join("tests/vectors")
}

fn make(out: &Path) -> Done {
    let python = cache::made("vectors-venv", REQUIREMENTS, |folder| {
        run(
            "python environment",
            Command::new("python3").args(["-m", "venv"]).arg(folder),
        )?;
        let mut pip = Command::new(folder.join("bin/python"));
        run(
            "python packages",
            pip.args(["-m", "pip", "install", "--quiet"]).args(REQUIREMENTS),
        )
    })?
    .join("bin/python");
    for generator in [
        "make_suite_vectors.py",
        "make_framing_vectors.py",
        "make_desk_log_vectors.py",
        "make_issuers_vectors.py",
    ] {
        let mut generate = Command::new(&python);
        generate
            .arg(Path::new("tests/tools").join(generator))
            .env(OUT, out)
            .current_dir(root());
        run(generator, &mut generate)?;
    }
    let path = out.join("code_line.json");
    let output = workspace::program("examples/code_vectors")?
        .output()
        .map_err(|error| Failed(format!("code_vectors: {error}")))?;
    if !output.status.success() {
        return Err(Failed(format!("code_vectors: {}", output.status)));
    }
    std::fs::write(&path, output.stdout).map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    run(
        "check_code_vectors.py",
        Command::new(&python)
            .arg("tests/tools/check_code_vectors.py")
            .arg(&path)
            .current_dir(root()),
    )
}
