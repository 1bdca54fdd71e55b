//! The service: HTTP on the loopback address. The README describes each message.

use std::io::Read;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use fido_unlock::ErrorCode;
use fido_unlock::desk::RequestId;
use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};
use zeroize::Zeroizing;

use crate::Failure;
use crate::desk::{Answer, Asked, Desk, random_token};

/// No request is longer.
const LONGEST_BODY: u64 = 4096;

/// A running service; it ends with this object.
pub struct Service {
    server: Arc<Server>,
    desk: Arc<Mutex<Desk>>,
    token: String,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

/// Status and body; no body with 204.
type Reply = (u16, Value);

impl Service {
    /// Listens on the loopback address alone; port 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(desk: Desk, port: u16) -> Result<Self, Failure> {
        let failed = |error: &dyn core::fmt::Display| {
            Failure::new(ErrorCode::HostFailed, format!("port {port}: {error}"))
        };
        let server = Server::http((Ipv4Addr::LOCALHOST, port)).map_err(|error| failed(&error))?;
        let port = server
            .server_addr()
            .to_ip()
            .map_or(port, |address| address.port());
        let (server, desk) = (Arc::new(server), Arc::new(Mutex::new(desk)));
        let token = random_token()?;
        let (listening, answering, expected) = (Arc::clone(&server), Arc::clone(&desk), token.clone());
        let thread = std::thread::spawn(move || {
            for request in listening.incoming_requests() {
                respond(request, &answering, &expected);
            }
        });
        Ok(Self {
            server,
            desk,
            token,
            port,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What an agent shows as a bearer token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The desk behind it.
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            // A panic there was printed there.
            let _ = thread.join();
        }
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

fn respond(mut request: Request, desk: &Mutex<Desk>, token: &str) {
    let (status, body) = if header(&request, "Authorization") == Some(&format!("Bearer {token}")) {
        route(&mut request, desk)
    } else {
        refuse(401, &ErrorCode::PrivilegeMissing.into())
    };
    let text = match &body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    wipe(body);
    let mut response = Response::from_string(text).with_status_code(status);
    for (name, value) in [
        (&b"Content-Type"[..], &b"application/json"[..]),
        (b"Cache-Control", b"no-store"),
    ] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    // An agent that hung up asks again.
    let _ = request.respond(response);
}

fn wipe(body: Value) {
    if let Value::Object(mut map) = body
        && let Some(Value::String(code)) = map.remove("response_code")
    {
        drop(Zeroizing::new(code));
    }
}

fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    let found = request.headers().iter().find(|header| header.field.equiv(name));
    found.map(|header| header.value.as_str())
}

fn refuse(status: u16, failure: &Failure) -> Reply {
    (status, json!({ "error": failure.to_json() }))
}

fn not_found() -> Reply {
    refuse(404, &ErrorCode::RequestUnknown.into())
}

fn route(request: &mut Request, desk: &Mutex<Desk>) -> Reply {
    let path = request.url().to_owned();
    let words: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (request.method().clone(), words.as_slice()) {
        (Method::Post, ["v1", "requests"]) => open(request, desk),
        (Method::Get, ["v1", "requests", name]) => match answer(desk, name) {
            Err(failure) if failure.code == ErrorCode::RequestUnknown => refuse(404, &failure),
            Err(failure) => refuse(503, &failure),
            Ok(Answer::Pending) => (200, json!({ "state": "pending" })),
            Ok(Answer::Code(code)) => {
                // No escape in the JSON: an agent reads it where it lies.
                let line = Zeroizing::new(code.replace('\n', " "));
                (
                    200,
                    json!({ "state": "answered", "response_code": line.as_str() }),
                )
            }
            Ok(Answer::Refused(failure)) => (200, json!({ "state": "refused", "error": failure.to_json() })),
        },
        (Method::Post, ["v1", "requests", name, "done"]) => close(desk, name, true),
        (Method::Delete, ["v1", "requests", name]) => close(desk, name, false),
        _ => refuse(404, &Failure::new(ErrorCode::InvalidArgument, "no such resource")),
    }
}

fn open(request: &mut Request, desk: &Mutex<Desk>) -> Reply {
    // A web page may not send this type to another site unasked.
    if header(request, "Content-Type") != Some("application/json") {
        let text = "the body must be application/json";
        return refuse(415, &Failure::new(ErrorCode::InvalidArgument, text));
    }
    let mut body = Vec::new();
    let read = request.as_reader().take(LONGEST_BODY).read_to_end(&mut body);
    let asked = read
        .ok()
        .and_then(|_| serde_json::from_slice::<Asked>(&body).ok());
    let Some(asked) = asked else {
        let text = "the body must have device_id, challenge and user";
        return refuse(400, &Failure::new(ErrorCode::InvalidArgument, text));
    };
    match lock(desk).ask(asked) {
        Ok(id) => (202, json!({ "id": id.to_string() })),
        Err(failure) => refuse(403, &failure),
    }
}

fn answer(desk: &Mutex<Desk>, name: &str) -> Result<Answer, Failure> {
    let id = RequestId::parse(name).map_err(|_| ErrorCode::RequestUnknown)?;
    lock(desk).answer(id)
}

fn close(desk: &Mutex<Desk>, name: &str, unlocked: bool) -> Reply {
    let id = RequestId::parse(name).ok();
    match id.and_then(|id| lock(desk).close(id, unlocked)) {
        None => not_found(),
        Some(Ok(())) => (204, Value::Null),
        Some(Err(failure)) => refuse(409, &failure),
    }
}
