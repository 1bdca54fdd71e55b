//! The service switch, alarms, and rules: what a change does is shown before it is done, and approved as it was shown.

use axum::http::StatusCode;
use fido_unlock::ErrorCode;
use fido_unlock::desk::{Desk, DeskError, OperatorId, OperatorSession, Rules};
use zeroize::Zeroizing;

use crate::browser::{Answer, Browser, demo, prompt};

/// Does something on the desk as an operator, beside the console.
async fn beside<T: Send + 'static>(
    browser: &Browser<'_>,
    name: &'static str,
    act: impl FnOnce(&mut Desk, &OperatorSession) -> Result<T, DeskError> + Send + 'static,
) -> T {
    let app = browser.demo.app();
    let password = Zeroizing::new(browser.password(name));
    let operator = OperatorId::new(name).unwrap();
    let session = app.desks().sign_in(operator, password).await.unwrap();
    app.desks().run(move |desk| act(desk, &session)).await.unwrap()
}

async fn rules(browser: &Browser<'_>) -> Rules {
    beside(browser, "admin-1", |desk, session| desk.rules(session)).await
}

/// What the page's form says, with selects as they are chosen.
fn fields(page: &Answer, action: &str) -> Vec<(String, String)> {
    let form = page.between(&format!("action=\"{action}\""), "</form>");
    let mut fields = page.fields(action);
    for select in form.split("<select").skip(1) {
        let (open, rest) = select.split_once('>').unwrap();
        let name = open.split_once("name=\"").unwrap().1.split_once('"').unwrap().0;
        let options = rest.split_once("</select>").unwrap().0;
        let chosen = options.split("<option").skip(1);
        let chosen = chosen
            .clone()
            .find(|option| option.contains(" selected"))
            .or_else(|| chosen.clone().next());
        let value = chosen
            .unwrap()
            .split_once("value=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0;
        fields.push((name.into(), value.into()));
    }
    fields
}

/// Fills a form in and sends it.
async fn send(browser: &mut Browser<'_>, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
    let mut all = fields(page, action);
    for (name, value) in typed {
        match all.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = (*value).into(),
            None => all.push(((*name).into(), (*value).into())),
        }
    }
    let all: Vec<_> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post_bare(action, &all).await
}

#[tokio::test]
async fn a_change_is_shown_before_it_is_done_and_what_loosens_rests() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let before = rules(&browser).await;
    let page = browser.get("/settings").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    // Sent as it is, it changes nothing.
    let same = send(&mut browser, &page, "/settings/preview", &[]).await;
    assert!(
        same.text.contains("This changes no rule.") && !same.text.contains("CONFIRM"),
        "{}",
        same.text
    );

    let typed = [
        ("request_seconds", "2"),
        ("request_seconds.unit", "hours"),
        ("limits.device.refuse_from", "3"),
        ("ordinary_methods.manager", ""),
        ("ordinary_methods.questions", "operator"),
    ];
    let shown = send(&mut browser, &page, "/settings/preview", &typed).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let rows: Vec<&str> = shown.text.split("<tr>").skip(2).collect();
    assert_eq!(rows.len(), 3, "{}", shown.text);
    // It tightens: at once, and nothing later.
    assert!(
        rows[0].contains("Per device: refused from") && rows[0].contains("60 codes"),
        "{}",
        rows[0]
    );
    assert!(rows[0].contains("3 codes") && !rows[0].contains("loosens</span>"));
    // Both: one way less at once, another one later.
    assert!(
        rows[1].contains("For ordinary users") && rows[1].contains("loosens</span>"),
        "{}",
        rows[1]
    );
    // It loosens: nothing at once.
    assert!(rows[2].contains("A call lives") && rows[2].contains("1 hour") && rows[2].contains("2 hours"));
    assert!(rows[2].contains("loosens</span>") && rows[2].contains(">–<"));
    assert_eq!(rules(&browser).await, before, "nothing is done yet");

    let done = send(&mut browser, &shown, "/settings/rules", &[]).await;
    assert_eq!(done.location(), "/settings?done=changed", "{}", done.text);
    let now = rules(&browser).await;
    assert_eq!((now.limits.device.refuse_from, now.request_seconds), (3, 3600));
    let page = browser.get("/settings?done=changed").await;
    assert!(page.text.contains("The rules were changed.") && page.text.contains("Rules that rest"));
    assert!(page.text.contains("1 hour → 2 hours"), "{}", page.text);
    assert!(page.text.contains("only another Administrator"), "{}", page.text);
}

