//! What a browser may do with an answer, on every route there is.

use axum::http::Method;
use help_desk::routes;

use crate::browser::{Browser, demo};

#[tokio::test]
async fn every_answer_has_its_headers() {
    let demo = demo();
    for operator in [None, Some("desk-1"), Some("audit-1")] {
        let mut browser = match operator {
            Some(operator) => Browser::signed_in(&demo, operator).await,
            None => Browser::new(&demo),
        };
        let mut seen = 0;
        let mut all: Vec<_> = routes(&demo.app())
            .into_iter()
            .map(|route| (route.method, route.path))
            .collect();
        all.extend([
            (Method::GET, "/no-such-page".into()),
            (Method::DELETE, "/unlock".into()),
        ]);
        for (method, path) in all {
            let path = path
                .replace("{request}", "0000-0000-0000-0000-0000")
                .replace("{place}", "0")
                .replace("{name}", "help-desk.css");
            let answer = match method {
                Method::GET => browser.get(&path).await,
                // Whoever signs out has no more to ask.
                _ if path == "/sign-out" => browser.post_bare(&path, &[]).await,
                _ => browser.post(&path, &[]).await,
            };
            let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
            let policy = header("content-security-policy").unwrap_or_default();
            for rule in [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self'",
                "connect-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(
                    policy.split("; ").any(|own| own == rule),
                    "{method} {path}: {policy}"
                );
            }
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(
                header("x-content-type-options"),
                Some("nosniff"),
                "{method} {path}"
            );
            assert_eq!(header("x-frame-options"), Some("DENY"), "{method} {path}");
            assert_eq!(header("referrer-policy"), Some("same-origin"), "{method} {path}");
            assert_eq!(
                header("cross-origin-opener-policy"),
                Some("same-origin"),
                "{method} {path}"
            );
            let cache = if path.starts_with("/assets/") {
                "no-cache"
            } else {
                "no-store"
            };
            assert_eq!(header("cache-control"), Some(cache), "{method} {path}");
            seen += 1;
        }
        assert!(seen > 15);
    }
}

/// The policy would stop it; nothing relies on that.
#[tokio::test]
async fn no_page_has_a_script_or_a_style_of_its_own() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let caller = browser.caller().await;
    let call = browser.open_call("robin.sample", &caller.device_id).await;
    for path in [
        "/sign-in",
        "/unlock",
        "/unlock?q=robin",
        "/unlock/rows?q=a",
        "/try-it",
        "/no-such",
        &call,
    ] {
        let page = browser.get(path).await.text.to_lowercase();
        for found in [
            "<style",
            "style=",
            "javascript:",
            "hx-on",
            " onclick",
            " onload",
            "hx-vals='js",
        ] {
            assert!(!page.contains(found), "{found} in {path}");
        }
        assert!(
            page.matches("<script").count() == page.matches("<script src=\"/assets/").count(),
            "{path}"
        );
    }
}
