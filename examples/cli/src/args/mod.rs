//! The command line. Nothing secret is ever an argument.

mod administration;
mod help_desk;
mod place;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use administration::*;
pub use help_desk::*;
pub use place::Named;

const ABOUT: &str = "Unlocks a FIDO2 authenticator whose PIN is blocked, without a reset";
const AFTER: &str = "\
The user's side:       devices, diagnose, info, challenge, unlock
The help desk's side:  desk, issuer, enroll, respond, block-pin, audit, code
The vendor's side:     licence
To try it out:         mock, with --mock FILE on every command

Exit codes: 0 done, 10 device, 20 code, 30 PIN, 40 policy, 50 transport, 60 signer, 70 store,
80 command line or this program. Every error has its own number: docs/errors.md.

Examples:
  fido-unlock diagnose
  fido-unlock challenge
  fido-unlock unlock
  fido-unlock --mock key.bin mock new";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "fido-unlock", version, about = ABOUT, after_help = AFTER)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Use the software authenticator in FILE instead of a real device; it protects nothing
    #[arg(long, global = true, value_name = "FILE")]
    pub mock: Option<PathBuf>,
    /// How to talk to the software authenticator
    #[arg(long, global = true, value_enum, default_value_t = MockWay::Hid, hide = true)]
    pub mock_transport: MockWay,
    /// The device with this path, name or Device ID, as `devices` lists it; required if there are several
    #[arg(long, global = true, value_name = "DEVICE")]
    pub device: Option<String>,
    /// The interface for diagnose, info, challenge and unlock; auto tries the vendor's, then FIDO's
    #[arg(long, global = true, value_enum, default_value_t = InterfaceChoice::Auto)]
    pub interface: InterfaceChoice,
    /// Print one JSON object on standard output, errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// Read PINs, codes, passwords and passphrases from standard input, one per line, in the order
    /// that each command's help gives; ask for nothing else
    #[arg(long, global = true, alias = "pin-stdin")]
    pub stdin: bool,
}

/// How the software authenticator is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "a documented value makes each command's help long")]
pub enum MockWay {
    Hid,
    Nfc,
}

