//! The command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgGroup, Parser, Subcommand};

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
    /// Of a demonstration: address and port on this machine, or a port; 0 takes a free one. Default: 8080, with --yes 0.
    #[arg(long, value_name = "ADDRESS", requires = "demo", value_parser = loopback)]
    pub listen: Option<SocketAddr>,
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
        let port = if self.yes { 0 } else { 8080 };
        self.listen.unwrap_or((Ipv4Addr::LOCALHOST, port).into())
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
