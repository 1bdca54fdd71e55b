//! Signing in through the browser: what the operator's browser sends is sent here by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

use fido_unlock::desk::Scope;
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_remote::{BrowserSignIn, RemoteDesk, RemoteError, ServiceAddress};
use ureq::Agent;
use ureq::http::header;

use crate::command::{Home, Ran, start};
use crate::served::Served;

/// An operator's browser.
struct Browser {
    agent: Agent,
    site: String,
    cookie: String,
}

struct Page {
    status: u16,
    headers: ureq::http::HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What stands behind this, up to a quotation mark.
    #[track_caller]
    fn behind(&self, before: &str) -> String {
        let found = self.text.split_once(before);
        let (_, rest) = found.unwrap_or_else(|| panic!("no {before} in {}", self.text));
        let value = rest.split('"').next().unwrap();
        value.replace("&#38;", "&").replace("&amp;", "&")
    }
}

impl Browser {
    fn new(served: &Served) -> Self {
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Self {
            agent: agent.into(),
            site: served.url.clone(),
            cookie: String::new(),
        }
    }

    fn get(&self, url: &str) -> Page {
        let request = self.agent.get(url);
        let own = url.starts_with(&self.site);
        let answer = match own && !self.cookie.is_empty() {
            true => request.header(header::COOKIE, &self.cookie).call(),
            false => request.call(),
        };
        page(answer.unwrap())
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self
            .agent
            .post(format!("{}{path}", self.site))
            .header(header::ORIGIN, &self.site)
            .header(header::COOKIE, &self.cookie);
        let page = page(request.send_form(fields.iter().copied()).unwrap());
        if let Some(pair) = page
            .header("set-cookie")
            .split(';')
            .next()
            .filter(|pair| !pair.is_empty())
        {
            self.cookie = pair.to_owned();
        }
        page
    }

    /// Opens the address, signs in there, and gives the question.
    fn asked(&mut self, served: &Served, operator: &str, url: &str) -> Page {
        let first = self.get(url);
        assert_eq!(first.status, 200, "{}", first.text);
        assert!(!first.text.contains("name=\"allow\""), "nobody has signed in");
        let action = first.behind("method=\"post\" action=\"");
        assert!(action.starts_with("/authorize/sign-in?"), "{action}");
        let known = served.demo.operators().iter();
        let password = known
            .clone()
            .find(|known| known.operator.id.as_str() == operator)
            .unwrap();
        let fields = [("name", operator), ("password", password.password.as_str())];
        let signed_in = self.post(&action, &fields);
        assert_eq!(signed_in.status, 303, "{}", signed_in.text);
        let place = signed_in.header("location").to_owned();
        assert!(place.starts_with("/authorize?"), "{place}");
        self.get(&format!("{}{place}", self.site))
    }

    /// Answers the question; gives where the browser goes.
    fn answer(&mut self, question: &Page, allow: bool) -> String {
        let (action, csrf) = (
            format!("/authorize?{}", question.behind("action=\"/authorize?")),
            question.behind("name=\"csrf\" value=\""),
        );
        let mut fields = vec![("csrf", csrf.as_str())];
        fields.extend(allow.then_some(("allow", "1")));
        let page = self.post(&action, &fields);
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.header("cache-control"), "no-store");
        // A redirect of the answer to a form is stopped by `form-action 'self'`.
        assert_eq!(page.header("location"), "");
        let back = page.behind("<a href=\"");
        assert!(page.text.contains("name=\"referrer\" content=\"no-referrer\""));
        assert!(page.text.contains("http-equiv=\"refresh\""));
        back
    }
}

fn page(mut answer: ureq::http::Response<ureq::Body>) -> Page {
    Page {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        text: answer.body_mut().read_to_string().unwrap(),
    }
}

/// Runs the command that waits for the browser, and allows it there.
pub fn allow(served: &Served, operator: &str, command: Command) -> Ran {
    let (child, url) = waiting(command);
    let mut browser = Browser::new(served);
    let question = browser.asked(served, operator, &url);
    let back = browser.answer(&question, true);
    browser.get(&back);
    ended(child)
}

/// The command, waiting; and the address that it prints.
fn waiting(command: Command) -> (Child, String) {
    let mut child = start(command, "");
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = said.find_map(|line| {
        let line = line.unwrap().trim().to_owned();
        line.starts_with("http").then_some(line)
    });
    (child, url.unwrap())
}

fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::new(),
    }
}

