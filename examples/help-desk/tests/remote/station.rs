//! The enrol station: keys from the desk, devices registered there, and handed over.

use fido_unlock::ErrorCode;
use fido_unlock::desk::Scope;
use serde_json::Value;

use crate::command::{Home, ended, start};
use crate::served::Served;

/// A station with the software authenticator in a file.
fn station(served: &Served) -> Home {
    let home = Home::with_token(served, "devices-1", &[Scope::Devices, Scope::Unlock]);
    assert_eq!(
        ended(start(home.bare(&["--mock", "key", "mock", "new"]), "")).code,
        Some(0)
    );
    home
}

fn info(home: &Home) -> Value {
    ended(start(home.bare(&["--mock", "key", "info"]), "")).ok()
}

#[test]
fn a_key_is_enrolled_registered_and_can_be_unlocked() {
    let served = Served::start();
    let home = station(&served);
    let enrolled = home
        .run(
            &[
                "enroll",
                "--mock",
                "key",
                "--user",
                "sam.nokey",
                "--label",
                "Example Key 5",
            ],
            "",
        )
        .ok();
    let id = enrolled["device_id"].as_str().unwrap();
    assert_eq!(
        (&enrolled["registered"], &enrolled["probed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(enrolled["pin_change_forced"], Value::Null);
    let shown = home.run(&["desk", "device", "--device-id", id], "").ok();
    assert_eq!(
        (&shown["user"], &shown["label"]),
        (&"sam.nokey".into(), &"Example Key 5".into())
    );

    // The desk's own key answers for it.
    let mock = |words: &[&str], input: &str| {
        let mut command = home.bare(&[&["--mock", "key"], words].concat());
        if !input.is_empty() {
            command.arg("--stdin");
        }
        ended(start(command, input)).ok()
    };
    mock(&["mock", "make-passkey"], "oldpin42\n");
    mock(&["mock", "lock"], "");
    let challenge = mock(&["challenge"], "")["device_challenge"]
        .as_str()
        .unwrap()
        .to_owned();
    let given = home
        .run(
            &[
                "respond",
                "--device-id",
                id,
                "--method",
                "in-person",
                "--statement",
                "is here",
                "--reason",
                "T-1",
            ],
            &format!("{challenge}\n"),
        )
        .ok();
    let code = given["response_code"].as_str().unwrap();
    mock(&["unlock"], &format!("{code}\nnewpin43\nnewpin43\n"));
    mock(&["mock", "sign-in"], "newpin43\n");
}

#[test]
fn a_key_with_the_stations_pin_asks_its_owner_for_another() {
    let served = Served::start();
    let home = station(&served);
    let mut passkey = home.bare(&["--mock", "key", "mock", "make-passkey"]);
    passkey.arg("--stdin");
    ended(start(passkey, "oldpin42\n")).ok();
    assert_eq!(info(&home)["force_pin_change"], false);
    let enrolled = home
        .run(
            &["enroll", "--mock", "key", "--user", "sam.nokey", "--with-pin"],
            "oldpin42\n",
        )
        .ok();
    assert_eq!(enrolled["pin_change_forced"], true);
    assert_eq!(info(&home)["force_pin_change"], true);
}

#[test]
fn nothing_is_enrolled_that_would_not_be_registered() {
    let served = Served::start();
    let home = station(&served);
    let enroll = |more: &[&str], code| {
        let words = [&["enroll", "--mock", "key"], more].concat();
        home.run(&words, "").error(code)
    };
    enroll(&["--user", "nobody"], ErrorCode::UserUnknown);
    enroll(&["--user", "sam.nokey", "--suite", "1"], ErrorCode::KeyMissing);
    enroll(&["--user", "sam.nokey", "--suite", "3"], ErrorCode::Usage);
    enroll(&["--user", "new.one", "--new-user", "New One"], ErrorCode::Usage);
    // By a token that is not for it.
    let token = served.token("desk-1", &[Scope::Unlock]);
    home.write("token", token.expose().as_str(), 0o600);
    enroll(&["--user", "sam.nokey"], ErrorCode::PrivilegeMissing);
    assert_eq!(info(&home)["enrolled"], false);
}

#[test]
fn a_tray_is_enrolled_and_what_was_not_registered_is_at_the_next_start() {
    let served = Served::start();
    let home = station(&served);
    home.write("users", "sam.nokey\n", 0o600);
    let words = [
        "enroll",
        "--watch",
        "--mock",
        "key",
        "--users",
        "users",
        "--csv",
        "devices.csv",
    ];
    let ran = ended(start(home.command(&words), ""));
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["event"], &lines[0]["registered"]),
        (&"enrolled".into(), &true.into())
    );
    assert_eq!(lines[1]["enrolled"], 1);
    let id = lines[0]["device_id"].as_str().unwrap();
    let shown = home.run(&["desk", "device", "--device-id", id], "").ok();
    assert_eq!(shown["user"], "sam.nokey");

    // The row is there, and another desk does not know it yet: as if the network had been away.
    let rows = std::fs::read_to_string(home.folder.path().join("devices.csv")).unwrap();
    assert!(rows.contains(id), "{rows}");
    home.write("users", "", 0o600);
    let again = ended(start(home.command(&words), ""));
    assert_eq!(
        again.code,
        Some(0),
        "registered before, and the same: {}{}",
        again.stdout,
        again.stderr
    );
    let other = "000G-40R4-0M30-E209-B3VD";
    home.write("devices.csv", &rows.replace(id, other), 0o600);
    let late = ended(start(home.command(&words), ""));
    assert_eq!(late.code, Some(0), "{}{}", late.stdout, late.stderr);
    let shown = home.run(&["desk", "device", "--device-id", other], "").ok();
    assert_eq!(shown["user"], "sam.nokey");
}
