//! The end of the set-up: what is missing is said, and nothing takes it back.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;
use help_desk::demo::Demo;

use crate::browser::{Browser, HOST, demo, prompt};

#[tokio::test]
async fn it_says_what_is_missing_and_then_codes_are_given() {
    let demo = Demo::in_set_up(HOST.parse().unwrap()).unwrap();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let caller = desk.caller().await;
    desk.post(
        "/unlock",
        &[("user", "robin.sample"), ("device", &caller.device_id)],
    )
    .await
    .refuses(503, ErrorCode::DeskNotOpen);

    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let operators = browser.get("/operators").await;
    assert!(
        operators.text.contains("The set-up has not ended") && operators.text.contains("href=\"/set-up\"")
    );
    let page = browser.get("/set-up").await;
    let lacks: Vec<_> = page.text.split("<li class=\"lacks\">").skip(1).collect();
    // The demonstration keeps its keys in memory.
    assert_eq!(lacks.len(), 1, "{}", page.text);
    assert!(lacks[0].starts_with("<strong>A backup of the keys as they are now</strong>"));
    assert_eq!(page.text.matches("<li class=\"there\">").count(), 5);
    assert!(page.text.contains("You can end the set-up all the same."));

    let opened = browser.submit(&page, "/set-up", &[]).await;
    assert_eq!(
        (opened.status, opened.location()),
        (StatusCode::SEE_OTHER, "/set-up")
    );
    let page = browser.get("/set-up").await;
    assert!(page.text.contains("The set-up has ended") && !page.text.contains("END THE SET-UP"));
    browser
        .post("/set-up", &[])
        .await
        .refuses(403, ErrorCode::SetUpEnded);
    assert!(!browser.get("/operators").await.text.contains("not ended"));

    let call = desk.open_call("robin.sample", &caller.device_id).await;
    let given = desk
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);
}

#[tokio::test]
async fn while_it_lasts_nothing_rests() {
    let demo = Demo::in_set_up(HOST.parse().unwrap()).unwrap();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let added = browser
        .post("/operators/new", &[("name", "olga"), ("privilege", "unlock")])
        .await;
    assert!(
        !added.text.contains("only when another Administrator"),
        "{}",
        added.text
    );
    let mut olga = Browser::new(&demo);
    olga.sign_in("olga", added.between("id=\"password\">", "<")).await;
    assert_eq!(olga.get("/unlock").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_open_desk_has_no_such_notice() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    assert!(!browser.get("/operators").await.text.contains("/set-up"));
}
