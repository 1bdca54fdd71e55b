//! Prints docs/errors.md (`cargo xtask docs`).

use fido_unlock::ErrorCode;

fn main() {
    println!(
        "# Errors\n\nPrinted by `cargo xtask docs` from the one table in `core/protocol/src/error.rs`. A number \
         never changes its meaning. Command-line programs exit with the family's exit code."
    );
    let mut family = None;
    for code in ErrorCode::ALL {
        if family != Some(code.family()) {
            family = Some(code.family());
            let (name, exit) = (code.family().name(), code.family().exit_code());
            println!(
                "\n## {name} (exit code {exit})\n\n| number | name | message | next step |\n| --- | --- | --- | --- |"
            );
        }
        println!(
            "| {} | `{}` | {} | {} |",
            code.number(),
            code.name(),
            code.message(),
            code.next_step()
        );
    }
}
