//! `cargo xtask test`: every test there is, in two lanes. What takes its time elsewhere than in the
//! processor (guests, cards, terminals) runs beside what compiles.

use crate::step::{self, Done, Group, aside, within};
use crate::workspace::{self, Tests, filters};
use crate::{bindings, firmware, packages, samples};

/// Their tests run over the real stacks.
const STACKS: &[&str] = &["fido-unlock-hid", "fido-unlock-pcsc", "fido-unlock-stacks-tests"];
/// Their tests are another part's: C#, packages.
const OTHERS: &[&str] = &["fido-unlock-bindgen", "fido-unlock-packages-tests"];

/// Everything.
pub fn run() -> Done {
    within(Group::Install, packages::install)?;
    aside(beside, main)
}

/// What needs no more of the workspace's own build than its generator; and Kotlin, last, since its library
/// comes from there.
pub fn beside() -> Done {
    step::all(&[
        firmware::build,
        bindings::test_packages,
        bindings::test_windows,
        bindings::test_kotlin,
    ])
}

/// What is built in the one selection.
pub fn main() -> Done {
    step::all(&[
        units,
        documentation,
        without_adapters,
        flows,
        stacks,
        bindings::test,
        samples::test,
    ])
}

fn units() -> Done {
    workspace::test("tests: units", &["--lib".into(), "--bins".into()], &[], &[])
}

fn documentation() -> Done {
    workspace::test("tests: documentation", &["--doc".into()], &[], &[])
}

/// Nothing but Rust: what README's first command needs.
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
    let all = Tests::list()?;
    let names = all.but(&[STACKS, OTHERS].concat());
    workspace::test("tests: flows", &filters(&names), &[], &[])
}

fn stacks() -> Done {
    let all = Tests::list()?;
    workspace::test("tests: pcscd and hidraw", &filters(&all.of(STACKS)), &[], &[])
}
