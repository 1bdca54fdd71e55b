//! `cargo xtask package`: the packages of C#, Kotlin and Android out of one Linux and one Windows library.

use std::path::Path;

use super::{dotnet, library, maven, nuget, vendor, windows};
use crate::packages;
use crate::step::{Done, Failed, cargo, run_tests};

/// Of the tests alone.
const PACKAGES: &[(&str, &str)] = &[(
    "mono-xbuild",
    "a .NET Framework project that uses the NuGet package",
)];

/// Makes them all in target/packages and says how large each is.
pub fn run() -> Done {
    super::test::install()?;
    let linux = library::build()?;
    let windows = windows::build()?;
    let nuget = nuget::make(&linux, &windows)?;
    let (jar, aar) = maven::make(&linux, &windows)?;
    println!("\n| file | bytes |\n| --- | --- |");
    for file in [&linux, &windows, &nuget, &jar, &aar] {
        println!("| {} | {} |", name(file), size(file)?);
    }
    Ok(())
}

/// Makes them, installs each into an empty host project, and runs it from there.
pub fn test() -> Done {
    run()?;
    packages::install_these(PACKAGES)?;
    packages::install_these(windows::WINE)?;
    let mut tests = cargo(&["test", "--no-fail-fast", "-p", "fido-unlock-packages-tests"]);
    tests
        .args(["--test", "nuget", "--test", "maven"])
        .env("FIDO_UNLOCK_DOTNET", dotnet::program()?)
        .env("FIDO_UNLOCK_WINDOWS_DOTNET", dotnet::windows_program()?);
    run_tests("tests: packages", &mut tests)?;
    vendor::check()
}

/// Below target/packages.
fn name(file: &Path) -> String {
    file.strip_prefix(library::folder())
        .unwrap_or(file)
        .display()
        .to_string()
}

fn size(file: &Path) -> Result<u64, Failed> {
    let metadata = std::fs::metadata(file).map_err(|error| Failed(format!("{}: {error}", file.display())))?;
    Ok(metadata.len())
}
