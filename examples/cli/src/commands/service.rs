//! Commands at a help desk behind its service: those that its API has, and where the others are done.

mod audit;
mod desk;

use fido_unlock::desk::Scope;
use fido_unlock_remote::ServiceAddress;

use super::{enroll, respond};
use crate::args::{Audit, Cli, Command, Desk, Issuer, ScopeName, ServiceOptions};
use crate::device::Devices;
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;
use crate::service::{Service, sign_in, sign_out};

/// Runs a command that names a service.
pub fn run(
    cli: &Cli,
    address: ServiceAddress,
    options: &ServiceOptions,
    prompt: Prompt,
) -> Result<Report, Failure> {
    if let Some(place) = elsewhere(&cli.command) {
        return Err(Failure::usage(format!(
            "this is not done over the network: {place}"
        )));
    }
    match &cli.command {
        Command::Desk(Desk::SignIn { scope, .. }) => return sign_in(address, options, &scopes(scope)),
        Command::Desk(Desk::SignOut { .. }) => return sign_out(address, options),
        _ => {}
    }
    let open = || Service::open(address.clone(), options);
    match &cli.command {
        Command::Respond(args) if args.approver.is_some() => Err(Failure::usage(
            "--approver is for a desk's folder: here the second operator approves in the console, under Approvals",
        )),
        Command::Respond(args) => respond::at_service(open()?, args, prompt, cli.global.json),
        Command::Enroll(args) => enroll::at_service(
            &Devices::new(&cli.global, false)?,
            args,
            open()?,
            prompt,
            cli.global.json,
        ),
        Command::Desk(command) => desk::run(&open()?, command),
        Command::Audit(command) => audit::run(&open()?, command),
        _ => Err(Failure::usage("this command knows a desk's folder alone")),
    }
}

/// What a program asks for where nothing is named: an operator's daily work.
fn scopes(named: &[ScopeName]) -> Vec<Scope> {
    if named.is_empty() {
        return vec![Scope::Unlock];
    }
    named.iter().map(|name| name.to_core()).collect()
}

/// Where it is done what the API does not have; `None`: it has it.
const fn elsewhere(command: &Command) -> Option<&'static str> {
    const FOLDER: &str = "where the desk's folder is, with --desk DIR";
    Some(match command {
        Command::Desk(command) => match command {
            Desk::SignIn { .. }
            | Desk::SignOut { .. }
            | Desk::Done(_)
            | Desk::Abandon(_)
            | Desk::Find { .. }
            | Desk::List { .. }
            | Desk::Device { .. }
            | Desk::Retire { .. }
            | Desk::Status { .. } => return None,
            Desk::Init { .. }
            | Desk::Recover { .. }
            | Desk::Backup { .. }
            | Desk::Restore { .. }
            | Desk::AcceptClock { .. } => FOLDER,
            Desk::Open { .. } => "in the console, which an Administrator opens at the end of the set-up",
            Desk::Licence { .. } => "in the console, under Licence",
            Desk::Rules { .. } | Desk::Service { .. } | Desk::Acknowledge { .. } => {
                "in the console, under Settings"
            }
            Desk::AddOperator { .. } | Desk::RemoveOperator { .. } => "in the console, under Operators",
            Desk::Approve { .. } => "in the console, under Operators, or on the user's page",
            Desk::Password { .. } => "in the console, under Your account",
            Desk::AddUser { .. }
            | Desk::EraseUser { .. }
            | Desk::Import { .. }
            | Desk::ImportUsers { .. } => "in the console, under Devices",
        },
        Command::Audit(command) => match command {
            Audit::Show { .. } | Audit::Export { .. } | Audit::Checkpoint { .. } | Audit::Prove { .. } => {
                return None;
            }
            Audit::Verify { .. } => {
                "in the console, under Audit; the checkpoints that you keep are compared there too"
            }
            Audit::CheckProof { .. } => FOLDER,
        },
        Command::Issuer(Issuer::Show { .. } | Issuer::List { .. }) => "in the console, under Keys",
        Command::Issuer(_) => FOLDER,
        Command::BlockPin(_) => {
            "where the desk's folder is: its keys try the unlock before the PIN is blocked"
        }
        Command::Diagnose(_) => "give --issuer-list, the signed list that the console has under Keys",
        _ => return None,
    })
}
