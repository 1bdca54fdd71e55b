//! The sources of C#, Kotlin and Swift with its C header, out of the library as it ships: without the
//! software authenticator. They are committed.

use super::bindgen;
use crate::packages;
use crate::step::{Done, cargo, run};

const LANGUAGES: &[&str] = &["csharp", "kotlin", "swift"];

/// Writes them again.
pub fn write() -> Done {
    each(&[])
}

/// Fails where one that is committed is not what would be written.
pub fn check() -> Done {
    each(&["--check"])
}

/// The library is built with `-p` alone, so that no generator gets into it.
fn each(options: &[&str]) -> Done {
    packages::install()?;
    run(
        "bindings: the library",
        &mut cargo(&["build", "--quiet", "-p", "fido-unlock-ffi"]),
    )?;
    for language in LANGUAGES {
        let name = match options {
            [] => format!("bindings: {language} is written"),
            _ => format!("bindings: {language} is fresh"),
        };
        run(&name, bindgen(&[language]).args(options))?;
    }
    Ok(())
}
