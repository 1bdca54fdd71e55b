#![doc = include_str!("../README.md")]
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod both;
mod control;
mod key;
mod uhid;
mod vpcd;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;

use clap::{Args, Parser, Subcommand, ValueEnum};

use key::{Key, Port};

/// A software FIDO2 key with the unlock, for trying programs out. It protects nothing.
#[derive(Parser)]
#[command(name = "fido-unlock-virtual", version)]
struct Arguments {
    #[command(subcommand)]
    way: Way,
}

#[derive(Subcommand)]
enum Way {
    /// A card in a virtual reader of pcscd (vpcd).
    #[command(after_help = control::LINES)]
    Card {
        #[command(flatten)]
        card: CardShape,
        #[command(flatten)]
        common: Common,
    },
    /// A USB HID device of the kernel (/dev/uhid), with a FIDO and a vendor interface.
    #[command(after_help = control::LINES)]
    Hid {
        #[command(flatten)]
        hid: HidShape,
        #[command(flatten)]
        common: Common,
    },
    /// One key that is plugged in and on a reader at the same time.
    #[command(after_help = control::LINES)]
    Both {
        #[command(flatten)]
        card: CardShape,
        #[command(flatten)]
        hid: HidShape,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Args)]
struct CardShape {
    /// TCP port of the reader, on this machine.
    #[arg(long, value_name = "PORT", default_value_t = 35963)]
    reader_port: u16,
    /// A card with contacts and protocol T=1, instead of a contactless one.
    #[arg(long)]
    contact: bool,
    /// A card with contacts and protocol T=0.
    #[arg(long, conflicts_with = "contact")]
    t0: bool,
    /// The ATR says whether the card takes extended-length APDUs, and the card does as it says. Without this
    /// option the ATR is silent, and the card takes them.
    #[arg(long, value_name = "yes|no", conflicts_with = "t0")]
    extended_length: Option<YesNo>,
    /// Answer a command without Le with its data. Without this option the answer is 61xx and GET RESPONSE
    /// fetches the data, except for SELECT.
    #[arg(long)]
    data_without_le: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

#[derive(Args)]
struct HidShape {
    /// Serial number.
    #[arg(long, default_value = "")]
    serial: String,
    /// Bytes per report.
    #[arg(long, value_name = "BYTES", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(8..=1024))]
    report_size: u16,
    /// Leave out the vendor interface.
    #[arg(long)]
    no_vendor: bool,
}

impl CardShape {
    fn start(self, key: Arc<Key>) -> std::io::Result<Arc<vpcd::Card>> {
        let shape = vpcd::Shape {
            protocol: match (self.contact, self.t0) {
                (_, true) => vpcd::Protocol::T0,
                (true, _) => vpcd::Protocol::T1,
                _ => vpcd::Protocol::Contactless,
            },
            extended_length: self.extended_length.map(|choice| choice == YesNo::Yes),
            data_without_le: self.data_without_le,
        };
        vpcd::Card::start(key, self.reader_port, shape)
    }
}

impl HidShape {
    fn start(self, key: Arc<Key>) -> Arc<uhid::HidKey> {
        let shape = uhid::Shape {
            serial: self.serial,
            report_size: self.report_size,
            vendor: !self.no_vendor,
        };
        uhid::HidKey::new(key, shape)
    }
}

#[derive(Args)]
struct Common {
    /// File that keeps the key: PIN, credentials, enrolment.
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Unix socket that takes the same lines as standard input.
    #[arg(long, value_name = "SOCKET")]
    control: Option<PathBuf>,
    /// Start with the key taken out.
    #[arg(long)]
    removed: bool,
}

/// Runs the program with the process's arguments, until `quit` or a signal.
#[must_use]
pub fn run() -> ExitCode {
    match start(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fido-unlock-virtual: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let (port, common): (Arc<dyn Port>, Common) = match arguments.way {
        Way::Card { card, common } => (card.start(Key::in_file(&common.state)?)?, common),
        Way::Hid { hid, common } => (hid.start(Key::in_file(&common.state)?), common),
        Way::Both { card, hid, common } => {
            let key = Key::in_file(&common.state)?;
            let (card, hid) = (card.start(Arc::clone(&key))?, hid.start(key));
            (Arc::new(both::Both { card, hid }), common)
        }
    };
    if !common.removed {
        port.insert()?;
    }
    let (quit, quitting) = mpsc::channel();
    if let Some(path) = &common.control {
        control::listen(path, &port, &quit)?;
    }
    control::console(&port, &quit)?;
    println!("ready");
    // `quit` stays here, so that the end of standard input ends nothing.
    quitting.recv()?;
    port.remove();
    if let Some(path) = &common.control {
        // It may be gone already, with its folder.
        let _ = std::fs::remove_file(path);
    }
    drop(quit);
    Ok(())
}
