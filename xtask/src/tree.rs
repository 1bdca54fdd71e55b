//! The project's own files, as git knows them: uncommitted changes included, what is ignored left out.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::step::{Done, Failed, root};

/// Their names below the project's folder; `paths`: those below these alone.
pub fn files(paths: &[&str]) -> Result<Vec<String>, Failed> {
    let list = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
        ])
        .args(paths)
        .current_dir(root())
        .output()
        .map_err(|error| Failed(format!("git: {error}")))?;
    if !list.status.success() || list.stdout.is_empty() {
        let why = String::from_utf8_lossy(&list.stderr);
        return Err(Failed(format!("git ls-files: {}\n{why}", list.status)));
    }
    let names = String::from_utf8_lossy(&list.stdout);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty() && root().join(name).is_file())
        .map(str::to_owned)
        .collect())
}

/// Makes `copy` the same, but for a `target` of its own, and leaves alone what did not change, so that cargo
/// builds there only what did.
pub fn mirror(copy: &Path) -> Done {
    lay(copy, &files(&[])?, &[&root()])
}

/// Makes `copy` hold these files and no others, each from the first of `places` that has it; what did not
/// change is left alone, and so are the folders `target` and `.build`.
pub fn lay(copy: &Path, names: &[String], places: &[&Path]) -> Done {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", copy.display()));
    std::fs::create_dir_all(copy).map_err(failed)?;
    prune(copy, copy, &names.iter().map(String::as_str).collect()).map_err(failed)?;
    for name in names {
        let to = copy.join(name);
        let from = places
            .iter()
            .map(|place| place.join(name))
            .find(|from| from.exists());
        let from = from.ok_or_else(|| Failed(format!("{name} is nowhere")))?;
        let new = std::fs::read(from).map_err(failed)?;
        if std::fs::read(&to).ok().as_deref() != Some(&new) {
            std::fs::create_dir_all(to.parent().unwrap_or(copy)).map_err(failed)?;
            std::fs::write(&to, new).map_err(failed)?;
        }
    }
    Ok(())
}

/// Removes what is not among `names`: a file that is gone would still be compiled.
fn prune(folder: &Path, copy: &Path, names: &BTreeSet<&str>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.strip_prefix(copy).unwrap_or(&path).display().to_string();
        if name == "target" || name.ends_with("/.build") {
            continue;
        }
        if path.is_dir() {
            prune(&path, copy, names)?;
        } else if !names.contains(name.as_str()) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}
