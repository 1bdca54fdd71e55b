//! The caller's side.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Browser, demo, prompt};

#[tokio::test]
async fn a_key_that_is_not_locked_is_refused() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let given = browser
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    let code = given.between("<p class=\"response\">", "<").to_owned();
    let fields = [("code", &*code), ("pin", "Spring43"), ("again", "Spring43")];
    browser.post("/try-it/unlock", &fields).await;
    let again = browser.post("/try-it/unlock", &fields).await;
    again.refuses(409, ErrorCode::DeviceNotLocked);
    let page = browser.get("/try-it").await;
    assert!(page.text.contains("Device not locked") && !page.text.contains("device-challenge"));

    // Locked again, it has another challenge, and the old code is void.
    let locked = browser.post("/try-it/lock", &[]).await;
    assert!(
        locked.text.contains("Locked again, by 8 wrong PINs"),
        "{}",
        locked.text
    );
    assert_ne!(browser.caller().await.challenge, caller.challenge);
    browser
        .post("/try-it/unlock", &fields)
        .await
        .refuses(409, ErrorCode::ResponseWrong);
}

#[tokio::test]
async fn a_locked_key_signs_in_with_no_pin() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    assert!(
        browser
            .get("/try-it")
            .await
            .text
            .contains("<h2 id=\"state\">Locked")
    );
    browser
        .post("/try-it/sign-in", &[("pin", "Winter42")])
        .await
        .refuses(409, ErrorCode::PinBlocked);
}

#[tokio::test]
async fn what_the_caller_mistypes_is_told() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let given = browser
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    let code = given.between("<p class=\"response\">", "<").to_owned();
    for (code, pin, again, status, error) in [
        (&code[..9], "Spring43", "Spring43", 422, ErrorCode::CodeLength),
        (&*code, "Spring43", "Spring44", 422, ErrorCode::PinConfirmation),
        (&*code, "1234", "1234", 422, ErrorCode::PinTooShort),
    ] {
        let fields = [("code", code), ("pin", pin), ("again", again)];
        let answer = browser.post("/try-it/unlock", &fields).await;
        answer.refuses(status, error);
        assert!(
            !answer.text.contains(fields[1].1) && !answer.text.contains(fields[0].1),
            "{}",
            answer.text
        );
    }
    let fields = [("code", &*code), ("pin", "Spring43"), ("again", "Spring43")];
    assert_eq!(
        browser.post("/try-it/unlock", &fields).await.status,
        StatusCode::OK
    );
}
