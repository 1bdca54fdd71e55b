//! The C interface that Swift imports, driven from C: the generated header is compiled with `cc`, warnings
//! are errors, with the address and undefined-behaviour sanitizers, and a whole unlock runs through it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]
#![allow(dead_code, reason = "`support` serves the C# tests too")]

mod support;

use std::fs;
use std::process::Command;

use support::{BINDGEN, build, here, run, scratch, succeed};

#[test]
fn a_whole_unlock_through_the_header() {
    let libraries = build("fido-unlock-ffi", &["--features", "mock"]);
    let out = scratch("c-header");
    let library = libraries.join("libfido_unlock_ffi.so");
    succeed(
        Command::new(BINDGEN)
            .args(["swift", "--library"])
            .arg(&library)
            .arg("--out")
            .arg(&out),
    );
    let source = here().join("../swift/Tests/c/unlock_test.c");
    let program = out.join("unlock_test");
    succeed(
        Command::new("cc")
            .args([
                "-std=c11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fsanitize=address,undefined",
                "-g",
            ])
            .arg("-I")
            .arg(out.join("fido_unlockFFI"))
            .arg(&source)
            .arg(&library)
            .arg(format!("-Wl,-rpath,{}", libraries.display()))
            .arg("-o")
            .arg(&program),
    );
    let output = run(&mut Command::new(&program));
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let checks = fs::read_to_string(&source)
        .unwrap()
        .lines()
        .filter(|line| line.trim_start().starts_with("check("))
        .count();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text.trim(), format!("{checks} passed, 0 failed"));
}
