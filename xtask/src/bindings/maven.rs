//! The Maven artifact with its native libraries where JNA looks for them, and the AAR for Android.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{self, Entry, entry};
use super::native::Native;
use super::{library, notices};
use crate::step::{Done, Failed, root, run};
use crate::workspace;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where a library for Android is taken from: `target/packages/native/android-<abi>`. The NDK, which
/// cannot be had here, makes them.
const ABIS: &[&str] = &["arm64-v8a", "armeabi-v7a", "x86_64"];

/// What ProGuard and R8 must keep, and where in a jar they look for it.
const RULES: &str = "bindings/kotlin/fido-unlock.pro";
const SHRINKERS: [&str; 3] = [
    "META-INF/proguard",
    "META-INF/com.android.tools/proguard",
    "META-INF/com.android.tools/r8",
];

/// A repository in a folder, with both artifacts; gives the jar's and the AAR's path.
pub fn make(libraries: &[Native]) -> Result<(PathBuf, PathBuf), Failed> {
    let own = workspace::packages().join("kotlin");
    // A class or library that is gone must not ship.
    let _ = std::fs::remove_dir_all(&own);
    let natives = own.join("natives");
    for Native { jna, library, .. } in libraries {
        place(library, &natives, jna)?;
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        place(&root().join(licence), &natives, "META-INF")?;
    }
    std::fs::write(natives.join("META-INF/THIRD-PARTY-NOTICES.txt"), notices::text()?)
        .map_err(|error| Failed(format!("{}: {error}", natives.display())))?;
    for folder in SHRINKERS {
        place(&root().join(RULES), &natives, folder)?;
    }
    let repository = workspace::packages().join("maven");
    let to = format!(
        "-DaltDeploymentRepository=folder::file://{}",
        repository.display()
    );
    run(
        "packages: Maven artifact",
        maven()
            .args(["-f", "bindings/kotlin/pom.xml"])
            .args(["-Dmaven.test.skip=true", "-Dmaven.install.skip=true", &to])
            .arg(format!("-Dout={}", own.join("build").display()))
            .arg(format!("-Dnatives={}", natives.display()))
            .arg("deploy"),
    )?;
    let jar = repository.join(format!(
        "io/github/fidounlock/fido-unlock/{VERSION}/fido-unlock-{VERSION}.jar"
    ));
    let aar = android(&own)?;
    run(
        "packages: AAR into the repository",
        // Not as a project: Maven without Android's plugin knows no AAR.
        maven()
            .arg("org.apache.maven.plugins:maven-deploy-plugin:3.1.4:deploy-file")
            .arg(format!("-Durl=file://{}", repository.display()))
            .arg(format!("-Dfile={}", aar.display()))
            .arg("-DpomFile=bindings/kotlin/android/pom.xml"),
    )?;
    Ok((jar, aar))
}

/// Without Gradle: an AAR is a zip file with the classes in a jar of its own.
fn android(own: &Path) -> Result<PathBuf, Failed> {
    let folder = root().join("bindings/kotlin/android");
    let classes = own.join("classes.jar");
    archive::write(
        &classes,
        &files(&own.join("build/classes"), &["class", "kotlin_module"])?,
    )?;
    let mut entries: Vec<Entry> = vec![
        entry("AndroidManifest.xml", &folder.join("AndroidManifest.xml"))?,
        entry("classes.jar", &classes)?,
        ("R.txt".into(), Vec::new()),
        entry("proguard.txt", &root().join(RULES))?,
    ];
    for abi in ABIS {
        let kind = format!("android-{abi}");
        let library = workspace::packages()
            .join("native")
            .join(kind)
            .join(library::LIBRARY);
        if library.exists() {
            entries.push(entry(&format!("jni/{abi}/{}", library::LIBRARY), &library)?);
        } else {
            println!(
                "    jni/{abi}: not built here, no NDK; put it at {}",
                library.display()
            );
        }
    }
    let aar = own.join(format!("fido-unlock-android-{VERSION}.aar"));
    archive::write(&aar, &entries)?;
    Ok(aar)
}

/// Every file with one of these extensions, by its path below the folder.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<Entry>, Failed> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let list =
            std::fs::read_dir(&next).map_err(|error| Failed(format!("{}: {error}", next.display())))?;
        for path in list.filter_map(|entry| Some(entry.ok()?.path())) {
            let extension = path
                .extension()
                .and_then(|extension| extension.to_str())
                .unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if extensions.contains(&extension) {
                let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                out.push(entry(&name, &path)?);
            }
        }
    }
    out.sort();
    Ok(out)
}

fn place(file: &Path, natives: &Path, folder: &str) -> Done {
    let folder = natives.join(folder);
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(file, folder.join(file.file_name().unwrap_or_default())))
        .map_err(|error| Failed(format!("{}: {error}", file.display())))?;
    Ok(())
}

fn maven() -> Command {
    let mut command = Command::new("mvn");
    command
        .args(["-B", "-q", "-ntp", "-Dstyle.color=never"])
        .current_dir(root());
    command
}
