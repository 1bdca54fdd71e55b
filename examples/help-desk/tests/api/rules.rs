//! What each token is for: every route of the router's own table, by every scope and every kind of operator.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use fido_unlock::ErrorCode;
use fido_unlock::desk::{Privilege, Scope};
use help_desk::{Access, Route, routes};

use crate::browser::{Browser, HOST, demo};
use crate::program::Program;

/// The routes of programs, and a path of each.
fn of_programs(app: &help_desk::App) -> Vec<(Route, String)> {
    let all = routes(app).into_iter();
    let all: Vec<_> = all
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| {
            let path = route
                .path
                .replace("{request}", "0000-0000-0000-0000-0000")
                .replace("{place}", "0")
                .replace("{device}", "0");
            (route, path)
        })
        .collect();
    assert!(all.len() > 20);
    all
}

#[tokio::test]
async fn a_token_opens_what_it_is_for_and_its_operator_may() {
    const OPERATORS: [(&str, &[Privilege]); 4] = [
        ("admin-1", Privilege::ALL),
        ("devices-1", &[Privilege::Unlock, Privilege::ManageDevices]),
        ("desk-1", &[Privilege::Unlock]),
        ("audit-1", &[Privilege::Audit]),
    ];
    let demo = demo();
    for (operator, may) in OPERATORS {
        for scope in Scope::ALL {
            let program = Program::of(&demo, operator, &[*scope]).await;
            let (mut let_in, mut kept_out) = (0, 0);
            for (route, path) in of_programs(&demo.app()) {
                let Access::Token(scopes) = route.access else {
                    continue;
                };
                // It ends the token that the others go by.
                let signs_out = path.ends_with("/sign-out");
                let program = match signs_out {
                    true => &Program::of(&demo, operator, &[*scope]).await,
                    false => &program,
                };
                let request = program
                    .request(route.method.clone(), &path)
                    .header(header::CONTENT_TYPE, "application/json");
                let answer = program.send(request.body(Body::from("{}")).unwrap()).await;
                let expected = scopes.contains(scope) && may.contains(&scope.privilege());
                if expected {
                    let_in += 1;
                    let number = ErrorCode::PrivilegeMissing.number();
                    let refused = !answer.status.is_success() && answer.json()["number"] == number;
                    assert!(!refused, "{operator} {scope} {path}: {}", answer.text());
                } else {
                    kept_out += 1;
                    answer.refuses(403, ErrorCode::PrivilegeMissing);
                }
            }
            assert!(kept_out > 0);
            assert_eq!(let_in > 0, may.contains(&scope.privilege()), "{operator} {scope}");
        }
    }
}

#[tokio::test]
async fn nobody_without_a_token_is_let_in_and_a_cookie_is_none() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    assert_eq!(browser.get("/unlock").await.status, StatusCode::OK);
    let cookie = browser.cookie.clone().unwrap();
    let nobody = Program::with(&demo.app(), None);
    for (route, path) in of_programs(&demo.app()) {
        let asks = || nobody.request(route.method.clone(), &path);
        let by_cookie = asks()
            .header(header::COOKIE, &cookie)
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header("sec-fetch-site", "same-origin")
            .header("x-csrf-token", &browser.csrf);
        for request in [asks(), by_cookie] {
            let answer = nobody.send(request.body(Body::empty()).unwrap()).await;
            match route.access {
                Access::Everyone if route.method == Method::GET => {
                    assert_eq!(answer.status, StatusCode::OK, "{path}")
                }
                // Whoever has no code yet brings one from the browser.
                Access::Everyone => assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}"),
                _ => answer.is_nobodys(),
            }
        }
    }
}

#[tokio::test]
async fn a_token_opens_no_page() {
    let demo = demo();
    let program = Program::of(&demo, "admin-1", Scope::ALL).await;
    let mut pages = 0;
    for route in routes(&demo.app()) {
        if route.path.starts_with("/api/") || route.access == Access::Everyone || route.method != Method::GET
        {
            continue;
        }
        let request = program.request(Method::GET, &route.path.replace(['{', '}'], ""));
        let answer = program.send(request.body(Body::empty()).unwrap()).await;
        let asked_to_sign_in = matches!(answer.status, StatusCode::SEE_OTHER | StatusCode::UNAUTHORIZED);
        assert!(asked_to_sign_in, "{} {}", route.path, answer.status);
        pages += 1;
    }
    assert!(pages > 10);
}
