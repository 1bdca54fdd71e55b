//! The configuration: one TOML file, environment variables before it, and what is wrong with them, by line.
//!
//! `help-desk.example.toml` is the list of the settings: the names of the variables are made of it, and a test compares
//! it with what is read.

mod check;
mod fault;
mod file;

use std::borrow::Cow;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fido_unlock::text;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

pub use self::fault::{ConfigFault, ConfigFaults, Place};
use self::file::{File, NOWHERE};
use crate::site::Site;

/// Every setting, with what it means.
pub const EXAMPLE: &str = include_str!("../../help-desk.example.toml");
/// How the variables of settings begin.
const PREFIX: &str = "HELP_DESK_";
/// Variables of that beginning that are no settings: the file's own name, and the tests' folder for pictures.
const OTHER_VARIABLES: [&str; 2] = ["HELP_DESK_CONFIG", "HELP_DESK_SCREENSHOTS"];
/// The longest file, in bytes.
const LONGEST: usize = 64 * 1024;

/// What the service is told, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The desk's folder.
    pub desk: PathBuf,
    /// How browsers reach it.
    pub site: Site,
    /// Where the passphrase of the keys comes from.
    pub passphrase: PassphraseFrom,
    /// The folder of the programs that the page Downloads lists.
    pub packages: Option<PathBuf>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate and key; `None`: HTTP.
    pub tls: Option<TlsFiles>,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where health and metrics are answered.
    pub operations: Option<SocketAddr>,
    /// How it logs.
    pub log: LogSettings,
    /// What one client and all together may take.
    pub limits: Limits,
    /// How long answers that are under way have when it is to stop.
    pub stop: Duration,
}

/// Where the passphrase of the keys comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseFrom {
    /// The person at the terminal.
    Terminal,
    /// A credential of systemd's, by its name.
    Credential(String),
    /// A file.
    File(PathBuf),
}

/// Files of TLS, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain of certificates, the server's first.
    pub certificate: PathBuf,
    /// The private key of the first.
    pub key: PathBuf,
}

/// How it logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// As JSON, for machines.
    pub json: bool,
    /// From which level on.
    pub level: tracing::Level,
}

/// What one client and all together may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address in a minute, 1 or more.
    pub requests_per_minute: u32,
    /// Connections at once, 1 or more.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = file::Limits::default();
        Self {
            requests_per_minute: limits.requests_per_minute.into_inner(),
            connections: limits.connections.into_inner(),
        }
    }
}

/// Reads and checks a configuration. `variables`: the process's environment.
///
/// # Errors
/// All that is wrong with the form of the file, or else with its settings.
pub fn load(
    path: &Path,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Settings, ConfigFaults> {
    let source = Source {
        path,
        text: read(path)?,
        variables: overrides(variables)?,
    };
    check::settings(&source, source.file()?)
}

fn read(path: &Path) -> Result<String, ConfigFaults> {
    let fault = |what: String, next_step: &str| ConfigFault {
        place: Place::File(path.to_owned()),
        what,
        next_step: next_step.into(),
    };
    let bytes = std::fs::read(path).map_err(|error| {
        let next = "Give the file's path; `help-desk config-example` prints one to begin with.";
        fault(error.to_string(), next)
    })?;
    if bytes.len() > LONGEST {
        return Err(fault("it is longer than 64 KiB".into(), "Give the configuration.").into());
    }
    let read = text::read(&bytes).map_err(|error| fault(error.to_string(), "Save it as UTF-8."))?;
    Ok(read.to_string())
}

/// A variable that takes a setting's place.
struct Override {
    variable: String,
    setting: Vec<String>,
    value: String,
}

/// Of all variables those that are settings'.
fn overrides(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Override>, ConfigFaults> {
    let known: Vec<(String, Vec<String>)> = settings()
        .into_iter()
        .map(|setting| (variable(&setting), setting))
        .collect();
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let named = variables.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        (!OTHER_VARIABLES.contains(&name.as_str())).then_some((name, value))
    });
    for (name, value) in named {
        let setting = known.iter().find(|(variable, _)| *variable == name);
        match (setting, value.into_string()) {
            (Some((_, setting)), Ok(value)) => found.push(Override {
                variable: name,
                setting: setting.clone(),
                value,
            }),
            (Some(_), Err(_)) => faults.push(ConfigFault {
                place: Place::Variable(name),
                what: "its value is no text in UTF-8".into(),
                next_step: "Write it in UTF-8.".into(),
            }),
            (None, _) => faults.push(ConfigFault {
                place: Place::Variable(name),
                what: "no setting has this name".into(),
                next_step: "Take it away, or mend the name; `help-desk config-example` shows them all."
                    .into(),
            }),
        }
    }
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(ConfigFaults(faults))
    }
}