#[tokio::test]
async fn only_what_was_shown_is_done() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/settings").await;
    let typed = [("request_seconds", "2"), ("request_seconds.unit", "hours")];
    let shown = send(&mut browser, &page, "/settings/preview", &typed).await;
    // Meanwhile another one changes them.
    beside(&browser, "admin-2", |desk, session| {
        let mut rules = desk.rules(session)?;
        rules.request_seconds = 1800;
        desk.put_rules(session, &rules)
    })
    .await;
    let late = send(&mut browser, &shown, "/settings/rules", &[]).await;
    late.refuses(403, ErrorCode::ApprovalElsewhere);
    // What it would do now is shown, and can be confirmed.
    assert!(
        late.text.contains("30 minutes") && late.text.contains("2 hours"),
        "{}",
        late.text
    );
    let forged = send(&mut browser, &late, "/settings/rules", &[("seen", "")]).await;
    forged.refuses(403, ErrorCode::ApprovalElsewhere);
    let done = send(&mut browser, &late, "/settings/rules", &[]).await;
    assert_eq!(done.location(), "/settings?done=changed", "{}", done.text);
}

#[tokio::test]
async fn a_second_administrator_approves_what_was_shown_with_a_reason() {
    let demo = demo();
    let mut first = Browser::signed_in(&demo, "admin-1").await;
    let mut second = Browser::signed_in(&demo, "admin-2").await;
    let asks = |hours: u64| {
        move |desk: &mut Desk, session: &OperatorSession| {
            let mut rules = desk.rules(session)?;
            rules.request_seconds = hours * 3600;
            desk.put_rules(session, &rules)
        }
    };
    beside(&first, "admin-1", asks(2)).await;
    let page = second.get("/settings").await;
    assert!(
        page.text.contains("admin-1 has asked for this change."),
        "{}",
        page.text
    );
    // It is replaced by another one meanwhile.
    beside(&first, "admin-1", asks(9)).await;
    let late = send(&mut second, &page, "/settings/approve", &[("reason", "urgent")]).await;
    late.refuses(403, ErrorCode::ApprovalElsewhere);
    assert!(late.text.contains("1 hour → 9 hours"), "{}", late.text);
    let without = send(&mut second, &late, "/settings/approve", &[("reason", " ")]).await;
    without.refuses(422, ErrorCode::ReasonMissing);
    assert_eq!(rules(&first).await.request_seconds, 3600);
    // Whoever asked for it cannot approve it.
    let own = first.get("/settings").await;
    assert!(!own.text.contains("action=\"/settings/approve\""));
    let seen = late
        .fields("/settings/approve")
        .into_iter()
        .find(|(name, _)| name == "seen")
        .unwrap()
        .1;
    let own = first
        .post("/settings/approve", &[("seen", &seen), ("reason", "urgent")])
        .await;
    own.refuses(403, ErrorCode::ApprovalSelf);
    let done = send(&mut second, &late, "/settings/approve", &[("reason", "urgent")]).await;
    assert_eq!(done.location(), "/settings?done=approved", "{}", done.text);
    assert_eq!(rules(&first).await.request_seconds, 9 * 3600);
    // Every Administrator is told, with the reason.
    let told = first.get("/operators").await;
    assert!(told.text.contains("<q>urgent</q>"), "{}", told.text);
}

