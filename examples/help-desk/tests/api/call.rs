//! The whole call by programs alone, from the search to the old passkey that signs in again; and what stops it.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use fido_unlock::desk::Scope;
use fido_unlock::{ErrorCode, Pin};
use serde_json::json;

use crate::browser::demo;
use crate::program::Program;

const UNLOCK: &[Scope] = &[Scope::Unlock];

fn pin(text: &str) -> Pin {
    Pin::new(text.to_owned())
}

#[tokio::test]
async fn from_locked_to_signed_in_with_the_old_passkey() {
    let demo = demo();
    let app = demo.app();
    let key = app.key().unwrap();
    let program = Program::of(&demo, "desk-1", UNLOCK).await;
    let (device_id, challenge) = key.state().unwrap().codes.unwrap();

    let found = program.get("/users?q=robin").await.done();
    assert_eq!(found["found"][0]["user"]["name"], "Robin Sample");
    assert_eq!(found["found"][0]["devices"][0]["device_id"], device_id);
    let typing = program.get("/users/suggestions?q=rob").await.done();
    assert_eq!(typing["found"][0]["user"]["id"], "robin.sample");

    let call = program.open("robin.sample", &device_id).await;
    let early = program.post(&format!("{call}/code"), json!(null)).await;
    early.refuses(422, ErrorCode::CallerUnverified);
    let ready = program.prepare(&call, &challenge).await;
    assert_eq!(ready["operator"], "desk-1");
    assert_eq!(ready["caller"]["method"], "call-back");
    assert_eq!(ready["challenge"], challenge);
    assert_eq!((&ready["code"], &ready["lives"]), (&json!(null), &json!(true)));

    let given = program.step(&call, "code", json!(null)).await;
    let code = given["code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 29, "24 characters in 6 groups");
    assert!(given["spoken"].as_str().unwrap().len() > code.len());
    // It is made again for its operator, and stands nowhere else.
    let again = program.step(&call, "code", json!(null)).await;
    assert_eq!(again["code"], code);
    let made = program.get(&call).await;
    assert_eq!(made.json()["code"], "open");
    let open = program.get(&format!("/devices/{device_id}/codes")).await;
    assert_eq!(open.json()["codes"].as_array().unwrap().len(), 1);
    for other in [&made, &open, &program.get("/requests").await] {
        assert!(!other.text().contains(&code), "{}", other.text());
    }

    key.unlock(&code, &pin("Spring43"), &pin("Spring43")).unwrap();
    let done = program.step(&call, "done", json!(null)).await;
    assert_eq!(done["code"], "done");
    let twice = program.post(&format!("{call}/done"), json!(null)).await;
    twice.refuses(409, ErrorCode::RequestUsed);
    key.sign_in(&pin("Spring43")).unwrap();
}

#[tokio::test]
async fn a_second_operator_approves_what_was_shown_to_them() {
    let demo = demo();
    let app = demo.app();
    let key = app.key().unwrap();
    let program = Program::of(&demo, "desk-1", UNLOCK).await;
    let second = Program::of(&demo, "desk-2", UNLOCK).await;
    let (device_id, challenge) = key.state().unwrap().codes.unwrap();
    let call = program.open("robin.sample", &device_id).await;
    program.prepare(&call, &challenge).await;
    let given = program.step(&call, "code", json!(null)).await;
    key.unlock(
        given["code"].as_str().unwrap(),
        &pin("Spring43"),
        &pin("Spring43"),
    )
    .unwrap();
    program.step(&call, "done", json!(null)).await;
    key.lock().unwrap();

    let (_, challenge) = key.state().unwrap().codes.unwrap();
    let call = program.open("robin.sample", &device_id).await;
    let shown = program.prepare(&call, &challenge).await;
    let approval = format!("{call}/approval");
    let revision = json!({"revision": shown["revision"]});
    let code = format!("{call}/code");
    let missing = program.post(&code, json!(null)).await;
    missing.refuses(403, ErrorCode::ApprovalMissing);
    let own = program.post(&approval, revision.clone()).await;
    own.refuses(403, ErrorCode::ApprovalSelf);
    // What has changed since is not approved.
    program.step(&call, "reason", json!({"reason": "INC-2"})).await;
    let changed = second.post(&approval, revision).await;
    changed.refuses(403, ErrorCode::ApprovalElsewhere);
    let shown = second.get(&call).await.done();
    assert_eq!(shown["reason"], "INC-2");
    let approved = second
        .step(&call, "approval", json!({"revision": shown["revision"]}))
        .await;
    assert_eq!(approved["approved_by"], "desk-2");
    // Whose it is, has the code.
    let foreign = second.post(&code, json!(null)).await;
    assert!(foreign.status.is_client_error(), "{}", foreign.text());
    let given = program.step(&call, "code", json!(null)).await;
    key.unlock(
        given["code"].as_str().unwrap(),
        &pin("Autumn44"),
        &pin("Autumn44"),
    )
    .unwrap();
}

#[tokio::test]
async fn a_request_is_taken_over_and_given_up() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", UNLOCK).await;
    let other = Program::of(&demo, "desk-2", UNLOCK).await;
    let device = program.device_of("alex").await;
    let call = program.open("alex.muster", &device).await;
    let word = json!({"method": "call-back", "statement": "called back"});
    program.step(&call, "caller", word).await;
    let listed = other.get("/requests").await.done();
    assert_eq!(listed["requests"][0]["operator"], "desk-1");
    assert_eq!(listed["next"], json!(null));
    let taken = other.step(&call, "take-over", json!(null)).await;
    assert_eq!(taken["operator"], "desk-2");
    // Who the caller is does not come along.
    assert_eq!(taken["caller"], json!(null));
    let ended = other.step(&call, "abandon", json!(null)).await;
    assert_eq!(ended["lives"], false);
    let late = program
        .post(&format!("{call}/reason"), json!({"reason": "x"}))
        .await;
    assert!(late.status.is_client_error());
    late.problem(late.status.as_u16());
}

