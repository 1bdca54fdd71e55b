//! The help desk's console, as its demonstration is for programs (`help-desk --demo --json`): a process, whose locked key
//! is in this one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::key::Key;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs as long as this value.
pub struct Console {
    process: Child,
    told: Value,
    key: Key,
    _folder: TempDir,
}

impl Console {
    /// `arguments`: more of them, such as the suite.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.bin");
        let mut process = Command::new(program())
            .args(["--demo", "--json", "--key"])
            .arg(&file)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        Self {
            process,
            told: serde_json::from_str(&line).unwrap(),
            key: Key::in_file(&file),
            _folder: folder,
        }
    }

    /// Its key, which is locked at first.
    pub fn key(&self) -> &Key {
        &self.key
    }

    pub fn url(&self) -> &str {
        self.told["desk"].as_str().unwrap()
    }

    /// An access token of the platform's operator.
    pub fn token(&self) -> &str {
        self.told["token"].as_str().unwrap()
    }

    /// Whose the key is.
    pub fn user(&self) -> &str {
        self.told["user"].as_str().unwrap()
    }

    /// The PIN before the lock.
    pub fn old_pin(&self) -> &str {
        self.told["old_pin"].as_str().unwrap()
    }

    /// Requests that have not ended.
    pub fn requests(&self) -> Vec<Value> {
        let mut page = self.ask("GET", "/requests", &Value::Null);
        serde_json::from_value(page["requests"].take()).unwrap()
    }

    /// The one request, as soon as its challenge is there.
    pub fn ready(&self) -> Value {
        self.wait(|request| !request["challenge"].is_null())
    }

    /// The second operator approves the one request, as soon as it is ready.
    pub fn approve(&self) {
        let ready = self.ready();
        let shown = json!({ "revision": ready["revision"] });
        self.step(&ready, "approval", &shown);
    }

    /// The second operator gives the one request up.
    pub fn abandon(&self) {
        let ready = self.ready();
        self.step(&ready, "abandon", &Value::Null);
    }

    /// What an operator reads out to a caller.
    pub fn read_out(&self, device_id: &str, challenge: &str) -> String {
        let asked = json!({ "user": self.user(), "device_id": device_id, "reason": "a call" });
        let request = self.ask("POST", "/requests", &asked);
        let word = json!({ "method": "call-back", "statement": "called back" });
        self.step(&request, "caller", &word);
        self.step(&request, "challenge", &json!({ "challenge": challenge }));
        let given = self.step(&request, "code", &Value::Null);
        given["code"].as_str().unwrap().to_owned()
    }

    fn wait(&self, ready: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut requests = self.requests();
            if let Some(request) = requests.pop().filter(&ready) {
                assert!(requests.is_empty(), "one alone: {requests:?}");
                return request;
            }
            assert!(Instant::now() < until, "no request is ready");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn step(&self, request: &Value, step: &str, body: &Value) -> Value {
        let path = format!("/requests/{}/{step}", request["id"].as_str().unwrap());
        self.ask("POST", &path, body)
    }

    /// As the second operator's program; `path`: below `/api/v1`.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let address = self.url().strip_prefix("http://").unwrap();
        let token = self.told["approver_token"].as_str().unwrap();
        let body = body.to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The program: built already, where FIDO_UNLOCK_BUILT says so, else by cargo.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let built = std::env::var_os("FIDO_UNLOCK_BUILT");
    let built = built.map(|folder| PathBuf::from(folder).join("help-desk"));
    built.unwrap_or_else(|| PROGRAM.get_or_init(build).clone())
}

fn build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "help-desk", "--message-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "help-desk is not built");
    let text = String::from_utf8(output.stdout).unwrap();
    let messages = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let path = messages
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    path.expect("help-desk is a program")
}
