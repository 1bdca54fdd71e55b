//! The bindings: what is generated, the tests in each language, the packages, the Windows library.

mod archive;
mod arm64;
mod bench;
mod debian;
mod dotnet;
mod generate;
mod generator;
mod kotlin;
mod library;
mod maven;
mod native;
mod notices;
mod nuget;
mod package;
mod swift;
mod swift_agent;
mod test;
mod vendor;
mod windows;

pub use arm64::test as test_arm64;
use bench::check as bench_check;
pub use bench::run as bench;
pub use generate::{check, write};
pub use package::{ship as package, test as test_packages, test_what_ships};
pub use swift::test as test_swift;
pub use test::{all as test, jvm as test_kotlin, soak};
pub use vendor::make as vendor_swift;
pub use windows::{debian_cargo, ship as windows, test as test_windows};
