//! C# 7.3 for netstandard2.0 from the UniFFI metadata of a built library, on `uniffi_bindgen`'s loader.
//!
//! The files of `runtime/`, with the namespace put in, come out beside one named after the namespace. What cannot be
//! shown in C# is refused by name before anything is written (`refuse.rs`); the README lists both sides.

mod defaults;
mod docs;
mod names;
mod refuse;
mod render;
mod types;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, GlobalConfig};

use types::Types;

/// The fixed files, with `NAMESPACE` for the namespace.
const RUNTIME: [(&str, &str); 3] = [
    ("UniffiBuffers.cs", include_str!("runtime/UniffiBuffers.cs")),
    ("UniffiCodec.cs", include_str!("runtime/UniffiCodec.cs")),
    ("UniffiObjects.cs", include_str!("runtime/UniffiObjects.cs")),
];

/// The product's names, where the command line gives no namespace.
const NAMESPACE: &str = "FidoUnlock";
const CLASS: &str = "UnlockLibrary";
const FOLDER: &str = "bindings/csharp/FidoUnlock/Generated";

/// What to generate from, and to where. Without any, the product.
#[derive(clap::Args)]
pub struct Options {
    /// The built library that holds the UniFFI metadata (.so, .dll, .dylib, .a).
    #[arg(long)]
    library: Option<PathBuf>,
    /// The folder that the files go to.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The crate to generate for; needed only when the library holds more than one.
    #[arg(long = "crate")]
    crate_name: Option<String>,
    /// The C# namespace.
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

/// Generates, or checks what was generated; `root` is the folder of the workspace.
///
/// # Errors
/// A library without metadata, an interface with something that is not supported, files that are not fresh.
pub fn run(options: &Options, root: PathBuf) -> Result<()> {
    let out = options.out.clone().unwrap_or_else(|| root.join(FOLDER));
    for (name, text) in generate(options)? {
        let path = out.join(&name);
        if options.check {
            let found =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if found != text {
                bail!("{} is stale: run this without --check", path.display());
            }
        } else {
            fs::create_dir_all(&out)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

/// File names with their text.
fn generate(options: &Options) -> Result<Vec<(String, String)>> {
    let path = crate::library(options.library.as_deref())?;
    let library = path.to_str().context("the library's path is not UTF-8")?;
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

    let (namespace, class) = match &options.namespace {
        Some(given) => (given.clone(), None),
        None => (NAMESPACE.to_owned(), Some(CLASS.to_owned())),
    };
    let last = namespace.rsplit('.').next().unwrap_or(&namespace).to_owned();
    let class = options
        .class
        .clone()
        .or(class)
        .unwrap_or_else(|| format!("{last}Functions"));
    let native = match &options.native_name {
        Some(name) => name.clone(),
        None => native_name(&path)?,
    };
    let types = Types {
        ci,
        namespace: &namespace,
    };
    refuse::check(&types, &class)?;
    let mut files = vec![(format!("{last}.cs"), render::file(&types, &class, &native)?)];
    for (name, text) in RUNTIME {
        files.push((name.to_owned(), text.replace("NAMESPACE", &namespace)));
    }
    Ok(files)
}

/// `libname.so` is `name` for `DllImport`, which puts prefix and suffix back on each system.
fn native_name(library: &Path) -> Result<String> {
    let stem = library
        .file_stem()
        .and_then(|stem| stem.to_str())
        .context("the library has no name")?;
    Ok(stem.strip_prefix("lib").unwrap_or(stem).to_owned())
}
