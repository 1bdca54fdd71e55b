//! The call: from the search to the old passkey that signs in again, and what stops it.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;

use crate::browser::{Browser, demo, prompt};

/// The code as it stands on the page.
fn code_of(answer: &crate::browser::Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.between("<p class=\"response\">", "<").into()
}

/// The challenge with one character changed, and the number of its group.
fn mistyped(challenge: &str) -> (String, usize) {
    let place = 21;
    let old = challenge.as_bytes()[place];
    let new = if old == b'7' { '8' } else { '7' };
    let text = format!("{}{new}{}", &challenge[..place], &challenge[place + 1..]);
    (text, place / 5 + 1)
}

#[tokio::test]
async fn from_locked_to_signed_in_with_the_old_passkey() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;

    let list = browser.get("/unlock?q=robin").await;
    assert!(list.text.contains("Robin Sample") && list.text.contains(&caller.device_id));
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let page = browser.get(&call).await;
    assert!(page.text.contains("<q>You are Robin Sample?</q>"));
    assert!(page.text.contains("0 of 32 characters"));
    assert!(
        page.text
            .contains("Telephone on record: <strong>+1 555 0100</strong>")
    );
    assert!(
        browser
            .get("/unlock")
            .await
            .text
            .contains(&format!("href=\"{call}\""))
    );

    let given = browser
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    let code = code_of(&given);
    assert_eq!(code.len(), 29, "24 characters in 6 groups");
    assert!(given.text.contains("<p class=\"spoken\">") && given.text.contains("press UNLOCK"));

    let fields = [("code", &*code), ("pin", "Spring43"), ("again", "Spring43")];
    let unlocked = browser.post("/try-it/unlock", &fields).await;
    assert_eq!(unlocked.status, StatusCode::OK, "{}", unlocked.text);
    assert!(unlocked.text.contains("the new PIN is set") && unlocked.text.contains("Not locked"));

    let done = browser.post(&format!("{call}/done"), &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, &*call));
    assert!(
        browser
            .get(&call)
            .await
            .text
            .contains("Done: the device is unlocked.")
    );
    assert!(!browser.get("/unlock").await.text.contains("may still be good"));

    browser
        .post("/try-it/sign-in", &[("pin", "Winter42")])
        .await
        .refuses(409, ErrorCode::PinInvalid);
    let signed_in = browser.post("/try-it/sign-in", &[("pin", "Spring43")]).await;
    assert!(
        signed_in.text.contains("with the old passkey"),
        "{}",
        signed_in.text
    );
    demo.app()
        .desks()
        .run(|desk| desk.verify_audit(&[]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_typing_error_names_its_group_and_loses_nothing() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let (typed, group) = mistyped(&caller.challenge);

    // While it is typed.
    let said = browser
        .post("/unlock/challenge", &[("suite", "2"), ("challenge", &typed)])
        .await;
    assert_eq!(said.status, StatusCode::OK);
    assert!(
        said.text.contains("32 of 32 characters: check group"),
        "{}",
        said.text
    );
    assert!(said.text.contains(&format!("group {group}: ")), "{}", said.text);
    let half = browser
        .post(
            "/unlock/challenge",
            &[("suite", "2"), ("challenge", &typed[..19])],
        )
        .await;
    assert_eq!(half.text.trim(), "16 of 32 characters");
    let whole = browser
        .post(
            "/unlock/challenge",
            &[("suite", "2"), ("challenge", &caller.challenge)],
        )
        .await;
    assert!(whole.text.contains("no typing error"));
    let id = browser
        .post(
            "/unlock/challenge",
            &[("suite", "2"), ("challenge", &format!("{typed}0"))],
        )
        .await;
    assert!(
        id.text.contains("33 instead of 32") || id.text.contains("33 of 32"),
        "{}",
        id.text
    );

    // And when it is sent.
    let refused = browser.post(&format!("{call}/code"), &prompt(&typed)).await;
    refused.refuses(422, ErrorCode::CodeCheck);
    assert!(
        refused.text.contains(&format!("group {group}: ")),
        "{}",
        refused.text
    );
    assert!(!refused.text.contains("class=\"response\""));
    for kept in [&*typed, "INC-1", "The caller is verified: Called back"] {
        assert!(refused.text.contains(kept), "{kept}");
    }
    let given = browser
        .post(
            &format!("{call}/code"),
            &[("reason", "INC-1"), ("challenge", &caller.challenge)],
        )
        .await;
    code_of(&given);
}

#[tokio::test]
async fn what_is_missing_is_named_and_no_code_is_given() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let path = format!("{call}/code");
    let challenge = ("challenge", &*caller.challenge);

    let nobody = browser.post(&path, &[("reason", "INC-1"), challenge]).await;
    nobody.refuses(422, ErrorCode::CallerUnverified);
    let silent = [
        ("method", "call-back"),
        ("statement", " "),
        ("reason", "INC-1"),
        challenge,
    ];
    browser
        .post(&path, &silent)
        .await
        .refuses(422, ErrorCode::CallerUnverified);
    let questions = [
        ("method", "questions"),
        ("statement", "knew it"),
        ("reason", "INC-1"),
        challenge,
    ];
    browser
        .post(&path, &questions)
        .await
        .refuses(403, ErrorCode::CallerMethod);
    let no_reason = [
        ("method", "in-person"),
        ("statement", "here"),
        ("reason", ""),
        challenge,
    ];
    browser
        .post(&path, &no_reason)
        .await
        .refuses(422, ErrorCode::ReasonMissing);
    let no_challenge = browser
        .post(&path, &[("reason", "INC-1"), ("challenge", "")])
        .await;
    no_challenge.refuses(422, ErrorCode::CodeLength);
    code_of(&browser.post(&path, &[("reason", "INC-1"), challenge]).await);
}

