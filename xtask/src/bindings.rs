//! The bindings: what is generated, the tests in each language, the packages, the Windows library.

mod archive;
mod bench;
mod dotnet;
mod generate;
mod library;
mod maven;
mod notices;
mod nuget;
mod package;
mod test;
mod vendor;
mod windows;

use std::process::Command;

use bench::check as bench_check;
pub use bench::run as bench;
pub use generate::{check, write};
pub use package::{run as package, test as test_packages};
pub use test::{all as test, soak};
pub use vendor::make as vendor_swift;
pub use windows::{build as windows, test as test_windows};

use crate::packages::Package;
use crate::step::Failed;
use crate::workspace;

/// The generator with these arguments.
fn bindgen(arguments: &[&str]) -> Result<Command, Failed> {
    let mut command = workspace::program("fido-unlock-bindgen")?;
    command.args(arguments);
    Ok(command)
}

/// Every Debian package that a part of this needs.
pub fn packages() -> impl Iterator<Item = Package> {
    let of_programs = test::missing_programs();
    [
        test::PACKAGES,
        windows::PACKAGES,
        windows::WINE,
        nuget::PACKAGES,
        package::PACKAGES,
        vendor::PACKAGES,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(of_programs)
}
