//! Health, metrics and the log, and what is not in them.

use std::collections::BTreeSet;

use fido_unlock::ErrorCode;
use serde_json::Value;

use crate::house::{ADMIN, House, PASSWORD, get};

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn whoever_runs_it_sees_whether_it_lives_and_can_work() {
    let house = House::new();
    house.configure("");
    let console = house.start();
    let ask = |path: &str| get(&console.operations, "any.example", path, "");
    assert_eq!(body(&ask("/healthz")), "ok\n");
    let ready = ask("/readyz");
    assert!(ready.starts_with("HTTP/1.1 200 OK"), "{ready}");
    let said: Value = serde_json::from_str(body(&ready)).unwrap();
    assert_eq!(said["ready"], true);
    assert_eq!(
        (&said["open"], &said["licence_valid"]),
        (&false.into(), &false.into())
    );
    assert!(
        ask("/sign-in").starts_with("HTTP/1.1 404"),
        "there are no pages here"
    );
    let there = get(&console.address, "localhost", "/metrics", "");
    assert!(there.starts_with("HTTP/1.1 404"), "and nothing of this there");
}

#[test]
fn a_desk_whose_store_is_gone_is_not_ready_and_lives() {
    let house = House::new();
    house.configure("");
    let console = house.start();
    // Another program holds the only lock.
    let database = house.path("desk/desk.sqlite");
    let holder = rusqlite::Connection::open(database).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ready = get(&console.operations, "x", "/readyz", "");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let said: Value = serde_json::from_str(body(&ready)).unwrap();
    assert_eq!(
        (&said["ready"], &said["error"]),
        (&false.into(), &ErrorCode::StoreBusy.number().into()),
        "{said}"
    );
    assert!(get(&console.operations, "x", "/healthz", "").contains("ok"));
    let metrics = get(&console.operations, "x", "/metrics", "");
    assert!(metrics.contains("help_desk_ready 0"), "{metrics}");
    holder.execute_batch("ROLLBACK").unwrap();
    let metrics = get(&console.operations, "x", "/metrics", "");
    assert!(metrics.contains("help_desk_ready 1"), "{metrics}");
}

#[test]
fn counts_and_log_have_routes_and_numbers_and_no_names() {
    let house = House::new();
    house.configure("[log]\nformat = \"json\"\n");
    let console = house.start();
    console.sign_in("localhost", "http://localhost", ADMIN, "not the password of Olga");
    let signed = console.sign_in("localhost", "http://localhost", ADMIN, PASSWORD);
    let cookie = signed
        .split_once("help-desk=")
        .unwrap()
        .1
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let secret_path = "/unlock/PATH-PATH?q=Alice+Example";
    get(
        &console.address,
        "localhost",
        secret_path,
        &format!("Cookie: help-desk={cookie}\r\n"),
    );
    get(&console.address, "localhost", "/nowhere/Alice", "");
    let metrics = get(&console.operations, "x", "/metrics", "");
    assert!(metrics.contains("application/openmetrics-text"), "{metrics}");
    for line in [
        "help_desk_requests_total{route=\"/sign-in\",method=\"POST\",status=\"303\"} 1",
        "help_desk_requests_total{route=\"/sign-in\",method=\"POST\",status=\"401\"} 1",
        "help_desk_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 1",
        "help_desk_refusals_total{number=\"427\"} 1",
        "help_desk_waiting{queue=\"calls\"} 0",
        "help_desk_request_seconds_count{route=\"/sign-in\"} 2",
        "help_desk_codes_total 0",
        "help_desk_licence_until_seconds 0",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let (_, lines) = console.stop();
    let answered: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["message"] == "answered")
        .collect();
    assert_eq!(answered.len(), 4, "{lines:?}");
    assert_eq!(answered[0]["route"], "/sign-in");
    assert_eq!(
        (&answered[0]["status"], &answered[0]["error"]),
        (&401.into(), &427.into())
    );
    assert_eq!(answered[2]["route"], "/unlock/{request}");
    let ids: BTreeSet<_> = answered.iter().map(|line| line["request"].to_string()).collect();
    assert_eq!(ids.len(), 4);
    for secret in [ADMIN, "Olga", PASSWORD, "Alice", "PATH", &cookie, "kettles"] {
        for text in lines.iter().chain([&metrics]) {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
