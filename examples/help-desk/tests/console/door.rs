//! What is not let in, on every route that changes something.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use help_desk::{Access, Route, routes};

use crate::browser::{Browser, HOST, demo, form};

/// Each route that takes a form, with something in place of its parts.
fn forms(browser: &Browser<'_>) -> Vec<(Route, String)> {
    let all = routes(&browser.demo.app());
    let forms: Vec<_> = all
        .into_iter()
        .filter(|route| route.method == Method::POST)
        .collect();
    assert!(forms.len() > 8);
    let path = |route: &Route| route.path.replace("{request}", "0000-0000-0000-0000-0000");
    forms
        .into_iter()
        .map(|route| (route.clone(), path(&route)))
        .collect()
}

#[tokio::test]
async fn a_form_without_its_sessions_token_is_refused() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let other = Browser::signed_in(&demo, "desk-1").await.csrf;
    for (route, path) in forms(&browser) {
        if route.access == Access::Everyone {
            continue;
        }
        let long = "a".repeat(64);
        for fields in [
            vec![],
            vec![("csrf", "")],
            vec![("csrf", &*long)],
            vec![("csrf", &*other)],
        ] {
            let answer = browser.post_bare(&path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {fields:?}");
        }
    }
    assert_eq!(
        browser.get("/unlock").await.status,
        StatusCode::OK,
        "it is still signed in"
    );
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_with_the_right_token_too() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let own = format!("http://{HOST}");
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "null")],
        &[
            ("origin", "http://127.0.0.1:8081"),
            ("sec-fetch-site", "same-site"),
        ],
        &[("origin", "https://thief.example")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
    ];
    for (_, path) in forms(&browser) {
        for headers in foreign {
            let mut request = browser.request(Method::POST, &path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let body = form(&[("csrf", &browser.csrf)]);
            let kind = "application/x-www-form-urlencoded";
            let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body));
            let answer = browser.send(request.unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn another_name_of_this_machine_is_not_served() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for host in ["thief.example", "thief.example:8080", "127.0.0.1", ""] {
        let mut request = browser
            .request(Method::GET, "/unlock")
            .body(Body::empty())
            .unwrap();
        request.headers_mut().insert(header::HOST, host.parse().unwrap());
        let answer = browser.send(request).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn a_refusal_goes_where_it_is_seen_and_what_was_typed_stays() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "audit-1").await;
    for (method, path, part, place) in [
        (Method::GET, "/unlock/rows?q=a", "rows", None),
        (Method::POST, "/unlock/challenge", "challenge-state", None),
        (Method::POST, "/unlock", "call", Some("#problem")),
    ] {
        let request = browser.request(method, path);
        let request = request.header("hx-request", "true").header("hx-target", part);
        let request = request
            .header("origin", format!("http://{HOST}"))
            .body(Body::empty());
        let answer = browser.send(request.unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("hx-reselect"), Some(".refusal"));
        assert_eq!(header("hx-reswap"), Some("innerHTML"));
        assert_eq!(header("hx-retarget"), place, "{path}");
        assert!(answer.text.contains("class=\"refusal\""));
    }
}

#[tokio::test]
async fn what_http_itself_refuses_is_told_in_full() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let incomplete = browser.post("/unlock", &[("user", "a")]).await;
    assert_eq!(incomplete.status, StatusCode::UNPROCESSABLE_ENTITY);
    let request = browser.request(Method::DELETE, "/unlock");
    let request = request
        .header("origin", format!("http://{HOST}"))
        .body(Body::empty());
    let method = browser.send(request.unwrap()).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.headers.contains_key(header::ALLOW));
    for answer in [incomplete, method] {
        assert!(answer.text.contains("role=\"alert\""), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for (route, path) in forms(&browser) {
        let long = "a".repeat(route.longest);
        let answer = browser.post(&path, &[("name", "a"), ("password", &long)]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}
