//! The command line: a call, from the search to the end, and what it says where it cannot.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock::desk::Scope;
use serde_json::Value;
use tempfile::TempDir;

use crate::served::{Served, pin};

const UNLOCK: &[Scope] = &[Scope::Unlock];

/// What a process left behind.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {}", self.stdout))
    }

    /// The error of a command that failed.
    #[track_caller]
    pub fn error(self, code: ErrorCode) -> Value {
        let json: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|_| panic!("no JSON: {}{}", self.stdout, self.stderr));
        assert_eq!(json["error"]["name"], code.name(), "{json}");
        assert_eq!(self.code, Some(i32::from(code.family().exit_code())));
        json["error"].clone()
    }
}

/// The program as it was built, or builds it.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(folder) = std::env::var_os("FIDO_UNLOCK_BUILT") {
        return Path::new(&folder).join("fido-unlock");
    }
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "-p", "fido-unlock-cli", "--target-dir"])
        .arg(profile.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    profile.join("fido-unlock")
});

/// An operator's home folder: whatever the program keeps is in it.
pub struct Home {
    pub folder: TempDir,
    url: String,
}

impl Home {
    pub fn new(served: &Served) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            url: served.url.clone(),
        }
    }

    /// With an access token in a file.
    pub fn with_token(served: &Served, operator: &str, scopes: &[Scope]) -> Self {
        let home = Self::new(served);
        let token = served.token(operator, scopes);
        home.write("token", token.expose().as_str(), 0o600);
        home
    }

    pub fn write(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }

    /// The program without a desk.
    pub fn bare(&self, words: &[&str]) -> Command {
        let home = self.folder.path();
        let mut command = Command::new(&*PROGRAM);
        command
            .args(words)
            .arg("--json")
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env_remove("FIDO_UNLOCK_DESK_TOKEN")
            // Nobody is there: whoever asks it gets no answer.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("http_proxy", "http://127.0.0.1:9")
            .env("ALL_PROXY", "http://127.0.0.1:9")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The program at the service, by the token in the file where there is one.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bare(words);
        command.args(["--desk", &self.url]);
        if self.folder.path().join("token").exists() {
            command.args(["--token-file", "token"]);
        }
        command
    }

    pub fn run(&self, words: &[&str], input: &str) -> Ran {
        let mut command = self.command(words);
        if !input.is_empty() {
            command.arg("--stdin");
        }
        ended(start(command, input))
    }
}

pub fn start(mut command: Command, input: &str) -> Child {
    let mut child = command.spawn().unwrap();
    // Whoever does not read all of it closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child
}

pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `respond` for the demonstration's caller.
pub const RESPOND: [&str; 9] = [
    "respond",
    "--user",
    "robin",
    "--method",
    "call-back",
    "--statement",
    "called back",
    "--reason",
    "INC-1",
];

#[test]
fn a_call_by_the_command_line_unlocks_the_key() {
    let served = Served::start();
    let key = served.key();
    let home = Home::with_token(&served, "desk-1", UNLOCK);
    let (device_id, challenge) = key.state().unwrap().codes.unwrap();
    let ran = home.run(&RESPOND, &format!("{challenge}\n"));
    assert!(
        ran.stderr.contains("Read the owner's name back: Robin Sample"),
        "{}",
        ran.stderr
    );
    let given = ran.ok();
    assert_eq!(given["device_id"], device_id);
    assert_eq!(given["user"], "robin.sample");
    let (code, request) = (
        given["response_code"].as_str().unwrap(),
        given["request"].as_str().unwrap(),
    );
    // The same one again, while the request lives.
    let again = home.run(&["respond", "--request", request], "\n").ok();
    assert_eq!(again["response_code"], code);
    key.unlock(code, &pin("Spring43"), &pin("Spring43")).unwrap();
    let done = home.run(&["desk", "done", "--request", request], "").ok();
    assert_eq!(done["done"], true);
    home.run(&["desk", "abandon", "--request", request], "")
        .error(ErrorCode::RequestUsed);
    key.sign_in(&pin("Spring43")).unwrap();
}

#[test]
fn a_typing_error_is_named_by_its_group_and_the_call_goes_on() {
    let served = Served::start();
    let home = Home::with_token(&served, "desk-1", UNLOCK);
    let (_, challenge) = served.key().state().unwrap().codes.unwrap();
    let wrong = if challenge.starts_with('0') { "1" } else { "0" };
    let typed = format!("{wrong}{}\n", &challenge[1..]);
    let ran = home.run(&RESPOND, &typed);
    let said = ran.stderr.clone();
    let error = ran.error(ErrorCode::CodeCheck);
    assert_eq!(error["groups"][0], 1, "{error}");
    let request = said.split("respond --request ").nth(1).unwrap();
    let request = request.split('`').next().unwrap().to_owned();
    let given = home
        .run(&["respond", "--request", &request], &format!("{challenge}\n"))
        .ok();
    assert!(given["response_code"].is_string());
}

