//! A demonstration: a desk in a temporary folder, with sample users, a few operators, and a virtual key that is locked.
//! Everything is made anew at each start, passwords and keys too, and goes with the process.

mod enrol;
mod key;
mod options;
mod people;
mod play;
mod programs;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fido_unlock::desk::log::{KeyName, NoteSigner, NoteVerifier, SoftwareNoteSigner};
use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::{
    Desk, DeskError, DeskParts, KeyRing, LicenceFile, LimitRule, OperatorId, OperatorSession, Rules, SealKey,
    SoftwareSigner, UnixTime,
};
use fido_unlock::ports::Entropy;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, Suite};
use fido_unlock_files::{Argon2Passwords, SystemClock};
use fido_unlock_mock::desk::{MemoryAdminKeys, Outbox};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use fido_unlock_webauthn::WebauthnPasskeys;
use getrandom::SysRng;
use tempfile::TempDir;
use zeroize::Zeroizing;

pub use key::{KeyState, VirtualKey};
pub use options::DemoOptions;
pub use people::DemoOperator;
pub use play::PlayFault;
pub use programs::ForPrograms;

use enrol::Issuer;

use crate::app::{App, AppParts, MakeNoteSigner};
use crate::desks::{Desks, MakeDesk};
use crate::packages::Packages;
use crate::refusal::Refusal;
use crate::site::Site;

/// The slot of the desk's key on each device.
const SLOT: u8 = 1;
/// What lies in the folder for packages.
const SAMPLE: &str = "This stands for the app that users install: it shows Device ID and Device Challenge, and takes the \
                      Response Code.\n";
const DAY: u64 = 24 * 60 * 60;
/// For how many days its licence is valid.
const LICENCE_DAYS: u64 = 90;
/// For how many devices.
const LICENSED: u32 = 100;
/// The folder for packages, in the demonstration's own.
const PACKAGES: &str = "packages";
/// Wrong passwords are written down once in so many seconds.
const GUESS_WINDOW: u64 = 10;

/// A demonstration that runs as long as this value.
pub struct Demo {
    app: App,
    make: Arc<MakeDesk>,
    operators: Vec<DemoOperator>,
    folder: TempDir,
    secrets: Arc<Secrets>,
}

impl Demo {
    /// Makes it. `address`: where it listens.
    ///
    /// # Errors
    /// No random bytes, no place for files, no thread.
    pub fn make(address: SocketAddr) -> Result<Self, Refusal> {
        Self::with(address, &DemoOptions::default())
    }

    /// The same before the set-up has ended: no code is given, and nothing rests.
    ///
    /// # Errors
    /// As [`Demo::make`].
    pub fn in_set_up(address: SocketAddr) -> Result<Self, Refusal> {
        let options = DemoOptions {
            open: false,
            ..DemoOptions::default()
        };
        Self::with(address, &options)
    }

    /// The same as it is asked for.
    ///
    /// # Errors
    /// As [`Demo::make`]; the file for the key is there already, or cannot be written.
    pub fn with(address: SocketAddr, options: &DemoOptions) -> Result<Self, Refusal> {
        let folder = tempfile::tempdir().map_err(|_| ErrorCode::StoreWrite)?;
        let database = folder.path().join("desk.sqlite");
        let packages = packages(folder.path()).map_err(|_| ErrorCode::StoreWrite)?;
        let store = SqliteStore::create(&database, SqliteOptions::default())?;
        let site = Site::on_loopback(address);
        let secrets = Arc::new(Secrets::make(&site, options.suite)?);
        let operators = people::operators()?;
        let key = set_up(secrets.parts(store.clone())?, &secrets, &operators, options)?;
        let seed = secrets.checkpoints.clone();
        let notes: Arc<MakeNoteSigner> =
            Arc::new(move |log| Box::new(SoftwareNoteSigner::from_seed(log, &seed)));
        let own = Arc::clone(&secrets);
        let make: Arc<MakeDesk> = Arc::new(move || Desk::open(own.parts(store.clone())?));
        let app = App::new(AppParts {
            desks: Desks::start(Arc::clone(&make))?,
            site,
            // One in a file is used by another program.
            key: options.key.is_none().then_some(key),
            packages: Some(Packages::new(&packages)),
            notes,
        });
        Ok(Self {
            app,
            make,
            operators,
            folder,
            secrets,
        })
    }

    /// Its service.
    #[must_use]
    pub fn app(&self) -> App {
        self.app.clone()
    }

    /// Who may sign in, with which password.
    #[must_use]
    pub fn operators(&self) -> &[DemoOperator] {
        &self.operators
    }

    /// The folder for packages.
    #[must_use]
    pub fn packages(&self) -> PathBuf {
        self.folder.path().join(PACKAGES)
    }

    /// Another licence that counts here.
    ///
    /// # Errors
    /// None that a person can bring about.
    pub fn licence(&self, devices: u32, valid_until: UnixTime) -> Result<String, Refusal> {
        self.secrets.licence(devices, valid_until)
    }

    /// Opens one more desk over its store.
    #[must_use]
    pub fn make_desk(&self) -> &Arc<MakeDesk> {
        &self.make
    }
}

/// What lies with a desk's keys, and of what every desk over the one store is made.
struct Secrets {
    seal_key: Zeroizing<[u8; 32]>,
    pepper: Zeroizing<[u8; 32]>,
    suite: Suite,
    /// None in suite 3, where each device has a key of its own.
    issuer: Option<IssuerKey>,
    admin_keys: MemoryAdminKeys,
    vendor: SoftwareNoteSigner,
    /// The seed of the key that signs checkpoints.
    checkpoints: Zeroizing<[u8; 32]>,
    outbox: Outbox,
    passkeys: WebauthnPasskeys,
}

