//! One file for each command.

mod audit;
mod block_pin;
mod challenge;
mod code;
mod completions;
mod desk;
mod devices;
mod diagnose;
mod enroll;
mod import;
mod info;
mod init;
mod issuer;
mod licence;
mod mock;
mod respond;
mod restore;
mod rotate_device;
mod service;
mod typed_code;
mod unlock;

use crate::args::{Cli, Command, Mock, ServiceOptions};
use crate::device::Devices;
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;
use crate::service::address;

/// Runs the command.
pub fn run(cli: &Cli) -> Result<Report, Failure> {
    let prompt = Prompt::new(cli.global.stdin);
    if let Some(named) = cli.command.named()
        && let Some(address) = address(&named)?
    {
        return service::run(
            cli,
            address,
            named.service.unwrap_or(&ServiceOptions::default()),
            prompt,
        );
    }
    let devices = || Devices::new(&cli.global, false);
    match &cli.command {
        Command::Devices { watch: false } => devices::run(&devices()?),
        Command::Devices { watch: true } => devices::watch(&devices()?, cli.global.json),
        Command::Diagnose(args) => diagnose::run(&devices()?, args),
        Command::Info => info::run(&devices()?),
        Command::Challenge(args) => challenge::run(&devices()?, args),
        Command::Unlock(args) => unlock::run(&devices()?, args, prompt),
        Command::Enroll(args) => enroll::run(&devices()?, args, prompt, cli.global.json),
        Command::BlockPin(args) => block_pin::run(&devices()?, args, prompt),
        Command::Respond(args) => respond::run(args, prompt, cli.global.json),
        Command::Issuer(args) => issuer::run(args, prompt, devices),
        Command::Desk(args) => desk::run(args, prompt),
        Command::Audit(args) => audit::run(args, prompt),
        Command::Licence(args) => licence::run(args, prompt),
        Command::Code(args) => code::run(args, prompt),
        Command::Mock(Mock::New { force }) => mock::new(&cli.global, *force),
        Command::Mock(args) => mock::run(&devices()?, args, prompt),
        Command::Completions { shell } => completions::run(*shell),
    }
}
