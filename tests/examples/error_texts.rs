//! Prints texts/en/errors.ftl from the one table in `core/protocol/src/error.rs`.

use fido_unlock::ErrorCode;

fn main() {
    println!("# Made from the error table: `cargo run -p fido-unlock-tests --example error_texts`.");
    let mut family = None;
    for code in ErrorCode::ALL {
        if family != Some(code.family()) {
            family = Some(code.family());
            println!("\n## {}\n", code.family().name());
        }
        println!("error-{} = {}", code.number(), code.message());
        println!("    .next = {}", code.next_step());
    }
}
