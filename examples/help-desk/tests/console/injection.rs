//! Texts of others are texts, wherever they are shown.

use axum::http::StatusCode;
use fido_unlock::desk::{OperatorId, User, UserClass, UserId};
use zeroize::Zeroizing;

use crate::browser::{Browser, demo, form, prompt};

const NAME: &str = "<script>alert(1)</script>\u{202e}\u{1b}[2J\"'><img src=x onerror=alert(1)>{{7*7}}";

#[tokio::test]
async fn a_users_name_does_nothing() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let desks = demo.app();
    let password = Zeroizing::new(browser.password("admin-1"));
    let administrator = desks
        .desks()
        .sign_in(OperatorId::new("admin-1").unwrap(), password)
        .await
        .unwrap();
    let user = User {
        id: UserId::new("robin.sample").unwrap(),
        name: NAME.into(),
        class: UserClass::Ordinary,
        channels: Vec::new(),
    };
    desks
        .desks()
        .run(move |desk| desk.put_user(&administrator, &user))
        .await
        .unwrap();

    let call = browser.open_call("robin.sample", &caller.device_id).await;
    for path in ["/unlock?q=robin", "/unlock/rows?q=robin", "/unlock", &call] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        is_harmless(&page.text);
        assert!(
            page.text.contains(r"alert(1)") && page.text.contains(r"\u{202e}\u{1b}[2J"),
            "{path}"
        );
    }
    let given = browser
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    is_harmless(&given.text);
}

#[tokio::test]
async fn what_is_typed_comes_back_as_text() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let typed = form(&[("q", NAME)]);
    for path in ["/unlock", "/unlock/rows"] {
        is_harmless(&browser.get(&format!("{path}?{typed}")).await.text);
    }
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let fields = [
        ("method", NAME),
        ("statement", NAME),
        ("reason", NAME),
        ("challenge", NAME),
    ];
    let refused = browser.post(&format!("{call}/code"), &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    is_harmless(&refused.text);
    is_harmless(&browser.get(&call).await.text);
    let without_token = [&fields[..], &[("operator", NAME)]].concat();
    let asked = browser.post_bare(&format!("{call}/code"), &without_token).await;
    assert!(asked.text.contains("SIGN IN AND GO ON") && asked.text.contains("alert(1)"));
    is_harmless(&asked.text);
    is_harmless(
        &browser
            .post("/unlock/challenge", &[("suite", "2"), ("challenge", NAME)])
            .await
            .text,
    );
    is_harmless(&browser.sign_in(NAME, "x").await.text);
    is_harmless(&browser.get("/%3Cscript%3Ealert(1)%3C/script%3E").await.text);
}

#[tokio::test]
async fn a_search_is_a_text_and_no_pattern() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for text in [
        "%",
        "_",
        "' OR 1=1 --",
        "\"; DROP TABLE rows; --",
        "*",
        "robin\" OR \"alex",
        "\0",
    ] {
        let answer = browser
            .get(&format!("/unlock/rows?{}", form(&[("q", text)])))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{text:?} {}", answer.text);
        assert!(answer.text.contains("Nobody and no device matches"), "{text:?}");
    }
    assert!(
        browser
            .get("/unlock/rows?q=robin")
            .await
            .text
            .contains("Robin Sample")
    );
}

#[track_caller]
fn is_harmless(page: &str) {
    for harmful in ["<script>", "<img", "\u{202e}", "\u{1b}", "\"'>"] {
        assert!(!page.contains(harmful), "{harmful:?} in {page}");
    }
}
