//! What is administered, as a person does it: devices from a file, an operator whom a second Administrator approves, a
//! licence, a download.

use fido_unlock::DeviceId;
use fido_unlock::desk::OperatorId;
use fido_unlock_files::device_rows;
use thirtyfour::prelude::*;
use zeroize::Zeroizing;

use crate::chromium::{Chromium, Served};

/// A file with a device for Alex Muster, and one for nobody.
async fn file(served: &Served, folder: &std::path::Path) -> (String, String) {
    let app = served.demo.app();
    let password = Zeroizing::new(served.password("admin-1").to_owned());
    let administrator = OperatorId::new("admin-1").unwrap();
    let session = app.desks().sign_in(administrator, password).await.unwrap();
    let issuers = app.desks().run(move |desk| desk.issuers(&session)).await.unwrap();
    let issuer = base16ct::lower::encode_string(issuers[0].public.as_compressed());
    let ids = [0xA7, 0xA8].map(|number| DeviceId::from_bytes([number; 10]).to_code());
    let csv = device_rows(
        true,
        [
            [
                ids[0].as_str(),
                "alex.muster",
                "2",
                "1",
                &issuer,
                &issuer,
                "Example Key 5",
            ],
            [
                ids[1].as_str(),
                "nobody",
                "2",
                "1",
                &issuer,
                &issuer,
                "Example Key 5",
            ],
        ],
    );
    let path = folder.join("devices.csv");
    std::fs::write(&path, csv).unwrap();
    (path.to_str().unwrap().to_owned(), ids[0].clone())
}

async fn follow(browser: &Chromium, text: &str) {
    let link = By::XPath(format!("//a[normalize-space()='{text}']"));
    browser.web.find(link).await.unwrap().click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_come_from_a_file_and_go() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    let folder = tempfile::tempdir().unwrap();
    let (path, device) = file(&served, folder.path()).await;
    browser.sign_in("admin-1", served.password("admin-1")).await;
    follow(&browser, "Devices").await;
    browser.fill("q", "ale").await;
    browser.sees("#rows caption", "“ale”").await;
    browser.looks("30-devices").await;
    follow(&browser, "Import devices from a file").await;
    browser.fill("file", &path).await;
    browser.press("CHECK THE FILE").await;
    browser
        .sees("#summary", "1 device would be registered; refused: 1.")
        .await;
    browser.sees("main", "no such user is registered").await;
    browser.looks("31-import-checked").await;
    browser.press("REGISTER 1 DEVICE").await;
    browser.sees(".outcome", "1 device is registered.").await;
    browser.open(&format!("/devices/{device}")).await;
    browser.sees(".facts", "Alex Muster").await;
    browser.looks("32-device").await;
    follow(&browser, "Retire").await;
    browser.sees(".notice", "nothing takes that back").await;
    browser.looks("33-retire").await;
    browser.press("RETIRE").await;
    browser.sees(".outcome", "can no longer be unlocked").await;

    follow(&browser, "Alex Muster").await;
    browser.sees("h1", "User Alex Muster").await;
    browser.looks("34-user").await;
    follow(&browser, "Licence").await;
    browser.sees(".facts", "of 100").await;
    browser.looks("35-licence").await;
    follow(&browser, "Downloads").await;
    browser.sees("main", "fido-unlock-sample-1.0.0.txt").await;
    browser.looks("36-downloads").await;
    browser.press("Deutsch").await;
    for (path, name) in [
        ("/devices", "37-de-devices"),
        ("/devices/import", "38-de-import"),
        ("/operators/new", "39-de-operator"),
        ("/users/new", "40-de-user"),
        ("/licence", "41-de-licence"),
        ("/set-up", "42-de-set-up"),
    ] {
        browser.open(path).await;
        browser.sees("html[lang=de] h1", "").await;
        browser.looks(name).await;
    }
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_administrator_lets_an_operator_begin() {
    let served = Served::start(|router| router).await;
    let (first, second) = tokio::join!(Chromium::start(&served), Chromium::start(&served));
    first.sign_in("admin-1", served.password("admin-1")).await;
    follow(&first, "Operators").await;
    first.looks("43-operators").await;
    follow(&first, "Add an operator").await;
    first.fill("name", "olga").await;
    let unlock = first.web.find(By::Css("input[value=unlock]")).await.unwrap();
    unlock.click().await.unwrap();
    first.looks("44-new-operator").await;
    first.press("ADD").await;
    first.sees("h1", "Password of olga").await;
    let password = first.text("#password").await;
    first.looks("45-password").await;

    second.sign_in("admin-2", served.password("admin-2")).await;
    second.open("/operators").await;
    second.sees("table", "Unlock, from ").await;
    follow(&second, "olga").await;
    second.sees("#rests", "Rests").await;
    second.fill("reason", "one is ill").await;
    second.looks("46-approve-operator").await;
    second.press("APPROVE").await;
    second
        .sees(".outcome", "Every Administrator is told of it.")
        .await;
    // She answers callers at once.
    second.open("/operators").await;
    second.press("Sign out").await;
    second.sees("label", "Name").await;
    second.sign_in("olga", &password).await;
    for browser in [first, second] {
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
        browser.quit().await;
    }
}
