use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// What is wrong with a text, one fault a line, and the variables before it.
fn faults(text: &str, variables: &[(&str, &str)]) -> String {
    match loaded(text, variables) {
        Ok(settings) => panic!("{settings:?}"),
        Err(faults) => faults.to_string(),
    }
}

fn loaded(text: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigFaults> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("help-desk.toml");
    std::fs::write(&path, text).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    let read = load(&path, variables);
    let short = |place: &mut Place| {
        if let Place::Line(path, _) | Place::File(path) = place {
            *path = "c.toml".into();
        }
    };
    read.map_err(|mut faults| {
        faults.0.iter_mut().for_each(|fault| short(&mut fault.place));
        faults
    })
}

/// The least that a configuration says.
const LEAST: &str = "desk = \"desk\"\nsite = \"http://localhost:8080\"\n";

#[test]
fn the_example_is_right_and_has_every_setting() {
    loaded(EXAMPLE, &[]).unwrap();
    let file: File = toml::from_str(EXAMPLE).unwrap();
    // The names that the program reads, from what it has read.
    let mut read = BTreeSet::new();
    names(&serde_json::to_value(&file).unwrap(), "", &mut read);
    let shown: BTreeSet<String> = settings().iter().map(|name| name.join(".")).collect();
    assert_eq!(read, shown);
    assert!(read.contains("limits.requests_per_minute"), "{read:?}");
}

fn names(value: &Value, above: &str, found: &mut BTreeSet<String>) {
    let Value::Object(members) = value else {
        found.insert(above.into());
        return;
    };
    for (name, value) in members {
        let name = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        names(value, &name, found);
    }
}

#[test]
fn each_setting_is_explained_and_its_default_is_the_one_that_holds() {
    let default: File = toml::from_str(LEAST).unwrap();
    let default = serde_json::to_value(&default).unwrap();
    let mut section = String::new();
    let mut about = String::new();
    let mut seen = 0;
    for line in EXAMPLE.lines() {
        if let Some(text) = line.strip_prefix('#') {
            about.push_str(text);
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("/{name}");
            about.clear();
        } else if let Some((name, _)) = line.split_once(" = ") {
            assert!(!about.is_empty(), "nothing is said of {name}");
            let held = default.pointer(&format!("{section}/{name}"));
            match about.split_once("Default: ") {
                Some((_, said)) => {
                    let said: Value = serde_json::from_str(said.trim().trim_end_matches('.')).unwrap();
                    assert_eq!(held, Some(&said), "{section}/{name}");
                }
                None => assert!(["desk", "site", "certificate", "key"].contains(&name), "{name}"),
            }
            (about.clear(), seen += 1).1
        } else {
            about.clear();
        }
    }
    assert_eq!(seen, settings().len());
}