impl Secrets {
    fn make(site: &Site, suite: Suite) -> Result<Self, Refusal> {
        let name = KeyName::new("demonstration.example").map_err(|_| ErrorCode::InvalidArgument)?;
        Ok(Self {
            seal_key: random()?,
            pepper: random()?,
            suite,
            issuer: match suite {
                Suite::AesAdminKey => None,
                p256 => Some(IssuerKey::make_p256(p256, &mut SysRng)?),
            },
            admin_keys: MemoryAdminKeys::default(),
            vendor: SoftwareNoteSigner::make(name, &mut SysRng)?,
            checkpoints: random()?,
            outbox: Outbox::default(),
            passkeys: WebauthnPasskeys::new(site.party(), &site.passkey_origin(), "Help desk")
                .map_err(DeskError::from)?,
        })
    }

    fn parts(&self, store: SqliteStore) -> Result<DeskParts, DeskError> {
        let mut ring = KeyRing::new();
        if let Some(issuer) = &self.issuer {
            let scalar = issuer.expose_p256_scalar().ok_or(ErrorCode::KeyMissing)?;
            let own = IssuerKey::from_p256_scalar(self.suite, &scalar).ok_or(ErrorCode::KeyMissing)?;
            ring.insert(SLOT, own)?;
        }
        Ok(DeskParts {
            store: Box::new(store),
            seal_key: SealKey::from_bytes(*self.seal_key),
            clock: Box::new(SystemClock),
            entropy: Box::new(SysRng),
            signer: Box::new(SoftwareSigner::new(ring, Box::new(self.admin_keys.clone()))),
            passwords: Box::new(Argon2Passwords::new(self.pepper.clone())),
            passkeys: Some(Box::new(self.passkeys.clone())),
            notifier: Box::new(self.outbox.clone()),
            delivery: None,
            anchor: None,
            // Its key was made for this process: a demonstration's licence is worth nothing elsewhere.
            vendor: vec![self.verifier()],
            guess_window_seconds: GUESS_WINDOW,
        })
    }

    fn issuer(&self) -> Result<Issuer, ErrorCode> {
        let public = || {
            self.issuer
                .as_ref()
                .and_then(IssuerKey::public)
                .ok_or(ErrorCode::KeyMissing)
        };
        Ok(match self.suite {
            Suite::P256Ecdsa => Issuer::P256Ecdsa(public()?),
            Suite::P256EcdhMac => Issuer::P256EcdhMac(public()?),
            Suite::AesAdminKey => Issuer::AesAdminKey,
        })
    }

    fn verifier(&self) -> NoteVerifier {
        self.vendor.verifier()
    }

    fn licence(&self, devices: u32, valid_until: UnixTime) -> Result<String, Refusal> {
        let name = KeyName::new("demonstration.example").map_err(|_| ErrorCode::InvalidArgument)?;
        let mut vendor = SoftwareNoteSigner::from_seed(name, &self.vendor.expose_seed());
        let licence = LicenceFile {
            holder: "Demonstration".into(),
            devices,
            valid_until,
            contact: "nobody: this is a demonstration".into(),
        };
        Ok(licence.sign(&mut vendor)?)
    }
}

/// A folder with what a user would install, as far as a demonstration has it: a text.
fn packages(folder: &Path) -> std::io::Result<PathBuf> {
    let packages = folder.join(PACKAGES);
    std::fs::create_dir(&packages)?;
    std::fs::write(packages.join("fido-unlock-sample-1.0.0.txt"), SAMPLE)?;
    Ok(packages)
}

fn random() -> Result<Zeroizing<[u8; 32]>, ErrorCode> {
    let mut bytes = Zeroizing::new([0; 32]);
    SysRng.fill(&mut *bytes).map_err(|_| ErrorCode::EntropyFailed)?;
    Ok(bytes)
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixTime(since.map_or(0, |since| since.as_secs()))
}

/// Makes the desk and all who are in it; gives the locked key.
fn set_up(
    parts: DeskParts,
    secrets: &Secrets,
    operators: &[DemoOperator],
    options: &DemoOptions,
) -> Result<VirtualKey, Refusal> {
    let administrator = operators.first().ok_or(ErrorCode::InvalidArgument)?;
    let mut desk = Desk::create(
        parts,
        rules(options.approval_from),
        &administrator.operator.id,
        &administrator.password,
    )?;
    let session = desk.sign_in(&administrator.operator.id, &administrator.password)?;
    let until = now().plus_seconds(LICENCE_DAYS * DAY);
    desk.put_licence(&session, &secrets.licence(LICENSED, until)?)?;
    let issuer = secrets.issuer()?;
    if let Some(public) = issuer.public() {
        let info = IssuerInfo {
            slot: SLOT,
            suite: secrets.suite,
            public,
            retired: false,
        };
        desk.put_issuer(&session, &info)?;
    }
    let key = people::move_in(&mut desk, &session, issuer, options.key.as_deref())?;
    // Behind the users, as whom some of them vouch.
    for other in operators.iter().skip(1) {
        desk.put_operator(&session, &other.operator, Some(&other.password))?;
    }
    if options.open {
        desk.open_desk(&session)?;
    }
    desk.sign_out(&session)?;
    Ok(key)
}

fn rules(approval_from: u32) -> Rules {
    let mut rules = Rules::default();
    // Somebody who tries a program out unlocks the same key again and again.
    rules.limits.device = LimitRule {
        approval_from,
        ..rules.limits.operator
    };
    rules
}

fn operator_id(name: &str) -> Result<OperatorId, ErrorCode> {
    OperatorId::new(name).ok_or(ErrorCode::InvalidArgument)
}

/// An operator's session.
type Session = OperatorSession;
