//! `cargo run -p help-desk-stub`: the service, and a blocked software key that it knows.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fido_unlock::{Interface, Suite};
use fido_unlock_mock::serve::{KeyServer, Wire};
use help_desk_stub::{Desk, Failure, Key, OLD_PIN, Service, USER};
use serde_json::json;

/// A help desk's service on this machine alone, for trying agents out. It vouches for every caller.
#[derive(Parser)]
#[command(name = "help-desk-stub", version)]
struct Arguments {
    /// Port of the service; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// 1: signature, 2: read aloud, 3: admin key.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    suite: u8,
    /// Makes the blocked key in this file, for `fido-unlock-virtual`, instead of serving it on a port.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Port of the key; 0 takes a free one.
    #[arg(long, default_value_t = 0, conflicts_with = "key")]
    key_port: u16,
    /// Seconds until a code is there.
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    thinks: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("help-desk-stub: {failure}");
            ExitCode::from(failure.code.family().exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let suite = Suite::from_number(arguments.suite).ok_or(fido_unlock::ErrorCode::InvalidArgument)?;
    let mut desk = Desk::new(suite, Duration::from_secs(arguments.thinks))?;
    let key = Key::make(arguments.key.as_deref())?;
    desk.register(&key.enroll(desk.issuer())?)?;
    key.block()?;
    let served = match &arguments.key {
        Some(_) => None,
        None => Some(serve(&key, arguments.key_port)?),
    };
    let service = Service::start(desk, arguments.port)?;
    let world = json!({
        "desk": service.url(),
        "token": service.token(),
        "user": USER,
        "key_port": served.as_ref().map(KeyServer::port),
        "old_pin": OLD_PIN,
    });
    println!("{world}");
    // Whoever started it may wait for that line.
    let _ = std::io::stdout().flush();
    // Until the end of standard input, so that it never outlives the program that started it.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    Ok(())
}

fn serve(key: &Key, port: u16) -> Result<KeyServer, Failure> {
    KeyServer::start(key.device(), Wire::Hid, Interface::Vendor, port).map_err(|error| {
        Failure::new(
            fido_unlock::ErrorCode::HostFailed,
            format!("port {port}: {error}"),
        )
    })
}
