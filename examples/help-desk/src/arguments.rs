//! The command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgGroup, Parser, Subcommand, value_parser};
use fido_unlock::Suite;
use help_desk::demo::DemoOptions;

/// The help desk's console.
#[derive(Parser)]
#[command(name = "help-desk", version, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
#[command(group(ArgGroup::new("desk").required(true).args(["config", "demo"])))]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A desk of one's own, as a file says.
    #[arg(long, value_name = "FILE", env = "HELP_DESK_CONFIG")]
    pub config: Option<PathBuf>,
    /// A demonstration on this machine: sample users, a virtual locked key, a desk that goes with the process.
    #[arg(long)]
    pub demo: bool,
    /// Plays one whole call of the demonstration, and ends.
    #[arg(long, requires = "demo")]
    pub yes: bool,
    /// Of a demonstration: address and port on this machine, or a port; 0 takes a free one. Default: 8080, with --yes or
    /// --json 0.
    #[arg(long, value_name = "ADDRESS", requires = "demo", value_parser = loopback)]
    pub listen: Option<SocketAddr>,
    /// Of a demonstration, for programs that are tried against it: says as one line of JSON where it is, with access
    /// tokens; serves the key on a port; and ends with its standard input.
    #[arg(long, requires = "demo", conflicts_with = "yes")]
    pub json: bool,
    /// Of a demonstration, the suite of its codes. 1: signature, 2: read aloud, 3: admin key.
    #[arg(long, requires = "demo", default_value_t = 2, value_parser = value_parser!(u8).range(1..=3))]
    pub suite: u8,
    /// Of a demonstration: with this many codes of a device in a day the next one wants a second operator. 0: all do.
    #[arg(long, value_name = "CODES", requires = "demo", default_value_t = DemoOptions::default().approval_from)]
    pub approval_from: u32,
    /// Of a demonstration: serves its key's vendor interface on this port; 0 takes a free one, which --json tells.
    #[arg(long, value_name = "PORT", requires = "demo", conflicts_with_all = ["yes", "key"])]
    pub key_port: Option<u16>,
    /// Of a demonstration: makes its key in this file, for `fido-unlock-virtual`. "Try it" then shows none.
    #[arg(long, value_name = "FILE", requires = "demo", conflicts_with = "yes")]
    pub key: Option<PathBuf>,
}

/// What is done instead of serving.
#[derive(Subcommand)]
pub enum Command {
    /// Checks a configuration, and what it names; says which line is wrong and what to do.
    CheckConfig {
        /// The configuration.
        #[arg(default_value = "help-desk.toml", env = "HELP_DESK_CONFIG")]
        file: PathBuf,
    },
    /// Prints a configuration with every setting, to begin with.
    ConfigExample,
}

impl Arguments {
    /// Where a demonstration listens.
    pub fn demo_address(&self) -> SocketAddr {
        let port = if self.yes || self.json { 0 } else { 8080 };
        self.listen.unwrap_or((Ipv4Addr::LOCALHOST, port).into())
    }

    /// What a demonstration is like.
    pub fn demo_options(&self) -> DemoOptions {
        let default = DemoOptions::default();
        DemoOptions {
            suite: Suite::from_number(self.suite).unwrap_or(default.suite),
            approval_from: self.approval_from,
            key: self.key.clone(),
            ..default
        }
    }

    /// The port for a demonstration's key; `None` where it is not served.
    pub fn demo_key_port(&self) -> Option<u16> {
        let default = (self.json && self.key.is_none()).then_some(0);
        self.key_port.or(default)
    }
}

/// Without TLS nobody else's computer is served.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let address: SocketAddr = text.parse().map_err(|_| "not an address and port")?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only this machine's own address, such as 127.0.0.1: a demonstration has no TLS".into())
    }
}
