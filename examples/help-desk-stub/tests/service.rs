//! The service as an agent sees it, over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::Duration;

use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks};
use fido_unlock::host::{CtapUnlockDevice, DefaultPinPolicy, NewPin, Session};
use fido_unlock::{ErrorCode, Interface, Pin, ResponseCode, Suite};
use getrandom::SysRng;
use help_desk_stub::{Desk, Key, OLD_PIN, Service, USER};
use serde_json::{Value, json};

struct World {
    key: Key,
    service: Service,
    session: Session,
}

fn world(suite: Suite, thinks: Duration) -> World {
    let mut desk = Desk::new(suite, thinks).unwrap();
    let key = Key::make(None).unwrap();
    let enrolled = key.enroll(desk.issuer()).unwrap();
    desk.register(&enrolled).unwrap();
    key.block().unwrap();
    let session = with_device(&key, |device, call| Session::begin(device, None, call).unwrap());
    World {
        key,
        service: Service::start(desk, 0).unwrap(),
        session,
    }
}

fn with_device<R>(
    key: &Key,
    work: impl FnOnce(&mut dyn fido_unlock::host::ports::UnlockDevice, &mut Call<'_>) -> R,
) -> R {
    let hid = key.device().hid(Interface::Vendor);
    let transport = fido_unlock::host::framing::HidTransport::new(hid, SysRng, Interface::Vendor);
    let (ticks, mut progress) = (SystemTicks::new(), NoProgress);
    let mut call = Call::new(&ticks, Call::WITH_TOUCH, &NeverCancel, &mut progress);
    work(&mut CtapUnlockDevice::new(transport), &mut call)
}

impl World {
    fn asked(&self) -> Value {
        json!({
            "device_id": self.session.device_id().to_code(),
            "challenge": self.session.challenge().to_code(),
            "user": USER,
        })
    }

    fn send(&self, method: &str, path: &str, token: &str, kind: &str, body: &str) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.service.url()))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", kind)
            .body(body.to_owned())
            .unwrap();
        let mut answer = agent.run(request).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        (answer.status().as_u16(), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, self.service.token(), "application/json", &body)
    }
}

fn number(answer: &Value) -> u64 {
    answer["error"]["number"].as_u64().unwrap()
}

#[test]
fn a_code_of_each_suite_opens_the_key() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = world(suite, Duration::ZERO);
        let (status, opened) = world.call("POST", "/v1/requests", &world.asked());
        assert_eq!(status, 202, "{opened}");
        let again = world.call("POST", "/v1/requests", &world.asked());
        assert_eq!(
            again,
            (202, opened.clone()),
            "a second question opened a second request"
        );
        let path = format!("/v1/requests/{}", opened["id"].as_str().unwrap());
        let (_, answer) = world.call("GET", &path, &Value::Null);
        let code = ResponseCode::parse(suite, answer["response_code"].as_str().unwrap()).unwrap();
        let pin = Pin::new("Spring43".into());
        let pin = NewPin::judge(&pin, &DefaultPinPolicy::new(), world.session.rules()).unwrap();
        with_device(&world.key, |device, call| {
            world
                .session
                .unlock(device, &code, &pin, &mut SysRng, call)
                .unwrap();
        });
        assert_eq!(world.key.try_pin("Spring43"), Ok(()));
        assert_eq!(world.key.try_pin(OLD_PIN), Err(ErrorCode::PinInvalid));
        assert_eq!(world.call("POST", &format!("{path}/done"), &Value::Null).0, 204);
        assert_eq!(world.call("GET", &path, &Value::Null).0, 404);
        assert!(world.service.desk().verify_audit().unwrap() > 5);
    }
}

#[test]
fn a_request_stays_pending_and_can_be_given_up() {
    let world = world(Suite::P256EcdhMac, Duration::from_secs(3600));
    let (_, opened) = world.call("POST", "/v1/requests", &world.asked());
    let path = format!("/v1/requests/{}", opened["id"].as_str().unwrap());
    let pending = (200, json!({ "state": "pending" }));
    assert_eq!(world.call("GET", &path, &Value::Null), pending);
    let done = world.call("POST", &format!("{path}/done"), &Value::Null);
    assert_eq!(done.0, 409, "done without a code: {}", done.1);
    assert_eq!(world.call("DELETE", &path, &Value::Null).0, 204);
    assert_eq!(world.call("GET", &path, &Value::Null).0, 404);
}

#[test]
fn what_is_wrong_is_refused_by_name() {
    let world = world(Suite::P256EcdhMac, Duration::ZERO);
    let asked = world.asked();
    let with = |field: &str, value: &str| {
        let mut asked = asked.clone();
        asked[field] = value.into();
        asked
    };
    let swapped = with("challenge", asked["device_id"].as_str().unwrap());
    for (body, expected) in [
        (with("user", "user-2"), ErrorCode::UserUnknown),
        (swapped, ErrorCode::CodeKind),
        (
            with("device_id", &fido_unlock::DeviceId::from_bytes([9; 10]).to_code()),
            ErrorCode::DeviceUnknown,
        ),
    ] {
        let (status, answer) = world.call("POST", "/v1/requests", &body);
        assert_eq!(
            (status, number(&answer)),
            (403, expected.number().into()),
            "{answer}"
        );
    }
    let body = asked.to_string();
    let token = world.service.token();
    for (token, kind, path, body, status) in [
        ("", "application/json", "/v1/requests", &*body, 401),
        ("guess", "application/json", "/v1/requests", &body, 401),
        (token, "text/plain", "/v1/requests", &body, 415),
        (token, "application/json", "/v1/requests", "{", 400),
        (
            token,
            "application/json",
            "/v1/requests",
            "{\"user\":\"user-1\"}",
            400,
        ),
        (token, "application/json", "/v2/requests", &body, 404),
        (token, "application/json", "/v1/requests/unknown/done", "", 404),
    ] {
        let (seen, answer) = world.send("POST", path, token, kind, body);
        assert_eq!(seen, status, "{path}: {answer}");
        assert!(number(&answer) > 0);
    }
    let long = format!("{{\"user\":\"{}\"}}", "x".repeat(100_000));
    assert_eq!(
        world
            .send("POST", "/v1/requests", token, "application/json", &long)
            .0,
        400
    );
}
