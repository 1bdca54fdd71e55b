//! The Debian packages that the tests need: said by name, installed where they are missing.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::bindings;
use crate::step::{Done, Failed, Group, run, within};

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
    ("fido2-tools", "fido2-token, a client that is not ours"),
    ("python3-venv", "python-fido2, a client that is not ours"),
    ("python3-dev", "building pyscard, python-fido2's way to cards"),
];

/// A package and what it is for.
pub type Package = (&'static str, &'static str);

/// Installs what is missing for every test; as root, or through sudo.
pub fn install() -> Done {
    let all: Vec<Package> = PACKAGES.iter().copied().chain(bindings::packages()).collect();
    println!("==> Debian packages that the tests need");
    for (name, purpose) in &all {
        println!("    {name}: {purpose}");
    }
    install_these(&all)
}

/// The same for these.
pub fn install_these(packages: &[Package]) -> Done {
    within(Group::Install, || install_missing(packages))
}

fn install_missing(packages: &[Package]) -> Done {
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
    run("apt-get update", apt(&["update", "-qq"])?.stdout(Stdio::null()))?;
    if missing.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&missing);
    run("apt-get install", apt(&arguments)?.stdout(Stdio::null()))
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
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
