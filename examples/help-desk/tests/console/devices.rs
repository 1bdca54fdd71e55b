//! Devices: the list, one device, and the end of its use.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;
use fido_unlock::desk::{OperatorSession, User, UserClass, UserId};

use crate::browser::{Browser, demo, form, prompt};

/// A session beside the browser's, of an Administrator.
pub async fn administrator(browser: &Browser<'_>) -> OperatorSession {
    let password = zeroize::Zeroizing::new(browser.password("admin-1"));
    let id = fido_unlock::desk::OperatorId::new("admin-1").unwrap();
    browser.demo.app().desks().sign_in(id, password).await.unwrap()
}

fn user(id: &str, name: &str) -> User {
    User {
        id: UserId::new(id).unwrap(),
        name: name.into(),
        class: UserClass::Ordinary,
        channels: Vec::new(),
    }
}

#[tokio::test]
async fn a_list_of_all_and_what_a_search_finds() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let list = browser.get("/devices").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text);
    for text in [
        "Robin Sample",
        "Jo Møster",
        "no device registered",
        "retired",
        "1, suite 2",
    ] {
        assert!(list.text.contains(text), "{text} in {}", list.text);
    }
    // Who does not administer changes no users.
    assert!(!list.text.contains("/users/"), "{}", list.text);
    let device = browser.device_of("robin").await;
    for text in ["robi", &device, &device.to_lowercase().replace('-', " ")] {
        for path in ["/devices", "/devices/rows"] {
            let found = browser.get(&format!("{path}?{}", form(&[("q", text)]))).await;
            let link = format!("href=\"/devices/{device}\"");
            assert!(found.text.contains(&link), "{text}: {}", found.text);
            assert!(!found.text.contains("Alex Muster"), "{text}");
        }
    }
    let nothing = browser.get("/devices/rows?q=nobody").await;
    assert!(nothing.text.contains("Nobody and no device matches “nobody”"));
    let mut administrator = Browser::signed_in(&demo, "admin-1").await;
    let list = administrator.get("/devices").await;
    assert!(list.text.contains("/users/user?id=robin.sample"), "{}", list.text);
}

#[tokio::test]
async fn many_are_shown_page_by_page() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let session = administrator(&browser).await;
    demo.app()
        .desks()
        .run(move |desk| {
            let users: Vec<_> = (0..30)
                .map(|number| user(&format!("many {number:02} & more"), &format!("Many {number:02}")))
                .collect();
            desk.put_users(&session, &users)
        })
        .await
        .unwrap();
    let (mut path, mut seen) = ("/devices".to_owned(), Vec::new());
    loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        seen.extend((0..30).filter(|number| page.text.contains(&format!("Many {number:02}<"))));
        let Some((_, rest)) = page.text.split_once("href=\"/devices?after=") else {
            break;
        };
        path = format!("/devices?after={}", rest.split_once('"').unwrap().0);
    }
    assert_eq!(seen, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn reading_needs_no_licence_and_an_error_is_no_empty_list() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let session = administrator(&browser).await;
    let off = session.clone();
    let desks = demo.app();
    desks
        .desks()
        .run(move |desk| desk.set_service(&off, false))
        .await
        .unwrap();
    assert!(
        browser
            .get("/devices?q=robin")
            .await
            .text
            .contains("Robin Sample")
    );
    assert!(browser.get("/unlock?q=robin").await.text.contains("Robin Sample"));
    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    auditor
        .get("/devices/rows?q=robin")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
}

#[tokio::test]
async fn a_device_is_retired_when_that_was_confirmed() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let given = browser
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);

    let path = format!("/devices/{}", caller.device_id);
    let page = browser.get(&path).await;
    for text in [
        "Robin Sample",
        "in use",
        "1 may still be good",
        "1, suite 2",
        // What the log says of it, newest first; not the looks at it.
        "id=\"history\"",
        "Request opened",
        "Code made",
    ] {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    // The log is for those who may read it.
    assert!(!page.text.contains("/audit?"), "{}", page.text);
    assert!(page.text.contains(&format!("href=\"{path}/retire\"")));
    let ask = browser.get(&format!("{path}/retire")).await;
    assert!(ask.text.contains("nothing takes that back") && ask.text.contains("Robin Sample"));
    assert!(browser.get(&path).await.text.contains("in use"));
    let retired = browser.submit(&ask, &format!("{path}/retire"), &[]).await;
    assert_eq!(retired.status, StatusCode::SEE_OTHER, "{}", retired.text);
    let page = browser.get(retired.location()).await;
    assert!(page.text.contains("can no longer be unlocked") && !page.text.contains("/retire\""));
    browser
        .submit(&ask, &format!("{path}/retire"), &[])
        .await
        .refuses(403, ErrorCode::DeviceRetired);
    browser
        .get(&format!("{path}/retire"))
        .await
        .refuses(403, ErrorCode::DeviceRetired);
    assert!(!browser.get("/unlock?q=robin").await.text.contains(">UNLOCK<"));
}

#[tokio::test]
async fn a_device_of_nobody_is_found_by_its_id() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let device = browser.device_of("alex").await;
    let session = administrator(&browser).await;
    demo.app()
        .desks()
        .run(move |desk| desk.erase_user(&session, &UserId::new("alex.muster").unwrap()))
        .await
        .unwrap();
    let found = browser.get(&format!("/devices?q={device}")).await;
    assert!(
        found.text.contains(&format!("href=\"/devices/{device}\"")),
        "{}",
        found.text
    );
    let page = browser.get(&format!("/devices/{device}")).await;
    assert!(page.text.contains("The owner was erased."), "{}", page.text);
    assert!(page.text.contains(&format!("/audit?device={device}")));
    let retired = browser.post(&format!("/devices/{device}/retire"), &[]).await;
    assert_eq!(retired.status, StatusCode::SEE_OTHER, "{}", retired.text);

    for wrong in ["0000-0000-0000-0000-0000", "import%2f..", "x"] {
        browser
            .get(&format!("/devices/{wrong}"))
            .await
            .refuses(404, ErrorCode::DeviceUnknown);
    }
}
