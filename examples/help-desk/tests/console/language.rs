//! Pages in the language of whoever reads them.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use fido_unlock_texts::Language;

use crate::browser::{Answer, Browser, HOST, demo, escaped, form};

async fn read(browser: &mut Browser<'_>, path: &str, accepted: &str) -> Answer {
    let request = browser.request(Method::GET, path);
    let request = request.header(header::ACCEPT_LANGUAGE, accepted);
    browser.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_browser_that_asks_for_german_gets_it() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for (accepted, language) in [
        ("de-CH, de;q=0.9, en;q=0.5", Language::German),
        ("fr, en-GB;q=0.5, de;q=0.3", Language::English),
        ("fr", Language::English),
        ("\u{1F512}", Language::English),
    ] {
        let page = read(&mut browser, "/unlock", accepted).await;
        let opening = format!("<html lang=\"{}\">", language.tag());
        assert!(page.text.contains(&opening), "{accepted}: {}", page.text);
        let title = format!("<h1>{}</h1>", language.texts().unlock_title());
        assert!(page.text.contains(&title), "{accepted}: {}", page.text);
    }
}

#[tokio::test]
async fn a_refusal_is_said_in_it_too() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let german = Language::German.texts();
    let nowhere = read(&mut browser, "/no-such-page", "de").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(
        nowhere.text.contains(&escaped(&german.refusal_not_found_next())),
        "{}",
        nowhere.text
    );
    let unknown = read(&mut browser, "/unlock/0000-0000-0000-0000-0000", "de").await;
    let code = fido_unlock::ErrorCode::RequestUnknown;
    for text in [
        german.error(code),
        german.next_step(code),
        german.error_number(code.number()),
    ] {
        assert!(
            unknown.text.contains(&escaped(&text)),
            "{text} in {}",
            unknown.text
        );
    }
}

#[tokio::test]
async fn a_choice_is_remembered_and_leads_back_to_its_page() {
    let demo = demo();
    let browser = Browser::signed_in(&demo, "desk-1").await;
    let choose = async |tag: &str, referer: &str| {
        let mut browser = Browser::new(&demo);
        let request = browser
            .request(Method::POST, "/language")
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header(header::REFERER, referer)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(&[("tag", tag)])))
            .unwrap();
        browser.send(request).await
    };
    let chosen = choose("de", &format!("http://{HOST}/unlock?q=robin")).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER);
    assert_eq!(chosen.location(), "/unlock?q=robin");
    let set = chosen.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    let pair = set.split(';').next().unwrap();
    assert!(set.contains("SameSite=Strict") && pair.ends_with("=de"), "{set}");
    let mut reader = Browser::new(&demo);
    reader.cookie = Some(format!("{}; {pair}", browser.cookie.unwrap()));
    let page = read(&mut reader, "/unlock", "en").await;
    assert!(page.text.contains("<html lang=\"de\">"), "{}", page.text);

    // Somebody else's page, or none: the first one.
    for referer in [
        "https://thief.example/x",
        "http://127.0.0.1:8080.thief.example/",
        "//x",
        "",
    ] {
        assert_eq!(choose("de", referer).await.location(), "/", "{referer}");
    }
    let twice = choose("en", &format!("http://{HOST}//thief.example/")).await;
    assert_eq!(twice.location(), "/thief.example/");
    assert_eq!(choose("xx", "").await.status, StatusCode::NOT_FOUND);
}
