//! A browser as far as these tests need one: it keeps the cookie, says where a form comes from, and finds in a page
//! what a person would.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use help_desk::app;
use help_desk::demo::Demo;
use tower::ServiceExt;

pub const HOST: &str = "127.0.0.1:8080";

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// What stands between two texts, the first time.
    pub fn between(&self, before: &str, after: &str) -> &str {
        let rest = self.text.split_once(before);
        let (_, rest) = rest.unwrap_or_else(|| panic!("no {before:?} in\n{}", self.text));
        rest.split_once(after).unwrap().0
    }

    /// The token of the page's forms.
    pub fn csrf(&self) -> String {
        self.between("name=\"csrf\" value=\"", "\"").into()
    }

    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The fields of the page's form for `action`, as the page fills them in.
    pub fn fields(&self, action: &str) -> Vec<(String, String)> {
        let form = self.between(&format!("action=\"{action}\""), "</form>");
        let attribute = |input: &str, name: &str| {
            let (_, rest) = input.split_once(&format!(" {name}=\""))?;
            Some(unescaped(rest.split_once('"')?.0))
        };
        let inputs = form.split("<input").skip(1);
        let inputs = inputs.map(|input| input.split_once('>').unwrap().0);
        inputs
            .filter(|input| !input.contains("type=\"radio\"") || input.contains(" checked"))
            .filter_map(|input| {
                Some((
                    attribute(input, "name")?,
                    attribute(input, "value").unwrap_or_default(),
                ))
            })
            .collect()
    }

    /// That it is this refusal, with what to do now.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: fido_unlock::ErrorCode) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert!(self.text.contains("role=\"alert\""), "{}", self.text);
        let number = format!("Error {}</p>", code.number());
        assert!(self.text.contains(&number), "{code:?} in {}", self.text);
        assert!(self.text.contains(&escaped(code.next_step())), "{}", self.text);
    }
}

/// As it stands in a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('\'', "&#39;")
        .replace('"', "&#34;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
}

pub fn unescaped(text: &str) -> String {
    text.replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}

/// One browser over one demonstration.
pub struct Browser<'a> {
    pub demo: &'a Demo,
    router: Router,
    pub cookie: Option<String>,
    pub csrf: String,
}

pub fn demo() -> Demo {
    Demo::make(HOST.parse().unwrap()).unwrap()
}

impl<'a> Browser<'a> {
    pub fn new(demo: &'a Demo) -> Self {
        Self {
            demo,
            router: app(demo.app()),
            cookie: None,
            csrf: String::new(),
        }
    }

    /// The same, with an operator signed in.
    pub async fn signed_in(demo: &'a Demo, operator: &str) -> Self {
        let mut browser = Self::new(demo);
        let password = browser.password(operator);
        let answer = browser.sign_in(operator, &password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let first = browser.get(answer.location()).await;
        if first.status == StatusCode::SEE_OTHER {
            let page = browser.get(first.location()).await;
            browser.csrf = page.csrf();
        }
        browser
    }

    pub fn password(&self, operator: &str) -> String {
        let found = self
            .demo
            .operators()
            .iter()
            .find(|other| other.operator.id.as_str() == operator);
        found.unwrap().password.as_str().into()
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("name", name), ("password", password)])
            .await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Sends a form of a page, with the page's token.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all).await
    }

    /// Fills in what `typed` says of a page's form, and sends it with all that the page has filled in.
    pub async fn submit(&mut self, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
        let filled = page.fields(action);
        let untyped = |(name, _): &&(String, String)| typed.iter().all(|(own, _)| own != name);
        let filled = filled.iter().filter(untyped);
        let filled = filled.map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = filled.chain(typed.iter().copied()).collect();
        self.post_bare(action, &all).await
    }

    /// Sends a form as it is given.
    pub async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(fields)))
            .unwrap();
        self.send(request).await
    }

    /// Sends a form of several parts, as one with a file is sent.
    pub async fn post_parts(&mut self, path: &str, parts: &[(&str, &str)]) -> Answer {
        const BOUNDARY: &str = "0123456789-between-parts";
        let mut body = String::new();
        for (name, value) in parts {
            let file = if *name == "file" {
                "; filename=\"list.csv\""
            } else {
                ""
            };
            body.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header("sec-fetch-site", "same-origin")
            .header(
                header::CONTENT_TYPE,
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// A file with the page's token.
    pub async fn upload(&mut self, path: &str, file: &str) -> Answer {
        let csrf = self.csrf.clone();
        self.post_parts(path, &[("csrf", &csrf), ("file", file)]).await
    }

    /// Sends the page's form that holds what was uploaded, as a browser does.
    pub async fn confirm(&mut self, page: &Answer, action: &str) -> Answer {
        let fields = page.fields(action);
        // A browser leaves the first line break out, and ends lines by two characters.
        let text = page.between(
            "<textarea name=\"text\" hidden aria-hidden=\"true\">\n",
            "</textarea>",
        );
        let text = unescaped(text).replace("\r\n", "\n").replace('\n', "\r\n");
        let mut parts: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        parts.push(("text", &text));
        self.post_parts(action, &parts).await
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST);
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        if let Some(set) = parts.headers.get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            self.cookie = Some(pair).filter(|pair| !pair.ends_with('='));
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
            bytes: body.to_vec(),
        }
    }
}

/// `application/x-www-form-urlencoded`, every byte but letters and digits escaped.
pub fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect::<String>()
    };
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

/// What the caller's app shows.
pub struct Caller {
    pub device_id: String,
    pub challenge: String,
}

impl Browser<'_> {
    pub async fn caller(&mut self) -> Caller {
        let page = self.get("/try-it").await;
        Caller {
            device_id: page.between("id=\"device-id\">", "<").into(),
            challenge: page.between("id=\"device-challenge\">", "<").into(),
        }
    }

    /// Finds a device's row and presses UNLOCK: the call's path.
    pub async fn open_call(&mut self, user: &str, device_id: &str) -> String {
        let opened = self
            .post("/unlock", &[("user", user), ("device", device_id)])
            .await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
        opened.location().to_owned()
    }

    /// The Device ID of a user's first device that is in use.
    pub async fn device_of(&mut self, user: &str) -> String {
        let list = self.get(&format!("/unlock?q={user}")).await;
        list.between("name=\"device\" value=\"", "\"").into()
    }
}

/// All that an operator fills in, with this challenge.
pub fn prompt(challenge: &str) -> [(&str, &str); 4] {
    [
        ("method", "call-back"),
        ("statement", "called back, spoke to her"),
        ("reason", "INC-1"),
        ("challenge", challenge),
    ]
}
