//! What is read by the command line: users, devices, requests, the log.

use fido_unlock::ErrorCode;
use fido_unlock::desk::Scope;
use fido_unlock::desk::log::ProofFile;
use serde_json::Value;

use crate::command::{Home, RESPOND};
use crate::served::Served;

#[test]
fn users_and_devices_are_found_listed_and_retired() {
    let served = Served::start();
    let home = Home::with_token(&served, "devices-1", &[Scope::Devices, Scope::Unlock]);
    let found = home.run(&["desk", "find", "robin"], "").ok();
    assert_eq!(found["users"][0]["user"], "robin.sample");
    let typing = home.run(&["desk", "find", "--typing", "rob"], "").ok();
    assert_eq!(typing["users"], found["users"]);
    let all = home.run(&["desk", "list", "users"], "").ok();
    assert_eq!(all["users"].as_array().unwrap().len(), 8);
    assert_eq!(all["next"], Value::Null);
    let page = home.run(&["desk", "list", "users", "--limit", "3"], "").ok();
    let next = page["next"].as_str().unwrap().to_owned();
    assert_eq!(page["users"][2]["user"], next);
    let rest = home.run(&["desk", "list", "users", "--after", &next], "").ok();
    assert_eq!(rest["users"].as_array().unwrap().len(), 5);

    let devices = home.run(&["desk", "list", "devices"], "").ok();
    let own = devices["devices"].as_array().unwrap().iter();
    let id = own.filter(|device| device["user"] == "robin.sample");
    let id = id
        .map(|device| device["device_id"].as_str().unwrap())
        .next()
        .unwrap();
    let shown = home.run(&["desk", "device", "--device-id", id], "").ok();
    assert_eq!(
        (&shown["name"], &shown["retired"]),
        (&"Robin Sample".into(), &false.into())
    );
    assert_eq!(shown["history"][0]["event"], "DeviceRegistered");
    home.run(&["desk", "retire", "--device-id", id], "").ok();
    let shown = home.run(&["desk", "device", "--device-id", id], "").ok();
    assert_eq!(shown["retired"], true);
    assert_eq!(shown["history"][0]["event"], "DeviceRetired");
    home.run(&["desk", "device", "--device-id", "000G-40R4-0M30-E209-B3VD"], "")
        .error(ErrorCode::DeviceUnknown);
}

#[test]
fn what_is_open_is_listed_with_its_code_that_may_still_be_good() {
    let served = Served::start();
    let home = Home::with_token(&served, "desk-1", &[Scope::Unlock]);
    let (id, challenge) = served.key().state().unwrap().codes.unwrap();
    let given = home.run(&RESPOND, &format!("{challenge}\n")).ok();
    let code = given["response_code"].as_str().unwrap();
    let status = home.run(&["desk", "status"], "").ok();
    assert_eq!(status["operator"], "desk-1");
    assert_eq!(status["may"], serde_json::json!(["unlock"]));
    assert_eq!(status["open_requests"][0]["request"], given["request"]);
    assert_eq!(status["open_requests"][0]["code"], true);
    let device = home.run(&["desk", "device", "--device-id", &id], "").ok();
    assert_eq!(device["open_codes"][0]["request"], given["request"]);
    assert!(!format!("{status}{device}").contains(code));
}

#[test]
fn the_log_is_read_filtered_proved_and_exported() {
    let served = Served::start();
    let home = Home::with_token(&served, "audit-1", &[Scope::Audit]);
    let path = |name: &str| home.folder.path().join(name);
    let whole = home.run(&["audit", "show"], "").ok();
    let entries = whole["entries"].as_array().unwrap();
    assert_eq!(entries[0]["event"], "LogCreated");
    let last = home.run(&["audit", "show", "--last", "2"], "").ok();
    assert_eq!(last["entries"].as_array().unwrap().len(), 2);
    let filtered = home
        .run(
            &["audit", "show", "--event", "DeviceRetired", "--by", "admin-1"],
            "",
        )
        .ok();
    let retired = filtered["entries"].as_array().unwrap();
    assert_eq!(retired.len(), 1);
    home.run(&["audit", "show", "--from", "yesterday"], "")
        .error(ErrorCode::InvalidArgument);

    let made = home.run(&["audit", "checkpoint", "--out", "cp.txt"], "").ok();
    assert!(made["covered"].as_u64().unwrap() > 10);
    home.run(&["audit", "checkpoint", "--out", "cp.txt"], "")
        .error(ErrorCode::Usage);
    let place = retired[0]["sequence"].as_u64().unwrap();
    home.run(
        &["audit", "prove", "--entry", &place.to_string(), "--out", "proof"],
        "",
    )
    .ok();
    let proof = ProofFile::parse(&std::fs::read_to_string(path("proof")).unwrap()).unwrap();
    assert_eq!(proof.index, place);
    assert!(std::fs::metadata(path("proof.entry")).unwrap().len() > 20);

    let texts = |name: &str| {
        let text = std::fs::read_to_string(path(name).join("entries.jsonl")).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        lines
    };
    home.run(&["audit", "export", "--to", "plain"], "").ok();
    home.run(&["audit", "export", "--to", "whole", "--texts"], "")
        .ok();
    let (plain, whole) = (texts("plain"), texts("whole"));
    assert_eq!(plain.last().unwrap()["event"], "LogCreated");
    assert!(plain.iter().all(|entry| entry.get("text").is_none()));
    assert!(whole.iter().any(|entry| entry["text"].is_string()));
    assert!(path("plain/checkpoint").exists());
}
