//! Devices and users from files: what would be written is shown first, and then written as it was shown or not at all.

use axum::http::StatusCode;
use fido_unlock::desk::UserId;
use fido_unlock::{DeviceId, ErrorCode};
use fido_unlock_files::device_rows;

use crate::browser::{Browser, demo, escaped};
use crate::devices::administrator;

const CHECK: &str = "/devices/import/check";
const WRITE: &str = "/devices/import";

fn id(number: u8) -> String {
    DeviceId::from_bytes([number; 10]).to_code()
}

/// Q of the demonstration, and a point for E.
async fn issuer(browser: &Browser<'_>) -> String {
    let session = administrator(browser).await;
    let app = browser.demo.app();
    let issuers = app.desks().run(move |desk| desk.issuers(&session));
    let issuer = issuers.await.unwrap().remove(0);
    base16ct::lower::encode_string(issuer.public.as_compressed())
}

/// Rows of suite 2 in the slot of the demonstration.
fn file(issuer: &str, rows: &[(u8, &str)]) -> String {
    let ids: Vec<_> = rows.iter().map(|(number, _)| id(*number)).collect();
    let rows = rows.iter().zip(&ids);
    device_rows(
        true,
        rows.map(|((_, owner), id)| {
            [
                id.as_str(),
                owner,
                "2",
                "1",
                issuer,
                issuer,
                "Example Key 5, blue",
            ]
        }),
    )
}

async fn devices_in_use(browser: &Browser<'_>) -> u32 {
    let session = administrator(browser).await;
    let app = browser.demo.app();
    let standing = app.desks().run(move |desk| desk.standing(&session));
    standing.await.unwrap().devices
}

#[tokio::test]
async fn devices_are_shown_first_and_then_written() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let before = devices_in_use(&browser).await;
    let (issuer, there) = (issuer(&browser).await, browser.device_of("robin").await);
    let mut csv = file(
        &issuer,
        &[
            (0xB1, "robin.sample"),
            (0xB2, "nobody"),
            (0xB3, "alex.muster"),
            (0xB1, "alex.muster"),
        ],
    );
    csv.push_str(&device_rows(
        false,
        [[there.as_str(), "robin.sample", "2", "1", &issuer, &issuer, ""]],
    ));
    let asked = browser.get(WRITE).await;
    assert!(asked.text.contains("type=\"file\"") && asked.text.contains("device_id,user,suite,slot"));

    let shown = browser.upload(CHECK, &csv).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    assert!(
        shown.text.contains("2 devices would be registered; refused: 3."),
        "{}",
        shown.text
    );
    for (line, why) in [
        (3, ErrorCode::UserUnknown),
        (5, ErrorCode::DeviceExists),
        (6, ErrorCode::DeviceExists),
    ] {
        let row = format!(
            "<th scope=\"row\">{line}</th><td class=\"why\">{}</td>",
            escaped(&why.to_string())
        );
        assert!(shown.text.contains(&row), "{row} in {}", shown.text);
    }
    for (line, owner, number) in [(2, "robin.sample", 0xB1), (4, "alex.muster", 0xB3)] {
        let row = format!(
            "<th scope=\"row\">{line}</th><td>{owner}</td><td class=\"code\">{}</td><td>2</td><td>1</td>",
            id(number)
        );
        assert!(shown.text.contains(&row), "{row} in {}", shown.text);
    }
    assert_eq!(devices_in_use(&browser).await, before);

    let written = browser.confirm(&shown, WRITE).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text);
    assert!(written.text.contains("2 devices are registered."));
    assert_eq!(devices_in_use(&browser).await, before + 2);
    let page = browser.get(&format!("/devices/{}", id(0xB3))).await;
    assert!(page.text.contains("Alex Muster"));

    // Pressed twice: it is not what was shown any more, and nothing is done twice.
    let again = browser.confirm(&shown, WRITE).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(
        again.text.contains("it is not what you were shown any more"),
        "{}",
        again.text
    );
    assert!(
        again.text.contains("0 devices would be registered; refused: 5."),
        "{}",
        again.text
    );
    assert_eq!(devices_in_use(&browser).await, before + 2);
}

