//! `cargo xtask long bench bindings`: what a call costs in C# and Kotlin beside the exported functions
//! alone, and an unlock beside the same one in Rust. docs/benchmarks.md says how it is read.
//!
//! Each program answers a line on its standard input with one round of figures; they take turns, so
//! that what disturbs the machine disturbs them all.

mod figures;
mod programs;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use figures::Figures;
use programs::Program;

use crate::packages;
use crate::step::{Done, Failed, root, timed};

/// Rounds before the first that counts: just-in-time compilers need them, and some 10,000 reports.
const WARM_UP: usize = 3;
const ROUNDS: usize = 15;
/// Unlocks of each kind in a round.
const UNLOCKS: usize = 41;

/// `options`: the number of rounds, where it is not the usual one.
pub fn run(options: &[&str]) -> Done {
    let rounds = match options {
        [] => ROUNDS,
        [rounds] => rounds
            .parse()
            .ok()
            .filter(|rounds| *rounds > 0)
            .ok_or_else(|| Failed("bench bindings: how many rounds?".into()))?,
        _ => {
            return Err(Failed(
                "bench bindings: the number of rounds, nothing else".into(),
            ));
        }
    };
    packages::install_for_languages()?;
    let programs = programs::build()?;
    let figures = timed("bench bindings: the rounds", || {
        let mut peers: Vec<Peer> = programs
            .into_iter()
            .map(|program| Peer::start(program, UNLOCKS))
            .collect::<Result<_, _>>()?;
        let mut figures = Figures::default();
        for round in 0..WARM_UP + rounds {
            figures.begin_round();
            for peer in &mut peers {
                for line in peer.round()? {
                    figures.take(peer.name, &line)?;
                }
            }
            if round < WARM_UP {
                figures = Figures::default();
            }
        }
        Ok(figures)
    })?;
    figures.print();
    Ok(())
}

/// That the programs in C# and Kotlin still compile and answer a round, with the library at `library`. No
/// figure of it counts.
pub fn check(library: &Path) -> Done {
    let programs = programs::foreign(&root().join("target/bench-bindings-check"), library)?;
    timed("bench bindings: a round of one call", || {
        for program in programs {
            let name = program.name;
            let lines = Peer::start(Program { calls: 1, ..program }, 1)?.round()?;
            if lines.is_empty() {
                return Err(Failed(format!("{name} measured nothing")));
            }
        }
        Ok(())
    })
}

/// A running program.
struct Peer {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(program: Program, unlocks: usize) -> Result<Self, Failed> {
        let Program {
            name,
            calls,
            mut command,
        } = program;
        let failed = |error: String| Failed(format!("{name}: {error}"));
        let child = command
            .arg(calls.to_string())
            .arg(unlocks.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| failed(error.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("no pipe".into()));
        };
        Ok(Self {
            name,
            child,
            input,
            output: BufReader::new(output),
        })
    }

    fn round(&mut self) -> Result<Vec<String>, Failed> {
        let failed = |error: std::io::Error| Failed(format!("{}: {error}", self.name));
        self.input.write_all(b"round\n").map_err(failed)?;
        self.input.flush().map_err(failed)?;
        let mut lines = Vec::new();
        for line in (&mut self.output).lines() {
            let line = line.map_err(failed)?;
            if line == "done" {
                return Ok(lines);
            }
            lines.push(line);
        }
        Err(Failed(format!("{} ended in the middle of a round", self.name)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
