//! Prints `vectors/code_line.json`:
//! `cargo run -p fido-unlock-tests --example code_vectors > tests/vectors/code_line.json`
#![allow(clippy::unwrap_used)]

fn main() {
    let file = fido_unlock_tests::code_vectors::code_line();
    println!("{}", serde_json::to_string_pretty(&file).unwrap());
}
