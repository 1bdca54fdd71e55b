//! Signing in and out.

use axum::http::{StatusCode, header};
use fido_unlock::ErrorCode;

use crate::browser::{Browser, demo};

#[tokio::test]
async fn who_has_not_signed_in_does_so_first() {
    let demo = demo();
    let mut browser = Browser::new(&demo);
    for path in ["/", "/unlock", "/try-it", "/unlock/0000-0000-0000-0000-0000"] {
        let answer = browser.get(path).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/sign-in")
        );
    }
    let request = browser.request(axum::http::Method::GET, "/unlock/rows?q=a");
    let request = request
        .header("hx-request", "true")
        .body(axum::body::Body::empty());
    let part = browser.send(request.unwrap()).await;
    // htmx goes there as a whole page, and puts no sign-in into the list.
    assert_eq!(
        (part.status, &part.headers["hx-redirect"]),
        (StatusCode::UNAUTHORIZED, &"/sign-in".parse().unwrap())
    );
}

#[tokio::test]
async fn signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let demo = demo();
    let mut browser = Browser::new(&demo);
    let password = browser.password("desk-1");
    let answer = browser.sign_in(" desk-1 ", &password).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let page = browser.get("/unlock").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<strong>desk-1</strong>"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_alike() {
    let demo = demo();
    let mut browser = Browser::new(&demo);
    for (name, password) in [("desk-1", "wrong"), ("nobody", "wrong"), ("\u{202e}", "wrong")] {
        let answer = browser.sign_in(name, password).await;
        answer.refuses(401, ErrorCode::OperatorUnknown);
        assert!(browser.cookie.is_none());
        assert!(!answer.text.contains("wrong\""));
    }
}

#[tokio::test]
async fn after_five_wrong_passwords_the_right_one_waits_too() {
    let demo = demo();
    let mut browser = Browser::new(&demo);
    for _ in 0..5 {
        browser
            .sign_in("desk-1", "wrong")
            .await
            .refuses(401, ErrorCode::OperatorUnknown);
    }
    let password = browser.password("desk-1");
    let answer = browser.sign_in("desk-1", &password).await;
    answer.refuses(429, ErrorCode::SignInLocked);
    // Nobody else waits for it.
    Browser::signed_in(&demo, "admin-1").await;
}

#[tokio::test]
async fn a_sign_in_ends_the_session_before_it_and_sign_out_its_own() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let first = browser.cookie.clone();
    let password = browser.password("desk-1");
    browser.sign_in("desk-1", &password).await;
    let second = browser.cookie.clone();
    assert_ne!(first, second);
    browser.cookie = first;
    assert_eq!(browser.get("/unlock").await.status, StatusCode::SEE_OTHER);
    browser.cookie = second.clone();
    browser.csrf = browser.get("/unlock").await.csrf();
    assert_eq!(browser.post("/sign-out", &[]).await.location(), "/sign-in");
    assert!(browser.cookie.is_none());
    browser.cookie = second;
    assert_eq!(browser.get("/unlock").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_menu_has_what_its_operator_may() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "audit-1").await;
    let page = browser.get("/try-it").await;
    assert!(!page.text.contains("href=\"/unlock\"") && page.text.contains("href=\"/try-it\""));
    browser
        .get("/unlock")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
    browser
        .post("/unlock", &[("user", "a"), ("device", "b")])
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
    let mut administrator = Browser::signed_in(&demo, "admin-1").await;
    assert!(
        administrator
            .get("/try-it")
            .await
            .text
            .contains("href=\"/unlock\"")
    );
}
