//! Who may use which route: every route of the router's own table, by every kind of operator.

use axum::http::{Method, StatusCode};
use fido_unlock::ErrorCode;
use fido_unlock::desk::Privilege;
use help_desk::{Access, routes};

use crate::browser::{Browser, demo};

/// Operators of the demonstration, with all that each may.
const OPERATORS: [(&str, &[Privilege]); 4] = [
    ("admin-1", Privilege::ALL),
    (
        "devices-1",
        &[Privilege::Unlock, Privilege::Downloads, Privilege::ManageDevices],
    ),
    ("desk-1", &[Privilege::Unlock]),
    ("audit-1", &[Privilege::Audit]),
];

#[tokio::test]
async fn every_route_is_for_those_who_may() {
    let demo = demo();
    for (name, may) in OPERATORS {
        let mut browser = Browser::signed_in(&demo, name).await;
        let (mut let_in, mut kept_out) = (0, 0);
        for route in routes(&demo.app()) {
            if route.path == "/sign-out" {
                continue;
            }
            let path = route
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { "0" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let cookie = browser.cookie.clone();
            let answer = match route.method {
                Method::GET => browser.get(&path).await,
                _ => browser.post(&path, &[]).await,
            };
            browser.cookie = cookie;
            let missing = format!("Error {}</p>", ErrorCode::PrivilegeMissing.number());
            let refused = answer.status == StatusCode::FORBIDDEN && answer.text.contains(&missing);
            let expected = match route.access {
                Access::May(privilege) => !may.contains(&privilege),
                _ => continue,
            };
            assert_eq!(
                refused, expected,
                "{name} {} {path}: {}",
                route.method, answer.text
            );
            if expected {
                kept_out += 1;
            } else {
                let_in += 1;
            }
        }
        assert!(let_in + kept_out > 20, "{name}");
        assert_eq!(kept_out == 0, name == "admin-1", "{name}");
    }
}

#[tokio::test]
async fn nobody_who_has_not_signed_in_sees_any() {
    let demo = demo();
    for route in routes(&demo.app()) {
        if route.access == Access::Everyone {
            continue;
        }
        let path = route.path.replace(['{', '}'], "");
        let mut browser = Browser::new(&demo);
        let answer = match route.method {
            Method::GET => browser.get(&path).await,
            _ => browser.post_bare(&path, &[("csrf", "x")]).await,
        };
        let asked_to_sign_in = match answer.status {
            StatusCode::SEE_OTHER => answer.location() == "/sign-in",
            StatusCode::UNAUTHORIZED => true,
            _ => false,
        };
        assert!(
            asked_to_sign_in,
            "{} {path}: {} {}",
            route.method, answer.status, answer.text
        );
    }
}

#[tokio::test]
async fn a_menu_has_what_its_operator_may() {
    let demo = demo();
    let lines = [
        ("/unlock", Privilege::Unlock),
        ("/approvals", Privilege::Unlock),
        ("/devices", Privilege::ManageDevices),
        ("/operators", Privilege::Administer),
    ];
    for (name, may) in OPERATORS {
        let mut browser = Browser::signed_in(&demo, name).await;
        let page = browser.get("/try-it").await;
        for (path, privilege) in lines {
            let there = page.text.contains(&format!("href=\"{path}\""));
            assert_eq!(there, may.contains(&privilege), "{name} {path}");
        }
    }
}
