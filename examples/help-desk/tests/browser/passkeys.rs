//! Passkeys, with a virtual authenticator in the browser.

use serde_json::json;
use thirtyfour::prelude::*;

use crate::chromium::{Chromium, Served};

/// A built-in authenticator that verifies its user at once.
async fn authenticator(browser: &Chromium) -> String {
    let web = browser.web.cdp();
    web.send_raw("WebAuthn.enable", json!({})).await.unwrap();
    let options = json!({"options": {
        "protocol": "ctap2", "transport": "usb", "hasResidentKey": true, "hasUserVerification": true,
        "isUserVerified": true, "automaticPresenceSimulation": true,
    }});
    let made = web
        .send_raw("WebAuthn.addVirtualAuthenticator", options)
        .await
        .unwrap();
    made["authenticatorId"].as_str().unwrap().to_owned()
}

async fn verifies(browser: &Chromium, authenticator: &str, verified: bool) {
    let options = json!({"authenticatorId": authenticator, "isUserVerified": verified});
    let web = browser.web.cdp();
    web.send_raw("WebAuthn.setUserVerified", options).await.unwrap();
}

async fn sign_out(browser: &Chromium) {
    browser.open("/account").await;
    browser.press("Sign out").await;
    browser.sees("label", "Name").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_adds_a_passkey_and_signs_in_with_it() {
    let served = Served::start(|router| router).await;
    let mut browser = Chromium::start(&served).await;
    // An address has no passkeys, and the page says so.
    browser.open("/sign-in").await;
    browser.sees("label", "Name").await;
    assert!(!browser.text("main").await.contains("Sign in with a passkey"));
    browser.by_name(&served);
    let authenticator = authenticator(&browser).await;
    browser.sign_in("desk-1", served.password("desk-1")).await;
    browser.open("/account").await;
    browser.sees("#passkeys-title", "Passkeys").await;
    browser.looks("19-account").await;
    browser.fill("passkey-name", "blue key").await;
    browser.press("Add a passkey").await;
    browser.sees(".outcome", "The passkey was added.").await;
    browser.sees("table", "blue key").await;
    browser.looks("20-passkey-added").await;
    sign_out(&browser).await;
    browser.looks("21-sign-in").await;

    // Alone.
    browser.fill("name", "desk-1").await;
    browser.press("Sign in with a passkey").await;
    browser.sees("h1", "Unlock").await;
    sign_out(&browser).await;
    // Beside the password.
    browser.fill("name", "desk-1").await;
    browser.fill("password", served.password("desk-1")).await;
    browser.press("Sign in").await;
    browser.sees("h1", "Unlock").await;
    sign_out(&browser).await;
    // A key whose user is not verified is none; the page stays, and asks again.
    verifies(&browser, &authenticator, false).await;
    browser.fill("name", "desk-1").await;
    browser.press("Sign in with a passkey").await;
    browser
        .sees("[data-failed]", "The browser gave no passkey.")
        .await;
    browser.looks("22-no-passkey").await;
    verifies(&browser, &authenticator, true).await;
    browser.press("Use the passkey").await;
    browser.sees("h1", "Unlock").await;

    // In the middle of a call.
    browser.open("/try-it").await;
    let challenge = browser.text("#device-challenge").await;
    browser.open("/unlock?q=robin").await;
    browser.press("UNLOCK").await;
    browser.sees(".say", "You are Robin Sample?").await;
    let in_person = browser.web.find(By::Css("input[value=in-person]")).await;
    in_person.unwrap().click().await.unwrap();
    browser.fill("statement", "stands here").await;
    browser.fill("reason", "INC-1").await;
    browser.fill("challenge", &challenge).await;
    browser.web.delete_all_cookies().await.unwrap();
    browser.press("GENERATE RESPONSE CODE").await;
    browser.sees("#call", "Sign in again").await;
    browser.press("Sign in with a passkey").await;
    browser.sees(".given", "Response Code").await;

    // Removed: it signs nobody in.
    browser.open("/account").await;
    browser.press_summary().await;
    browser.press("Remove blue key").await;
    browser.sees(".outcome", "The passkey was removed").await;
    sign_out(&browser).await;
    browser.fill("name", "desk-1").await;
    browser.press("Sign in with a passkey").await;
    browser
        .sees("[data-failed]", "The browser gave no passkey.")
        .await;
    browser.open("/sign-in").await;
    browser.sign_in("desk-1", served.password("desk-1")).await;
    let complaints = browser.complaints().await;
    let others: Vec<_> = complaints.iter().filter(|text| !text.contains("401")).collect();
    assert!(others.is_empty(), "{others:?}");
    browser.quit().await;
}
