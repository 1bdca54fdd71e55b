//! A help desk, and `enroll`, `block-pin`, `respond` and `issuer`.

#![allow(rustdoc::bare_urls, reason = "a line of help shows an address as it is typed")]

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// A help desk and who works at it.
#[derive(Args, Debug)]
pub struct At {
    /// The help desk's folder, or its console's address, such as https://desk.example.com
    #[arg(long, value_name = "DIR|URL")]
    pub desk: PathBuf,
    /// The operator's name, at a folder; without it you are asked
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,
    /// By which an address is spoken to.
    #[command(flatten)]
    pub service: ServiceOptions,
}

/// How a help desk is spoken to whose address is given.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "With an address as --desk")]
pub struct ServiceOptions {
    /// The access token is in this file, which nobody else can read; without it: FIDO_UNLOCK_DESK_TOKEN, or what
    /// `desk sign-in` keeps
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust this PEM file's certificates alone, not those that the system trusts
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// `enroll`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("keys").required(true).args(["desk", "issuer"])))]
pub struct Enroll {
    /// The help desk's folder, or its console's address
    #[arg(long, value_name = "DIR|URL")]
    pub desk: Option<PathBuf>,
    /// A file that `issuer show --public` wrote; repeat it for several slots
    #[arg(long, value_name = "FILE")]
    pub issuer: Vec<PathBuf>,
    /// The operator's name, with --desk; without it you are asked
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,
    /// The owner's id
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "watch",
        conflicts_with = "watch"
    )]
    pub user: Option<String>,
    /// Enrol each key that is put in, until Ctrl-C or the end of --users or standard input
    #[arg(long, requires = "csv")]
    pub watch: bool,
    /// With --watch: append a row for each key to this file, for `desk import`
    #[arg(long, value_name = "FILE", requires = "watch")]
    pub csv: Option<PathBuf>,
    /// With --watch: the owners' ids, one per line, in the order of the keys; without it you are asked
    #[arg(long, value_name = "FILE", requires = "watch")]
    pub users: Option<PathBuf>,
    /// Add the owner to the registry under this name, if missing (an Administrator's right)
    #[arg(long, value_name = "NAME", requires = "desk", conflicts_with = "watch")]
    pub new_user: Option<String>,
    /// 3: make an admin key for this device instead of taking the desk's keys
    #[arg(long, requires = "desk", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub suite: Option<u8>,
    /// The slot that an unlock will use; default: the lowest above 0
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=15))]
    pub slot: Option<u8>,
    /// What people call the device, such as its product; with --watch each of them
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// Ask for the device's PIN, which gives the permission to configure it
    #[arg(long)]
    pub with_pin: bool,
    /// Turn the vendor interface off from then on
    #[arg(long)]
    pub vendor_interface_off: bool,
    /// After an unlock over the vendor interface, make the system ask for another PIN
    #[arg(long)]
    pub force_pin_change: bool,
    /// By which an address is spoken to.
    #[command(flatten)]
    pub service: ServiceOptions,
}

impl Enroll {
    /// What people call the device; empty where nobody said.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or_default()
    }

    /// The desk that was named.
    pub fn at(&self) -> Option<At> {
        self.desk.as_ref().map(|desk| At {
            desk: desk.clone(),
            operator: self.operator.clone(),
            service: self.service.clone(),
        })
    }
}

/// `block-pin`.
#[derive(Args, Debug)]
pub struct BlockPin {
    /// Where and who.
    #[command(flatten)]
    pub at: At,
    /// Do not ask: the PIN's owner has agreed
    #[arg(long)]
    pub yes: bool,
}

