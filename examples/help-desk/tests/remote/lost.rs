//! A network that is not kind: answers that are lost, that lead elsewhere, that do not end, and nobody there.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fido_unlock::desk::{AccessToken, Scope};
use fido_unlock::{DeviceId, ErrorCode, HasCode};
use fido_unlock_remote::{Connection, RemoteDesk, RemoteError, ServiceAddress, Trust};

use crate::served::Served;

fn desk_at(listener: &TcpListener, token: AccessToken) -> RemoteDesk {
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    RemoteDesk::new(
        Connection::new(ServiceAddress::parse(&url).unwrap(), Trust::System),
        token,
    )
}

fn nobodys() -> AccessToken {
    AccessToken::from_bytes([7; 32])
}

/// The head of a request, and as much of its body as it says.
fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        text.push(char::from(byte[0]));
    }
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    text + std::str::from_utf8(&body).unwrap()
}

/// Somebody who answers each request with this.
fn answering(answer: String) -> (TcpListener, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (own, count) = (listener.try_clone().unwrap(), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in own.incoming() {
            let mut stream = stream.unwrap();
            request(&mut stream);
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (listener, asked)
}

#[test]
fn a_request_whose_answer_is_lost_is_opened_once() {
    let served = Served::start();
    let address = served.url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (own, kept) = (listener.try_clone().unwrap(), Arc::clone(&seen));
    std::thread::spawn(move || {
        for (number, stream) in own.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let asked = request(&mut stream);
            let mine = stream.local_addr().unwrap().port();
            let theirs = address.rsplit(':').next().unwrap();
            let passed = asked.replace(&format!("localhost:{mine}"), &address).replacen(
                "\r\n\r\n",
                "\r\nconnection: close\r\n\r\n",
                1,
            );
            kept.lock().unwrap().push(asked);
            let mut service = TcpStream::connect(format!("127.0.0.1:{theirs}")).unwrap();
            service.write_all(passed.as_bytes()).unwrap();
            let mut answer = Vec::new();
            service.read_to_end(&mut answer).unwrap();
            // The first answer does not come back.
            if number > 0 {
                let _ = stream.write_all(&answer);
            }
        }
    });
    let desk = desk_at(&listener, served.token("desk-1", &[Scope::Unlock]));
    let (device_id, _) = served.key().state().unwrap().codes.unwrap();
    let id = DeviceId::parse(&device_id).unwrap();
    let opened = desk.open("robin.sample", &id, "INC-1").unwrap();
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0], seen[1], "under the same key");
    let open = served.remote("desk-1", &[Scope::Unlock]).requests(None).unwrap();
    assert_eq!(open.requests.len(), 1);
    assert_eq!(open.requests[0].id, opened.id);
}

#[test]
fn a_redirect_is_not_followed() {
    let (elsewhere, asked_elsewhere) = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into());
    let port = elsewhere.local_addr().unwrap().port();
    for status in ["302 Found", "307 Temporary Redirect"] {
        let (listener, asked) = answering(format!(
            "HTTP/1.1 {status}\r\nlocation: http://localhost:{port}/api/v1/me\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ));
        let error = desk_at(&listener, nobodys()).myself().unwrap_err();
        assert!(matches!(error, RemoteError::NotTheProtocol { .. }), "{error:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
    assert_eq!(asked_elsewhere.load(Ordering::SeqCst), 0);
}

#[test]
fn an_answer_without_an_end_is_not_read_to_it() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n{}",
        " ".repeat(2 << 20)
    );
    let (listener, _) = answering(endless);
    let error = desk_at(&listener, nobodys()).myself().unwrap_err();
    assert!(
        matches!(&error, RemoteError::NotTheProtocol { detail } if detail.contains("longer")),
        "{error:?}"
    );
}

#[test]
fn what_is_no_help_desk_is_told_and_not_repeated() {
    let (listener, _) = answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 31\r\nconnection: close\r\n\r\n{\"operator\": \"fud_secret-thing\"".into(),
    );
    let error = desk_at(&listener, nobodys()).myself().unwrap_err();
    assert_eq!(error.code(), ErrorCode::HostFailed);
    assert!(!format!("{error:?} {error}").contains("secret"), "{error}");
}

#[test]
fn nobody_there_has_a_number_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let desk = desk_at(&listener, nobodys());
    drop(listener);
    let error = desk.myself().unwrap_err();
    assert_eq!(error.code(), ErrorCode::DeskUnreachable);
    assert!(!format!("{error:?} {desk:?}").contains(nobodys().expose().as_str()));
}
