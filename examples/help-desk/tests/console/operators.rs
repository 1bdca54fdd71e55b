//! Operators: added, changed, approved by a second Administrator, removed.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Answer, Browser, demo, escaped};

const OPERATOR: &str = "/operators/operator";

fn page_of(name: &str) -> String {
    format!("{OPERATOR}?name={name}")
}

/// Fills in the form of an operator's page and sends it; boxes that are ticked already are left out.
async fn send(browser: &mut Browser<'_>, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
    let kept: Vec<_> = page
        .fields(action)
        .into_iter()
        .filter(|(name, _)| ["csrf", "name", "seen"].contains(&name.as_str()))
        .collect();
    let kept = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = kept.chain(typed.iter().copied()).collect();
    browser.post_bare(action, &all).await
}

/// Adds one who answers callers; gives the page with their password.
async fn add(browser: &mut Browser<'_>, name: &str) -> Answer {
    let form = browser.get("/operators/new").await;
    send(
        browser,
        &form,
        "/operators/new",
        &[("name", name), ("privilege", "unlock")],
    )
    .await
}

#[tokio::test]
async fn a_new_operator_may_nothing_until_it_has_rested_or_another_administrator_approves() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let added = add(&mut first, "olga").await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    assert!(
        added.text.contains("olga is an operator.") && added.text.contains("only when another Administrator")
    );
    let password = added.between("id=\"password\">", "<").to_owned();
    assert_eq!(password.len(), 23, "{password}");
    // It is shown this once.
    for path in ["/operators".to_owned(), page_of("olga")] {
        assert!(!first.get(&path).await.text.contains(&password));
    }
    let mut olga = Browser::new(&demo);
    assert_eq!(
        olga.sign_in("olga", &password).await.status,
        StatusCode::SEE_OTHER
    );
    olga.get("/unlock")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);

    let list = second.get("/operators").await;
    assert!(list.text.contains("Unlock, from "), "{}", list.text);
    let page = second.get(&page_of("olga")).await;
    for text in ["Will be", "<dd>Unlock</dd>", "Asked for by", "<dd>admin-1</dd>"] {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    let approve = format!("{OPERATOR}/approve");
    let own = first.get(&page_of("olga")).await;
    send(&mut first, &own, &approve, &[("reason", "one is ill")])
        .await
        .refuses(403, ErrorCode::ApprovalSelf);
    send(&mut second, &page, &approve, &[("reason", " ")])
        .await
        .refuses(422, ErrorCode::ReasonMissing);
    let approved = send(&mut second, &page, &approve, &[("reason", "one is ill")]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    let page = second.get(approved.location()).await;
    assert!(page.text.contains("Every Administrator is told of it.") && !page.text.contains("Will be"));
    assert_eq!(olga.get("/unlock").await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_what_was_shown_is_approved_or_changed() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    add(&mut first, "olga").await;
    let shown = second.get(&page_of("olga")).await;
    // While the second one reads, the first one asks for more.
    let page = first.get(&page_of("olga")).await;
    let more = [("role", "administrator"), ("privilege", "unlock")];
    let changed = send(&mut first, &page, OPERATOR, &more).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    assert!(
        first
            .get(changed.location())
            .await
            .text
            .contains("what is more rests")
    );
    let reason = [("reason", "one is ill")];
    let stale = send(&mut second, &shown, &format!("{OPERATOR}/approve"), &reason).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(
        stale.text.contains("not what you were shown any more"),
        "{}",
        stale.text
    );
    assert!(
        stale.text.contains("<dd>Administrator, Unlock</dd>") && stale.text.contains("value=\"one is ill\"")
    );
    let stale = send(&mut second, &shown, OPERATOR, &[("privilege", "audit")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(
        second
            .get(&page_of("olga"))
            .await
            .text
            .contains("<dd>Administrator, Unlock</dd>")
    );
}

#[tokio::test]
async fn every_administrator_is_told_until_they_have_read_it() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    assert!(
        !first
            .get("/operators")
            .await
            .text
            .contains("Told to every Administrator")
    );
    add(&mut first, "olga").await;
    let page = second.get(&page_of("olga")).await;
    let reason = [("reason", "one is <i>ill</i>")];
    send(&mut second, &page, &format!("{OPERATOR}/approve"), &reason).await;
    let told = first.get("/operators").await;
    for text in [
        "What an operator may was changed <a href=\"/operators/operator?name=olga\">olga</a>",
        "by admin-1",
        "holds from ",
        "A change was let hold at once",
        "by admin-2",
        "one is &#60;i&#62;ill&#60;/i&#62;",
    ] {
        assert!(told.text.contains(text), "{text} in {}", told.text);
    }
    let read = first.submit(&told, "/operators/read", &[]).await;
    assert!(
        !first
            .get(read.location())
            .await
            .text
            .contains("Told to every Administrator")
    );
    // Pressed twice, or in two windows, it is read all the same.
    let again = first.submit(&told, "/operators/read", &[]).await;
    assert_eq!(again.location(), "/operators");
    // The other one has not read it.
    assert!(
        second
            .get("/operators")
            .await
            .text
            .contains("Told to every Administrator")
    );
}

#[tokio::test]
async fn what_is_less_holds_at_once() {
    let demo = demo();
    let mut administrator = Browser::signed_in(&demo, "admin-1").await;
    let mut devices = Browser::signed_in(&demo, "devices-1").await;
    assert_eq!(devices.get("/devices").await.status, StatusCode::OK);
    let page = administrator.get(&page_of("devices-1")).await;
    assert!(
        page.text
            .contains("value=\"device-service-administrator\" checked")
    );
    let changed = send(&mut administrator, &page, OPERATOR, &[("privilege", "unlock")]).await;
    let page = administrator.get(changed.location()).await;
    assert!(page.text.contains("The change holds now."), "{}", page.text);
    devices
        .get("/devices")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
    assert_eq!(devices.get("/unlock").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let ask = browser.get(&format!("{OPERATOR}/remove?name=admin-2")).await;
    assert!(ask.text.contains("can no longer sign in"), "{}", ask.text);
    let removed = browser.submit(&ask, &format!("{OPERATOR}/remove"), &[]).await;
    let list = browser.get(removed.location()).await;
    assert!(list.text.contains("The operator is removed.") && !list.text.contains("admin-2</a></th>"));
    let page = browser.get(&page_of("admin-1")).await;
    send(&mut browser, &page, OPERATOR, &[("privilege", "unlock")])
        .await
        .refuses(403, ErrorCode::LastAdministrator);
    browser
        .post(&format!("{OPERATOR}/remove"), &[("name", "admin-1")])
        .await
        .refuses(403, ErrorCode::LastAdministrator);
    // Their own password is another page's matter.
    assert!(!page.text.contains("ONE-TIME CODE"));
}

#[tokio::test]
async fn a_one_time_code_ends_sessions_and_leaves_what_rests() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let old = add(&mut first, "olga")
        .await
        .between("id=\"password\">", "<")
        .to_owned();
    let mut olga = Browser::new(&demo);
    olga.sign_in("olga", &old).await;
    let page = second.get(&page_of("olga")).await;
    assert_eq!(page.text.matches("ONE-TIME CODE").count(), 1, "{}", page.text);
    let given = second.submit(&page, "/operators/code", &[]).await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);
    assert_eq!(olga.get("/try-it").await.location(), "/sign-in");
    olga.sign_in("olga", &old)
        .await
        .refuses(401, ErrorCode::OperatorUnknown);
    // It was the first one who asked for what rests.
    let page = second.get(&page_of("olga")).await;
    assert!(page.text.contains("<dd>admin-1</dd>"), "{}", page.text);
}

#[tokio::test]
async fn a_name_is_one_operators_own() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    for name in ["desk-1", "audit-1", "d\u{435}sk-1"] {
        let refused = add(&mut browser, name).await;
        refused.refuses(403, ErrorCode::OperatorExists);
        // What was typed stays.
        assert!(refused.text.contains(&format!("value=\"{name}\"")));
        assert!(refused.text.contains("value=\"unlock\" checked"));
    }
    for name in ["", " ", "a\u{202e}b"] {
        let refused = add(&mut browser, name).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.text.contains("none of them invisible"),
            "{}",
            refused.text
        );
    }
    browser
        .get(&page_of("nobody"))
        .await
        .refuses(404, ErrorCode::OperatorMissing);
}