/// Every setting's name, by its parts, as the example has them.
fn settings() -> Vec<Vec<String>> {
    let mut names = Vec::new();
    // A test reads the example.
    if let Ok(table) = DeTable::parse(EXAMPLE) {
        collect(table.get_ref(), &[], &mut names);
    }
    names
}

fn collect(table: &DeTable<'_>, above: &[String], names: &mut Vec<Vec<String>>) {
    for (key, value) in table {
        let mut name = above.to_vec();
        name.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) => collect(inner, &name, names),
            _ => names.push(name),
        }
    }
}

fn variable(setting: &[String]) -> String {
    let name = setting.join("_").to_uppercase().replace('-', "_");
    format!("{PREFIX}{name}")
}

/// A configuration's text and variables.
struct Source<'a> {
    path: &'a Path,
    text: String,
    variables: Vec<Override>,
}

impl Source<'_> {
    /// The settings as they are given.
    fn file(&self) -> Result<File, ConfigFaults> {
        let mut table = DeTable::parse(&self.text).map_err(|error| self.form(&error))?;
        for (number, given) in self.variables.iter().enumerate() {
            put(table.get_mut(), given, self.mark(number));
        }
        File::deserialize(Deserializer::from(table)).map_err(|error| self.form(&error).into())
    }

    /// The place that stands for a variable: behind the text.
    fn mark(&self, number: usize) -> Range<usize> {
        let at = self.text.len() + 1 + number;
        at..at + 1
    }

    fn place(&self, span: &Range<usize>) -> Place {
        if *span == NOWHERE {
            return Place::Default;
        }
        let behind = span.start.checked_sub(self.text.len() + 1);
        if let Some(given) = behind.and_then(|number| self.variables.get(number)) {
            return Place::Variable(given.variable.clone());
        }
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Place::Line(self.path.to_owned(), line)
    }

    /// A path as it is meant: from the file's folder on.
    fn path_of(&self, given: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(given)
    }

    fn form(&self, error: &toml::de::Error) -> ConfigFault {
        let place = match error.span() {
            Some(span) if span != NOWHERE => self.place(&span),
            _ => Place::File(self.path.to_owned()),
        };
        ConfigFault {
            place,
            what: error.message().replace('\n', ", "),
            next_step: "Compare it with what `help-desk config-example` prints.".into(),
        }
    }
}

/// Puts a variable's value in its setting's place.
fn put<'a>(table: &mut DeTable<'a>, given: &'a Override, mark: Range<usize>) {
    let Some((last, sections)) = given.setting.split_last() else {
        return;
    };
    let mut table = table;
    for section in sections {
        let key = Spanned::new(mark.clone(), Cow::Borrowed(section.as_str()));
        let entry = table.entry(key);
        let inner = entry.or_insert_with(|| Spanned::new(mark.clone(), DeValue::Table(DeTable::new())));
        let DeValue::Table(inner) = inner.get_mut() else {
            // The file has something else there, which is refused as such.
            return;
        };
        table = inner;
    }
    let key = Spanned::new(mark.clone(), Cow::Borrowed(last.as_str()));
    table.remove(last.as_str());
    table.insert(key, Spanned::new(mark.clone(), value(&given.value, &mark)));
}

/// Numbers, lists and `true` are what they look like; all else is a text.
fn value<'a>(text: &'a str, mark: &Range<usize>) -> DeValue<'a> {
    let parsed = DeValue::parse(text).ok().map(Spanned::into_inner);
    match parsed {
        Some(DeValue::Array(array)) => DeValue::Array(
            array
                .into_iter()
                .map(|item| Spanned::new(mark.clone(), item.into_inner()))
                .collect(),
        ),
        Some(other @ (DeValue::Integer(_) | DeValue::Boolean(_))) => other,
        _ => DeValue::String(Cow::Borrowed(text)),
    }
}

#[cfg(test)]
mod tests;
