//! Whether the settings make sense, each and together; all that is wrong is told at once.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use tracing::Level;

use super::file::{File, Given};
use super::{ConfigFault, ConfigFaults, Limits, LogSettings, PassphraseFrom, Settings, Source, TlsFiles};
use crate::site::Site;

/// The most seconds that a stop may take: service managers wait 90.
const LONGEST_STOP: u64 = 80;
const MOST_CONNECTIONS: u32 = 10_000;
const MOST_REQUESTS: u32 = 100_000;
/// Where it would listen if the setting were right: nothing is done with it.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

struct Check<'a> {
    source: &'a Source<'a>,
    faults: Vec<ConfigFault>,
}

impl Check<'_> {
    fn fault(&mut self, span: &Range<usize>, what: impl Into<String>, next_step: impl Into<String>) {
        self.faults.push(ConfigFault {
            place: self.source.place(span),
            what: what.into(),
            next_step: next_step.into(),
        });
    }

    /// What `read` makes of a setting; where it makes nothing, that is a fault.
    fn read<T>(
        &mut self,
        given: &Given<String>,
        read: impl FnOnce(&str) -> Option<T>,
        what: &str,
        next_step: &str,
    ) -> Option<T> {
        let value = read(given.get_ref());
        if value.is_none() {
            let what = format!("{:?} {what}", given.get_ref());
            self.fault(&given.span(), what, next_step);
        }
        value
    }

    fn bounded(&mut self, given: &Given<u32>, most: u32) {
        if !(1..=most).contains(given.get_ref()) {
            let what = format!("{} is not between 1 and {most}", given.get_ref());
            self.fault(&given.span(), what, "Give a number between them.");
        }
    }
}

/// The settings, checked.
pub(super) fn settings(source: &Source<'_>, file: File) -> Result<Settings, ConfigFaults> {
    let mut check = Check {
        source,
        faults: Vec::new(),
    };
    if file.desk.get_ref().is_empty() {
        check.fault(
            &file.desk.span(),
            "no folder is named",
            "Give the folder that `fido-unlock desk init` made.",
        );
    }
    let listen = check.read(
        &file.listen.address,
        |text| text.parse().ok(),
        "is not an address and a port",
        "Give both, such as \"127.0.0.1:8080\" or \"[::]:443\".",
    );
    let site = site(&mut check, &file, listen.unwrap_or(NOWHERE));
    let passphrase = passphrase(source, file.passphrase.get_ref());
    if passphrase.is_none() {
        // What stands there may be the passphrase, so it is not shown.
        check.fault(
            &file.passphrase.span(),
            "it does not say where the passphrase comes from",
            "Give \"ask\", \"credential:NAME\" or \"file:PATH\"; never the passphrase itself.",
        );
    }
    let operations = operations(&mut check, &file.operations.address);
    let trusted_proxies = proxies(&mut check, &file.proxy.trusted);
    let log = log(&mut check, &file);
    check.bounded(&file.limits.requests_per_minute, MOST_REQUESTS);
    check.bounded(&file.limits.connections, MOST_CONNECTIONS);
    let stop = *file.stop.seconds.get_ref();
    if stop > LONGEST_STOP {
        check.fault(
            &file.stop.seconds.span(),
            format!("{stop} is more than {LONGEST_STOP}"),
            "Give fewer seconds: a service manager would end the service before.",
        );
    }
    let made = (|| {
        Some(Settings {
            desk: source.path_of(file.desk.get_ref()),
            site: site?,
            passphrase: passphrase?,
            packages: Some(file.packages.get_ref().as_str())
                .filter(|folder| !folder.is_empty())
                .map(|folder| source.path_of(folder)),
            listen: listen?,
            tls: file.tls.as_ref().map(|tls| TlsFiles {
                certificate: source.path_of(tls.certificate.get_ref()),
                key: source.path_of(tls.key.get_ref()),
            }),
            trusted_proxies,
            operations: operations?,
            log: log?,
            limits: Limits {
                requests_per_minute: *file.limits.requests_per_minute.get_ref(),
                connections: *file.limits.connections.get_ref(),
            },
            stop: Duration::from_secs(stop),
        })
    })();
    match made {
        Some(settings) if check.faults.is_empty() => Ok(settings),
        _ => Err(ConfigFaults(check.faults)),
    }
}

