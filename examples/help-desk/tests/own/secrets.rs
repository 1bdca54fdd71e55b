//! What people have typed and been shown is in neither the memory nor the log of the program, once it is answered.
#![cfg(target_os = "linux")]

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