#[tokio::test]
async fn an_operators_word_is_not_enough_for_a_privileged_user() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let device = browser.device_of("dana.specimen").await;
    let call = browser.open_call("dana.specimen", &device).await;
    let page = browser.get(&call).await;
    assert!(page.text.contains("Give no code:") && !page.text.contains("GENERATE"));
    let forced = browser.post(&format!("{call}/code"), &prompt("")).await;
    forced.refuses(403, ErrorCode::CallerMethod);
}

#[tokio::test]
async fn a_challenge_is_its_own_devices_alone() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    code_of(
        &browser
            .post(&format!("{call}/code"), &prompt(&caller.challenge))
            .await,
    );
    let device = browser.device_of("alex.muster").await;
    let other = browser.open_call("alex.muster", &device).await;
    let refused = browser
        .post(&format!("{other}/code"), &prompt(&caller.challenge))
        .await;
    refused.refuses(403, ErrorCode::ChallengeElsewhere);
}

#[tokio::test]
async fn the_same_code_again_and_then_given_up() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    let first = code_of(
        &browser
            .post(&format!("{call}/code"), &prompt(&caller.challenge))
            .await,
    );
    let page = browser.get(&call).await;
    assert!(page.text.contains("SHOW THE CODE AGAIN") && !page.text.contains(&first));
    assert_eq!(code_of(&browser.post(&format!("{call}/code"), &[]).await), first);

    let mut other = Browser::signed_in(&demo, "admin-1").await;
    let seen = other.get(&call).await;
    assert!(seen.text.contains("desk-1 has made a code in this call."));
    assert!(!seen.text.contains("SHOW THE CODE AGAIN") && seen.text.contains("ABANDON"));
    let refused = other.post(&format!("{call}/code"), &[]).await;
    refused.refuses(404, ErrorCode::RequestUnknown);

    browser.post(&format!("{call}/abandon"), &[]).await;
    assert!(browser.get(&call).await.text.contains("Given up."));
    assert!(
        browser
            .get("/unlock?q=robin")
            .await
            .text
            .contains("1 may still be good")
    );
    browser
        .post(&format!("{call}/abandon"), &[])
        .await
        .refuses(409, ErrorCode::RequestUsed);
}

#[tokio::test]
async fn nobody_and_nothing_unknown_is_unlocked() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let none = browser.get("/unlock?q=nobody-of-that-name").await;
    assert_eq!(none.status, StatusCode::OK);
    assert!(none.text.contains("Nobody and no device matches"));
    for (user, device, status, code) in [
        ("nobody", &*caller.device_id, 404, ErrorCode::UserUnknown),
        ("alex.muster", &*caller.device_id, 403, ErrorCode::DeviceNotUsers),
        ("robin.sample", "0000-0000", 422, ErrorCode::CodeLength),
    ] {
        browser
            .post("/unlock", &[("user", user), ("device", device)])
            .await
            .refuses(status, code);
    }
    let unknown = "/unlock/0000-0000-0000-0000-0000";
    browser.get(unknown).await.refuses(404, ErrorCode::RequestUnknown);
    browser
        .post(&format!("{unknown}/done"), &[])
        .await
        .refuses(404, ErrorCode::RequestUnknown);
}

#[tokio::test]
async fn a_device_is_found_by_its_id_however_it_is_typed() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let id = browser.caller().await.device_id;
    for typed in [
        id.to_lowercase(),
        id.replace('-', ""),
        id.replace('-', "+"),
        id[..9].to_owned(),
    ] {
        for path in ["/unlock", "/unlock/rows"] {
            let list = browser.get(&format!("{path}?q={typed}")).await;
            assert!(list.text.contains("Robin Sample"), "{path} {typed}");
            assert!(!list.text.contains("Alex Muster"), "{path} {typed}");
        }
    }
}

#[tokio::test]
async fn an_error_is_never_an_empty_list() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let app = demo.app();
    // Every desk waits, and more wait for one than may.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let begun = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let wait = || {
        let (app, held, begun) = (app.clone(), held.clone(), begun.clone());
        tokio::spawn(async move {
            let wait = move |_: &mut _| {
                begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let _ = held.lock().unwrap().recv();
                Ok(())
            };
            app.desks().run(wait).await.is_err()
        })
    };
    // Four desks first: one that took its call later would make room for another.
    let mut waiting: Vec<_> = (0..4).map(|_| wait()).collect();
    while begun.load(std::sync::atomic::Ordering::SeqCst) < 4 {
        tokio::task::yield_now().await;
    }
    waiting.extend((0..300).map(|_| wait()));
    while !waiting.iter().any(tokio::task::JoinHandle::is_finished) {
        tokio::task::yield_now().await;
    }
    for path in ["/unlock?q=robin", "/unlock/rows?q=robin", "/devices/rows?q=robin"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
        assert!(answer.text.contains("role=\"alert\""), "{}", answer.text);
        assert!(!answer.text.contains("matches"), "{}", answer.text);
    }
    drop(hold);
    for wait in waiting {
        wait.await.unwrap();
    }
    assert!(browser.get("/unlock?q=robin").await.text.contains("Robin Sample"));
}