#[tokio::test]
async fn what_changes_meanwhile_keeps_all_of_it_out() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let (before, issuer) = (devices_in_use(&browser).await, issuer(&browser).await);
    let shown = browser
        .upload(
            CHECK,
            &file(&issuer, &[(0xC1, "robin.sample"), (0xC2, "alex.muster")]),
        )
        .await;
    // One of the owners goes.
    let session = administrator(&browser).await;
    demo.app()
        .desks()
        .run(move |desk| desk.erase_user(&session, &UserId::new("alex.muster").unwrap()))
        .await
        .unwrap();
    let refused = browser.confirm(&shown, WRITE).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.text.contains("1 device would be registered; refused: 1."),
        "{}",
        refused.text
    );
    assert_eq!(devices_in_use(&browser).await, before);
    // What is shown now may be written.
    let written = browser.confirm(&refused, WRITE).await;
    assert!(
        written.text.contains("1 device is registered."),
        "{}",
        written.text
    );

    // Another text than the one that was checked.
    let shown = browser
        .upload(CHECK, &file(&issuer, &[(0xC3, "robin.sample")]))
        .await;
    let seen = shown.between("name=\"seen\" value=\"", "\"").to_owned();
    let (csrf, other) = (browser.csrf.clone(), file(&issuer, &[(0xC3, "chris.example")]));
    let parts = [("csrf", csrf.as_str()), ("seen", &seen), ("text", &other)];
    let refused = browser.post_parts(WRITE, &parts).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert_eq!(devices_in_use(&browser).await, before + 1);
}

#[tokio::test]
async fn while_a_line_cannot_be_read_nothing_is_written() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let (before, issuer) = (devices_in_use(&browser).await, issuer(&browser).await);
    let good = file(&issuer, &[(0xD1, "robin.sample"), (0xD2, "robin.sample")]);
    let bad = good.replacen(",2,1,", ",9,1,", 1);
    let shown = browser.upload(CHECK, &bad).await;
    let row = "<th scope=\"row\">2</th><td class=\"why\">suite: neither 1 nor 2</td>";
    assert!(shown.text.contains(row), "{}", shown.text);
    assert!(
        shown
            .text
            .contains("Nothing is written while a line cannot be read")
    );
    assert!(
        !shown.text.contains("name=\"seen\""),
        "there is nothing to confirm"
    );
    // Nor by who sends it all the same.
    let csrf = browser.csrf.clone();
    let refused = browser
        .post_parts(WRITE, &[("csrf", &csrf), ("seen", ""), ("text", &bad)])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(devices_in_use(&browser).await, before);

    let first = id(0xD1);
    let (rest, last) = first.split_at(first.len() - 1);
    let other = if last == "7" { "8" } else { "7" };
    let typing_error = good.replacen(&first, &format!("{rest}{other}"), 1);
    let foreign = good.replace(
        &issuer,
        "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    );
    for (file, said) in [
        (typing_error.as_str(), "device_id: "),
        (
            "a,b\n1,2\n",
            "the first line must be device_id,user,suite,slot,issuer,device_key,label, not a,b",
        ),
        ("", "the first line must be"),
        (&foreign, &ErrorCode::ForeignIssuer.to_string()),
    ] {
        let shown = browser.upload(CHECK, file).await;
        assert!(shown.text.contains(&escaped(said)), "{said} in {}", shown.text);
        assert!(!shown.text.contains("name=\"seen\""), "{said}");
    }
}

#[tokio::test]
async fn users_are_told_change_by_change() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    let csv = "id;name;class;mail;telephone\n\
               new.one;<b>New</b> One;privileged;new@corp.example;'+1 555\n\
               robin.sample;Robin Sample;;;\n\
               alex.muster;Alex Other;;alex@other.example;\n\
               dana.specimen;Dana Specimen (board);ordinary;;\n\
               two;;;;\n";
    let with_fault = browser.upload("/users/import/check", csv).await;
    let row = "<th scope=\"row\">6</th><td class=\"why\">name: a name is wanted</td>";
    assert!(with_fault.text.contains(row), "{}", with_fault.text);
    assert!(!with_fault.text.contains("name=\"seen\""));
    let csv = csv.replace("two;;;;\n", "");
    let shown = browser.upload("/users/import/check", &csv).await;
    assert!(
        shown
            .text
            .contains("3 users would be changed; as they are already: 1; refused: 0."),
        "{}",
        shown.text
    );
    for said in [
        "new: <b>New</b> One, privileged",
        "new@corp.example",
        "+1 555",
        "name Alex Muster to Alex Other",
        "alex.muster@corp.example to alex@other.example",
        "class privileged to ordinary, after its rest",
    ] {
        assert!(shown.text.contains(&escaped(said)), "{said} in {}", shown.text);
    }
    let written = browser.confirm(&shown, "/users/import").await;
    assert!(written.text.contains("3 users are changed."), "{}", written.text);
    let list = browser.get("/devices?q=other.example").await;
    assert!(list.text.contains("Alex Other"), "{}", list.text);
    let again = browser.upload("/users/import/check", &csv).await;
    assert!(
        again
            .text
            .contains("0 users would be changed; as they are already: 4"),
        "{}",
        again.text
    );
}