/// Whatever a name has in it, its page is its own, and it is no more than a text.
#[tokio::test]
async fn a_name_with_anything_in_it() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    for name in [
        "<b>&\"'x",
        "a/b?c=d#e",
        "..",
        "100% {{7*7}}",
        "name=desk-1&done=removed",
    ] {
        let added = add(&mut browser, name).await;
        assert_eq!(added.status, StatusCode::OK, "{name}: {}", added.text);
        let list = browser.get("/operators").await;
        let shown = format!("\">{}</a>", escaped(name));
        let (before, _) = list
            .text
            .split_once(&shown)
            .unwrap_or_else(|| panic!("{name}: {}", list.text));
        let link = before.rsplit_once("href=\"").unwrap().1.to_owned();
        let page = browser.get(&link).await;
        assert!(
            page.text
                .contains(&format!("<h1>Operator {}</h1>", escaped(name))),
            "{link}: {}",
            page.text
        );
        let changed = send(&mut browser, &page, OPERATOR, &[("privilege", "audit")]).await;
        let page = browser.get(changed.location()).await;
        assert!(
            page.text.contains("what is more rests") && page.text.contains(&escaped(name)),
            "{}",
            page.text
        );
        assert!(!page.text.contains("<b>"), "{}", page.text);
    }
}
