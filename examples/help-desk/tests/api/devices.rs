//! Devices by programs: an enrolment station registers, another program looks and retires.

use axum::http::StatusCode;
use fido_unlock::desk::Scope;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{DeviceId, ErrorCode, Suite};
use serde_json::{Value, json};

use crate::browser::demo;
use crate::program::Program;

fn device(number: u8) -> String {
    DeviceId::from_bytes([number; 10]).to_code()
}

/// A row with a key that is in no slot of the desk.
fn row(number: u8) -> Value {
    let key = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &[0x66; 32]).unwrap();
    let issuer = base16ct::lower::encode_string(key.public().unwrap().as_compressed());
    json!({"device_id": device(number), "user": "sam.nokey", "suite": 1, "slot": 3, "issuer": issuer})
}

#[tokio::test]
async fn a_station_registers_a_device_and_it_is_retired() {
    let demo = demo();
    let station = Program::of(&demo, "devices-1", &[Scope::Devices]).await;
    let listed = station.get("/devices").await.done();
    let known = listed["devices"].as_array().unwrap().clone();
    assert_eq!((known.len(), &listed["next"]), (8, &json!(null)));
    let first = station.device_of("robin").await;
    let whole = station.get(&format!("/devices/{first}")).await.done();
    assert_eq!(whole["owner"]["id"], "robin.sample");

    let mut new = row(7);
    new["slot"] = whole["slot"].clone();
    new["issuer"] = whole["issuer"].clone();
    let other_suite = station.post("/devices", new.clone()).await;
    other_suite.refuses(422, ErrorCode::SignerSuite);
    new["suite"] = json!(2);
    new["device_key"] = row(7)["issuer"].clone();
    let made = station.post("/devices", new.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(
        made.header("location"),
        Some(&*format!("/api/v1/devices/{}", device(7)))
    );
    let registered = station.get(&format!("/devices/{}", device(7))).await.done();
    assert_eq!(registered["owner"]["id"], "sam.nokey");
    assert_eq!(registered["to_be_rotated"], false);
    // An answer that was lost: it is asked again.
    let again = station.post("/devices", new.clone()).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text());
    assert_eq!(again.json(), made.json());
    let mut others = new;
    others["user"] = json!("robin.sample");
    station
        .post("/devices", others)
        .await
        .refuses(409, ErrorCode::DeviceExists);

    let retire = format!("/devices/{}/retire", device(7));
    let retired = station.post(&retire, json!(null)).await;
    assert_eq!(retired.status, StatusCode::NO_CONTENT, "{}", retired.text());
    let registered = station.get(&format!("/devices/{}", device(7))).await.done();
    assert_eq!(registered["retired"], true);
    let again = station.post(&retire, json!(null)).await;
    again.refuses(403, ErrorCode::DeviceRetired);
}

#[tokio::test]
async fn a_row_that_is_wrong_is_refused_with_its_field() {
    let demo = demo();
    let station = Program::of(&demo, "devices-1", &[Scope::Devices]).await;
    for (field, value) in [
        ("device_id", json!("0000")),
        ("suite", json!(3)),
        ("slot", json!(16)),
        ("issuer", json!("zz")),
        ("issuer", json!("02")),
        ("device_key", json!("02")),
        ("user", json!("a\nb")),
    ] {
        let mut wrong = row(7);
        wrong[field] = value;
        let answer = station.post("/devices", wrong).await;
        let problem = answer.problem(422);
        assert!(problem["number"].is_number(), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(field), "{field}: {detail}");
    }
    let foreign = station.post("/devices", row(7)).await;
    foreign.refuses(422, ErrorCode::KeyMissing);
    let nobody = station.get(&format!("/devices/{}", device(7))).await;
    nobody.refuses(404, ErrorCode::DeviceUnknown);
}

#[tokio::test]
async fn a_station_asks_before_it_touches_a_device() {
    let demo = demo();
    let station = Program::of(&demo, "devices-1", &[Scope::Devices]).await;
    let first = station.device_of("robin").await;
    let whole = station.get(&format!("/devices/{first}")).await.done();
    let keys = station.get("/enrolment").await.done();
    let key = json!({"version": 1, "suite": 2, "slot": whole["slot"], "public": whole["issuer"]});
    assert_eq!(keys["issuers"], json!([key]));
    assert_eq!(station.get("/enrolment?user=sam.nokey").await.done(), keys);
    station
        .get("/enrolment?user=nobody")
        .await
        .refuses(404, ErrorCode::UserUnknown);
}