#[tokio::test]
async fn a_caller_is_reported() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", UNLOCK).await;
    let device = program.device_of("alex").await;
    let call = program.open("alex.muster", &device).await;
    let nothing = program.post(&format!("{call}/report"), json!({"what": ""})).await;
    nothing.refuses(422, ErrorCode::ReasonMissing);
    let what = json!({"what": "called back: Alex has not called"});
    let ended = program.step(&call, "report", what.clone()).await;
    assert_eq!(
        (&ended["lives"], &ended["reported_by"]),
        (&json!(false), &json!("desk-1"))
    );
    let twice = program.post(&format!("{call}/report"), what).await;
    twice.refuses(403, ErrorCode::CallerDenied);
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", UNLOCK).await;
    let device = program.device_of("alex").await;
    let mut opened = Vec::new();
    for _ in 0..60 {
        opened.push(program.open("alex.muster", &device).await);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = program.get(&format!("/requests?{after}")).await.done();
        for request in page["requests"].as_array().unwrap() {
            seen.push(format!("/requests/{}", request["id"].as_str().unwrap()));
        }
        match page["next"].as_str() {
            Some(next) => after = format!("after={next}"),
            None => break,
        }
    }
    assert!(opened.iter().all(|own| seen.contains(own)));
    let different: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "none twice");
    let wrong = program.get("/requests?after=x").await;
    wrong.refuses(422, ErrorCode::InvalidArgument);
    assert_eq!(program.get("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let demo = demo();
    let program = Program::of(&demo, "desk-1", UNLOCK).await;
    let other = Program::of(&demo, "desk-2", UNLOCK).await;
    let (alex, kim) = (program.device_of("alex").await, program.device_of("kim").await);
    let open = async |program: &Program, key: &str, user: &str, device: &str| {
        let body = json!({"user": user, "device_id": device, "reason": "INC-1"});
        let request = program
            .request(Method::POST, "/api/v1/requests")
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        program
            .send(request.body(Body::from(body.to_string())).unwrap())
            .await
    };
    let first = open(&program, "a1", "alex.muster", &alex).await;
    let again = open(&program, "a1", "alex.muster", &alex).await;
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(first.text(), again.text());
    let listed = program.get("/requests").await.done();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
    for different in [
        open(&program, "a2", "alex.muster", &alex).await,
        open(&other, "a1", "alex.muster", &alex).await,
    ] {
        assert_eq!(different.status, StatusCode::CREATED);
        assert_ne!(different.header("location"), first.header("location"));
    }
    let long = "k".repeat(256);
    for (key, user, device) in [
        ("a1", "kim.echantillon", &kim),
        ("", "alex.muster", &alex),
        (&*long, "alex.muster", &alex),
    ] {
        let refused = open(&program, key, user, device).await;
        refused.refuses(422, ErrorCode::InvalidArgument);
    }
}
