//! `cargo xtask package`: the packages of C#, Kotlin and Android out of a library for each system.

use std::path::Path;

use super::native::Native;
use super::{arm64, dotnet, library, maven, nuget, windows};
use crate::packages;
use crate::step::{self, Done, Failed, Group, within};
use crate::workspace;

/// Makes them all as they ship.
pub fn ship() -> Done {
    library::to_ship();
    make()
}

/// What ships, in every test of it.
pub fn test_what_ships() -> Done {
    library::to_ship();
    step::all(&[test, windows::test])
}

/// One for each system. That for ARM takes another std to be compiled, so it is in what ships alone.
fn natives() -> Result<Vec<Native>, Failed> {
    let native = |rid, jna, library| Native { rid, jna, library };
    let mut all = vec![
        native("linux-x64", "linux-x86-64", library::build()?),
        native("win-x64", "win32-x86-64", windows::build()?),
    ];
    if library::is_to_ship() {
        all.push(native("linux-arm64", "linux-aarch64", arm64::build()?));
    }
    Ok(all)
}

/// Makes them all in target/packages and says how large each is.
fn make() -> Done {
    packages::install_for_languages()?;
    let natives = natives()?;
    let nuget = within(Group::Packages, || nuget::make(&natives))?;
    let (jar, aar) = within(Group::Packages, || maven::make(&natives))?;
    println!("\n| file | bytes |\n| --- | --- |");
    let libraries = natives.iter().map(|native| &native.library);
    for file in libraries.chain([&nuget, &jar, &aar]) {
        println!("| {} | {} |", name(file), size(file)?);
    }
    Ok(())
}

/// Makes them, installs each into an empty host project, and runs it from there.
pub fn test() -> Done {
    make()?;
    packages::install_these(packages::NET_FRAMEWORK)?;
    packages::install_these(packages::WINE)?;
    let mut environment = vec![
        ("FIDO_UNLOCK_DOTNET", dotnet::program()?),
        ("FIDO_UNLOCK_WINDOWS_DOTNET", dotnet::windows_program()?),
        ("FIDO_UNLOCK_NETSTANDARD", nuget::facades()?),
    ];
    let mut which = vec!["--test=nuget".into(), "--test=maven".into()];
    if library::is_to_ship() {
        environment.push(("FIDO_UNLOCK_SHIPS", "yes".into()));
        workspace::console()?;
        // Minutes long.
        which.push("--test=shrink".into());
    }
    workspace::test("tests: packages", &which, &environment, &[])
}

/// Below target/packages.
fn name(file: &Path) -> String {
    file.strip_prefix(workspace::packages())
        .unwrap_or(file)
        .display()
        .to_string()
}

fn size(file: &Path) -> Result<u64, Failed> {
    let metadata = std::fs::metadata(file).map_err(|error| Failed(format!("{}: {error}", file.display())))?;
    Ok(metadata.len())
}
