//! The tests in each language: C# on mono and .NET Core, Kotlin on the JVM, the C header, the facade.

use super::{dotnet, generate, kotlin, library};
use crate::packages;
use crate::step::{self, Done};
use crate::workspace::{self, Tests, filters};

/// What is generated, C#, the C header; the facade's own are among the workspace's.
pub fn all() -> Done {
    packages::install_for_languages()?;
    step::all(&[generate::check, csharp])
}

/// Kotlin, and the benchmark's programs, one of which is compiled with its suite.
pub fn jvm() -> Done {
    packages::install_for_languages()?;
    step::all(&[kotlin::test, bench])
}

/// Their output is shown, since the summaries of the runners in C# are in it.
fn csharp() -> Done {
    workspace::console()?;
    let all = Tests::list()?;
    let names = all.of(&["fido-unlock-bindgen"]);
    let environment = [
        ("FIDO_UNLOCK_DOTNET", dotnet::program()?),
        ("FIDO_UNLOCK_SHIPPED", library::build()?),
    ];
    workspace::test("tests: C#", &filters(&names), &environment, &["--show-output"])
}

/// The long form of the tests that many unlocks leave nothing behind: `unlocks` in each runtime.
pub fn soak(unlocks: u32) -> Done {
    packages::install_for_languages()?;
    step::joined(vec![soak_csharp(unlocks), kotlin::soak(unlocks)])
}

fn soak_csharp(unlocks: u32) -> Done {
    let environment = [
        ("FIDO_UNLOCK_DOTNET", dotnet::program()?),
        ("FIDO_UNLOCK_UNLOCKS", unlocks.to_string().into()),
    ];
    workspace::test(
        "soak: C#",
        &["--test=csharp_growth".into()],
        &environment,
        &["--nocapture"],
    )
}

fn bench() -> Done {
    super::bench_check(&workspace::built(library::LIBRARY)?)
}
