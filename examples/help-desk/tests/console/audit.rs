//! The log: who reads it, what a filter finds, files of it, and what proves it to others.

use axum::http::{StatusCode, header};
use fido_unlock::ErrorCode;
use fido_unlock::desk::log::{NoteVerifier, ProofFile};
use fido_unlock::desk::record::DeskEntry;
use fido_unlock::desk::{OperatorId, UserId};
use zeroize::Zeroizing;

use crate::browser::{Answer, Browser, demo, escaped, form, prompt};

/// A call of desk-1 for Robin Sample with this reason, and its device.
async fn call_with(operator: &mut Browser<'_>, reason: &str) -> String {
    let caller = operator.caller().await;
    let call = operator.open_call("robin.sample", &caller.device_id).await;
    let mut fields = prompt(&caller.challenge);
    fields[2].1 = reason;
    operator.post(&format!("{call}/code"), &fields).await;
    caller.device_id
}

fn places(page: &Answer) -> Vec<u64> {
    let parts = page.text.split("<a href=\"/audit/entries/").skip(1);
    parts
        .map(|part| part.split_once('"').unwrap().0.parse().unwrap())
        .collect()
}

/// Each page of a filter, by its button.
async fn all(browser: &mut Browser<'_>, query: &[(&str, &str)]) -> Vec<u64> {
    let mut found = Vec::new();
    let mut page = browser.get(&format!("/audit?{}", form(query))).await;
    loop {
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        found.extend(places(&page));
        if !page.text.contains("name=\"before\"") {
            return found;
        }
        let before = page.between("name=\"before\" value=\"", "\"").to_owned();
        let query = [query, &[("before", &*before)]].concat();
        page = browser.get(&format!("/audit?{}", form(&query))).await;
    }
}

#[tokio::test]
async fn the_log_is_read_by_time_operator_device_and_kind() {
    let demo = demo();
    let mut operator = Browser::signed_in(&demo, "desk-1").await;
    let device = call_with(&mut operator, "INC-4711").await;
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    let page = auditor.get("/audit").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in ["INC-4711", "Code made", "desk-1", "robin.sample", &device] {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    let everything = all(&mut auditor, &[]).await;
    assert!(everything.len() > 50, "{everything:?}");
    // Newest first, without a gap, down to the log's beginning.
    assert!(everything.windows(2).all(|pair| pair[0] == pair[1] + 1));
    assert_eq!(everything.last(), Some(&0));

    let by_desk_1 = all(&mut auditor, &[("operator", "desk-1")]).await;
    let by_admin = all(&mut auditor, &[("operator", "admin-1")]).await;
    assert!(by_desk_1.len() > 3 && by_admin.len() > by_desk_1.len());
    assert!(by_desk_1.iter().all(|place| !by_admin.contains(place)));
    let of_device = all(&mut auditor, &[("device", &device.to_lowercase())]).await;
    let made = all(&mut auditor, &[("event", "CodeMade")]).await;
    assert!(of_device.contains(&made[0]) && made.len() == 1);
    let query = [
        ("operator", "desk-1"),
        ("device", &*device),
        ("event", "CodeMade"),
    ];
    assert_eq!(all(&mut auditor, &query).await, made);
    let query = [("operator", "admin-1"), ("event", "CodeMade")];
    assert!(all(&mut auditor, &query).await.is_empty());
    let none = auditor.get(&format!("/audit?{}", form(&query))).await;
    assert!(none.text.contains("No entry fits."));
    // The demonstration is made today.
    assert!(all(&mut auditor, &[("until", "2026-01-01")]).await.is_empty());
    assert!(all(&mut auditor, &[("from", "2026-01-01")]).await.len() > everything.len());
    // What was asked for stands in the form.
    let again = auditor
        .get(&format!(
            "/audit?{}",
            form(&[("operator", "desk-1"), ("event", "CodeMade")])
        ))
        .await;
    assert!(
        again.text.contains("value=\"desk-1\"")
            && again.text.contains("<option value=\"CodeMade\" selected>")
    );
}

#[tokio::test]
async fn what_cannot_be_understood_is_said_and_is_no_empty_list() {
    let demo = demo();
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    for (name, value, said) in [
        ("from", "yesterday", "“yesterday” is no day"),
        ("until", "2026-02-30", "“2026-02-30” is no day"),
        ("operator", "nobody", "nobody of the name “nobody”"),
        ("device", "1234", "“1234” is no Device ID"),
        ("event", "Everything", "“Everything” is not among"),
    ] {
        let page = auditor.get(&format!("/audit?{}", form(&[(name, value)]))).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            page.text.contains(said) && !page.text.contains("No entry fits"),
            "{}",
            page.text
        );
        let file = auditor
            .get(&format!("/audit/save?format=csv&{}", form(&[(name, value)])))
            .await;
        file.refuses(422, ErrorCode::InvalidArgument);
    }
}

