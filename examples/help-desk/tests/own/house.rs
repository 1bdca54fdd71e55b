//! A desk's folder, as `desk init` makes it, and the program over it.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use fido_unlock::desk::{Desk, OperatorId, Rules};
use fido_unlock_files::key_file::Passphrase;
use fido_unlock_folder::{DeskFolder, SharedSigner, parts};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

pub const ADMIN: &str = "admin";
pub const PASSWORD: &str = "four copper kettles";
pub const PASSPHRASE: &str = "green lamps 4711 in a row";
/// Only a program that does something else makes a test wait this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Made once: opening its keys takes a second by design.
static MADE: LazyLock<TempDir> = LazyLock::new(|| made(Some(PASSWORD)));

/// `password`: the Administrator's; without one nobody can sign in yet.
fn made(password: Option<&str>) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("desk");
    let folder = DeskFolder::new(&path).unwrap();
    let store = SqliteStore::create(&folder.database(), SqliteOptions::default()).unwrap();
    let keys = folder
        .keys()
        .create(&Passphrase::new(PASSPHRASE.to_owned()))
        .unwrap();
    let signer = SharedSigner::without_keys(&folder.keys(), &keys);
    let parts = parts(&folder, &keys, &signer, store, 0).unwrap();
    let admin = OperatorId::new(ADMIN).unwrap();
    let desk = match password {
        Some(password) => Desk::create(parts, Rules::default(), &admin, password),
        None => Desk::create_without_password(parts, Rules::default(), &admin),
    };
    let mut desk = desk.unwrap();
    let origin = desk.origin().unwrap();
    folder.keys().write_checkpoint_key(&keys, origin).unwrap();
    place
}

/// A folder of one test, with a desk in it.
pub struct House(TempDir);

impl House {
    pub fn new() -> Self {
        Self::of(&MADE)
    }

    /// To which nobody can sign in yet.
    pub fn without_password() -> Self {
        Self::of(&made(None))
    }

    fn of(made: &TempDir) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
        let own = Self(place);
        let desk = own.path("desk");
        std::fs::create_dir(&desk).unwrap();
        std::fs::set_permissions(&desk, Permissions::from_mode(0o700)).unwrap();
        for file in made.path().join("desk").read_dir().unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), desk.join(file.file_name())).unwrap();
        }
        own.write("passphrase", PASSPHRASE, 0o600);
        own
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str, mode: u32) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// The configuration of a console on this machine, and more lines.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "desk = \"desk\"\nsite = \"http://localhost\"\npassphrase = \"file:passphrase\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\n[operations]\naddress = \"127.0.0.1:0\"\n{more}"
        );
        self.write("help-desk.toml", &text, 0o600);
    }

    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_help-desk"));
        program.args(arguments).current_dir(self.0.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HELP_DESK_") {
                program.env_remove(name);
            }
        }
        program
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().unwrap()
    }

    /// What it says when it does not start.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{said}");
        said
    }

    /// Starts it.
    pub fn start(&self) -> Console {
        Console::start(self.program(&["--config", "help-desk.toml"]))
    }
}

/// The program, running.
pub struct Console {
    process: Child,
    log: mpsc::Receiver<String>,
    pub lines: Vec<String>,
    /// Where browsers come to.
    pub address: String,
    /// Where health and metrics are.
    pub operations: String,
}

impl Console {
    pub fn start(mut program: Command) -> Self {
        let mut process = program.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (line, log) = mpsc::channel();
        std::thread::spawn(move || {
            for read in out.lines() {
                if line.send(read.unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut own = Self {
            process,
            log,
            lines: Vec::new(),
            address: String::new(),
            operations: String::new(),
        };
        let started = own.wait_for("started");
        // As text or as JSON.
        let word = |name: &str| {
            let of = |before: String| started.split_once(&before).map(|(_, rest)| rest);
            let rest = of(format!("{name}=")).or_else(|| of(format!("\"{name}\":\"")));
            let rest = rest.unwrap_or_default();
            rest.split([' ', '"']).next().unwrap_or_default().to_owned()
        };
        (own.address, own.operations) = (word("address"), word("operations"));
        own
    }

    /// The next line of the log that has this.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.lines));
            self.lines.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Signs in as a browser of this site does; gives the whole answer.
    pub fn sign_in(&self, host: &str, origin: &str, name: &str, password: &str) -> String {
        self.send(&sign_in(host, origin, name, password))
    }

    /// Sends a request; gives the whole answer.
    pub fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args([name, &pid]).status();
        assert!(told.unwrap().success());
    }

    /// Tells it to stop; gives its exit code and all that it logged.
    pub fn stop(self) -> (Option<i32>, Vec<String>) {
        self.signal("-TERM");
        self.ended()
    }

    /// Waits until it has ended.
    pub fn ended(mut self) -> (Option<i32>, Vec<String>) {
        let code = self.process.wait().unwrap().code();
        // Until its end of the pipe is closed.
        self.lines.extend(self.log.iter());
        (code, std::mem::take(&mut self.lines))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks without TLS, as this host; gives the whole answer.
pub fn get(address: &str, host: &str, path: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The request of the form.
pub fn sign_in(host: &str, origin: &str, name: &str, password: &str) -> String {
    let body = format!("name={name}&password={}", password.replace(' ', "+"));
    form("/sign-in", host, origin, &body)
}

/// The request of another form.
pub fn form(path: &str, host: &str, origin: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
