//! What people have typed and been shown is in neither the memory nor the log of the program, once it is answered.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::house::{ADMIN, Console, House, PASSPHRASE, form, get};
use crate::search::Secrets;

const SITE: &str = "localhost";
const PASSWORD: &str = "ninequietbicycles4711";
const WRONG: &str = "sevenloudtractors4712";
const ORIGIN: &str = "http://localhost";

/// A console whose Administrator has set a password by the code that it printed; gives the code.
fn first(house: &House) -> (Console, String) {
    house.configure("");
    let mut program = house.program(&["--config", "help-desk.toml"]);
    program.stderr(std::fs::File::create(house.path("said")).unwrap());
    let console = Console::start(program);
    let told = std::fs::read_to_string(house.path("said")).unwrap();
    let code = told.trim_end().rsplit(' ').next().unwrap().to_owned();
    let body = format!("name={ADMIN}&code={code}&password={PASSWORD}&again={PASSWORD}");
    let set = console.send(&form("/first", SITE, ORIGIN, &body));
    assert!(set.starts_with("HTTP/1.1 303"), "{set}");
    (console, code)
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).unwrap().0
}

#[test]
fn nothing_is_left_of_what_was_typed_and_shown() {
    let house = House::without_password();
    let (console, code) = first(&house);
    let refused = console.sign_in(SITE, ORIGIN, ADMIN, WRONG);
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let signed_in = console.sign_in(SITE, ORIGIN, ADMIN, PASSWORD);
    assert!(signed_in.starts_with("HTTP/1.1 303"), "{signed_in}");
    let cookie = between(&signed_in, "set-cookie: ", ";").to_owned();
    let page = get(
        &console.address,
        SITE,
        "/account",
        &format!("Cookie: {cookie}\r\n"),
    );
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
    let body = format!("csrf={csrf}&name=a+program&audit=1&days=1");
    let asked = form("/account/tokens", SITE, ORIGIN, &body);
    let asked = asked.replacen("\r\n", &format!("\r\nCookie: {cookie}\r\n"), 1);
    let made = console.send(&asked);
    let token = between(&made, "<code id=\"token\">", "</");
    assert!(token.len() > 30, "{made}");

    let secrets = [
        ("passphrase", PASSPHRASE),
        ("one-time code", code.as_str()),
        ("password", PASSWORD),
        ("wrong password", WRONG),
        ("access token", token),
    ];
    let bytes = secrets.map(|(name, text)| (name, text.as_bytes().to_vec()));
    let found = Secrets(bytes.to_vec()).find(console.id());
    assert!(found.is_empty(), "{found:#?}");
    // What it does keep is found.
    let database = house.path("desk").join("desk.sqlite");
    let database = database.to_str().unwrap().as_bytes().to_vec();
    let kept = Secrets(vec![("database", database)]).find(console.id());
    assert!(!kept.is_empty());
    let (_, lines) = console.stop();
    for (name, text) in secrets {
        assert!(
            !lines.iter().any(|line| line.contains(text)),
            "{name} in {lines:?}"
        );
    }
}

/// A browser of a demonstration.
struct Browser {
    address: String,
    cookie: String,
}

impl Browser {
    fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let cookie = format!("\r\nCookie: {}\r\n", self.cookie);
        stream
            .write_all(request.replacen("\r\n", &cookie, 1).as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    fn post(&self, path: &str, body: &str) -> String {
        let origin = format!("http://{}", self.address);
        self.send(&form(path, &self.address, &origin, body))
    }
}

/// The demonstration, until the end of the test.
struct Demonstration(Child);

impl Drop for Demonstration {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn nothing_is_left_of_a_response_code_and_a_new_pin() {
    const PIN: &str = "Qz8vR2memPIN5kLw";
    let started = Command::new(env!("CARGO_BIN_EXE_help-desk"))
        .args(["--demo", "--listen", "0"])
        .stdout(Stdio::piped())
        .spawn();
    let mut demonstration = Demonstration(started.unwrap());
    let out = BufReader::new(demonstration.0.stdout.take().unwrap());
    let mut lines = out.lines().map(Result::unwrap);
    let address = lines.next().unwrap();
    let address = address.rsplit_once("http://").unwrap().1.trim_end_matches('/');
    let desk_1 = lines
        .find(|line| line.trim_start().starts_with("desk-1"))
        .unwrap();
    let password = between(&desk_1, "password ", " ").to_owned();
    let mut browser = Browser {
        address: address.to_owned(),
        cookie: "none".into(),
    };
    let signed_in = browser.post("/sign-in", &format!("name=desk-1&password={password}"));
    browser.cookie = between(&signed_in, "set-cookie: ", ";").to_owned();

    let shown = browser.get("/try-it");
    let csrf = between(&shown, "name=\"csrf\" value=\"", "\"");
    let device = between(&shown, "id=\"device-id\">", "<");
    let challenge = between(&shown, "id=\"device-challenge\">", "<");
    let opened = browser.post(
        "/unlock",
        &format!("csrf={csrf}&user=robin.sample&device={device}"),
    );
    let call = between(&opened, "location: ", "\r\n");
    let body = format!("csrf={csrf}&method=call-back&statement=heard&reason=INC-1&challenge={challenge}");
    let given = browser.post(&format!("{call}/code"), &body);
    let code = between(&given, "class=\"response\"", "</")
        .rsplit('>')
        .next()
        .unwrap();
    assert_eq!(code.len(), 29, "{given}");
    let body = format!(
        "csrf={csrf}&code={}&pin={PIN}&again={PIN}",
        code.replace(' ', "+")
    );
    let unlocked = browser.post("/try-it/unlock", &body);
    assert!(unlocked.contains("the new PIN is set"), "{unlocked}");
    browser.post(&format!("{call}/done"), &format!("csrf={csrf}"));

    let secrets = Secrets(vec![
        ("Response Code", code.as_bytes().to_vec()),
        ("new PIN", PIN.as_bytes().to_vec()),
    ]);
    let found = secrets.find(demonstration.0.id());
    assert!(found.is_empty(), "{found:#?}");
    // What it does keep is found.
    let kept = Secrets(vec![("operator's password", password.as_bytes().to_vec())]);
    assert!(!kept.find(demonstration.0.id()).is_empty());
}
