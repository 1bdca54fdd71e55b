//! `cargo xtask package`: the packages of C#, Kotlin and Android out of one Linux and one Windows library.

use std::path::Path;

use super::{library, maven, nuget, windows};
use crate::step::{Done, Failed};

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
