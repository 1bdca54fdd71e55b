//! C# 7.3 for netstandard2.0 from the UniFFI metadata of a built library, on `uniffi_bindgen`'s loader.
//!
//! Two files come out: `Uniffi.cs`, which is `runtime.cs` with the namespace put in, and one named after the
//! namespace. What cannot be shown in C# is refused by name before anything is written (`refuse.rs`); the README
//! lists both sides.

mod docs;
mod names;
mod refuse;
mod render;
mod types;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use heck::ToUpperCamelCase;
use uniffi_bindgen::{BindgenLoader, BindgenPaths, GlobalConfig};

use types::Types;

const RUNTIME: &str = include_str!("runtime.cs");

/// What to generate from, and to where.
#[derive(clap::Args)]
pub struct Options {
    /// The built library that holds the UniFFI metadata (.so, .dll, .dylib, .a).
    #[arg(long)]
    library: PathBuf,
    /// The folder that the files go to.
    #[arg(long)]
    out: PathBuf,
    /// The crate to generate for; needed only when the library holds more than one.
    #[arg(long = "crate")]
    crate_name: Option<String>,
    /// The C# namespace; the UniFFI namespace in PascalCase unless given.
    #[arg(long)]
    namespace: Option<String>,
    /// The static class of the free functions; the namespace's last part with `Functions` unless given.
    #[arg(long)]
    class: Option<String>,
    /// The library's name for `DllImport`; taken from the file unless given.
    #[arg(long)]
    native_name: Option<String>,
    /// Writes nothing and fails when a file is not as it would be written.
    #[arg(long)]
    check: bool,
}

/// Generates, or checks what was generated.
///
/// # Errors
/// A library without metadata, an interface with something that is not supported, files that are not fresh.
pub fn run(options: &Options) -> Result<()> {
    for (name, text) in generate(options)? {
        let path = options.out.join(&name);
        if options.check {
            let found =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if found != text {
                bail!("{} is stale: generate it again", path.display());
            }
        } else {
            fs::create_dir_all(&options.out)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

/// File names with their text.
fn generate(options: &Options) -> Result<Vec<(String, String)>> {
    let library = options
        .library
        .to_str()
        .context("the library's path is not UTF-8")?;
    let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let metadata = loader.load_metadata(library.into())?;
    let mut interfaces = loader.load_cis(metadata)?;
    if let Some(name) = &options.crate_name {
        interfaces.retain(|ci| ci.crate_name() == name);
    }
    let [ci] = interfaces.as_mut_slice() else {
        bail!(
            "{library} holds {} interfaces; name one with --crate",
            interfaces.len()
        );
    };
    ci.derive_ffi_funcs()?;

    let namespace = options
        .namespace
        .clone()
        .unwrap_or_else(|| ci.namespace().to_upper_camel_case());
    let last = namespace.rsplit('.').next().unwrap_or(&namespace).to_owned();
    let class = options
        .class
        .clone()
        .unwrap_or_else(|| format!("{last}Functions"));
    let native = match &options.native_name {
        Some(name) => name.clone(),
        None => native_name(&options.library)?,
    };
    let types = Types {
        ci,
        namespace: &namespace,
    };
    refuse::check(&types, &class)?;
    Ok(vec![
        ("Uniffi.cs".to_owned(), RUNTIME.replace("NAMESPACE", &namespace)),
        (format!("{last}.cs"), render::file(&types, &class, &native)?),
    ])
}

/// `libname.so` is `name` for `DllImport`, which puts prefix and suffix back on each system.
fn native_name(library: &Path) -> Result<String> {
    let stem = library
        .file_stem()
        .and_then(|stem| stem.to_str())
        .context("the library has no name")?;
    Ok(stem.strip_prefix("lib").unwrap_or(stem).to_owned())
}
