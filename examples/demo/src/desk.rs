//! The help desk: a database in a temporary folder, one operator, one user, one issuer's key.

use fido_unlock::ctap2::device_unlock::EnrollResponse;
use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock::desk::{
    Channel, ChannelKind, Delivery, Desk as HelpDesk, DeviceKeys, GivenCode, KeyRing, NewDevice, OperatorId,
    RequestId, Rules, SealKey, UnixTime, User, UserClass, UserId,
};
use fido_unlock::suite::{AuthoriseFields, IssuerKey};
use fido_unlock::{AdminKey, DeviceId, ErrorCode, Purpose, ResponseCode, Suite};
use fido_unlock_mock::desk::{OneTimeCode, TestDesk};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use getrandom::SysRng;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::report::Failure;

/// The key slot on the device.
pub const SLOT: u8 = 1;
/// The operator and their password.
pub const OPERATOR: (&str, &str) = ("desk-1", "correct horse battery staple");
const USER: &str = "user-1";

/// The desk and what was set up for it.
pub struct Desk {
    desk: HelpDesk,
    suite: Suite,
    issuer: IssuerKey,
    user: UserId,
    /// Goes with the desk, after it.
    _folder: TempDir,
}

fn name(error: &str) -> Failure {
    Failure::new(ErrorCode::InvalidArgument, error)
}

impl Desk {
    /// A desk with an operator, a user and a key of the suite.
    pub fn new(suite: Suite) -> Result<Self, Failure> {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let issuer = make_issuer(suite)?;
        let mut ring = KeyRing::new();
        if suite != Suite::AesAdminKey {
            ring.insert(SLOT, copy(&issuer)?)?;
        }
        let folder =
            tempfile::tempdir().map_err(|error| Failure::new(ErrorCode::StoreWrite, error.to_string()))?;
        let database = folder.path().join("desk.sqlite");
        let mut parts = TestDesk::new(now).parts(ring);
        parts.store = Box::new(SqliteStore::create(&database, SqliteOptions::default())?);
        parts.seal_key = SealKey::generate(&mut SysRng)?;
        parts.entropy = Box::new(SysRng);
        let mut desk = HelpDesk::create(parts, Rules::default(), &operator()?, OPERATOR.1)?;
        let user = UserId::new(USER).ok_or_else(|| name("user"))?;
        let session = desk.sign_in(&operator()?, OPERATOR.1)?;
        desk.put_licence(&session, &TestDesk::licence(now, 10))?;
        if let Some(public) = issuer.public() {
            let info = IssuerInfo {
                slot: SLOT,
                suite,
                public,
                retired: false,
            };
            desk.put_issuer(&session, &info)?;
        }
        let channel = Channel {
            id: "mail".into(),
            kind: ChannelKind::Mail,
            address: "user-1@corp.example".into(),
            changed_at: UnixTime(0),
        };
        desk.put_user(
            &session,
            &User {
                id: user.clone(),
                name: "User One".into(),
                class: UserClass::Ordinary,
                channels: vec![channel],
            },
        )?;
        desk.open_desk(&session)?;
        Ok(Self {
            desk,
            suite,
            issuer,
            user,
            _folder: folder,
        })
    }

    /// The issuer's key, for enrolment.
    pub fn issuer(&self) -> &IssuerKey {
        &self.issuer
    }

