//! Calls that are given up, and calls that another operator goes on with.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Browser, demo, form, prompt};

#[tokio::test]
async fn a_call_is_given_up_before_there_is_a_code() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let device = browser.device_of("alex.muster").await;
    let call = browser.open_call("alex.muster", &device).await;
    assert!(browser.get(&call).await.text.contains("ABANDON"));
    let given_up = browser.post(&format!("{call}/abandon"), &[]).await;
    assert_eq!(
        (given_up.status, given_up.location()),
        (StatusCode::SEE_OTHER, &*call)
    );
    let page = browser.get(&call).await.text;
    assert!(page.contains("Given up before a code was made."), "{page}");
    for not in ["may still be good", "run out", "GENERATE", "ABANDON", "DONE"] {
        assert!(!page.contains(not), "{not} in {page}");
    }
    let list = browser.get("/unlock").await.text;
    assert!(!list.contains(&format!("href=\"{call}\"")), "{list}");
    assert!(!list.contains("may still be good"));
    browser
        .post(&format!("{call}/done"), &[])
        .await
        .refuses(409, ErrorCode::RequestUsed);
    let caller = browser.caller().await;
    browser
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await
        .refuses(409, ErrorCode::RequestUsed);
}

#[tokio::test]
async fn another_operators_call_is_given_up() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let device = first.device_of("alex.muster").await;
    let call = first.open_call("alex.muster", &device).await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let list = second.get("/unlock").await.text;
    assert!(list.contains("Calls of other operators (1)") && list.contains(&format!("href=\"{call}\"")));
    let page = second.get(&call).await.text;
    assert!(
        page.contains("desk-1 is at this call.") && page.contains("ABANDON") && !page.contains("GENERATE")
    );
    second.post(&format!("{call}/abandon"), &[]).await;
    for browser in [&mut first, &mut second] {
        let page = browser.get(&call).await.text;
        assert!(page.contains("Given up before a code was made."), "{page}");
    }

    // With a code.
    let caller = first.caller().await;
    let call = first.open_call("robin.sample", &caller.device_id).await;
    first
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    second.post(&format!("{call}/abandon"), &[]).await;
    let page = first.get(&call).await.text;
    assert!(page.contains("Given up. The code may still be good"), "{page}");
}

#[tokio::test]
async fn who_takes_a_call_over_verifies_the_caller_anew() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let caller = first.caller().await;
    let call = first.open_call("robin.sample", &caller.device_id).await;
    let path = format!("{call}/code");
    // Verified, and the challenge is there; what is missing is the reason.
    let all = prompt(&caller.challenge);
    let begun = [all[0], all[1], ("reason", ""), all[3]];
    first
        .post(&path, &begun)
        .await
        .refuses(422, ErrorCode::ReasonMissing);

    let page = second.get(&call).await.text;
    assert!(page.contains("TAKE OVER") && page.contains("Verification and approval are then void"));
    let taken = second
        .post(
            &format!("{call}/take-over"),
            &[all[0], all[1], ("reason", "INC-2"), ("challenge", "")],
        )
        .await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    for there in [
        "How was the caller verified?",
        "GENERATE",
        "INC-2",
        &caller.challenge,
    ] {
        assert!(taken.text.contains(there), "{there} in {}", taken.text);
    }
    // Whatever is sent along: it was not the second operator who verified the caller.
    for not in ["The caller is verified", " checked>", "spoke to her"] {
        assert!(!taken.text.contains(not), "{not} in {}", taken.text);
    }

    let unverified = [("reason", "INC-2"), ("challenge", &*caller.challenge)];
    second
        .post(&path, &unverified)
        .await
        .refuses(422, ErrorCode::CallerUnverified);
    first
        .post(&path, &all)
        .await
        .refuses(404, ErrorCode::RequestUnknown);
    assert!(first.get(&call).await.text.contains("desk-2 is at this call."));
    let given = second.post(&path, &all).await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);
    // It has a code: nobody takes it over any more.
    first
        .post(&format!("{call}/take-over"), &[])
        .await
        .refuses(409, ErrorCode::RequestUsed);
}

#[tokio::test]
async fn taken_over_twice_is_taken_over_once() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let device = first.device_of("alex.muster").await;
    let call = first.open_call("alex.muster", &device).await;
    for _ in 0..2 {
        let taken = second.post(&format!("{call}/take-over"), &[]).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    }
    let search = form(&[("q", "alex")]);
    assert!(
        second
            .get(&format!("/unlock?{search}"))
            .await
            .text
            .contains("Your calls that have not ended")
    );
}
