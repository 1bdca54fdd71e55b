//! A session that ends in the middle of a call.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use fido_unlock::ErrorCode;
use fido_unlock::desk::OperatorId;
use zeroize::Zeroizing;

use crate::browser::{Answer, Browser, HOST, demo, form, prompt};

/// Ends every session of a browser's operator, as a session that has run out ends: the desk knows it no more.
async fn session_ends(browser: &Browser<'_>, operator: &str) {
    let password = Zeroizing::new(browser.password(operator));
    let app = browser.demo.app();
    let id = OperatorId::new(operator).unwrap();
    let session = app.desks().sign_in(id, password.clone()).await.unwrap();
    app.desks()
        .run(move |desk| desk.change_password(&session, &password))
        .await
        .unwrap();
}

/// The form in which to sign in again, with all that was typed, and nothing of the call.
#[track_caller]
fn asks_again(answer: &Answer, status: u16, kept: &[&str]) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert!(answer.text.contains("SIGN IN AND GO ON"), "{}", answer.text);
    for kept in kept {
        assert!(
            answer.text.contains(&format!("value=\"{kept}\"")),
            "{kept} in {}",
            answer.text
        );
    }
    for not in ["Robin", "+1 555", "class=\"response\""] {
        assert!(!answer.text.contains(not), "{not} in {}", answer.text);
    }
    assert!(!answer.headers.contains_key("hx-redirect"));
}

#[tokio::test]
async fn what_was_typed_is_kept_and_the_same_operator_goes_on() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let page = browser.get(&call).await;
    session_ends(&browser, "desk-1").await;

    let (code, again) = (format!("{call}/code"), format!("{call}/sign-in"));
    let asked = browser.submit(&page, &code, &prompt(&caller.challenge)).await;
    let kept = [
        "desk-1",
        "call-back",
        "called back, spoke to her",
        "INC-1",
        &*caller.challenge,
    ];
    asks_again(&asked, 401, &kept);
    // In place of the call, in the page that is there.
    assert!(asked.text.contains("<div id=\"call\">"));

    let wrong = [("password", "not-the-password")];
    let refused = browser.submit(&asked, &again, &wrong).await;
    refused.refuses(401, ErrorCode::OperatorUnknown);
    asks_again(&refused, 401, &kept);
    assert!(!refused.text.contains("not-the-password"));

    let password = browser.password("desk-1");
    let given = browser.submit(&refused, &again, &[("password", &password)]).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    assert!(given.text.contains("class=\"response\"") && !given.text.contains(&password));
    let done = browser.submit(&given, &format!("{call}/done"), &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, &*call));
    // Asked for as a page, the form's address is the call's.
    assert_eq!(browser.get(&again).await.location(), call);
}

#[tokio::test]
async fn another_operator_may_take_the_call_over_with_what_was_typed() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let page = browser.get(&call).await;
    session_ends(&browser, "desk-1").await;
    let (code, again) = (format!("{call}/code"), format!("{call}/sign-in"));
    let asked = browser.submit(&page, &code, &prompt(&caller.challenge)).await;

    // Who may not answer callers sees nothing of it, and what was typed stays.
    let password = browser.password("audit-1");
    let auditor = [("name", "audit-1"), ("password", &*password)];
    let refused = browser.submit(&asked, &again, &auditor).await;
    refused.refuses(403, ErrorCode::PrivilegeMissing);
    asks_again(&refused, 403, &["INC-1", &caller.challenge]);

    let password = browser.password("desk-2");
    let second = [("name", "desk-2"), ("password", &*password)];
    let offered = browser.submit(&refused, &again, &second).await;
    assert_eq!(offered.status, StatusCode::OK, "{}", offered.text);
    assert!(offered.text.contains("desk-1 is at this call.") && offered.text.contains("TAKE OVER"));
    assert!(!offered.text.contains("class=\"response\""));

    let taken = browser.submit(&offered, &format!("{call}/take-over"), &[]).await;
    for kept in ["INC-1", &*caller.challenge, "no typing error"] {
        assert!(taken.text.contains(kept), "{kept} in {}", taken.text);
    }
    // What the other one saw and heard is not theirs to say.
    assert!(!taken.text.contains("spoke to her") && !taken.text.contains(" checked>"));
    let all = [("method", "in-person"), ("statement", "stands here")];
    let given = browser.submit(&taken, &code, &all).await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);
}

