//! The Maven artifact: a host project of its own takes it from a repository in a folder, compiles and runs; no
//! option says where a native library is. The AAR: its structure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use fido_unlock_packages_tests::{
    DEVICES_OF_LINUX, VERSION, artifact, check_hello, local_repository, packages, root, scratch, ships,
    succeed,
};

/// The names in a zip file, read by code that did not write it.
fn names(archive: &Path) -> Vec<String> {
    let list = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print('\\n'.join(z.namelist()))";
    let text = succeed(Command::new("python3").args(["-c", list]).arg(archive));
    text.lines().map(str::to_owned).collect()
}

fn has(all: &[String], wanted: &[&str]) {
    for name in wanted {
        assert!(all.iter().any(|one| one == name), "{name} is not in {all:?}");
    }
}

#[test]
fn a_host_project_takes_it_from_the_repository() {
    let out = scratch("maven-host");
    let host = root().join("tests/packages/hosts/kotlin");
    succeed(Command::new("cp").arg("-r").arg(&host).arg(out.join("host")));
    let local = local_repository(&out);
    let text = succeed(
        Command::new("mvn")
            .args(["-B", "-q", "-ntp", "-Dstyle.color=never", "compile", "exec:exec"])
            .arg(format!("-Drepository={}", packages().join("maven").display()))
            .arg(format!("-Dmaven.repo.local={}", local.display()))
            .current_dir(out.join("host")),
    );
    check_hello(&text, DEVICES_OF_LINUX);
}

#[test]
fn the_jar_has_its_libraries_and_its_sources() {
    let jar = names(&artifact("fido-unlock", ".jar"));
    has(
        &jar,
        &[
            "linux-x86-64/libfido_unlock_ffi.so",
            "win32-x86-64/fido_unlock_ffi.dll",
            "io/github/fidounlock/UnlockSession.class",
            "io/github/fidounlock/android/UsbHidPipe.class",
            "META-INF/THIRD-PARTY-NOTICES.txt",
            "META-INF/LICENSE-MIT",
            "META-INF/proguard/fido-unlock.pro",
            "META-INF/com.android.tools/proguard/fido-unlock.pro",
            "META-INF/com.android.tools/r8/fido-unlock.pro",
        ],
    );
    assert!(!jar.iter().any(|name| name.contains("Mock")), "{jar:?}");
    let arm = "linux-aarch64/libfido_unlock_ffi.so".to_owned();
    assert_eq!(jar.contains(&arm), ships(), "{jar:?}");
    let sources = names(&artifact("fido-unlock", "-sources.jar"));
    has(
        &sources,
        &[
            "io/github/fidounlock/fido_unlock_ffi.kt",
            "io/github/fidounlock/Unlocking.kt",
        ],
    );
    assert!(artifact("fido-unlock", ".pom").exists());
}

/// Android's libraries are not built here: the rest of the AAR is whole, and classes are in its own jar.
#[test]
fn the_aar_has_its_parts() {
    let out = scratch("aar");
    let aar = artifact("fido-unlock-android", ".aar");
    let all = names(&aar);
    has(
        &all,
        &["AndroidManifest.xml", "classes.jar", "R.txt", "proguard.txt"],
    );
    for name in all.iter().filter(|name| name.starts_with("jni/")) {
        let abi = name.split('/').nth(1).unwrap();
        assert!(["arm64-v8a", "armeabi-v7a", "x86_64"].contains(&abi), "{name}");
    }
    succeed(
        Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(&aar)
            .arg(&out),
    );
    let classes = names(&out.join("classes.jar"));
    has(
        &classes,
        &[
            "io/github/fidounlock/UnlockSession.class",
            "io/github/fidounlock/android/IsoDepPipe.class",
            "META-INF/fido-unlock.kotlin_module",
        ],
    );
    assert!(
        !classes
            .iter()
            .any(|name| name.ends_with(".so") || name.ends_with(".dll"))
    );
    let parse = "import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).documentElement.getAttribute('package'))";
    let manifest = succeed(
        Command::new("python3")
            .args(["-c", parse])
            .arg(out.join("AndroidManifest.xml")),
    );
    assert_eq!(manifest.trim(), "io.github.fidounlock");
    let pom = fs::read_to_string(artifact("fido-unlock-android", ".pom")).unwrap();
    assert!(
        pom.contains("<packaging>aar</packaging>") && pom.contains(VERSION),
        "{pom}"
    );
}
