//! What an unlock costs over the real stacks, beside the stacks alone and clients that are not ours:
//! `cargo xtask bench transport`. docs/benchmarks.md says how it is read.
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
mod device;
mod hidraw;
mod measure;
mod ours;
#[path = "../../../adapters/pcsc/tests/vpcd/support.rs"]
#[allow(dead_code)]
mod pcscd;
mod peers;
mod replay;
mod report;
mod stack;
#[path = "../../../adapters/hid/tests/support/uhid.rs"]
#[allow(dead_code)]
mod uhid;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use measure::Plan;
use report::{Report, Row};

/// Where libpcsclite looks for pcscd's socket; set for the process that measures the card.
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
/// Set by guest.sh.
const GUEST: &str = "FIDO_UNLOCK_HID_GUEST";
const USAGE: &str = "usage: cargo xtask bench transport [COUNT] [card|hidraw]";
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
        let known = |word: &String| ["card", "hidraw"].contains(&&**word) || word.parse::<usize>().is_ok();
        assert!(arguments.iter().all(known) && plan.count > 0, "{USAGE}");
        let named = |stack: &str| arguments.iter().any(|word| word == stack);
        let all = !named("card") && !named("hidraw");
        let mut rows = Vec::new();
        if all || named("card") {
            rows.extend(over_a_card(plan));
        }
        if all || named("hidraw") {
            rows.extend(over_hidraw(plan));
        }
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
    let folder = folder();
    let peer = compile("pin_change", &["-lfido2"], &folder);
    let counter = Command::new(compile("tsc_khz", &[], &folder)).output().unwrap();
    let khz = String::from_utf8(counter.stdout).unwrap();
    rows(
        Command::new("sh")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../adapters/hid/tests/support/guest.sh"
            ))
            .arg(std::env::current_exe().unwrap())
            .arg(plan.count.to_string())
            .arg(&folder)
            .arg(&peer)
            .env("GUEST_SECONDS", "3600")
            // The clock that the guest finds by itself counts in steps of four milliseconds.
            .env(
                "GUEST_OPTIONS",
                format!("clocksource=tsc tsc=reliable tsc_early_khz={}", khz.trim()),
            ),
        |status, said| status && said.lines().any(|line| line.trim() == "guest exit 0"),
    )
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

/// Below `target`, where the guest's kernel is kept.
fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program
        .parent()
        .unwrap()
        .with_file_name("tmp")
        .join("bench-guest");
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
