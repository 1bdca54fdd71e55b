//! A folder with a software authenticator and a help desk, and the program to run there.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use age::secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

pub const ADMIN_PASSWORD: &str = "seven wooden bicycles";
pub const PASSPHRASE: &str = "correct horse battery";
pub const OLD_PIN: &str = "oldpin42";
pub const NEW_PIN: &str = "newpin43";

/// What a process left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The JSON object of a command that did its work.
    pub fn ok(self) -> Value {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {}", self.stdout))
    }

    /// The `error` object of a command that failed, whose exit code is that of its family.
    pub fn error(self, number: u16) -> Value {
        let json: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|_| panic!("no JSON: {}{}", self.stdout, self.stderr));
        let error = json["error"].clone();
        assert_eq!(error["number"], number, "{json}");
        let code = fido_unlock::ErrorCode::from_number(number).unwrap();
        assert_eq!(error["name"], code.name());
        assert_eq!(error["message"], code.message());
        assert_eq!(error["next_step"], code.next_step());
        assert_eq!(self.code, i32::from(code.family().exit_code()));
        error
    }
}

pub struct Bench {
    folder: TempDir,
    /// Everything that was printed, for who looks for secrets.
    pub printed: RefCell<String>,
    /// Options of every command.
    extra: Vec<String>,
}