#[tokio::test]
async fn files_are_bounded_and_have_their_sessions_token() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "devices-1").await;
    let issuer = issuer(&browser).await;
    let good = file(&issuer, &[(0xE1, "robin.sample")]);
    let long = "x".repeat(1024 * 1024);
    let refused = browser.upload(CHECK, &long).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let many = "id,name,class,mail,telephone\n".to_owned() + &"a,b\n".repeat(5001);
    let mut administrator = Browser::signed_in(&demo, "admin-1").await;
    let many = administrator.upload("/users/import/check", &many).await;
    // All but the first are about the same one.
    assert_eq!(many.status, StatusCode::OK);
    let rows: String = (0..5001).map(|number| format!("u{number},b\n")).collect();
    let many = format!("id,name,class,mail,telephone\n{rows}");
    let many = administrator.upload("/users/import/check", &many).await;
    assert_eq!(many.status, StatusCode::PAYLOAD_TOO_LARGE);

    for token in ["", "x"] {
        let answer = browser
            .post_parts(CHECK, &[("csrf", token), ("file", &good)])
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    }
    let csrf = browser.csrf.clone();
    // A file that calls itself the token, and a form of another kind.
    let last = browser
        .post_parts(CHECK, &[("file", &good), ("csrf", &csrf)])
        .await;
    assert_eq!(last.status, StatusCode::FORBIDDEN);
    let misnamed = browser
        .post_parts(CHECK, &[("text", &csrf), ("csrf", "x"), ("file", &good)])
        .await;
    assert_eq!(misnamed.status, StatusCode::FORBIDDEN);
    let plain = browser.post(CHECK, &[("file", &good)]).await;
    assert!(plain.status.is_client_error(), "{}", plain.text);
    let broken = browser
        .request(axum::http::Method::POST, CHECK)
        .header("origin", format!("http://{}", crate::browser::HOST))
        .header("content-type", "multipart/form-data")
        .body(axum::body::Body::from("nothing"));
    assert_eq!(browser.send(broken.unwrap()).await.status, StatusCode::FORBIDDEN);

    // Devices are theirs, users are the Administrator's.
    browser
        .upload("/users/import/check", "id,name,class,mail,telephone\n")
        .await
        .refuses(403, ErrorCode::PrivilegeMissing);
}

/// No text of a file is more than a text.
#[tokio::test]
async fn a_file_does_nothing_but_be_read() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "admin-1").await;
    for cell in [
        "</textarea><script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "\"</textarea><img src=x onerror=alert(1)>\"",
    ] {
        let csv = format!("id,name,class,mail,telephone\nx,{cell},,,\n");
        let shown = browser.upload("/users/import/check", &csv).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        assert_eq!(shown.text.matches("</textarea>").count(), 1, "{}", shown.text);
        assert!(
            !shown.text.contains("<script>") && !shown.text.contains("<img"),
            "{}",
            shown.text
        );
        let written = browser.confirm(&shown, "/users/import").await;
        assert_eq!(written.status, StatusCode::OK, "{}", written.text);
    }
    for bytes in ["\u{0}", "id,name\n\"", "\u{feff}\u{feff}", "sep=", "\r\r\r"] {
        let shown = browser.upload("/users/import/check", bytes).await;
        assert!(shown.status.is_client_error(), "{}", shown.text);
        assert!(shown.text.contains("role=\"alert\""), "{}", shown.text);
    }
}
