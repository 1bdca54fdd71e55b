//! The NuGet package: the assembly for netstandard2.0, its documentation, the native libraries.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{self, Entry, entry};
use super::native::Native;
use super::notices;
use crate::cache;
use crate::packages;
use crate::step::{Done, Failed, root, run};
use crate::workspace;

const CECIL: &str = "/usr/lib/mono/gac/Mono.Cecil/0.11.0.0__0738eb9f132ed756/Mono.Cecil.dll";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The extensions of the parts, as the Open Packaging Conventions want them listed.
const TYPES: &[(&str, &str)] = &[
    ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
    (
        "psmdcp",
        "application/vnd.openxmlformats-package.core-properties+xml",
    ),
    ("nuspec", "application/octet"),
    ("dll", "application/octet"),
    ("so", "application/octet"),
    ("xml", "application/octet"),
    ("targets", "application/octet"),
    ("md", "application/octet"),
    ("txt", "application/octet"),
];

/// Makes it out of these libraries; gives its path.
pub fn make(natives: &[Native]) -> Result<PathBuf, Failed> {
    packages::install_these(packages::NETSTANDARD)?;
    let out = workspace::packages().join("csharp");
    assembly(&out)?;
    let own = root().join("bindings/csharp/package");
    let targets = own.join("build/FidoUnlock.targets");
    let nuspec = std::fs::read_to_string(own.join("FidoUnlock.nuspec"))
        .map_err(|error| Failed(format!("FidoUnlock.nuspec: {error}")))?
        .replace("$version$", VERSION);
    let mut entries: Vec<Entry> = vec![
        ("_rels/.rels".into(), RELATIONSHIPS.into()),
        ("FidoUnlock.nuspec".into(), nuspec.into()),
        ("[Content_Types].xml".into(), content_types().into()),
        entry("lib/netstandard2.0/FidoUnlock.dll", &out.join("FidoUnlock.dll"))?,
        entry("lib/netstandard2.0/FidoUnlock.xml", &out.join("FidoUnlock.xml"))?,
        entry("build/net461/FidoUnlock.targets", &targets)?,
        entry("buildTransitive/net461/FidoUnlock.targets", &targets)?,
        entry("README.md", &own.join("README.md"))?,
        entry("LICENSE-APACHE.txt", &root().join("LICENSE-APACHE"))?,
        entry("LICENSE-MIT.txt", &root().join("LICENSE-MIT"))?,
        ("THIRD-PARTY-NOTICES.txt".into(), notices::text()?.into()),
    ];
    for Native { rid, library, .. } in natives {
        let file = library.file_name().unwrap_or_default().to_string_lossy();
        entries.push(entry(&format!("runtimes/{rid}/native/{file}"), library)?);
    }
    entries.push((CORE_PROPERTIES.into(), core_properties().into()));
    let package = workspace::packages().join(format!("nuget/FidoUnlock.{VERSION}.nupkg"));
    archive::write(&package, &entries)?;
    Ok(package)
}