#[tokio::test]
async fn the_service_is_switched_and_no_code_is_given() {
    let demo = demo();
    let mut operator = Browser::signed_in(&demo, "desk-1").await;
    let caller = operator.caller().await;
    let call = operator.open_call("robin.sample", &caller.device_id).await;
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/settings").await;
    let off = send(&mut browser, &page, "/settings/service", &[]).await;
    assert_eq!(off.location(), "/settings?done=switched");
    let refused = operator
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    refused.refuses(503, ErrorCode::ServiceOff);
    let page = browser.get("/settings").await;
    assert!(page.text.contains("The service is off."));
    send(&mut browser, &page, "/settings/service", &[]).await;
    assert!(browser.get("/settings").await.text.contains("The service is on."));
}

#[tokio::test]
async fn an_alarm_stands_until_it_was_looked_into() {
    let demo = demo();
    let mut operator = Browser::signed_in(&demo, "desk-1").await;
    let caller = operator.caller().await;
    // The challenge of one device for another one's.
    let call = operator.open_call("robin.sample", &caller.device_id).await;
    operator
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    let other = operator.device_of("alex.muster").await;
    let call = operator.open_call("alex.muster", &other).await;
    let refused = operator
        .post(&format!("{call}/code"), &prompt(&caller.challenge))
        .await;
    refused.refuses(403, ErrorCode::ChallengeElsewhere);
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/settings").await;
    assert!(
        page.text
            .contains(&format!("Error {}", ErrorCode::ChallengeElsewhere.number())),
        "{}",
        page.text
    );
    assert!(page.text.contains(&other));
    let without = send(&mut browser, &page, "/settings/alarms", &[("note", "")]).await;
    without.refuses(422, ErrorCode::ReasonMissing);
    let done = send(
        &mut browser,
        &page,
        "/settings/alarms",
        &[("note", "a slip of the tongue")],
    )
    .await;
    assert_eq!(done.location(), "/settings?done=acknowledged");
    let page = browser.get("/settings?done=acknowledged").await;
    assert!(page.text.contains("No alarm stands."), "{}", page.text);
}

#[tokio::test]
async fn what_cannot_be_understood_is_named_and_stays() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/settings").await;
    for (name, value, rule) in [
        ("request_seconds", "-1", "A call lives"),
        ("limits.device.refuse_from", "many", "Per device: refused from"),
        ("rest_seconds", "99999999999999999999", "What loosens rests for"),
    ] {
        let refused = send(&mut browser, &page, "/settings/preview", &[(name, value)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.text.contains(&format!("“{rule}” cannot be understood.")),
            "{}",
            refused.text
        );
        assert!(
            refused.text.contains(&format!("value=\"{value}\"")),
            "{}",
            refused.text
        );
    }
    // Nor is what nobody could work with.
    let short = [("approval_seconds", "0")];
    let refused = send(&mut browser, &page, "/settings/preview", &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in [
        "“An approval counts for” must be 1 minute at least",
        "value=\"0\"",
    ] {
        assert!(refused.text.contains(text), "{text} in {}", refused.text);
    }
    // A form that lacks a rule is no change to a default.
    let bare = browser.post("/settings/rules", &[("request_seconds", "1")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    let harmful = "\"><script>alert(1)</script>";
    let refused = send(
        &mut browser,
        &page,
        "/settings/preview",
        &[("request_seconds", harmful)],
    )
    .await;
    assert!(!refused.text.contains("<script>alert"), "{}", refused.text);
}

#[tokio::test]
async fn only_administrators_see_and_change_them() {
    let demo = demo();
    for name in ["desk-1", "audit-1"] {
        let mut browser = Browser::signed_in(&demo, name).await;
        browser
            .get("/settings")
            .await
            .refuses(403, ErrorCode::PrivilegeMissing);
        for path in ["preview", "rules", "approve", "service", "alarms"] {
            let answer = browser.post(&format!("/settings/{path}"), &[]).await;
            answer.refuses(403, ErrorCode::PrivilegeMissing);
        }
    }
}
