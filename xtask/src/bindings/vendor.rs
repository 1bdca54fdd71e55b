//! Everything that a machine with Swift and Rust, and no registry, needs for `swift test`: the sources and
//! the crates of the library and its generator, as one archive.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::cache;
use crate::packages;
use crate::step::{Done, Failed, cargo, root, run, run_quietly, timed};
use crate::tree::files;
use crate::workspace;

/// The crates of ours that are in it.
const MEMBERS: &[&str] = &[
    "core/protocol",
    "core/host",
    "core/desk",
    "core/device",
    "core/fido-unlock",
    "adapters/mock",
    "adapters/files",
    "adapters/hid",
    "adapters/pcsc",
    "adapters/sqlite",
    "adapters/system",
    "bindings/ffi",
    "bindings/bindgen",
];
/// What else is copied.
const OTHERS: &[&str] = &["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT"];
/// The Swift, and what its tests read.
pub const SWIFT: &[&str] = &[
    "bindings/swift",
    "examples/agent-swift",
    "tests/vectors",
    "docs/errors.md",
    "docs/for-swift.md",
];
/// The systems whose crates are whole; those of any other are empty.
const TARGETS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "aarch64-apple-ios",
];
const FEATURES: &str = "mock,hid,pcsc";
/// Cargo's settings there, behind those of the project.
const CONFIG: &str = "
[source.crates-io]
replace-with = \"vendored-sources\"

[source.vendored-sources]
directory = \"vendor\"
";
const NAME: &str = concat!("fido-unlock-swift-", env!("CARGO_PKG_VERSION"));

/// Makes the archive; gives its path.
pub fn make() -> Result<PathBuf, Failed> {
    packages::install_these(packages::ARCHIVE)?;
    let folder = root().join("target/vendor-swift");
    let tree = folder.join(NAME);
    timed("swift: sources", || copy(&tree))?;
    // Takes the crates of the other members out of the lock file.
    let mut lock = here(&tree, &["metadata", "--format-version", "1"]);
    run_quietly("swift: lock file", &mut lock)?;
    timed("swift: crates", || vendor(&tree))?;
    let archive = workspace::packages().join(format!("swift/{NAME}.tar.zst"));
    let out = archive.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(out).map_err(|error| Failed(format!("{}: {error}", out.display())))?;
    run(
        "swift: archive",
        Command::new("tar")
            .args([
                "--sort=name",
                "--mtime=@0",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
            ])
            .args(["-I", "zstd -10 -T0", "-C"])
            .arg(&folder)
            .arg("-cf")
            .arg(&archive)
            .arg(NAME),
    )?;
    Ok(archive)
}

/// Makes the archive and unpacks it into a folder without anything else, always the same one on a machine, so
/// that its crates are compiled once for all clones; gives that folder. At most once in a run.
pub fn unpacked() -> Result<PathBuf, Failed> {
    static UNPACKED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    UNPACKED
        .get_or_init(|| unpack().map_err(|Failed(reason)| reason))
        .clone()
        .map_err(Failed)
}

fn unpack() -> Result<PathBuf, Failed> {
    let archive = make()?;
    let scratch = cache::place("swift");
    let (tree, known) = (scratch.join(NAME), scratch.join("archive.tar.zst"));
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", scratch.display()));
    let new = std::fs::read(&archive).map_err(failed)?;
    if tree.exists() && std::fs::read(&known).is_ok_and(|old| old == new) {
        return Ok(tree);
    }
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).map_err(failed)?;
    // The archive's times are all the same. For crates whose folders hold their versions that is right; of our
    // own, cargo would take what is new for what it knows.
    for what in [&["-xf"][..], &["--touch", "--exclude=*/vendor/*", "-xf"]] {
        let mut tar = Command::new("tar");
        tar.args(["-I", "zstd", "-C"])
            .arg(&scratch)
            .args(what)
            .arg(&archive);
        run("swift: unpacked", &mut tar)?;
    }
    std::fs::write(&known, new).map_err(failed)?;
    Ok(tree)
}

