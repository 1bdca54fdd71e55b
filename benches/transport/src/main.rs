//! What an unlock costs over the real stacks, beside the stacks alone and clients that are not ours:
//! `cargo xtask long bench transport`. docs/benchmarks.md says how it is read.
//!
//! The card is measured in a process of its own, whose PC/SC socket is a private one; hidraw in a
//! guest kernel, where this program runs again. Both print rows.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

mod card;
mod clients;
mod device;
mod hidraw;
mod measure;
mod ours;
#[path = "../../../adapters/pcsc/tests/vpcd/support.rs"]
#[allow(dead_code)]
mod pcscd;
mod replay;
mod report;
mod row;
mod stack;
#[path = "../../../adapters/hid/tests/support/uhid.rs"]
#[allow(dead_code)]
mod uhid;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use measure::Plan;
use report::Report;
use row::Row;

/// Where libpcsclite looks for pcscd's socket; set for the process that measures the card.
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
/// Set by guest.sh.
const GUEST: &str = "FIDO_UNLOCK_HID_GUEST";
const USAGE: &str = "usage: cargo xtask long bench transport [COUNT] [card|hidraw|instructions|uml]";
/// What each is called, and whether it is measured without being named: user-mode Linux is built first.
const STACKS: [(&str, bool, Measure); 4] = [
    ("card", true, over_a_card),
    ("hidraw", true, over_hidraw),
    ("instructions", true, over_hidraw_in_instructions),
    ("uml", false, over_uml),
];
type Measure = fn(Plan) -> Vec<Row>;
/// Runs of each row; fewer are for development.
const COUNT: usize = 500;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.iter().find_map(|word| word.parse().ok());
    let plan = Plan {
        count: count.unwrap_or(COUNT),
    };
    if std::env::var_os(GUEST).is_some() {
        hidraw::run(plan);
    } else if let Some(socket) = std::env::var_os(SOCKET) {
        card::run(Path::new(&socket).parent().unwrap(), plan);
    } else {
        let stack = |word: &str| STACKS.iter().find(|(name, ..)| *name == word);
        assert!(
            arguments
                .iter()
                .all(|word| stack(word).is_some() || word.parse::<usize>().is_ok())
                && plan.count > 0,
            "{USAGE}"
        );
        let none_named = !arguments.iter().any(|word| stack(word).is_some());
        let rows = STACKS
            .iter()
            .filter(|(name, by_itself, _)| {
                arguments.iter().any(|word| word == name) || none_named && *by_itself
            })
            .flat_map(|(.., measure)| measure(plan))
            .collect();
        let report = Report::new(rows);
        report.print();
        println!("\n{}", serde_json::to_string(&report).unwrap());
    }
}

fn over_a_card(plan: Plan) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    rows(
        Command::new(std::env::current_exe().unwrap())
            .arg(plan.count.to_string())
            .env(SOCKET, folder.path().join("pcscd.comm")),
        |status, _| status,
    )
}

fn over_hidraw(plan: Plan) -> Vec<Row> {
    let folder = folder("bench-guest");
    let counter = Command::new(compile("tsc_khz", &[], &folder)).output().unwrap();
    let khz = String::from_utf8(counter.stdout).unwrap();
    in_a_guest(plan, &folder, |guest| {
        guest.env("GUEST_OPTIONS", counted_by(&khz))
    })
}

/// The same on a processor whose time is the number of its instructions, a nanosecond each. It lacks fast
/// string instructions, which would be counted once for each byte.
fn over_hidraw_in_instructions(plan: Plan) -> Vec<Row> {
    let folder = folder("bench-guest");
    let rows = in_a_guest(plan, &folder, |guest| {
        guest
            .env("GUEST_OPTIONS", counted_by("1000000"))
            .env("GUEST_QEMU", "-icount shift=0,sleep=off -cpu max,-erms,-fsrm")
    });
    renamed(rows, "instructions")
}

/// The clock that the guest finds by itself counts in steps of four milliseconds.
fn counted_by(khz: &str) -> String {
    format!("clocksource=tsc tsc=reliable tsc_early_khz={}", khz.trim())
}

fn renamed(mut rows: Vec<Row>, stack: &str) -> Vec<Row> {
    for row in &mut rows {
        stack.clone_into(&mut row.stack);
    }
    rows
}

/// hidraw of a kernel that is a program: nothing is emulated, but each call of the system is dear.
fn over_uml(plan: Plan) -> Vec<Row> {
    let folder = folder("bench-uml");
    let built = Command::new("sh")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/uml_kernel.sh"))
        .arg(&folder)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "no kernel was built");
    let kernel = folder.join("linux");
    let rows = in_a_guest(plan, &folder, |guest| guest.env("GUEST_UML", kernel));
    renamed(rows, "uml")
}

fn in_a_guest(plan: Plan, folder: &Path, with: impl FnOnce(&mut Command) -> &mut Command) -> Vec<Row> {
    let peer = compile("pin_change", &["-lfido2"], folder);
    let mut guest = Command::new("sh");
    guest
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../adapters/hid/tests/support/guest.sh"
        ))
        .arg(std::env::current_exe().unwrap())
        .arg(plan.count.to_string())
        .arg(folder)
        .arg(&peer)
        .env("GUEST_SECONDS", "3600");
    rows(with(&mut guest), |status, said| {
        status && said.lines().any(|line| line.trim() == "guest exit 0")
    })
}

/// A program of `peers/`.
fn compile(name: &str, libraries: &[&str], folder: &Path) -> PathBuf {
    let program = folder.join(name);
    let compiled = Command::new("cc")
        .args(["-O2", "-Wall", "-Werror", "-o"])
        .arg(&program)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("peers")
                .join(format!("{name}.c")),
        )
        .args(libraries)
        .status();
    assert!(
        compiled.is_ok_and(|status| status.success()),
        "needs Debian's packages gcc and libfido2-dev"
    );
    program
}

/// Below `target`, where a guest's kernel is kept.
fn folder(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap().with_file_name("tmp").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The rows that a command prints; `good` judges its end.
fn rows(command: &mut Command, good: impl FnOnce(bool, &str) -> bool) -> Vec<Row> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(good(output.status.success(), &said), "{}\n{said}", output.status);
    said.lines().filter_map(Row::read).collect()
}
