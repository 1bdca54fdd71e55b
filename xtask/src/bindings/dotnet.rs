//! .NET Core out of a Python wheel: the one way to it that needs no package source of its own.

use std::path::PathBuf;
use std::process::Command;

use crate::cache;
use crate::step::{Failed, run};

/// The wheel, for this system and for Windows.
const WHEEL: &str = "dotnetcore2==3.1.23";

/// `dotnet` for this system.
pub fn program() -> Result<PathBuf, Failed> {
    let folder = environment()?;
    let find = "import importlib.util as u, os; print(os.path.dirname(u.find_spec('dotnetcore2').origin))";
    let output = Command::new(folder.join("bin/python"))
        .args(["-c", find])
        .output();
    let output = output.map_err(|error| Failed(format!("dotnetcore2: {error}")))?;
    let package = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    there(package.join("bin/dotnet"))
}

fn environment() -> Result<PathBuf, Failed> {
    cache::made("dotnet-venv", &[WHEEL], |folder| {
        run(
            ".NET Core: environment",
            Command::new("python3").args(["-m", "venv"]).arg(folder),
        )?;
        let mut pip = Command::new(folder.join("bin/python"));
        run(
            ".NET Core: wheel",
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", WHEEL]),
        )
    })
}

/// `dotnet.exe`, for Wine.
pub fn windows_program() -> Result<PathBuf, Failed> {
    // Its pip; the wheel is for another system, so it is not installed but unpacked.
    let python = environment()?.join("bin/python");
    let folder = cache::made("dotnet-windows", &[WHEEL], |folder| {
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", WHEEL])
            .args(["--platform", "win_amd64", "--only-binary=:all:", "--target"])
            .arg(folder);
        run(".NET Core for Windows: wheel", &mut pip)
    })?;
    there(folder.join("dotnetcore2/bin/dotnet.exe"))
}

fn there(program: PathBuf) -> Result<PathBuf, Failed> {
    if program.exists() {
        Ok(program)
    } else {
        Err(Failed(format!("{} is not there", program.display())))
    }
}