/// What git knows of the members, and a workspace of them alone.
fn copy(tree: &Path) -> Done {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", tree.display()));
    if tree.exists() {
        std::fs::remove_dir_all(tree).map_err(failed)?;
    }
    for name in files(&[MEMBERS, OTHERS, SWIFT].concat())? {
        let (from, to) = (root().join(&name), tree.join(&name));
        if name.starts_with("bindings/bindgen/fixture") {
            continue;
        }
        std::fs::create_dir_all(to.parent().unwrap_or(tree)).map_err(failed)?;
        if name.ends_with("/Cargo.toml") {
            let manifest = std::fs::read_to_string(&from).map_err(failed)?;
            std::fs::write(&to, without_tests(&manifest)).map_err(failed)?;
        } else {
            std::fs::copy(&from, &to).map_err(failed)?;
        }
    }
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).map_err(failed)?;
    let rest = manifest
        .find("[workspace.package]")
        .and_then(|start| manifest.get(start..))
        .ok_or_else(|| Failed("Cargo.toml has no [workspace.package]".into()))?;
    let members = format!("[workspace]\nresolver = \"3\"\nmembers = {MEMBERS:?}\n\n");
    std::fs::write(tree.join("Cargo.toml"), members + rest).map_err(failed)
}

/// A manifest without what its crate's tests need, some of which is in none of the members.
fn without_tests(manifest: &str) -> String {
    let mut keep = true;
    let mut out = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            keep = !line.contains("dev-dependencies");
        }
        if keep {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// All crates of the lock file; those that no build on `TARGETS` takes are left as their manifest alone.
fn vendor(tree: &Path) -> Done {
    let failed = |what: &str, error: String| Failed(format!("{what}: {error}"));
    let output = here(
        tree,
        &["vendor", "--quiet", "--locked", "--versioned-dirs", "vendor"],
    )
    .output()
    .map_err(|error| failed("cargo vendor", error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            "cargo vendor",
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    let config = tree.join(".cargo");
    std::fs::create_dir_all(&config)
        .and_then(|()| std::fs::read_to_string(root().join(".cargo/config.toml")))
        .and_then(|own| std::fs::write(config.join("config.toml"), own + CONFIG))
        .map_err(|error| failed("config.toml", error.to_string()))?;
    let built = built(tree)?;
    let crates =
        std::fs::read_dir(tree.join("vendor")).map_err(|error| failed("vendor", error.to_string()))?;
    for folder in crates.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if !built.contains(name) {
            empty(&folder).map_err(|error| failed(name, error.to_string()))?;
        }
    }
    Ok(())
}

/// "name-version" of what is compiled on one of the systems.
fn built(tree: &Path) -> Result<BTreeSet<String>, Failed> {
    let mut all = BTreeSet::new();
    for target in TARGETS {
        let features = format!("fido-unlock-ffi/{}", FEATURES.replace(',', ",fido-unlock-ffi/"));
        let output = here(
            tree,
            &["tree", "--locked", "--offline", "-p", "fido-unlock-ffi", "-p"],
        )
        .args(["fido-unlock-bindgen", "--features", &features, "--target", target])
        .args(["-e", "normal,build", "--prefix", "none", "--format", "{p}"])
        .output()
        .map_err(|error| Failed(format!("cargo tree: {error}")))?;
        if !output.status.success() {
            return Err(Failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let mut words = line.split(' ');
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                all.insert(format!("{name}-{}", version.trim_start_matches('v')));
            }
        }
    }
    Ok(all)
}

/// Cargo reads the manifest of every crate in the lock file; what is never built needs no more.
fn empty(folder: &Path) -> std::io::Result<()> {
    let sums = std::fs::read_to_string(folder.join(".cargo-checksum.json"))?;
    let package = serde_json::from_str::<Value>(&sums)?.get("package").cloned();
    let manifest = std::fs::read(folder.join("Cargo.toml"))?;
    std::fs::remove_dir_all(folder)?;
    std::fs::create_dir_all(folder.join("src"))?;
    std::fs::write(folder.join("Cargo.toml"), manifest)?;
    std::fs::write(folder.join("src/lib.rs"), "")?;
    let sums = json!({ "files": Map::new(), "package": package });
    std::fs::write(folder.join(".cargo-checksum.json"), sums.to_string())
}

/// Cargo in that folder.
fn here(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::without_tests;

    #[test]
    fn tests_need_nothing_there() {
        let manifest = "[package]\nname = \"a\"\n[dev-dependencies]\nb = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nc = \"1\"\n[lints]\n";
        assert_eq!(without_tests(manifest), "[package]\nname = \"a\"\n[lints]\n");
    }
}
