//! The log and the settings as a person uses them.

use thirtyfour::prelude::*;

use crate::chromium::{Chromium, Served};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_verified_and_proved() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    browser.open("/").await;
    browser.fill("name", "audit-1").await;
    browser.fill("password", served.password("audit-1")).await;
    browser.press("Sign in").await;
    // Whoever may only read the log begins there.
    browser.sees("h1", "Audit").await;
    browser.sees(".log", "Device registered").await;
    browser.looks("20-log").await;
    browser.fill("operator", "nobody").await;
    browser.press("Show").await;
    browser.sees(".refusal", "nobody of the name").await;
    browser.clear("operator").await;
    browser.fill("operator", "admin-1").await;
    let kind = browser
        .web
        .find(By::Css("#event option[value=DeviceRetired]"))
        .await
        .unwrap();
    kind.click().await.unwrap();
    browser.press("Show").await;
    let found = browser.sees(".log tbody", "Device retired").await;
    assert!(!found.contains("Device registered"), "{found}");
    browser.looks("21-filtered").await;

    browser
        .web
        .find(By::Css(".log tbody a"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    browser.sees("main", "No checkpoint covers this entry yet.").await;
    browser.press("MAKE A CHECKPOINT").await;
    browser.sees("main", "Save the proof").await;
    browser.looks("22-entry").await;
    browser.open("/audit/checkpoints").await;
    browser.sees(".checkpoints", "covers").await;
    browser.looks("23-checkpoints").await;

    browser.open("/audit/verify").await;
    browser.press("VERIFY").await;
    // It follows by itself.
    browser.sees("#verification", "The log is whole").await;
    browser.looks("24-verified").await;
    let complaints = browser.complaints().await;
    // What could not be understood, above.
    let others: Vec<_> = complaints.iter().filter(|text| !text.contains("422")).collect();
    assert!(others.is_empty(), "{others:?}");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_changed_after_a_look_at_what_that_does() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    browser.sign_in("admin-1", served.password("admin-1")).await;
    browser.open("/settings").await;
    browser.sees("h1", "Settings").await;
    browser.looks("25-settings").await;
    browser.clear("request_seconds").await;
    browser.fill("request_seconds", "3").await;
    browser.clear("limits.device.refuse_from").await;
    browser.fill("limits.device.refuse_from", "3").await;
    browser.press("SHOW WHAT CHANGES").await;
    browser.sees("table", "loosens").await;
    browser.looks("26-what-changes").await;
    browser.press("CONFIRM").await;
    browser.sees(".outcome", "The rules were changed.").await;
    browser.sees("#resting + p", "admin-1").await;
    browser.looks("27-resting").await;

    // A small window: nothing is cut off at the side.
    browser.web.set_window_rect(0, 0, 640, 900).await.unwrap();
    for path in ["/settings", "/audit", "/audit/verify", "/audit/checkpoints"] {
        browser.open(path).await;
        let wide = browser
            .web
            .execute("return document.documentElement.scrollWidth > innerWidth", vec![])
            .await;
        assert!(!wide.unwrap().convert::<bool>().unwrap(), "{path}");
        browser
            .looks(&format!("28-narrow{}", path.replace('/', "-")))
            .await;
    }
    // In German.
    browser.web.set_window_rect(0, 0, 1200, 900).await.unwrap();
    browser.open("/settings").await;
    browser.press("Deutsch").await;
    browser.sees("h1", "Einstellungen").await;
    browser.looks("29-german").await;
    browser.open("/audit").await;
    browser.sees("h1", "Protokoll").await;
    browser.looks("29-german-log").await;
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    browser.quit().await;
}
