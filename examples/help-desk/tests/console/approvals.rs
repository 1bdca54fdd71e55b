//! A second operator approves what they are shown, and nothing else.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use fido_unlock::ErrorCode;
use fido_unlock::desk::{Operator, OperatorId, UserId};
use help_desk::demo::Demo;
use zeroize::Zeroizing;

use crate::browser::{Answer, Browser, Caller, demo, prompt};

/// A call that has all but an approval: in the demonstration, the second code for a device wants one.
struct Waiting {
    caller: Caller,
    call: String,
    refused: Answer,
}

impl Waiting {
    async fn of(browser: &mut Browser<'_>) -> Self {
        let caller = browser.caller().await;
        let first = browser.open_call("robin.sample", &caller.device_id).await;
        let all = prompt(&caller.challenge);
        let given = browser.post(&format!("{first}/code"), &all).await;
        assert_eq!(given.status, StatusCode::OK, "{}", given.text);
        let call = browser.open_call("robin.sample", &caller.device_id).await;
        let refused = browser.post(&format!("{call}/code"), &all).await;
        Self {
            caller,
            call,
            refused,
        }
    }

    fn id(&self) -> &str {
        self.call.rsplit('/').next().unwrap()
    }

    fn approve(&self) -> String {
        format!("/approvals/{}", self.id())
    }
}

/// What the form of the list's only request says was seen.
fn seen(list: &Answer) -> String {
    list.between("name=\"seen\" value=\"", "\"").into()
}

/// What the list, or the call's part, asks with.
fn follows(page: &Answer, path: &str) -> String {
    let rest = page.between(&format!("hx-get=\"{path}?seen="), "\"");
    format!("{path}?seen={rest}")
}

#[tokio::test]
async fn the_second_code_for_a_device_waits_for_a_second_operator() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let empty = second.get("/approvals").await;
    assert!(
        empty.text.contains("No request waits for you.")
            && empty.text.contains("aria-current=\"page\">Approvals")
    );
    let list = follows(&empty, "/approvals/waiting");
    assert_eq!(
        second.get(&list).await.status,
        StatusCode::NO_CONTENT,
        "it is shown already"
    );

    let waiting = Waiting::of(&mut first).await;
    waiting.refused.refuses(403, ErrorCode::ApprovalMissing);
    let asks = format!(
        "Please approve request <span class=\"code\">{}</span>",
        waiting.id()
    );
    assert!(waiting.refused.text.contains(&asks), "{}", waiting.refused.text);
    let part = follows(&waiting.refused, &format!("{}/approval", waiting.call));
    assert_eq!(
        first.get(&part).await.status,
        StatusCode::NO_CONTENT,
        "nothing yet"
    );

    // The list follows, with all that is approved.
    let list = second.get(&list).await;
    assert_eq!(list.status, StatusCode::OK);
    for there in [
        waiting.id(),
        "desk-1 asks for a code for Robin Sample",
        "robin.sample",
        "ordinary",
        &waiting.caller.device_id,
        "INC-1",
        "Called back on the number on record, on desk-1’s word alone",
        &waiting.caller.challenge,
        "read out to the caller",
        "1 earlier code may still be good",
    ] {
        assert!(list.text.contains(there), "{there} in {}", list.text);
    }
    // It is nobody's own to approve.
    assert!(
        first
            .get("/approvals")
            .await
            .text
            .contains("No request waits for you.")
    );

    let approved = second.post(&waiting.approve(), &[("seen", &seen(&list))]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    let path = approved.location().to_owned();
    let told = second.get(&path).await.text;
    assert!(told.contains("You have approved request") && told.contains("No request waits for you."));
    let not_theirs = first.get(&path).await.text;
    assert!(!not_theirs.contains("You have approved"), "{not_theirs}");

    // The call notices, and goes on with what stands already.
    let noticed = first.get(&part).await;
    assert!(noticed.text.contains("desk-2 has approved"), "{}", noticed.text);
    assert!(!noticed.text.contains("Error 409"));
    let page = first.get(&waiting.call).await;
    assert!(page.text.contains("desk-2 has approved") && page.text.contains(&waiting.caller.challenge));
    let fields = [("reason", "INC-1"), ("challenge", &*waiting.caller.challenge)];
    let given = first.post(&format!("{}/code", waiting.call), &fields).await;
    assert!(given.text.contains("class=\"response\""), "{}", given.text);
    let over = first.get(&part).await.text;
    assert!(
        over.contains("This call has changed since.") && !over.contains("hx-trigger"),
        "{over}"
    );
}

#[tokio::test]
async fn what_has_changed_since_it_was_seen_is_not_approved() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let waiting = Waiting::of(&mut first).await;
    let list = second.get("/approvals").await;
    let changed = [("reason", "INC-2"), ("challenge", &*waiting.caller.challenge)];
    let code = format!("{}/code", waiting.call);
    first
        .post(&code, &changed)
        .await
        .refuses(403, ErrorCode::ApprovalMissing);
    for old in [&*seen(&list), ""] {
        let refused = second.post(&waiting.approve(), &[("seen", old)]).await;
        refused.refuses(403, ErrorCode::ApprovalElsewhere);
        assert!(
            refused.text.contains("INC-2"),
            "the request as it is now: {}",
            refused.text
        );
    }
    first
        .post(&code, &changed)
        .await
        .refuses(403, ErrorCode::ApprovalMissing);

    // And what changes after it was approved is not approved any more.
    let seen = seen(&second.get("/approvals").await);
    second.post(&waiting.approve(), &[("seen", &seen)]).await;
    let again = [("reason", "INC-3"), changed[1]];
    first
        .post(&code, &again)
        .await
        .refuses(403, ErrorCode::ApprovalMissing);
}

