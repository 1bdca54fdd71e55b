//! IT IS NOT THE OWNER: how an operator ends a call of which they know that somebody else makes it.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Browser, demo, prompt, unescaped};

const HEARD: &str = "called back: Robin has not called";

/// Who looks at Settings sees the alarm.
async fn assert_alarm(demo: &help_desk::demo::Demo) {
    let settings = Browser::signed_in(demo, "admin-1").await.get("/settings").await;
    let alarm = ErrorCode::CallerDenied.to_string();
    assert!(unescaped(&settings.text).contains(&alarm), "{}", settings.text);
}

#[tokio::test]
async fn what_was_heard_goes_with_the_report() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let caller = desk.caller().await;
    let call = desk.open_call("robin.sample", &caller.device_id).await;
    let report = format!("{call}/report");
    let page = desk.get(&call).await;
    // The button sends the form in which it is typed.
    let button =
        format!("<button form=\"asked\" formaction=\"{report}\" formnovalidate hx-post=\"{report}\"");
    assert!(page.text.contains(&button), "{}", page.text);
    assert!(page.text.contains("<form id=\"asked\"") && page.text.contains("IT IS NOT THE OWNER"));

    // Without a word it is not taken, and what is typed stays.
    let typed = [("reason", "INC-9"), ("challenge", "AAAA"), ("statement", " ")];
    let refused = desk.post(&report, &typed).await;
    refused.refuses(422, ErrorCode::ReasonMissing);
    assert!(
        refused.text.contains("INC-9") && refused.text.contains("GENERATE"),
        "{}",
        refused.text
    );

    let typed = [("reason", "INC-9"), ("statement", HEARD)];
    let said = desk.post(&report, &typed).await;
    assert_eq!((said.status, said.location()), (StatusCode::SEE_OTHER, &*call));
    let page = unescaped(&desk.get(&call).await.text);
    for told in [
        "desk-1 has reported: it is not Robin Sample who calls",
        "Reported: an Administrator sees an alarm; do not call this caller back.",
        "Ended before a code was made, by the report of desk-1.",
    ] {
        assert!(page.contains(told), "{told} in {page}");
    }
    assert!(!page.contains("Given up before a code was made.") && !page.contains("GENERATE"));
    // Pressed twice, it is said already.
    let twice = desk.post(&report, &typed).await;
    assert_eq!(twice.status, StatusCode::SEE_OTHER);
    let code = desk
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    code.refuses(403, ErrorCode::CallerDenied);
    assert_alarm(&demo).await;
}

#[tokio::test]
async fn with_a_code_it_is_reported_too_and_the_code_stays_listed() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let caller = desk.caller().await;
    let call = desk.open_call("robin.sample", &caller.device_id).await;
    desk.post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    // A colleague takes the owner's call.
    let mut other = Browser::signed_in(&demo, "desk-2").await;
    let page = other.get(&call).await;
    let said = other
        .submit(&page, &format!("{call}/report"), &[("statement", HEARD)])
        .await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.text);
    let page = desk.get(&call).await;
    let told = "Ended by the report of desk-2 after a code was made. The code may still be good";
    assert!(page.text.contains(told), "{}", page.text);
    assert!(!page.text.contains("SHOW THE CODE AGAIN"));
    let found = desk.get("/unlock?q=robin").await;
    assert!(found.text.contains("1 may still be good"), "{}", found.text);
    assert_alarm(&demo).await;
}

#[tokio::test]
async fn what_happened_today_is_told_at_the_start_of_the_next_call() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let caller = desk.caller().await;
    let open = async |desk: &mut Browser<'_>| desk.open_call("robin.sample", &caller.device_id).await;
    let quiet = ["In the last 24 hours", "a second operator must approve."];
    let first = open(&mut desk).await;
    let page = desk.get(&first).await;
    assert!(
        quiet.iter().all(|said| !page.text.contains(said)),
        "{}",
        page.text
    );
    desk.post(&format!("{first}/code"), &prompt(&caller.challenge))
        .await;
    let second = open(&mut desk).await;
    desk.post(&format!("{second}/abandon"), &[]).await;
    let third = open(&mut desk).await;
    let heard = [("statement", HEARD)];
    desk.post(&format!("{third}/report"), &heard).await;

    let call = open(&mut desk).await;
    let page = desk.get(&call).await;
    let told =
        "In the last 24 hours, for this device: 1 code, 1 call given up, 1 reported as an impostor (20";
    let wanted = "This device had 1 code in the last 24 hours: from now on a second operator must approve.";
    for said in [told, wanted] {
        assert!(page.text.contains(said), "{said} in {}", page.text);
    }
    // The second operator is shown it too.
    let asked = desk
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    asked.refuses(403, ErrorCode::ApprovalMissing);
    let list = Browser::signed_in(&demo, "desk-2").await.get("/approvals").await;
    assert!(list.text.contains(told), "{}", list.text);
}
