//! Many unlocks from C# on mono and on .NET grow neither managed nor native memory. 200 of them, or as many as
//! `FIDO_UNLOCK_UNLOCKS` says: 10,000 take some four minutes for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]
#![allow(dead_code, reason = "`support` serves the other tests too")]

mod support;

use std::process::Output;

use support::{Run, check_summary, csharp, scratch, sources, unlock_program};

#[test]
fn unlocks_do_not_grow_on_mono_and_dotnet() {
    let out = scratch("csharp-growth");
    let tests = [
        sources(&csharp().join("FidoUnlock.Tests")),
        sources(&csharp().join("FidoUnlock.Tests/Growth")),
    ];
    let exe = unlock_program(&out, &tests.concat());
    let run = Run {
        only: Some("GrowthTests."),
        seconds: 3600,
        ..Run::of(&out, &exe)
    };
    for (name, output) in [("mono", run.mono()), ("dotnet", run.dotnet())] {
        check_summary(&output, 1, name);
        println!("{name}: {}", figures(&output));
    }
}

fn figures(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().unwrap_or_default().into()
}
