//! The console's tests: in Chromium with axe-core, and with what others make of its OpenAPI description.

use std::path::PathBuf;
use std::process::Command;

use crate::cache;
use crate::step::{self, Done, Failed, Group, run, within};
use crate::workspace;

/// axe-core, in the package that has its script, and schemathesis.
const AXE: &str = "axe-playwright-python==0.1.8";
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Requests that schemathesis makes up for each operation: in `test`, and in the long form.
const FEW: u32 = 4;
const MANY: u32 = 400;

/// What the tests ask for by name.
struct Tools {
    axe: PathBuf,
    schemathesis: PathBuf,
}

fn tools() -> Result<Tools, Failed> {
    let folder = cache::made("console-venv", &[AXE, SCHEMATHESIS], |folder| {
        run(
            "python environment",
            Command::new("python3").args(["-m", "venv"]).arg(folder),
        )?;
        let pip = || {
            let mut pip = Command::new(folder.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet"]);
            pip
        };
        run("schemathesis", pip().arg(SCHEMATHESIS))?;
        // For its script alone: what it says that it needs drives a browser.
        run("axe-core", pip().args(["--no-deps", AXE]))
    })?;
    let packages = folder.join("lib");
    let found = std::fs::read_dir(&packages)
        .map_err(|error| Failed(format!("{}: {error}", packages.display())))?
        .flatten()
        .map(|python| {
            python
                .path()
                .join("site-packages/axe_playwright_python/axe.min.js")
        })
        .find(|script| script.is_file());
    Ok(Tools {
        axe: found.ok_or_else(|| Failed(format!("{AXE} has no axe.min.js")))?,
        schemathesis: folder.join("bin/schemathesis"),
    })
}

/// Gets axe-core, and says where it is.
pub fn axe() -> Done {
    println!("HELP_DESK_AXE={}", tools()?.axe.display());
    Ok(())
}

fn tests(tools: &Tools, examples: u32) -> Command {
    let mut test = workspace::shared(&["test", "--no-fail-fast"]);
    test.args(workspace::CONSOLE)
        .env("HELP_DESK_AXE", &tools.axe)
        .env("HELP_DESK_SCHEMATHESIS", &tools.schemathesis)
        .env("HELP_DESK_EXAMPLES", examples.to_string());
    test
}

/// Every test, and a call that plays itself.
pub fn test() -> Done {
    let tools = tools()?;
    // The command line, which works at it.
    workspace::build()?;
    workspace::console()?;
    let mut call = workspace::shared(&["run", "--quiet"]);
    call.args(workspace::CONSOLE).args(["--", "--demo", "--yes"]);
    within(Group::Tests, || {
        step::run_tests("tests: the console, in Chromium", &mut tests(&tools, FEW))?;
        run("the console plays a call", &mut call)
    })
}

/// What schemathesis finds with many more requests.
pub fn long() -> Done {
    let tools = tools()?;
    let mut test = tests(&tools, MANY);
    test.args(["--test", "api", "--", "--nocapture", "schemathesis"]);
    within(Group::Tests, || {
        step::run_tests("tests: the API, made up by schemathesis", &mut test)
    })
}
