//! fido-unlock from C#: the committed files are fresh, and the C# tests pass on mono and on .NET.
//!
//! Needs what `csharp_fixture.rs` needs, and Debian's `libmono-system-runtime-serialization4.0-cil`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Run, check_summary, count_tests, csharp, here, scratch, sources, succeed, unlock_program};

/// What a page or README shows is compiled as it stands: each ```csharp block is the body of a method or, where it
/// starts with `class` or `public`, a type.
fn snippets(page: &Path, namespace: &str) -> String {
    let text = fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> = text
        .split("```csharp\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(!blocks.is_empty(), "{} shows no C#", page.display());
    let mut out = String::from(
        "using System; using System.Collections.Generic; using System.Linq; using System.Text; using System.Threading;\n\
         using System.Threading.Tasks; using FidoUnlock;\n",
    );
    out.push_str(&format!("namespace {namespace} {{\n"));
    for (index, block) in blocks.iter().enumerate() {
        if block.starts_with("class ") || block.starts_with("public ") || block.starts_with("sealed ") {
            out.push_str(block);
        } else {
            out.push_str(&format!(
                "static class Page{index} {{ internal static async Task Show(Device device, UnlockSession session, \
                 byte[] saved, string response, string pin, string pinAgain, IHidReports reports, \
                 CancellationToken token) {{ await Task.Yield();\n{block}}} }}\n"
            ));
        }
    }
    out.push_str("}\n");
    out
}

#[test]
fn fido_unlock_runs_on_mono_and_dotnet() {
    let out = scratch("csharp-unlock");
    let own = sources(&csharp().join("FidoUnlock"));
    let mut pages = Vec::new();
    for (name, page) in [
        ("Page", here().join("../../docs/for-csharp.md")),
        ("Package", csharp().join("package/README.md")),
    ] {
        let file = out.join(name).with_extension("cs");
        fs::write(&file, snippets(&page, &format!("Snippets{name}"))).unwrap();
        pages.push(file);
    }
    let committed = sources(&csharp().join("FidoUnlock/Generated"));
    compile_library(
        &out.join("snippets.dll"),
        &[committed, own.clone(), pages].concat(),
    );

    let tests = sources(&csharp().join("FidoUnlock.Tests"));
    let expected = count_tests(&tests);
    assert!(expected >= 44, "only {expected} tests found in the sources");
    let exe = unlock_program(&out, &tests);
    check_summary(&Run::of(&out, &exe).mono(), expected, "mono");
    check_summary(&Run::of(&out, &exe).dotnet(), expected, "dotnet");
}

fn compile_library(dll: &Path, files: &[PathBuf]) {
    let mut command = Command::new("mcs");
    command.args([
        "-target:library",
        "-langversion:7.2",
        "-warnaserror+",
        "-warn:4",
        "-nowarn:219",
    ]);
    succeed(command.arg(format!("-out:{}", dll.display())).args(files));
}
