//! What one client, and all together, may take.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::house::{House, get};

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

#[test]
fn a_client_that_asks_too_often_waits_and_the_log_does_not_grow() {
    let house = House::new();
    house.configure("[limits]\nrequests_per_minute = 3\n[proxy]\ntrusted = [\"127.0.0.1\"]\n");
    let console = house.start();
    let ask = |client: &str| {
        let named = format!("X-Forwarded-For: {client}\r\n");
        status(&get(&console.address, "localhost", "/sign-in", &named)).to_owned()
    };
    for _ in 0..3 {
        assert_eq!(ask("192.0.2.1"), "200");
    }
    assert_eq!(ask("192.0.2.1"), "429");
    assert_eq!(ask("192.0.2.2"), "200", "another client is another matter");
    // A program is told so in its own form.
    let named = "X-Forwarded-For: 192.0.2.1\r\n";
    let answer = get(&console.address, "localhost", "/api/v1/errors", named);
    assert_eq!(status(&answer), "429");
    assert!(answer.contains("application/problem+json"), "{answer}");
    let metrics = get(&console.operations, "x", "/metrics", "");
    assert!(metrics.contains("help_desk_limited_total 2"), "{metrics}");
    let (_, lines) = console.stop();
    let answered = lines.iter().filter(|line| line.contains("answered"));
    assert_eq!(answered.count(), 4, "{lines:?}");
}

#[test]
fn without_a_trusted_proxy_the_header_changes_nothing() {
    let house = House::new();
    house.configure("[limits]\nrequests_per_minute = 2\n");
    let console = house.start();
    let ask = |client: u8| {
        let named = format!("X-Forwarded-For: 192.0.2.{client}\r\n");
        status(&get(&console.address, "localhost", "/sign-in", &named)).to_owned()
    };
    assert_eq!([ask(1), ask(2), ask(3)], ["200", "200", "429"]);
}

/// Connections that stay open; once one is answered, it is counted.
fn idle(address: &str, path: &str, count: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 8);
        stream
    };
    (0..count).map(connect).collect()
}

/// Whether one more connection is closed, or reset, without an answer.
fn closes(address: &str, path: &str) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut answer);
    answer.is_empty()
}

/// Each look asks the desk, and nobody signs in for it.
#[test]
fn health_and_metrics_are_looked_at_now_and_then() {
    let house = House::new();
    house.configure("");
    let console = house.start();
    let look = |_| status(&get(&console.operations, "x", "/readyz", "")).to_owned();
    assert!((0..1000).map(look).any(|status| status == "429"));
    // Whoever browses is another matter.
    let page = get(&console.address, "localhost", "/sign-in", "");
    assert_eq!(status(&page), "200");
}

#[test]
fn few_look_at_health_and_metrics_at_once() {
    let house = House::new();
    house.configure("");
    let console = house.start();
    let idle = idle(&console.operations, "/healthz", 32);
    assert!(closes(&console.operations, "/healthz"));
    drop(idle);
}

#[test]
fn connections_beyond_the_most_are_closed() {
    let house = House::new();
    house.configure("[limits]\nconnections = 2\n");
    let console = house.start();
    let idle = idle(&console.address, "/sign-in", 2);
    assert!(closes(&console.address, "/sign-in"));
    drop(idle);
    let mut answer = String::new();
    while !answer.starts_with("HTTP/1.1 200") {
        let Ok(mut stream) = TcpStream::connect(&console.address) else {
            continue;
        };
        let request = "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        if stream.write_all(request.as_bytes()).is_ok() {
            answer.clear();
            let _ = stream.read_to_string(&mut answer);
        }
    }
}

#[test]
fn a_body_that_is_announced_and_withheld_stops_nobody() {
    let house = House::new();
    house.configure("");
    let console = house.start();
    let mut held = TcpStream::connect(&console.address).unwrap();
    let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: \
                application/x-www-form-urlencoded\r\nContent-Length: 9000000000000000\r\n\r\n";
    held.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    held.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "413", "{answer}");
    assert_eq!(status(&get(&console.address, "localhost", "/sign-in", "")), "200");
}
