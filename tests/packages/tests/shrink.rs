//! A program that uses the jar, or the AAR's classes, is shrunk and renamed by ProGuard and by R8, with the rules that
//! these bring and its own entry point, and then unlocks a key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "../../../examples/remote-agent/tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fido_unlock::Interface;
use fido_unlock_mock::serve::{KeyServer, Wire};
use fido_unlock_packages_tests::{artifact, local_repository, packages, root, scratch, succeed};
use support::console::Console;

const NEW_PIN: &str = "Spring43";
/// What the program itself must keep.
const ENTRY: &str = "-keep class UnlockKt { public static void main(java.lang.String[]); }\n";
/// `META-INF/proguard/*.pro` of jars, as the plugins for ProGuard take them; R8 finds its own.
const RULES_OF_JARS: &str = "\
import sys, zipfile
for name in sys.argv[1:]:
    jar = zipfile.ZipFile(name)
    for one in jar.namelist():
        if one.startswith('META-INF/proguard/') and one.endswith('.pro'):
            print(jar.read(one).decode())
";
const NAMES: &str = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";

/// The host project, compiled, and what it depends on; the shrinkers.
struct Projects {
    out: PathBuf,
    classes: PathBuf,
    jars: Vec<PathBuf>,
    shrinkers: String,
}

impl Projects {
    fn make() -> Self {
        let out = scratch("shrink");
        let hosts = root().join("tests/packages/hosts");
        let local = local_repository(&out);
        let maven = |project: &str, goals: &[&str]| {
            succeed(
                Command::new("cp")
                    .arg("-r")
                    .args([hosts.join(project), out.join(project)]),
            );
            let file = out.join(format!("{project}.txt"));
            succeed(
                Command::new("mvn")
                    .args(["-B", "-q", "-ntp", "-Dstyle.color=never"])
                    .args(goals)
                    .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath")
                    .arg(format!("-Dmdep.outputFile={}", file.display()))
                    .arg(format!("-Drepository={}", packages().join("maven").display()))
                    .arg(format!("-Dmaven.repo.local={}", local.display()))
                    .current_dir(out.join(project)),
            );
            fs::read_to_string(file).unwrap().trim().to_owned()
        };
        let jars = maven("kotlin", &["compile"]);
        Self {
            classes: out.join("kotlin/target/classes"),
            jars: std::env::split_paths(&jars).collect(),
            shrinkers: maven("shrinkers", &[]),
            out,
        }
    }

    fn java(&self, main: &str) -> Command {
        let mut java = Command::new("java");
        java.args(["-Xmx1g", "-cp", &self.shrinkers, main]);
        java
    }

    fn entry(&self) -> PathBuf {
        let file = self.out.join("entry.pro");
        fs::write(&file, ENTRY).unwrap();
        file
    }

    /// A jar of the program's own classes, as R8 wants them.
    fn own(&self) -> PathBuf {
        let jar = self.out.join("own.jar");
        let pack = "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])";
        succeed(
            Command::new("python3")
                .args(["-c", pack])
                .args([&self.out.join("own"), &self.classes]),
        );
        fs::rename(self.out.join("own.zip"), &jar).unwrap();
        jar
    }

    fn r8(&self, name: &str, rules: &[PathBuf], jars: &[PathBuf]) -> PathBuf {
        let shrunk = self.out.join(name);
        let mut r8 = self.java("com.android.tools.r8.R8");
        r8.args(["--release", "--classfile", "--lib"]).arg(java_home());
        for file in rules {
            r8.arg("--pg-conf").arg(file);
        }
        succeed(r8.arg("--output").arg(&shrunk).arg(self.own()).args(jars));
        shrunk
    }

