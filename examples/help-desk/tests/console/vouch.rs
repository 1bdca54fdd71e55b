//! A manager vouches for a caller: asked on the call's page, answered on a page of their own, which is all that their
//! account opens.

use axum::http::{Method, StatusCode};
use fido_unlock::ErrorCode;
use help_desk::{Access, routes};

use crate::browser::{Answer, Browser, Caller, demo, unescaped};

/// A call of robin.sample in which nothing is verified yet.
async fn call(browser: &mut Browser<'_>) -> (Caller, String) {
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    (caller, call)
}

/// ASK THE MANAGER, with what is typed already.
async fn ask(browser: &mut Browser<'_>, call: &str) -> Answer {
    let typed = [("reason", "INC-7"), ("challenge", "AAAA"), ("statement", "half")];
    let asked = browser.post(&format!("{call}/manager"), &typed).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    asked
}

/// The path of the address that the operator sends.
fn link(asked: &Answer) -> String {
    let link = asked.between("<p class=\"command token\">http://localhost:8080", "<");
    link.into()
}

fn follows(asked: &Answer, call: &str) -> String {
    let seen = asked.between(&format!("hx-get=\"{call}/manager?seen="), "\"");
    format!("{call}/manager?seen={seen}")
}

async fn answer(manager: &mut Browser<'_>, link: &str, said: &str) -> Answer {
    let question = manager.get(link).await;
    assert_eq!(question.status, StatusCode::OK, "{}", question.text);
    let answered = manager.submit(&question, link, &[("answer", said)]).await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.text);
    assert_eq!(answered.location(), link);
    manager.get(link).await
}

#[tokio::test]
async fn a_yes_verifies_the_caller_and_the_code_is_given() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let (caller, call) = call(&mut desk).await;
    let page = desk.get(&call).await;
    assert!(
        page.text
            .contains("Alex Muster is on record as the owner’s manager")
    );
    let asked = ask(&mut desk, &call).await;
    // Nothing that was typed is lost.
    for typed in ["value=\"INC-7\"", "value=\"AAAA\"", "value=\"half\""] {
        assert!(asked.text.contains(typed), "{typed} in {}", asked.text);
    }
    let part = follows(&asked, &call);
    assert_eq!(desk.get(&part).await.status, StatusCode::NO_CONTENT);

    let mut manager = Browser::signed_in(&demo, "manager-1").await;
    let all = manager.get("/vouch").await;
    for said in [
        "desk-1 asks: is it Robin Sample who calls?",
        "robin.sample",
        &caller.device_id,
        "INC-7",
        "in front of you, or have you just spoken to them yourself",
        "YES, IT IS THEM",
    ] {
        assert!(all.text.contains(said), "{said} in {}", all.text);
    }
    let told = answer(&mut manager, &link(&asked), "yes").await;
    assert!(
        told.text.contains("You have said that it is Robin Sample."),
        "{}",
        told.text
    );
    assert!(
        manager
            .get("/vouch")
            .await
            .text
            .contains("Nobody asks you anything now.")
    );

    // The call's page notices, and takes the question for the method away.
    let noticed = desk.get(&part).await;
    assert!(
        noticed.text.contains("Alex Muster says that it is Robin Sample"),
        "{}",
        noticed.text
    );
    assert!(noticed.text.contains("id=\"how\" hx-swap-oob=\"outerHTML\""));
    let typed = [("reason", "INC-7"), ("challenge", caller.challenge.as_str())];
    let given = desk.post(&format!("{call}/code"), &typed).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    assert!(given.text.contains("<p class=\"response\">"), "{}", given.text);
}

#[tokio::test]
async fn the_approver_reads_that_the_manager_has_vouched() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let (caller, call) = call(&mut desk).await;
    let link = link(&ask(&mut desk, &call).await);
    let mut manager = Browser::signed_in(&demo, "manager-1").await;
    answer(&mut manager, &link, "yes").await;
    // Another call gives the first code, so that this one wants an approval.
    let (_, first) = self::call(&mut desk).await;
    let all = crate::browser::prompt(&caller.challenge);
    assert_eq!(
        desk.post(&format!("{first}/code"), &all).await.status,
        StatusCode::OK
    );
    let typed = [("reason", "INC-7"), ("challenge", caller.challenge.as_str())];
    let wanted = desk.post(&format!("{call}/code"), &typed).await;
    wanted.refuses(403, ErrorCode::ApprovalMissing);
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let list = second.get("/approvals").await;
    let said = "Their manager has signed in here and vouches for them";
    assert!(list.text.contains(said), "{}", list.text);
}

