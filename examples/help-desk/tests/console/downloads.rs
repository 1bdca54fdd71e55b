//! Downloads: what lies in the folder, and that it is fetched as it is.

use axum::http::{Method, StatusCode};
use fido_unlock::ErrorCode;
use fido_unlock::desk::record::DeskEvent;
use sha2::{Digest, Sha256};

use crate::browser::{Browser, demo};
use crate::devices::administrator;

#[tokio::test]
async fn a_file_is_shown_with_what_it_is_and_fetched_as_it_is() {
    let demo = demo();
    let text = "the program\n".repeat(20_000);
    std::fs::write(demo.packages().join("app-1.2.3-x64.msi"), &text).unwrap();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let mut page = browser.get("/downloads").await;
    while page.text.contains("It is being computed") {
        page = browser.get("/downloads").await;
    }
    let hash = base16ct::lower::encode_string(&Sha256::digest(&text));
    for expected in [
        "app-1.2.3-x64.msi",
        "<dd>1.2.3</dd>",
        "<dd>240.0 kB</dd>",
        &hash,
        "msiexec /i &#34;app-1.2.3-x64.msi&#34; /qn /norestart",
        "fido-unlock-sample-1.0.0.txt",
    ] {
        assert!(page.text.contains(expected), "{expected} in {}", page.text);
    }
    let fetched = browser.get("/downloads/app-1.2.3-x64.msi").await;
    assert_eq!((fetched.status, fetched.text.len()), (StatusCode::OK, text.len()));
    assert!(fetched.text == text);
    let header = |name: &str| fetched.headers[name].to_str().unwrap();
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"app-1.2.3-x64.msi\"; filename*=UTF-8''app-1.2.3-x64.msi"
    );
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-length"), text.len().to_string());
    assert_eq!(header("x-content-type-options"), "nosniff");

    let session = administrator(&browser).await;
    let app = demo.app();
    let entries = app.desks().run(move |desk| desk.audit_entries(&session, 0, 1000));
    let entries = entries.await.unwrap();
    let fetched: Vec<_> = entries
        .iter()
        .filter(|shown| shown.entry.event == DeskEvent::DownloadFetched)
        .map(|shown| (shown.operator.as_deref(), shown.text.as_deref()))
        .collect();
    assert_eq!(fetched, [(Some("devices-1"), Some("app-1.2.3-x64.msi"))]);
}

#[tokio::test]
async fn nothing_else_is_fetched() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    std::fs::write(demo.packages().join("inside.txt"), "x").unwrap();
    for name in [
        "..%2Fdesk.sqlite",
        "%2e%2e%2fdesk.sqlite",
        "..",
        "%2e%2e",
        "none.txt",
        ".%2Finside.txt",
        "inside.txt%00",
        "inside.txt%2F",
        "..%5Cdesk.sqlite",
        "%FF",
    ] {
        let answer = browser.get(&format!("/downloads/{name}")).await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
        assert!(answer.text.contains("role=\"alert\""), "{name}");
    }
    // A name is no header and no markup.
    for (name, place) in [
        (
            "a\"; x=\"b.txt",
            "filename=\"a___x__b.txt\"; filename*=UTF-8''a%22%3B%20x%3D%22b.txt",
        ),
        (
            "Ünïcode <b>.txt",
            "filename=\"_n_code__b_.txt\"; filename*=UTF-8''%C3%9Cn%C3%AFcode%20%3Cb%3E.txt",
        ),
    ] {
        std::fs::write(demo.packages().join(name), "x").unwrap();
        let page = browser.get("/downloads").await;
        assert!(!page.text.contains("<b>.txt"));
        let link = page.text.split("href=\"/downloads/").skip(1);
        let link = link.map(|rest| rest.split('"').next().unwrap());
        let encoded = place.rsplit("''").next().unwrap();
        assert!(link.clone().any(|own| own == encoded), "{encoded}");
        let fetched = browser.get(&format!("/downloads/{encoded}")).await;
        let header = fetched.headers["content-disposition"].to_str().unwrap();
        assert_eq!(header, format!("attachment; {place}"));
    }
}

#[tokio::test]
async fn answering_callers_alone_opens_none() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for path in ["/downloads", "/downloads/fido-unlock-sample-1.0.0.txt"] {
        browser.get(path).await.refuses(403, ErrorCode::PrivilegeMissing);
        let other = browser
            .request(Method::HEAD, path)
            .body(axum::body::Body::empty());
        assert_eq!(browser.send(other.unwrap()).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_no_empty_one() {
    let demo = demo();
    std::fs::remove_dir_all(demo.packages()).unwrap();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let page = browser.get("/downloads").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text.contains("the folder for packages cannot be read"));
    std::fs::create_dir(demo.packages()).unwrap();
    assert!(
        browser
            .get("/downloads")
            .await
            .text
            .contains("There is nothing to fetch yet.")
    );
}
