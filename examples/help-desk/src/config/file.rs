//! The configuration as it is written: `help-desk.example.toml` says what each setting means.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

/// A setting and where it stands; [`NOWHERE`] for a default.
pub(super) type Given<T> = Spanned<T>;

/// Of what nobody has written.
pub(super) const NOWHERE: Range<usize> = 0..0;

fn default<T>(value: T) -> Given<T> {
    Spanned::new(NOWHERE, value)
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) desk: Given<String>,
    pub(super) site: Given<String>,
    #[serde(default = "ask")]
    pub(super) passphrase: Given<String>,
    #[serde(default = "nothing")]
    pub(super) packages: Given<String>,
    #[serde(default)]
    pub(super) listen: Listen,
    pub(super) tls: Option<Tls>,
    #[serde(default)]
    pub(super) proxy: Proxy,
    #[serde(default)]
    pub(super) operations: Operations,
    #[serde(default)]
    pub(super) log: Log,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) stop: Stop,
}

fn ask() -> Given<String> {
    default("ask".into())
}

fn nothing() -> Given<String> {
    default(String::new())
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    pub(super) address: Given<String>,
    pub(super) plain_http: Given<bool>,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: default("127.0.0.1:8080".into()),
            plain_http: default(false),
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: Given<String>,
    pub(super) key: Given<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Proxy {
    pub(super) trusted: Given<Vec<Given<String>>>,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            trusted: default(Vec::new()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Operations {
    pub(super) address: Given<String>,
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            address: default("127.0.0.1:9187".into()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    pub(super) format: Given<String>,
    pub(super) level: Given<String>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: default("text".into()),
            level: default("info".into()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) requests_per_minute: Given<u32>,
    pub(super) connections: Given<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_minute: default(600),
            connections: default(512),
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stop {
    pub(super) seconds: Given<u64>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { seconds: default(10) }
    }
}
