//! `cargo xtask package`: the packages of C#, Kotlin and Android out of one Linux and one Windows library.

use std::path::Path;

use super::{dotnet, library, maven, nuget, windows};
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

/// Makes them all in target/packages and says how large each is.
fn make() -> Done {
    packages::install_for_languages()?;
    let linux = library::build()?;
    let windows = windows::build()?;
    let nuget = within(Group::Packages, || nuget::make(&linux, &windows))?;
    let (jar, aar) = within(Group::Packages, || maven::make(&linux, &windows))?;
    println!("\n| file | bytes |\n| --- | --- |");
    for file in [&linux, &windows, &nuget, &jar, &aar] {
        println!("| {} | {} |", name(file), size(file)?);
    }
    Ok(())
}

/// Makes them, installs each into an empty host project, and runs it from there.
pub fn test() -> Done {
    make()?;
    packages::install_these(packages::NET_FRAMEWORK)?;
    packages::install_these(packages::WINE)?;
    let environment = [
        ("FIDO_UNLOCK_DOTNET", dotnet::program()?),
        ("FIDO_UNLOCK_WINDOWS_DOTNET", dotnet::windows_program()?),
        ("FIDO_UNLOCK_NETSTANDARD", nuget::facades()?),
    ];
    let which = ["--test=nuget".into(), "--test=maven".into()];
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
