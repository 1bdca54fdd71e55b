//! `cargo run -p remote-agent`: the README says what it reads and writes.

use std::alloc::System;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser};
use remote_agent::{DeskOptions, Failure, Options, app, keys};
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// Standard input, JSON and HTTP have buffers that no step can wipe: whatever is given back is.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Where the token is; an argument would be seen by every user of the computer.
const TOKEN: &str = "FIDO_UNLOCK_DESK_TOKEN";

/// Watches for locked keys, reports as JSON lines, and unlocks. Codes and PINs come on standard input.
#[derive(Parser)]
#[command(name = "remote-agent", version)]
struct Arguments {
    /// Folder that keeps sessions over a restart.
    #[arg(long, value_name = "FOLDER")]
    state: PathBuf,
    /// The help desk, if one is asked.
    #[command(flatten)]
    call: Option<Call>,
    /// Seconds between two looks at a request that waits for a second operator.
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    poll: u64,
    /// Seconds after which a code is no longer waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    deadline: u64,
    /// A key on this TCP port of this machine, instead of the computer's own.
    #[arg(long, value_name = "PORT")]
    key_port: Option<u16>,
}

/// What the desk is told of each call.
#[derive(Args)]
#[group(requires_all = ["desk", "user", "reason", "verified", "statement"])]
struct Call {
    /// Address of the help desk's console; its access token is in FIDO_UNLOCK_DESK_TOKEN.
    #[arg(long, value_name = "URL", required = false)]
    desk: String,
    /// The user's id at the help desk.
    #[arg(long, value_name = "ID", required = false)]
    user: String,
    /// Reason or ticket.
    #[arg(long, value_name = "TEXT", required = false)]
    reason: String,
    /// By which of the help desk's methods it was verified that it is the user, such as call-back or in-person.
    #[arg(long, value_name = "METHOD", required = false)]
    verified: String,
    /// What was done for it. Say nothing that was not done: the help desk relies on it.
    #[arg(long, value_name = "TEXT", required = false)]
    statement: String,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("remote-agent: {failure}");
            ExitCode::from(failure.code.family().exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let desk = arguments.call.map(|call| DeskOptions {
        url: call.desk,
        user: call.user,
        reason: call.reason,
        method: call.verified,
        statement: call.statement,
        token: Arc::new(Zeroizing::new(std::env::var(TOKEN).unwrap_or_default())),
        poll: Duration::from_secs(arguments.poll),
        deadline: Duration::from_secs(arguments.deadline),
    });
    let options = Options {
        state: arguments.state,
        desk,
        pause: Duration::from_secs(1),
    };
    app(
        options,
        keys::keys(arguments.key_port)?,
        BufReader::new(std::io::stdin()),
        std::io::stdout(),
    )
}