#[test]
fn what_is_left_out_has_its_default() {
    let settings = loaded(LEAST, &[]).unwrap();
    assert!(settings.desk.is_absolute() && settings.desk.ends_with("desk"));
    assert_eq!(settings.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(settings.passphrase, PassphraseFrom::Terminal);
    assert_eq!(settings.limits, Limits::default());
    assert!(settings.tls.is_none() && settings.trusted_proxies.is_empty());
}

#[test]
fn a_variable_comes_before_the_file_and_the_file_before_the_default() {
    let text = format!("{LEAST}[limits]\nconnections = 7\n");
    let settings = loaded(
        &text,
        &[
            ("HELP_DESK_LIMITS_REQUESTS_PER_MINUTE", "9"),
            ("HELP_DESK_LISTEN_ADDRESS", "[::1]:1"),
            ("HELP_DESK_PROXY_TRUSTED", "[\"192.0.2.7\"]"),
            ("HELP_DESK_OPERATIONS_ADDRESS", ""),
            ("HELP_DESK_CONFIG", "elsewhere"),
            ("PATH", "/bin"),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!(
        settings.limits,
        Limits {
            requests_per_minute: 9,
            connections: 7
        }
    );
    assert_eq!(settings.listen, "[::1]:1".parse().unwrap());
    assert_eq!(settings.trusted_proxies, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    assert_eq!(settings.operations, None);
    let settings = loaded(&text, &[("HELP_DESK_LIMITS_CONNECTIONS", "8")]).unwrap();
    assert_eq!(settings.limits.connections, 8);
}

#[test]
fn each_fault_names_its_line_or_variable_and_what_to_do() {
    for (text, said) in [
        ("desk = \"d\"\nsite = ", "c.toml, line 2: "),
        ("desk = \"d\"\n", "c.toml: missing field `site`"),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\nlisten = 3\n",
            "c.toml, line 3: ",
        ),
        (
            "site = \"http://localhost\"\ndesk = \"d\"\ndesks = 1\n",
            "c.toml, line 3: unknown field `desks`",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\n\n[limits]\nconnections = \"many\"\n",
            "c.toml, line 5: invalid type",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\n[limits]\nconnections = 0\n",
            "c.toml, line 4: 0 is not between 1 and 10000\n  Give a number",
        ),
        (
            "desk = \"\"\nsite = \"d.example\"\n",
            "c.toml, line 2: \"d.example\" is not an address",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\n[listen]\naddress = \"0.0.0.0:80\"\n",
            "c.toml, line 4: without [tls] other machines",
        ),
        (
            "desk = \"d\"\nsite = \"http://localhost\"\n[listen]\naddress = \"0.0.0.0:80\"\nplain_http = true\n",
            "c.toml, line 2: http:// is for this machine alone",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\n[listen]\naddress = \"0.0.0.0:80\"\nplain_http = true\n",
            "c.toml, line 5: plain_http = true, and [proxy] names no proxy that ends TLS",
        ),
        (
            "desk = \"d\"\nsite = \"http://localhost\"\n[tls]\ncertificate = \"c\"\nkey = \"k\"\n",
            "c.toml, line 2: it begins with http://, and there is [tls]\n  Write https://.",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\npassphrase = \"green lamps 4711\"\n",
            "never the passphrase itself",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\npassphrase = \"credential:../x\"\n",
            "c.toml, line 3: ",
        ),
        (
            "desk = \"d\"\nsite = \"https://d.example\"\n[proxy]\ntrusted = [\n  \"::1\",\n  \"proxy\",\n]\n",
            "c.toml, line 6: \"proxy\" is not an address",
        ),
    ] {
        let found = faults(text, &[]);
        assert!(found.contains(said), "{text}\n{found}");
    }
    let found = faults(LEAST, &[("HELP_DESK_LISTEN_ADDRESS", "here")]);
    assert!(
        found.starts_with("environment variable HELP_DESK_LISTEN_ADDRESS: \"here\""),
        "{found}"
    );
    let found = faults(LEAST, &[("HELP_DESK_LIMITS_CONNECTIONS", "many")]);
    assert!(
        found.starts_with("environment variable HELP_DESK_LIMITS_CONNECTIONS: invalid"),
        "{found}"
    );
    let found = faults(LEAST, &[("HELP_DESK_LISTEN_ADRESS", "127.0.0.1:1")]);
    assert!(
        found.contains("HELP_DESK_LISTEN_ADRESS: no setting has this name"),
        "{found}"
    );
    assert!(faults("", &[]).contains("c.toml"));
    // Two at once.
    let found = faults("desk = \"\"\nsite = \"x\"\n", &[]);
    assert_eq!(found.matches("c.toml, line").count(), 2, "{found}");
}

#[test]
fn a_passphrase_that_somebody_has_written_into_it_is_not_shown() {
    let text = format!("{LEAST}passphrase = \"green lamps 4711\"\n");
    assert!(!faults(&text, &[]).contains("green lamps"));
}

#[test]
fn a_file_in_another_encoding_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("help-desk.toml");
    let utf16: Vec<u8> = format!("\u{feff}{LEAST}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(&path, utf16).unwrap();
    load(&path, []).unwrap();
    std::fs::write(&path, b"desk = \"\xff\"").unwrap();
    assert!(
        load(&path, [])
            .unwrap_err()
            .to_string()
            .contains("Save it as UTF-8")
    );
}
