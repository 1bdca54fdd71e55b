//! Users: added, changed, approved by a second Administrator, erased.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Answer, Browser, demo, escaped};

const USER: &str = "/users/user";

fn page_of(id: &str) -> String {
    format!("{USER}?id={id}")
}

/// Sends the form with what the page keeps of it, and what is typed.
async fn send(browser: &mut Browser<'_>, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
    let kept: Vec<_> = page
        .fields(action)
        .into_iter()
        .filter(|(name, _)| ["csrf", "id", "seen"].contains(&name.as_str()))
        .collect();
    let kept = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = kept
        .filter(|(name, _)| typed.iter().all(|(own, _)| own != name))
        .chain(typed.iter().copied())
        .collect();
    browser.post_bare(action, &all).await
}

/// A slip in the form does not make it one of what somebody else has changed meanwhile.
#[tokio::test]
async fn after_a_slip_a_change_by_somebody_else_is_not_overwritten() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let id = "robin.sample";
    let shown = second.get(&page_of(id)).await;
    let page = first.get(&page_of(id)).await;
    let named = |name| [("name", name), ("class", "ordinary")];
    let changed = send(&mut first, &page, USER, &named("Robin One")).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    let slip = send(&mut second, &shown, USER, &named(" ")).await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", slip.text);
    let stale = send(&mut second, &slip, USER, &named("Robin Two")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    assert!(stale.text.contains("Robin One"), "{}", stale.text);
    let done = send(&mut second, &stale, USER, &named("Robin Two")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
}

#[tokio::test]
async fn a_user_is_added_and_changed() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let form = browser.get("/users/new").await;
    let typed = [
        ("id", "zoe/1?a=b"),
        ("name", "Zoe <i>One</i>"),
        ("class", "ordinary"),
        ("channel", ""),
        ("kind", "mail"),
        ("address", "zoe@corp.example"),
    ];
    let added = send(&mut browser, &form, "/users/new", &typed).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let page = browser.get(added.location()).await;
    assert!(
        page.text.contains(&escaped("User Zoe <i>One</i>")),
        "{}",
        page.text
    );
    assert!(page.text.contains("value=\"zoe@corp.example\"") && !page.text.contains("<i>"));

    // The same again, and what cannot be.
    let twice = send(&mut browser, &form, "/users/new", &typed).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.text.contains("there is a user of this id already"));
    for (field, value, said) in [
        ("id", " ", "none of them invisible"),
        ("id", "a\u{202e}", "none of them invisible"),
        ("name", " ", "a name is wanted"),
        ("name", "a\u{202e}b", "characters that cannot be seen"),
        ("address", "nowhere", "this is no mail address"),
        ("kind", "pigeon", "not what a page of this help desk sends"),
    ] {
        let other = typed.map(|(name, own)| match name {
            _ if name == field => (name, value),
            "id" => (name, "other"),
            _ => (name, own),
        });
        let refused = send(&mut browser, &form, "/users/new", &other).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(refused.text.contains(said), "{field}: {}", refused.text);
    }

    // A telephone besides, and no mail any more.
    let changed = send(
        &mut browser,
        &page,
        USER,
        &[
            ("name", "Zoe Two"),
            ("class", "privileged"),
            ("channel", "mail"),
            ("kind", "mail"),
            ("address", ""),
            ("channel", ""),
            ("kind", "telephone"),
            ("address", "+1 555 0199"),
        ],
    )
    .await;
    let page = browser.get(changed.location()).await;
    assert!(page.text.contains("The change holds now."), "{}", page.text);
    assert!(page.text.contains("value=\"+1 555 0199\"") && !page.text.contains("zoe@corp"));
    // What is stricter holds at once.
    assert!(page.text.contains("<dd>privileged</dd>"), "{}", page.text);
}

#[tokio::test]
async fn a_lower_class_rests_until_a_second_administrator_approves() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let page = first.get(&page_of("dana.specimen")).await;
    let typed = [("name", "Dana"), ("class", "ordinary")];
    let changed = send(&mut first, &page, USER, &typed).await;
    let page = first.get(changed.location()).await;
    assert!(page.text.contains("what loosens rests") && page.text.contains("<dd>privileged</dd>"));
    let approve = format!("{USER}/approve");
    let reason = [("reason", "she has left the board")];
    send(&mut first, &page, &approve, &reason)
        .await
        .refuses(403, ErrorCode::ApprovalSelf);

    // Another name is no other class: who asked for it, and from when on it holds, stays.
    let shown = second.get(&page_of("dana.specimen")).await;
    assert!(shown.text.contains("<dd>ordinary</dd>") && shown.text.contains("<dd>admin-1</dd>"));
    let named = [("name", "Dana Once More"), ("class", "ordinary")];
    let named = send(&mut second, &shown, USER, &named).await;
    assert_eq!(named.status, StatusCode::SEE_OTHER, "{}", named.text);
    let stale = send(&mut second, &shown, &approve, &reason).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("not what you were shown any more"));
    assert!(stale.text.contains("<dd>admin-1</dd>") && stale.text.contains("she has left the board"));
    let approved = send(&mut second, &stale, &approve, &reason).await;
    let page = second.get(approved.location()).await;
    assert!(page.text.contains("It holds now.") && page.text.contains("<dd>ordinary</dd>"));
    let nothing = second
        .post(
            &approve,
            &[
                ("id", "dana.specimen"),
                ("seen", page.between("name=\"seen\" value=\"", "\"")),
            ],
        )
        .await;
    nothing.refuses(409, ErrorCode::NothingRests);
}

#[tokio::test]
async fn two_who_change_the_same_user() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let shown = second.get(&page_of("robin.sample")).await;
    let page = first.get(&page_of("robin.sample")).await;
    let typed = [("name", "Robin One"), ("class", "ordinary")];
    assert_eq!(
        send(&mut first, &page, USER, &typed).await.status,
        StatusCode::SEE_OTHER
    );
    let other = [("name", "Robin Two"), ("class", "ordinary")];
    let stale = send(&mut second, &shown, USER, &other).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("Robin One"), "{}", stale.text);
    assert!(second.get("/unlock?q=robin").await.text.contains("Robin One"));
}

#[tokio::test]
async fn who_is_erased_is_forgotten_when_that_was_confirmed() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let device = browser.device_of("chris").await;
    let ask = browser.get(&format!("{USER}/erase?id=chris.example")).await;
    assert!(ask.text.contains("Nothing takes that back") && ask.text.contains(&device));
    assert!(
        browser
            .get("/devices?q=chris")
            .await
            .text
            .contains("Chris Example")
    );
    let erased = browser.submit(&ask, &format!("{USER}/erase"), &[]).await;
    assert_eq!(erased.status, StatusCode::OK);
    assert!(
        erased
            .text
            .contains("Backups that were made before still have it.")
    );
    assert!(!erased.text.contains("Chris"), "{}", erased.text);
    assert!(
        !browser
            .get("/devices?q=chris")
            .await
            .text
            .contains("Chris Example")
    );
    browser
        .get(&page_of("chris.example"))
        .await
        .refuses(404, ErrorCode::UserUnknown);
    browser
        .submit(&ask, &format!("{USER}/erase"), &[])
        .await
        .refuses(404, ErrorCode::UserUnknown);
}
