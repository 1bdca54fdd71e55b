//! From a configuration to a page, and to the end; and what keeps it from starting.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::house::{ADMIN, Console, House, PASSPHRASE, PASSWORD, form, get};

#[test]
fn from_a_configuration_to_a_page_and_an_orderly_end() {
    let house = House::new();
    house.configure("");
    let checked = house.run(&["check-config"]);
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("nothing is wrong"), "{said}");

    let mut console = house.start();
    let page = get(&console.address, "localhost", "/sign-in", "");
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    assert!(
        !page.to_lowercase().contains("strict-transport-security"),
        "{page}"
    );
    assert!(!page.contains("demo"), "a desk of one's own is no demonstration");
    console.wait_for("route=\"/sign-in\"");
    // As `systemctl reload` tells it: there is nothing to read again.
    console.signal("-HUP");
    let page = get(&console.address, "localhost", "/sign-in", "");
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    let (code, _) = console.stop();
    assert_eq!(code, Some(0));
    // It is started again over what it has left.
    let console = house.start();
    assert!(get(&console.address, "localhost", "/sign-in", "").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn the_first_administrator_sets_a_password_by_the_code_that_is_printed() {
    const ORIGIN: &str = "http://localhost";
    let house = House::without_password();
    house.configure("");
    let said = |name: &str| std::fs::File::create(house.path(name)).unwrap();
    let mut program = house.program(&["--config", "help-desk.toml"]);
    program.stderr(said("said"));
    let console = Console::start(program);
    let told = std::fs::read_to_string(house.path("said")).unwrap();
    assert!(
        told.contains("admin sets a password at http://localhost/first"),
        "{told}"
    );
    let code = told.trim_end().rsplit(' ').next().unwrap().to_owned();
    let body = format!("name={ADMIN}&code={code}&password=nine+quiet+bicycles&again=nine+quiet+bicycles");
    let set = console.send(&form("/first", "localhost", ORIGIN, &body));
    assert!(
        set.starts_with("HTTP/1.1 303") && set.contains("/sign-in?done=password"),
        "{set}"
    );
    let signed_in = console.sign_in("localhost", ORIGIN, ADMIN, "nine quiet bicycles");
    assert!(signed_in.starts_with("HTTP/1.1 303"), "{signed_in}");
    let (_, lines) = console.stop();
    assert!(!lines.iter().any(|line| line.contains(&code)), "{lines:?}");
    // Once is enough.
    let mut program = house.program(&["--config", "help-desk.toml"]);
    program.stderr(said("said again"));
    Console::start(program).stop();
    assert_eq!(std::fs::read_to_string(house.path("said again")).unwrap(), "");
}

#[test]
fn what_is_under_way_is_answered_before_it_ends() {
    let house = House::new();
    house.configure("[stop]\nseconds = 60\n");
    let console = house.start();
    let body = format!("name={ADMIN}&password={}", PASSWORD.replace(' ', "+"));
    let mut stream = TcpStream::connect(&console.address).unwrap();
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Now it waits for the body.
    let mut goes_on = [0; 25];
    stream.read_exact(&mut goes_on).unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    console.signal("-TERM");
    // Nobody new is let in, and who was let in is.
    while TcpStream::connect(&console.address).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let (code, lines) = console.ended();
    assert_eq!(code, Some(0), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("stopped")), "{lines:?}");
}

#[test]
fn a_wrong_line_is_named_and_nothing_starts() {
    let house = House::new();
    house.configure("[limits]\nconnections = 0\n");
    for arguments in [&["check-config"][..], &["--config", "help-desk.toml"]] {
        let said = house.refused(arguments);
        assert!(
            said.contains("help-desk.toml, line 9: 0 is not between"),
            "{said}"
        );
    }
    house.configure("");
    let missing = house.refused(&["check-config", "other.toml"]);
    assert!(
        missing.contains("other.toml") && missing.contains("config-example"),
        "{missing}"
    );
}

#[test]
fn the_keys_open_by_their_passphrase_alone() {
    let house = House::new();
    house.configure("");
    house.write("passphrase", "another one of the same length", 0o600);
    let said = house.refused(&["--config", "help-desk.toml"]);
    assert!(
        said.contains("desk_keys.age") && !said.contains("another one"),
        "{said}"
    );
    house.write("passphrase", PASSPHRASE, 0o644);
    for arguments in [&["check-config"][..], &["--config", "help-desk.toml"]] {
        assert!(house.refused(arguments).contains("chmod 600"));
    }
    std::fs::remove_file(house.path("passphrase")).unwrap();
    assert!(
        house
            .refused(&["--config", "help-desk.toml"])
            .contains("passphrase")
    );
}

#[test]
fn a_credential_of_systemd_opens_them_too() {
    let house = House::new();
    house.configure("");
    let mut program = house.program(&["--config", "help-desk.toml"]);
    program.env("HELP_DESK_PASSPHRASE", "credential:passphrase");
    let without = program.output().unwrap();
    assert!(
        String::from_utf8(without.stderr)
            .unwrap()
            .contains("LoadCredential=")
    );
    program.env("CREDENTIALS_DIRECTORY", house.path(""));
    let (code, _) = Console::start(program).stop();
    assert_eq!(code, Some(0));
}

#[test]
fn a_folder_without_a_desk_or_that_others_may_change_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let house = House::new();
    house.configure("");
    let desk = house.path("desk");
    std::fs::set_permissions(&desk, std::fs::Permissions::from_mode(0o777)).unwrap();
    for arguments in [&["check-config"][..], &["--config", "help-desk.toml"]] {
        let said = house.refused(arguments);
        assert!(said.contains("all users may write"), "{said}");
    }
    let mut program = house.program(&["check-config"]);
    program.env("HELP_DESK_DESK", "elsewhere");
    let said = String::from_utf8(program.output().unwrap().stderr).unwrap();
    assert!(
        said.contains("is not a help desk; make one with `desk init`"),
        "{said}"
    );
}