/// Which interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "a documented value makes each command's help long")]
pub enum InterfaceChoice {
    Auto,
    Fido,
    Vendor,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the visible devices, each once, however many routes lead to it
    #[command(after_help = "\
Each key is asked only for its Device ID. A key that is plugged in and also lies on a reader counts as
one device.

Examples:
  fido-unlock devices
  fido-unlock devices --watch --json")]
    Devices {
        /// Report what comes and goes, until Ctrl-C; with --json one object per line
        #[arg(long)]
        watch: bool,
    },
    /// Say in one sentence what state the device is in and what to do; changes nothing
    #[command(after_help = "\
With --desk or --issuer, it also tells you if the device holds another issuer's key.

Examples:
  fido-unlock diagnose
  fido-unlock diagnose --desk desk/ --json")]
    Diagnose(Diagnose),
    /// Show everything that the device tells about itself; changes nothing
    #[command(after_help = "Example:\n  fido-unlock info --interface fido")]
    Info,
    /// Show the Device ID and Device Challenge to read to the help desk
    #[command(after_help = "\
The same challenge is shown again until it is used or --renew makes a new one, which needs a touch
and voids the Response Code for the old one. The session file keeps what was shown for `unlock`: it
is beside the --mock file, or in fido-unlock/ in the user's state folder. It holds no secret.

Examples:
  fido-unlock challenge
  fido-unlock challenge --speak
  fido-unlock challenge --renew")]
    Challenge(Challenge),
    /// Type the Response Code and a new PIN, twice; every credential is kept
    #[command(after_help = "\
Before anything is sent, the challenge is fetched again and compared with the one that `challenge`
showed: if it was used or renewed, you are told that the code is void. If the answer is lost, do not
try again: `unlock --resolve` asks the device what happened.

Standard input (--stdin): Response Code (four lines in suite 1), new PIN, new PIN again.

Examples:
  fido-unlock unlock
  fido-unlock unlock --resolve")]
    Unlock(Unlock),
    /// Enrol a device with the issuer's public key, and seal it
    #[command(after_help = "\
With --desk the device is enrolled with the desk's current keys, registered for --user, and probed to
see that an unlock would work. With --issuer the public keys come from files that `issuer show
--public` wrote, nothing is registered, and a CSV row for `desk import` is printed. A device that has
a PIN or credentials can be enrolled only with --with-pin.

With a console's address as --desk the public keys come from there, and each device is registered there, with
--watch too; it is not probed, since no key that could unlock it is here. --with-pin makes the device ask its owner
for another PIN, where it knows how.

With --watch each key that is put in is enrolled, until Ctrl-C: its row is added to the --csv file, and
is on disk before you are told to take the key out. Nothing is registered; `desk import` does that.
With --desk each key is probed. A key that is already enrolled is reported and left alone, a key that
fails is reported with its error, and the next one can follow. Suites 1 and 2 only.

Standard input (--stdin): with --desk, operator's password, passphrase of the keys; then for each key,
with --watch but without --users, its owner's id, and with --with-pin the device's PIN.

Examples:
  fido-unlock enroll --desk desk/ --operator admin --user alice
  fido-unlock enroll --desk desk/ --operator admin --user bob --new-user \"Bob Example\"
  fido-unlock enroll --desk desk/ --operator admin --user alice --suite 3
  fido-unlock enroll --desk https://desk.example.com --user alice --label \"Example Key 5\"
  fido-unlock enroll --issuer issuer.json --user alice
  fido-unlock enroll --watch --desk desk/ --operator admin --csv devices.csv
  fido-unlock enroll --watch --issuer issuer.json --users names.txt --csv devices.csv")]
    Enroll(Enroll),
    /// Block a forgotten PIN on purpose, so that the device can be unlocked
    #[command(after_help = "\
For a device that is at the desk. It is probed first: if an unlock would not work, nothing is done. Then
its tries are used up. A device takes three tries each time it is plugged in, so plug it in again and
repeat the command until the PIN is blocked. Then: `challenge`, `respond`, `unlock`. Suites 1 and 2 only.

Standard input (--stdin): operator's password, passphrase of the keys; --yes is required.

Example:
  fido-unlock block-pin --desk desk/ --operator olga")]
    BlockPin(BlockPin),
    /// Answer a caller: sign in, find the user, verify the caller, enter the challenge, give the code
    #[command(after_help = "\
The Response Code is shown once, after its audit record is on disk. It does not expire on the device:
it is good until it is used or the device makes a new challenge. Record the outcome with `desk done`
or `desk abandon`.

What is not an option is asked in this order: user, reason, how the caller was verified (only what the
rules accept for this user), what was seen or heard, Device Challenge, the second operator's password.

A call that broke off is gone on with by --request: what was entered is kept, and only what is missing is
asked. Another operator's request is taken over, and the caller verified again.

Standard input (--stdin): operator's password, passphrase of the keys, Device Challenge (with --request an
empty line, or the end, keeps the one that was entered), with --approver that operator's password.
Everything else must then be given as an option.

Examples:
  fido-unlock respond --desk desk/ --operator olga
  fido-unlock respond --desk desk/ --operator olga --user alice --method call-back \\
      --statement \"called the number on record\" --reason T-1001
  fido-unlock respond --desk desk/ --operator olga --device-id 000G-40R4-0M30-E209-B3VD
  fido-unlock respond --desk desk/ --operator olga --request BW64-GRYH-PWN9-W56P-RW2T")]
    Respond(Respond),
    /// The issuer's keys, by slot
    #[command(subcommand)]
    Issuer(Issuer),
    /// The help desk's folder: set up, operators, users, licence, outcomes
    #[command(subcommand)]
    Desk(Desk),
    /// The help desk's audit log
    #[command(subcommand)]
    Audit(Audit),
    /// The vendor's part: the licences of help desks
    #[command(subcommand)]
    Licence(Licence),
    /// Check a code, or spell it for the telephone
    #[command(subcommand)]
    Code(Code),
    /// Prepare and test the software authenticator of --mock FILE
    #[command(subcommand)]
    Mock(Mock),
    /// Print completions for a shell
    #[command(after_help = "\
