//! A whole call by the keyboard alone; what has the focus is always seen.

use serde_json::json;
use thirtyfour::prelude::*;

use crate::chromium::{Chromium, Served};

/// More steps than any page has between two of its fields.
const MOST_STEPS: usize = 80;

/// Somebody who has no mouse.
struct Keys<'a>(&'a Chromium);

impl Keys<'_> {
    async fn press(&self, keys: impl Into<TypingData>) {
        let focused = self.0.web.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Goes on with Tab until the focus is there.
    async fn to(&self, css: &str) {
        for _ in 0..MOST_STEPS {
            if self.is_at(css).await {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("{css} is not reached by Tab");
    }

    async fn is_at(&self, css: &str) -> bool {
        let look = "const at = document.activeElement, style = getComputedStyle(at);
                    return [at.matches(arguments[0]), at === document.body || style.outlineStyle !== 'none' \
                    || at.tabIndex < 0]";
        let found = self.0.web.execute(look, vec![json!(css)]).await.unwrap();
        let (there, seen): (bool, bool) = found.convert().unwrap();
        assert!(seen, "on the way to {css} nothing shows where the focus is");
        there
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_mouse() {
    let served = Served::start(|router| router).await;
    let browser = Chromium::start(&served).await;
    browser.open("/sign-in").await;
    let keys = Keys(&browser);
    keys.to("#name").await;
    keys.press("desk-1").await;
    keys.to("#password").await;
    keys.press(served.password("desk-1")).await;
    keys.press(Key::Enter).await;
    browser.sees("h1", "Unlock").await;
    browser.open("/try-it").await;
    let challenge = browser.text("#device-challenge").await;
    browser.open("/unlock").await;

    // The search has the focus already; the list follows, and its button is the next thing.
    keys.to("#q").await;
    keys.press("robin").await;
    browser.sees("#rows caption", "robin").await;
    keys.to("#rows button").await;
    keys.press(Key::Enter).await;
    browser.sees(".say", "You are Robin Sample?").await;
    keys.to("input[name=method]").await;
    keys.press(" ").await;
    keys.to("#statement").await;
    keys.press("called back, spoke to her").await;
    keys.to("#reason").await;
    keys.press("INC-9").await;
    keys.to("#challenge").await;
    keys.press(challenge.as_str()).await;
    browser.sees("#challenge-state", "no typing error").await;
    keys.press(Key::Enter).await;
    browser.sees(".given", "Response Code").await;
    // Whoever hears the page is told the code first.
    let at = "return document.activeElement.id";
    let at: String = browser.web.execute(at, vec![]).await.unwrap().convert().unwrap();
    assert_eq!(at, "given");
    keys.to(".ends button.main").await;
    keys.press(Key::Enter).await;
    browser.sees("#call", "Done: the device is unlocked.").await;
    // From the top of each page the first step leads past the menu.
    browser.open("/account").await;
    keys.press(Key::Tab).await;
    assert!(keys.is_at(".skip").await);
    keys.press(Key::Enter).await;
    keys.to("main a, main input, main button").await;
    browser.quit().await;
}
