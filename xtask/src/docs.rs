//! Documents that are printed from the code, so that they cannot differ from it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::step::{Done, Failed, root};
use crate::workspace;

/// Writes them again.
pub fn write() -> Done {
    let (path, text) = errors()?;
    std::fs::write(&path, text).map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Fails when one of them is stale.
pub fn check() -> Done {
    let (path, text) = errors()?;
    if std::fs::read_to_string(&path).ok().as_deref() == Some(text.as_str()) {
        return Ok(());
    }
    Err(Failed(format!(
        "{} is stale: run `cargo xtask docs`",
        path.display()
    )))
}

/// docs/errors.md, as a program that links the table prints it: this one links nothing of the project, so
/// that it is compiled in a moment.
fn errors() -> Result<(PathBuf, String), Failed> {
    let failed = |why: String| Failed(format!("error_table: {why}"));
    let output = workspace::program("examples/error_table")?
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))?;
    Ok((root().join("docs/errors.md"), text))
}

/// Every dependency has its reason in docs/dependencies.md, and every reason its dependency.
pub fn check_dependencies() -> Done {
    let read = |path: &str| {
        std::fs::read_to_string(root().join(path)).map_err(|error| Failed(format!("{path}: {error}")))
    };
    let manifest = read("Cargo.toml")?;
    let table = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .unwrap_or_default();
    let wanted: BTreeSet<&str> = table
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .filter(|name| !name.starts_with('#') && !name.starts_with("fido-unlock"))
        .chain(["embedded-alloc"])
        .collect();
    let reasons = read("docs/dependencies.md")?;
    let given: BTreeSet<&str> = reasons
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" |")?.0))
        .filter(|name| *name != "crate" && *name != "---")
        .collect();
    let differing: Vec<_> = wanted.symmetric_difference(&given).collect();
    if differing.is_empty() {
        return Ok(());
    }
    Err(Failed(format!(
        "docs/dependencies.md and the table in Cargo.toml differ in {differing:?}"
    )))
}

/// Every test that docs/hardening.md names exists.
pub fn check_hardening() -> Done {
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path).map_err(|error| Failed(format!("{}: {error}", path.display())))
    };
    let text = read(&root().join("docs/hardening.md"))?;
    let mut rows = 0;
    for line in text
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit))
    {
        rows += 1;
        for name in line.split('`').skip(1).step_by(2) {
            let Some((file, function)) = name.split_once("::") else {
                continue;
            };
            let file = match file.split('/').next() {
                Some("adapters" | "core" | "tests") => root().join(file),
                _ => root().join("tests/tests").join(file),
            };
            if !read(&file)?.contains(&format!("fn {function}(")) {
                return Err(Failed(format!("docs/hardening.md: there is no {name}")));
            }
        }
    }
    if rows == 38 {
        Ok(())
    } else {
        Err(Failed(format!("docs/hardening.md has {rows} rows")))
    }
}
