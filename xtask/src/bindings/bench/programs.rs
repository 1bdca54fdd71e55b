//! The programs that are compared: benches/bindings, with a library that has the software
//! authenticator.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::generator::bindgen;
use super::super::{dotnet, library};
use crate::step::{Failed, cargo, root, run};

/// A program and how it is started.
pub struct Program {
    /// What its figures are called.
    pub name: &'static str,
    /// How many calls it makes in one go, which is to take about a millisecond.
    pub calls: usize,
    /// Without its arguments.
    pub command: Command,
}

/// What mcs is called with, as the tests of C# are.
const MCS: &[&str] = &[
    "-langversion:7.2",
    "-warnaserror+",
    "-warn:4",
    "-optimize+",
    "-r:System.Runtime.Serialization",
    "-r:System.Numerics",
];
const RUNTIME: &str = r#"{"runtimeOptions":{"rollForward":"LatestMajor","framework":{"name":"Microsoft.NETCore.App","version":"3.1.0"}}}"#;

/// Builds them all, as they are measured.
pub fn build() -> Result<Vec<Program>, Failed> {
    let folder = root().join("target/bench-bindings");
    let release = root().join("target/release");
    // Together, so that all call the same code.
    let mut rust = cargo(&["build", "--quiet", "--release", "-p", "fido-unlock-ffi"]);
    rust.args(["-p", "fido-unlock-bench-bindings"])
        .args(["--features", "fido-unlock-ffi/mock"]);
    run("bench bindings: the library and Rust's program", &mut rust)?;
    let mut programs = vec![Program {
        name: "Rust",
        calls: 0,
        command: Command::new(release.join("fido-unlock-bench-bindings")),
    }];
    programs.extend(foreign(&folder, &release.join(library::LIBRARY))?);
    Ok(programs)
}

/// Those in C# and Kotlin, in `folder`, for the library at `library`, which has the software
/// authenticator.
pub fn foreign(folder: &Path, library: &Path) -> Result<Vec<Program>, Failed> {
    make_folder(folder)?;
    let native = folder.join(library::LIBRARY);
    std::fs::copy(library, &native).map_err(|error| Failed(format!("{}: {error}", native.display())))?;
    let exe = csharp(folder)?;
    let mut mono = Command::new("mono");
    mono.arg(&exe).env("LD_LIBRARY_PATH", folder);
    let mut core = Command::new(dotnet::program()?);
    core.arg("exec")
        .arg(&exe)
        .env("LD_LIBRARY_PATH", folder)
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
    let programs = [
        ("C#, mono", 2000, mono),
        ("C#, .NET Core", 2000, core),
        ("Kotlin, JNA", 50, kotlin(folder, library)?),
    ];
    Ok(programs
        .map(|(name, calls, command)| Program { name, calls, command })
        .into())
}

fn csharp(folder: &Path) -> Result<PathBuf, Failed> {
    let generated = generate("csharp", folder)?;
    let exe = folder.join("bench.exe");
    let mut command = Command::new("mcs");
    command
        .args(MCS)
        .arg(format!("-out:{}", exe.display()))
        .args(sources(&generated)?)
        .args(sources(&root().join("bindings/csharp/FidoUnlock"))?)
        .args(sources(&root().join("benches/bindings/csharp"))?);
    run("bench bindings: C#'s program", &mut command)?;
    let config = exe.with_extension("runtimeconfig.json");
    std::fs::write(&config, RUNTIME).map_err(|error| Failed(format!("{}: {error}", config.display())))?;
    Ok(exe)
}

fn kotlin(folder: &Path, library: &Path) -> Result<Command, Failed> {
    let mut java = Command::new("java");
    java.arg("-Xmx256m")
        .arg(format!("-Djna.library.path={}", folder.display()))
        .arg("-classpath")
        .arg(super::super::kotlin::bench(library)?)
        .arg("bench.MainKt");
    Ok(java)
}

/// The sources of that library in one language, made anew.
fn generate(language: &str, folder: &Path) -> Result<PathBuf, Failed> {
    let out = folder.join(language);
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|error| Failed(format!("{}: {error}", out.display())))?;
    }
    let mut command = bindgen(&[language, "--library"])?;
    command.arg(folder.join(library::LIBRARY)).arg("--out").arg(&out);
    run(&format!("bench bindings: {language} is generated"), &mut command)?;
    Ok(out)
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "cs") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

fn make_folder(folder: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(folder).map_err(|error| Failed(format!("{}: {error}", folder.display())))
}
