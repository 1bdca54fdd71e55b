//! One-time codes.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Answer, Browser, demo};

const NEW: &str = "nine quiet bicycles";

async fn redeem(browser: &mut Browser<'_>, name: &str, code: &str, again: &str) -> Answer {
    let fields = [
        ("name", name),
        ("code", code),
        ("password", NEW),
        ("again", again),
    ];
    browser.post("/first", &fields).await
}

#[tokio::test]
async fn an_administrator_gives_a_code_by_which_a_new_password_is_set() {
    let demo = demo();
    let mut victim = Browser::signed_in(&demo, "desk-1").await;
    let mut desk = Browser::signed_in(&demo, "desk-2").await;
    desk.post("/operators/code", &[("operator", "desk-1")])
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
    let mut administrator = Browser::signed_in(&demo, "admin-1").await;
    administrator
        .post("/operators/code", &[("operator", "admin-1")])
        .await
        .refuses(403, ErrorCode::ApprovalSelf);
    administrator
        .post("/operators/code", &[("operator", "nobody")])
        .await
        .refuses(404, ErrorCode::OperatorMissing);
    assert_eq!(victim.get("/unlock").await.status, StatusCode::OK);
    let given = administrator
        .post("/operators/code", &[("operator", "desk-1")])
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    let code = given.between("class=\"response\">", "<").to_owned();
    assert_eq!(code.len(), 24, "{code}");
    // What was there is void at once.
    assert_eq!(victim.get("/unlock").await.status, StatusCode::SEE_OTHER);
    let old = victim.password("desk-1");
    victim
        .sign_in("desk-1", &old)
        .await
        .refuses(401, ErrorCode::OperatorUnknown);

    let page = victim.get("/first").await;
    assert_eq!(page.status, StatusCode::OK);
    let differ = redeem(&mut victim, "desk-1", &code, "another").await;
    assert_eq!(differ.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!differ.text.contains(&code) && !differ.text.contains(NEW));
    let (first, rest) = code.split_at(1);
    let wrong = format!("{}{rest}", if first == "2" { "3" } else { "2" });
    let mistyped = redeem(&mut victim, "desk-1", &wrong, NEW).await;
    assert_eq!(
        mistyped.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        mistyped.text
    );
    for name in ["desk-2", "nobody", "\u{202e}"] {
        redeem(&mut victim, name, &code, NEW)
            .await
            .refuses(401, ErrorCode::SignInCodeWrong);
    }
    let set = redeem(&mut victim, "desk-1", &code.to_lowercase(), NEW).await;
    assert_eq!(
        (set.status, set.location()),
        (StatusCode::SEE_OTHER, "/sign-in?done=password")
    );
    redeem(&mut victim, "desk-1", &code, NEW)
        .await
        .refuses(401, ErrorCode::SignInCodeWrong);
    assert_eq!(victim.sign_in("desk-1", NEW).await.status, StatusCode::SEE_OTHER);
}
