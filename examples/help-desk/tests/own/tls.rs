//! TLS as a client that is not ours sees it: `openssl s_client`.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::house::{ADMIN, Console, House, PASSWORD, sign_in};

const NAME: &str = "desk.example";

fn openssl(house: &House, arguments: &[&str], input: &str) -> Output {
    let mut openssl = Command::new("openssl");
    openssl
        .args(arguments)
        .current_dir(house.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = openssl.spawn().expect("Debian's package openssl");
    // It may have ended before it reads.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

/// A certificate of a name that signs itself, and its key.
fn make(house: &House, certificate: &str, key: &str, name: &str) {
    let made = openssl(
        house,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            &format!("subjectAltName=DNS:{name}"),
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        "",
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn configured() -> House {
    let house = House::new();
    make(&house, "certificate.pem", "key.pem", NAME);
    let text = format!(
        "desk = \"desk\"\nsite = \"https://{NAME}\"\npassphrase = \"file:passphrase\"\n[listen]\naddress = \
         \"127.0.0.1:0\"\n[operations]\naddress = \"\"\n[tls]\ncertificate = \"certificate.pem\"\nkey = \"key.pem\"\n"
    );
    house.write("help-desk.toml", &text, 0o600);
    house
}

/// Asks over TLS; gives what the client has seen, and how it ended.
fn ask(house: &House, console: &Console, version: &str, request: &str) -> (String, bool) {
    let answer = openssl(
        house,
        &[
            "s_client",
            "-connect",
            &console.address,
            "-servername",
            NAME,
            "-CAfile",
            "certificate.pem",
            "-verify_return_error",
            "-verify_hostname",
            NAME,
            version,
            "-ign_eof",
        ],
        request,
    );
    (
        String::from_utf8_lossy(&answer.stdout).into_owned(),
        answer.status.success(),
    )
}

fn page() -> String {
    format!("GET /sign-in HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n")
}

#[test]
fn a_client_that_is_not_ours_reads_a_page_and_signs_in() {
    let house = configured();
    let console = house.start();
    for (version, said) in [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")] {
        let (answer, ended) = ask(&house, &console, version, &page());
        assert!(ended && answer.contains(said), "{answer}");
        assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
        assert!(
            answer.contains("strict-transport-security: max-age=31536000"),
            "{answer}"
        );
    }
    for old in ["-tls1_1", "-tls1"] {
        let (answer, ended) = ask(&house, &console, old, &page());
        assert!(!ended && !answer.contains("HTTP/1.1"), "{answer}");
    }
    let form = sign_in(NAME, &format!("https://{NAME}"), ADMIN, PASSWORD);
    let (answer, _) = ask(&house, &console, "-tls1_3", &form);
    assert!(answer.contains("HTTP/1.1 303"), "{answer}");
    let set = answer
        .lines()
        .find(|line| line.starts_with("set-cookie: "))
        .unwrap();
    assert!(
        set.contains("__Host-help-desk=") && set.contains("; Secure") && set.contains("; HttpOnly"),
        "{set}"
    );
    // Without TLS nothing is said.
    let plain = std::panic::catch_unwind(|| crate::house::get(&console.address, NAME, "/sign-in", ""));
    assert!(!plain.is_ok_and(|answer| answer.starts_with("HTTP/1.1 2")));
}

fn serial(house: &House, console: &Console) -> String {
    let seen = openssl(
        house,
        &["s_client", "-connect", &console.address, "-servername", NAME],
        "",
    );
    let certificate = String::from_utf8_lossy(&seen.stdout).into_owned();
    let serial = openssl(house, &["x509", "-noout", "-serial"], &certificate);
    String::from_utf8(serial.stdout).unwrap()
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart_and_a_wrong_one_is_not() {
    let house = configured();
    let mut console = house.start();
    let first = serial(&house, &console);
    assert!(first.starts_with("serial="), "{first}");
    make(&house, "certificate.pem", "key.pem", NAME);
    console.signal("-HUP");
    console.wait_for("read again");
    let second = serial(&house, &console);
    assert_ne!(second, first);
    // A certificate without its key: half of it was copied.
    make(&house, "certificate.pem", "other.pem", NAME);
    console.signal("-HUP");
    let said = console.wait_for("of before stays");
    assert!(said.contains("certificate and key"), "{said}");
    assert_eq!(serial(&house, &console), second);
}

#[test]
fn files_that_do_not_serve_are_told_before_it_starts() {
    let house = configured();
    let refused = || house.refused(&["check-config"]);
    make(&house, "certificate.pem", "other.pem", NAME);
    assert!(refused().contains("certificate and key"), "{}", refused());
    make(&house, "certificate.pem", "key.pem", "other.example");
    assert!(
        refused().contains("not a certificate of desk.example"),
        "{}",
        refused()
    );
    make(&house, "certificate.pem", "key.pem", NAME);
    assert!(house.run(&["check-config"]).status.success());
    let key = std::fs::read_to_string(house.path("key.pem")).unwrap();
    house.write("key.pem", &key, 0o644);
    assert!(
        refused().contains("other users can read or change it"),
        "{}",
        refused()
    );
    house.write("key.pem", &key, 0o640);
    assert!(
        house.run(&["check-config"]).status.success(),
        "a group of its own may read it"
    );
    house.write("key.pem", "", 0o600);
    assert!(refused().contains("no private key"), "{}", refused());
    house.write("certificate.pem", "", 0o600);
    assert!(
        refused().contains("certificate.pem: no certificate"),
        "{}",
        refused()
    );
    std::fs::remove_file(house.path("certificate.pem")).unwrap();
    assert!(refused().contains("certificate.pem"), "{}", refused());
}
