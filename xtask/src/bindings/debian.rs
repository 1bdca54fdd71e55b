//! Another release of Debian in a folder, for a compiler that this machine's own release has not. It is made
//! once, and kept with what runs on this machine share.
//!
//! As root: a command there has the folder as its root, and namespaces of its own for mounts and processes, so
//! that both go with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::packages::{self, Package};
use crate::step::{Done, Failed, run_quietly};

/// Where a command there finds what it shares with this machine.
macro_rules! shared {
    ($below:literal) => {
        concat!("/shared", $below)
    };
}
pub(super) use shared;

/// `$1`: the folder; `$2`: what is shared; `$3`: where it is seen; the rest: the command. The compiler finds its
/// libraries by `/proc/self/exe`.
const INSIDE: &str = r#"set -eu
root=$1 shared=$2 seen=$3
shift 3
mkdir -p "$root$seen"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --rbind "$shared" "$root$seen"
exec chroot "$root" "$@""#;

/// The folder.
pub struct Debian {
    root: PathBuf,
}

impl Debian {
    /// `release` with these packages, in the folder `name` of the cache.
    pub fn with(name: &str, release: &str, wanted: &[Package]) -> Result<Self, Failed> {
        if !is_root() {
            return Err(Failed(format!(
                "run this as root: Debian {release} lies in a folder that a program takes as its root"
            )));
        }
        packages::install_these(packages::DEBOOTSTRAP)?;
        let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
        let folder = cache::made(name, &[&[release], names.as_slice()].concat(), |folder| {
            make(&folder.join("root"), release, wanted)
        })?;
        Ok(Self {
            root: folder.join("root"),
        })
    }

    /// A command there, with nothing of this program's environment; `shared` is seen at `shared!("")`.
    pub fn command(&self, shared: &Path, arguments: &[&str]) -> Command {
        let mut command = inside(&self.root, shared);
        command.args(arguments);
        command
    }

    /// A file there, by its absolute path.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

fn inside(root: &Path, shared: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private"])
        .args(["--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", INSIDE, "sh"])
        .args([root, shared, Path::new(shared!(""))])
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("HOME", "/root")
        .env("LANG", "C.UTF-8")
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn make(root: &Path, release: &str, wanted: &[Package]) -> Done {
    println!("==> Debian {release} in {}, with", root.display());
    for (name, purpose) in wanted {
        println!("    {name}: {purpose}");
    }
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .args(["--variant=minbase", release])
        .arg(root)
        .arg(mirror()?);
    run_quietly("another Debian: its base", &mut debootstrap)?;
    let nothing = root.join("mnt");
    let apt = |name: &str, arguments: &[&str]| {
        let mut apt = inside(root, &nothing);
        run_quietly(name, apt.args(["apt-get", "-qq"]).args(arguments))
    };
    apt("another Debian: lists", &["update"])?;
    let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    let install = [&["install", "-y", "--no-install-recommends"], names.as_slice()].concat();
    apt("another Debian: packages", &install)?;
    apt("another Debian: cleaned", &["clean"])
}

/// The base of `release` for another processor, and these packages, in `folder`: unpacked, not installed.
pub fn unpack(folder: &Path, architecture: &str, release: &str, wanted: &[&str]) -> Done {
    packages::install_these(packages::DEBOOTSTRAP)?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .args(["--arch", architecture, "--foreign", "--variant=minbase"])
        .arg(format!("--include={}", wanted.join(",")))
        .arg(release)
        .arg(folder)
        .arg(mirror()?);
    run_quietly("a Debian for another processor: its base", &mut debootstrap)?;
    let archives = folder.join("var/cache/apt/archives");
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", archives.display()));
    for file in std::fs::read_dir(&archives).map_err(failed)? {
        let path = file.map_err(failed)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // libudev1_252_arm64.deb
        if wanted.contains(&name.split('_').next().unwrap_or_default()) {
            let mut unpack = Command::new("dpkg-deb");
            run_quietly(
                &format!("unpacked: {name}"),
                unpack.arg("-x").args([&path, folder]),
            )?;
        }
    }
    Ok(())
}

/// Where this machine's own apt takes Debian from.
fn mirror() -> Result<String, Failed> {
    let list = Command::new("apt-get")
        .args(["indextargets", "--format", "$(REPO_URI)"])
        .args(["Created-By: Packages", "Origin: Debian", "Label: Debian"])
        .output()
        .map_err(|error| Failed(format!("apt-get: {error}")))?;
    let text = String::from_utf8_lossy(&list.stdout);
    let first = text.lines().next().map(str::to_owned);
    first.ok_or_else(|| Failed("this machine's apt has no mirror of Debian".into()))
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n")
}