#[tokio::test]
async fn each_step_of_a_call_goes_on() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let code = format!("{call}/code");
    let given = browser.post(&code, &prompt(&caller.challenge)).await;
    let shown = given.between("<p class=\"response\">", "<").to_owned();
    let password = browser.password("desk-1");
    let password = [("password", &*password)];
    let again = format!("{call}/sign-in");

    // The same code again.
    let page = browser.get(&call).await;
    session_ends(&browser, "desk-1").await;
    let asked = browser.submit(&page, &code, &[]).await;
    asks_again(&asked, 401, &["desk-1"]);
    let page = browser.submit(&asked, &again, &password).await;
    assert!(page.text.contains(&shown), "{}", page.text);

    for (step, then) in [
        ("abandon", "Given up. The code"),
        ("done", "Done: the device is unlocked."),
    ] {
        let path = format!("{call}/{step}");
        let page = browser.get(&call).await;
        session_ends(&browser, "desk-1").await;
        let asked = browser.submit(&page, &path, &[]).await;
        asks_again(&asked, 401, &["desk-1"]);
        let ended = browser.submit(&asked, &again, &password).await;
        assert_eq!((ended.status, ended.location()), (StatusCode::SEE_OTHER, &*call));
        assert!(browser.get(&call).await.text.contains(then), "{step}");
    }

    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let device = second.device_of("alex.muster").await;
    let call = second.open_call("alex.muster", &device).await;
    let page = browser.get(&call).await;
    session_ends(&browser, "desk-1").await;
    let asked = browser.submit(&page, &format!("{call}/take-over"), &[]).await;
    asks_again(&asked, 401, &["desk-1"]);
    let taken = browser
        .submit(&asked, &format!("{call}/sign-in"), &password)
        .await;
    assert!(taken.text.contains("GENERATE"), "{}", taken.text);

    let call = second.open_call("alex.muster", &device).await;
    let page = browser.get(&call).await;
    session_ends(&browser, "desk-1").await;
    let heard = "called back: it was not Alex";
    let asked = browser
        .submit(&page, &format!("{call}/report"), &[("statement", heard)])
        .await;
    asks_again(&asked, 401, &["desk-1", "report", heard]);
    browser
        .submit(&asked, &format!("{call}/sign-in"), &password)
        .await;
    let ended = browser.get(&call).await;
    assert!(ended.text.contains("by the report of desk-1"), "{}", ended.text);
}

/// Signed out and in again in another tab: the page's token is of a session that has ended.
#[tokio::test]
async fn a_page_of_an_earlier_session_keeps_what_was_typed_too() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let page = browser.get(&call).await;
    let password = browser.password("desk-1");
    browser.sign_in("desk-1", &password).await;
    let asked = browser
        .submit(&page, &format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    asks_again(&asked, 403, &["INC-1", &caller.challenge]);
    assert!(
        browser
            .get(&call)
            .await
            .text
            .contains("How was the caller verified?"),
        "nothing was done"
    );
    let given = browser
        .submit(&asked, &format!("{call}/sign-in"), &[("password", &password)])
        .await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);
}

#[tokio::test]
async fn a_part_says_so_and_the_page_stays() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    session_ends(&browser, "desk-1").await;
    let field = form(&[
        ("csrf", &browser.csrf),
        ("suite", "2"),
        ("challenge", &caller.challenge),
    ]);
    let approval = format!("{call}/approval");
    for (method, path, part, place) in [
        (Method::POST, "/unlock/challenge", "challenge-state", None),
        (Method::GET, &*approval, "approval", Some("#approval-problem")),
    ] {
        let request = browser
            .request(method, path)
            .header("hx-request", "true")
            .header("hx-target", part)
            .header("origin", format!("http://{HOST}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = browser
            .send(request.body(Body::from(field.clone())).unwrap())
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("hx-redirect"), None, "{path}");
        assert_eq!(header("hx-retarget"), place);
        assert!(
            answer.text.contains("nothing that you typed is lost"),
            "{}",
            answer.text
        );
    }
}