/// `respond`.
#[derive(Args, Debug)]
pub struct Respond {
    /// Where and who.
    #[command(flatten)]
    pub at: At,
    /// The user: id or part of the name; one or two letters only where a word begins
    #[arg(long, value_name = "TEXT")]
    pub user: Option<String>,
    /// The Device ID, instead of the user or to choose among the user's devices
    #[arg(long, value_name = "CODE")]
    pub device_id: Option<String>,
    /// Go on with this request, as `respond` or `desk status` showed it; another operator's is taken over
    #[arg(long, value_name = "CODE", conflicts_with_all = ["user", "device_id"])]
    pub request: Option<String>,
    /// How the caller was verified
    #[arg(long, value_enum)]
    pub method: Option<Method>,
    /// What was seen or heard, for an auditor; only its digest is recorded
    #[arg(long, value_name = "TEXT")]
    pub statement: Option<String>,
    /// Reason or ticket number
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// A second operator, who approves; required for privileged users and past a limit
    #[arg(long, value_name = "NAME")]
    pub approver: Option<String>,
    /// Also spell the code
    #[arg(long)]
    pub speak: bool,
}

/// How a caller was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// A push or one-time code to an enrolled factor
    EnrolledFactor,
    /// A call back to the number on record
    CallBack,
    /// An identity document, with the face
    IdentityDocument,
    /// The caller's manager, reached by another way
    Manager,
    /// The caller stands at the desk
    InPerson,
    /// Questions, which others may be able to answer
    Questions,
}

/// `issuer`.
#[derive(Debug, Subcommand)]
pub enum Issuer {
    /// Make a key for an empty slot (an Administrator's right)
    #[command(after_help = "\
The keys are in issuer_keys.age in the desk's folder, encrypted with the desk's passphrase. Without
its key, no device can ever be unlocked: make a backup at once. Suite 3 has no issuer key; `enroll
--suite 3` makes each device's admin key.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock issuer generate --desk desk/ --operator admin --suite 2 --slot 1")]
    Generate {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The suite: 1 (paste or QR) or 2 (read aloud)
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
        suite: u8,
        /// The slot; 0 is for an offline recovery key
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=15))]
        slot: u8,
    },
    /// Show the keys' slots, suites and fingerprints, but no secrets
    #[command(after_help = "\
With --public, one key is printed as JSON, for `enroll --issuer` at a station without a desk.

Examples:
  fido-unlock issuer show --desk desk/
  fido-unlock issuer show --desk desk/ --public --slot 1 > issuer.json")]
    Show {
        /// The help desk's folder
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// Print the slot's current public key
        #[arg(long)]
        public: bool,
        /// The slot, with --public; default: the lowest above 0
        #[arg(long, requires = "public", value_parser = clap::value_parser!(u8).range(0..=15))]
        slot: Option<u8>,
    },
    /// Write the list of the desk's keys, signed by its checkpoint key, for `diagnose --issuer-list`
    #[command(after_help = "\
The list holds public keys alone: give it, with checkpoint.pub, to those who see devices and not the
desk. A device's slot whose key is not in it belongs to somebody else. Write it again after each
`issuer generate` and `issuer rotate`.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock issuer list --desk desk/ --operator admin --signed --out issuers.txt")]
    List {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// Sign it
        #[arg(long, required = true)]
        signed: bool,
        /// The file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Put a new key in a slot; the old one is retired and still serves devices not yet rotated
    #[command(after_help = "\
With a device (--mock FILE or a real one) and --this-device, that device is given the slot's current
key instead, if it still has a retired one.

Standard input (--stdin): operator's password, passphrase of the keys.

Examples:
  fido-unlock issuer rotate --desk desk/ --operator admin --slot 1
  fido-unlock issuer rotate --desk desk/ --operator admin --slot 1 --this-device")]
    Rotate {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The slot
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=15))]
        slot: u8,
        /// Give the slot's current key to the device that is plugged in
        #[arg(long)]
        this_device: bool,
    },
    /// Copy every key of the desk to another folder, after checking that each can be opened
    #[command(after_help = "\
The copies are encrypted with the same passphrase. Keep them apart from this computer, and the
passphrase apart from them: without both, enrolled devices can never be unlocked again.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock issuer backup --desk desk/ --operator admin --to backup/")]
    Backup {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The folder, which must not exist yet
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Restore every key that the desk lacks from a backup
    #[command(after_help = "\
A slot that has a key keeps it, and the backup's key is added as a retired one. If the desk's own
key files are gone, they are taken from the backup.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock issuer restore --desk desk/ --operator admin --from backup/")]
    Restore {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The backup's folder
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
}
