//! Charts: the figures of the last days, drawn without script or style, each with a table.

use fido_unlock::ErrorCode;

use crate::browser::{Browser, demo, prompt};

/// A call that is done, from a number, of this user; the code where a challenge is given.
async fn call(browser: &mut Browser<'_>, user: &str, number: &str) -> String {
    let device = browser.device_of(user).await;
    let call = browser.open_call(user, &device).await;
    let typed = [
        ("method", "call-back"),
        ("statement", "called back"),
        ("reason", "INC-1"),
        ("number", number),
        ("challenge", "nothing"),
    ];
    browser.post(&format!("{call}/code"), &typed).await;
    call
}

#[tokio::test]
async fn the_figures_are_drawn_and_stand_in_tables() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let caller = desk.caller().await;
    let done = desk.open_call("robin.sample", &caller.device_id).await;
    desk.post(&format!("{done}/code"), &prompt(&caller.challenge))
        .await;
    desk.post(&format!("{done}/done"), &[]).await;
    // One number calls as two people, and another as one.
    let kept = call(&mut desk, "jo.moster", "+49 (171) 555-01").await;
    call(&mut desk, "kim.echantillon", "0049 171 55501").await;
    call(&mut desk, "lee.yangben", "4711").await;
    // It stands in the call's field, as the desk has it.
    let page = desk.get(&kept).await;
    assert!(page.text.contains("value=\"+4917155501\""), "{}", page.text);

    let mut audit = Browser::signed_in(&demo, "audit-1").await;
    let page = audit.get("/charts").await;
    assert!(audit.get("/audit").await.text.contains("href=\"/charts\""));
    for said in [
        "1 codes given, of which 1 are said",
        "<th scope=\"row\">+4917155501 <span class=\"tag\">conspicuous</span></th><td data-label=\"Users\">2</td><td data-label=\"Calls\">2</td>",
        "<th scope=\"row\">desk-1</th><td data-label=\"Codes\">1</td>",
        "<th scope=\"row\">up to 1 minute</th><td data-label=\"Calls\">1</td>",
        "<title id=\"days-title\">",
        "<desc id=\"numbers-desc\">",
        "Steps were refused".to_lowercase().as_str(),
    ] {
        assert!(page.text.contains(said), "{said} in {}", page.text);
    }
    assert!(!page.text.contains("4711"), "one person is no fraud");
    assert!(!page.text.contains(" style=") && !page.text.contains("<style"));
    // Every drawing is an image with a name, and has its table.
    let drawings = page.text.matches("<svg role=\"img\" aria-labelledby=").count();
    assert_eq!(drawings, page.text.matches("<details>").count());
    assert_eq!(drawings, 5);
}

#[tokio::test]
async fn an_empty_desk_has_charts_of_nothing() {
    let demo = demo();
    let mut admin = Browser::signed_in(&demo, "admin-1").await;
    let page = admin.get("/charts").await;
    for said in [
        "0 codes given",
        "No call was done.",
        "No number has called as more than one user",
        "Nobody has given a code.",
    ] {
        assert!(page.text.contains(said), "{said} in {}", page.text);
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_told_and_stays() {
    let demo = demo();
    let mut desk = Browser::signed_in(&demo, "desk-1").await;
    let device = desk.device_of("jo.moster").await;
    let call = desk.open_call("jo.moster", &device).await;
    let mut typed = prompt("nothing").to_vec();
    typed.push(("number", "withheld"));
    let refused = desk.post(&format!("{call}/code"), &typed).await;
    refused.refuses(422, ErrorCode::InvalidArgument);
    assert!(refused.text.contains("value=\"withheld\""), "{}", refused.text);
}
