//! What would go to the registry: each package is packed, and all are compiled from what was packed, as one
//! workspace in which each takes the others from there. `cargo package` would compile every dependency
//! again for it.

use std::path::Path;
use std::process::Command;

use crate::step::{self, Done, Failed, cargo, root, timed};
use crate::workspace;

/// In the order in which they would go.
const PUBLISHED: &[&str] = &[
    "fido-unlock-protocol",
    "fido-unlock-host",
    "fido-unlock-desk",
    "fido-unlock-device",
    "fido-unlock",
    "fido-unlock-mock",
    "fido-unlock-files",
    "fido-unlock-hid",
    "fido-unlock-pcsc",
    "fido-unlock-sqlite",
    "fido-unlock-system",
    "fido-unlock-webauthn",
];
/// How many of them are core, whose dependencies are few.
const CORE: usize = 5;
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Packs and compiles. Cargo's archives are all of one time; what is unpacked gets that of now, or cargo would
/// take what changed for what it knows.
pub fn check() -> Done {
    let mut pack = cargo(&["package", "--quiet", "--allow-dirty", "--no-verify"]);
    PUBLISHED.iter().for_each(|name| {
        pack.args(["-p", name]);
    });
    step::run("cargo package", &mut pack)?;
    let folder = root().join("target/published");
    timed("packages are unpacked", || unpack(&folder))?;
    let mut compile = workspace::shared(&["check", "--quiet", "--workspace", "--offline"]);
    step::run("packages compile", compile.current_dir(&folder))?;
    // Together, one package could hide a feature that another forgot to ask for.
    let alone = |name: &&str| {
        let mut compile = workspace::shared(&["check", "--quiet", "--offline", "-p", name]);
        step::run(&format!("{name} compiles alone"), compile.current_dir(&folder))
    };
    step::joined(PUBLISHED.iter().take(CORE).map(alone).collect())
}

fn unpack(folder: &Path) -> Done {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(failed)?;
    for name in PUBLISHED {
        let packed = root().join(format!("target/package/{name}-{VERSION}.crate"));
        let unpacked = Command::new("tar")
            .args(["--touch", "-xzf"])
            .arg(&packed)
            .current_dir(folder)
            .status();
        if !unpacked.map_err(failed)?.success() {
            return Err(Failed(format!("{} cannot be unpacked", packed.display())));
        }
    }
    std::fs::write(folder.join("Cargo.toml"), manifest()).map_err(failed)?;
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
    Ok(())
}

/// A workspace of what was unpacked.
fn manifest() -> String {
    let paths: Vec<String> = PUBLISHED.iter().map(|name| format!("{name}-{VERSION}")).collect();
    let mut out = format!("[workspace]\nresolver = \"3\"\nmembers = {paths:?}\n\n[patch.crates-io]\n");
    for (name, path) in PUBLISHED.iter().zip(&paths) {
        out.push_str(&format!("{name} = {{ path = \"{path}\" }}\n"));
    }
    out
}