/// The address of the pages, and whether it is served as it says.
fn site(check: &mut Check<'_>, file: &File, listen: SocketAddr) -> Option<Site> {
    let site = match Site::of_url(file.site.get_ref()) {
        Ok(site) => site,
        Err(next_step) => {
            let what = format!("{:?} is not an address of this service", file.site.get_ref());
            check.fault(&file.site.span(), what, next_step);
            return None;
        }
    };
    let is_own = listen.ip().is_loopback();
    if file.tls.is_none() && !is_own && !file.listen.plain_http.get_ref() {
        check.fault(
            &file.listen.address.span(),
            "without [tls] other machines would be served without encryption",
            "Give [tls] a certificate and a key; or listen on this machine's own address (127.0.0.1); or, behind a proxy \
             that ends TLS, say plain_http = true.",
        );
    }
    if file.tls.is_none()
        && !is_own
        && *file.listen.plain_http.get_ref()
        && file.proxy.trusted.get_ref().is_empty()
    {
        check.fault(
            &file.listen.plain_http.span(),
            "plain_http = true, and [proxy] names no proxy that ends TLS: everybody could read what is typed, and all clients \
             would count as one",
            "Name the proxy's own address: [proxy] trusted = [\"192.0.2.7\"]; or give [tls]; or listen on this machine's \
             own address.",
        );
    }
    if file.tls.is_some() && *file.listen.plain_http.get_ref() {
        check.fault(
            &file.listen.plain_http.span(),
            "plain_http = true, and there is [tls]",
            "Take one of them away.",
        );
    }
    if file.tls.is_some() && !site.is_secure() {
        check.fault(
            &file.site.span(),
            "it begins with http://, and there is [tls]",
            "Write https://.",
        );
    }
    if !site.is_secure() && !is_own {
        check.fault(
            &file.site.span(),
            "http:// is for this machine alone, and other machines are served",
            "Write https:// and the name that browsers use.",
        );
    }
    Some(site)
}

fn passphrase(source: &Source<'_>, text: &str) -> Option<PassphraseFrom> {
    if text == "ask" {
        return Some(PassphraseFrom::Terminal);
    }
    let (kind, rest) = text.split_once(':')?;
    match (kind, rest) {
        (_, "") => None,
        // A name is a file's in systemd's folder, and nowhere else.
        ("credential", name) if !name.contains(['/', '\\']) && !name.starts_with('.') => {
            Some(PassphraseFrom::Credential(name.into()))
        }
        ("file", path) => Some(PassphraseFrom::File(source.path_of(path))),
        _ => None,
    }
}

fn operations(check: &mut Check<'_>, given: &Given<String>) -> Option<Option<SocketAddr>> {
    if given.get_ref().is_empty() {
        return Some(None);
    }
    let read = check.read(
        given,
        |text| text.parse().ok(),
        "is not an address and a port",
        "Give both, such as \"127.0.0.1:9187\"; or \"\" for nowhere.",
    );
    read.map(Some)
}

fn proxies(check: &mut Check<'_>, given: &Given<Vec<Given<String>>>) -> Vec<IpAddr> {
    let mut read = Vec::new();
    for proxy in given.get_ref() {
        read.extend(check.read(
            proxy,
            |text| text.parse::<IpAddr>().ok(),
            "is not an address",
            "Give each proxy's own address, such as \"192.0.2.7\".",
        ));
    }
    read
}

fn log(check: &mut Check<'_>, file: &File) -> Option<LogSettings> {
    let json = check.read(
        &file.log.format,
        |text| match text {
            "text" => Some(false),
            "json" => Some(true),
            _ => None,
        },
        "is no format",
        "Give \"text\" or \"json\".",
    );
    let level = check.read(
        &file.log.level,
        |text| match text {
            "error" => Some(Level::ERROR),
            "warn" => Some(Level::WARN),
            "info" => Some(Level::INFO),
            "debug" => Some(Level::DEBUG),
            _ => None,
        },
        "is no level",
        "Give \"error\", \"warn\", \"info\" or \"debug\".",
    );
    Some(LogSettings {
        json: json?,
        level: level?,
    })
}
