//! The console as a person uses it: keys, clicks, and what is then seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod administration;
mod allowed;
mod axe;
mod chromium;
mod everywhere;
mod keyboard;
mod log;
mod passkeys;
mod vouch;

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use thirtyfour::prelude::*;
use tokio::sync::watch;

use chromium::{Chromium, Served};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_unlocks_the_virtual_key() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    let operator = browser.web.window().await.unwrap();

    browser.open("/").await;
    browser.sees("label", "Name").await;
    browser.looks("1-sign-in").await;
    browser.sign_in("desk-1", served.password("desk-1")).await;
    browser.looks("2-unlock").await;

    // The caller's side, in a window of its own.
    let caller = browser.web.new_tab().await.unwrap();
    browser.web.switch_to_window(caller.clone()).await.unwrap();
    browser.open("/try-it").await;
    browser.sees("#state", "Locked").await;
    let device_id = browser.text("#device-id").await;
    let challenge = browser.text("#device-challenge").await;
    browser.looks("3-try-it").await;

    // The list follows what is typed.
    browser.web.switch_to_window(operator.clone()).await.unwrap();
    browser.fill("q", "robi").await;
    browser.sees("#rows caption", "robi").await;
    let list = browser.text("#rows").await;
    assert!(list.contains(&device_id) && !list.contains("Alex"), "{list}");
    browser.looks("4-found").await;
    browser.press("UNLOCK").await;

    // The prompt: a challenge that was heard wrongly names its group before it is sent.
    browser.sees(".say", "You are Robin Sample?").await;
    browser
        .web
        .find(By::Css("input[value=call-back]"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    browser.fill("statement", "called back, spoke to her").await;
    browser.fill("reason", "INC-1").await;
    let (before, rest) = challenge.split_at(10);
    let wrong = if rest.starts_with('7') { "8" } else { "7" };
    browser
        .fill("challenge", &format!("{before}{wrong}{}", &rest[1..]))
        .await;
    browser.sees("#challenge-state", "group 3").await;
    browser.looks("5-wrong-group").await;
    browser.press("GENERATE RESPONSE CODE").await;
    browser.sees(".refusal", "group 3").await;
    browser.looks("6-refused").await;
    browser.clear("challenge").await;
    browser.fill("challenge", &challenge.to_lowercase()).await;
    browser.sees("#challenge-state", "no typing error").await;
    browser.press("GENERATE RESPONSE CODE").await;
    browser.sees(".given", "Response Code").await;
    let code = browser.text(".response").await;
    assert_eq!(code.len(), 29, "{code}");
    browser.looks("7-code").await;

    // The caller types it, and a new PIN.
    browser.web.switch_to_window(caller).await.unwrap();
    browser.fill("code", &code).await;
    browser.fill("pin", "Spring43").await;
    browser.fill("again", "Spring43").await;
    browser.press("UNLOCK").await;
    browser.sees(".outcome", "the new PIN is set").await;
    browser.looks("8-unlocked").await;
    browser.fill("sign-in-pin", "Spring43").await;
    browser.press("SIGN IN").await;
    browser.sees(".outcome", "with the old passkey").await;

    browser.web.switch_to_window(operator).await.unwrap();
    browser.press("DONE").await;
    browser.sees("#call", "Done: the device is unlocked.").await;
    browser.looks("9-done").await;
    let complaints = browser.complaints().await;
    // The refusal above, as the browser and as htmx tell it.
    let others: Vec<_> = complaints.iter().filter(|text| !text.contains("422")).collect();
    assert!(others.is_empty(), "{others:?}");
    browser.quit().await;
}

/// An operator opens a call for Robin Sample and fills in all that a code needs, but for what is wanted of others.
async fn asks_for_a_code(browser: &Chromium, challenge: &str) {
    browser.open("/unlock?q=robin").await;
    browser.press("UNLOCK").await;
    browser.sees(".say", "You are Robin Sample?").await;
    let called_back = browser.web.find(By::Css("input[value=call-back]")).await;
    called_back.unwrap().click().await.unwrap();
    browser.fill("statement", "called back, spoke to her").await;
    browser.fill("reason", "INC-1").await;
    browser.fill("challenge", challenge).await;
    browser.press("GENERATE RESPONSE CODE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_operator_approves_in_a_browser_of_their_own() {
    let served = Served::start(|router| router).await;
    let (first, second) = tokio::join!(Chromium::start(&served), Chromium::start(&served));
    first.sign_in("desk-1", served.password("desk-1")).await;
    second.sign_in("desk-2", served.password("desk-2")).await;
    second.open("/approvals").await;
    second.sees("#waiting", "No request waits for you.").await;
    second.looks("12-nothing-waits").await;

    first.open("/try-it").await;
    let challenge = first.text("#device-challenge").await;
    asks_for_a_code(&first, &challenge).await;
    first.sees(".given", "Response Code").await;
    // The second code for a device.
    asks_for_a_code(&first, &challenge).await;
    let told = first.sees("#approval", "Please approve request").await;
    first.looks("13-waits").await;

    // Neither of them does anything to see what the other has done.
    let list = second
        .sees("#waiting", "desk-1 asks for a code for Robin Sample")
        .await;
    let id = first.text("#approval .code").await;
    assert!(list.contains(&id) && list.contains(&challenge), "{told} {list}");
    second.looks("14-approvals").await;
    second.offline(true).await;
    second.sees("#waiting-problem", "does not answer").await;
    second.sees("#waiting", &id).await;
    second.offline(false).await;
    second.gone("#waiting-problem .refusal").await;
    second.press("APPROVE").await;
    second.sees(".outcome", &id).await;
    second.looks("15-approved").await;

    first.sees("#approval", "desk-2 has approved").await;
    first.looks("16-may-go-on").await;
    first.press("GENERATE RESPONSE CODE").await;
    first.sees(".given", "Response Code").await;
    for browser in [first, second] {
        let complaints = browser.complaints().await;
        let expected = [
            "403",
            "ERR_INTERNET_DISCONNECTED",
            "htmx:sendError",
            "htmx:afterRequest",
        ];
        let is_other = |text: &&String| expected.iter().all(|own| !text.contains(own));
        let others: Vec<_> = complaints.iter().filter(is_other).collect();
        assert!(others.is_empty(), "{others:?}");
        browser.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_a_call_is_begun_again_in_place() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    browser.sign_in("desk-1", served.password("desk-1")).await;
    browser.open("/try-it").await;
    let challenge = browser.text("#device-challenge").await;
    browser.open("/unlock?q=robin").await;
    browser.press("UNLOCK").await;
    browser.sees(".say", "You are Robin Sample?").await;
    let in_person = browser.web.find(By::Css("input[value=in-person]")).await;
    in_person.unwrap().click().await.unwrap();
    browser.fill("statement", "stands here").await;
    browser.fill("reason", "INC-1").await;
    browser.web.delete_all_cookies().await.unwrap();
    // While it is typed, the page stays.
    browser.fill("challenge", &challenge).await;
    browser
        .sees("#challenge-state", "nothing that you typed is lost")
        .await;
    browser.looks("17-session-ended").await;
    browser.press("GENERATE RESPONSE CODE").await;
    let asked = browser.sees("#call", "Sign in again").await;
    assert!(asked.contains(&challenge) && asked.contains("INC-1"), "{asked}");
    browser.looks("18-sign-in-again").await;
    // The name is there, and the field for the password has the focus.
    let field = browser.web.active_element().await.unwrap();
    field.send_keys(served.password("desk-1")).await.unwrap();
    field.send_keys(Key::Enter + "").await.unwrap();
    browser.sees(".given", "Response Code").await;
    browser.press("DONE").await;
    browser.sees("#call", "Done: the device is unlocked.").await;
    browser.quit().await;
}

/// Holds answers to a search for one letter back, until it is let go.
#[derive(Clone)]
struct Slow {
    asked: watch::Sender<bool>,
    answered: watch::Sender<bool>,
}

impl Slow {
    async fn wait(on: &watch::Sender<bool>) {
        on.subscribe().wait_for(|there| *there).await.unwrap();
    }
}

async fn slowly(State(slow): State<Slow>, request: Request, next: Next) -> Response {
    if request.uri().query() == Some("q=a") {
        slow.asked.send_replace(true);
        Slow::wait(&slow.answered).await;
    }
    next.run(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_does_not_overwrite_a_newer_one_and_none_is_said() {
    let slow = Slow {
        asked: watch::Sender::new(false),
        answered: watch::Sender::new(false),
    };
    let layer = from_fn_with_state(slow.clone(), slowly);
    let served = Served::start(|router| router.layer(layer)).await;
    let browser = Chromium::start(&served).await;
    browser.sign_in("desk-1", served.password("desk-1")).await;
    browser.fill("q", "a").await;
    Slow::wait(&slow.asked).await;
    browser.fill("q", "lex").await;
    // The newer answer does not wait for the older one.
    browser.sees("#rows caption", "“alex”").await;
    slow.answered.send_replace(true);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let list = browser.text("#rows").await;
    assert!(list.contains("Alex Muster") && !list.contains("Robin"), "{list}");

    browser.offline(true).await;
    browser.fill("q", " m").await;
    browser.sees("#rows .refusal", "does not answer").await;
    assert!(!browser.text("#rows").await.contains("Alex"));
    browser.looks("10-no-answer").await;
    browser.offline(false).await;
    browser.fill("q", "u").await;
    browser.sees("#rows", "Alex Muster").await;

    // Who is signed out elsewhere signs in again, and not inside the list.
    let here = browser.web.window().await.unwrap();
    let elsewhere = browser.web.new_tab().await.unwrap();
    browser.web.switch_to_window(elsewhere).await.unwrap();
    browser.open("/unlock").await;
    browser.press("Sign out").await;
    browser.sees("label", "Name").await;
    browser.web.switch_to_window(here).await.unwrap();
    browser.fill("q", "s").await;
    browser.sees("label", "Name").await;
    browser.sign_in("desk-1", served.password("desk-1")).await;

    // A small window at twice the size: nothing is cut off at the side.
    browser.web.set_window_rect(0, 0, 640, 900).await.unwrap();
    browser.open("/unlock").await;
    let wide = browser
        .web
        .execute("return document.documentElement.scrollWidth > innerWidth", vec![])
        .await;
    assert!(!wide.unwrap().convert::<bool>().unwrap());
    browser.looks("11-narrow").await;
    browser.quit().await;
}
