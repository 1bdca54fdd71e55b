//! Every page that the router has, so that a new one is looked at without anybody's thinking of it: axe-core finds
//! nothing in either language, light or dark; and nothing is cut off on a tablet, in a narrow window, or with letters
//! twice as large.

use axum::http::Method;
use fido_unlock::desk::UserId;
use help_desk::demo::Demo;
use help_desk::{Access, routes};
use serde_json::{Value, json};

use crate::axe;
use crate::chromium::{Chromium, Served};

/// Widths in CSS pixels: a tablet, and 1,280 pixels at twice the size.
const WIDTHS: [u32; 2] = [768, 640];

/// What a program asks for.
const ASKED: &str = "response_type=code&client_id=fido-unlock&redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcallback&\
                     scope=unlock&state=0123456789abcdef&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&\
                     code_challenge_method=S256";

/// A call that is open, and whose device it is.
async fn call(demo: &Demo) -> (String, String) {
    let app = demo.app();
    // The first one may do everything.
    let admin = &demo.operators()[0];
    let signed_in = app
        .desks()
        .sign_in(admin.operator.id.clone(), admin.password.clone());
    let session = signed_in.await.unwrap();
    let user = UserId::new("robin.sample").unwrap();
    let opened = app.desks().run(move |desk| {
        let id = desk.find_user(&session, &user)?.devices.remove(0).id;
        let call = desk.open_request(&session, &user, &id, "INC-1")?;
        Ok((call.id.to_string(), id.to_string()))
    });
    opened.await.unwrap()
}

/// Each address that answers with a whole page.
async fn pages(browser: &Chromium, demo: &Demo) -> Vec<String> {
    let (request, device) = call(demo).await;
    let (mut pages, mut good) = (Vec::new(), 0);
    for route in routes(&demo.app()) {
        // A manager's pages are looked at in vouch.rs.
        if route.method != Method::GET || matches!(route.access, Access::Token(_) | Access::Manager) {
            continue;
        }
        let path = route
            .path
            .replace("{request}", &request)
            .replace("{device}", &device)
            .replace("{place}", "1");
        // These have a person of their own in the address.
        let path = match &*path {
            "/users/user" | "/users/user/erase" => format!("{path}?id=robin.sample"),
            "/authorize" => format!("{path}?{ASKED}"),
            "/operators/operator" | "/operators/operator/remove" => format!("{path}?name=desk-2"),
            _ => path,
        };
        let look = "const done = arguments[1]; fetch(arguments[0], {redirect: 'manual'}).then(async answer => \
                    done([answer.status, answer.headers.get('content-disposition') || '', await answer.text()]))";
        let answer: Value = browser
            .web
            .execute_async(look, vec![json!(path)])
            .await
            .unwrap()
            .convert()
            .unwrap();
        let whole = answer[2].as_str().unwrap().trim_start().starts_with("<!doctype");
        if whole && answer[1] == "" {
            // What a refusal looks like is looked at too.
            let status = answer[0].as_u64().unwrap();
            assert!((200..500).contains(&status), "{path}: {status}");
            good += usize::from(status == 200);
            pages.push(path);
        }
    }
    assert!(good > 25, "{good} of {pages:?}");
    pages
}

async fn cut_off(browser: &Chromium) -> bool {
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    let wide = browser.web.execute(wide, vec![]).await.unwrap();
    wide.convert().unwrap()
}

async fn width(browser: &Chromium, width: u32) {
    let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
    let web = browser.web.cdp();
    web.send_raw("Emulation.setDeviceMetricsOverride", metrics)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_for_everybody() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    browser.sign_in("admin-1", served.password("admin-1")).await;
    let pages = pages(&browser, &served.demo).await;
    let mut wrong = Vec::new();
    for (language, scheme) in [("English", "light"), ("Deutsch", "dark")] {
        browser.open("/account").await;
        browser.press(language).await;
        browser.scheme(scheme).await;
        for path in &pages {
            browser.open(path).await;
            let found = axe::found(&browser.web).await;
            wrong.extend(
                found
                    .into_iter()
                    .map(|text| format!("{path}, {language}, {scheme}: {text}")),
            );
            for wide in WIDTHS {
                width(&browser, wide).await;
                if cut_off(&browser).await {
                    wrong.push(format!("{path}, {language}: cut off at {wide} pixels"));
                }
            }
            width(&browser, 1280).await;
            let name = path.replace(['/', '?', '='], "-");
            browser.kept(&format!("all{name}-{language}-{scheme}")).await;
            // By the browser's own rules, as a person sets it: no page's policy has a say.
            let larger = "document.documentElement.style.fontSize = '200%'";
            browser.web.execute(larger, vec![]).await.unwrap();
            if cut_off(&browser).await {
                wrong.push(format!("{path}, {language}: cut off with letters twice as large"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let complaints = browser.complaints().await;
    let refused = |text: &&String| text.contains("(Not Found)") || text.contains("(Bad Request)");
    let others: Vec<_> = complaints.iter().filter(|text| !refused(text)).collect();
    assert!(others.is_empty(), "{others:?}");
    browser.quit().await;
}
