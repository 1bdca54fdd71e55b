//! `desk` and `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::At;

/// `desk`.
#[derive(Debug, Subcommand)]
pub enum Desk {
    /// Create a help desk's folder: licence, first Administrator, policy, audit log
    #[command(after_help = "\
Run this first for a new help desk. Then: issuer generate, desk add-operator, desk add-user, enroll.

Standard input (--stdin): Administrator's password, again, passphrase of the keys, again.

Example:
  fido-unlock desk init --desk desk/ --admin admin --contact \"licences@example.com\"")]
    Init {
        /// The folder, new or empty
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// The first Administrator's name
        #[arg(long, value_name = "NAME", default_value = "admin")]
        admin: String,
        /// The licence.
        #[command(flatten)]
        licence: LicenceOptions,
    },
    /// Replace the licence
    #[command(after_help = "Example:\n  fido-unlock desk licence --desk desk/ --devices 500 --days 365")]
    Licence {
        /// The help desk's folder
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// The licence.
        #[command(flatten)]
        licence: LicenceOptions,
    },
    /// Switch the unlock service on or off (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk service off --desk desk/ --operator admin")]
    Service {
        /// On or off
        #[arg(value_enum)]
        state: OnOff,
        /// Where and who.
        #[command(flatten)]
        at: At,
    },
    /// Add an operator or replace one (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): Administrator's password, new operator's password, again.

Example:
  fido-unlock desk add-operator --desk desk/ --operator admin --name olga \\
      --role device-service-administrator")]
    AddOperator {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The new operator's name
        #[arg(long)]
        name: String,
        /// A role
        #[arg(long, value_enum)]
        role: Vec<RoleName>,
        /// A privilege in addition to those of the roles
        #[arg(long, value_enum)]
        privilege: Vec<PrivilegeName>,
    },
    /// Add a user or change one (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk add-user --desk desk/ --operator admin --user alice --name \"Alice Example\"")]
    AddUser {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The user's id
        #[arg(long, value_name = "ID")]
        user: String,
        /// The user's name, to be read back to the caller
        #[arg(long)]
        name: String,
        /// Apply stricter rules: an unlock for the wrong person would do lasting harm
        #[arg(long)]
        privileged: bool,
    },
    /// Register devices that another station enrolled, from its CSV file
    #[command(after_help = "\
Columns: device_id,user,suite,slot,issuer,device_key, as `enroll --issuer` prints them.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk import --desk desk/ --operator admin devices.csv")]
    Import {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The CSV file
        file: PathBuf,
    },
    /// Take a device out of use; it can no longer be unlocked
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk retire --desk desk/ --operator admin --device-id 000G-40R4-0M30-E209-B3VD")]
    Retire {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The Device ID
        #[arg(long, value_name = "CODE")]
        device_id: String,
    },
    /// Show licence, open codes and alarms
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk status --desk desk/ --operator olga")]
    Status {
        /// Where and who.
        #[command(flatten)]
        at: At,
    },
    /// Record that the user has unlocked the device
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk done --desk desk/ --operator olga --request 12")]
    Done(Close),
    /// Record that the unlock was abandoned; the code may still be good
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk abandon --desk desk/ --operator olga --request 12")]
    Abandon(Close),
    /// Accept a clock that is behind the log because it had been ahead (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk accept-clock --desk desk/ --operator admin --note \"the clock was a year ahead\"")]
    AcceptClock {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// What happened
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Acknowledge an alarm (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password.

Example:
  fido-unlock desk acknowledge --desk desk/ --operator admin --alarm 20 --note \"device was repaired\"")]
    Acknowledge {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The alarm's number
        #[arg(long)]
        alarm: u64,
        /// What was found out
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
}

/// `desk done` and `desk abandon`.
#[derive(Args, Debug)]
pub struct Close {
    /// Where and who.
    #[command(flatten)]
    pub at: At,
    /// The request's number, as `respond` showed it
    #[arg(long)]
    pub request: u64,
}

/// A licence.
#[derive(Args, Debug)]
pub struct LicenceOptions {
    /// How long it is valid
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub days: u32,
    /// How many devices it covers
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub devices: u32,
    /// Whom to ask for a new one
    #[arg(long, value_name = "TEXT", default_value = "your vendor")]
    pub contact: String,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum OnOff {
    On,
    Off,
}

/// Roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Every privilege
    Administrator,
    /// Unlock and devices
    DeviceServiceAdministrator,
}

/// Privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrivilegeName {
    /// Answer callers
    Unlock,
    /// Fetch the programs that users install
    Downloads,
    /// Register, rotate and retire devices
    ManageDevices,
    /// Users, alarms, the service switch, checkpoints, keys
    Administer,
}

/// `audit`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check every entry of the log; only a checkpoint can show that its tail was cut off
    #[command(after_help = "\
Examples:
  fido-unlock audit verify --desk desk/
  fido-unlock audit verify --desk desk/ --checkpoint cp1.json --checkpoint-key checkpoint.pub")]
    Verify {
        /// The help desk's folder
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// A checkpoint that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// The public key that checkpoints are signed with, kept elsewhere; default: the desk's copy
        #[arg(long, value_name = "FILE", requires = "checkpoint")]
        checkpoint_key: Option<PathBuf>,
    },
    /// Check the log and show its entries
    #[command(after_help = "Example:\n  fido-unlock audit show --desk desk/ --last 20")]
    Show {
        /// The help desk's folder
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// Only the last N
        #[arg(long, value_name = "N")]
        last: Option<usize>,
    },
    /// Sign the log's current state; keep the file where the log's administrator cannot write
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock audit checkpoint --desk desk/ --operator admin --out cp1.json")]
    Checkpoint {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}