#[tokio::test]
async fn a_no_ends_the_call_and_administrators_have_an_alarm() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let (caller, call) = call(&mut desk).await;
    let asked = ask(&mut desk, &call).await;
    let mut manager = Browser::signed_in(&demo, "manager-1").await;
    let told = answer(&mut manager, &link(&asked), "no").await;
    assert!(told.text.contains("The call has ended"), "{}", told.text);

    let noticed = desk.get(&follows(&asked, &call)).await;
    assert_eq!(noticed.headers["hx-redirect"], call.as_str());
    let page = desk.get(&call).await;
    assert!(
        page.text.contains("Alex Muster says that it is not Robin Sample")
            && page.text.contains("Give no code, end the call"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("GENERATE RESPONSE CODE"));
    assert!(
        page.text
            .contains("Ended before a code was made, by the answer of Alex Muster.")
            && !page.text.contains("Given up"),
        "{}",
        page.text
    );
    let code = desk
        .post(
            &format!("{call}/code"),
            &crate::browser::prompt(&caller.challenge),
        )
        .await;
    code.refuses(403, ErrorCode::CallerDenied);
    let mut admin = Browser::signed_in(&demo, "admin-1").await;
    let settings = admin.get("/settings").await;
    assert!(
        settings
            .text
            .contains(ErrorCode::CallerDenied.to_string().as_str())
            || unescaped(&settings.text).contains(&ErrorCode::CallerDenied.to_string()),
        "{}",
        settings.text
    );
}

#[tokio::test]
async fn who_cannot_say_may_be_asked_again() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let (_, call) = call(&mut desk).await;
    let asked = ask(&mut desk, &call).await;
    let mut manager = Browser::signed_in(&demo, "manager-1").await;
    answer(&mut manager, &link(&asked), "unknown").await;
    let noticed = desk.get(&follows(&asked, &call)).await;
    assert!(
        noticed
            .text
            .contains("Alex Muster cannot say whether it is Robin Sample")
            && noticed.text.contains("ASK THE MANAGER"),
        "{}",
        noticed.text
    );
    let again = ask(&mut desk, &call).await;
    // What was shown before is not what is answered now.
    let question = manager.get(&link(&again)).await;
    let other = ask_anew(&mut desk, &call).await;
    let refused = manager
        .submit(&question, &link(&other), &[("answer", "yes")])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("the question is not what you were shown"));
    let nonsense = manager
        .submit(&question, &link(&again), &[("answer", "perhaps")])
        .await;
    assert_eq!(nonsense.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// The reason changes while the question waits.
async fn ask_anew(browser: &mut Browser<'_>, call: &str) -> Answer {
    browser
        .post(&format!("{call}/manager"), &[("reason", "INC-8")])
        .await
}

#[tokio::test]
async fn nobody_is_asked_where_there_is_no_manager_or_no_reason() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let device = desk.device_of("jo.moster").await;
    let call = desk.open_call("jo.moster", &device).await;
    let page = desk.get(&call).await;
    assert!(!page.text.contains("ASK THE MANAGER"), "{}", page.text);
    let asked = desk.post(&format!("{call}/manager"), &[("reason", "x")]).await;
    asked.refuses(403, ErrorCode::CallerMethod);
    let (_, call) = self::call(&mut desk).await;
    let asked = desk.post(&format!("{call}/manager"), &[]).await;
    asked.refuses(422, ErrorCode::ReasonMissing);
}

