//! `cargo xtask test`: every test there is, in lanes, so that what takes its time elsewhere than in the processor
//! (guests, cards, terminals) runs beside what compiles.

use crate::step::{self, Done, Group, Part, lanes, within};
use crate::workspace::{self, Tests, filters};
use crate::{bindings, console, firmware, packages, samples};

/// Their tests run over the real stacks.
const STACKS: &[&str] = &["fido-unlock-hid", "fido-unlock-pcsc", "fido-unlock-stacks-tests"];
/// Their tests are another part's: C#, packages, the console.
const OTHERS: &[&str] = &["fido-unlock-bindgen", "fido-unlock-packages-tests", "help-desk"];

/// What is built in the one selection stands in front, what mostly compiles otherwise at the back; Kotlin's
/// library comes from the selection. The console is built for the first that asks it.
pub const PARTS: &[Part] = &[
    units,
    documentation,
    without_adapters,
    flows,
    bindings::test,
    samples::test,
    bindings::test_kotlin,
    bindings::test_windows,
    bindings::test_packages,
    console::test,
    firmware::build,
];

/// Guests that start, cards that answer, keys that blink.
pub const IDLE: &[Part] = &[stacks];

/// Everything.
pub fn run() -> Done {
    within(Group::Install, packages::install)?;
    lanes(PARTS, IDLE)
}

fn units() -> Done {
    workspace::test("tests: units", &["--lib".into(), "--bins".into()], &[], &[])
}

fn documentation() -> Done {
    workspace::test("tests: documentation", &["--doc".into()], &[], &[])
}

/// Nothing but Rust and a C compiler: what README's first command needs.
fn without_adapters() -> Done {
    let check = ["check", "--quiet", "--no-default-features"];
    let programs = [
        "-p",
        "fido-unlock-cli",
        "-p",
        "remote-agent",
        "-p",
        "fido-unlock-system",
    ];
    within(Group::Build, || {
        step::run(
            "programs without adapters",
            workspace::shared(&check).args(programs),
        )
    })
}

/// Those that need nothing but cargo and Python.
fn flows() -> Done {
    workspace::console()?;
    let all = Tests::list()?;
    let names = all.but(&[STACKS, OTHERS].concat());
    workspace::test("tests: flows", &filters(&names), &[], &[])
}

/// What `tests/tests/desk_model.rs` explores, with one more of each thing that it bounds.
pub fn model() -> Done {
    let test = [
        "test",
        "--quiet",
        "--release",
        "-p",
        "fido-unlock-tests",
        "--test",
        "desk_model",
    ];
    let mut command = step::cargo(&test);
    command
        .args(["--", "--nocapture"])
        .env("FIDO_UNLOCK_MODEL", "long");
    step::run("the desk's model, long", &mut command)
}

fn stacks() -> Done {
    let all = Tests::list()?;
    workspace::test("tests: pcscd and hidraw", &filters(&all.of(STACKS)), &[], &[])
}
