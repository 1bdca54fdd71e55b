//! Chromium, driven by WebDriver, over a service that listens. Needs Debian's packages `chromium` and
//! `chromium-driver`; without them the tests fail.
//!
//! With HELP_DESK_SCREENSHOTS=FOLDER, pictures of each page are left there, in light and dark.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use help_desk::app;
use help_desk::demo::Demo;
use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};
use tokio::net::TcpListener;

use crate::axe;

/// How long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running service.
pub struct Served {
    pub demo: Demo,
    pub address: SocketAddr,
}

impl Served {
    /// `with`: what stands before the service.
    pub async fn start(with: impl FnOnce(Router) -> Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let demo = Demo::make(address).unwrap();
        let router = with(app(demo.app()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { demo, address }
    }

    pub fn password(&self, operator: &str) -> &str {
        let mut operators = self.demo.operators().iter();
        operators
            .find(|other| other.operator.id.as_str() == operator)
            .unwrap()
            .password
            .as_str()
    }
}

/// `chromedriver`, until the end of the test.
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver, of Debian's package chromium-driver");
        let said = BufReader::new(process.stdout.take().unwrap());
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let url = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        Self { process, url }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser with a profile of its own.
pub struct Chromium {
    pub web: WebDriver,
    base: String,
    _driver: Driver,
    _profile: tempfile::TempDir,
}

impl Chromium {
    pub async fn start(served: &Served) -> Self {
        let (driver, profile) = (Driver::start(), tempfile::tempdir().unwrap());
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1200,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ] {
            wanted.add_arg(argument).unwrap();
        }
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        Self {
            web: WebDriver::new(&driver.url, wanted).await.unwrap(),
            base: format!("http://{}", served.address),
            _driver: driver,
            _profile: profile,
        }
    }

    /// Goes on by the service's name: an address has no passkeys.
    pub fn by_name(&mut self, served: &Served) {
        self.base = format!("http://localhost:{}", served.address.port());
    }

    /// Opens what is folded.
    pub async fn press_summary(&self) {
        let summary = self.web.find(By::Css("main summary")).await;
        summary.unwrap().click().await.unwrap();
    }

    pub async fn open(&self, path: &str) {
        self.web.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    pub async fn sign_in(&self, operator: &str, password: &str) {
        self.open("/").await;
        self.fill("name", operator).await;
        self.fill("password", password).await;
        self.press("Sign in").await;
        self.sees("h1", "Unlock").await;
    }

    /// Types into a field, after what is there.
    pub async fn fill(&self, id: &str, text: &str) {
        self.web
            .find(By::Id(id))
            .await
            .unwrap()
            .send_keys(text)
            .await
            .unwrap();
    }

    pub async fn clear(&self, id: &str) {
        self.web.find(By::Id(id)).await.unwrap().clear().await.unwrap();
    }

    /// Presses the button with this text.
    pub async fn press(&self, text: &str) {
        let button = By::XPath(format!(
            "//button[normalize-space()='{text}' and not(@aria-hidden)]"
        ));
        self.web.find(button).await.unwrap().click().await.unwrap();
    }

    /// The text of what the style rule finds first; empty where there is nothing.
    pub async fn text(&self, css: &str) -> String {
        match self.web.find(By::Css(css)).await {
            // It may be replaced just now.
            Ok(found) => found.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until a text is there; gives the whole.
    #[track_caller]
    pub fn sees<'a>(&'a self, css: &'a str, text: &'a str) -> impl Future<Output = String> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let begun = Instant::now();
            loop {
                let found = self.text(css).await;
                if found.contains(text) {
                    return found;
                }
                if begun.elapsed() > PATIENCE {
                    let page = self.web.source().await.unwrap_or_default();
                    panic!("{caller}: {text:?} is not in {css}, which is {found:?}, in\n{page}");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Waits until the style rule finds nothing.
    pub async fn gone(&self, css: &str) {
        let begun = Instant::now();
        while self.web.find(By::Css(css)).await.is_ok() {
            assert!(begun.elapsed() < PATIENCE, "{css} is still there");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A state of a page that people meet, in light and in dark: axe-core finds nothing. Leaves pictures, where they are
    /// wanted.
    #[track_caller]
    pub fn looks<'a>(&'a self, name: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            for scheme in ["light", "dark"] {
                self.scheme(scheme).await;
                let found = axe::found(&self.web).await;
                self.kept(&format!("{name}-{scheme}")).await;
                assert!(
                    found.is_empty(),
                    "{caller}: {name}, {scheme}:\n{}",
                    found.join("\n")
                );
            }
            self.scheme("light").await;
        }
    }

    /// Leaves a picture, where they are wanted.
    pub async fn kept(&self, name: &str) {
        if let Some(folder) = std::env::var_os("HELP_DESK_SCREENSHOTS").map(PathBuf::from) {
            let file = folder.join(format!("{name}.png"));
            self.web.screenshot(&file).await.unwrap();
        }
    }

    pub async fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let media = json!({"media": "", "features": features});
        self.web
            .cdp()
            .send_raw("Emulation.setEmulatedMedia", media)
            .await
            .unwrap();
    }

    pub async fn offline(&self, offline: bool) {
        let (web, any) = (self.web.cdp(), -1);
        let conditions =
            json!({"offline": offline, "latency": 0, "downloadThroughput": any, "uploadThroughput": any});
        web.send_raw("Network.enable", json!({})).await.unwrap();
        web.send_raw("Network.emulateNetworkConditions", conditions)
            .await
            .unwrap();
    }

    /// What the browser itself complains of: a page that breaks its own policy, a script that fails.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.web.browser_log().await.unwrap();
        log.into_iter().map(|entry| entry.message).collect()
    }

    pub async fn quit(self) {
        self.web.quit().await.unwrap();
    }
}