/// No menu, and nothing but their questions and their own account: a program that they allow gets nothing either.
#[tokio::test]
async fn a_managers_account_opens_nothing_else() {
    let demo = demo();
    let mut manager = Browser::signed_in(&demo, "manager-1").await;
    assert_eq!(manager.get("/").await.location(), "/vouch");
    let page = manager.get("/vouch").await;
    assert!(!page.text.contains("<nav aria-label=\"Pages\"><") && !page.text.contains("<li><a"));
    let mut refused = 0;
    for route in routes(&demo.app()) {
        let path = route.path.replace(['{', '}'], "");
        let own = [
            "/vouch",
            "/account",
            "/authorize",
            "/sign-out",
            "/try-it",
            "/approvals/",
        ];
        let is_own = path == "/" || own.iter().any(|own| path.starts_with(own));
        match route.access {
            Access::Everyone | Access::Token(_) => continue,
            Access::Manager => assert!(path.starts_with("/vouch"), "{path}"),
            Access::SignedIn => assert!(is_own, "{path}"),
            _ => {
                let answer = match route.method {
                    Method::GET => manager.get(&path).await,
                    _ => manager.post(&path, &[]).await,
                };
                answer.refuses(403, ErrorCode::PrivilegeMissing);
                refused += 1;
            }
        }
    }
    assert!(refused > 60, "{refused}");
    for name in ["admin-1", "desk-1", "audit-1"] {
        let mut other = Browser::signed_in(&demo, name).await;
        other
            .get("/vouch")
            .await
            .refuses(403, ErrorCode::PrivilegeMissing);
        other
            .post("/vouch/0", &[("answer", "yes")])
            .await
            .refuses(403, ErrorCode::PrivilegeMissing);
    }
}

#[tokio::test]
async fn a_question_of_somebody_else_is_not_shown() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let (_, call) = call(&mut desk).await;
    let mut manager = Browser::signed_in(&demo, "manager-1").await;
    let path = call.replace("/unlock/", "/vouch/");
    manager.get(&path).await.refuses(404, ErrorCode::RequestUnknown);
}

/// The form of jo.moster with another manager.
fn named<'a>(page: &'a Answer, manager: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("id", "jo.moster"),
        ("seen", page.between("name=\"seen\" value=\"", "\"")),
        ("name", "Jo Møster"),
        ("class", "ordinary"),
        ("manager", manager),
        ("channel", "mail"),
        ("kind", "mail"),
        ("address", "jo.moster@corp.example"),
    ]
}

#[tokio::test]
async fn an_administrator_names_a_manager_and_another_lets_it_hold() {
    let demo = demo();
    let mut admin = Browser::signed_in(&demo, "admin-1").await;
    let path = "/users/user?id=jo.moster";
    let page = admin.get(path).await;
    assert!(page.text.contains("nobody"));
    let own = admin.post("/users/user", &named(&page, "jo.moster")).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(own.text.contains("nobody is their own manager"), "{}", own.text);
    let unknown = admin.post("/users/user", &named(&page, "nobody.here")).await;
    unknown.refuses(404, ErrorCode::UserUnknown);
    let changed = admin.post("/users/user", &named(&page, "alex.muster")).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    let page = admin.get(path).await;
    assert!(page.text.contains("manager alex.muster"), "{}", page.text);

    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let told = second.get("/operators").await.text;
    assert!(
        told.contains("A user’s manager, who may vouch for them: alex.muster"),
        "{told}"
    );
    let page = second.get(path).await;
    let approved = second
        .submit(&page, "/users/user/approve", &[("reason", "she is on leave")])
        .await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    let page = second.get(path).await;
    assert!(page.text.contains("/users/user?id=alex.muster"), "{}", page.text);
}

#[tokio::test]
async fn an_account_that_vouches_has_no_other_right() {
    let demo = demo();
    let mut admin = Browser::signed_in(&demo, "admin-1").await;
    let page = admin.get("/operators/operator?name=manager-1").await;
    assert!(page.text.contains("vouches as alex.muster"), "{}", page.text);
    let both = admin
        .post(
            "/operators/new",
            &[("name", "both"), ("user", "jo.moster"), ("privilege", "unlock")],
        )
        .await;
    assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        both.text
            .contains("an account that vouches for others may do nothing else")
            && both.text.contains("value=\"jo.moster\""),
        "{}",
        both.text
    );
    let added = admin
        .post("/operators/new", &[("name", "manager-2"), ("user", "jo.moster")])
        .await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    let page = admin.get("/operators/operator?name=manager-2").await;
    assert!(page.text.contains("vouches as jo.moster"), "{}", page.text);
    let unknown = admin
        .post(
            "/operators/new",
            &[("name", "manager-3"), ("user", "nobody.here")],
        )
        .await;
    unknown.refuses(404, ErrorCode::UserUnknown);
}
