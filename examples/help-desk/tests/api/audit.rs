//! The log by programs: entries page by page, by filter, with proof.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;
use fido_unlock::desk::Scope;
use fido_unlock::desk::log::{SignedNote, TreeHead};
use serde_json::json;

use crate::browser::demo;
use crate::program::Program;

#[tokio::test]
async fn entries_come_page_by_page_newest_first() {
    let demo = demo();
    let desk = Program::of(&demo, "desk-1", &[Scope::Unlock]).await;
    for text in ["one", "two", "three"] {
        desk.get(&format!("/users?q={text}")).await.done();
    }
    let program = Program::of(&demo, "audit-1", &[Scope::Audit]).await;
    let (mut places, mut before) = (Vec::new(), String::new());
    loop {
        let page = program
            .get(&format!("/audit/entries?limit=7{before}"))
            .await
            .done();
        for entry in page["entries"].as_array().unwrap() {
            places.push(entry["sequence"].as_u64().unwrap());
        }
        match page["next"].as_u64() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    let newest = places[0];
    let all: Vec<u64> = (0..=newest).rev().collect();
    assert_eq!(places, all);

    let found = program
        .get("/audit/entries?event=Searched&operator=desk-1")
        .await
        .done();
    let texts: Vec<_> = found["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["text"])
        .collect();
    assert_eq!(texts, ["three", "two", "one"]);
    let one = &found["entries"][2];
    let entry = program
        .get(&format!("/audit/entries/{}", one["sequence"]))
        .await
        .done();
    assert_eq!(entry, *one);
    let none = program.get("/audit/entries/1000000").await;
    none.refuses(404, ErrorCode::EntryUnknown);
}

#[tokio::test]
async fn an_entry_is_proved_by_a_checkpoint() {
    let demo = demo();
    let program = Program::of(&demo, "audit-1", &[Scope::Audit]).await;
    assert_eq!(
        program.get("/audit/checkpoint").await.json()["name"],
        "EntryUnknown"
    );
    let made = program.post("/audit/checkpoint", json!(null)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let note = SignedNote::parse(made.text()).unwrap();
    let head = TreeHead::parse(note.unverified_text()).unwrap();
    assert!(head.size > 3);
    let newest = program.get("/audit/checkpoint").await;
    assert_eq!(newest.text(), made.text());
    let proof = program.get("/audit/entries/3/proof").await;
    assert_eq!(proof.status, StatusCode::OK);
    assert!(
        proof.text().starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"),
        "{}",
        proof.text()
    );
    assert!(proof.text().ends_with(made.text()));
    let bytes = program.get("/audit/entries/3/bytes").await;
    let mut hashes = proof.text().lines().skip(2).take_while(|line| !line.is_empty());
    assert!(hashes.next().is_some() && !bytes.body.is_empty());
    let later = program.get(&format!("/audit/entries/{}/proof", head.size)).await;
    later.refuses(404, ErrorCode::EntryUnknown);
}
