//! Tokens: made and revoked on the account page; and which are good.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use fido_unlock::ErrorCode;
use fido_unlock::desk::log::SoftwareNoteSigner;
use fido_unlock::desk::{Desk, KeyRing, OperatorId, Rules, Scope};
use fido_unlock_mock::desk::TestDesk;
use help_desk::{App, AppParts, Desks, MakeDesk, Site};
use zeroize::Zeroizing;

use crate::browser::{Browser, HOST, demo};
use crate::program::{Program, make_token, token_of};

/// What a person fills in.
fn filled<'a>(name: &'a str, days: &'a str, scopes: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let scopes = scopes.iter().map(|scope| (*scope, "1"));
    [("name", name), ("days", days)]
        .into_iter()
        .chain(scopes)
        .collect()
}

#[tokio::test]
async fn an_operator_makes_one_sees_it_once_and_revokes_it() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let page = browser.get("/account").await;
    assert!(page.text.contains("You have no access token."));
    // What they may themselves is offered.
    assert!(page.text.contains("name=\"unlock\"") && page.text.contains("name=\"devices\""));
    assert!(!page.text.contains("name=\"audit\""));
    let made = browser
        .post("/account/tokens", &filled(" the <b>station ", "30", &["unlock"]))
        .await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let token = made.between("<code id=\"token\">", "<").to_owned();
    assert!(token.starts_with("fud_") && token.len() == 47, "{token}");
    assert!(made.text.contains("the &#60;b&#62;station"));
    let program = Program::with(&demo.app(), Some(&token));
    program.get("/users?q=robin").await.done();

    let page = browser.get("/account").await;
    assert!(page.text.contains("the &#60;b&#62;station") && page.text.contains("Unlock: calls"));
    assert!(!page.text.contains(&token) && !page.text.contains(&token[4..]));
    let id = page.between("action=\"/account/tokens/", "/revoke\"").to_owned();
    let revoked = browser.post(&format!("/account/tokens/{id}/revoke"), &[]).await;
    assert_eq!(revoked.location(), "/account?done=token-revoked");
    let page = browser.get("/account?done=token-revoked").await;
    assert!(page.text.contains("The access token is revoked."));
    program.get("/users?q=robin").await.is_nobodys();
}

#[tokio::test]
async fn what_is_no_token_is_not_made() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for (fields, next) in [
        (filled("x", "0", &["unlock"]), "Give 1 to 365 days."),
        (filled("x", "366", &["unlock"]), "Give 1 to 365 days."),
        (filled("x", "soon", &["unlock"]), "Give 1 to 365 days."),
        (filled("x", "1", &[]), "Choose what it is for."),
        (
            filled("", "1", &["unlock"]),
            ErrorCode::InvalidArgument.next_step(),
        ),
    ] {
        let answer = browser.post("/account/tokens", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.text.contains(next), "{fields:?}: {}", answer.text);
    }
    let other = Browser::signed_in(&demo, "desk-2").await;
    let csrf = [("csrf", other.csrf.as_str())];
    let fields: Vec<_> = csrf.into_iter().chain(filled("x", "1", &["unlock"])).collect();
    let foreign = browser.post_bare("/account/tokens", &fields).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(
        browser
            .get("/account")
            .await
            .text
            .contains("You have no access token.")
    );
}

#[tokio::test]
async fn a_token_is_good_in_one_place_alone() {
    let (demo, other) = (demo(), demo());
    let token = make_token(&demo, "desk-1", &[Scope::Unlock]).await.expose();
    let nobody = Program::with(&demo.app(), None);
    let path = "/api/v1/users?q=robin";
    let asks = |name: &str, value: &str| nobody.request(Method::GET, path).header(name, value);
    let bearer = format!("Bearer {}", token.as_str());
    for good in [bearer.clone(), bearer.replace("Bearer", "bearer")] {
        let answer = nobody
            .send(asks("authorization", &good).body(Body::empty()).unwrap())
            .await;
        answer.done();
    }
    let wrong = [
        asks("authorization", token.as_str()),
        asks("authorization", &bearer.replace("Bearer", "Basic")),
        asks("authorization", "Bearer "),
        asks("authorization", &bearer[..bearer.len() - 1]),
        asks("authorization", &bearer.replace("fud_", "")),
        asks("authorization", &bearer).header(header::AUTHORIZATION, &bearer),
        asks("cookie", &format!("help-desk={}", token.as_str())),
        asks("x-api-key", token.as_str()),
        nobody.request(Method::GET, &format!("{path}&access_token={}", token.as_str())),
    ];
    for request in wrong {
        let answer = nobody.send(request.body(Body::empty()).unwrap()).await;
        answer.is_nobodys();
    }
    // Another desk knows it not.
    let elsewhere = Program::with(&other.app(), Some(&token));
    elsewhere.get("/users?q=robin").await.is_nobodys();
}

#[tokio::test]
async fn a_token_ends() {
    const PASSWORD: &str = "nine quiet bicycles";
    let world = TestDesk::new(1_800_000_000);
    let admin = OperatorId::new("anna").unwrap();
    Desk::create(world.parts(KeyRing::new()), Rules::default(), &admin, PASSWORD).unwrap();
    let clock = world.clock.clone();
    let make: Arc<MakeDesk> = Arc::new(move || Desk::open(world.parts(KeyRing::new())));
    let app = App::new(AppParts {
        desks: Desks::start(make).unwrap(),
        site: Site::on_loopback(HOST.parse().unwrap()),
        key: None,
        packages: None,
        notes: Arc::new(|log| Box::new(SoftwareNoteSigner::from_seed(log, &[1; 32]))),
    });
    let password = Zeroizing::new(PASSWORD.to_owned());
    let token = token_of(&app, "anna", password, &[Scope::Unlock]).await;
    let program = Program::with(&app, Some(&token.expose()));
    clock.advance(24 * 60 * 60);
    program.get("/users?q=x").await.done();
    clock.advance(1);
    program.get("/users?q=x").await.is_nobodys();
}
