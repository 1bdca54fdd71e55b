//! The Debian packages that the tests need: said by name, installed where they are missing.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::step::{Done, Failed, Group, run_quietly, within};

/// A package and what it is for.
pub type Package = (&'static str, &'static str);

/// Package and what it is for.
const PACKAGES: &[Package] = &[
    ("gcc", "the C parts of hidapi, and the linker"),
    ("pkg-config", "finding libpcsclite and libudev"),
    ("libpcsclite-dev", "adapters/pcsc"),
    ("libudev-dev", "adapters/hid"),
    (
        "pcscd",
        "the smart card service, as the tests of adapters/pcsc run it",
    ),
    ("vsmartcard-vpcd", "a virtual reader for pcscd"),
    (
        "umockdev",
        "devices for udev, as the tests of adapters/hid list them",
    ),
    (
        "qemu-system-x86",
        "the guest kernel whose hidraw the tests of adapters/hid use",
    ),
    (
        "busybox-static",
        "that guest's shell, and the loopback of the tests with vpcd",
    ),
    ("cpio", "that guest's file system"),
    ("chromium", "the browser of the console's tests"),
    ("chromium-driver", "what drives it"),
    (
        "openssl",
        "certificates of the console's tests, and a client of TLS that is not ours",
    ),
    ("fido2-tools", "fido2-token, a client that is not ours"),
    ("golang-go", "Go, whose sumdb reads the desk's log"),
    ("golang-golang-x-mod-dev", "that sumdb"),
    ("python3-venv", "python-fido2, a client that is not ours"),
    ("python3-dev", "building pyscard, python-fido2's way to cards"),
];

/// For C#.
pub const CSHARP: &[Package] = &[
    ("mono-mcs", "the C# compiler"),
    ("mono-runtime", "C# programs"),
    ("libmono-system-numerics4.0-cil", "P-256 in the tests of C#"),
    (
        "libmono-system-runtime-serialization4.0-cil",
        "JSON in the tests of C#",
    ),
    ("libmono-system-net-http4.0-cil", "HTTP in the sample agent in C#"),
];
/// A program, and the package that brings it where no other way did.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("java", "openjdk-17-jdk-headless", "Kotlin's tests"),
    ("mvn", "maven", "Kotlin's build"),
];
/// The compiler of what is built for other systems, with the sources of its std.
const RUST: [Package; 3] = [
    ("rustc-web", "the compiler for other systems"),
    ("cargo-web", "its cargo"),
    ("rust-web-src", "the sources of its std"),
];
/// For the library for Windows.
pub const WINDOWS: &[Package] = &[
    RUST[0],
    RUST[1],
    RUST[2],
    ("gcc-mingw-w64-x86-64", "the linker and C compiler for Windows"),
];
/// For the library for 64-bit ARM.
pub const ARM64: &[Package] = &[
    RUST[0],
    RUST[1],
    RUST[2],
    ("gcc-aarch64-linux-gnu", "the linker and C compiler for ARM"),
    ("libc6-dev-arm64-cross", "ARM's C library"),
];
/// What its tests run under.
pub const ARM64_TESTS: &[Package] = &[("qemu-user", "runs what was built for ARM")];
/// For WebAssembly.
pub const WASM: &[Package] = &RUST;
/// What the tests run under.
pub const WINE: &[Package] = &[("wine64", "runs what was built for Windows")];
/// For the NuGet package.
pub const NETSTANDARD: &[Package] = &[(
    "libmono-cecil-private-cil",
    "an assembly that refers to netstandard alone",
)];
/// For the packages' tests.
pub const NET_FRAMEWORK: &[Package] = &[(
    "mono-xbuild",
    "a .NET Framework project that uses the NuGet package",
)];
/// For the archive for machines with Swift.
pub const ARCHIVE: &[Package] = &[("zstd", "the archive for machines with Swift")];
/// For another release of Debian in a folder.
pub const DEBOOTSTRAP: &[Package] = &[("debootstrap", "another Debian, in a folder")];
/// In that folder.
pub const SWIFT: &[Package] = &[
    ("swiftlang", "the Swift compiler, SwiftPM and XCTest"),
    ("libc6-dev", "what Swift's Glibc imports"),
    ("gcc", "the tests' C"),
    ("g++", "the compiler's C++"),
    ("binutils", "the linker"),
    ("libstdc++-14-dev", "the compiler's C++"),
    ("git", "SwiftPM asks for it"),
    ("libssl-dev", "an HSM and a relying party in the tests"),
    ("libudev1", "the library's USB keys"),
    ("libpcsclite1", "the library's smart cards"),
    ("pcscd", "a card service as new as that libpcsclite"),
    ("vsmartcard-vpcd", "a virtual reader for it"),
];

/// Installs what is missing for every test; as root, or through sudo.
pub fn install() -> Done {
    let lists = [
        PACKAGES,
        CSHARP,
        WINDOWS,
        WINE,
        NETSTANDARD,
        NET_FRAMEWORK,
        ARCHIVE,
    ];
    let all: Vec<Package> = lists
        .into_iter()
        .flatten()
        .copied()
        .chain(missing_programs())
        .collect();
    println!("==> Debian packages that the tests need");
    for (name, purpose) in &all {
        println!("    {name}: {purpose}");
    }
    install_these(&all)
}

/// The same for every test and package of C# and Kotlin.
pub fn install_for_languages() -> Done {
    let all: Vec<Package> = CSHARP.iter().copied().chain(missing_programs()).collect();
    install_these(&all)
}

/// The packages of the programs that nothing has brought yet.
fn missing_programs() -> impl Iterator<Item = Package> {
    PROGRAMS
        .iter()
        .filter(|(program, ..)| Command::new(program).arg("-version").output().is_err())
        .map(|(_, package, why)| (*package, *why))
}

/// The same for these.
pub fn install_these(packages: &[Package]) -> Done {
    within(Group::Install, || install_missing(packages))
}

fn install_missing(packages: &[Package]) -> Done {
    // One lane after the other.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let missing: Vec<&str> = packages
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !is_installed(name))
        .collect();
    if !missing.is_empty() {
        println!("==> Debian packages that are missing: {}", missing.join(", "));
    }
    if missing.is_empty() && knows_the_kernel() {
        return Ok(());
    }
    run_quietly("apt-get update", &mut apt(&["update", "-qq"])?)?;
    if missing.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&missing);
    run_quietly("apt-get install", &mut apt(&arguments)?)
}

/// Whether apt has its lists: the guests of the HID tests fetch a kernel by them.
fn knows_the_kernel() -> bool {
    Command::new("apt-cache")
        .args(["show", "linux-image-cloud-amd64"])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success())
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

fn apt(arguments: &[&str]) -> Result<Command, Failed> {
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(Failed(
            "no apt-get here: install the packages listed above by hand".into(),
        ));
    }
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n");
    let mut command = if root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    // Another build may be installing too.
    command
        .args(["-o", "DPkg::Lock::Timeout=3600"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