    /// Enters an enrolled device into the registry.
    pub fn register(&mut self, enrolled: &EnrollResponse) -> Result<(), Failure> {
        let session = self.desk.sign_in(&operator()?, OPERATOR.1)?;
        let issuer = || self.issuer.public().ok_or_else(|| name("issuer"));
        let keys = match self.suite {
            Suite::P256Ecdsa => DeviceKeys::P256Ecdsa { issuer: issuer()? },
            Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
                issuer: issuer()?,
                device: enrolled.device_key,
            },
            Suite::AesAdminKey => DeviceKeys::AesAdminKey,
        };
        let aes = self.suite == Suite::AesAdminKey;
        let admin_key = self.issuer.expose_admin_key().map(copy_admin_key).transpose()?;
        self.desk.register_device(
            &session,
            &NewDevice {
                id: enrolled.device_id,
                owner: self.user.clone(),
                slot: if aes { 0 } else { SLOT },
                keys,
                admin_key,
                counter: (!aes).then_some(0),
                rotation: 0,
                other_slots: Vec::new(),
                label: None,
            },
        )?;
        Ok(())
    }

    /// "Would an unlock work?", at enrolment: a response under the probe label.
    pub fn answer_probe(
        &self,
        device: &EnrollResponse,
        challenge: &fido_unlock::DeviceChallenge,
    ) -> Result<ResponseCode, Failure> {
        let fields = AuthoriseFields {
            purpose: Purpose::Probe,
            suite: self.suite,
            device_id: device.device_id,
            issuer: self.issuer.public().ok_or_else(|| name("issuer"))?,
            device_key: (self.suite == Suite::P256EcdhMac).then_some(device.device_key),
            challenge: *challenge,
        };
        Ok(self.issuer.respond(&fields)?)
    }

    /// The operator's part up to the verified caller: sign in, find the device, open a request.
    pub fn open_request(
        &mut self,
        operator: &str,
        password: &str,
        device: &DeviceId,
        read_back: &str,
    ) -> Result<OpenRequest, Failure> {
        let operator = OperatorId::new(operator).ok_or_else(|| Failure::from(ErrorCode::OperatorUnknown))?;
        let session = self.desk.sign_in(&operator, password)?;
        let found = self.desk.find_device(&session, device)?;
        let request = self
            .desk
            .open_request(&session, &found.user.id, device, "forgotten PIN")?;
        self.desk.verify_caller(
            &session,
            request.id,
            &mut OneTimeCode::new(ONE_TIME_CODE, read_back),
        )?;
        Ok(OpenRequest {
            session,
            id: request.id,
            owner: found.user.name,
        })
    }

    /// The challenge goes in, the Response Code comes out.
    pub fn respond(&mut self, request: &OpenRequest, challenge: &str) -> Result<ResponseCode, Failure> {
        self.desk
            .enter_challenge(&request.session, request.id, challenge)?;
        match self
            .desk
            .authorise(&request.session, request.id, &Delivery::Show)?
        {
            GivenCode::Shown(code) => Ok(code),
            _ => Err(name("the code was sent, not shown")),
        }
    }

    /// The user says that it worked; the log is verified.
    pub fn done(&mut self, request: &OpenRequest) -> Result<u64, Failure> {
        self.desk.done(&request.session, request.id)?;
        Ok(self.desk.verify_audit(&[])?.state.size)
    }
}

/// What the user's enrolled factor shows in this demonstration.
pub const ONE_TIME_CODE: &str = "8812";

/// A request with a verified caller.
pub struct OpenRequest {
    session: fido_unlock::desk::OperatorSession,
    id: RequestId,
    /// Read back to the caller.
    pub owner: String,
}

fn operator() -> Result<OperatorId, Failure> {
    OperatorId::new(OPERATOR.0).ok_or_else(|| name("operator"))
}

fn make_issuer(suite: Suite) -> Result<IssuerKey, Failure> {
    if suite != Suite::AesAdminKey {
        return Ok(IssuerKey::make_p256(suite, &mut SysRng)?);
    }
    let mut key = Zeroizing::new(vec![0; 32]);
    fido_unlock::ports::Entropy::fill(&mut SysRng, &mut key)?;
    AdminKey::new(&key)
        .map(IssuerKey::admin_key)
        .ok_or_else(|| name("admin key"))
}

/// The ring keeps a key of its own; the demonstration needs the same one for enrolment.
fn copy(issuer: &IssuerKey) -> Result<IssuerKey, Failure> {
    let scalar = issuer.expose_p256_scalar().ok_or_else(|| name("issuer"))?;
    IssuerKey::from_p256_scalar(issuer.suite(), &scalar).ok_or_else(|| name("issuer"))
}

fn copy_admin_key(key: &AdminKey) -> Result<AdminKey, Failure> {
    AdminKey::new(key.expose_bytes()).ok_or_else(|| name("admin key"))
}