Example:
  fido-unlock completions bash > ~/.local/share/bash-completion/completions/fido-unlock")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// `diagnose`.
#[derive(Args, Debug)]
pub struct Diagnose {
    /// A help desk's folder: its keys count as your own
    #[arg(long, value_name = "DIR")]
    pub desk: Option<PathBuf>,
    /// A file that `issuer show --public` wrote: that key counts as your own
    #[arg(long, value_name = "FILE")]
    pub issuer: Vec<PathBuf>,
    /// A file that `issuer list --signed` wrote: its keys count as your own
    #[arg(long, value_name = "FILE", requires = "issuer_list_key")]
    pub issuer_list: Option<PathBuf>,
    /// The help desk's checkpoint.pub, by which the list is checked
    #[arg(long, value_name = "FILE", requires = "issuer_list")]
    pub issuer_list_key: Option<PathBuf>,
}

/// `challenge`.
#[derive(Args, Debug)]
pub struct Challenge {
    /// The key slot; default: the lowest above 0
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=15))]
    pub slot: Option<u8>,
    /// Make a new challenge; this voids the Response Code for the old one
    #[arg(long)]
    pub renew: bool,
    /// Also spell both codes
    #[arg(long)]
    pub speak: bool,
    /// The session file
    #[arg(long, value_name = "FILE")]
    pub session: Option<PathBuf>,
}

/// `unlock`.
#[derive(Args, Debug)]
pub struct Unlock {
    /// Only find out what happened to an unlock whose answer was lost
    #[arg(long)]
    pub resolve: bool,
    /// The session file
    #[arg(long, value_name = "FILE")]
    pub session: Option<PathBuf>,
    /// Rules for the new PIN.
    #[command(flatten)]
    pub rules: PinOptions,
}

/// Rules for the new PIN in addition to the device's own.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules for the new PIN (6 to 63 letters and digits unless changed)")]
pub struct PinOptions {
    /// Shortest PIN, in characters; never below 6
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub pin_minimum: usize,
    /// Allow symbols and spaces
    #[arg(long)]
    pub pin_symbols: bool,
    /// Allow every character that is not a control character
    #[arg(long)]
    pub pin_unicode: bool,
    /// Refuse sequences and repeats
    #[arg(long)]
    pub pin_refuse_trivial: bool,
    /// Refuse the PINs in this file, one per line
    #[arg(long, value_name = "FILE")]
    pub pin_block_list: Option<PathBuf>,
}

/// `code`.
#[derive(Debug, Subcommand)]
pub enum Code {
    /// Say what a code is, or which group of it is wrong
    #[command(after_help = "\
You are asked for the code, and it is not shown, since it may be a Response Code.
A code of 32 hexadecimal digits (suite 3) has no check: only its length and digits can be checked.

Standard input (--stdin): the code; of four lines, all four.

Example:
  fido-unlock code check")]
    Check,
    /// Spell a code for the telephone, group by group
    #[command(after_help = "\
Standard input (--stdin): the code; of four lines, all four.

Example:
  fido-unlock code speak")]
    Speak,
}

