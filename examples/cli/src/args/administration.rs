//! `desk` and `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fido_unlock::desk::{Privilege, Role, Scope};

use super::{At, ServiceOptions};

/// `desk`.
#[derive(Debug, Subcommand)]
pub enum Desk {
    /// Create a help desk's folder: keys, database, first Administrator
    #[command(after_help = "\
Run this first for a new help desk. Then: desk licence, issuer generate, desk add-operator, desk add-user,
enroll, and desk open at the end.

With --first-code the Administrator has no password: `help-desk`, the console, prints a one-time code when it is
started, by which they set one in the browser.

Standard input (--stdin): Administrator's password, again (not with --first-code), passphrase of the keys, again.

Example:
  fido-unlock desk init --desk desk/ --admin admin --vendor vendor.pub")]
    Init {
        /// The folder, new or empty
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// The first Administrator's name
        #[arg(long, value_name = "NAME", default_value = "admin")]
        admin: String,
        /// The public keys of whoever signs licences, one on each line
        #[arg(long, value_name = "FILE")]
        vendor: Option<PathBuf>,
        /// Rules other than the defaults, as `desk rules` prints them
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// No password yet: the console prints a code by which the Administrator sets one
        #[arg(long)]
        first_code: bool,
    },
    /// End the set-up: codes are given from now on (an Administrator's right)
    #[command(after_help = "\
Before it no code is given and nothing rests. Afterwards what loosens the rules (a lower class, new rights,
laxer limits) takes effect after a rest, or when another Administrator approves it. So add operators first: what
is missing (licence, a second Administrator, a second operator, a backup of the keys) is said, and at a terminal
you are asked whether to go on.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk open --desk desk/ --operator admin")]
    Open {
        /// Where and who.
        #[command(flatten)]
        at: At,
    },
    /// Put a licence in (an Administrator's right)
    #[command(after_help = "\
The file must be signed by the vendor whose key is in vendor.pub in the desk's folder, where `desk init
--vendor` wrote it. One that has expired or covers fewer devices than are in use is put in only after a
question, or with --yes.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk licence --desk desk/ --operator admin licence.txt")]
    Licence {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The licence
        file: PathBuf,
        /// Do not ask: put it in even where it stops the desk
        #[arg(long)]
        yes: bool,
    },
    /// Show the rules, or change them (an Administrator's right)
    #[command(after_help = "\
What tightens takes effect at once, what loosens after its rest. Rules that rest are shown beside those that
hold, by what they change; --settle shows them before it lets them hold.

Standard input (--stdin): operator's password, passphrase of the keys.

Examples:
  fido-unlock desk rules --desk desk/ --operator admin > rules.json
  fido-unlock desk rules --desk desk/ --operator admin --set rules.json
  fido-unlock desk rules --desk desk/ --operator second --settle \"tickets are down\"")]
    Rules {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The new rules
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
        /// Let what another Administrator loosened take effect now, for this reason
        #[arg(long, value_name = "TEXT", conflicts_with = "set")]
        settle: Option<String>,
    },
    /// Switch the unlock service on or off (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

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
After `desk open` what a new operator may do rests, 24 hours unless the rules say otherwise: add those who are
to begin with before. A name that is there already is given these rights and this password.

Standard input (--stdin): Administrator's password, passphrase of the keys, new operator's password, again.

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
    /// Take an operator's account away (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk remove-operator --desk desk/ --operator admin --name olga")]
    RemoveOperator {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// Whose
        #[arg(long)]
        name: String,
    },
    /// Change your own password
    #[command(after_help = "\
It ends your sessions elsewhere. A password that somebody else gives you (`desk add-operator`) does the same,
and until it has rested you approve nothing; so change it yourself.

Standard input (--stdin): operator's password, passphrase of the keys, new password, again.

Example:
  fido-unlock desk password --desk desk/ --operator olga")]
    Password {
        /// Where and who.
        #[command(flatten)]
        at: At,
    },
    /// Give an Administrator who cannot sign in another password, by the keys' passphrase alone
    #[command(after_help = "\
For the only Administrator, whom nobody else can help: others get a one-time code or a password from an
Administrator. The old password, passkeys and sessions are void. It is recorded with the note, every Administrator
is told, and until that has rested the Administrator approves nothing.

Standard input (--stdin): passphrase of the keys, new password, again.

Example:
  fido-unlock desk recover --desk desk/ --name anna --note \"lost both security keys\"")]
    Recover {
        /// The help desk's folder
        #[arg(long, value_name = "DIR")]
        desk: PathBuf,
        /// The Administrator
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What had happened; every Administrator reads it
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Let a change that rests take effect now: another Administrator than who made it
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk approve --desk desk/ --operator second --operator-change olga --reason \"on call tonight\"")]
    #[command(group(clap::ArgGroup::new("change").required(true).args(["operator_change", "user_change"])))]
    Approve {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The operator whose rights rest
        #[arg(long, value_name = "NAME")]
        operator_change: Option<String>,
        /// The user whose lower class rests
        #[arg(long, value_name = "ID")]
        user_change: Option<String>,
        /// Why it cannot wait
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Add a user or change one (an Administrator's right)
    #[command(after_help = "\
A new user is ordinary. Without --privileged or --ordinary the class of one who is there stays as it is. A lower
class rests.

Standard input (--stdin): operator's password, passphrase of the keys.

Examples:
  fido-unlock desk add-user --desk desk/ --operator admin --user alice --name \"Alice Example\"
  fido-unlock desk add-user --desk desk/ --operator admin --user dora --name \"Dora Director\" --privileged")]
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
        #[arg(long, conflicts_with = "ordinary")]
        privileged: bool,
        /// Apply the rules for most users
        #[arg(long)]
        ordinary: bool,
    },
    /// Erase all that is known of a user; the log keeps a number (an Administrator's right)
    #[command(after_help = "\
Copies still have it: backups of the database, desk.sqlite.before-restore, and notices.jsonl.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk erase-user --desk desk/ --operator admin --user alice")]
    EraseUser {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The user's id
        #[arg(long, value_name = "ID")]
        user: String,
    },
    /// List operators (an Administrator's right), users or devices (the right to answer callers)
    #[command(after_help = "\
Users are listed by id, devices by their users' ids. A large desk gives them in pages: --limit so many users,
and --after the last one of the page before, as \"next\" has it with --json.

Standard input (--stdin): operator's password, passphrase of the keys.

Examples:
  fido-unlock desk list operators --desk desk/ --operator admin
  fido-unlock desk list users --desk desk/ --operator olga --limit 100 --after alice
  fido-unlock desk list devices --desk desk/ --operator olga --json")]
    List {
        /// What
        #[arg(value_enum)]
        what: Listed,
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// Begin behind this user
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// At most so many users
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: Option<u32>,
    },
    /// Sign in at a console by your browser, and keep the access token that it gives
    #[command(after_help = "\
An address is printed: open it in your browser, on this computer, where you sign in as always and allow it. The
token ends after a working day; it is kept in the user's state folder, where nobody else can read it, and the other
commands take it from there. The console lists it under Your account.

Examples:
  fido-unlock desk sign-in --desk https://desk.example.com
  fido-unlock desk sign-in --desk https://desk.example.com --scope unlock --scope devices")]
    SignIn {
        /// Where.
        #[command(flatten)]
        at: At,
        /// What it is for; default: unlock
        #[arg(long, value_enum)]
        scope: Vec<ScopeName>,
    },
    /// End the access token that `desk sign-in` keeps
    #[command(after_help = "Example:\n  fido-unlock desk sign-out --desk https://desk.example.com")]
    SignOut {
        /// Where.
        #[command(flatten)]
        at: At,
    },
    /// Find users by any part of name, id, address or Device ID (the right to answer callers, or to manage devices)
    #[command(after_help = "\
The closest are first, 50 at most. The text is recorded; --typing is for who shows results while a text is being
typed: what is then opened is recorded, not each letter. It is for an address as --desk.

Standard input (--stdin), at a folder: operator's password, passphrase of the keys.

Examples:
  fido-unlock desk find --desk desk/ --operator olga alice
  fido-unlock desk find --desk https://desk.example.com --typing al --json")]
    Find {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The text
        text: String,
        /// It is not all typed yet
        #[arg(long)]
        typing: bool,
    },
    /// Register devices that another station enrolled, from its CSV file
    #[command(after_help = "\
Columns: device_id,user,suite,slot,issuer,device_key,label, as `enroll --issuer` prints them. While a line cannot
be read nothing is registered; a device that the desk refuses keeps no other out.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk import --desk desk/ --operator admin devices.csv")]
    Import {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The CSV file
        file: PathBuf,
        /// Say what would be registered and what would not; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Add users and change those who are there, from a CSV file (an Administrator's right)
    #[command(after_help = "\
Columns: id,name,class,mail,telephone,manager. The class is ordinary or privileged. What is empty stays as it is; a
new user without a class is ordinary. Nobody is removed. While a line cannot be read nothing is changed.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk import-users --desk desk/ --operator admin --dry-run users.csv")]
    ImportUsers {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The CSV file
        file: PathBuf,
        /// Say what would be changed, row by row; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy the database while the desk goes on working
    #[command(after_help = "\
The keys are not in it: `issuer backup`.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk backup --desk desk/ --operator admin --to desk-2026-12-01.sqlite")]
    Backup {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a backup in the place of the database, and go on from it (an Administrator's right)
    #[command(after_help = "\
What was written after the backup is lost. Requests and sessions end, changes rest again, and the first
code for each device needs a second operator. Nothing is replaced before operator and password, as the
backup knows them, are right. The database that was there stays, as desk.sqlite.before-restore. Stop
every other program that works on this desk first. Nothing is written where the backup lies. If the
computer goes off meanwhile, the next command says how to go on.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk restore --desk desk/ --operator admin --from desk-2026-12-01.sqlite --note \"the disk broke\"")]
    Restore {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The backup; without it, desk.sqlite is one that was put there already
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// What happened
        #[arg(long, value_name = "TEXT")]
        note: String,
        /// This computer's clock is right, although the backup's last entry is later
        #[arg(long)]
        accept_clock: bool,
    },
    /// Show a device: owner, codes that may still be good, and to who manages devices what happened to it
    #[command(after_help = "\
Standard input (--stdin), at a folder: operator's password, passphrase of the keys.

Examples:
  fido-unlock desk device --desk desk/ --operator olga --device-id 000G-40R4-0M30-E209-B3VD
  fido-unlock desk device --desk https://desk.example.com --device-id 000G-40R4-0M30-E209-B3VD")]
    Device {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The Device ID
        #[arg(long, value_name = "CODE")]
        device_id: String,
    },
    /// Take a device out of use; it can no longer be unlocked
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

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
    /// Show licence, open codes and alarms, and to an Administrator what each of them is told
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk status --desk desk/ --operator olga")]
    Status {
        /// Where and who.
        #[command(flatten)]
        at: At,
    },
    /// Record that the user has unlocked the device
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk done --desk desk/ --operator olga --request BW64-GRYH-PWN9-W56P-RW2T")]
    Done(Close),
    /// Record that the unlock was abandoned; the code may still be good
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock desk abandon --desk desk/ --operator olga --request BW64-GRYH-PWN9-W56P-RW2T")]
    Abandon(Close),
    /// Accept a clock that is behind the log because it had been ahead (an Administrator's right)
    #[command(after_help = "\
Standard input (--stdin): operator's password, passphrase of the keys.

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
Standard input (--stdin): operator's password, passphrase of the keys.

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
    #[arg(long, value_name = "CODE")]
    pub request: String,
}

/// `licence`.
#[derive(Debug, Subcommand)]
pub enum Licence {
    /// Make the key that licences are signed with
    #[command(after_help = "\
The public half is printed, for `desk init --vendor`, and written to FILE.pub beside the key, by which `licence
sign` knows the key's name. Whoever has the key file and its passphrase decides how
many devices a desk may have.

Standard input (--stdin): passphrase of the key, again.

Example:
  fido-unlock licence generate --name vendor.example --key vendor.age > vendor.pub")]
    Generate {
        /// The key's name, a domain as a rule
        #[arg(long)]
        name: String,
        /// The key file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Sign a licence
    #[command(after_help = "\
Standard input (--stdin): passphrase of the key.

Example:
  fido-unlock licence sign --name vendor.example --key vendor.age --holder \"Example Corp\" \\
      --devices 500 --days 365 --contact licences@vendor.example > licence.txt")]
    Sign {
        /// The key's name
        #[arg(long)]
        name: String,
        /// The key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// For whom
        #[arg(long, value_name = "TEXT")]
        holder: String,
        /// How many devices it covers
        #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
        devices: u32,
        /// How long it is valid, in days from now
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..))]
        days: u32,
        /// Whom to ask for a new one
        #[arg(long, value_name = "TEXT")]
        contact: String,
    },
}

/// What an access token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScopeName {
    /// Answer callers
    Unlock,
    /// List, register and retire devices
    Devices,
    /// Read the log
    Audit,
}

impl ScopeName {
    /// Core's name of it.
    pub const fn to_core(self) -> Scope {
        match self {
            Self::Unlock => Scope::Unlock,
            Self::Devices => Scope::Devices,
            Self::Audit => Scope::Audit,
        }
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum OnOff {
    On,
    Off,
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Listed {
    Operators,
    Users,
    Devices,
}

/// Roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Every privilege
    Administrator,
    /// Unlock, devices and downloads
    DeviceServiceAdministrator,
}

/// Privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrivilegeName {
    /// Answer callers
    Unlock,
    /// Fetch the programs that users install, where a service offers them; no command of this program does
    Downloads,
    /// Register, rotate and retire devices
    ManageDevices,
    /// Users, operators, alarms, the service switch, keys
    Administer,
    /// Read, export and sign the audit log
    Audit,
}

impl RoleName {
    /// Core's name of it.
    pub const fn to_core(self) -> Role {
        match self {
            Self::Administrator => Role::Administrator,
            Self::DeviceServiceAdministrator => Role::DeviceServiceAdministrator,
        }
    }
}

impl PrivilegeName {
    /// Core's name of it.
    pub const fn to_core(self) -> Privilege {
        match self {
            Self::Unlock => Privilege::Unlock,
            Self::Downloads => Privilege::Downloads,
            Self::ManageDevices => Privilege::ManageDevices,
            Self::Administer => Privilege::Administer,
            Self::Audit => Privilege::Audit,
        }
    }
}

/// The name that the command line has for a role.
pub fn role_name(role: Role) -> String {
    value_name(|name: &RoleName| name.to_core() == role)
}

/// The name that the command line has for a privilege.
pub fn privilege_name(privilege: Privilege) -> String {
    value_name(|name: &PrivilegeName| name.to_core() == privilege)
}

fn value_name<V: ValueEnum>(is: impl Fn(&V) -> bool) -> String {
    let found = V::value_variants().iter().find(|value| is(value));
    let found = found.and_then(ValueEnum::to_possible_value);
    found.map_or_else(
        || "of a later version".into(),
        |value| value.get_name().to_owned(),
    )
}

/// Which entries of the log are wanted.
#[derive(Args, Debug)]
pub struct Filter {
    /// From this day on (UTC), such as 2026-11-30
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Until this day, with it
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// By this operator, or about this person's number
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// About this device
    #[arg(long, value_name = "CODE")]
    pub device_id: Option<String>,
    /// Of this kind
    #[arg(long, value_name = "EVENT")]
    pub event: Option<String>,
}

impl Filter {
    /// Whether anything is left out.
    pub fn is_any(&self) -> bool {
        let Self {
            from,
            until,
            by,
            device_id,
            event,
        } = self;
        [from, until, by, device_id, event]
            .into_iter()
            .any(Option::is_some)
    }
}

/// `audit`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check every entry of the log, and every row; only a checkpoint can show that all of it was rewritten
    #[command(after_help = "\
A row that somebody changed, added or took out is named by its table and key (713). The desk goes on meanwhile.

Standard input (--stdin): passphrase of the keys.

Examples:
  fido-unlock audit verify --desk desk/
  fido-unlock audit verify --desk desk/ --checkpoint cp1.txt --checkpoint-key checkpoint.pub
  fido-unlock audit verify --export log/ --checkpoint-key checkpoint.pub")]
    #[command(group(clap::ArgGroup::new("log").required(true).args(["desk", "export"])))]
    Verify {
        /// The help desk's folder
        #[arg(long, value_name = "DIR")]
        desk: Option<PathBuf>,
        /// A folder that `audit export` wrote, instead of a help desk's; asks for nothing
        #[arg(long, value_name = "DIR", requires = "checkpoint_key")]
        export: Option<PathBuf>,
        /// A checkpoint that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// The public key that checkpoints are signed with, kept elsewhere; default: the desk's copy
        #[arg(long, value_name = "FILE")]
        checkpoint_key: Option<PathBuf>,
    },
    /// Write the log to a folder that can be verified without the desk (the right to audit)
    #[command(after_help = "\
The folder has the layout of c2sp.org/tlog-tiles. Without --texts it names nobody: people are numbers, and
texts are salted hashes.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock audit export --desk desk/ --operator admin --to log/")]
    Export {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The folder, new or empty
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Write reasons, searches and notes beside the entries
        #[arg(long)]
        texts: bool,
    },
    /// Show the log's entries, with the names that are still known (the right to audit)
    #[command(after_help = "\
A filter is for an address as --desk; what is not filtered is read whole. Each entry is shown as it stands in the
log: docs/protocol/audit.md has the events' names.

Standard input (--stdin), at a folder: operator's password, passphrase of the keys.

Examples:
  fido-unlock audit show --desk desk/ --operator admin --last 20
  fido-unlock audit show --desk https://desk.example.com --from 2026-11-01 --event CodeMade --json")]
    Show {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// Only the last N
        #[arg(long, value_name = "N")]
        last: Option<u64>,
        /// Which entries.
        #[command(flatten)]
        filter: Filter,
    },
    /// Sign the log's current state; keep the file where the log's administrator cannot write
    #[command(after_help = "\
The file is a signed note (c2sp.org/tlog-checkpoint), which other programs verify too.

Standard input (--stdin): operator's password, passphrase of the keys.

Example:
  fido-unlock audit checkpoint --desk desk/ --operator admin --out cp1.txt")]
    Checkpoint {
        /// Where and who.
        #[command(flatten)]
        at: At,
        /// The file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write the proof that an entry is in the log (c2sp.org/tlog-proof)
    #[command(after_help = "\
The entry's own bytes are written beside it, as FILE.entry. With an address as --desk the proof is by the
newest checkpoint that the desk has signed, which is in it.

Standard input (--stdin), at a folder: passphrase of the keys.

Examples:
  fido-unlock audit prove --desk desk/ --entry 20 --checkpoint cp1.txt --out entry20.proof
  fido-unlock audit prove --desk https://desk.example.com --entry 20 --out entry20.proof")]
    Prove {
        /// The help desk's folder, or its console's address
        #[arg(long, value_name = "DIR|URL")]
        desk: PathBuf,
        /// The entry's number
        #[arg(long, value_name = "N")]
        entry: u64,
        /// A checkpoint that covers it; required at a folder
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The proof's file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// By which an address is spoken to.
        #[command(flatten)]
        service: ServiceOptions,
    },
    /// Check a proof against the public key of checkpoints; needs no help desk
    #[command(after_help = "\
Example:
  fido-unlock audit check-proof --proof entry20.proof --entry entry20.proof.entry \\
      --checkpoint-key checkpoint.pub")]
    CheckProof {
        /// The proof
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        /// The entry's bytes
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
        /// The public key that checkpoints are signed with
        #[arg(long, value_name = "FILE")]
        checkpoint_key: PathBuf,
    },
}
