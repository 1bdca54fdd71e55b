//! Every command of "Running the console" in docs/for-help-desks.md, in its order.

use std::process::Command;

use crate::house::{Console, House};

const GUIDE: &str = include_str!("../../../../docs/for-help-desks.md");
/// What marks the commands of the console; the command line's have a test of their own.
const FENCE: &str = "```sh console";

fn commands() -> Vec<&'static str> {
    let mut fenced = false;
    let lines = GUIDE.lines().filter(|line| {
        if line.starts_with("```") {
            fenced = *line == FENCE;
            return false;
        }
        fenced
    });
    lines.collect()
}

#[test]
fn each_command_does_what_the_page_says() {
    let house = House::new();
    // Its answer to who asks at the terminal, and free ports in place of those of the page.
    let settings = [
        ("HELP_DESK_PASSPHRASE", "file:passphrase"),
        ("HELP_DESK_DESK", "desk"),
        ("HELP_DESK_OPERATIONS_ADDRESS", "127.0.0.1:0"),
    ];
    let mut running: Option<Console> = None;
    let mut seen = 0;
    for line in commands() {
        seen += 1;
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["help-desk", "config-example", ">", file] => {
                let ran = house.run(&["config-example"]);
                assert!(ran.status.success(), "{line}");
                std::fs::write(house.path(file), &ran.stdout).unwrap();
            }
            ["help-desk", "check-config", file] => {
                // As the page says: for a first look on this machine without [tls].
                let text = std::fs::read_to_string(house.path(file)).unwrap();
                house.write(file, &looked_at_first(&text), 0o600);
                let mut program = house.program(&words[1..]);
                let ran = program.envs(settings).output().unwrap();
                assert!(
                    ran.status.success(),
                    "{line}: {}",
                    String::from_utf8_lossy(&ran.stderr)
                );
            }
            ["help-desk", "--config", _] => {
                let mut program = house.program(&words[1..]);
                program
                    .envs(settings)
                    .env("HELP_DESK_LISTEN_ADDRESS", "127.0.0.1:0");
                running = Some(Console::start(program));
            }
            ["curl", url] => {
                let console = running.as_ref().unwrap();
                if let Some(path) = url.strip_prefix("http://localhost:8080") {
                    let answer = crate::house::get(&console.address, "localhost:8080", path, "");
                    assert!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
                    continue;
                }
                let own = url.replace("127.0.0.1:9187", &console.operations);
                assert_ne!(own, *url, "{line}");
                let (address, path) = own.trim_start_matches("http://").split_once('/').unwrap();
                let answer = crate::house::get(address, address, &format!("/{path}"), "");
                assert!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
            }
            _ => panic!("nobody knows what this does: {line}"),
        }
    }
    assert!(seen >= 4 && running.is_some(), "{seen}");
}

/// The example as the page has it changed: on this machine, without TLS.
fn looked_at_first(example: &str) -> String {
    let (before, tls) = example.split_once("\n[tls]\n").unwrap();
    let (_, after) = tls.split_once("\n[proxy]\n").unwrap();
    let text = format!("{before}\n[proxy]\n{after}");
    text.replace("https://desk.example.com", "http://localhost:8080")
        .replace("[::]:443", "127.0.0.1:8080")
}

#[test]
fn the_unit_of_systemd_starts_what_the_page_says() {
    const UNIT: &str = include_str!("../../help-desk.service");
    for line in [
        "ExecStart=/usr/local/bin/help-desk --config /etc/help-desk/help-desk.toml",
        "ExecStartPre=/usr/local/bin/help-desk check-config /etc/help-desk/help-desk.toml",
        "LoadCredentialEncrypted=passphrase:/etc/help-desk/passphrase.cred",
    ] {
        assert!(UNIT.lines().any(|own| own == line), "{line}");
    }
    assert!(help_desk::config::EXAMPLE.contains("passphrase = \"credential:passphrase\""));
    // Where systemd is at hand, it reads the unit itself.
    let there = Command::new("systemd-analyze").arg("--version").output();
    if there.is_ok_and(|ran| ran.status.success()) {
        let unit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("help-desk.service");
        let ran = Command::new("systemd-analyze")
            .arg("verify")
            .arg(&unit)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let unknown = said
            .lines()
            .find(|line| line.contains("Unknown") || line.contains("Failed to parse"));
        assert_eq!(unknown, None, "{said}");
    }
}
