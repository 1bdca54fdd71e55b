//! The desk behind the service: core's help desk over a store in memory, with one operator, who is this
//! program, and one user.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fido_unlock::ctap2::device_unlock::EnrollResponse;
use fido_unlock::desk::ports::{Clock, IssuerInfo};
use fido_unlock::desk::{
    Delivery, Desk as HelpDesk, DeviceKeys, GivenCode, KeyRing, NewDevice, OperatorId, OperatorSession,
    Privilege, RequestId, Rules, UnixTime, User, UserClass, UserId,
};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{AdminKey, DeviceId, ErrorCode, ResponseCode, Suite};
use fido_unlock_mock::desk::{OneTimeCode, TestDesk};
use getrandom::SysRng;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::Failure;

/// The one user.
pub const USER: &str = "user-1";
/// The key slot on the device.
pub const SLOT: u8 = 1;

const OPERATOR: &str = "stub";
const PASSWORD: &str = "nobody signs in here";
/// What the user's enrolled factor would show. A real desk asks the user; this one vouches for all.
const FACTOR: &str = "8812";
/// How many requests are kept.
const MOST_REQUESTS: usize = 1000;

/// What an agent asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The Device ID, as shown.
    pub device_id: String,
    /// The Device Challenge, as shown.
    pub challenge: String,
    /// The user's id in the directory.
    pub user: String,
}

/// What became of a request.
pub enum Answer {
    /// An operator is at it.
    Pending,
    /// The code.
    Code(Zeroizing<String>),
    /// None is given.
    Refused(Failure),
}

enum State {
    Pending { ready: Instant },
    Given(ResponseCode),
    Refused(Failure),
}

struct Request {
    id: RequestId,
    asked: Asked,
    state: State,
}

/// The desk.
pub struct Desk {
    desk: HelpDesk,
    session: OperatorSession,
    suite: Suite,
    issuer: IssuerKey,
    user: UserId,
    thinks: Duration,
    requests: Vec<Request>,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime(now())
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn invalid(what: &str) -> Failure {
    Failure::new(ErrorCode::InvalidArgument, what)
}

impl Desk {
    /// A desk with a new issuer's key of the suite. A code is there `thinks` after it was asked for.
    ///
    /// # Errors
    /// No random numbers.
    pub fn new(suite: Suite, thinks: Duration) -> Result<Self, Failure> {
        let issuer = make_issuer(suite)?;
        let mut ring = KeyRing::new();
        if let Some(scalar) = issuer.expose_p256_scalar() {
            let own = IssuerKey::from_p256_scalar(suite, &scalar).ok_or_else(|| invalid("issuer"))?;
            ring.insert(SLOT, own)?;
        }
        let mut parts = TestDesk::new(now()).parts(ring);
        parts.clock = Box::new(SystemClock);
        parts.entropy = Box::new(SysRng);
        let mut rules = Rules::default();
        // Somebody who tries a program out unlocks the same key again and again.
        rules.limits.device.approval_from = rules.limits.operator.approval_from;
        rules.limits.device.refuse_from = rules.limits.operator.refuse_from;
        let mut desk = HelpDesk::create(parts, rules, &operator()?, PASSWORD)?;
        let session = desk.sign_in(&operator()?, PASSWORD)?;
        desk.put_licence(&session, &TestDesk::licence(now(), 1))?;
        if let Some(public) = issuer.public() {
            let info = IssuerInfo {
                slot: SLOT,
                suite,
                public,
                retired: false,
            };
            desk.put_issuer(&session, &info)?;
        }
        let user = UserId::new(USER).ok_or_else(|| invalid("user"))?;
        desk.put_user(
            &session,
            &User {
                id: user.clone(),
                name: "User One".into(),
                class: UserClass::Ordinary,
                channels: Vec::new(),
            },
        )?;
        desk.open_desk(&session)?;
        Ok(Self {
            desk,
            session,
            suite,
            issuer,
            user,
            thinks,
            requests: Vec::new(),
        })
    }

    /// The issuer's key, for enrolment.
    #[must_use]
    pub fn issuer(&self) -> &IssuerKey {
        &self.issuer
    }

    /// Enters an enrolled device into the registry.
    ///
    /// # Errors
    /// It is there already.
    pub fn register(&mut self, enrolled: &EnrollResponse) -> Result<(), Failure> {
        let session = self.session()?;
        let issuer = || self.issuer.public().ok_or_else(|| invalid("issuer"));
        let keys = match self.suite {
            Suite::P256Ecdsa => DeviceKeys::P256Ecdsa { issuer: issuer()? },
            Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
                issuer: issuer()?,
                device: enrolled.device_key,
            },
            Suite::AesAdminKey => DeviceKeys::AesAdminKey,
        };
        let admin_key = self
            .issuer
            .expose_admin_key()
            .map(|key| AdminKey::new(key.expose_bytes()).ok_or_else(|| invalid("admin key")));
        let aes = self.suite == Suite::AesAdminKey;
        self.desk.register_device(
            &session,
            &NewDevice {
                id: enrolled.device_id,
                owner: self.user.clone(),
                slot: if aes { 0 } else { SLOT },
                keys,
                admin_key: admin_key.transpose()?,
                counter: (!aes).then_some(0),
                rotation: 0,
                other_slots: Vec::new(),
                label: None,
            },
        )?;
        Ok(())
    }