#[test]
fn it_waits_until_a_second_operator_has_approved() {
    let served = Served::start();
    let key = served.key();
    let home = Home::with_token(&served, "desk-1", UNLOCK);
    let second = served.remote("desk-2", UNLOCK);
    let (_, challenge) = key.state().unwrap().codes.unwrap();
    let first = home.run(&RESPOND, &format!("{challenge}\n")).ok();
    key.unlock(
        first["response_code"].as_str().unwrap(),
        &pin("Spring43"),
        &pin("Spring43"),
    )
    .unwrap();
    home.run(
        &["desk", "done", "--request", first["request"].as_str().unwrap()],
        "",
    )
    .ok();
    key.lock().unwrap();

    let (_, challenge) = key.state().unwrap().codes.unwrap();
    let mut command = home.command(&RESPOND);
    command.arg("--stdin");
    let waiting = start(command, &format!("{challenge}\n"));
    let ready = loop {
        let open = second.requests(None).unwrap().requests;
        if let Some(request) = open.into_iter().find(|request| request.challenge.is_some()) {
            break request;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    second.approve(ready.id, ready.revision).unwrap();
    let ran = ended(waiting);
    let given = ran.ok();
    assert_eq!(given["request"], ready.id.to_string());
    key.unlock(
        given["response_code"].as_str().unwrap(),
        &pin("Autumn44"),
        &pin("Autumn44"),
    )
    .unwrap();
}

#[test]
fn a_privileged_user_is_verified_by_a_machine_alone() {
    let served = Served::start();
    let home = Home::with_token(&served, "desk-1", UNLOCK);
    let ran = home.run(
        &[
            "respond",
            "--user",
            "dana.specimen",
            "--method",
            "call-back",
            "--statement",
            "x",
            "--reason",
            "y",
        ],
        "\n",
    );
    ran.error(ErrorCode::CallerMethod);
}

#[test]
fn without_a_token_nothing_is_asked_and_a_token_is_nobody_elses() {
    let served = Served::start();
    let home = Home::new(&served);
    let error = home.run(&RESPOND, "x\n").error(ErrorCode::OperatorUnknown);
    assert!(
        error["detail"].as_str().unwrap().contains("Your account"),
        "{error}"
    );

    let token = served.token("desk-1", UNLOCK);
    let mut by_variable = home.command(&["desk", "status"]);
    by_variable.env("FIDO_UNLOCK_DESK_TOKEN", token.expose().as_str());
    assert_eq!(ended(start(by_variable, "")).ok()["operator"], "desk-1");
    let mut broken = home.command(&["desk", "status"]);
    broken.env("FIDO_UNLOCK_DESK_TOKEN", "fud_my-own-secret");
    let ran = ended(start(broken, ""));
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("secret"));
    ran.error(ErrorCode::Usage);

    home.write("token", token.expose().as_str(), 0o644);
    let error = home.run(&["desk", "status"], "").error(ErrorCode::FolderShared);
    assert!(error["detail"].as_str().unwrap().contains("chmod 600"), "{error}");
    home.write("token", "fud_", 0o600);
    home.run(&["desk", "status"], "").error(ErrorCode::TextForm);
}

#[test]
fn what_is_not_done_over_the_network_says_where_it_is_done() {
    let served = Served::start();
    let home = Home::with_token(&served, "admin-1", Scope::ALL);
    let says = |words: &[&str], place: &str| {
        let error = home.run(words, "").error(ErrorCode::Usage);
        let detail = error["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(place), "{words:?}: {detail}");
    };
    says(&["desk", "rules"], "under Settings");
    says(&["desk", "open"], "in the console");
    says(&["desk", "add-operator", "--name", "x"], "under Operators");
    says(&["desk", "password"], "under Your account");
    says(&["desk", "list", "operators"], "under Operators");
    says(&["desk", "backup", "--to", "x"], "where the desk's folder is");
    says(&["issuer", "generate"], "where the desk's folder is");
    says(
        &["desk", "status", "--operator", "olga"],
        "the access token says who you are",
    );
    let mut approver = RESPOND.to_vec();
    approver.extend(["--approver", "desk-2"]);
    says(&approver, "under Approvals");

    let ran = |url: &str| ended(start(home.bare(&["desk", "status", "--desk", url]), ""));
    let error = ran("http://desk.example").error(ErrorCode::Usage);
    assert!(
        error["detail"].as_str().unwrap().contains("this machine alone"),
        "{error}"
    );
    ran("https://desk.example/console").error(ErrorCode::Usage);
}
