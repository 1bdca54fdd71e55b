//! The NuGet package: read by code that did not write it, then installed into an empty host project, from
//! where mono and .NET Core run it on Linux, and .NET Core for Windows under Wine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fido_unlock_packages_tests::{
    DEVICES_OF_LINUX, Wine, check_hello, compile, given, is_arm64, packages, root, scratch, ships, succeed,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn package() -> PathBuf {
    packages().join(format!("nuget/FidoUnlock.{VERSION}.nupkg"))
}

/// Unpacks as NuGet does: all but the parts that are the container's own.
fn install(into: &Path) -> PathBuf {
    let folder = into.join("packages/FidoUnlock");
    succeed(
        Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(package())
            .arg(&folder),
    );
    for own in ["_rels", "package"] {
        fs::remove_dir_all(folder.join(own)).unwrap();
    }
    fs::remove_file(folder.join("[Content_Types].xml")).unwrap();
    folder
}

fn netstandard(kind: &str) -> PathBuf {
    given("FIDO_UNLOCK_NETSTANDARD")
        .join(kind)
        .join("netstandard.dll")
}

/// A host that references what is in `lib/`, with its native library beside it as publishing puts it there.
fn host(name: &str, native: &str) -> PathBuf {
    let out = scratch(name);
    let installed = install(&out);
    let library = installed.join("lib/netstandard2.0/FidoUnlock.dll");
    let exe = out.join("bin/hello.exe");
    fs::create_dir_all(exe.parent().unwrap()).unwrap();
    compile(
        &exe,
        &[root().join("tests/packages/hosts/csharp/Hello.cs")],
        &[library.clone(), netstandard("reference")],
    );
    for file in [library, installed.join("runtimes").join(native)] {
        fs::copy(&file, out.join("bin").join(file.file_name().unwrap())).unwrap();
    }
    exe
}

#[test]
fn it_is_a_package() {
    let text = succeed(
        Command::new("python3")
            .arg(root().join("tests/packages/witness/opc.py"))
            .arg(package()),
    );
    assert!(text.starts_with(&format!("FidoUnlock {VERSION} ")), "{text}");
}

/// The assembly is for netstandard 2.0, and says so to a reader that did not write it.
#[test]
fn the_assembly_refers_to_netstandard_alone() {
    let out = scratch("nuget-references");
    let library = install(&out).join("lib/netstandard2.0/FidoUnlock.dll");
    let program = out.join("References.cs");
    fs::write(
        &program,
        "using System; using System.Reflection;\n\
         public static class References { public static void Main(string[] a) {\n\
         foreach (var name in Assembly.ReflectionOnlyLoadFrom(a[0]).GetReferencedAssemblies()) Console.WriteLine(name.FullName); } }",
    )
    .unwrap();
    let exe = out.join("references.exe");
    compile(&exe, &[program], &[]);
    let text = succeed(Command::new("mono").arg(&exe).arg(&library));
    assert!(text.starts_with("netstandard, Version=2.0.0.0"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_host_on_mono() {
    let exe = host("nuget-mono", "linux-x64/native/libfido_unlock_ffi.so");
    let text = succeed(
        Command::new("mono")
            .arg(&exe)
            .env("LD_LIBRARY_PATH", exe.parent().unwrap())
            .env("MONO_PATH", netstandard("runtime").parent().unwrap()),
    );
    check_hello(&text, DEVICES_OF_LINUX);
}

#[test]
fn a_host_on_dotnet() {
    let exe = host("nuget-dotnet", "linux-x64/native/libfido_unlock_ffi.so");
    let text = succeed(
        Command::new(given("FIDO_UNLOCK_DOTNET"))
            .arg("exec")
            .arg(&exe)
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
    );
    check_hello(&text, DEVICES_OF_LINUX);
}

/// The library for Windows as it ships; Wine has no devices that could be asked.
#[test]
fn a_host_on_dotnet_for_windows() {
    let exe = host("nuget-windows", "win-x64/native/fido_unlock_ffi.dll");
    let text = succeed(
        Wine::ready()
            .command(&given("FIDO_UNLOCK_WINDOWS_DOTNET"))
            .arg("exec")
            .arg(&exe)
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
    );
    check_hello(&text, &["514 TransportFailed"]);
}

/// A project for .NET Framework, built by mono's build program: the package's targets put the libraries beside
/// it, and warn where it would run as a 32-bit process.
#[test]
fn a_project_for_net_framework_gets_the_libraries_beside_it() {
    let out = scratch("nuget-framework");
    install(&out);
    for file in ["Hello.cs", "Host.csproj"] {
        fs::copy(
            root().join("tests/packages/hosts/csharp").join(file),
            out.join(file),
        )
        .unwrap();
    }
    let build = |prefer32: &str| {
        succeed(
            Command::new("xbuild")
                .args(["/nologo", "/verbosity:minimal", "/t:Rebuild", "Host.csproj"])
                .arg(format!("/p:Netstandard={}", netstandard("reference").display()))
                .arg(format!("/p:Prefer32Bit={prefer32}"))
                .current_dir(&out),
        )
    };
    assert!(build("true").contains("FIDOUNLOCK001"), "no warning");
    assert!(!build("false").contains("FIDOUNLOCK001"), "a warning for 64 bits");
    for file in [
        "Host.exe",
        "FidoUnlock.dll",
        "fido_unlock_ffi.dll",
        "libfido_unlock_ffi.so",
    ] {
        assert!(out.join("bin").join(file).exists(), "{file} is not there");
    }
}

/// What the readme says of the library for Linux: its C library and the packages it wants.
#[test]
fn the_library_for_linux_needs_what_the_readme_says() {
    let library = install(&scratch("nuget-linux")).join("runtimes/linux-x64/native/libfido_unlock_ffi.so");
    let text = succeed(Command::new("objdump").args(["-p", "-T"]).arg(&library));
    let mut needed: Vec<&str> = text
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix("NEEDED")?.trim()))
        .filter(|name| !["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"].contains(name))
        .collect();
    needed.sort_unstable();
    assert_eq!(needed, ["libpcsclite.so.1", "libudev.so.1"]);
    let newest = text
        .split("GLIBC_2.")
        .skip(1)
        .filter_map(|rest| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse::<u32>()
                .ok()
        })
        .max();
    assert!(newest.is_some_and(|minor| minor <= 34), "glibc 2.{newest:?}");
    assert!(
        !text.contains("fn_func_mock_"),
        "the software authenticator is in it"
    );
}

#[test]
fn what_ships_has_a_library_for_arm() {
    let library = install(&scratch("nuget-arm")).join("runtimes/linux-arm64/native/libfido_unlock_ffi.so");
    assert_eq!(library.exists(), ships());
    assert!(!ships() || is_arm64(&library));
}
