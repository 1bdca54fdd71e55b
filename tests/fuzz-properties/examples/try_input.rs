//! Shows an input of a target and tries it:
//! `cargo run -p fido-unlock-fuzz-properties --example try_input -- TARGET FILE`.

#![allow(clippy::expect_used)]

use fido_unlock_fuzz_properties::{TARGETS, show_inputs};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, file] = &arguments[..] else {
        eprintln!("try_input TARGET FILE");
        std::process::exit(2);
    };
    let known = TARGETS.iter().find(|known| known.0 == target);
    let (_, property) = known.expect("a target of that name");
    show_inputs();
    property(&std::fs::read(file).expect("the file is read"));
}
