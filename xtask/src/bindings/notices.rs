//! What the licences of the crates in the native libraries want to go with them: their names, sources and
//! the licences' own words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::library::FEATURES;
use crate::step::{Failed, cargo};

/// The systems that packages hold a library for.
const TARGETS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-pc-windows-gnu",
];

/// The text of THIRD-PARTY-NOTICES.txt.
pub fn text() -> Result<String, Failed> {
    let linked = linked()?;
    let metadata = output(&["metadata", "--format-version", "1", "--locked"])?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| Failed(format!("cargo metadata: {error}")))?;
    let mut out = String::from("The native libraries contain these crates.\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata
        .get("packages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let field = |name: &str| package.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{} {}", field("name"), field("version"));
        if package.get("source").is_none_or(Value::is_null) || !linked.contains(&name) {
            continue;
        }
        out.push_str(&format!(
            "{name}: {}; {}\n",
            field("license"),
            field("repository")
        ));
        let folder = Path::new(field("manifest_path"))
            .parent()
            .unwrap_or(Path::new("."));
        for text in licences(folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    for (text, names) in texts {
        out.push_str(&format!("\n\n=== {}\n\n{text}\n", names.join(", ")));
    }
    Ok(out)
}

/// "name version" of every crate whose code is in a library.
fn linked() -> Result<BTreeSet<String>, Failed> {
    let features = FEATURES.join(",");
    let mut all = BTreeSet::new();
    for target in TARGETS {
        let tree = output(&[
            "tree",
            "--locked",
            "-p",
            "fido-unlock-ffi",
            "--features",
            &features,
            "--target",
            target,
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])?;
        for line in tree.lines() {
            let mut words = line.split(' ');
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                all.insert(format!("{name} {}", version.trim_start_matches('v')));
            }
        }
    }
    Ok(all)
}

/// The licence texts of a crate; of several to choose from, MIT, which is the shortest.
fn licences(folder: &Path) -> Result<Vec<String>, Failed> {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let name = name.to_uppercase();
            ["LICENSE", "LICENCE", "COPYING", "NOTICE"]
                .iter()
                .any(|start| name.starts_with(start))
        })
        .collect();
    names.sort();
    if let Some(mit) = names.iter().find(|name| name.to_uppercase().contains("MIT")) {
        names = vec![mit.clone()];
    }
    let read = |name: &String| {
        let text = std::fs::read(folder.join(name)).map_err(failed)?;
        Ok(String::from_utf8_lossy(&text).trim().replace('\r', ""))
    };
    names
        .iter()
        .filter(|name| folder.join(name).is_file())
        .map(read)
        .collect()
}

fn output(arguments: &[&str]) -> Result<String, Failed> {
    let failed = |why: String| Failed(format!("cargo {}: {why}", arguments.join(" ")));
    let output = cargo(arguments)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