impl Bench {
    /// An empty folder.
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            printed: RefCell::default(),
            extra: Vec::new(),
        }
    }

    /// A help desk with a key in slot 1 (suites 1 and 2). All desks of a suite are copies of one,
    /// since passphrases are slow; so they have the same keys and the same log.
    pub fn with_desk(suite: u8) -> Self {
        static MADE: [OnceLock<PathBuf>; 3] = [const { OnceLock::new() }; 3];
        let made = MADE[usize::from(suite) - 1].get_or_init(|| {
            // Not another process's: these tests run beside themselves, for Windows.
            let name = format!("desk-of-suite-{suite}-{}", std::process::id());
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            let _ = std::fs::remove_dir_all(&kept);
            let bench = Self::with_desk_of_its_own(suite);
            copy_folder(&bench.path("desk"), &kept);
            kept
        });
        let bench = Self::empty();
        copy_folder(made, &bench.path("desk"));
        bench
    }

    /// The same with keys that no other has.
    pub fn with_desk_of_its_own(suite: u8) -> Self {
        let bench = Self::empty();
        bench.init();
        if suite != 3 {
            bench
                .admin(&format!("issuer generate --suite {suite} --slot 1"), "")
                .ok();
        }
        bench.admin("desk open", "").ok();
        bench.quicken();
        bench
    }

    /// The same, with an authenticator that is enrolled for alice, has a passkey and is locked.
    pub fn locked(suite: u8) -> Self {
        let bench = Self::with_desk(suite);
        bench.make_locked();
        bench
    }

    pub fn over(mut self, transport: &str) -> Self {
        self.extra = vec!["--mock-transport".into(), transport.into()];
        self
    }

    /// A desk in its set-up, with a licence, whose changes do not rest afterwards.
    pub fn init(&self) {
        self.write_vendor();
        std::fs::write(self.path("rules.json"), RULES).unwrap();
        let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
        self.run(
            "desk init --desk desk --admin admin --vendor vendor.pub --rules rules.json",
            &secrets,
        )
        .ok();
        self.quicken();
        self.admin("desk licence licence.txt", "").ok();
    }

    /// Encrypts the desk's key files anew with scrypt's least work. What new files have takes a fifth of a second of
    /// every command, and `adapters/files` tests it.
    pub fn quicken(&self) {
        for entry in std::fs::read_dir(self.path("desk")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "age") {
                let passphrase = SecretString::from(PASSPHRASE.to_owned());
                let bytes = std::fs::read(&path).unwrap();
                let keys = age::decrypt(&age::scrypt::Identity::new(passphrase.clone()), &bytes).unwrap();
                let mut recipient = age::scrypt::Recipient::new(passphrase);
                recipient.set_work_factor(1);
                std::fs::write(&path, age::encrypt(&recipient, &keys).unwrap()).unwrap();
            }
        }
    }

    /// The vendor's public key and a licence.
    pub fn write_vendor(&self) {
        let vendor = Vendor::get();
        std::fs::write(self.path("vendor.pub"), &vendor.public).unwrap();
        std::fs::write(self.path("licence.txt"), &vendor.licence).unwrap();
    }

    /// Another licence of the same vendor, as licence.txt.
    pub fn write_licence(&self, devices: u32, days: u32) {
        std::fs::write(self.path("licence.txt"), Vendor::get().sign_any(devices, days)).unwrap();
    }

    /// The same, put in.
    pub fn put_licence(&self, devices: u32, days: u32) {
        self.write_licence(devices, days);
        self.admin("desk licence licence.txt --yes", "").ok();
    }

    pub fn make_locked(&self) {
        self.mock("mock new", "").ok();
        self.enroll_alice();
        self.mock("mock make-passkey", OLD_PIN).ok();
        self.mock("mock lock", "").ok();
    }

    /// Enrols with the desk's key or, where it has none, with an admin key.
    pub fn enroll_alice(&self) -> Value {
        let keys = self.run("issuer show --desk desk", "").ok()["issuers"].clone();
        let suite = if keys.as_array().unwrap().is_empty() {
            "--suite 3"
        } else {
            ""
        };
        let secrets = format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n");
        let command = format!("enroll --desk desk --operator admin --user alice --new-user Alice {suite}");
        self.mock(&command, &secrets).ok()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs words (no quotes are understood) with `--json`, and `--stdin` when there is input.
    pub fn run(&self, words: &str, input: &str) -> Ran {
        let mut words: Vec<&str> = words.split_whitespace().collect();
        words.push("--json");
        if !input.is_empty() {
            words.push("--stdin");
        }
        self.run_words(&words, input)
    }

    pub fn run_words(&self, words: &[&str], input: &str) -> Ran {
        self.run_bytes(words, input.as_bytes())
    }

    pub fn run_bytes(&self, words: &[&str], input: &[u8]) -> Ran {
        // Another build of the program where it is named: `cargo xtask test windows`.
        let program = std::env::var_os("FIDO_UNLOCK_PROGRAM");
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_fido-unlock").into());
        let mut child = Command::new(program)
            .args(&self.extra)
            .args(words)
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read all of its input closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let ran = Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        self.printed.borrow_mut().push_str(&ran.stdout);
        self.printed.borrow_mut().push_str(&ran.stderr);
        ran
    }

    /// With the software authenticator.
    pub fn mock(&self, words: &str, input: &str) -> Ran {
        self.run(&format!("--mock key.bin {words}"), &lines(input))
    }

    /// At the desk, as its Administrator, with the passphrase; then what else is asked.
    pub fn admin(&self, words: &str, more: &str) -> Ran {
        let input = format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n{more}");
        self.run(&format!("{words} --desk desk --operator admin"), &lines(&input))
    }

    /// The whole log, with further options.
    pub fn verify(&self, options: &str) -> Ran {
        self.run(
            &format!("audit verify --desk desk {options}"),
            &format!("{PASSPHRASE}\n"),
        )
    }

    /// The Device Challenge.
    pub fn challenge(&self) -> String {
        text(&self.mock("challenge", "").ok()["device_challenge"])
    }

    /// The help desk's part for alice: how the caller was verified, and why.
    pub fn respond(&self, challenge: &str) -> Ran {
        self.admin(
            "respond --user alice --method call-back --statement called --reason T-1",
            challenge,
        )
    }

    /// The Response Code for the pending challenge.
    pub fn response(&self) -> String {
        text(&self.respond(&self.challenge()).ok()["response_code"])
    }

    pub fn unlock(&self, response: &str, pin: &str, again: &str) -> Ran {
        self.mock("unlock", &format!("{response}\n{pin}\n{again}"))
    }

    pub fn sign_in(&self, pin: &str) -> Ran {
        self.mock("mock sign-in", pin)
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// With the end of its last line.
fn lines(input: &str) -> String {
    match input {
        "" => String::new(),
        input => format!("{}\n", input.trim_end_matches('\n')),
    }
}

/// The default rules, but that nothing rests.
const RULES: &str = r#"{
  "reason_wanted": true,
  "ordinary_methods": [
    {"method": "enrolled-factor", "vouched_by": "machine"},
    {"method": "call-back", "vouched_by": "operator"},
    {"method": "identity-document", "vouched_by": "operator"},
    {"method": "manager", "vouched_by": "operator"},
    {"method": "in-person", "vouched_by": "operator"}
  ],
  "privileged_methods": [
    {"method": "enrolled-factor", "vouched_by": "machine"},
    {"method": "identity-document", "vouched_by": "machine"}
  ],
  "request_seconds": 3600,
  "verification_seconds": 900,
  "approval_seconds": 600,
  "session_seconds": 36000,
  "channel_rest_seconds": 604800,
  "rest_seconds": 0,
  "licence_contact": "licences@example.com",
  "limits": {
    "device": {"window_seconds": 86400, "approval_from": 2, "refuse_from": 5},
    "operator": {"window_seconds": 86400, "approval_from": 20, "refuse_from": 60},
    "issuer": {"window_seconds": 86400, "approval_from": 200, "refuse_from": 1000}
  }
}
"#;

/// Who signs licences: made once, since passphrases are slow.
struct Vendor {
    bench: Bench,
    public: String,
    licence: String,
}

impl Vendor {
    fn get() -> std::sync::MutexGuard<'static, Self> {
        static MADE: OnceLock<std::sync::Mutex<Vendor>> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let mut vendor = Self {
                bench: Bench::empty(),
                public: String::new(),
                licence: String::new(),
            };
            let input = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
            let made = vendor
                .bench
                .run("licence generate --name vendor.example --key vendor.age", &input);
            vendor.public = text(&made.ok()["public"]);
            vendor.licence = vendor.sign(1000, 365);
            std::sync::Mutex::new(vendor)
        });
        made.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Also what the program does not sign: for no device, or for no day.
    fn sign_any(&self, devices: u32, days: u32) -> String {
        use fido_unlock::desk::LicenceFile;
        use fido_unlock::desk::log::{KeyName, SoftwareNoteSigner};
        use fido_unlock::desk::ports::Clock;
        use fido_unlock::{AdminKey, Suite};
        use fido_unlock_files::SystemClock;
        use fido_unlock_files::key_file::{Passphrase, decode};

        let file = std::fs::read(self.bench.path("vendor.age")).unwrap();
        let passphrase = Passphrase::new(PASSPHRASE.into());
        let key = decode(&file, Suite::AesAdminKey, Some(&passphrase)).unwrap();
        let seed = key.expose_admin_key().map(AdminKey::expose_bytes).unwrap();
        let name = KeyName::new("vendor.example").unwrap();
        let mut signer = SoftwareNoteSigner::from_seed(name, seed.try_into().unwrap());
        let licence = LicenceFile {
            holder: "Example".into(),
            devices,
            valid_until: SystemClock.now().plus_seconds(u64::from(days) * 24 * 60 * 60),
            contact: "licences@example.com".into(),
        };
        licence.sign(&mut signer).unwrap()
    }

    fn sign(&self, devices: u32, days: u32) -> String {
        let words = format!(
            "licence sign --name vendor.example --key vendor.age --holder Example --contact licences@example.com \
             --devices {devices} --days {days}"
        );
        text(&self.bench.run(&words, &format!("{PASSPHRASE}\n")).ok()["licence"])
    }
}
