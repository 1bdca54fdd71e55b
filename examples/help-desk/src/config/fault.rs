//! What is wrong with the configuration, where, and what to do.

use core::fmt;
use std::path::{Path, PathBuf};

use fido_unlock::Shown;

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a line of the file, from 1.
    Line(PathBuf, usize),
    /// In the file as a whole.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
    /// Nowhere: it is the default.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| Shown(&path.display().to_string()).to_string();
        match self {
            Self::Line(path, line) => write!(f, "{}, line {line}", shown(path)),
            Self::File(path) => f.write_str(&shown(path)),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next_step: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, next) = (Shown(&self.what), Shown(&self.next_step));
        write!(f, "{}: {what}\n  {next}", self.place)
    }
}

/// All that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ConfigFault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl core::error::Error for ConfigFaults {}

impl From<ConfigFault> for ConfigFaults {
    fn from(fault: ConfigFault) -> Self {
        Self(vec![fault])
    }
}