#[test]
fn an_operator_signs_in_works_and_signs_out() {
    let served = Served::start();
    let home = Home::new(&served);
    let (child, url) = waiting(home.command(&["desk", "sign-in", "--scope", "unlock", "--scope", "audit"]));
    let mut browser = Browser::new(&served);
    let question = browser.asked(&served, "desk-1", &url);
    assert!(
        question.text.contains("Unlock: calls and Response Codes"),
        "{}",
        question.text
    );
    assert!(!question.text.contains("Audit: read the log"), "desk-1 may not");
    let back = browser.answer(&question, true);
    let brought = browser.get(&back);
    assert_eq!((brought.status, brought.header("location")), (303, "/done"));
    let done = browser.get(&format!("{}/done", back.split("/callback").next().unwrap()));
    assert!(done.text.contains("You are signed in"), "{}", done.text);
    assert!(done.header("referrer-policy") == "no-referrer" && done.header("cache-control") == "no-store");
    let value = ended(child).ok();
    assert_eq!(
        (&value["operator"], &value["may"]),
        (&"desk-1".into(), &serde_json::json!(["unlock"]))
    );

    // It is kept where only its owner reads it, and the console lists it.
    let kept: Vec<_> = std::fs::read_dir(home.folder.path().join("state/fido-unlock"))
        .unwrap()
        .collect();
    let kept = kept[0].as_ref().unwrap().path();
    assert_eq!(
        std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let account = browser.get(&format!("{}/account", served.url));
    assert!(account.text.contains("fido-unlock"), "{}", account.text);
    let mut desk = served.desk();
    let session = served.sign_in(&mut desk, "desk-1");
    let known = desk.own_account(&session).unwrap().tokens;
    assert_eq!(known[0].scopes, [Scope::Unlock]);
    assert!(known[0].until.seconds_since(known[0].made) <= 10 * 60 * 60);

    assert_eq!(home.run(&["desk", "status"], "").ok()["operator"], "desk-1");
    assert_eq!(home.run(&["desk", "sign-out"], "").ok()["ended"], true);
    assert!(!kept.exists());
    assert!(desk.own_account(&session).unwrap().tokens.is_empty());
    home.run(&["desk", "status"], "")
        .error(ErrorCode::OperatorUnknown);
    assert_eq!(home.run(&["desk", "sign-out"], "").ok()["ended"], false);
}

#[test]
fn what_is_revoked_in_the_console_is_worth_nothing_here() {
    let served = Served::start();
    let home = Home::new(&served);
    let (child, url) = waiting(home.command(&["desk", "sign-in"]));
    let mut browser = Browser::new(&served);
    let question = browser.asked(&served, "desk-1", &url);
    let back = browser.answer(&question, true);
    browser.get(&back);
    ended(child).ok();
    let account = browser.get(&format!("{}/account", served.url));
    let revoke = account
        .text
        .split("action=\"")
        .find(|part| part.starts_with("/account/tokens/"))
        .unwrap();
    let csrf = account.behind("name=\"csrf\" value=\"");
    let revoked = browser.post(revoke.split('"').next().unwrap(), &[("csrf", &csrf)]);
    assert_eq!(revoked.status, 303);
    home.run(&["desk", "status"], "")
        .error(ErrorCode::OperatorUnknown);
    // What is kept is worth nothing, and goes.
    assert_eq!(home.run(&["desk", "sign-out"], "").ok()["ended"], false);
}

#[test]
fn whoever_does_not_allow_it_gives_nothing() {
    let served = Served::start();
    let home = Home::new(&served);
    let (child, url) = waiting(home.command(&["desk", "sign-in"]));
    let mut browser = Browser::new(&served);
    let question = browser.asked(&served, "desk-1", &url);
    let back = browser.answer(&question, false);
    assert!(
        back.contains("error=access_denied") && !back.contains("code="),
        "{back}"
    );
    browser.get(&back);
    ended(child).error(ErrorCode::Cancelled);
    let mut desk = served.desk();
    let session = served.sign_in(&mut desk, "desk-1");
    assert!(desk.own_account(&session).unwrap().tokens.is_empty());
}

#[test]
fn another_page_brings_the_program_nothing() {
    let served = Served::start();
    let home = Home::new(&served);
    let (child, url) = waiting(home.command(&["desk", "sign-in"]));
    let mut browser = Browser::new(&served);
    let question = browser.asked(&served, "desk-1", &url);
    let back = browser.answer(&question, true);
    let own = back.strip_prefix("http://").unwrap();
    let (host, target) = own.split_once('/').unwrap();
    let (state, code) = (
        target.split("state=").nth(1).unwrap(),
        target.split("code=").nth(1).unwrap(),
    );
    let code = code.split('&').next().unwrap();
    let ask = |host_said: &str, method: &str, target: &str| {
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!("{method} {target} HTTP/1.1\r\nHost: {host_said}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split("\r\n").next().unwrap().to_owned()
    };
    let nothing = "HTTP/1.1 404 Not Found";
    assert_eq!(ask("evil.example", "GET", &format!("/{target}")), nothing);
    assert_eq!(ask(host, "POST", &format!("/{target}")), nothing);
    assert_eq!(
        ask(
            host,
            "GET",
            &format!("/callback?code={code}&state=0123456789abcdef012345")
        ),
        nothing
    );
    assert_eq!(ask(host, "GET", &format!("/callback?code={code}")), nothing);
    assert_eq!(
        ask(host, "GET", &format!("/x?code={code}&state={state}")),
        nothing
    );
    assert_eq!(ask(host, "GET", "/favicon.ico"), nothing);
    // It still waits for its own.
    browser.get(&back);
    assert_eq!(ended(child).ok()["operator"], "desk-1");
}

#[test]
fn a_code_is_good_once_and_for_who_has_the_secret() {
    let served = Served::start();
    let connection = served.connection();
    let address = ServiceAddress::parse(&served.url).unwrap();
    let begin = |port| BrowserSignIn::begin(&address, port, "a program", &[Scope::Unlock]).unwrap();
    let code_of = |sign_in: &BrowserSignIn| {
        let mut browser = Browser::new(&served);
        let question = browser.asked(&served, "desk-1", sign_in.url());
        let back = browser.answer(&question, true);
        let target = back.split_once("://").unwrap().1.split_once('/').unwrap().1;
        sign_in.answer(&format!("/{target}")).unwrap().unwrap()
    };
    let refused = |error: Result<_, RemoteError>| {
        let Err(error) = error else { panic!("not refused") };
        assert_eq!(error.code(), ErrorCode::SignInCodeWrong, "{error}");
    };
    let sign_in = begin(4711);
    let code = code_of(&sign_in);
    let token = connection.fetch_token(&sign_in, &code).unwrap();
    assert_eq!(
        RemoteDesk::new(served.connection(), token)
            .myself()
            .unwrap()
            .operator,
        "desk-1"
    );
    refused(connection.fetch_token(&sign_in, &code));

    // Whoever has read the code on its way has no secret; and it is spent then.
    let sign_in = begin(4711);
    let code = code_of(&sign_in);
    refused(connection.fetch_token(&begin(4711), &code));
    refused(connection.fetch_token(&sign_in, &code));
    refused(connection.fetch_token(&sign_in, "0123456789"));
    let all = served.events();
    assert_eq!(all.iter().filter(|event| *event == "TokenMade").count(), 1);
}

#[test]
fn a_program_elsewhere_is_told_nothing() {
    let served = Served::start();
    let address = ServiceAddress::parse(&served.url).unwrap();
    let sign_in = BrowserSignIn::begin(&address, 4711, "a program", &[Scope::Unlock]).unwrap();
    let mut browser = Browser::new(&served);
    let question = browser.asked(&served, "desk-1", sign_in.url());
    let csrf = question.behind("name=\"csrf\" value=\"");
    let good = format!("/authorize?{}", question.behind("action=\"/authorize?"));
    for (from, to) in [
        ("127.0.0.1%3A4711", "evil.example"),
        ("127.0.0.1%3A4711", "localhost%3A4711"),
        ("S256", "plain"),
        ("response_type=code", "response_type=token"),
        ("scope=unlock", "scope=everything"),
    ] {
        let wrong = good.replace(from, to);
        assert_ne!(wrong, good);
        let page = browser.get(&format!("{}{wrong}", served.url));
        assert_eq!((page.status, page.header("location")), (400, ""), "{to}");
        assert!(!page.text.contains("evil.example"), "{}", page.text);
        let page = browser.post(&wrong, &[("csrf", &csrf), ("allow", "1")]);
        assert_eq!((page.status, page.header("location")), (400, ""), "{to}");
    }
    // Not without the page's own token, and not by a link alone.
    let page = browser.post(&good, &[("allow", "1")]);
    assert_eq!(page.status, 403, "{}", page.text);
    assert!(
        !browser
            .get(&format!("{}{good}&allow=1", served.url))
            .text
            .contains("code=")
    );
}
