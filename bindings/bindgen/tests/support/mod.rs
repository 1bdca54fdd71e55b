//! Compiles C# with mono's `mcs` and runs it on mono and on .NET.
#![allow(dead_code)]

pub mod pcscd;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const BINDGEN: &str = env!("CARGO_BIN_EXE_fido-unlock-bindgen");

pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    text
}

pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cs"))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no C# in {}", folder.display());
    all
}

pub fn compile(exe: &Path, files: &[PathBuf]) {
    compile_with(exe, files, &[]);
}

/// The same with further options, such as `-r:` and an assembly.
pub fn compile_with(exe: &Path, files: &[PathBuf], options: &[&str]) {
    let mut command = Command::new("mcs");
    command.args(options);
    command.args([
        "-langversion:7.2",
        "-warnaserror+",
        "-warn:4",
        "-optimize+",
        "-r:System.Runtime.Serialization",
        "-r:System.Numerics",
    ]);
    succeed(command.arg(format!("-out:{}", exe.display())).args(files));
    let config = r#"{"runtimeOptions":{"rollForward":"LatestMajor","framework":{"name":"Microsoft.NETCore.App","version":"3.1.0"}}}"#;
    fs::write(exe.with_extension("runtimeconfig.json"), config).unwrap();
}

/// A program that hangs is a failure after some minutes, not a run without an end.
fn bounded(seconds: u32, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", &seconds.to_string()])
        .arg(program);
    command
}

pub const LIBRARY: &str = "libfido_unlock_ffi.so";

pub fn csharp() -> PathBuf {
    here().join("../csharp")
}

/// The C# of `tests` over the product's own, with a library that has the software authenticator, which lies
/// in `out` with the program.
pub fn unlock_program(out: &Path, tests: &[PathBuf]) -> PathBuf {
    let built = build("fido-unlock-ffi", &["--features", "mock"]);
    fs::copy(built.join(LIBRARY), out.join(LIBRARY)).unwrap();
    let generated = out.join("generated");
    succeed(
        Command::new(BINDGEN)
            .args(["csharp", "--library"])
            .arg(out.join(LIBRARY))
            .arg("--out")
            .arg(&generated),
    );
    let runner = vec![here().join("fixture/csharp/Runner.cs")];
    let own = sources(&csharp().join("FidoUnlock"));
    let exe = out.join("unlock.exe");
    compile(&exe, &[sources(&generated), own, tests.to_vec(), runner].concat());
    exe
}

/// A run of a program: where its libraries are, the tests that are asked for, what it finds in its
/// environment beside the usual.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub libraries: &'a Path,
    pub exe: &'a Path,
    pub only: Option<&'a str>,
    pub environment: &'a [(&'a str, &'a OsStr)],
    pub seconds: u32,
}

impl<'a> Run<'a> {
    pub fn of(libraries: &'a Path, exe: &'a Path) -> Self {
        Self {
            libraries,
            exe,
            only: None,
            environment: &[],
            seconds: 300,
        }
    }

    fn on(self, mut command: Command) -> Output {
        run(command
            .arg(self.exe)
            .args(self.only)
            .env("LD_LIBRARY_PATH", self.libraries)
            .env("FIDO_UNLOCK_VECTORS", here().join("../../tests/vectors"))
            .env("RUST_BACKTRACE", "0")
            .envs(self.environment.iter().copied()))
    }

    pub fn mono(self) -> Output {
        self.on(bounded(self.seconds, "mono"))
    }

    pub fn dotnet(self) -> Output {
        let mut command = bounded(self.seconds, dotnet_program());
        command
            .arg("exec")
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        self.on(command)
    }
}

pub fn dotnet_program() -> PathBuf {
    if let Some(given) = std::env::var_os("FIDO_UNLOCK_DOTNET") {
        return given.into();
    }
    if Command::new("dotnet")
        .arg("--info")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return "dotnet".into();
    }
    let find = "import importlib.util as u, os; print(os.path.dirname(u.find_spec('dotnetcore2').origin))";
    let output = run(Command::new("python3").args(["-c", find]));
    assert!(
        output.status.success(),
        "no .NET: set FIDO_UNLOCK_DOTNET or `pip install --no-deps dotnetcore2`"
    );
    let program = Path::new(String::from_utf8(output.stdout).unwrap().trim()).join("bin/dotnet");
    // The wheel's file comes without the right to be run.
    let mut rights = fs::metadata(&program).unwrap().permissions();
    if rights.mode() & 0o100 == 0 {
        rights.set_mode(rights.mode() | 0o111);
        fs::set_permissions(&program, rights).unwrap();
    }
    program
}

/// Builds a package of the workspace, unless FIDO_UNLOCK_BUILT says where that was done; gives the folder
/// that holds its library.
pub fn build(package: &str, arguments: &[&str]) -> PathBuf {
    if let Some(folder) = std::env::var_os("FIDO_UNLOCK_BUILT") {
        return folder.into();
    }
    let folder = Path::new(BINDGEN).parent().unwrap().to_path_buf();
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--quiet", "-p", package])
        .args(arguments)
        .current_dir(here());
    if folder.ends_with("release") {
        command.arg("--release");
    }
    succeed(&mut command);
    folder
}

/// How many tests the sources hold.
pub fn count_tests(files: &[PathBuf]) -> usize {
    files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap().matches("    [Test]\n").count())
        .sum()
}

pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The runner's last line must name as many passes as there are tests in the sources.
pub fn check_summary(output: &Output, expected: usize, runtime: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    let summary = text.lines().last().unwrap_or_default();
    println!("{runtime}: {summary}");
    assert!(
        output.status.success() && summary == format!("{expected} passed, 0 failed"),
        "{runtime}, {expected} tests expected:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
