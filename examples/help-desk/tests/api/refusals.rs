//! Each refusal is a problem, whoever refuses: the desk, the reader of a body, HTTP, the door.

use axum::body::Body;
use axum::http::{Method, header};
use fido_unlock::ErrorCode;
use fido_unlock::desk::Scope;
use serde_json::{Value, json};

use crate::browser::demo;
use crate::program::Program;

const NO_REQUEST: &str = "/requests/0000-0000-0000-0000-0000";

#[tokio::test]
async fn what_the_desk_refuses() {
    let demo = demo();
    let program = Program::of(&demo, "devices-1", Scope::ALL).await;
    let device = program.device_of("alex").await;
    let open = |user: &str, device: &str| json!({"user": user, "device_id": device});
    let wrong_digit = {
        let last = if device.ends_with('7') { '8' } else { '7' };
        format!("{}{last}", &device[..device.len() - 1])
    };
    let call = program.open("alex.muster", &device).await;
    let board = program.device_of("dana").await;
    let table: [(&str, Value, u16, ErrorCode); 7] = [
        ("/requests", open("nobody", &device), 404, ErrorCode::UserUnknown),
        (
            "/requests",
            open("sam.nokey", &device),
            403,
            ErrorCode::DeviceNotUsers,
        ),
        (
            "/requests",
            open("alex.muster", &wrong_digit),
            422,
            ErrorCode::CodeCheck,
        ),
        (
            &format!("{NO_REQUEST}/done"),
            json!(null),
            404,
            ErrorCode::RequestUnknown,
        ),
        ("/requests/x/done", json!(null), 404, ErrorCode::RequestUnknown),
        (
            &format!("{call}/challenge"),
            json!({"challenge": "0000"}),
            422,
            ErrorCode::CodeLength,
        ),
        (
            &format!("{call}/caller"),
            json!({"method": "hearsay", "statement": "x"}),
            422,
            ErrorCode::InvalidArgument,
        ),
    ];
    for (path, body, status, code) in table {
        program.post(path, body).await.refuses(status, code);
    }
    // On an operator's word nobody is let in who can do lasting harm.
    let call = program.open("dana.specimen", &board).await;
    let word = json!({"method": "call-back", "statement": "called back"});
    let refused = program.post(&format!("{call}/caller"), word).await;
    refused.refuses(403, ErrorCode::CallerMethod);
    let errors = Program::with(&demo.app(), None).get("/errors").await.done();
    let errors = errors["errors"].as_array().unwrap();
    assert_eq!(errors.len(), ErrorCode::ALL.len());
    let row = errors.iter().find(|row| row["number"] == 411).unwrap();
    assert_eq!(row["name"], "LimitDevice");
}

#[tokio::test]
async fn what_cannot_be_read() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", Scope::ALL).await;
    for (kind, body, said) in [
        ("application/json", "{", "JSON"),
        ("application/json", "{\"user\":\"a\"}", "device_id"),
        (
            "application/json",
            "{\"user\":\"a\",\"device_id\":\"b\",\"pin\":1}",
            "pin",
        ),
        (
            "application/x-www-form-urlencoded",
            "user=a&device_id=b",
            "Content-Type",
        ),
    ] {
        let request = program
            .request(Method::POST, "/api/v1/requests")
            .header(header::CONTENT_TYPE, kind);
        let answer = program.send(request.body(Body::from(body)).unwrap()).await;
        answer.refuses(422, ErrorCode::InvalidArgument);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said), "{detail}");
    }
    let program = Program::of(&demo, "audit-1", Scope::ALL).await;
    for query in [
        "limit=0",
        "limit=251",
        "limit=x",
        "before=-1",
        "from=2026-13-01",
        "event=Nothing",
    ] {
        let answer = program.get(&format!("/audit/entries?{query}")).await;
        answer.refuses(422, ErrorCode::InvalidArgument);
    }
}

#[tokio::test]
async fn what_http_and_the_door_refuse() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", Scope::ALL).await;
    program.get("/nothing").await.problem(404);
    let path = "/api/v1/requests";
    let answer = program.send(program.request(Method::DELETE, path).body(Body::empty()).unwrap());
    let answer = answer.await;
    answer.problem(405);
    assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
    // No page of another site asks, whatever it has.
    let preflight = program
        .request(Method::OPTIONS, path)
        .header("origin", "https://thief.example");
    program
        .send(preflight.body(Body::empty()).unwrap())
        .await
        .problem(403);
    for (name, value) in [
        ("origin", "https://thief.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for method in [Method::GET, Method::POST] {
            let request = program.request(method, path).header(name, value);
            let answer = program.send(request.body(Body::empty()).unwrap()).await;
            answer.problem(403);
        }
    }
    let mut request = program.request(Method::GET, path).body(Body::empty()).unwrap();
    let host = "thief.example".parse().unwrap();
    request.headers_mut().insert(header::HOST, host);
    program.send(request).await.problem(421);
    let long = json!({"user": "a", "device_id": "b", "reason": "a".repeat(16 * 1024)});
    program.post("/requests", long).await.problem(413);
}

#[tokio::test]
async fn it_is_said_in_the_language_that_was_asked_for() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", Scope::ALL).await;
    let path = format!("/api/v1{NO_REQUEST}");
    let ask = |language: &'static str| {
        let request = program
            .request(Method::GET, &path)
            .header("accept-language", language);
        program.send(request.body(Body::empty()).unwrap())
    };
    let (english, german) = (ask("en").await.json(), ask("de").await.json());
    assert_eq!(english["title"], german["title"]);
    assert_eq!(english["number"], german["number"]);
    assert_ne!(english["next_step"], german["next_step"]);
}