    /// Opens a request and checks all that can be checked before an operator is at it. One that is open
    /// for the same is given again, so that an agent may ask twice.
    ///
    /// # Errors
    /// The desk's own refusals: of the user, the device, the challenge.
    pub fn ask(&mut self, asked: Asked) -> Result<RequestId, Failure> {
        let open = |request: &&Request| request.asked == asked && !matches!(request.state, State::Refused(_));
        if let Some(open) = self.requests.iter().find(open) {
            return Ok(open.id);
        }
        let user = UserId::new(&asked.user).ok_or(ErrorCode::UserUnknown)?;
        let device = DeviceId::parse(&asked.device_id)?;
        let session = self.session()?;
        let opened = self.desk.open_request(&session, &user, &device, "unlock agent")?;
        let id = opened.id;
        self.desk
            .verify_caller(&session, id, &mut OneTimeCode::new(FACTOR, FACTOR))?;
        self.desk.enter_challenge(&session, id, &asked.challenge)?;
        if self.requests.len() >= MOST_REQUESTS {
            self.requests.remove(0);
        }
        self.requests.push(Request {
            id,
            asked,
            state: State::Pending {
                ready: Instant::now() + self.thinks,
            },
        });
        Ok(id)
    }

    /// How a request stands.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`]; the desk does not let its operator in.
    pub fn answer(&mut self, id: RequestId) -> Result<Answer, Failure> {
        let session = self.session()?;
        let request = self.requests.iter_mut().find(|request| request.id == id);
        let request = request.ok_or(ErrorCode::RequestUnknown)?;
        if let State::Pending { ready } = request.state
            && ready <= Instant::now()
        {
            request.state = match self.desk.authorise(&session, id, &Delivery::Show) {
                Ok(GivenCode::Shown(code)) => State::Given(code),
                Ok(_) => State::Refused(ErrorCode::ChannelUnusable.into()),
                Err(error) => State::Refused(error.into()),
            };
        }
        Ok(match &request.state {
            State::Pending { .. } => Answer::Pending,
            State::Given(code) => Answer::Code(code.expose_code()),
            State::Refused(failure) => Answer::Refused(failure.clone()),
        })
    }

    /// Closes a request: the person is unlocked, or gave up. `None`: there is no such request.
    pub fn close(&mut self, id: RequestId, unlocked: bool) -> Option<Result<(), Failure>> {
        let place = self.requests.iter().position(|request| request.id == id)?;
        let given = matches!(self.requests.get(place)?.state, State::Given(_));
        let closed = self.session().and_then(|session| {
            match (given, unlocked) {
                (_, true) => self.desk.done(&session, id)?,
                (true, false) => self.desk.abandon(&session, id)?,
                // Without a code there is nothing to record; the request runs out after an hour.
                (false, false) => {}
            }
            // To the owner, who has no channel here.
            while self.desk.send_notice()? {}
            Ok(())
        });
        if closed.is_ok() {
            self.requests.remove(place);
        }
        Some(closed)
    }

    /// Verifies the audit log: how many entries it has.
    ///
    /// # Errors
    /// The log is broken.
    pub fn verify_audit(&mut self) -> Result<u64, Failure> {
        Ok(self.desk.verify_audit(&[])?.state.size)
    }

    /// The operator's session; a new one when the last has ended.
    fn session(&mut self) -> Result<OperatorSession, Failure> {
        if self.desk.may(&self.session, Privilege::Unlock).is_err() {
            self.session = self.desk.sign_in(&operator()?, PASSWORD)?;
        }
        Ok(self.session.clone())
    }
}

fn operator() -> Result<OperatorId, Failure> {
    OperatorId::new(OPERATOR).ok_or_else(|| invalid("operator"))
}

/// 128 random bits in hexadecimal.
///
/// # Errors
/// No random numbers.
pub fn random_token() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ErrorCode::EntropyFailed)?;
    Ok(base16ct::lower::encode_string(&bytes))
}

fn make_issuer(suite: Suite) -> Result<IssuerKey, Failure> {
    if suite != Suite::AesAdminKey {
        return Ok(IssuerKey::make_p256(suite, &mut SysRng)?);
    }
    let mut key = Zeroizing::new(vec![0; 32]);
    getrandom::fill(&mut key).map_err(|_| ErrorCode::EntropyFailed)?;
    AdminKey::new(&key)
        .map(IssuerKey::admin_key)
        .ok_or_else(|| invalid("admin key"))
}
