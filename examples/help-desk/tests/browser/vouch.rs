//! A manager vouches for a caller, each in a browser of their own.

use thirtyfour::prelude::*;

use crate::chromium::{Chromium, Served};

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_vouches_while_the_operator_types_on() {
    let served = Served::start(|router| router).await;
    let (desk, mut manager) = tokio::join!(Chromium::start(&served), Chromium::start(&served));
    desk.sign_in("desk-1", served.password("desk-1")).await;
    desk.open("/try-it").await;
    let challenge = desk.text("#device-challenge").await;
    desk.open("/unlock?q=robin").await;
    desk.press("UNLOCK").await;
    desk.sees("#manager", "Alex Muster").await;
    desk.fill("reason", "INC-7").await;
    desk.press("ASK THE MANAGER").await;
    desk.sees("#manager", "Send them this address").await;
    desk.looks("30-manager-asked").await;
    let link = desk.text("#manager .token").await;
    // Nothing of what is typed meanwhile is lost.
    desk.fill("challenge", &challenge).await;

    // The address leads who has not signed in through the sign-in.
    manager.by_name(&served);
    manager.web.goto(&link).await.unwrap();
    manager.sees("label", "Name").await;
    manager.fill("name", "manager-1").await;
    let password = served.password("manager-1");
    manager.fill("password", password).await;
    manager.press("Sign in").await;
    manager
        .sees("#questions", "desk-1 asks: is it Robin Sample who calls?")
        .await;
    manager.looks("31-question").await;
    manager.web.goto(&link).await.unwrap();
    manager.press("YES, IT IS THEM").await;
    manager
        .sees(".outcome", "You have said that it is Robin Sample.")
        .await;
    manager.looks("32-answered").await;

    desk.sees("#how", "Alex Muster says that it is Robin Sample")
        .await;
    desk.looks("33-vouched").await;
    let typed = desk.web.find(By::Id("challenge")).await.unwrap();
    assert_eq!(typed.value().await.unwrap().as_deref(), Some(challenge.as_str()));
    desk.press("GENERATE RESPONSE CODE").await;
    desk.sees(".given", "Response Code").await;

    // Another call, of somebody else.
    desk.open("/unlock?q=robin").await;
    desk.press("UNLOCK").await;
    desk.fill("reason", "INC-8").await;
    desk.press("ASK THE MANAGER").await;
    desk.sees("#manager", "Send them this address").await;
    manager.open("/vouch").await;
    manager.sees("#questions", "INC-8").await;
    manager.press("NO").await;
    manager.sees(".outcome", "The call has ended").await;
    desk.sees(".refusal", "Alex Muster says that it is not Robin Sample")
        .await;
    desk.looks("34-denied").await;
    for browser in [desk, manager] {
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
        browser.quit().await;
    }
}
