//! A program with an access token.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use fido_unlock::ErrorCode;
use fido_unlock::desk::{AccessToken, OperatorId, Scope};
use help_desk::demo::Demo;
use help_desk::{App, app};
use serde_json::{Value, json};
use tower::ServiceExt;
use zeroize::Zeroizing;

use crate::browser::HOST;

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The value in an answer that says that it was done.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.json()
    }

    /// That it is a problem, as RFC 9457 has it.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail", "next_step"] {
            assert!(!problem[member].as_str().unwrap().is_empty(), "{problem}");
        }
        problem
    }

    /// That it is this row of the error table.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: ErrorCode) {
        let problem = self.problem(status);
        assert_eq!(problem["number"], code.number(), "{problem}");
        assert_eq!(problem["name"], code.name());
        assert_eq!(problem["title"], code.message());
        assert_eq!(problem["next_step"], code.next_step());
        assert_eq!(problem["type"], format!("/api/v1/errors#{}", code.number()));
    }

    /// That it is no good token.
    #[track_caller]
    pub fn is_nobodys(&self) {
        let problem = self.problem(401);
        assert_eq!(problem["number"], Value::Null);
        assert_eq!(self.header("www-authenticate"), Some("Bearer"));
    }
}

pub struct Program {
    router: Router,
    pub token: Option<String>,
}

/// Makes a token of an operator of the demonstration.
pub async fn make_token(demo: &Demo, operator: &str, scopes: &[Scope]) -> AccessToken {
    let known = demo
        .operators()
        .iter()
        .find(|known| known.operator.id.as_str() == operator);
    let password = known.unwrap().password.clone();
    token_of(&demo.app(), operator, password, scopes).await
}

pub async fn token_of(
    app: &App,
    operator: &str,
    password: Zeroizing<String>,
    scopes: &[Scope],
) -> AccessToken {
    let id = OperatorId::new(operator).unwrap();
    let session = app.desks().sign_in(id, password).await.unwrap();
    let scopes = scopes.to_vec();
    let made = app
        .desks()
        .run(move |desk| desk.make_token(&session, "a program", &scopes, 1));
    made.await.unwrap()
}

impl Program {
    /// One that has a token of an operator of the demonstration.
    pub async fn of(demo: &Demo, operator: &str, scopes: &[Scope]) -> Self {
        let token = make_token(demo, operator, scopes).await;
        Self::with(&demo.app(), Some(token.expose().as_str()))
    }

    pub fn with(state: &App, token: Option<&str>) -> Self {
        Self {
            router: app(state.clone()),
            token: token.map(Into::into),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST);
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert!(!parts.headers.contains_key(header::SET_COOKIE));
        assert!(!parts.headers.contains_key("access-control-allow-origin"));
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
        }
    }

    /// `path`: below `/api/v1`.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, &format!("/api/v1{path}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self
            .request(Method::POST, &format!("/api/v1{path}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// One step of a request, which was done.
    #[track_caller]
    pub fn step<'a>(&'a self, call: &str, step: &str, body: Value) -> impl Future<Output = Value> + 'a {
        let path = format!("{call}/{step}");
        async move { self.post(&path, body).await.done() }
    }

    /// Opens a request for a device: its path.
    pub async fn open(&self, user: &str, device: &str) -> String {
        let body = json!({"user": user, "device_id": device, "reason": "INC-1"});
        let opened = self.post("/requests", body).await;
        assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.text());
        let location = opened.header("location").unwrap();
        location.strip_prefix("/api/v1").unwrap().to_owned()
    }

    /// The caller is called back, and reads out their challenge.
    pub async fn prepare(&self, call: &str, challenge: &str) -> Value {
        let word = json!({"method": "call-back", "statement": "called back, spoke to her"});
        self.step(call, "caller", word).await;
        self.step(call, "challenge", json!({"challenge": challenge}))
            .await
    }

    /// The first device of a user that is in use.
    pub async fn device_of(&self, user: &str) -> String {
        let found = self.get(&format!("/users?q={user}")).await.done();
        let devices = found["found"][0]["devices"].as_array().unwrap();
        let used = devices.iter().find(|device| device["retired"] == false);
        used.unwrap()["device_id"].as_str().unwrap().to_owned()
    }
}
