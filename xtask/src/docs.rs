//! Documents that are printed from the code, so that they cannot differ from it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use fido_unlock::ErrorCode;

use crate::step::{Done, Failed, root};

/// Writes them again.
pub fn write() -> Done {
    for (path, text) in documents() {
        std::fs::write(&path, text).map_err(|error| Failed(format!("{}: {error}", path.display())))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Fails when one of them is stale.
pub fn check() -> Done {
    for (path, text) in documents() {
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            return Err(Failed(format!(
                "{} is stale: run `cargo xtask docs`",
                path.display()
            )));
        }
    }
    Ok(())
}

fn documents() -> Vec<(PathBuf, String)> {
    vec![(root().join("docs/errors.md"), errors())]
}

fn errors() -> String {
    let mut out = String::from(
        "# Errors\n\nPrinted by `cargo xtask docs` from the one table in `core/protocol/src/error.rs`. A number never \
         changes its meaning. Command-line programs exit with the family's exit code.\n",
    );
    let mut family = None;
    for code in ErrorCode::ALL {
        if family != Some(code.family()) {
            family = Some(code.family());
            let (name, exit) = (code.family().name(), code.family().exit_code());
            let _ = write!(
                out,
                "\n## {name} (exit code {exit})\n\n| number | name | message | next step |\n| --- | --- | --- | --- |\n"
            );
        }
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} |",
            code.number(),
            code.name(),
            code.message(),
            code.next_step()
        );
    }
    out
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
