//! The desk behind the service: core's help desk over stores in memory, with one operator, who is this
//! program, and one user.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fido_unlock::ctap2::device_unlock::EnrollResponse;
use fido_unlock::desk::ports::Clock;
use fido_unlock::desk::{
    Delivery, DeskPolicy, DeskPorts, DeviceKeys, GivenCode, HelpDesk, KeyRing, NewDevice, OperatorId,
    OperatorSession, RequestId, Role, UnixTime, User, UserClass, UserId,
};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{AdminKey, DeviceId, ErrorCode, ResponseCode, Suite};
use fido_unlock_mock::desk::{MemoryDesk, OneTimeCode};
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
    name: String,
    asked: Asked,
    session: OperatorSession,
    id: RequestId,
    state: State,
}

/// The desk.
pub struct Desk {
    desk: HelpDesk,
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
        let stores = MemoryDesk::new(now());
        let operator = stores
            .operators
            .put(OPERATOR, PASSWORD, &[Role::Administrator], &[])
            .ok_or_else(|| invalid("operator"))?;
        let issuer = make_issuer(suite)?;
        let mut ring = KeyRing::new();
        if let Some(scalar) = issuer.expose_p256_scalar() {
            let own = IssuerKey::from_p256_scalar(suite, &scalar).ok_or_else(|| invalid("issuer"))?;
            ring.insert(SLOT, own)?;
        }
        let ports = DeskPorts {
            clock: Box::new(SystemClock),
            ..stores.ports(ring)
        };
        let mut policy = DeskPolicy::default();
        // Somebody who tries a program out unlocks the same key again and again.
        policy.limits.device.approval_from = policy.limits.operator.approval_from;
        policy.limits.device.refuse_from = policy.limits.operator.refuse_from;
        let mut desk = HelpDesk::open(ports, policy)?;
        let user = UserId::new(USER).ok_or_else(|| invalid("user"))?;
        let session = desk.sign_in(&operator, PASSWORD)?;
        desk.put_user(
            &session,
            User {
                id: user.clone(),
                name: "User One".into(),
                class: UserClass::Ordinary,
                channels: Vec::new(),
            },
        )?;
        Ok(Self {
            desk,
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
        let session = self.sign_in()?;
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
            },
        )?;
        Ok(())
    }

    /// Opens a request and checks all that can be checked before an operator is at it. One that is open
    /// for the same is given again, so that an agent may ask twice. Gives the request's name, which
    /// nobody can guess.
    ///
    /// # Errors
    /// The desk's own refusals: of the user, the device, the challenge.
    pub fn ask(&mut self, asked: Asked) -> Result<String, Failure> {
        let open = |request: &&Request| request.asked == asked && !matches!(request.state, State::Refused(_));
        if let Some(open) = self.requests.iter().find(open) {
            return Ok(open.name.clone());
        }
        let user = UserId::new(&asked.user).ok_or(ErrorCode::UserUnknown)?;
        let device = DeviceId::parse(&asked.device_id)?;
        let session = self.sign_in()?;
        let id = self
            .desk
            .open_request(&session, &user, &device, "unlock agent")?
            .id;
        self.desk
            .verify_caller(&session, id, &mut OneTimeCode::new(FACTOR, FACTOR))?;
        self.desk.enter_challenge(&session, id, &asked.challenge)?;
        let name = random_name()?;
        if self.requests.len() >= MOST_REQUESTS {
            self.requests.remove(0);
        }
        self.requests.push(Request {
            name: name.clone(),
            asked,
            session,
            id,
            state: State::Pending {
                ready: Instant::now() + self.thinks,
            },
        });
        Ok(name)
    }

    /// How a request stands; `None`: there is no such request.
    pub fn answer(&mut self, name: &str) -> Option<Answer> {
        let request = self.requests.iter_mut().find(|request| request.name == name)?;
        if let State::Pending { ready } = request.state
            && ready <= Instant::now()
        {
            let given = self.desk.authorise(&request.session, request.id, &Delivery::Show);
            request.state = match given {
                Ok(GivenCode::Shown(code)) => State::Given(code),
                Ok(_) => State::Refused(ErrorCode::ChannelUnusable.into()),
                Err(error) => State::Refused(error.into()),
            };
        }
        Some(match &request.state {
            State::Pending { .. } => Answer::Pending,
            State::Given(code) => Answer::Code(code.expose_code()),
            State::Refused(failure) => Answer::Refused(failure.clone()),
        })
    }

    /// Closes a request: the person is unlocked, or gave up. `None`: there is no such request.
    pub fn close(&mut self, name: &str, unlocked: bool) -> Option<Result<(), Failure>> {
        let place = self.requests.iter().position(|request| request.name == name)?;
        let request = self.requests.get(place)?;
        let closed = match (&request.state, unlocked) {
            (_, true) => self.desk.done(&request.session, request.id),
            (State::Given(_), false) => self.desk.abandon(&request.session, request.id),
            // Without a code there is nothing to record; the desk forgets it after ten minutes.
            (_, false) => Ok(()),
        };
        if closed.is_ok() {
            self.requests.remove(place);
        }
        Some(closed.map_err(Failure::from))
    }

    /// Verifies the audit log: how many entries it has.
    ///
    /// # Errors
    /// The log is broken.
    pub fn verify_audit(&self) -> Result<usize, Failure> {
        self.desk.verify_audit(&[], None)?;
        Ok(self.desk.audit_entries()?.len())
    }

    fn sign_in(&mut self) -> Result<OperatorSession, Failure> {
        let operator = OperatorId::new(OPERATOR).ok_or_else(|| invalid("operator"))?;
        Ok(self.desk.sign_in(&operator, PASSWORD)?)
    }
}

/// 128 random bits in hexadecimal.
///
/// # Errors
/// No random numbers.
pub fn random_name() -> Result<String, Failure> {
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
