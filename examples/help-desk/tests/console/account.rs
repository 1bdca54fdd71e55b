//! Your account: passkeys, password and sessions; and signing in with a passkey.

use axum::http::{Method, StatusCode, header};
use fido_unlock::ErrorCode;
use help_desk::Client;

use crate::authenticator::{Browser as Authenticator, Way};
use crate::browser::{Answer, Browser, HOST, demo, form, unescaped};

const NEW: &str = "nine quiet bicycles";

fn authenticator() -> Authenticator {
    Authenticator::new("localhost", "http://localhost:8080")
}

/// What the page asks the browser.
fn options(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    unescaped(page.between("data-options=\"", "\""))
}

fn ceremony(page: &Answer) -> String {
    page.between("name=\"ceremony\" value=\"", "\"").into()
}

impl Browser<'_> {
    async fn answer(&mut self, path: &str, page: &Answer, answer: &str) -> Answer {
        let ceremony = ceremony(page);
        let name = unescaped(page.between("name=\"name\" value=\"", "\""));
        let fields = [("name", &*name), ("ceremony", &*ceremony), ("answer", answer)];
        self.post(path, &fields).await
    }

    async fn add_passkey(&mut self, key: &mut Authenticator, name: &str) -> Answer {
        let page = self.post("/account/passkeys", &[("name", name)]).await;
        let answer = key.create(&options(&page), Way::Right);
        self.answer("/account/passkeys", &page, &answer).await
    }

    async fn begin_by_passkey(&mut self, name: &str) -> Answer {
        self.post("/sign-in", &[("name", name), ("passkey", "1")]).await
    }

    async fn by_passkey(&mut self, key: &mut Authenticator, way: Way) -> Answer {
        let page = self.begin_by_passkey("desk-1").await;
        let options = options(&page);
        let id = Authenticator::allowed(&options).remove(0);
        let answer = key.get(&options, &id, way);
        self.answer("/sign-in", &page, &answer).await
    }
}

#[track_caller]
fn goes_to(answer: &Answer, path: &str) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(answer.location(), path);
}