#[tokio::test]
async fn only_who_may_read_the_log_does() {
    let demo = demo();
    let mut operator = Browser::signed_in(&demo, "desk-1").await;
    assert!(!operator.get("/unlock").await.text.contains("href=\"/audit\""));
    for path in [
        "/audit",
        "/audit/save?format=csv",
        "/audit/entries/0",
        "/audit/entries/0/proof",
        "/audit/entries/0/bytes",
        "/audit/verify",
        "/audit/verify/state",
        "/audit/checkpoints",
        "/audit/checkpoints/0",
    ] {
        operator.get(path).await.refuses(403, ErrorCode::PrivilegeMissing);
    }
    for path in ["/audit/verify", "/audit/checkpoints"] {
        operator
            .post(path, &[])
            .await
            .refuses(403, ErrorCode::PrivilegeMissing);
    }
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    let page = auditor.get("/audit").await;
    assert!(
        page.text.contains("href=\"/audit\" aria-current=\"page\"")
            && !page.text.contains("href=\"/unlock\"")
    );
    let mut administrator = Browser::signed_in(&demo, "admin-1").await;
    assert_eq!(administrator.get("/audit").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_file_has_every_entry_and_no_formula() {
    let demo = demo();
    let mut operator = Browser::signed_in(&demo, "desk-1").await;
    let formula = "=HYPERLINK(\"http://thief.example\";\"click\")\u{202e}";
    call_with(&mut operator, formula).await;
    // More than one read has.
    let app = demo.app();
    let password = Zeroizing::new(operator.password("desk-1"));
    let session = app
        .desks()
        .sign_in(OperatorId::new("desk-1").unwrap(), password)
        .await
        .unwrap();
    app.desks()
        .run(move |desk| {
            let alex = UserId::new("alex.muster").unwrap();
            for _ in 0..600 {
                desk.find_user(&session, &alex)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    let size = auditor.get("/audit").await;
    let size = places(&size)[0] + 2;

    let lines = auditor.get("/audit/save?format=jsonl").await;
    assert_eq!(lines.status, StatusCode::OK);
    assert_eq!(lines.headers[header::CONTENT_TYPE], "application/jsonl");
    assert_eq!(
        lines.headers[header::CONTENT_DISPOSITION],
        "attachment; filename=\"audit.jsonl\""
    );
    let entries: Vec<serde_json::Value> = lines
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sequences: Vec<_> = entries
        .iter()
        .map(|entry| entry["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, (0..size).rev().collect::<Vec<_>>());
    let opened = entries.iter().find(|entry| entry["text"] == formula);
    assert!(opened.is_some_and(|entry| entry["operator"] == "desk-1" && entry["user"] == "robin.sample"));

    let table = auditor.get("/audit/save?format=csv&event=ReasonChanged").await;
    assert_eq!(table.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let rows: Vec<_> = table.text.split("\r\n").collect();
    assert!(
        rows[0].starts_with("\u{feff}\"sequence\",\"at\",\"event\",\"operator\""),
        "{}",
        rows[0]
    );
    assert_eq!((rows.len(), rows[2]), (3, ""), "{}", table.text);
    assert!(
        rows[1].contains(r#""'=HYPERLINK(""http://thief.example"";""click"")\u{202e}""#),
        "{}",
        rows[1]
    );
    assert!(rows[1].contains("T") && rows[1].contains("Z\",\"ReasonChanged\",\"desk-1\""));

    for wrong in ["/audit/save", "/audit/save?format=xml"] {
        let answer = auditor.get(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

/// The public key of checkpoints, as the page has it.
fn key(page: &Answer) -> NoteVerifier {
    NoteVerifier::parse(page.between("<p class=\"code\">", "</p>")).unwrap()
}

#[tokio::test]
async fn an_entry_is_proved_to_whoever_has_the_key() {
    let demo = demo();
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    let entry = auditor.get("/audit/entries/3").await;
    assert!(
        entry.text.contains("No checkpoint covers this entry yet."),
        "{}",
        entry.text
    );
    auditor
        .get("/audit/entries/3/proof")
        .await
        .refuses(404, ErrorCode::EntryUnknown);
    let made = auditor.post("/audit/checkpoints", &[("entry", "3")]).await;
    assert_eq!(made.location(), "/audit/entries/3");
    let entry = auditor.get("/audit/entries/3").await;
    assert!(
        entry.text.contains("href=\"/audit/entries/3/proof\""),
        "{}",
        entry.text
    );

    let page = auditor.get("/audit/checkpoints?made=1").await;
    assert!(page.text.contains("The checkpoint was made."));
    let (key, place) = (
        key(&page),
        page.between("href=\"/audit/checkpoints/", "\"").to_owned(),
    );
    let note = auditor.get(&format!("/audit/checkpoints/{place}")).await;
    let disposition = note.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    let size: u64 = place.parse::<u64>().unwrap() + 1;
    assert_eq!(disposition, format!("attachment; filename=\"checkpoint-{size}\""));

    let proof = auditor.get("/audit/entries/3/proof").await;
    let bytes = auditor.get("/audit/entries/3/bytes").await;
    assert_eq!(bytes.headers[header::CONTENT_TYPE], "application/octet-stream");
    let file = ProofFile::parse(&proof.text).unwrap();
    assert_eq!(file.checkpoint.to_text(), note.text);
    let head = file
        .verify(&bytes.bytes, key.name(), std::slice::from_ref(&key))
        .unwrap();
    assert_eq!(head.size, size);
    assert_eq!(DeskEntry::from_bytes(&bytes.bytes).unwrap().sequence, 3);
    // A checkpoint that is none, an entry that is not there.
    for path in [
        "/audit/checkpoints/3",
        "/audit/entries/99999",
        "/audit/entries/99999/bytes",
    ] {
        auditor.get(path).await.refuses(404, ErrorCode::EntryUnknown);
    }
}

/// The page of a verification that has ended.
async fn verified(auditor: &mut Browser<'_>) -> Answer {
    loop {
        let page = auditor.get("/audit/verify").await;
        if !page.text.contains("hx-get=\"/audit/verify/state\"") {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_log_is_verified_beside_the_calls_and_against_what_was_kept() {
    let demo = demo();
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    auditor.post("/audit/checkpoints", &[]).await;
    let page = auditor.get("/audit/checkpoints").await;
    let place = page.between("href=\"/audit/checkpoints/", "\"").to_owned();
    let note = auditor.get(&format!("/audit/checkpoints/{place}")).await.text;

    let begun = auditor.post("/audit/verify", &[]).await;
    assert_eq!(begun.location(), "/audit/verify");
    let page = verified(&mut auditor).await;
    assert!(
        page.text.contains("The log is whole:") && page.text.contains("No checkpoint was given"),
        "{}",
        page.text
    );
    // As a browser sends what was pasted.
    let pasted = note.replace('\n', "\r\n");
    auditor
        .post("/audit/verify", &[("checkpoint", pasted.trim_end())])
        .await;
    let page = verified(&mut auditor).await;
    let covers = format!(
        "The checkpoint covers {} entries",
        place.parse::<u64>().unwrap() + 1
    );
    assert!(page.text.contains(&covers), "{}", page.text);

    // Another desk's, which this one has not signed.
    let other = crate::browser::demo();
    let mut elsewhere = Browser::signed_in(&other, "audit-1").await;
    elsewhere.post("/audit/checkpoints", &[]).await;
    let page = elsewhere.get("/audit/checkpoints").await;
    let place = page.between("href=\"/audit/checkpoints/", "\"").to_owned();
    let foreign = elsewhere.get(&format!("/audit/checkpoints/{place}")).await.text;
    // One entry more than was signed.
    let mut lines: Vec<_> = note.split('\n').map(String::from).collect();
    lines[1] = (lines[1].parse::<u64>().unwrap() + 1).to_string();
    for wrong in ["x", &foreign, &note[1..], &lines.join("\n")] {
        let refused = auditor.post("/audit/verify", &[("checkpoint", wrong)]).await;
        refused.refuses(422, ErrorCode::AuditCheckpoint);
        // What was pasted stays.
        let first = wrong.lines().next().unwrap();
        assert!(refused.text.contains(&escaped(first)), "{}", refused.text);
    }
}

#[tokio::test]
async fn texts_of_others_are_texts_here_too() {
    let demo = demo();
    let mut operator = Browser::signed_in(&demo, "desk-1").await;
    call_with(&mut operator, "<script>alert(1)</script>\u{202e}\u{1b}[2J").await;
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    let list = auditor.get("/audit?event=ReasonChanged").await;
    let place = places(&list)[0];
    let entry = auditor.get(&format!("/audit/entries/{place}")).await;
    let typed = form(&[("operator", "<script>\u{202e}"), ("event", "\"><script>")]);
    let wrong = auditor.get(&format!("/audit?{typed}")).await;
    for page in [list, entry, wrong] {
        for harmful in ["<script>", "\u{202e}", "\u{1b}"] {
            assert!(!page.text.contains(harmful), "{harmful:?} in {}", page.text);
        }
    }
}
