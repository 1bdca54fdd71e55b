//! The licence: how it stands, and another one in its place.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;
use fido_unlock::desk::UnixTime;
use fido_unlock::desk::ports::Clock;
use fido_unlock_files::SystemClock;

use crate::browser::{Browser, demo, prompt};
use crate::devices::administrator;

fn in_days(days: u64) -> UnixTime {
    SystemClock.now().plus_seconds(days * 24 * 60 * 60)
}

async fn put(browser: &mut Browser<'_>, field: &str, file: &str) -> crate::browser::Answer {
    let csrf = browser.csrf.clone();
    browser
        .post_parts("/licence", &[("csrf", &csrf), (field, file)])
        .await
}

#[tokio::test]
async fn it_is_shown_and_replaced_without_a_restart() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/licence").await;
    for text in ["Demonstration", "7 of 100", "nobody: this is a demonstration"] {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    assert!(
        !page.text.contains("class=\"notice licence\""),
        "90 days are long"
    );

    let more = demo.licence(200, in_days(90)).unwrap();
    // As a mail program may have sent it.
    let done = put(&mut browser, "file", &more.replace('\n', "\r\n")).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.text.contains("It holds now") && done.text.contains("7 of 200"));
    let pasted = demo.licence(300, in_days(90)).unwrap();
    assert!(put(&mut browser, "text", &pasted).await.text.contains("7 of 300"));

    for bad in [
        pasted.replace("devices 300", "devices 900"),
        "fido-unlock licence\n".into(),
        "<script>alert(1)</script>".into(),
        String::new(),
    ] {
        let refused = put(&mut browser, "text", &bad).await;
        refused.refuses(403, ErrorCode::LicenceRefused);
        assert!(refused.text.contains("7 of 300") && !refused.text.contains("<script>"));
    }
}

#[tokio::test]
async fn one_that_would_stop_the_desk_is_put_in_only_when_that_was_said() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let few = demo.licence(2, in_days(90)).unwrap();
    let asked = put(&mut browser, "file", &few).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(
        asked.text.contains("It covers 2 devices, and 7 are in use"),
        "{}",
        asked.text
    );
    assert!(browser.get("/licence").await.text.contains("7 of 100"));
    let put_in = browser.confirm(&asked, "/licence").await;
    assert_eq!(put_in.status, StatusCode::OK, "{}", put_in.text);
    assert!(browser.get("/licence").await.text.contains("7 of 2<"));
}

#[tokio::test]
async fn without_one_everything_is_read_and_no_code_is_given() {
    let demo = demo();
    let mut administrator_page = Browser::signed_in(&demo, "admin-1").await;
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let caller = desk.caller().await;
    let call = desk.open_call("robin.sample", &caller.device_id).await;
    let session = administrator(&desk).await;
    let over = demo.licence(100, UnixTime(1)).unwrap();
    demo.app()
        .desks()
        .run(move |desk| desk.put_licence(&session, &over).map(drop))
        .await
        .unwrap();
    // Who can do something about it is told on every page, and nobody else.
    for path in ["/unlock", "/devices", "/operators", "/try-it", "/licence"] {
        let page = administrator_page.get(path).await;
        assert!(
            page.text.contains("The licence has expired: no code is given."),
            "{path}"
        );
        assert!(page.text.contains("nobody: this is a demonstration"), "{path}");
    }
    let list = desk.get("/unlock?q=robin").await;
    assert!(list.text.contains("Robin Sample") && !list.text.contains("The licence has expired"));
    assert_eq!(desk.get(&call).await.status, StatusCode::OK);
    let refused = desk
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    refused.refuses(403, ErrorCode::LicenceExpired);
    assert!(
        refused.text.contains("nobody: this is a demonstration"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn thirty_days_before_its_end_it_is_spoken_of() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let soon = demo.licence(100, in_days(29)).unwrap();
    put(&mut browser, "text", &soon).await;
    let page = browser.get("/unlock").await;
    assert!(page.text.contains("The licence is valid until "), "{}", page.text);
    let later = demo.licence(100, in_days(31)).unwrap();
    put(&mut browser, "text", &later).await;
    assert!(
        !browser
            .get("/unlock")
            .await
            .text
            .contains("The licence is valid until ")
    );
}
