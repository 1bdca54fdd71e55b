//! `cargo run -p demo`: a passkey is made, its PIN is typed wrong until it blocks, the user and the
//! help desk do the unlock with the codes as people carry them, and the old passkey signs in again.
//!
//! The authenticator is software, everything else is the library: CTAPHID or APDUs, the protocol, the
//! help desk with its audit log. Exit code 0 only when the relying party, which knows nothing but the
//! public key that it stored before the lock, takes a fresh signature after the unlock.

mod desk;
mod key;
mod person;
mod report;
mod story;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use fido_unlock::Suite;

/// The way to the software authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// CTAPHID reports, as over USB.
    Hid,
    /// APDUs, as over a smart card reader.
    Nfc,
}

/// A blocked PIN is given back, from the lock to the next sign-in, in one process.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo run -p demo\n  cargo run -p demo -- --yes --suite 1 --transport nfc"
)]
pub struct Options {
    /// Run unattended: every person's part is played.
    #[arg(long)]
    yes: bool,
    /// 1 P256-ECDSA, 2 P256-ECDH-MAC (read aloud), 3 AES-ADMIN-KEY.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    suite: u8,
    /// How the authenticator is reached.
    #[arg(long, value_enum, default_value_t = Way::Hid)]
    transport: Way,
    /// One JSON object a step instead of text.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let suite = Suite::from_number(options.suite).unwrap_or(Suite::P256EcdhMac);
    let report = report::Report::new(options.json);
    let mut person = person::Person::new(options.yes, options.json);
    match story::tell(suite, options.transport, &report, &mut person) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
