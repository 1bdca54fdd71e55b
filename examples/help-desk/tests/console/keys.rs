//! The issuers' keys: what uses them, what was recorded of them, and the signed list.

use axum::http::{StatusCode, header};
use fido_unlock::desk::log::NoteVerifier;
use fido_unlock::desk::{OperatorId, UserId};
use fido_unlock::{ErrorCode, IssuerList};
use zeroize::Zeroizing;

use crate::browser::{Browser, demo};

#[tokio::test]
async fn each_key_says_how_many_devices_take_its_codes() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/keys").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let count = |page: &crate::browser::Answer| {
        page.between("data-label=\"Devices in use\">", " device")
            .parse::<u32>()
            .unwrap()
    };
    let before = count(&page);
    assert!(
        page.text.contains("Slot 1") && page.text.contains("present") && before > 3,
        "{}",
        page.text
    );
    // One that is retired is not counted any more.
    let app = demo.app();
    let password = Zeroizing::new(browser.password("admin-1"));
    let session = app
        .desks()
        .sign_in(OperatorId::new("admin-1").unwrap(), password)
        .await
        .unwrap();
    app.desks()
        .run(move |desk| {
            let alex = desk.find_user(&session, &UserId::new("alex.muster").unwrap())?;
            desk.retire_device(&session, &alex.devices[0].id)
        })
        .await
        .unwrap();
    assert_eq!(count(&browser.get("/keys").await), before - 1);
}

#[tokio::test]
async fn what_is_done_to_the_keys_is_recorded_and_shown() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/keys").await;
    assert!(
        page.text.contains("No backup was ever recorded.") && page.text.contains("No backup was ever tried.")
    );
    assert!(
        page.text.contains("A key was made since the last backup"),
        "{}",
        page.text
    );
    for act in ["backed-up", "restored"] {
        let done = browser.post("/keys/records", &[("act", act)]).await;
        assert_eq!(done.location(), "/keys?recorded=1");
    }
    let page = browser.get("/keys?recorded=1").await;
    assert!(page.text.contains("Backed up last at") && page.text.contains("A backup was restored last at"));
    assert!(
        !page.text.contains("A key was made since the last backup"),
        "{}",
        page.text
    );
    let log = browser
        .get("/audit?operator=admin-1&event=IssuerKeysRestored")
        .await;
    assert!(log.text.contains("/audit/entries/"), "{}", log.text);
    let wrong = browser.post("/keys/records", &[("act", "lost")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_list_is_signed_by_the_key_that_the_page_names() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/keys").await;
    let key = NoteVerifier::parse(page.between("<p class=\"code\">", "</p>")).unwrap();
    let list = browser.get("/keys/issuers").await;
    assert_eq!(
        list.headers[header::CONTENT_DISPOSITION],
        "attachment; filename=\"issuers\""
    );
    let list = IssuerList::verify(&list.text, &[key]).unwrap();
    assert_eq!(list.issuers.len(), 1);
    let hash = list.issuers[0].public.hash();
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(page.text.replace(' ', "").contains(&digits), "{}", page.text);
}

#[tokio::test]
async fn only_administrators_see_them() {
    let demo = demo();
    for name in ["desk-1", "audit-1", "devices-1"] {
        let mut browser = Browser::signed_in(&demo, name).await;
        for path in ["/keys", "/keys/issuers"] {
            browser.get(path).await.refuses(403, ErrorCode::PrivilegeMissing);
        }
        let record = browser.post("/keys/records", &[("act", "backed-up")]).await;
        record.refuses(403, ErrorCode::PrivilegeMissing);
    }
}
