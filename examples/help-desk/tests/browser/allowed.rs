//! A program on the same computer asks for access: Chromium goes back to it, though forms may lead to this service alone
//! (`form-action 'self'`).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use fido_unlock::desk::Scope;
use fido_unlock_remote::{BrowserSignIn, Connection, RemoteDesk, ServiceAddress, Trust};

use crate::chromium::{Chromium, Served};

/// The program's side: waits for the browser, and gives the target and the lines of its request.
fn brought(listener: &TcpListener) -> (String, Vec<String>) {
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let rest: Vec<String> = lines
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        let target = first.split(' ').nth(1).unwrap().to_owned();
        let text = "You are signed in.";
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )
        .unwrap();
        if target.starts_with("/callback") {
            return (target, rest);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_allowed_and_another_is_not() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    let address = ServiceAddress::parse(&format!("http://{}", served.address)).unwrap();
    let begin = |name: &str, scopes: &[Scope]| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sign_in = BrowserSignIn::begin(&address, port, name, scopes).unwrap();
        (listener, sign_in)
    };

    let (listener, sign_in) = begin("fido-unlock on a computer", &[Scope::Unlock]);
    browser.web.goto(sign_in.url()).await.unwrap();
    browser
        .sees(".notice", "Sign in only if you started this yourself")
        .await;
    browser.looks("60-asked-to-sign-in").await;
    browser.fill("name", "desk-1").await;
    browser.fill("password", served.password("desk-1")).await;
    browser.press("Sign in").await;
    browser.sees("h1", "A program asks for access").await;
    browser.sees(".facts", "fido-unlock on a computer").await;
    browser.looks("61-asked").await;
    let waiting = tokio::task::spawn_blocking(move || brought(&listener));
    browser.press("Allow").await;
    let (target, headers) = waiting.await.unwrap();
    let leads = headers
        .iter()
        .find(|line| line.to_lowercase().starts_with("referer:"));
    assert_eq!(leads, None, "the address of the page is not told");
    browser.sees("body", "You are signed in.").await;
    let connection = Connection::new(address.clone(), Trust::System);
    let made = tokio::task::spawn_blocking(move || {
        let code = sign_in.answer(&target).unwrap().unwrap();
        let token = connection.fetch_token(&sign_in, &code).unwrap();
        RemoteDesk::new(connection, token).myself().unwrap().operator
    });
    assert_eq!(made.await.unwrap(), "desk-1");
    browser.open("/account").await;
    browser.sees("#main", "fido-unlock on a computer").await;
    browser.looks("62-token-of-a-program").await;

    let (listener, other) = begin("another", &[Scope::Audit, Scope::Unlock]);
    browser.web.goto(other.url()).await.unwrap();
    browser.sees(".facts", "another").await;
    let waiting = tokio::task::spawn_blocking(move || brought(&listener));
    browser.press("Do not allow").await;
    let (target, _) = waiting.await.unwrap();
    assert!(other.answer(&target).unwrap().is_err(), "{target}");
    let complaints = browser.complaints().await;
    let is_other = |text: &&String| !text.contains("favicon");
    let others: Vec<_> = complaints.iter().filter(is_other).collect();
    assert!(others.is_empty(), "{others:?}");
    browser.quit().await;
}