/// What mono's compiler makes refers to the desktop framework; Cecil puts netstandard in its place, and
/// refuses what netstandard has not.
fn assembly(out: &Path) -> Done {
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", out.display()));
    let desktop = out.join("desktop");
    std::fs::create_dir_all(&desktop).map_err(failed)?;
    let facades = facades()?;
    let attributes = out.join("AssemblyInfo.cs");
    std::fs::write(&attributes, ATTRIBUTES.replace("$version$", VERSION)).map_err(failed)?;
    let sources = root().join("bindings/csharp/FidoUnlock");
    let mut mcs = Command::new("mcs");
    mcs.args([
        "-target:library",
        "-langversion:7.2",
        "-warnaserror+",
        "-optimize+",
    ])
    .arg(format!("-doc:{}", out.join("FidoUnlock.xml").display()))
    .arg(format!("-out:{}", desktop.join("FidoUnlock.dll").display()))
    .arg(format!("-recurse:{}/*.cs", sources.display()))
    .arg(&attributes);
    run("packages: C#", &mut mcs)?;
    std::fs::copy(CECIL, out.join("Mono.Cecil.dll")).map_err(failed)?;
    let tool = out.join("Netstandard.exe");
    let mut mcs = Command::new("mcs");
    mcs.arg(format!("-r:{}", out.join("Mono.Cecil.dll").display()))
        .arg(format!("-out:{}", tool.display()))
        .arg(root().join("bindings/csharp/package/Netstandard.cs"));
    run("packages: the tool for netstandard", &mut mcs)?;
    run(
        "packages: C# for netstandard 2.0",
        Command::new("mono")
            .arg(tool)
            .arg(desktop.join("FidoUnlock.dll"))
            .arg(out.join("FidoUnlock.dll"))
            .arg(facades.join("reference/netstandard.dll")),
    )
}

/// mono's `netstandard.dll`, the one to compile against (2.0) and the one to run with, without the hundred
/// packages that the package with them wants.
pub fn facades() -> Result<PathBuf, Failed> {
    let folder = cache::place("netstandard");
    if folder.join("runtime/netstandard.dll").exists() {
        return Ok(folder);
    }
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
    let scratch = folder.join("mono-devel");
    std::fs::create_dir_all(&scratch).map_err(failed)?;
    run(
        "packages: mono-devel is fetched",
        Command::new("apt-get")
            .args(["download", "-qq", "mono-devel"])
            .current_dir(&folder),
    )?;
    let deb = std::fs::read_dir(&folder)
        .map_err(failed)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| Failed("apt-get left no mono-devel".into()))?;
    run(
        "packages: mono-devel is unpacked",
        Command::new("dpkg-deb").arg("-x").arg(&deb).arg(&scratch),
    )?;
    for (from, to) in [("4.8-api", "reference"), ("4.5", "runtime")] {
        std::fs::create_dir_all(folder.join(to)).map_err(failed)?;
        let from = scratch
            .join("usr/lib/mono")
            .join(from)
            .join("Facades/netstandard.dll");
        std::fs::copy(&from, folder.join(to).join("netstandard.dll"))
            .map_err(|error| Failed(format!("{}: {error}", from.display())))?;
    }
    std::fs::remove_dir_all(&scratch).map_err(failed)?;
    std::fs::remove_file(&deb).map_err(failed)?;
    Ok(folder)
}

const ATTRIBUTES: &str = "\
[assembly: System.Reflection.AssemblyTitle(\"FidoUnlock\")]
[assembly: System.Reflection.AssemblyVersion(\"$version$.0\")]
[assembly: System.Reflection.AssemblyFileVersion(\"$version$.0\")]
[assembly: System.Reflection.AssemblyInformationalVersion(\"$version$\")]
[assembly: System.Runtime.Versioning.TargetFramework(\".NETStandard,Version=v2.0\")]
";

const CORE_PROPERTIES: &str = "package/services/metadata/core-properties/fidounlock.psmdcp";

const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/FidoUnlock.nuspec" Id="R1" />
  <Relationship Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="/package/services/metadata/core-properties/fidounlock.psmdcp" Id="R2" />
</Relationships>
"#;

fn content_types() -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\n",
    );
    for (extension, kind) in TYPES {
        out.push_str(&format!(
            "  <Default Extension=\"{extension}\" ContentType=\"{kind}\" />\n"
        ));
    }
    out.push_str("</Types>\n");
    out
}

fn core_properties() -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<coreProperties xmlns="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:creator>The fido-unlock developers</dc:creator>
  <dc:description>Gives the PIN of a blocked FIDO2 authenticator back without a reset</dc:description>
  <dc:identifier>FidoUnlock</dc:identifier>
  <version>{VERSION}</version>
</coreProperties>
"#
    )
}