#[tokio::test]
async fn who_may_not_approve_is_told_whom_to_ask() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let waiting = Waiting::of(&mut first).await;
    let seen = seen(&second.get("/approvals").await);
    let fields = [("seen", &*seen)];
    first
        .post(&waiting.approve(), &fields)
        .await
        .refuses(403, ErrorCode::ApprovalSelf);

    let mut auditor = Browser::signed_in(&demo, "audit-1").await;
    let refused = auditor.post(&waiting.approve(), &fields).await;
    refused.refuses(403, ErrorCode::ApproverPrivilege);
    assert!(!refused.text.contains("Robin"), "{}", refused.text);
    auditor
        .get("/approvals")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
    auditor
        .get("/approvals/waiting")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
    assert!(!auditor.get("/try-it").await.text.contains("href=\"/approvals\""));

    // Who has approved and then takes the call over cannot use that.
    second.post(&waiting.approve(), &fields).await;
    second.post(&format!("{}/take-over", waiting.call), &[]).await;
    let code = format!("{}/code", waiting.call);
    second
        .post(&code, &prompt(&waiting.caller.challenge))
        .await
        .refuses(403, ErrorCode::ApprovalMissing);
    second
        .post(&waiting.approve(), &fields)
        .await
        .refuses(403, ErrorCode::ApprovalSelf);
}

#[tokio::test]
async fn what_waits_for_nothing_is_not_approved() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let device = first.device_of("alex.muster").await;
    let call = first.open_call("alex.muster", &device).await;
    let path = call.replace("/unlock/", "/approvals/");
    assert!(
        second
            .get("/approvals")
            .await
            .text
            .contains("No request waits for you.")
    );
    second
        .post(&path, &[("seen", "")])
        .await
        .refuses(422, ErrorCode::CallerUnverified);
    for id in ["0000-0000-0000-0000-0000", "x"] {
        let unknown = second.post(&format!("/approvals/{id}"), &[("seen", "")]).await;
        unknown.refuses(404, ErrorCode::RequestUnknown);
    }

    let waiting = Waiting::of(&mut first).await;
    let seen = seen(&second.get("/approvals").await);
    first.post(&format!("{}/abandon", waiting.call), &[]).await;
    let late = second.post(&waiting.approve(), &[("seen", &seen)]).await;
    late.refuses(409, ErrorCode::RequestUsed);
    assert!(late.text.contains("No request waits for you."));
}

async fn without_privileges(demo: &Demo, operator: &str, password: String) {
    let administrator = OperatorId::new("admin-1").unwrap();
    let desks = demo.app();
    let session = desks
        .desks()
        .sign_in(administrator, Zeroizing::new(password))
        .await
        .unwrap();
    let nobody = Operator {
        id: OperatorId::new(operator).unwrap(),
        roles: Vec::new(),
        privileges: Vec::new(),
        user: None,
    };
    desks
        .desks()
        .run(move |desk| desk.put_operator(&session, &nobody, None))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_no_empty_list() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let waiting = Waiting::of(&mut first).await;
    let list = follows(&second.get("/approvals").await, "/approvals/waiting");
    let password = first.password("admin-1");
    without_privileges(&demo, "desk-1", password.clone()).await;
    without_privileges(&demo, "desk-2", password).await;
    let part = follows(&waiting.refused, &format!("{}/approval", waiting.call));
    for (browser, path, id) in [(&mut second, list, "waiting"), (&mut first, part, "approval")] {
        let request = browser.request(Method::GET, &path).header("hx-request", "true");
        let request = request.header("hx-target", id).body(Body::empty()).unwrap();
        let answer = browser.send(request).await;
        answer.refuses(403, ErrorCode::PrivilegeMissing);
        assert!(!answer.text.contains("No request waits"));
        // Above what is shown, which goes on asking.
        let above = format!("#{id}-problem");
        assert_eq!(answer.headers["hx-retarget"].to_str().unwrap(), above);
        assert_eq!(answer.headers["hx-reselect"].to_str().unwrap(), ".refusal");
    }
}

#[tokio::test]
async fn a_request_is_not_hidden_behind_a_hundred_others() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "desk-1").await;
    let mut second = Browser::signed_in(&demo, "desk-2").await;
    let app = demo.app();
    let password = Zeroizing::new(first.password("desk-1"));
    let operator = OperatorId::new("desk-1").unwrap();
    let session = app.desks().sign_in(operator, password).await.unwrap();
    app.desks()
        .run(move |desk| {
            let alex = UserId::new("alex.muster").unwrap();
            let device = desk.find_user(&session, &alex)?.devices.remove(0).id;
            for _ in 0..100 {
                desk.open_request(&session, &alex, &device, "")?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let waiting = Waiting::of(&mut first).await;
    let list = second.get("/approvals").await.text;
    assert!(list.contains(waiting.id()), "{list}");
    let others = second.get("/unlock").await.text;
    assert!(others.contains("Calls of other operators (101)"), "{others}");
    let own = first.get("/unlock").await.text;
    assert!(own.contains(&format!("href=\"{}\"", waiting.call)), "{own}");
}