#[tokio::test]
async fn a_passkey_signs_in_alone_and_the_password_not_without_it() {
    let demo = demo();
    let mut key = authenticator();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    assert!(browser.get("/unlock").await.text.contains("href=\"/account\""));
    let added = browser.add_passkey(&mut key, "  blue <key> ").await;
    goes_to(&added, "/account?done=passkey-added");
    let page = browser.get("/account?done=passkey-added").await;
    assert!(page.text.contains("blue &#60;key&#62;"), "{}", page.text);
    assert!(page.text.contains("The passkey was added."));

    let mut other = Browser::new(&demo);
    goes_to(&other.by_passkey(&mut key, Way::Right).await, "/");
    assert_eq!(other.get("/unlock").await.status, StatusCode::OK);

    let mut third = Browser::new(&demo);
    let password = third.password("desk-1");
    let asked = third.sign_in("desk-1", &password).await;
    assert!(third.cookie.is_none());
    let options = options(&asked);
    let id = Authenticator::allowed(&options).remove(0);
    let answer = key.get(&options, &id, Way::Right);
    goes_to(&third.answer("/sign-in", &asked, &answer).await, "/");
    assert_eq!(third.get("/unlock").await.status, StatusCode::OK);

    // Removed: it signs nobody in, and who was signed in by it is not any more.
    let id = browser.get("/account").await;
    let path = id.between("action=\"/account/passkeys/", "/name\"").to_owned();
    let renamed = browser
        .post(&format!("/account/passkeys/{path}/name"), &[("name", "red")])
        .await;
    goes_to(&renamed, "/account?done=passkey-named");
    let removed = browser
        .post(&format!("/account/passkeys/{path}/remove"), &[])
        .await;
    goes_to(&removed, "/account?done=passkey-removed");
    for ended in [&mut other, &mut third] {
        assert_eq!(ended.get("/unlock").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(browser.get("/unlock").await.status, StatusCode::OK);
    let mut fourth = Browser::new(&demo);
    let page = fourth.begin_by_passkey("desk-1").await;
    let answer = key.get(&self::options(&page), &[1; 32], Way::Right);
    fourth
        .answer("/sign-in", &page, &answer)
        .await
        .refuses(401, ErrorCode::PasskeyRefused);
    goes_to(&fourth.sign_in("desk-1", &password).await, "/");
}

#[tokio::test]
async fn an_answer_is_good_once_and_from_this_page_alone() {
    let demo = demo();
    let mut key = authenticator();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    for way in [Way::ForeignOrigin, Way::ForeignParty, Way::Unverified] {
        let page = browser.post("/account/passkeys", &[("name", "x")]).await;
        let answer = authenticator().create(&options(&page), way);
        browser
            .answer("/account/passkeys", &page, &answer)
            .await
            .refuses(401, ErrorCode::PasskeyRefused);
    }
    goes_to(
        &browser.add_passkey(&mut key, "key").await,
        "/account?done=passkey-added",
    );
    let mut thief = Browser::new(&demo);
    for way in [
        Way::ForeignOrigin,
        Way::ForeignParty,
        Way::Unverified,
        Way::ForeignKey,
    ] {
        let answer = thief.by_passkey(&mut key, way).await;
        answer.refuses(401, ErrorCode::PasskeyRefused);
        assert!(thief.cookie.is_none());
    }
    // What was sent once signs in once, whoever sends it again.
    let page = browser.begin_by_passkey("desk-1").await;
    let asked = options(&page);
    let answer = key.get(&asked, &Authenticator::allowed(&asked)[0], Way::Right);
    goes_to(&browser.answer("/sign-in", &page, &answer).await, "/");
    thief
        .answer("/sign-in", &page, &answer)
        .await
        .refuses(401, ErrorCode::PasskeyRefused);
    let another = thief.begin_by_passkey("desk-1").await;
    thief
        .answer("/sign-in", &another, &answer)
        .await
        .refuses(401, ErrorCode::PasskeyRefused);
    // A ceremony of one kind is none of another.
    browser.csrf = browser.get("/account").await.csrf();
    let page = browser.begin_by_passkey("desk-1").await;
    browser
        .answer("/account/passkeys", &page, "{}")
        .await
        .refuses(401, ErrorCode::PasskeyRefused);
    assert!(thief.cookie.is_none());
}

#[tokio::test]
async fn names_without_passkeys_are_asked_in_the_same_way() {
    let demo = demo();
    let mut key = authenticator();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    browser.add_passkey(&mut key, "key").await;
    let mut stranger = Browser::new(&demo);
    let mut form_of = async |name: &str| {
        let page = stranger.begin_by_passkey(name).await;
        let asked = options(&page);
        let again = stranger.begin_by_passkey(name).await;
        let ids = Authenticator::allowed(&asked);
        assert_eq!(Authenticator::allowed(&options(&again)), ids, "{name}");
        assert!(!ids.is_empty());
        let whole = page.text.replace(&ceremony(&page), "");
        let (before, rest) = whole.split_once("data-options=\"").unwrap();
        let (_, after) = rest.split_once('"').unwrap();
        format!("{before}{after}").replace(name, "")
    };
    let known = form_of("desk-1").await;
    for name in ["desk-2", "nobody", "admin-2"] {
        assert_eq!(form_of(name).await, known, "{name}");
    }
    for name in ["", "\u{202e}"] {
        let answer = stranger.begin_by_passkey(name).await;
        answer.refuses(401, ErrorCode::OperatorUnknown);
    }
}

#[tokio::test]
async fn it_is_confirmed_by_password_or_passkey() {
    let demo = demo();
    let mut key = authenticator();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    browser
        .post("/account/confirm", &[("password", "wrong")])
        .await
        .refuses(401, ErrorCode::OperatorUnknown);
    assert_eq!(
        browser.get("/unlock").await.status,
        StatusCode::OK,
        "it is still signed in"
    );
    let password = browser.password("desk-1");
    let confirmed = browser.post("/account/confirm", &[("password", &password)]).await;
    goes_to(&confirmed, "/account?done=confirmed");
    // Whoever has a passkey shows it, as at the sign-in.
    browser.add_passkey(&mut key, "key").await;
    browser
        .post("/account/confirm", &[("password", &password)])
        .await
        .refuses(403, ErrorCode::PasskeyWanted);
    let page = browser.post("/account/confirm", &[("passkey", "1")]).await;
    let asked = options(&page);
    let answer = key.get(&asked, &Authenticator::allowed(&asked)[0], Way::Right);
    let confirmed = browser.answer("/account/confirm", &page, &answer).await;
    goes_to(&confirmed, "/account?done=confirmed");
    browser
        .answer("/account/confirm", &page, &answer)
        .await
        .refuses(401, ErrorCode::PasskeyRefused);
}

#[tokio::test]
async fn another_password_ends_every_session() {
    let demo = demo();
    let (mut browser, mut other) = (
        Browser::signed_in(&demo, "desk-1").await,
        Browser::signed_in(&demo, "desk-1").await,
    );
    for (password, again, status) in [(NEW, "another one", 422), ("short", "short", 422)] {
        let answer = browser
            .post("/account/password", &[("password", password), ("again", again)])
            .await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert!(!answer.text.contains(NEW));
    }
    let changed = browser
        .post("/account/password", &[("password", NEW), ("again", NEW)])
        .await;
    goes_to(&changed, "/sign-in?done=password");
    assert!(browser.cookie.is_none());
    let page = browser.get("/sign-in?done=password").await;
    assert!(page.text.contains("The password is set."));
    assert_eq!(other.get("/unlock").await.status, StatusCode::SEE_OTHER);
    let old = browser.password("desk-1");
    browser
        .sign_in("desk-1", &old)
        .await
        .refuses(401, ErrorCode::OperatorUnknown);
    goes_to(&browser.sign_in("desk-1", NEW).await, "/");
}

#[tokio::test]
async fn a_cookie_that_was_stolen_fixed_or_ended_opens_nothing() {
    let demo = demo();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    let (mut second, mut third) = (
        Browser::signed_in(&demo, "desk-1").await,
        Browser::signed_in(&demo, "desk-1").await,
    );
    // Somebody has its cookie: the owner sees a session more, and ends it.
    let mut thief = Browser::new(&demo);
    thief.cookie = second.cookie.clone();
    assert_eq!(thief.get("/unlock").await.status, StatusCode::OK);
    let page = browser.get("/account").await;
    assert_eq!(page.text.matches("action=\"/account/sessions/").count(), 3);
    let id = page.between("action=\"/account/sessions/", "/end\"").to_owned();
    let ended = browser.post(&format!("/account/sessions/{id}/end"), &[]).await;
    goes_to(&ended, "/account?done=sessions-ended");
    assert_eq!(thief.get("/unlock").await.status, StatusCode::SEE_OTHER);
    assert_eq!(second.get("/unlock").await.status, StatusCode::SEE_OTHER);
    goes_to(
        &browser.post("/account/sessions/end", &[]).await,
        "/account?done=sessions-ended",
    );
    assert_eq!(third.get("/unlock").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/unlock").await.status, StatusCode::OK);
    assert!(!browser.get("/account").await.text.contains("/account/sessions/"));

    // Somebody gave it its cookie before the sign-in: that one does not become a session's.
    let fixed = format!("help-desk={}", "a".repeat(64));
    let mut victim = Browser::new(&demo);
    victim.cookie = Some(fixed.clone());
    let password = victim.password("desk-2");
    victim.sign_in("desk-2", &password).await;
    assert_ne!(victim.cookie.as_ref(), Some(&fixed));
    thief.cookie = Some(fixed);
    assert_eq!(thief.get("/unlock").await.status, StatusCode::SEE_OTHER);

    for path in ["zz", "ab", &"0".repeat(63), &"0".repeat(66)] {
        let answer = browser.post(&format!("/account/sessions/{path}/end"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_address_that_guesses_waits_and_others_do_not() {
    let demo = demo();
    let mut browser = Browser::new(&demo);
    let mut begin = async |address: &str| {
        let request = browser.request(Method::POST, "/sign-in");
        let request = request
            .header("origin", format!("http://{HOST}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(Client(address.parse().unwrap()))
            .body(form(&[("name", "nobody"), ("passkey", "1")]).into())
            .unwrap();
        browser.send(request).await
    };
    for _ in 0..50 {
        assert_eq!(begin("2001:db8::1").await.status, StatusCode::OK);
    }
    let answer = begin("2001:db8::2:1").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = answer.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert!(
        answer
            .text
            .contains("too many sign-ins have failed from your network")
    );
    assert_eq!(begin("2001:db8:0:1::1").await.status, StatusCode::OK);
    assert_eq!(begin("192.0.2.1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sign_in_that_succeeds_costs_its_address_nothing() {
    let demo = demo();
    let mut key = authenticator();
    let mut browser = Browser::signed_in(&demo, "desk-1").await;
    browser.add_passkey(&mut key, "key").await;
    for _ in 0..60 {
        let mut other = Browser::new(&demo);
        goes_to(&other.by_passkey(&mut key, Way::Right).await, "/");
    }
}