/// `mock`.
#[derive(Debug, Subcommand)]
pub enum Mock {
    /// Make a software authenticator in the --mock file
    #[command(after_help = "Example:\n  fido-unlock --mock key.bin mock new")]
    New {
        /// Replace an existing file
        #[arg(long)]
        force: bool,
    },
    /// Make a passkey; sets the PIN first, if there is none
    #[command(after_help = "\
The relying party's record (credential id and public key) is kept in FILE.passkeys.json; `mock
sign-in` uses nothing else.

Standard input (--stdin): the PIN.

Example:
  fido-unlock --mock key.bin mock make-passkey --rp example.com --name alice")]
    MakePasskey {
        /// The relying party's domain
        #[arg(long, default_value = "example.com")]
        rp: String,
        /// The account's name there
        #[arg(long, default_value = "user")]
        name: String,
    },
    /// Type wrong PINs until the PIN is blocked for good
    #[command(after_help = "Example:\n  fido-unlock --mock key.bin mock lock")]
    Lock,
    /// Sign in with every passkey, and verify each signature with the public key stored at registration
    #[command(after_help = "\
Standard input (--stdin): the PIN.

Example:
  fido-unlock --mock key.bin mock sign-in")]
    SignIn {
        /// Only at this relying party
        #[arg(long)]
        rp: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Words as a shell splits them, as far as the examples go: double quotes, comments, redirections.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for character in line.chars() {
            match character {
                '"' => quoted = !quoted,
                '#' | '>' if !quoted => break,
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().unwrap().push(other),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// Every example line of a text, continuation lines joined.
    fn examples(text: &str) -> Vec<String> {
        let joined = text.replace("\\\n", " ");
        let lines = joined.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with("fido-unlock "))
            .map(str::to_owned)
            .collect()
    }

    fn pages() -> Vec<String> {
        vec![
            include_str!("../../README.md").to_owned(),
            include_str!("../../../../docs/for-help-desks.md").to_owned(),
        ]
    }

    fn helps(command: &clap::Command, texts: &mut Vec<String>) {
        texts.extend(command.get_after_help().map(ToString::to_string));
        command.get_subcommands().for_each(|sub| helps(sub, texts));
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_example_is_taken() {
        let mut texts = pages();
        helps(&Cli::command(), &mut texts);
        let examples: Vec<String> = texts.iter().flat_map(|text| examples(text)).collect();
        assert!(examples.len() > 50, "{}", examples.len());
        for example in examples {
            assert!(Cli::try_parse_from(words(&example)).is_ok(), "{example}");
        }
    }

    /// An example that is taken literally says that there is no such thing, not that it is mistyped.
    #[test]
    fn every_number_in_an_example_is_typed_right() {
        let mut texts = pages();
        helps(&Cli::command(), &mut texts);
        let examples: Vec<Vec<String>> = texts
            .iter()
            .flat_map(|text| examples(text))
            .map(|line| words(&line))
            .collect();
        let after = |option: &str| {
            let all = examples.iter().flat_map(|words| words.windows(2));
            all.filter(|pair| pair[0] == option)
                .map(|pair| pair[1].clone())
                .collect::<Vec<_>>()
        };
        let (requests, devices) = (after("--request"), after("--device-id"));
        assert!(
            requests.len() >= 4 && devices.len() >= 2,
            "{requests:?} {devices:?}"
        );
        for request in requests {
            let read = fido_unlock::desk::RequestId::parse(&request);
            assert!(read.is_ok(), "{request}: {read:?}");
        }
        for device in devices {
            let read = fido_unlock::DeviceId::parse(&device);
            assert!(read.is_ok(), "{device}: {read:?}");
        }
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            let mut subcommands = command.get_subcommands().peekable();
            if subcommands.peek().is_none() {
                let help = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(help.contains("Example"), "{}", command.get_name());
            }
            subcommands.for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn the_readme_has_every_exit_code() {
        use fido_unlock::ErrorCode;
        for code in ErrorCode::ALL {
            let family = code.family();
            let name = if family.name() == "pin" {
                "PIN"
            } else {
                family.name()
            };
            let hundreds = code.number() / 100;
            let row = format!("| {} | {name} | {hundreds}00–{hundreds}99 |", family.exit_code());
            assert!(include_str!("../../README.md").contains(&row), "{row}");
        }
    }
}