    fn proguard(&self) -> PathBuf {
        let shrunk = self.out.join("proguard.jar");
        let rules = succeed(
            Command::new("python3")
                .args(["-c", RULES_OF_JARS])
                .args(&self.jars),
        );
        assert!(rules.contains("io.github.fidounlock"), "{rules}");
        // Its optimiser makes classes of kotlinx.coroutines that the JVM refuses (VerifyError).
        let mut config = format!(
            "{ENTRY}{rules}\n-dontoptimize\n-injars {}\n",
            self.classes.display()
        );
        for jar in &self.jars {
            config += &format!(
                "-injars {}(!module-info.class,!META-INF/versions/**)\n",
                jar.display()
            );
        }
        config += &format!("-outjars {}\n", shrunk.display());
        for module in ["java.base", "java.logging"] {
            let module = java_home().join(format!("jmods/{module}.jmod"));
            config += &format!("-libraryjars {}(!**.jar;!module-info.class)\n", module.display());
        }
        let file = self.out.join("proguard.pro");
        fs::write(&file, config).unwrap();
        succeed(self.java("proguard.ProGuard").arg(format!("@{}", file.display())));
        shrunk
    }

    /// The program is smaller than what it was made of, and what nobody names has another name.
    fn is_shrunk(&self, shrunk: &Path) {
        let names = |jar: &Path| {
            let text = succeed(Command::new("python3").args(["-c", NAMES]).arg(jar));
            let classes = text.lines().filter(|name| name.ends_with(".class"));
            classes.map(str::to_owned).collect::<Vec<_>>()
        };
        let before: usize = self.jars.iter().map(|jar| names(jar).len()).sum();
        let after = names(shrunk);
        println!("{}: {} classes of {before}", shrunk.display(), after.len());
        assert!(after.len() < before * 3 / 4, "{} of {before}", after.len());
        assert!(after.iter().any(|name| name == "UnlockKt.class"));
        assert!(!after.iter().any(|name| name == "Pipe.class"));
    }
}

fn java_home() -> PathBuf {
    let show = Command::new("java")
        .args(["-XshowSettings:properties", "-version"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&show.stderr).into_owned();
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("java.home = "));
    PathBuf::from(line.unwrap_or_else(|| panic!("no java.home: {text}")))
}

/// Runs the program against a locked key.
fn unlocks(shrunk: &Path, options: &[String]) {
    let console = Console::start(&[]);
    let server = KeyServer::start(console.key().device(), Wire::Hid, Interface::Vendor, 0).unwrap();
    let mut program = Command::new("timeout")
        .args(["--kill-after=5", "300", "java", "-Xmx128m"])
        .args(options)
        .arg("-cp")
        .arg(shrunk)
        .args(["UnlockKt", &server.port().to_string()])
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut line = |word: &str| {
        let text = said.next().unwrap_or_else(|| panic!("no {word}")).unwrap();
        text.strip_prefix(word)
            .unwrap_or_else(|| panic!("{text}"))
            .trim()
            .to_owned()
    };
    let code = console.read_out(&line("id"), &line("challenge"));
    writeln!(program.stdin.as_mut().unwrap(), "{code}\n{NEW_PIN}").unwrap();
    line("touch");
    line("unlocked");
    assert!(program.wait().unwrap().success());
    assert_eq!(console.key().try_pin(NEW_PIN), Ok(()));
}

#[test]
fn a_program_that_was_shrunk_unlocks() {
    let projects = Projects::make();
    let shrunk = projects.proguard();
    projects.is_shrunk(&shrunk);
    unlocks(&shrunk, &[]);

    let shrunk = projects.r8("r8.jar", &[projects.entry()], &projects.jars);
    projects.is_shrunk(&shrunk);
    unlocks(&shrunk, &[]);

    // The AAR's classes bring no rules; its proguard.txt does. Its library is an app's own, per processor.
    let aar = projects.out.join("aar");
    succeed(
        Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .args([&artifact("fido-unlock-android", ".aar"), &aar]),
    );
    let others = projects
        .jars
        .iter()
        .filter(|jar| **jar != own_jar(&projects.jars));
    let jars: Vec<PathBuf> = others.cloned().chain([aar.join("classes.jar")]).collect();
    let shrunk = projects.r8("r8-aar.jar", &[projects.entry(), aar.join("proguard.txt")], &jars);
    projects.is_shrunk(&shrunk);
    let native = packages().join("native/linux-x64");
    unlocks(&shrunk, &[format!("-Djna.library.path={}", native.display())]);
}

/// The one of ours.
fn own_jar(jars: &[PathBuf]) -> PathBuf {
    let own = |jar: &&PathBuf| {
        jar.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("fido-unlock-")
    };
    jars.iter().find(own).unwrap().clone()
}
