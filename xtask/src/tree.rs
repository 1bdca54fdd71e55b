//! The project's own files, as git knows them: uncommitted changes included, what is ignored left out.

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
    let names = String::from_utf8_lossy(&list.stdout);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty() && root().join(name).is_file())
        .map(str::to_owned)
        .collect())
}

/// Makes `copy` the same, and leaves alone what did not change, so that cargo builds there only what did.
pub fn mirror(copy: &Path) -> Done {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", copy.display()));
    for name in files(&[])? {
        let to = copy.join(&name);
        let new = std::fs::read(root().join(&name)).map_err(failed)?;
        if std::fs::read(&to).ok().as_deref() != Some(&new) {
            std::fs::create_dir_all(to.parent().unwrap_or(copy)).map_err(failed)?;
            std::fs::write(&to, new).map_err(failed)?;
        }
    }
    Ok(())
}
