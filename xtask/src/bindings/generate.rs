//! The sources of C#, Kotlin and Swift with its C header, out of the library as it ships: without the
//! software authenticator. They are committed.

use super::generator::bindgen;
use super::library;
use crate::step::{Done, Group, run, within};

const LANGUAGES: &[&str] = &["csharp", "kotlin", "swift"];

/// Writes them again.
pub fn write() -> Done {
    each(&[])
}

/// Fails where one that is committed is not what would be written.
pub fn check() -> Done {
    within(Group::Checks, || each(&["--check"]))
}

fn each(options: &[&str]) -> Done {
    let library = library::with_names()?;
    for language in LANGUAGES {
        let name = match options {
            [] => format!("bindings: {language} is written"),
            _ => format!("bindings: {language} is fresh"),
        };
        let mut bindgen = bindgen(&[language, "--library"])?;
        run(&name, bindgen.arg(&library).args(options))?;
    }
    Ok(())
}
